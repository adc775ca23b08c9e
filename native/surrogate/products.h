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

// out [rows, rows] = x x^T where gram, otherwise [cols, cols] = x^T x; the lower triangle. Sums of up to 256 products are
// taken in float, the sums of those in double: the error of an element is some 1e-8 of the lengths of its two vectors.
void float_products(const CenteredMatrix& x, bool gram, SymmetricMatrix& out, int threads, const Kernels& kernels);
// The same, all in double.
void double_products(const CenteredMatrix& x, bool gram, SymmetricMatrix& out, int threads, const Kernels& kernels);

}  // namespace cole
