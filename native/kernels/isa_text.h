// Characters of text as bit masks, 64 at a time. Part of isa_kernels.cpp.
#pragma once
#include "kernels/kernels.h"
#include "kernels/simd.h"
#if COLE_VECTOR_BYTES == 16
// Only the baseline shares code with the rest of the programme.
#include "kernels/ascii_block.h"
#endif

namespace {

#if COLE_VECTOR_BYTES == 64

class Bytes64 {
 public:
  COLE_MEMBER explicit Bytes64(const uint8_t* p) : bytes_(_mm512_loadu_si512(p)) {}
  COLE_MEMBER uint64_t is(char c) const { return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(c)); }
  COLE_MEMBER uint64_t in(char first, char last) const { return within(bytes_, first, last); }
  COLE_MEMBER uint64_t letters() const { return within(_mm512_or_si512(bytes_, _mm512_set1_epi8(0x20)), 'a', 'z'); }
  COLE_MEMBER uint64_t wide() const { return _mm512_movepi8_mask(bytes_); }

 private:
  COLE_INLINE uint64_t within(__m512i x, char first, char last) {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8(first)), _mm512_set1_epi8(static_cast<char>(last - first)));
  }
  __m512i bytes_;
};

#elif COLE_VECTOR_BYTES == 32

class Bytes64 {
 public:
  COLE_MEMBER explicit Bytes64(const uint8_t* p) : low_(half(p)), high_(half(p + 32)) {}
  COLE_MEMBER uint64_t is(char c) const {
    const __m256i all = _mm256_set1_epi8(c);
    return mask(_mm256_cmpeq_epi8(low_, all), _mm256_cmpeq_epi8(high_, all));
  }
  COLE_MEMBER uint64_t in(char first, char last) const { return mask(within(low_, first, last), within(high_, first, last)); }
  COLE_MEMBER uint64_t letters() const {
    const __m256i small = _mm256_set1_epi8(0x20);
    return mask(within(_mm256_or_si256(low_, small), 'a', 'z'), within(_mm256_or_si256(high_, small), 'a', 'z'));
  }
  COLE_MEMBER uint64_t wide() const { return mask(low_, high_); }

 private:
  COLE_INLINE __m256i half(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  COLE_INLINE __m256i within(__m256i x, char first, char last) {
    const __m256i from_first = _mm256_sub_epi8(x, _mm256_set1_epi8(first));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, _mm256_set1_epi8(static_cast<char>(last - first))), from_first);
  }
  // The top bits of bytes.
  COLE_INLINE uint64_t mask(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
           static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  __m256i low_, high_;
};

#else

using Bytes64 = cole::Ascii64;

#endif

template <bool kAll>
void ascii_masks(const uint8_t* text, cole::AsciiMasks* out) {
  const Bytes64 bytes(text);
  out->blank = bytes.is(' ');
  out->space = out->blank | bytes.in('\t', '\r');
  out->newline = bytes.is('\n') | bytes.is('\r');
  out->letter = bytes.letters();
  out->number = bytes.in('0', '9');
  out->quote = bytes.is('\'');
  out->wide = bytes.wide();
  if (kAll) {
    out->capital = bytes.in('A', 'Z');
    out->slash = bytes.is('/');
    out->control = bytes.in(0, ' ' - 1) | bytes.is(127);
  }
}

}  // namespace
