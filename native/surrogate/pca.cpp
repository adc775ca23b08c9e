#include "surrogate/pca.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/gemm.h"
#include "surrogate/eigen.h"

namespace cole {

// The products are summed in double: in float the square of a dominant direction, common among the hidden states of
// language models, would drown every direction below 3e-4 of it.
void fit_pca(const float* x, size_t rows, size_t cols, size_t k, int threads, float* mean, float* components,
             float* variances, const Kernels& kernels) {
  std::vector<double> center(cols);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < cols; ++j) center[j] += x[i * cols + j];
  for (size_t j = 0; j < cols; ++j) {
    center[j] /= static_cast<double>(rows);
    mean[j] = static_cast<float>(center[j]);
  }
  if (k == 0) return;
  const auto row_major = [&](size_t i, size_t p) { return static_cast<double>(x[i * cols + p]) - center[p]; };
  const auto column_major = [&](size_t j, size_t p) { return static_cast<double>(x[p * cols + j]) - center[j]; };

  const bool gram = rows < cols;
  const size_t n = gram ? rows : cols;
  AlignedBuffer<double> matrix(n * n), vectors(k * n);
  std::vector<double> values(k);
  if (gram)
    gemm<double>(n, n, cols, row_major, row_major, matrix.data(), n, true, threads, kernels);
  else
    gemm<double>(n, n, rows, column_major, column_major, matrix.data(), n, true, threads, kernels);
  leading_eigenpairs(matrix.data(), n, k, values.data(), vectors.data(), threads, kernels);

  AlignedBuffer<double> lifted;
  if (gram) {
    // An eigenvector u of the Gram matrix belongs to the component u^T x / |u^T x|.
    lifted = AlignedBuffer<double>(k * cols);
    const auto from = [&](size_t v, size_t p) { return vectors[v * n + p]; };
    gemm<double>(k, cols, rows, from, column_major, lifted.data(), cols, false, threads, kernels);
  }
  const double* found = gram ? lifted.data() : vectors.data();
  const double noise = 64 * std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(rows, cols));
  for (size_t v = 0; v < k; ++v) {
    const double* from = found + v * cols;
    float* to = components + v * cols;
    if (!(values[v] > noise * values[0])) {
      std::fill(to, to + cols, 0.0f);
      variances[v] = 0;
      continue;
    }
    size_t largest = 0;
    for (size_t j = 1; j < cols; ++j)
      if (std::fabs(from[j]) > std::fabs(from[largest])) largest = j;
    const double scale = std::copysign(1 / std::sqrt(kernels.dot_f64(from, from, cols)), from[largest]);
    for (size_t j = 0; j < cols; ++j) to[j] = static_cast<float>(from[j] * scale);
    variances[v] = static_cast<float>(values[v] / static_cast<double>(rows - 1));
  }
}

void project(const float* x, size_t rows, size_t cols, const float* mean, const float* components, size_t k,
             int threads, float* out, const Kernels& kernels) {
  const auto centered = [=](size_t i, size_t p) { return x[i * cols + p] - mean[p]; };
  const auto component = [=](size_t v, size_t p) { return components[v * cols + p]; };
  gemm<float>(rows, k, cols, centered, component, out, k, false, threads, kernels);
}

}  // namespace cole
