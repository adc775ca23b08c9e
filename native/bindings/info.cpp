#include "bindings/exports.h"
#include "bindings/guard.h"
#include "kernels/dispatch.h"

namespace cole::bindings {

// Raised with every change of the contract: a stale build is refused by load.ts instead of misbehaving.
constexpr int kAbi = 4;

// info(): NativeInfo
static Napi::Value info(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  Napi::Object out = Napi::Object::New(env);
  out.Set("abi", Napi::Number::New(env, kAbi));
  out.Set("version", Napi::String::New(env, COLE_VERSION));
  out.Set("isa", Napi::String::New(env, isa_name(isa())));
  Napi::Array supported = Napi::Array::New(env);
  for (Isa i : supported_isas()) supported.Set(supported.Length(), Napi::String::New(env, isa_name(i)));
  out.Set("supported", supported);
  return out;
}

void export_info(Napi::Env env, Napi::Object exports) {
  exports.Set("info", Napi::Function::New(env, guard<&info>, "info"));
}

}  // namespace cole::bindings
