#include "base/aligned_buffer.h"
#include "kernels/gemm.h"
#include "test/check.h"

namespace cole {
using test::uniform;

static AlignedBuffer<float> aligned(const std::vector<float>& from) {
  AlignedBuffer<float> out(from.size());
  std::copy(from.begin(), from.end(), out.data());
  return out;
}

COLE_TEST(gemm_equals_a_naive_loop) {
  // Below, at and above the tile, the row block (96) and the depth block (256) of every instruction set; 0 and 1.
  const size_t sizes[][3] = {{0, 3, 2},   {3, 0, 2},    {2, 3, 0},     {1, 1, 1},    {1, 33, 7},   {8, 32, 16},
                             {9, 31, 17}, {97, 65, 33}, {33, 40, 257}, {5, 17, 600}, {100, 1, 256}};
  for (const auto& [m, n, k] : sizes)
    for (int form = 0; form < 4; ++form) {
      const bool ta = form & 1, tb = form & 2;
      const auto a = uniform(m * k, 1), b = uniform(k * n, 2);
      std::vector<float> out(m * n, 7), again(m * n, 8);
      sgemm(a.data(), b.data(), m, n, k, ta, tb, out.data(), 1, kernels);
      sgemm(a.data(), b.data(), m, n, k, ta, tb, again.data(), 3, kernels);
      CHECK(out == again);
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < n; ++j) {
          double sum = 0;
          for (size_t p = 0; p < k; ++p)
            sum += static_cast<double>(ta ? a[p * m + i] : a[i * k + p]) * (tb ? b[j * k + p] : b[p * n + j]);
          CHECK_NEAR(out[i * n + j], sum, 1e-5 * std::sqrt(static_cast<double>(k) + 1));
        }
    }
}

COLE_TEST(double_gemm_with_the_lower_triangle_only) {
  const size_t n = 131, k = 300;
  const auto x = uniform(n * k, 3);
  const auto at = [&](size_t i, size_t p) { return static_cast<double>(x[i * k + p]); };
  std::vector<double> c(n * n, -1);
  gemm<double>(n, n, k, at, at, c.data(), n, true, 2, kernels);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (size_t p = 0; p < k; ++p) sum += at(i, p) * at(j, p);
      CHECK_NEAR(c[i * n + j], sum, 1e-12 * k);
    }
}

COLE_TEST(dense_kernels_equal_naive_loops) {
  for (size_t out : {16, 48})
    for (size_t in : {16, 32, 80})
      for (size_t cols : {16, 32, 48}) {
        const float slope = 0.25f, keep = 1.5f;
        const size_t rows = cols - 3;
        const auto w = aligned(uniform(out * in, 1)), x = aligned(uniform(in * cols, 2)),
                   bias = aligned(uniform(out, 3));
        const auto dy = aligned(uniform(out * cols, 4)), xt = aligned(uniform(cols * in, 5));
        auto h_values = uniform(in * cols, 6);
        for (size_t i = 0; i < h_values.size(); i += 5) h_values[i] = 0;
        const auto h = aligned(h_values);
        AlignedBuffer<float> y(out * cols), dz(in * cols), dw(out * in), dbias(out);
        kernels.dense_forward(w.data(), in, bias.data(), x.data(), out, in, cols, slope, y.data());
        kernels.dense_backward(w.data(), in, dy.data(), h.data(), out, in, cols, slope, keep, dz.data());
        const float squares =
            kernels.dense_gradient(dy.data(), xt.data(), rows, out, in, cols, dw.data(), dbias.data());
        double expected_squares = 0;
        for (size_t o = 0; o < out; ++o) {
          double sum = 0;
          for (size_t c = 0; c < cols; ++c) {
            double z = bias[o];
            for (size_t i = 0; i < in; ++i) z += static_cast<double>(w[o * in + i]) * x[i * cols + c];
            CHECK_NEAR(y[o * cols + c], z > 0 ? z : slope * z, 1e-5);
            sum += dy[o * cols + c];
          }
          CHECK_NEAR(dbias[o], sum, 1e-5);
          expected_squares += sum * sum;
          for (size_t i = 0; i < in; ++i) {
            double g = 0;
            for (size_t c = 0; c < rows; ++c) g += static_cast<double>(dy[o * cols + c]) * xt[c * in + i];
            CHECK_NEAR(dw[o * in + i], g, 1e-5);
            expected_squares += g * g;
          }
        }
        CHECK_NEAR(squares, expected_squares, 1e-4 * expected_squares);
        for (size_t i = 0; i < in; ++i)
          for (size_t c = 0; c < cols; ++c) {
            double g = 0;
            for (size_t o = 0; o < out; ++o) g += static_cast<double>(w[o * in + i]) * dy[o * cols + c];
            const float hv = h[i * cols + c];
            CHECK_NEAR(dz[i * cols + c], g * (hv > 0 ? keep : hv < 0 ? keep * slope : 0), 1e-5);
          }
      }
}

