// Sums over rows of hidden states, of float32 or of half floats that become float32 on the way. Part of isa_kernels.cpp,
// apart for its length. Every column is summed by itself in the order of the rows, and a conversion is exact, so the bits
// are the same on every instruction set.
#pragma once
#include "kernels/simd.h"

namespace {

typedef uint32_t U32 __attribute__((vector_size(COLE_VECTOR_BYTES)));
typedef uint16_t U16 __attribute__((vector_size(COLE_VECTOR_BYTES / 2), aligned(2), may_alias));

// The 16 bits of each value in a lane of 32. By name where there is an instruction: GCC 12 splits the conversion in two and
// joins the halves again, which made sums of bfloat16 a third slower than those of float16.
COLE_INLINE U32 load_halves(const uint16_t* p) {
#if COLE_VECTOR_BYTES == 64
  return U32(_mm512_maskz_cvtepu16_epi32(__mmask16(-1), _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p))));
#elif COLE_VECTOR_BYTES == 32
  return U32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p))));
#else
  return __builtin_convertvector(*reinterpret_cast<const U16*>(p), U32);
#endif
}

struct Float32 {
  typedef float Element;
  COLE_INLINE F32 vector(const float* p) { return load(p); }
  COLE_INLINE float scalar(float x) { return x; }
};

struct BFloat16 {
  typedef uint16_t Element;
  COLE_INLINE F32 vector(const uint16_t* p) { return F32(load_halves(p) << 16); }
  COLE_INLINE float scalar(uint16_t x) { return __builtin_bit_cast(float, uint32_t(x) << 16); }
};

struct Float16 {
  typedef uint16_t Element;
  COLE_INLINE F32 vector(const uint16_t* p) {
#if COLE_VECTOR_BYTES == 64
    return F32(_mm512_maskz_cvtph_ps(__mmask16(-1), _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p))));
#elif COLE_VECTOR_BYTES == 32
    return F32(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p))));
#elif defined(__aarch64__)
    return F32(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))));
#else
    const U32 half = load_halves(p);
    return F32(U32(magnitude<F32>((half & 0x7fff) << 13)) | (half & 0x8000) << 16);
#endif
  }
  COLE_INLINE float scalar(uint16_t half) {
    typedef uint32_t Bits __attribute__((vector_size(16)));
    typedef float Values __attribute__((vector_size(16)));
    const Bits bits = {half};
    const Bits value = Bits(magnitude<Values>((bits & 0x7fff) << 13)) | (bits & 0x8000) << 16;
    return Values(value)[0];
  }

 private:
  // From exponent and fraction in a float's place. The exponent's bias grows by 112, and by as much again where it is the
  // one of infinities. Where it is zero, the half is subnormal: as the fraction of 2^-14, less 2^-14. No step makes a
  // subnormal float, so it holds where those are flushed too.
  template <class V, class B>
  COLE_INLINE V magnitude(B bits) {
    constexpr uint32_t kExponent = 31u << 23, kBias = 112u << 23;
    const B shifted = bits + kBias + (B((bits & kExponent) == kExponent) & kBias);
    const B least = B{} + (113u << 23);
    const V subnormal = V(bits + least) - V(least);
    return (bits & kExponent) == 0 ? subnormal : V(shifted);
  }
};

// A pass over the sums adds this many rows, one after the other.
constexpr size_t kGroup = 8;

// One cache line of each row of a group at a time, so that each line is asked for once: the processor's own prefetcher
// follows one row well, but not eight that change every few pages. Asked for is the line of the next group, into the
// second-level cache, as a group of wide rows is more than the first holds.
template <class T, bool kMore>
COLE_INLINE size_t add_group(float* __restrict sum, const typename T::Element* rows, size_t ld, size_t n) {
  constexpr size_t width = Simd<float>::width, line = 64 / sizeof(typename T::Element), vectors = line / width;
  size_t i = 0;
  for (; i + line <= n; i += line) {
    F32 acc[vectors];
    for (size_t v = 0; v < vectors; ++v) acc[v] = load(sum + i + v * width);
#pragma GCC unroll 8
    for (size_t r = 0; r < kGroup; ++r) {
      const typename T::Element* row = rows + r * ld + i;
      if constexpr (kMore) __builtin_prefetch(row + kGroup * ld, 0, 2);
#pragma GCC unroll 8
      for (size_t v = 0; v < vectors; ++v) acc[v] += T::vector(row + v * width);
    }
    for (size_t v = 0; v < vectors; ++v) store(sum + i + v * width, acc[v]);
  }
  return i;
}

template <class T>
void add_rows(float* __restrict sum, const typename T::Element* rows, size_t count, size_t ld, size_t n) {
  constexpr size_t width = Simd<float>::width;
  for (; count > 0; rows += kGroup * ld) {
    const size_t now = count < kGroup ? count : kGroup;
    count -= now;
    size_t i = 0;
    if (now == kGroup) i = count < kGroup ? add_group<T, false>(sum, rows, ld, n) : add_group<T, true>(sum, rows, ld, n);
    for (; i + width <= n; i += width) {
      F32 acc = load(sum + i);
      for (size_t r = 0; r < now; ++r) acc += T::vector(rows + r * ld + i);
      store(sum + i, acc);
    }
    for (; i < n; ++i)
      for (size_t r = 0; r < now; ++r) sum[i] += T::scalar(rows[r * ld + i]);
  }
}

}  // namespace
