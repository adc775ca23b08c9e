#include "bindings/exports.h"
#include "bindings/guard.h"
#include "bindings/matrix.h"
#include "bindings/mlp_spec.h"
#include "surrogate/perceiver_train.h"

namespace cole::bindings {

static PerceiverShape perceiver_shape(const Napi::Value& value, size_t cols, const MlpSpec& spec) {
  if (!value.IsObject()) throw Error("ERR_OPTION", "expected an object for attention");
  const auto object = value.As<Napi::Object>();
  auto count = [&](const char* name) {
    return static_cast<size_t>(integer(object.Get(name), name, 1, 1 << 12));
  };
  PerceiverShape shape;
  shape.layers = count("layers");
  shape.heads = count("heads");
  shape.head_width = count("headWidth");
  if (cols == 0 || cols % shape.layers != 0)
    throw Error("ERR_SHAPE", "expected a multiple of " + std::to_string(shape.layers) + " for cols, got " +
                                 std::to_string(cols));
  shape.dim = cols / shape.layers;
  shape.hidden = spec.hidden;
  shape.negative_slope = spec.negative_slope;
  shape.dropout = spec.dropout;
  return shape;
}

// trainPerceiver(x: Float32Array, y: Float32Array, rows: number, cols: number, attention: NativeAttention, spec: NativeMlpSpec, seeds: Uint32Array, threads: number): NativeMlp
static Napi::Value train_perceiver(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[2], "rows"), cols = extent(call[3], "cols");
  if (rows == 0) throw Error("ERR_SHAPE", "expected at least 1 for rows, got 0");
  const auto x = features(call[0], "x", rows, cols);
  const auto y = features(call[1], "y", rows, 1);
  const MlpSpec spec = mlp_spec(call[5]);
  const PerceiverShape shape = perceiver_shape(call[4], cols, spec);
  const auto seeds = array<uint32_t>(call[6], "seeds");
  const int threads = thread_count(call[7]);
  auto weights = float_array(call.Env(), seeds.size(), PerceiverLayout(shape).size, "the weights");
  auto final_loss = float_array(call.Env(), 1, seeds.size(), "the losses");
  cole::train_perceiver(x.data(), y.data(), rows, shape, spec, seeds, threads, weights.Data(), final_loss.Data(),
                        kernels());
  Napi::Object out = Napi::Object::New(call.Env());
  out.Set("weights", weights);
  out.Set("finalLoss", final_loss);
  return out;
}

// predictPerceiver(weights: Float32Array, members: number, attention: NativeAttention, spec: NativeMlpSpec, x: Float32Array, rows: number, cols: number, threads: number): Float32Array
static Napi::Value predict_perceiver(const Napi::CallbackInfo& call) {
  const size_t members = extent(call[1], "members"), rows = extent(call[5], "rows"), cols = extent(call[6], "cols");
  const PerceiverShape shape = perceiver_shape(call[2], cols, mlp_spec(call[3]));
  const auto weights = array<float>(call[0], "weights", members * PerceiverLayout(shape).size);
  const auto x = features(call[4], "x", rows, cols);
  const int threads = thread_count(call[7]);
  auto out = float_array(call.Env(), members, rows, "the outputs");
  cole::predict_perceiver(weights.data(), members, shape, x.data(), rows, threads, out.Data(), kernels());
  return out;
}

void export_perceiver(Napi::Env env, Napi::Object exports) {
  exports.Set("trainPerceiver", Napi::Function::New(env, guard<&train_perceiver>, "trainPerceiver"));
  exports.Set("predictPerceiver", Napi::Function::New(env, guard<&predict_perceiver>, "predictPerceiver"));
}

}  // namespace cole::bindings
