#include "pooling/pool.h"

#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/guard.h"
#include "pooling/gather.h"

namespace cole::bindings {

// The elements of an array. Reading them, and the properties of objects, may run JavaScript, which may take the memory
// behind a view away: all of that comes before the first view.
static std::vector<Napi::Value> elements(const Napi::Value& value, const char* name, const char* what) {
  if (!value.IsArray()) throw Error("ERR_OPTION", std::string("expected an array of ") + what + " for " + name);
  const auto list = value.As<Napi::Array>();
  if (list.Length() == 0) throw Error("ERR_SHAPE", std::string("expected at least one of ") + name + ", got none");
  std::vector<Napi::Value> out;
  for (uint32_t i = 0; i < list.Length(); ++i) out.push_back(list[i]);
  return out;
}

static std::string indexed(const char* name, size_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

template <class T>
static std::vector<const void*> layer_pointers(const std::vector<Napi::Value>& layers, size_t& length) {
  std::vector<const void*> out;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string name = indexed("layers", i);
    const auto layer =
        i == 0 ? array<T>(layers[i], name.c_str()) : array<T>(layers[i], name.c_str(), length);
    length = layer.size();
    out.push_back(layer.data());
  }
  return out;
}

struct PoolingValues {
  Napi::Value tokens, over_layers, layers;
};

static std::vector<PoolingValues> pooling_values(const Napi::Value& value) {
  std::vector<PoolingValues> out;
  for (const Napi::Value& pooling : elements(value, "poolings", "objects")) {
    if (!pooling.IsObject()) throw Error("ERR_OPTION", "expected an object for " + indexed("poolings", out.size()));
    const auto object = pooling.As<Napi::Object>();
    out.push_back({object.Get("tokens"), object.Get("overLayers"), object.Get("layers")});
  }
  return out;
}

// poolTokens(layers: readonly NativeStates[], element: NativeElement, dim: number, spans: Int32Array, mask: Uint8Array | null, poolings: readonly NativePooling[], threads: number): Float32Array[]
static Napi::Value pool_tokens(const Napi::CallbackInfo& call) {
  const auto states = elements(call[0], "layers", "typed arrays");
  const auto asked = pooling_values(call[5]);
  const auto element = choice<Element>(
      call[1], "element",
      {{"float32", Element::kFloat32}, {"float16", Element::kFloat16}, {"bfloat16", Element::kBFloat16}});
  const size_t dim = extent(call[2], "dim");
  if (dim == 0) throw Error("ERR_SHAPE", "expected at least 1 for dim, got 0");
  size_t length = 0;
  const auto layers = element == Element::kFloat32 ? layer_pointers<float>(states, length)
                                                   : layer_pointers<uint16_t>(states, length);
  if (length % dim != 0)
    throw Error("ERR_SHAPE", "expected a multiple of dim " + std::to_string(dim) + " elements for layers[0], got " +
                                 std::to_string(length));
  const auto spans = array<int32_t>(call[3], "spans");
  if (spans.size() % 2 != 0)
    throw Error("ERR_SHAPE", "expected two elements per text for spans, got " + std::to_string(spans.size()));
  std::span<const uint8_t> mask;
  if (!call[4].IsNull()) mask = array<uint8_t>(call[4], "mask", length / dim);
  std::vector<Pooling> poolings;
  for (const auto& [tokens, over_layers, chosen] : asked)
    poolings.push_back({choice<TokenPooling>(
                            tokens, "tokens", {{"mean", TokenPooling::kMean}, {"last_token", TokenPooling::kLastToken}}),
                        choice<LayerPooling>(
                            over_layers, "overLayers", {{"mean", LayerPooling::kMean}, {"stack", LayerPooling::kStack}}),
                        array<int32_t>(chosen, indexed("poolings", poolings.size()).append(".layers").c_str())});
  const int threads = thread_count(call[6]);

  const Napi::Array out = Napi::Array::New(call.Env(), poolings.size());
  std::vector<float*> outs;
  for (const Pooling& pooling : poolings) {
    auto result = float_array(call.Env(), spans.size() / 2 * pooling.vectors(), dim, "the vectors");
    out.Set(static_cast<uint32_t>(outs.size()), result);
    outs.push_back(result.Data());
  }
  cole::pool_tokens({layers, element, length / dim, dim}, spans, mask, poolings, threads, outs, kernels());
  return out;
}

// meanRows(table: Float32Array, dim: number, ids: Int32Array, offsets: Int32Array, threads: number): Float32Array
static Napi::Value mean_rows(const Napi::CallbackInfo& call) {
  const auto table = array<float>(call[0], "table");
  const size_t dim = extent(call[1], "dim");
  if (dim == 0 || table.size() % dim != 0)
    throw Error("ERR_SHAPE", "expected a multiple of dim " + std::to_string(dim) + " elements for table, got " +
                                 std::to_string(table.size()));
  const auto ids = array<int32_t>(call[2], "ids");
  const auto offsets = array<int32_t>(call[3], "offsets");
  const int threads = thread_count(call[4]);
  auto out = float_array(call.Env(), offsets.empty() ? 0 : offsets.size() - 1, dim, "the vectors");
  cole::mean_rows(table, dim, ids, offsets, threads, {out.Data(), out.ElementLength()}, kernels());
  return out;
}

void export_pooling(Napi::Env env, Napi::Object exports) {
  exports.Set("meanRows", Napi::Function::New(env, guard<&mean_rows>, "meanRows"));
  exports.Set("poolTokens", Napi::Function::New(env, guard<&pool_tokens>, "poolTokens"));
}

}  // namespace cole::bindings
