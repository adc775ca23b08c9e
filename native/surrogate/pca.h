// Exact principal component analysis.
#pragma once
#include <cstddef>

#include "kernels/kernels.h"

namespace cole {

// x: [rows, cols], k <= min(rows - 1, cols). mean: [cols]; components: [k, cols], orthonormal rows, the loading of
// largest magnitude positive (the first of equal ones); variances: [k], n - 1 in the denominator. Directions without
// variance come out as rows of zeros, so that nothing is projected on noise.
void fit_pca(const float* x, size_t rows, size_t cols, size_t k, int threads, float* mean, float* components,
             float* variances, const Kernels& kernels);

// out[rows, k] = (x[rows, cols] - mean) components[k, cols]^T.
void project(const float* x, size_t rows, size_t cols, const float* mean, const float* components, size_t k,
             int threads, float* out, const Kernels& kernels);

}  // namespace cole
