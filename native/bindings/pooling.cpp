#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/guard.h"
#include "pooling/pool.h"

namespace cole::bindings {

// poolTokens(layers: readonly Float32Array[], dim: number, spans: Int32Array, mask: Uint8Array | null, mode: NativePooling, threads: number): Float32Array
static Napi::Value pool_tokens(const Napi::CallbackInfo& call) {
  if (!call[0].IsArray()) throw Error("ERR_OPTION", "expected an array of Float32Array for layers");
  const auto list = call[0].As<Napi::Array>();
  if (list.Length() == 0) throw Error("ERR_SHAPE", "expected at least one layer to pool, got none");
  const size_t dim = extent(call[1], "dim");
  if (dim == 0) throw Error("ERR_SHAPE", "expected at least 1 for dim, got 0");
  std::vector<const float*> layers;
  size_t length = 0;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const std::string name = "layers[" + std::to_string(i) + "]";
    const Napi::Value value = list[i];
    const auto layer = i == 0 ? array<float>(value, name.c_str()) : array<float>(value, name.c_str(), length);
    length = layer.size();
    layers.push_back(layer.data());
  }
  if (length % dim != 0)
    throw Error("ERR_SHAPE", "expected a multiple of dim " + std::to_string(dim) + " elements for layers[0], got " +
                                 std::to_string(length));
  const size_t tokens = length / dim;
  const auto spans = array<int32_t>(call[2], "spans");
  if (spans.size() % 2 != 0)
    throw Error("ERR_SHAPE", "expected two elements per text for spans, got " + std::to_string(spans.size()));
  std::span<const uint8_t> mask;
  if (!call[3].IsNull()) mask = array<uint8_t>(call[3], "mask", tokens);
  const auto mode = choice<PoolMode>(call[4], "mode", {{"mean", PoolMode::kMean}, {"last_token", PoolMode::kLastToken}});
  const int count = thread_count(call[5]);
  auto out = float_array(call.Env(), spans.size() / 2, dim, "the vectors");
  cole::pool_tokens(layers, tokens, dim, spans, mask, mode, count, out.Data(), kernels());
  return out;
}

void export_pooling(Napi::Env env, Napi::Object exports) {
  exports.Set("poolTokens", Napi::Function::New(env, guard<&pool_tokens>, "poolTokens"));
}

}  // namespace cole::bindings
