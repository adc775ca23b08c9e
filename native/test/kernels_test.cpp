#include <cstring>

#include "base/aligned_buffer.h"
#include "kernels/gemm.h"
#include "surrogate/products.h"
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

COLE_TEST(gemm_without_packing_has_the_bits_of_the_packed_one) {
  const size_t m = 16, n = 64, k = 250;
  const auto a = uniform(m * k, 1), b = uniform(k * n, 2);
  const auto at_b = [&](size_t j, size_t p) { return b[p * n + j]; };
  std::vector<float> out(m * n), packed(m * n);
  for (const bool ta : {false, true}) {
    const auto at_a = [&](size_t i, size_t p) { return ta ? a[p * m + i] : a[i * k + p]; };
    gemm<float>(m, n, k, at_a, at_b, packed.data(), n, Into::kAll, 1, kernels);
    sgemm(a.data(), b.data(), m, n, k, ta, false, out.data(), 1, kernels);
    CHECK(out == packed);
  }
}

COLE_TEST(double_gemm_with_the_lower_triangle_only) {
  const size_t n = 131, k = 300;
  const auto x = uniform(n * k, 3);
  const auto at = [&](size_t i, size_t p) { return static_cast<double>(x[i * k + p]); };
  std::vector<double> c(n * n, -1);
  gemm<double>(n, n, k, at, at, c.data(), n, Into::kLower, 2, kernels);
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
        auto w = aligned(uniform(out * in, 1));
        const auto x = aligned(uniform(in * cols, 2)), bias = aligned(uniform(out, 3));
        const auto dy = aligned(uniform(out * cols, 4)), xt = aligned(uniform(cols * in, 5));
        auto h_values = uniform(in * cols, 6);
        for (size_t i = 0; i < h_values.size(); i += 5) h_values[i] = 0;
        const auto h = aligned(h_values);
        AlignedBuffer<float> y(out * cols), dz(in * cols), dw(out * in), dbias(out);
        kernels.dense_forward(w.data(), bias.data(), x.data(), out, in, cols, slope, y.data(), nullptr);
        kernels.dense_backward(w.data(), in, dy.data(), h.data(), out, in, cols, slope, keep, dz.data());
        float squares = kernels.sum_columns(dy.data(), out, cols, dbias.data());
        for (size_t i = 0; i < in; i += kernels.cols_f32)
          squares += kernels.dense_gradient(dy.data(), xt.data() + i, rows, out, in, cols,
                                            std::min(kernels.cols_f32, in - i), dw.data() + i);
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
  for (size_t r = 0; r < rows; r += 16)
    kernels.transpose(from.data() + r * cols, 16, cols, to.data() + r, rows);
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < cols; ++c) CHECK(to[c * rows + r] == from[r * cols + c]);
}

COLE_TEST(dropout_drops_its_share_and_is_the_same_everywhere) {
  const size_t n = 1 << 16;
  std::vector<float> h(n, 1), reference(n, 1);
  const auto threshold = static_cast<uint32_t>(0.1 * 4294967296.0);
  kernels.dropout(h.data(), 0, n, 12345, threshold, 1 / 0.9f);
  cole::kernels(Isa::kBaseline).dropout(reference.data(), 0, 1000, 12345, threshold, 1 / 0.9f);
  cole::kernels(Isa::kBaseline).dropout(reference.data() + 1000, 1000, n - 1000, 12345, threshold, 1 / 0.9f);
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
  for (size_t n : {16, 48}) {
    std::vector<float> w(n, 1), g(n, 0.5f), m(n, 0), v(n, 0);
    AdamStep step{0.9f, 0.99f, 1e-8f, static_cast<float>(0.1 / (1 - 0.9)), static_cast<float>(1 / std::sqrt(1 - 0.99)),
                  1};
    kernels.adam(w.data(), {g.data(), m.data(), v.data(), step}, n);
    for (float x : w) CHECK_NEAR(x, 0.9, 1e-6);
    g.assign(n, -0.25f);
    step.rate = static_cast<float>(0.1 / (1 - 0.81));
    step.denominator_scale = static_cast<float>(1 / std::sqrt(1 - 0.9801));
    step.gradient_scale = 0.5f;
    kernels.adam(w.data(), {g.data(), m.data(), v.data(), step}, n);
    for (size_t i = 0; i < n; ++i) {
      CHECK_NEAR(m[i], 0.0325, 1e-7);
      CHECK_NEAR(v[i], 0.00263125, 1e-8);
      CHECK_NEAR(w[i], 0.9 - 0.1 * (0.0325 / 0.19) / std::sqrt(0.00263125 / 0.0199), 1e-6);
    }
  }
}

