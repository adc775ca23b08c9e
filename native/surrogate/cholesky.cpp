#include "surrogate/cholesky.h"

#include <algorithm>
#include <cmath>

#include "base/aligned_buffer.h"
#include "base/parallel_for.h"
#include "kernels/gemm.h"

namespace cole {
namespace {

// Columns that are factored at a time: the scalar work is this much per element, the rest is the packed product.
constexpr size_t kBlock = 48;

// x of the lower triangle l: [b, b] (leading dimension ldl): to[r] for l to = from, in place.
void solve_lower(const double* l, size_t ldl, size_t b, double* x) {
  for (size_t r = 0; r < b; ++r) {
    double sum = x[r];
    for (size_t s = 0; s < r; ++s) sum -= l[r * ldl + s] * x[s];
    x[r] = sum / l[r * ldl + r];
  }
}

}  // namespace

bool cholesky(double* a, size_t n, int threads, const Kernels& kernels) {
  AlignedBuffer<double> known(n * kBlock);
  for (size_t j = 0; j < n; j += kBlock) {
    const size_t b = std::min(kBlock, n - j), below = n - j;
    double* diagonal = a + j * n + j;
    // What the columns before have already explained of this block of columns.
    if (j > 0) {
      const double* left = a + j * n;
      const auto row = [=](size_t i, size_t p) { return left[i * n + p]; };
      gemm<double>(below, b, j, row, row, known.data(), kBlock, Into::kAll, threads, kernels);
      for (size_t i = 0; i < below; ++i)
        for (size_t c = 0; c < std::min(b, i + 1); ++c) diagonal[i * n + c] -= known[i * kBlock + c];
    }
    for (size_t r = 0; r < b; ++r) {
      solve_lower(diagonal, n, r, diagonal + r * n);
      double pivot = diagonal[r * n + r];
      for (size_t c = 0; c < r; ++c) pivot -= diagonal[r * n + c] * diagonal[r * n + c];
      if (!(pivot > 0) || !std::isfinite(pivot)) return false;
      diagonal[r * n + r] = std::sqrt(pivot);
    }
    constexpr size_t kRows = 64;
    const size_t rest = below - b;
    parallel_for((rest + kRows - 1) / kRows, threads, [&](size_t task) {
      for (size_t i = task * kRows; i < std::min(rest, (task + 1) * kRows); ++i)
        solve_lower(diagonal, n, b, diagonal + (b + i) * n);
    });
  }
  return true;
}

void invert_lower(const double* l, size_t n, double* inverse, int threads, const Kernels& kernels) {
  std::fill(inverse, inverse + n * n, 0.0);
  AlignedBuffer<double> carried(n * kBlock);
  for (size_t j = 0; j < n; j += kBlock) {
    const size_t b = std::min(kBlock, n - j);
    const double* block = l + j * n;
    // Row block j of the inverse W: -L_jj^-1 (L_j. W_..), for the columns before it; the product is made transposed,
    // with the columns as its rows, because those are what its threads share.
    const auto column = [=](size_t i, size_t p) { return inverse[p * n + i]; };
    const auto row = [=](size_t r, size_t p) { return block[r * n + p]; };
    if (j > 0) gemm<double>(j, b, j, column, row, carried.data(), kBlock, Into::kAll, threads, kernels);
    constexpr size_t kColumns = 64;
    parallel_for((j + b + kColumns - 1) / kColumns, threads, [&](size_t task) {
      double x[kBlock];
      for (size_t c = task * kColumns; c < std::min(j + b, (task + 1) * kColumns); ++c) {
        for (size_t r = 0; r < b; ++r) x[r] = c < j ? -carried[c * kBlock + r] : c == j + r ? 1 : 0;
        solve_lower(block + j, n, b, x);
        for (size_t r = 0; r < b; ++r) inverse[(j + r) * n + c] = x[r];
      }
    });
  }
}

}  // namespace cole
