#include "surrogate/pca.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/aligned_buffer.h"
#include "kernels/gemm.h"
#include "surrogate/eigen.h"
#include "surrogate/float_errors.h"
#include "surrogate/products.h"

namespace cole {

namespace {

// out[k, cols] = u^T (x - centre) for k vectors u [rows]: the components that belong to eigenvectors of the Gram matrix.
AlignedBuffer<double> lift(const CenteredMatrix& x, const AlignedBuffer<double>& u, size_t ldu, size_t k, int threads,
                           const Kernels& kernels) {
  AlignedBuffer<double> out(k * x.cols);
  const auto from = [&](size_t v, size_t p) { return u[v * ldu + p]; };
  const auto column = [&](size_t j, size_t p) { return static_cast<double>(x.at(p, j)); };
  gemm<double>(k, x.cols, x.rows, from, column, out.data(), x.cols, Into::kAll, threads, kernels);
  return out;
}

// The same in float, out [k padded to whole tiles, ldo].
AlignedBuffer<float> float_lift(const CenteredMatrix& x, const AlignedBuffer<double>& u, size_t ldu, size_t k, size_t ldo,
                                int threads, const Kernels& kernels) {
  // Panels are packed several at a time, so that the rows of x are read in long pieces, and stay in the second-level cache.
  constexpr size_t kDepth = 192, kPanels = 8;
  const size_t tile = kernels.rows_f32, width = kernels.cols_f32, tall = (k + tile - 1) / tile * tile;
  const size_t panels = (x.cols + width - 1) / width;
  AlignedBuffer<float> out(tall * ldo), packed(tall * x.rows);
  for (size_t v = 0; v < k; ++v)
    for (size_t p = 0; p < x.rows; ++p)
      packed[(v / tile * x.rows + p) * tile + v % tile] = static_cast<float>(u[v * ldu + p]);
  parallel_for((panels + kPanels - 1) / kPanels, threads, [&](size_t task) {
    AlignedBuffer<float> buffer(kPanels * kDepth * width);
    const size_t first = task * kPanels, last = std::min(panels, first + kPanels);
    for (size_t p0 = 0; p0 < x.rows; p0 += kDepth) {
      const size_t depth = std::min(kDepth, x.rows - p0);
      const auto panel = [&](size_t j) { return buffer.data() + (j - first) * kDepth * width; };
      for (size_t j = first; j < last; ++j)
        kernels.pack_columns_f32(x.x + p0 * x.cols + j * width, x.cols, depth, std::min(width, x.cols - j * width),
                                 x.mean + j * width, panel(j));
      for (size_t j = first; j < last; ++j)
        for (size_t v = 0; v < tall; v += tile)
          kernels.tile_f32(depth, packed.data() + v * x.rows + p0 * tile, panel(j), out.data() + v * ldo + j * width, ldo,
                           p0 > 0);
    }
  });
  return out;
}

// To length 1, the loading of largest magnitude positive.
template <class T>
void to_component(const T* from, size_t cols, float* to) {
  double square = 0, most = 0;
  for (size_t j = 0; j < cols; ++j) {
    const double value = static_cast<double>(from[j]);
    square += value * value;
    if (std::fabs(value) > std::fabs(most)) most = value;
  }
  const double scale = std::copysign(1 / std::sqrt(square), most);
  for (size_t j = 0; j < cols; ++j) to[j] = static_cast<float>(static_cast<double>(from[j]) * scale);
}

}  // namespace

// Products summed in float are twice as fast, but may drown directions much weaker than others, such as the hidden states of
// language models have. Where that happens to one wanted, all is summed again in double.
void fit_pca(const float* x, size_t rows, size_t cols, size_t k, int threads, float* mean, float* components,
             float* variances, const Kernels& kernels) {
  column_means(x, rows, cols, mean, kernels);
  if (k == 0) return;
  const CenteredMatrix centered{x, rows, cols, mean};
  const bool gram = rows < cols;
  SymmetricMatrix matrix(gram ? rows : cols);
  AlignedBuffer<double> values(k), vectors(k * matrix.ld);
  bool precise = false;
  for (;; precise = true) {
    if (precise) matrix = SymmetricMatrix(matrix.n);
    products(centered, gram, precise, matrix, threads, kernels);
    const FloatErrors errors(matrix);
    if (!precise && errors.too_large(matrix, k, kernels)) continue;
    const EigenSolver solver(matrix, kernels);
    solver.values(k, values.data(), threads);
    solver.vectors(values.data(), k, vectors.data(), threads);
    if (precise || errors.small(values, vectors, matrix.ld)) break;
  }
  AlignedBuffer<float> lifted;
  const size_t padded_cols = (cols + kernels.cols_f32 - 1) / kernels.cols_f32 * kernels.cols_f32;
  if (gram && precise)
    vectors = lift(centered, vectors, matrix.ld, k, threads, kernels);
  else if (gram)
    lifted = float_lift(centered, vectors, matrix.ld, k, padded_cols, threads, kernels);

  const double noise = 64 * std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(rows, cols));
  for (size_t v = 0; v < k; ++v) {
    const bool seen = values[v] > noise * values[0];
    float* to = components + v * cols;
    variances[v] = seen ? static_cast<float>(values[v] / static_cast<double>(rows - 1)) : 0;
    if (!seen)
      std::fill(to, to + cols, 0.0f);
    else if (lifted.size() > 0)
      to_component(lifted.data() + v * padded_cols, cols, to);
    else
      to_component(vectors.data() + v * (gram ? cols : matrix.ld), cols, to);
  }
}

void project(const float* x, size_t rows, size_t cols, const float* mean, const float* components, size_t k,
             int threads, float* out, const Kernels& kernels) {
  const auto centered = [=](size_t i, size_t p) { return x[i * cols + p] - mean[p]; };
  const auto component = [=](size_t v, size_t p) { return components[v * cols + p]; };
  gemm<float>(rows, k, cols, centered, component, out, k, Into::kAll, threads, kernels);
}

}  // namespace cole