COLE_TEST(weights_step_on_the_way_through_a_layer) {
  // The same bits as one step before the layer, however its rows are shared out.
  for (size_t cols : {16, 32, 48}) {
    const size_t out = 48, in = 80, n = out * in;
    const auto x = aligned(uniform(in * cols, 2)), bias = aligned(uniform(out, 3)), g = aligned(uniform(n, 4));
    const AdamStep step{0.9f, 0.999f, 1e-8f, 1e-2f, 1.5f, 0.7f};
    const auto start = [&](uint32_t seed) { return aligned(uniform(n, seed)); };
    auto squares = uniform(n, 6);
    for (float& v : squares) v *= v;
    AlignedBuffer<float> w[3] = {start(1), start(1), start(1)}, m[3] = {start(5), start(5), start(5)};
    AlignedBuffer<float> v[3] = {aligned(squares), aligned(squares), aligned(squares)};
    AlignedBuffer<float> h[3] = {AlignedBuffer<float>(out * cols), AlignedBuffer<float>(out * cols),
                                 AlignedBuffer<float>(out * cols)};
    kernels.adam(w[0].data(), {g.data(), m[0].data(), v[0].data(), step}, n);
    kernels.dense_forward(w[0].data(), bias.data(), x.data(), out, in, cols, 0.1f, h[0].data(), nullptr);
    const AdamState whole{g.data(), m[1].data(), v[1].data(), step};
    kernels.dense_forward(w[1].data(), bias.data(), x.data(), out, in, cols, 0.1f, h[1].data(), &whole);
    for (size_t o : {0, 16}) {
      const size_t rows = o == 0 ? 16 : 32, at = o * in;
      const AdamState part{g.data() + at, m[2].data() + at, v[2].data() + at, step};
      kernels.dense_forward(w[2].data() + at, bias.data() + o, x.data(), rows, in, cols, 0.1f, h[2].data() + o * cols,
                            &part);
    }
    for (int other : {1, 2}) {
      CHECK(std::memcmp(w[0].data(), w[other].data(), n * sizeof(float)) == 0);
      CHECK(std::memcmp(m[0].data(), m[other].data(), n * sizeof(float)) == 0);
      CHECK(std::memcmp(v[0].data(), v[other].data(), n * sizeof(float)) == 0);
      CHECK(std::memcmp(h[0].data(), h[other].data(), out * cols * sizeof(float)) == 0);
    }
  }
}

COLE_TEST(products_in_float_panels) {
  for (size_t n : {1, 31, 33, 70})
    for (size_t k : {1, 5, 256, 600})
      for (bool gram : {false, true}) {
        const size_t rows = gram ? n : k, cols = gram ? k : n;
        const auto x = uniform(rows * cols, 8);
        std::vector<float> mean(cols);
        column_means(x.data(), rows, cols, mean.data(), kernels);
        const CenteredMatrix centered{x.data(), rows, cols, mean.data()};
        SymmetricMatrix single(n), twice(n), precise(n);
        products(centered, gram, false, single, 1, kernels);
        products(centered, gram, false, twice, 2, kernels);
        products(centered, gram, true, precise, 2, kernels);
        for (size_t i = 0; i < n; ++i)
          for (size_t j = 0; j <= i; ++j) {
            double sum = 0;
            for (size_t p = 0; p < k; ++p)
              sum += static_cast<double>(gram ? centered.at(i, p) : centered.at(p, i)) *
                     (gram ? centered.at(j, p) : centered.at(p, j));
            CHECK_NEAR(single.row(i)[j], sum, 5e-7 * static_cast<double>(k));
            CHECK(single.row(i)[j] == twice.row(i)[j]);
            CHECK_NEAR(precise.row(i)[j], sum, 1e-13 * static_cast<double>(k));
          }
      }
}

