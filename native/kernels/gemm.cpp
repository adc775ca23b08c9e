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

void sgemm(const float* a, const float* b, size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b, float* out,
           int threads, const Kernels& kernels) {
  const auto plain = [=](size_t i, size_t p) { return a[i * k + p]; };
  const auto transposed = [=](size_t i, size_t p) { return a[p * m + i]; };
  if (transpose_a)
    with_a(transposed, b, m, n, k, transpose_b, out, threads, kernels);
  else
    with_a(plain, b, m, n, k, transpose_b, out, threads, kernels);
}

}  // namespace cole
