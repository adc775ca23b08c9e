// The export table. src/native/contract.ts states every name with the shapes of its buffers; a test compares the two.
#include "bindings/exports.h"

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  cole::bindings::export_heads(env, exports);
  cole::bindings::export_info(env, exports);
  cole::bindings::export_kernels(env, exports);
  cole::bindings::export_perceiver(env, exports);
  cole::bindings::export_pooling(env, exports);
  cole::bindings::export_surrogate(env, exports);
  cole::bindings::export_tokenizer(env, exports);
  return exports;
}

NODE_API_MODULE(cole, init)