COLE_TEST(double_kernels_equal_naive_loops) {
  for (size_t n : {1, 2, 9, 40, 75}) {
    SymmetricMatrix a(n);
    const size_t ld = a.ld, count = 6;
    const auto values = uniform(n * n + n, 4), outer = uniform(2 * count * ld, 5);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) a.row(i)[j] = j <= i ? static_cast<double>(values[i * n + j]) : 100;
    std::vector<double> x(values.end() - static_cast<long>(n), values.end()), out(ld), wide(outer.begin(), outer.end());
    AlignedBuffer<double> p(count * ld), q(count * ld);
    std::copy_n(wide.data(), count * ld, p.data());
    std::copy_n(wide.data() + count * ld, count * ld, q.data());
    x.resize(ld);
    const auto before = std::vector<double>(a.values.data(), a.values.data() + ld * ld);
    kernels.symmetric_multiply_f64(a.values.data(), ld, n, p.data(), q.data(), ld, count, x.data(), out.data());
    std::vector<double> again(ld);
    kernels.symmetric_multiply_f64(a.values.data(), ld, n, nullptr, nullptr, 0, 0, x.data(), again.data());
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t j = 0; j < n; ++j) {
        const size_t r = std::max(i, j), c = std::min(i, j);
        double updated = before[r * ld + c];
        for (size_t s = 0; s < count; ++s) updated += p[s * ld + r] * q[s * ld + c];
        if (j <= i) CHECK_NEAR(a.row(i)[j], updated, 1e-13);
        sum += updated * x[j];
      }
      CHECK_NEAR(out[i], sum, 1e-12);
      CHECK(again[i] == out[i]);
    }
    double dot = 0;
    for (size_t i = 0; i < n; ++i) dot += p[i] * q[i];
    CHECK_NEAR(kernels.dot_f64(p.data(), q.data(), n), dot, 1e-14 * static_cast<double>(n));
  }
}

COLE_TEST(counts_of_eigenvalues_below) {
  // The path graph, halved: 1 - cos(pi (i + 1) / (n + 1)), beside a diagonal matrix of 0 and 1 that it does not touch; some
  // shifts are eigenvalues to the last bit, with neighbours of equal value.
  const size_t n = 50, more = 7;
  std::vector<double> d(n + more, 1), e2(n + more, 0.25), shifts(64), below(64);
  for (size_t i = 0; i < more; ++i) {
    d[n + i] = i % 3 == 0;
    e2[n + i] = 1e-60;
  }
  for (size_t s = 0; s < 64; ++s) shifts[s] = -0.05 + 0.035 * static_cast<double>(s);
  kernels.count_below_f64(d.data(), e2.data(), n + more, shifts.data(), 64, below.data());
  for (size_t s = 0; s < 64; ++s) {
    double count = 0;
    for (size_t i = 0; i < n; ++i)
      count += 1 - std::cos(3.14159265358979 * static_cast<double>(i + 1) / (n + 1)) < shifts[s];
    for (size_t i = 0; i < more; ++i) count += d[n + i] < shifts[s];
    CHECK(below[s] == count);
  }
}

COLE_TEST(inverse_iteration_of_lanes) {
  // The same graph: the vectors are sines, and every lane has a shift of its own.
  const size_t n = 33, lanes = kernels.lanes_f64;
  const double pi = std::acos(-1.0);
  const std::vector<double> d(n, 2), e(n, -1);
  std::vector<double> shifts(lanes), x(n * lanes), work(5 * n * lanes), residuals(lanes);
  const auto start = uniform(n * lanes, 9);
  std::copy(start.begin(), start.end(), x.begin());
  for (size_t l = 0; l < lanes; ++l) shifts[l] = 2 - 2 * std::cos(pi * static_cast<double>(3 * l + 1) / (n + 1));
  kernels.inverse_iteration_f64(d.data(), e.data(), n, 1e-15, shifts.data(), x.data(), work.data(), residuals.data());
  for (size_t l = 0; l < lanes; ++l) {
    CHECK(residuals[l] < 1e-14);
    const double sign = std::copysign(std::sqrt(2.0 / (n + 1)), x[l]);
    for (size_t i = 0; i < n; ++i)
      CHECK_NEAR(x[i * lanes + l], sign * std::sin(pi * static_cast<double>((3 * l + 1) * (i + 1)) / (n + 1)), 1e-12);
  }
}

}  // namespace cole
