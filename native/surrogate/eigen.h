// The leading eigenpairs of a symmetric matrix.
#pragma once
#include <cstddef>

#include "base/aligned_buffer.h"
#include "kernels/kernels.h"
#include "surrogate/tridiagonal.h"

namespace cole {

// A symmetric matrix [n, n] of which the lower triangle counts, with room around it for the kernels.
struct SymmetricMatrix {
  size_t n, ld;
  AlignedBuffer<double> values;
  explicit SymmetricMatrix(size_t size) : n(size), ld((size + 31) / 32 * 32), values(ld * ld) {}
  double* row(size_t i) { return values.data() + i * ld; }
  const double* row(size_t i) const { return values.data() + i * ld; }
};

// The eigenproblem after Householder reduction: eigenvalues first, then the vectors if they are wanted. Keeps the
// reflections in the matrix it was given.
class EigenSolver {
 public:
  EigenSolver(SymmetricMatrix& a, const Kernels& kernels);
  // values: [k], largest first; k <= n. Throws ERR_DATA where the matrix is not finite.
  void values(size_t k, double* values, int threads) const;
  // vectors: [k, a.ld], orthonormal rows of a.n coordinates, for the values that values() gave.
  void vectors(const double* values, size_t k, double* vectors, int threads) const;

 private:
  SymmetricMatrix& a_;
  const Kernels& kernels_;
  Tridiagonal t_;
  AlignedBuffer<double> tau_;
};

}  // namespace cole
