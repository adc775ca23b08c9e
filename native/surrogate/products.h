// Products of a centred matrix with itself: the covariance (times rows - 1) or the Gram matrix.
#pragma once
#include "surrogate/eigen.h"

namespace cole {

// x [rows, cols] minus a mean [cols].
struct CenteredMatrix {
  const float* x;
  size_t rows, cols;
  const float* mean;
  float at(size_t i, size_t j) const { return x[i * cols + j] - mean[j]; }
};

// Summed in double.
void column_means(const float* x, size_t rows, size_t cols, float* mean, const Kernels& kernels);

// How many products are summed in float.
constexpr size_t kFloatDepth = 256;

// out [rows, rows] = x x^T where gram, otherwise [cols, cols] = x^T x; the lower triangle. out: zero before. precise: summed
// in double. Otherwise sums of up to kFloatDepth products are taken in float, the sums of those in double, at twice the speed.
void products(const CenteredMatrix& x, bool gram, bool precise, SymmetricMatrix& out, int threads, const Kernels& kernels);

}  // namespace cole
