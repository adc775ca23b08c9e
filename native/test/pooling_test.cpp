#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "pooling/gather.h"
#include "pooling/pool.h"
#include "test/check.h"

namespace cole {
using test::uniform;

static const std::vector<int32_t> kFirst{0};
static Pooling mean_of(const std::vector<int32_t>& layers) {
  return {TokenPooling::kMean, LayerPooling::kMean, layers};
}

// One pooling of layers [tokens, dim].
static std::vector<float> pool(const std::vector<const void*>& layers, Element element, size_t tokens, size_t dim,
                               const std::vector<int32_t>& spans, const std::vector<uint8_t>& mask,
                               const Pooling& pooling, int threads, const Kernels& kernels) {
  std::vector<float> out(spans.size() / 2 * pooling.vectors() * dim);
  float* const outs[] = {out.data()};
  pool_tokens({layers, element, tokens, dim}, spans, mask, {&pooling, 1}, threads, outs, kernels);
  return out;
}

// The value of a half float by its definition.
static float half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float value = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  if (exponent == 31) value = fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  return bits & 0x8000 ? -value : value;
}

COLE_TEST(all_half_floats_convert_exactly) {
  // By vectors and one at a time: rows of all 65,536 patterns, and rows shorter than any vector.
  std::vector<uint16_t> bits(65536);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  for (size_t n : {size_t{65536}, size_t{3}, size_t{1}})
    for (size_t from = 0; from < bits.size(); from += n == 65536 ? n : n * 7) {
      const size_t now = std::min(n, bits.size() - from);
      std::vector<float> half(now), brain(now);
      kernels.add_rows_f16(half.data(), &bits[from], 1, now, now);
      kernels.add_rows_bf16(brain.data(), &bits[from], 1, now, now);
      for (size_t i = 0; i < now; ++i) {
        const float h = half_value(bits[from + i]);
        const float b = std::bit_cast<float>(static_cast<uint32_t>(bits[from + i]) << 16);
        CHECK(half[i] == h || (std::isnan(half[i]) && std::isnan(h)));
        CHECK(brain[i] == b || (std::isnan(brain[i]) && std::isnan(b)));
      }
    }
}

COLE_TEST(sums_of_rows_are_the_same_bits_everywhere) {
  for (size_t count : {1, 7, 8, 9, 40})
    for (size_t n : {1, 5, 16, 67, 577}) {
      // Unaligned, and with a gap between rows.
      const size_t ld = n + 3;
      const auto values = uniform(count * ld + 1, 5);
      std::vector<uint16_t> bits(values.size());
      for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(values[i]) >> 16);
      std::vector<float> sum(n + 1, 0.5f), brain(n + 1, 0.5f);
      kernels.add_rows_f32(&sum[1], &values[1], count, ld, n);
      kernels.add_rows_bf16(&brain[1], &bits[1], count, ld, n);
      for (size_t i = 0; i < n; ++i) {
        float expected = 0.5f, short_expected = 0.5f;
        for (size_t r = 0; r < count; ++r) {
          expected += values[1 + r * ld + i];
          short_expected += std::bit_cast<float>(static_cast<uint32_t>(bits[1 + r * ld + i]) << 16);
        }
        CHECK(sum[i + 1] == expected);
        CHECK(brain[i + 1] == short_expected);
      }
      CHECK(sum[0] == 0.5f && brain[0] == 0.5f);
    }
}

