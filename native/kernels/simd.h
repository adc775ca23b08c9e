// Vectors of COLE_VECTOR_BYTES with the compiler's own arithmetic (GCC and Clang vector extensions), and the register
// tile that every matrix kernel is made of.
#pragma once
#include <cstddef>
#include <cstdint>

#define COLE_INLINE static inline __attribute__((always_inline))

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
