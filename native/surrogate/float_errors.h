// What products summed in float may be trusted for.
#pragma once
#include <vector>

#include "surrogate/eigen.h"

namespace cole {

// Float sums err by a share of the lengths d of the two vectors multiplied, so along an eigenvector v the matrix errs by at
// most `share` times the sum of (d v)^2: little where outlying columns are the long vectors, since weak directions avoid
// them, much where one direction makes all of them long.
class FloatErrors {
 public:
  // Of products [n, n]; not along the first eigenvector, whose value hides the errors.
  static double share(size_t n);

  // products: before it is reduced.
  explicit FloatErrors(const SymmetricMatrix& products);

  // Whether the error along each vector [k, ld] is a small share of its eigenvalue.
  bool small(const AlignedBuffer<double>& values, const AlignedBuffer<double>& vectors, size_t ld) const;

  // Whether it cannot be for all of the k leading eigenvectors of `products`. Saves finding them out.
  bool too_large(SymmetricMatrix& products, size_t k, const Kernels& kernels) const;

 private:
  std::vector<double> squares_;
  double share_;
};

}  // namespace cole
