#include "surrogate/losses.h"

#include <algorithm>

namespace cole {

float mse_loss(std::span<const float> s, std::span<const float> y, size_t outputs, float* ds) {
  const float scale = 1 / static_cast<float>(s.size() * outputs);
  float sum = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    const float error = s[i] - y[i];
    sum += error * error;
    ds[i] = 2 * scale * error;
  }
  return sum * scale;
}

bool HingeLoss::operator()(std::span<const float> s, std::span<const float> y, Random& random, float* ds, float* loss) {
  const size_t n = s.size();
  pairs_.resize(n * (n - 1) / 2 + 1);
  size_t count = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = i + 1; j < n; ++j) {
      // Written in any case, kept only if the targets differ: no branch to mispredict.
      const bool first = y[i] > y[j];
      pairs_[count] = {static_cast<uint32_t>(first ? i : j), static_cast<uint32_t>(first ? j : i)};
      count += y[i] != y[j];
    }
  if (count == 0) return false;
  const size_t used = std::min(count, max_pairs_);
  if (used < count)
    for (size_t p = 0; p < used; ++p) std::swap(pairs_[p], pairs_[p + random.below(static_cast<uint32_t>(count - p))]);
  const float scale = 1 / static_cast<float>(used);
  std::fill(ds, ds + n, 0.0f);
  float sum = 0;
  for (size_t p = 0; p < used; ++p) {
    const Pair pair = pairs_[p];
    const float violation = margin_ - (s[pair.higher] - s[pair.lower]);
    const float active = violation > 0 ? 1.0f : 0.0f;
    sum += active * violation;
    ds[pair.higher] -= active * scale;
    ds[pair.lower] += active * scale;
  }
  *loss = sum * scale;
  return true;
}

}  // namespace cole
