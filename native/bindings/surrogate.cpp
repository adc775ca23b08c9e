#include "bindings/exports.h"
#include "bindings/guard.h"
#include "bindings/matrix.h"
#include "bindings/mlp_spec.h"
#include "surrogate/pca.h"
#include "surrogate/train.h"

namespace cole::bindings {

static size_t component_count(const Napi::Value& value, size_t most) {
  return static_cast<size_t>(integer(value, "k", 0, static_cast<int64_t>(most)));
}

// fitPca(x: Float32Array, rows: number, cols: number, k: number, threads: number): NativePca
static Napi::Value fit_pca(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[1], "rows"), cols = extent(call[2], "cols");
  if (rows == 0) throw Error("ERR_SHAPE", "expected at least 1 for rows, got 0");
  const auto x = features(call[0], "x", rows, cols);
  const size_t k = component_count(call[3], std::min(rows - 1, cols));
  const int threads = thread_count(call[4]);
  auto mean = float_array(call.Env(), 1, cols, "the mean");
  auto components = float_array(call.Env(), k, cols, "the components");
  auto variances = float_array(call.Env(), 1, k, "the variances");
  cole::fit_pca(x.data(), rows, cols, k, threads, mean.Data(), components.Data(), variances.Data(), kernels());
  Napi::Object out = Napi::Object::New(call.Env());
  out.Set("mean", mean);
  out.Set("components", components);
  out.Set("variances", variances);
  return out;
}

// project(x: Float32Array, rows: number, cols: number, mean: Float32Array, components: Float32Array, k: number, threads: number): Float32Array
static Napi::Value project(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[1], "rows"), cols = extent(call[2], "cols");
  const auto x = features(call[0], "x", rows, cols);
  const auto mean = array<float>(call[3], "mean", cols);
  const size_t k = component_count(call[5], cols);
  const auto components = array<float>(call[4], "components", k * cols);
  const int threads = thread_count(call[6]);
  auto out = float_array(call.Env(), rows, k, "the projections");
  cole::project(x.data(), rows, cols, mean.data(), components.data(), k, threads, out.Data(), kernels());
  return out;
}

MlpSpec mlp_spec(const Napi::Value& value) {
  if (!value.IsObject()) throw Error("ERR_OPTION", "expected an object for spec");
  const auto object = value.As<Napi::Object>();
  auto real = [&](const char* name, double low, double high) {
    const double x = number(object.Get(name), name);
    if (!(x >= low && x <= high))
      throw Error("ERR_OPTION", "expected a number from " + std::to_string(low) + " to " + std::to_string(high) +
                                    " for " + name + ", got " + std::to_string(x));
    return static_cast<float>(x);
  };
  auto count = [&](const char* name, int64_t low) {
    return static_cast<size_t>(integer(object.Get(name), name, low, 1 << 30));
  };
  MlpSpec spec;
  const Napi::Value hidden = object.Get("hidden");
  if (!hidden.IsArray() || hidden.As<Napi::Array>().Length() == 0)
    throw Error("ERR_OPTION", "expected a non-empty array of widths for hidden");
  const auto widths = hidden.As<Napi::Array>();
  for (uint32_t i = 0; i < widths.Length(); ++i)
    spec.hidden.push_back(static_cast<size_t>(integer(widths[i], "hidden", 1, 1 << 16)));
  spec.outputs = static_cast<size_t>(integer(object.Get("outputs"), "outputs", 1, 2));
  spec.negative_slope = real("negativeSlope", 0, 1);
  spec.dropout = real("dropout", 0, 0.999);
  spec.loss = choice<Loss>(object.Get("loss"), "loss", {{"mse", Loss::kMse}, {"hinge", Loss::kHinge}});
  spec.margin = real("margin", 0, 1e6);
  spec.max_pairs = count("maxPairs", 1);
  spec.output_l1 = real("outputL1", 0, 1e6);
  spec.init = choice<Init>(object.Get("init"), "init", {{"uniform", Init::kUniform}, {"xavier", Init::kXavier}});
  spec.learning_rate = real("learningRate", 0, 1);
  spec.beta1 = real("beta1", 0, 0.9999999);
  spec.beta2 = real("beta2", 0, 0.9999999);
  spec.epsilon = real("epsilon", 1e-30, 1);
  spec.batch = count("batch", 1);
  spec.epochs = count("epochs", 0);
  spec.shuffle = boolean(object.Get("shuffle"), "shuffle");
  spec.clip_norm = real("clipNorm", 0, 1e6);
  return spec;
}

// trainMlp(x: Float32Array, y: Float32Array, rows: number, cols: number, spec: NativeMlpSpec, seeds: Uint32Array, threads: number): NativeMlp
static Napi::Value train_mlp(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[2], "rows"), cols = extent(call[3], "cols");
  if (rows == 0) throw Error("ERR_SHAPE", "expected at least 1 for rows, got 0");
  const auto x = features(call[0], "x", rows, cols);
  const MlpSpec spec = mlp_spec(call[4]);
  const auto y = features(call[1], "y", rows, spec.outputs);
  const auto seeds = array<uint32_t>(call[5], "seeds");
  const int threads = thread_count(call[6]);
  const MlpLayout layout(cols, spec);
  auto weights = float_array(call.Env(), seeds.size(), layout.compact_size, "the weights");
  auto final_loss = float_array(call.Env(), 1, seeds.size(), "the losses");
  cole::train_mlp(x.data(), y.data(), rows, cols, spec, seeds, threads, weights.Data(), final_loss.Data(), kernels());
  Napi::Object out = Napi::Object::New(call.Env());
  out.Set("weights", weights);
  out.Set("finalLoss", final_loss);
  return out;
}

// predictMlp(weights: Float32Array, members: number, spec: NativeMlpSpec, x: Float32Array, rows: number, cols: number, threads: number): Float32Array
static Napi::Value predict_mlp(const Napi::CallbackInfo& call) {
  const size_t members = extent(call[1], "members"), rows = extent(call[4], "rows"), cols = extent(call[5], "cols");
  const MlpSpec spec = mlp_spec(call[2]);
  const auto weights = array<float>(call[0], "weights", members * MlpLayout(cols, spec).compact_size);
  const auto x = features(call[3], "x", rows, cols);
  const int threads = thread_count(call[6]);
  auto out = float_array(call.Env(), members, rows * spec.outputs, "the outputs");
  cole::predict_mlp(weights.data(), members, spec, x.data(), rows, cols, threads, out.Data(), kernels());
  return out;
}

void export_surrogate(Napi::Env env, Napi::Object exports) {
  exports.Set("fitPca", Napi::Function::New(env, guard<&fit_pca>, "fitPca"));
  exports.Set("project", Napi::Function::New(env, guard<&project>, "project"));
  exports.Set("trainMlp", Napi::Function::New(env, guard<&train_mlp>, "trainMlp"));
  exports.Set("predictMlp", Napi::Function::New(env, guard<&predict_mlp>, "predictMlp"));
}

}  // namespace cole::bindings
