#include "pooling/pool.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/parallel_for.h"

namespace cole {

namespace {

struct Span {
  size_t begin, end, count;  // count: tokens that the mask lets through.
};

std::vector<Span> check(size_t tokens, std::span<const int32_t> spans, std::span<const uint8_t> mask) {
  std::vector<Span> out;
  out.reserve(spans.size() / 2);
  for (size_t i = 0; i + 1 < spans.size(); i += 2) {
    const int64_t begin = spans[i], end = spans[i + 1];
    const std::string text = "text " + std::to_string(i / 2);
    if (begin < 0 || end < begin || end > static_cast<int64_t>(tokens))
      throw Error("ERR_SHAPE", "expected a span within " + std::to_string(tokens) + " tokens for " + text + ", got " +
                                   std::to_string(begin) + " to " + std::to_string(end));
    Span s{static_cast<size_t>(begin), static_cast<size_t>(end), 0};
    for (size_t t = s.begin; t < s.end; ++t) s.count += mask.empty() || mask[t];
    if (s.count == 0) throw Error("ERR_DATA", "expected at least one token to pool for " + text + ", got none");
    out.push_back(s);
  }
  return out;
}

// vector[dim] += factor * the pooled vector of one layer; sum[dim] is scratch.
void pool_layer(const float* hidden, size_t dim, const Span& s, std::span<const uint8_t> mask, PoolMode mode,
                float factor, float* sum, float* vector, const Kernels& kernels) {
  if (mode == PoolMode::kLastToken) {
    size_t last = s.end - 1;
    while (!mask.empty() && !mask[last]) --last;
    kernels.add_scaled(vector, factor, hidden + last * dim, dim);
    return;
  }
  std::fill(sum, sum + dim, 0.0f);
  for (size_t t = s.begin; t < s.end;) {
    // A run of tokens that count.
    size_t end = t;
    while (end < s.end && (mask.empty() || mask[end])) ++end;
    kernels.add_rows(sum, hidden + t * dim, end - t, dim);
    t = end;
    while (t < s.end && !mask[t]) ++t;
  }
  kernels.add_scaled(vector, factor / static_cast<float>(s.count), sum, dim);
}

}  // namespace

void pool_tokens(std::span<const float* const> layers, size_t tokens, size_t dim, std::span<const int32_t> spans,
                 std::span<const uint8_t> mask, PoolMode mode, int threads, float* out, const Kernels& kernels) {
  const std::vector<Span> texts = check(tokens, spans, mask);
  std::fill(out, out + texts.size() * dim, 0.0f);
  const float factor = 1 / static_cast<float>(layers.size());
  parallel_for(texts.size(), threads, [&](size_t i) {
    std::vector<float> sum(dim);
    for (const float* hidden : layers)
      pool_layer(hidden, dim, texts[i], mask, mode, factor, sum.data(), out + i * dim, kernels);
  });
}

}  // namespace cole
