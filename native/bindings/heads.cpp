// Heads beside the perceptron: Gaussian process and boosted trees.
#include "bindings/exports.h"
#include "bindings/guard.h"
#include "bindings/matrix.h"
#include "surrogate/gp.h"
#include "surrogate/xgboost.h"

namespace cole::bindings {

static Napi::Float64Array double_array(Napi::Env env, size_t rows, size_t cols, const char* name) {
  require_room(rows, cols, name);
  return Napi::Float64Array::New(env, rows * cols);
}

static GpScales gp_scales(const Napi::Value& value) {
  const auto scales = array<double>(value, "scales", 2);
  if (!(scales[0] > 0 && scales[1] > 0))
    throw Error("ERR_OPTION", "expected a length and a noise above 0 for scales, got " + std::to_string(scales[0]) +
                                  " and " + std::to_string(scales[1]));
  return {scales[0], scales[1]};
}

// fitGp(x: Float32Array, y: Float64Array, rows: number, cols: number, scales: Float64Array | null, threads: number): NativeGp
static Napi::Value fit_gp(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[2], "rows"), cols = extent(call[3], "cols");
  if (rows == 0) throw Error("ERR_SHAPE", "expected at least 1 for rows, got 0");
  const auto x = features(call[0], "x", rows, cols);
  const auto y = array<double>(call[1], "y", rows);
  const int threads = thread_count(call[5]);
  const GpScales found = call[4].IsNull() ? cole::fit_gp_scales(x.data(), y.data(), rows, cols, threads, kernels())
                                          : gp_scales(call[4]);
  auto scales = double_array(call.Env(), 1, 2, "the scales");
  scales[0] = found.length;
  scales[1] = found.noise;
  auto inverse = double_array(call.Env(), rows, rows, "the inverse factor");
  auto alpha = double_array(call.Env(), 1, rows, "the weights");
  auto variances = double_array(call.Env(), 1, rows, "the variances");
  cole::fit_gp(x.data(), y.data(), rows, cols, found, threads, inverse.Data(), alpha.Data(), variances.Data(),
               kernels());
  Napi::Object out = Napi::Object::New(call.Env());
  out.Set("scales", scales);
  out.Set("inverse", inverse);
  out.Set("alpha", alpha);
  out.Set("variances", variances);
  return out;
}

// predictGp(x: Float32Array, rows: number, cols: number, scales: Float64Array, inverse: Float64Array, alpha: Float64Array, queries: Float32Array, count: number, threads: number): Float64Array
static Napi::Value predict_gp(const Napi::CallbackInfo& call) {
  const size_t rows = extent(call[1], "rows"), cols = extent(call[2], "cols"), count = extent(call[7], "count");
  const auto x = array<float>(call[0], "x", rows * cols);
  const GpScales scales = gp_scales(call[3]);
  const auto inverse = array<double>(call[4], "inverse", rows * rows);
  const auto alpha = array<double>(call[5], "alpha", rows);
  const auto queries = features(call[6], "queries", count, cols);
  const int threads = thread_count(call[8]);
  auto out = double_array(call.Env(), 2, count, "the predictions");
  cole::predict_gp(x.data(), rows, cols, scales, inverse.data(), alpha.data(), queries.data(), count, threads,
                   out.Data(), out.Data() + count, kernels());
  return out;
}

static std::string text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Error("ERR_OPTION", std::string("expected a text for ") + name);
  return value.As<Napi::String>().Utf8Value();
}

// xgboostVersion(library: string): string
static Napi::Value xgboost_version(const Napi::CallbackInfo& call) {
  return Napi::String::New(call.Env(), cole::xgboost_version(text(call[0], "library")));
}

// trainXgboost(library: string, x: Float32Array, y: Float32Array, rows: number, cols: number, parameters: readonly string[], rounds: number, seeds: Uint32Array, threads: number): NativeModels
static Napi::Value train_xgboost(const Napi::CallbackInfo& call) {
  const std::string library = text(call[0], "library");
  const size_t rows = extent(call[3], "rows"), cols = extent(call[4], "cols");
  if (rows == 0 || cols == 0) throw Error("ERR_SHAPE", "expected at least 1 row and 1 column for XGBoost");
  const auto x = features(call[1], "x", rows, cols);
  const auto y = features(call[2], "y", rows, 1);
  if (!call[5].IsArray()) throw Error("ERR_OPTION", "expected an array for parameters");
  const auto words = call[5].As<Napi::Array>();
  XgboostParameters parameters;
  for (uint32_t i = 0; i + 1 < words.Length(); i += 2)
    parameters.emplace_back(text(words[i], "parameters"), text(words[i + 1], "parameters"));
  const int rounds = static_cast<int>(integer(call[6], "rounds", 0, 1 << 20));
  const auto seeds = array<uint32_t>(call[7], "seeds");
  const auto models =
      cole::train_xgboost(library, x.data(), y.data(), rows, cols, parameters, rounds, seeds, thread_count(call[8]));
  size_t total = 0;
  for (const auto& model : models) total += model.size();
  auto bytes = Napi::Uint8Array::New(call.Env(), total);
  auto offsets = Napi::Int32Array::New(call.Env(), models.size() + 1);
  if (total > 0x7fffffff) throw Error("ERR_MEMORY", "expected models of at most 2 GiB, got " + std::to_string(total));
  size_t at = 0;
  for (size_t i = 0; i < models.size(); ++i) {
    offsets[i] = static_cast<int32_t>(at);
    std::copy(models[i].begin(), models[i].end(), bytes.Data() + at);
    at += models[i].size();
  }
  offsets[models.size()] = static_cast<int32_t>(at);
  Napi::Object out = Napi::Object::New(call.Env());
  out.Set("bytes", bytes);
  out.Set("offsets", offsets);
  return out;
}

// predictXgboost(library: string, bytes: Uint8Array, offsets: Int32Array, x: Float32Array, rows: number, cols: number, threads: number): Float32Array
static Napi::Value predict_xgboost(const Napi::CallbackInfo& call) {
  const std::string library = text(call[0], "library");
  const auto bytes = array<uint8_t>(call[1], "bytes");
  const auto offsets = array<int32_t>(call[2], "offsets");
  const size_t rows = extent(call[4], "rows"), cols = extent(call[5], "cols");
  const auto x = features(call[3], "x", rows, cols);
  std::vector<std::string> models;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i] < 0 || offsets[i] > offsets[i + 1] || static_cast<size_t>(offsets[i + 1]) > bytes.size())
      throw Error("ERR_SHAPE", "expected rising offsets within the models, got " + std::to_string(offsets[i]) + ", " +
                                   std::to_string(offsets[i + 1]));
    models.emplace_back(bytes.begin() + offsets[i], bytes.begin() + offsets[i + 1]);
  }
  auto out = float_array(call.Env(), models.size(), rows, "the outputs");
  cole::predict_xgboost(library, models, x.data(), rows, cols, thread_count(call[6]), out.Data());
  return out;
}

void export_heads(Napi::Env env, Napi::Object exports) {
  exports.Set("fitGp", Napi::Function::New(env, guard<&fit_gp>, "fitGp"));
  exports.Set("predictGp", Napi::Function::New(env, guard<&predict_gp>, "predictGp"));
  exports.Set("xgboostVersion", Napi::Function::New(env, guard<&xgboost_version>, "xgboostVersion"));
  exports.Set("trainXgboost", Napi::Function::New(env, guard<&train_xgboost>, "trainXgboost"));
  exports.Set("predictXgboost", Napi::Function::New(env, guard<&predict_xgboost>, "predictXgboost"));
}

}  // namespace cole::bindings
