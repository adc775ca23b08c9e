// Loss of a batch and its derivative for each output.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace cole {

// mean of (s - y)^2.
float mse_loss(std::span<const float> s, std::span<const float> y, float* ds);

// Mean over pairs i < j with y_i != y_j of max(0, margin - sign(y_i - y_j) (s_i - s_j)). Of more than max_pairs pairs,
// that many are drawn without replacement.
class HingeLoss {
 public:
  HingeLoss(float margin, size_t max_pairs) : margin_(margin), max_pairs_(max_pairs) {}
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
