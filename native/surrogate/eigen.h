// The leading eigenpairs of a symmetric matrix.
#pragma once
#include <cstddef>

#include "kernels/kernels.h"

namespace cole {

// a: [n, n] row-major, the lower triangle counts, overwritten. values: [k], largest first; vectors: [k, n], orthonormal
// rows; k <= n. Throws ERR_DATA where the iteration does not converge (which takes values that are not finite).
void leading_eigenpairs(double* a, size_t n, size_t k, double* values, double* vectors, int threads,
                        const Kernels& kernels);

}  // namespace cole
