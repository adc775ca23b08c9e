// Loss of a batch and its derivative for each output.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace cole {

// One output's part of the mean of (s - y)^2 over a batch and all outputs.
float mse_loss(std::span<const float> s, std::span<const float> y, size_t outputs, float* ds);

// Mean over pairs i < j with y_i != y_j of max(0, margin - sign(y_i - y_j) (s_i - s_j)). Of more than max_pairs pairs,
// that many are drawn without replacement.
class HingeLoss {
 public:
  // batch: the most values of a call.
  HingeLoss(float margin, size_t max_pairs, size_t batch) : margin_(margin), max_pairs_(max_pairs) {
    pairs_.reserve(batch * (batch - (batch > 0)) / 2 + 1);
  }
  // False where the batch has no pair to compare: there is nothing to learn from it.
  bool operator()(std::span<const float> s, std::span<const float> y, Random& random, float* ds, float* loss);

 private:
  struct Pair {
    uint32_t higher, lower;  // By target.
  };
  float margin_;
  size_t max_pairs_;
  std::vector<Pair> pairs_;
};

}  // namespace cole
