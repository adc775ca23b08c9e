#include "base/error.h"
#include "pooling/pool.h"
#include "test/check.h"

namespace cole {
using test::uniform;

static std::vector<float> pool(const std::vector<const float*>& layers, size_t tokens, size_t dim,
                               const std::vector<int32_t>& spans, const std::vector<uint8_t>& mask, PoolMode mode,
                               int threads, const Kernels& kernels) {
  std::vector<float> out(spans.size() / 2 * dim);
  pool_tokens(layers, tokens, dim, spans, mask, mode, threads, out.data(), kernels);
  return out;
}

COLE_TEST(pooling_equals_the_definition) {
  const size_t tokens = 40;
  for (size_t dim : {1, 5, 64, 577}) {
    const auto a = uniform(tokens * dim, 1), b = uniform(tokens * dim, 2);
    const std::vector<int32_t> spans{0, 1, 1, 8, 8, 40, 3, 9};
    std::vector<uint8_t> mask(tokens, 1);
    for (size_t t = 2; t < tokens; t += 3) mask[t] = 0;
    for (const auto& m : {std::vector<uint8_t>{}, mask}) {
      const auto mean = pool({a.data(), b.data()}, tokens, dim, spans, m, PoolMode::kMean, 1, kernels);
      const auto last = pool({a.data()}, tokens, dim, spans, m, PoolMode::kLastToken, 2, kernels);
      for (size_t i = 0; i < spans.size() / 2; ++i)
        for (size_t d = 0; d < dim; ++d) {
          double sum = 0, count = 0, at_last = 0;
          for (auto t = static_cast<size_t>(spans[2 * i]); t < static_cast<size_t>(spans[2 * i + 1]); ++t) {
            if (!m.empty() && !m[t]) continue;
            sum += (static_cast<double>(a[t * dim + d]) + b[t * dim + d]) / 2;
            at_last = a[t * dim + d];
            ++count;
          }
          CHECK_NEAR(mean[i * dim + d], sum / count, 1e-6);
          CHECK(last[i * dim + d] == static_cast<float>(at_last));
        }
    }
  }
}

COLE_TEST(pooling_does_not_depend_on_batch_padding_or_threads) {
  const size_t dim = 96, length = 10;
  const auto hidden = uniform(3 * length * dim, 3);
  // The same five tokens packed, padded on the right and padded on the left.
  std::vector<float> packed(hidden.begin(), hidden.begin() + 5 * dim), padded_right(hidden), padded_left(hidden);
  std::copy_n(packed.data(), 5 * dim, padded_right.data() + length * dim);
  std::copy_n(packed.data(), 5 * dim, padded_left.data() + (2 * length - 5) * dim);
  const auto one = pool({packed.data()}, 5, dim, {0, 5}, {}, PoolMode::kMean, 1, kernels);
  for (int threads : {1, 3}) {
    const auto right =
        pool({padded_right.data()}, 30, dim, {0, 3, 10, 15, 20, 30}, {}, PoolMode::kMean, threads, kernels);
    const auto left =
        pool({padded_left.data()}, 30, dim, {7, 10, 15, 20, 20, 30}, {}, PoolMode::kMean, threads, kernels);
    for (size_t d = 0; d < dim; ++d) CHECK(right[dim + d] == one[d] && left[dim + d] == one[d]);
  }
}

COLE_TEST(pooling_refuses_what_it_cannot_do) {
  const auto hidden = uniform(4 * 3, 3);
  auto code = [&](const std::vector<int32_t>& spans, const std::vector<uint8_t>& mask) -> std::string {
    try {
      pool({hidden.data()}, 4, 3, spans, mask, PoolMode::kMean, 1, kernels);
    } catch (const Error& e) {
      return e.code();
    }
    return "";
  };
  CHECK(code({0, 5}, {}) == "ERR_SHAPE");
  CHECK(code({-1, 2}, {}) == "ERR_SHAPE");
  CHECK(code({3, 2}, {}) == "ERR_SHAPE");
  CHECK(code({2, 2}, {}) == "ERR_DATA");
  CHECK(code({1, 3}, {1, 0, 0, 1}) == "ERR_DATA");
  CHECK(code({}, {}).empty());
}

}  // namespace cole
