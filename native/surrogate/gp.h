// A Gaussian process with the kernel exp(-|a - b|^2 / (2 l^2)) and independent noise, for targets of mean zero.
#pragma once
#include <cstddef>

#include "kernels/kernels.h"

namespace cole {

// Both in units of the process: its signal variance is 1 here and comes out of the targets in closed form.
struct GpScales {
  double length;
  double noise;
};

// x: [rows, cols], y: [rows]. The scales of largest marginal likelihood, the signal variance profiled out, on at most
// kScaleRows rows that are spread evenly over the given ones.
GpScales fit_gp_scales(const float* x, const double* y, size_t rows, size_t cols, int threads, const Kernels& kernels);
constexpr size_t kScaleRows = 512;

// inverse: [rows, rows], W with W^T W = (K + noise)^-1; alpha: [rows], (K + noise)^-1 y; variances: [rows], that of each
// target given all others, for a signal variance of 1.
void fit_gp(const float* x, const double* y, size_t rows, size_t cols, GpScales scales, int threads, double* inverse,
            double* alpha, double* variances, const Kernels& kernels);

// means, variances: [count], those of noiseless values at queries: [count, cols].
void predict_gp(const float* x, size_t rows, size_t cols, GpScales scales, const double* inverse, const double* alpha,
                const float* queries, size_t count, int threads, double* means, double* variances,
                const Kernels& kernels);

}  // namespace cole
