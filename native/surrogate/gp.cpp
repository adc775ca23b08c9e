#include "surrogate/gp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "surrogate/cholesky.h"
#include "kernels/gemm.h"

namespace cole {
namespace {

void squared_lengths(const float* x, size_t rows, size_t cols, double* out) {
  for (size_t i = 0; i < rows; ++i) {
    out[i] = 0;
    for (size_t j = 0; j < cols; ++j) out[i] += static_cast<double>(x[i * cols + j]) * x[i * cols + j];
  }
}

// out[m, n] = squared distances between rows of a: [m, cols] and b: [n, cols]. In double: the distances of neighbours
// are small beside the lengths that they are the difference of.
void squared_distances(const float* a, size_t m, const float* b, size_t n, size_t cols, double* out, int threads,
                       const Kernels& kernels) {
  std::vector<double> of_a(m), of_b(n);
  squared_lengths(a, m, cols, of_a.data());
  squared_lengths(b, n, cols, of_b.data());
  const auto at_a = [=](size_t i, size_t p) { return static_cast<double>(a[i * cols + p]); };
  const auto at_b = [=](size_t i, size_t p) { return static_cast<double>(b[i * cols + p]); };
  gemm<double>(m, n, cols, at_a, at_b, out, n, Into::kAll, threads, kernels);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) out[i * n + j] = std::max(0.0, of_a[i] + of_b[j] - 2 * out[i * n + j]);
}

// k[n, n] = the kernel of squared distances, noise on the diagonal; lower triangle.
void kernel_matrix(const double* squared, size_t n, GpScales scales, double* k, int threads) {
  const double factor = -0.5 / (scales.length * scales.length);
  parallel_for(n, threads, [&](size_t i) {
    for (size_t j = 0; j < i; ++j) k[i * n + j] = std::exp(factor * squared[i * n + j]);
    k[i * n + i] = 1 + scales.noise;
  });
}

// Minus the log marginal likelihood, but for constants, at the best signal variance y^T K^-1 y / n.
double negative_log_likelihood(const double* squared, const double* y, size_t n, GpScales scales, double* k,
                               int threads, const Kernels& kernels) {
  kernel_matrix(squared, n, scales, k, threads);
  if (!cholesky(k, n, threads, kernels)) return std::numeric_limits<double>::infinity();
  std::vector<double> z(n);
  double log_determinant = 0, fit = 0;
  for (size_t i = 0; i < n; ++i) {
    z[i] = (y[i] - kernels.dot_f64(k + i * n, z.data(), i)) / k[i * n + i];
    fit += z[i] * z[i];
    log_determinant += std::log(k[i * n + i]);
  }
  return log_determinant + 0.5 * static_cast<double>(n) * std::log(fit / static_cast<double>(n));
}

double median_distance(const double* squared, size_t n) {
  std::vector<double> above;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < i; ++j)
      if (squared[i * n + j] > 0) above.push_back(squared[i * n + j]);
  if (above.empty()) return 1;
  const auto middle = above.begin() + static_cast<std::ptrdiff_t>(above.size() / 2);
  std::nth_element(above.begin(), middle, above.end());
  return std::sqrt(*middle);
}

}  // namespace

GpScales fit_gp_scales(const float* x, const double* y, size_t rows, size_t cols, int threads, const Kernels& kernels) {
  const size_t n = std::min(rows, kScaleRows);
  std::vector<float> part(n * cols);
  std::vector<double> targets(n);
  for (size_t i = 0; i < n; ++i) {
    const size_t from = i * rows / n;
    std::copy_n(x + from * cols, cols, part.data() + i * cols);
    targets[i] = y[from];
  }
  AlignedBuffer<double> squared(n * n), k(n * n);
  squared_distances(part.data(), n, part.data(), n, cols, squared.data(), threads, kernels);
  const double unit = median_distance(squared.data(), n);
  // In steps of log2 of the median distance and of log10 of the noise. A grid first, since the likelihood may have a
  // second peak where everything is noise; then ever smaller steps around its best point.
  const auto scales_at = [&](double l, double v) { return GpScales{unit * std::exp2(l), std::pow(10, v)}; };
  double best_l = 0, best_v = -1, best = std::numeric_limits<double>::infinity();
  const auto attempt = [&](double l, double v) {
    if (l < -4 || l > 6 || v < -6 || v > 2) return false;
    const double found =
        negative_log_likelihood(squared.data(), targets.data(), n, scales_at(l, v), k.data(), threads, kernels);
    if (!(found < best)) return false;
    best = found;
    best_l = l;
    best_v = v;
    return true;
  };
  for (int l = -1; l <= 4; ++l)
    for (int v = -4; v <= 0; ++v) attempt(l, v);
  for (double step = 0.5; step >= 0.1; step /= 2)
    while (attempt(best_l + step, best_v) || attempt(best_l - step, best_v) || attempt(best_l, best_v + step) ||
           attempt(best_l, best_v - step)) {
    }
  return scales_at(best_l, best_v);
}

void fit_gp(const float* x, const double* y, size_t rows, size_t cols, GpScales scales, int threads, double* inverse,
            double* alpha, double* variances, const Kernels& kernels) {
  const size_t n = rows;
  AlignedBuffer<double> k(n * n);
  // The inverse's room holds the distances until its turn comes.
  squared_distances(x, n, x, n, cols, inverse, threads, kernels);
  kernel_matrix(inverse, n, scales, k.data(), threads);
  if (!cholesky(k.data(), n, threads, kernels))
    throw Error("ERR_DATA", "expected a positive definite kernel matrix, got one that is not for a length of " +
                                std::to_string(scales.length) + " and a noise of " + std::to_string(scales.noise));
  invert_lower(k.data(), n, inverse, threads, kernels);
  std::fill(alpha, alpha + n, 0.0);
  std::fill(variances, variances + n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    const double* row = inverse + i * n;
    kernels.add_scaled_f64(alpha, kernels.dot_f64(row, y, i + 1), row, i + 1);
    for (size_t j = 0; j <= i; ++j) variances[j] += row[j] * row[j];
  }
  for (size_t i = 0; i < n; ++i) variances[i] = 1 / variances[i];
}

void predict_gp(const float* x, size_t rows, size_t cols, GpScales scales, const double* inverse, const double* alpha,
                const float* queries, size_t count, int threads, double* means, double* variances,
                const Kernels& kernels) {
  constexpr size_t kTaskRows = 128;
  const double factor = -0.5 / (scales.length * scales.length);
  parallel_for((count + kTaskRows - 1) / kTaskRows, threads, [&](size_t task) {
    const size_t begin = task * kTaskRows, m = std::min(kTaskRows, count - begin);
    AlignedBuffer<double> k(m * rows), v(m * rows);
    squared_distances(queries + begin * cols, m, x, rows, cols, k.data(), 1, kernels);
    for (size_t i = 0; i < m * rows; ++i) k[i] = std::exp(factor * k[i]);
    const auto at_k = [&](size_t i, size_t p) { return k[i * rows + p]; };
    const auto at_inverse = [=](size_t j, size_t p) { return inverse[j * rows + p]; };
    gemm<double>(m, rows, rows, at_k, at_inverse, v.data(), rows, Into::kAll, 1, kernels);
    for (size_t i = 0; i < m; ++i) {
      const double* explained = v.data() + i * rows;
      means[begin + i] = kernels.dot_f64(k.data() + i * rows, alpha, rows);
      variances[begin + i] = std::max(0.0, 1 - kernels.dot_f64(explained, explained, rows));
    }
  });
}

}  // namespace cole