COLE_TEST(pooling_equals_the_definition) {
  const size_t tokens = 40;
  for (size_t dim : {1, 5, 64, 577}) {
    const auto a = uniform(tokens * dim, 1), b = uniform(tokens * dim, 2);
    const std::vector<int32_t> spans{0, 1, 1, 8, 8, 40, 3, 9}, both{1, 0};
    std::vector<uint8_t> mask(tokens, 1);
    for (size_t t = 2; t < tokens; t += 3) mask[t] = 0;
    for (const auto& m : {std::vector<uint8_t>{}, mask}) {
      // Four at once, from one pass.
      const std::vector<Pooling> poolings{mean_of(both),
                                          {TokenPooling::kLastToken, LayerPooling::kMean, kFirst},
                                          {TokenPooling::kMean, LayerPooling::kStack, both},
                                          {TokenPooling::kLastToken, LayerPooling::kStack, both}};
      std::vector<std::vector<float>> results;
      std::vector<float*> outs;
      for (const Pooling& p : poolings) results.emplace_back(spans.size() / 2 * p.vectors() * dim, -1.0f);
      for (auto& r : results) outs.push_back(r.data());
      const void* const layers[] = {a.data(), b.data()};
      pool_tokens({layers, Element::kFloat32, tokens, dim}, spans, m, poolings, 2, outs, kernels);
      for (size_t i = 0; i < spans.size() / 2; ++i)
        for (size_t d = 0; d < dim; ++d) {
          double sum_a = 0, sum_b = 0, count = 0;
          size_t last = 0;
          for (auto t = static_cast<size_t>(spans[2 * i]); t < static_cast<size_t>(spans[2 * i + 1]); ++t) {
            if (!m.empty() && !m[t]) continue;
            sum_a += static_cast<double>(a[t * dim + d]);
            sum_b += static_cast<double>(b[t * dim + d]);
            last = t;
            ++count;
          }
          CHECK_NEAR(results[0][i * dim + d], (sum_a + sum_b) / (2 * count), 1e-6);
          CHECK(results[1][i * dim + d] == a[last * dim + d]);
          CHECK_NEAR(results[2][2 * i * dim + d], sum_b / count, 1e-6);
          CHECK_NEAR(results[2][(2 * i + 1) * dim + d], sum_a / count, 1e-6);
          CHECK(results[3][2 * i * dim + d] == b[last * dim + d]);
          CHECK(results[3][(2 * i + 1) * dim + d] == a[last * dim + d]);
        }
    }
  }
}

COLE_TEST(means_of_rows_are_the_same_bits_everywhere) {
  for (size_t dim : {1, 5, 64, 387}) {
    const size_t rows = 31, texts = 700;
    const auto table = uniform(rows * dim, 4);
    std::vector<int32_t> ids, offsets{0};
    for (size_t text = 0; text < texts; ++text) {
      for (size_t t = 0; t < text % 40; ++t) ids.push_back(static_cast<int32_t>((text * 7 + t * t) % rows));
      offsets.push_back(static_cast<int32_t>(ids.size()));
    }
    std::vector<float> out(texts * dim, -1.0f), threaded(out);
    mean_rows(table, dim, ids, offsets, 1, out, kernels);
    mean_rows(table, dim, ids, offsets, 3, threaded, kernels);
    CHECK(out == threaded);
    for (size_t text = 0; text < texts; ++text)
      for (size_t d = 0; d < dim; ++d) {
        float sum = 0;
        for (int32_t t = offsets[text]; t < offsets[text + 1]; ++t)
          sum += table[static_cast<size_t>(ids[static_cast<size_t>(t)]) * dim + d];
        CHECK(out[text * dim + d] == (text % 40 == 0 ? 0 : sum / static_cast<float>(text % 40)));
      }
  }
}

COLE_TEST(pooling_of_halves_is_the_pooling_of_their_values) {
  const size_t tokens = 21, dim = 70;
  std::vector<uint16_t> bits(tokens * dim);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>((i * 40503) & 0xbfff);  // Finite in both.
  std::vector<float> half(bits.size()), brain(bits.size());
  for (size_t i = 0; i < bits.size(); ++i) {
    half[i] = half_value(bits[i]);
    brain[i] = std::bit_cast<float>(static_cast<uint32_t>(bits[i]) << 16);
  }
  const std::vector<int32_t> spans{0, 4, 4, 21};
  for (const auto& [element, values] : {std::pair{Element::kFloat16, half}, std::pair{Element::kBFloat16, brain}})
    CHECK(pool({bits.data()}, element, tokens, dim, spans, {}, mean_of(kFirst), 1, kernels) ==
          pool({values.data()}, Element::kFloat32, tokens, dim, spans, {}, mean_of(kFirst), 1, kernels));
}

