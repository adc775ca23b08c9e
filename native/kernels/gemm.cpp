#include "kernels/gemm.h"

namespace cole {

template <class A>
static void with_a(const A& at_a, const float* b, size_t m, size_t n, size_t k, bool transpose_b, float* out,
                   int threads, const Kernels& kernels) {
  const auto plain = [=](size_t j, size_t p) { return b[p * n + j]; };
  const auto transposed = [=](size_t j, size_t p) { return b[j * k + p]; };
  if (transpose_b)
    gemm<float>(m, n, k, at_a, transposed, out, n, Into::kAll, threads, kernels);
  else
    gemm<float>(m, n, k, at_a, plain, out, n, Into::kAll, threads, kernels);
}

// Operands that the caches hold as they are, in whole tiles: packing them would take half the time of their product. The sums
// are those of the packed product, bit for bit.
static bool fits_unpacked(size_t m, size_t n, size_t k, bool transpose_b, const Kernels& kernels) {
  constexpr size_t kMost = size_t{1} << 16;
  return !transpose_b && k <= gemm_detail::kDepth && m % kernels.rows_f32 == 0 && n % kernels.cols_f32 == 0 &&
         (m + n) * k <= kMost;
}

void sgemm(const float* a, const float* b, size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b, float* out,
           int threads, const Kernels& kernels) {
  if (fits_unpacked(m, n, k, transpose_b, kernels)) {
    const size_t row_stride = transpose_a ? 1 : k, step = transpose_a ? m : 1;
    for (size_t j = 0; j < n; j += kernels.cols_f32)
      for (size_t i = 0; i < m; i += kernels.rows_f32)
        kernels.strided_tile_f32(k, a + i * row_stride, row_stride, step, b + j, n, out + i * n + j, n, false);
    return;
  }
  const auto plain = [=](size_t i, size_t p) { return a[i * k + p]; };
  const auto transposed = [=](size_t i, size_t p) { return a[p * m + i]; };
  if (transpose_a)
    with_a(transposed, b, m, n, k, transpose_b, out, threads, kernels);
  else
    with_a(plain, b, m, n, k, transpose_b, out, threads, kernels);
}

}  // namespace cole