COLE_TEST(transpose_is_exact) {
  const size_t rows = 32, cols = 48;
  const auto from = uniform(rows * cols, 1);
  std::vector<float> to(rows * cols);
  kernels.transpose(from.data(), rows, cols, to.data());
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < cols; ++c) CHECK(to[c * rows + r] == from[r * cols + c]);
}

COLE_TEST(dropout_drops_its_share_and_is_the_same_everywhere) {
  const size_t n = 1 << 16;
  std::vector<float> h(n, 1), reference(n, 1);
  const auto threshold = static_cast<uint32_t>(0.1 * 4294967296.0);
  kernels.dropout(h.data(), n, 12345, threshold, 1 / 0.9f);
  cole::kernels(Isa::kScalar).dropout(reference.data(), n, 12345, threshold, 1 / 0.9f);
  CHECK(h == reference);
  size_t dropped = 0;
  for (float v : h) {
    CHECK(v == 0 || v == 1 / 0.9f);
    dropped += v == 0;
  }
  // Five standard deviations of the binomial distribution.
  CHECK_NEAR(static_cast<double>(dropped), 0.1 * n, 5 * std::sqrt(n * 0.1 * 0.9));
}

COLE_TEST(adam_equals_two_hand_computed_steps) {
  // w = 1, gradient 0.5 then -0.25 (clipped to half of it), rate 0.1, betas 0.9 and 0.99, epsilon 1e-8:
  // m = 0.05, v = 0.0025, w = 1 - 0.1 * (0.05 / 0.1) / (sqrt(0.0025 / 0.01) + 1e-8) = 0.9
  // m = 0.0325, v = 0.00263125, w = 0.9 - 0.1 * (0.0325 / 0.19) / sqrt(0.00263125 / 0.0199) = 0.852958.
  for (size_t n : {1, 37}) {
    std::vector<float> w(n, 1), g(n, 0.5f), m(n, 0), v(n, 0);
    AdamStep step{0.9f, 0.99f, 1e-8f, static_cast<float>(0.1 / (1 - 0.9)), static_cast<float>(1 / std::sqrt(1 - 0.99)),
                  1};
    kernels.adam(w.data(), g.data(), m.data(), v.data(), n, step);
    for (float x : w) CHECK_NEAR(x, 0.9, 1e-6);
    g.assign(n, -0.25f);
    step.rate = static_cast<float>(0.1 / (1 - 0.81));
    step.denominator_scale = static_cast<float>(1 / std::sqrt(1 - 0.9801));
    step.gradient_scale = 0.5f;
    kernels.adam(w.data(), g.data(), m.data(), v.data(), n, step);
    for (size_t i = 0; i < n; ++i) {
      CHECK_NEAR(m[i], 0.0325, 1e-7);
      CHECK_NEAR(v[i], 0.00263125, 1e-8);
      CHECK_NEAR(w[i], 0.9 - 0.1 * (0.0325 / 0.19) / std::sqrt(0.00263125 / 0.0199), 1e-6);
    }
  }
}

COLE_TEST(double_kernels_equal_naive_loops) {
  for (size_t n : {1, 2, 9, 40}) {
    const size_t lda = n + 3;
    const auto values = uniform(lda * n + 5 * n, 4);
    std::vector<double> a(values.begin(), values.begin() + static_cast<long>(lda * n));
    std::vector<double> u, v, x, out(n), y;
    for (size_t i = 0; i < n; ++i) {
      u.push_back(values[lda * n + i]);
      v.push_back(values[lda * n + n + i]);
      x.push_back(values[lda * n + 2 * n + i]);
    }
    const auto before = a;
    kernels.rank2_multiply_f64(a.data(), lda, n, u.data(), v.data(), x.data(), out.data());
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t j = 0; j < n; ++j) {
        const size_t r = std::max(i, j), c = std::min(i, j);
        const double updated = before[r * lda + c] - u[r] * v[c] - v[r] * u[c];
        if (j <= i) CHECK_NEAR(a[i * lda + j], updated, 1e-14);
        if (j > i) CHECK(a[i * lda + j] == before[i * lda + j]);
        sum += updated * x[j];
      }
      CHECK_NEAR(out[i], sum, 1e-13);
    }
    double dot = 0;
    for (size_t i = 0; i < n; ++i) dot += u[i] * v[i];
    CHECK_NEAR(kernels.dot_f64(u.data(), v.data(), n), dot, 1e-14 * static_cast<double>(n));
  }
}

}  // namespace cole