COLE_TEST(pooling_does_not_depend_on_batch_padding_or_threads) {
  const size_t dim = 1500, length = 10;
  const auto hidden = uniform(3 * length * dim, 3);
  // The same five tokens packed, padded on the right and padded on the left.
  std::vector<float> packed(hidden.begin(), hidden.begin() + 5 * dim), padded_right(hidden), padded_left(hidden);
  std::copy_n(packed.data(), 5 * dim, padded_right.data() + length * dim);
  std::copy_n(packed.data(), 5 * dim, padded_left.data() + (2 * length - 5) * dim);
  std::vector<uint8_t> left_mask(3 * length, 1);
  for (size_t t = 0; t < 5; ++t) left_mask[length + t] = 0;
  auto mean = [&](const std::vector<float>& states, size_t tokens, const std::vector<int32_t>& spans,
                  const std::vector<uint8_t>& mask, int threads) {
    return pool({states.data()}, Element::kFloat32, tokens, dim, spans, mask, mean_of(kFirst), threads, kernels);
  };
  const auto one = mean(packed, 5, {0, 5}, {}, 1);
  // More threads than texts cut the columns.
  for (int threads : {1, 2, 3, 8}) {
    CHECK(mean(packed, 5, {0, 5}, {}, threads) == one);
    const auto right = mean(padded_right, 30, {0, 3, 10, 15, 20, 30}, {}, threads);
    const auto left = mean(padded_left, 30, {7, 10, 15, 20, 20, 30}, {}, threads);
    const auto masked = mean(padded_left, 30, {7, 10, 10, 20, 20, 30}, left_mask, threads);
    for (size_t d = 0; d < dim; ++d) CHECK(right[dim + d] == one[d] && left[dim + d] == one[d] && masked[dim + d] == one[d]);
  }
}

COLE_TEST(pooling_refuses_what_it_cannot_do) {
  auto hidden = uniform(4 * 3, 3);
  auto message = [&](const std::vector<int32_t>& spans, const std::vector<uint8_t>& mask,
                     const std::vector<int32_t>& layers = kFirst) -> std::string {
    try {
      pool({hidden.data()}, Element::kFloat32, 4, 3, spans, mask, mean_of(layers), 1, kernels);
    } catch (const Error& e) {
      return std::string(e.code()) + ": " + e.what();
    }
    return "";
  };
  auto is = [&](const std::string& text, const char* code) { return text.rfind(code, 0) == 0; };
  CHECK(is(message({0, 5}, {}), "ERR_SHAPE"));
  CHECK(is(message({-1, 2}, {}), "ERR_SHAPE"));
  CHECK(is(message({3, 2}, {}), "ERR_SHAPE"));
  CHECK(is(message({2, 2}, {}), "ERR_DATA"));
  CHECK(is(message({1, 3}, {1, 0, 0, 1}), "ERR_DATA"));
  CHECK(is(message({0, 1}, {}, {}), "ERR_SHAPE"));
  CHECK(is(message({0, 1}, {}, {1}), "ERR_SHAPE"));
  CHECK(is(message({0, 1}, {}, {-1}), "ERR_SHAPE"));
  CHECK(is(message({0, 1}, {}, {0, 0}), "ERR_SHAPE"));
  CHECK(message({}, {}).empty());
  hidden[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK(message({0, 2, 3, 4}, {}).empty());
  CHECK(message({0, 4}, {1, 1, 0, 1}).empty());
  CHECK(message({0, 2, 1, 4}, {}) ==
        "ERR_DATA: expected finite hidden states for text 1, layer 0, got nan in token 2, column 1");
  hidden[7] = hidden[4] = std::numeric_limits<float>::max();
  CHECK(message({0, 4}, {}) ==
        "ERR_DATA: expected hidden states whose sum is a float for text 0, layer 0, got one that overflows");
}

}  // namespace cole
