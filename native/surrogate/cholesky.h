// Factors of a symmetric positive definite matrix.
#pragma once
#include <cstddef>

#include "kernels/kernels.h"

namespace cole {

// a: [n, n] row-major, of which the lower triangle counts; on return its lower triangle is L with a = L L^T. False where
// a pivot is not positive, a is then undefined. What is above the diagonal is left alone.
bool cholesky(double* a, size_t n, int threads, const Kernels& kernels);

// inverse: [n, n], the inverse of the lower triangle l: [n, n]; zeros above its diagonal. inverse must not be l.
void invert_lower(const double* l, size_t n, double* inverse, int threads, const Kernels& kernels);

}  // namespace cole
