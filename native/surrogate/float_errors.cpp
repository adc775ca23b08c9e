#include "surrogate/float_errors.h"

#include <algorithm>
#include <cmath>

namespace cole {

// The share of an eigenvalue that an error may reach.
static constexpr double kTolerance = 1e-3;

// Errors of one sum are some 8e-8 where its products have one sign. Independent ones make a matrix with twice that, times
// sqrt(n), for its norm. Columns of two values round alike, and the norm grows with n: along eigenvectors 4.7e-7 sqrt(n) is the
// most that was measured (576 such columns of 879 rows).
double FloatErrors::share(size_t n) { return 6e-7 * std::sqrt(static_cast<double>(n)); }

FloatErrors::FloatErrors(const SymmetricMatrix& products) : squares_(products.n), share_(share(products.n)) {
  for (size_t i = 0; i < products.n; ++i) squares_[i] = products.row(i)[i];
}

bool FloatErrors::small(const AlignedBuffer<double>& values, const AlignedBuffer<double>& vectors, size_t ld) const {
  for (size_t v = 0; v < values.size(); ++v) {
    const double* x = vectors.data() + v * ld;
    double along = 0;
    for (size_t i = 0; i < squares_.size(); ++i) along += squares_[i] * x[i] * x[i];
    if (!(share_ * along <= kTolerance * values[v])) return false;
  }
  return true;
}

// The vectors behind the first have what the first leaves of the trace, and at least the k - 1 shortest lengths in the sum
// of their errors.
bool FloatErrors::too_large(SymmetricMatrix& products, size_t k, const Kernels& kernels) const {
  const size_t n = products.n, ld = products.ld;
  const size_t longest = static_cast<size_t>(std::max_element(squares_.begin(), squares_.end()) - squares_.begin());
  // One step of the power method: a lower bound of the first eigenvalue, close where that dominates.
  AlignedBuffer<double> x(ld), product(ld);
  for (size_t i = 0; i < n; ++i) x[i] = products.row(std::max(i, longest))[std::min(i, longest)];
  const double square = kernels.dot_f64(x.data(), x.data(), n);
  if (square == 0) return false;
  kernels.symmetric_multiply_f64(products.values.data(), ld, n, nullptr, nullptr, 0, 0, x.data(), product.data());
  const double first = kernels.dot_f64(x.data(), product.data(), n) / square;
  std::vector<double> sorted = squares_;
  std::sort(sorted.begin(), sorted.end());
  double trace = 0, shortest = 0;
  for (double s : sorted) trace += s;
  for (size_t i = 0; i + 1 < k; ++i) shortest += sorted[i];
  return share_ * shortest > kTolerance * (trace - first);
}

}  // namespace cole
