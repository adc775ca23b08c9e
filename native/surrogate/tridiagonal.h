// The leading eigenpairs of a symmetric tridiagonal matrix.
#pragma once
#include <cstddef>

#include "base/aligned_buffer.h"
#include "kernels/kernels.h"

namespace cole {

struct Tridiagonal {
  AlignedBuffer<double> diagonal;  // [n]
  AlignedBuffer<double> below;     // [n]: below[i] couples i - 1 and i; below[0] = 0.
  explicit Tridiagonal(size_t n) : diagonal(n), below(n) {}
  // The largest sum of magnitudes in a row, a bound of all eigenvalues.
  double norm() const;
};

// values: [k], largest first, each within a few roundings of the norm. Throws ERR_DATA where the matrix is not finite.
void leading_eigenvalues(const Tridiagonal& t, size_t k, double* values, int threads, const Kernels& kernels);

// vectors: [k, ld], rows of length 1 that belong to the values of leading_eigenvalues. Orthogonal up to rounding within a
// cluster of values, up to 1e-8 where values are just far enough apart to be none.
void tridiagonal_vectors(const Tridiagonal& t, const double* values, size_t k, double* vectors, size_t ld, int threads,
                         const Kernels& kernels);

}  // namespace cole
