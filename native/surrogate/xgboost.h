// Gradient-boosted trees of the XGBoost library that the user has, through its C interface. The library is opened at run
// time and never closed: its own threads may outlast any use.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cole {

using XgboostParameters = std::vector<std::pair<std::string, std::string>>;

// Version of the library at a path, such as "1.7.4". Throws ERR_ADDON where there is none or it lacks a function.
std::string xgboost_version(const std::string& library);

// One booster per seed on x: [rows, cols], y: [rows], in XGBoost's own binary form. Each is trained on one thread, since
// the order in which its threads add histograms is not fixed; boosters share out the threads.
std::vector<std::string> train_xgboost(const std::string& library, const float* x, const float* y, size_t rows,
                                       size_t cols, const XgboostParameters& parameters, int rounds,
                                       std::span<const uint32_t> seeds, int threads);

// out: [models, rows].
void predict_xgboost(const std::string& library, std::span<const std::string> models, const float* x, size_t rows,
                     size_t cols, int threads, float* out);

}  // namespace cole
