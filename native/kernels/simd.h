// Vectors of COLE_VECTOR_BYTES with the compiler's own arithmetic (GCC and Clang vector extensions), and the register
// tile that every matrix kernel is made of.
#pragma once
#include <cstddef>
#include <cstdint>
#if COLE_VECTOR_BYTES >= 16 && defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define COLE_MEMBER inline __attribute__((always_inline))
#define COLE_INLINE static COLE_MEMBER

namespace {

template <class T>
struct Simd {
  typedef T Vector __attribute__((vector_size(COLE_VECTOR_BYTES)));
  typedef T Unaligned __attribute__((vector_size(COLE_VECTOR_BYTES), aligned(alignof(T)), may_alias));
  static constexpr size_t width = COLE_VECTOR_BYTES / sizeof(T);
};
typedef Simd<float>::Vector F32;
typedef Simd<double>::Vector F64;

template <class T>
COLE_INLINE typename Simd<T>::Vector load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Unaligned*>(p);
}
template <class T, class V>
COLE_INLINE void store(T* p, V v) {
  *reinterpret_cast<typename Simd<T>::Unaligned*>(p) = v;
}
template <class T>
COLE_INLINE typename Simd<T>::Vector splat(T x) {
  return x - typename Simd<T>::Vector{};
}
// a b + c in one rounding where the instruction set has it. What must give the same bits wherever it is inlined says so by
// this name: which sums of products the compiler contracts is its own choice.
COLE_INLINE F32 multiply_add(F32 a, F32 b, F32 c) {
#if COLE_VECTOR_BYTES == 64
  return F32(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
#elif COLE_VECTOR_BYTES == 32
  return F32(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
#elif defined(__aarch64__)
  return F32(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b)));
#else
  return a * b + c;
#endif
}
COLE_INLINE F32 square_root(F32 a) {
#if COLE_VECTOR_BYTES == 64
  return F32(_mm512_maskz_sqrt_ps(__mmask16(-1), __m512(a)));
#elif COLE_VECTOR_BYTES == 32
  return F32(_mm256_sqrt_ps(__m256(a)));
#elif defined(__aarch64__)
  return F32(vsqrtq_f32(float32x4_t(a)));
#elif defined(__x86_64__)
  return F32(_mm_sqrt_ps(__m128(a)));
#else
  for (size_t i = 0; i < Simd<float>::width; ++i) a[i] = __builtin_sqrtf(a[i]);
  return a;
#endif
}
// Pairwise, so the order is fixed by the width alone.
template <class T, class V>
COLE_INLINE T horizontal_sum(V v) {
  T lane[Simd<T>::width];
  store(lane, v);
  for (size_t half = Simd<T>::width / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

// Rows of a register tile: with two vectors per row the accumulators, one broadcast and the loads of b just fit 16 (32)
// registers, and are enough independent chains to hide the latency of a multiply-add.
#if COLE_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int kTileRows = 8;
#else
constexpr int kTileRows = 4;
#endif

// acc[r][c] += sum over p < k of a[r row_stride + p step] b[p ldb + c width ...].
template <class T, int R, int C>
COLE_INLINE void accumulate(const T* a, size_t row_stride, size_t step, const T* b, size_t ldb, size_t k,
                            typename Simd<T>::Vector (&acc)[R][C]) {
  for (size_t p = 0; p < k; ++p, a += step, b += ldb) {
    typename Simd<T>::Vector bv[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) bv[c] = load(b + c * Simd<T>::width);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const auto av = splat(a[r * row_stride]);
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) acc[r][c] += av * bv[c];
    }
  }
}

}  // namespace
