// 64 bytes of text as bit masks, one for each kind of ASCII character, from which word_starts.h makes the starts of words
// without a branch for each byte. SSE2 and NEON, which every x86-64 and every 64-bit ARM has.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace cole {

#if defined(__SSE2__)

class Ascii64 {
 public:
  static constexpr bool kAvailable = true;

  explicit Ascii64(const uint8_t* p) {
    for (int i = 0; i < 4; ++i) bytes_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
  }
  uint64_t is(char c) const {
    return mask([&](__m128i x) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(c)); });
  }
  uint64_t in(char first, char last) const {
    return mask([&](__m128i x) { return within(x, first, last); });
  }
  uint64_t letters() const {
    return mask([&](__m128i x) { return within(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 'z'); });
  }
  // Bytes of other characters than ASCII.
  uint64_t wide() const {
    return mask([](__m128i x) { return x; });
  }

 private:
  static __m128i within(__m128i x, char first, char last) {
    const __m128i from_first = _mm_sub_epi8(x, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(static_cast<char>(last - first))), from_first);
  }
  // Bit i: the top bit of byte i of what `test` makes.
  template <class Test>
  uint64_t mask(const Test& test) const {
    uint64_t out = 0;
    for (int i = 0; i < 4; ++i) {
      out |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(test(bytes_[i])))) << (16 * i);
    }
    return out;
  }

  __m128i bytes_[4];
};

#elif defined(__aarch64__)

class Ascii64 {
 public:
  static constexpr bool kAvailable = true;

  explicit Ascii64(const uint8_t* p) {
    for (int i = 0; i < 4; ++i) bytes_[i] = vld1q_u8(p + 16 * i);
  }
  uint64_t is(char c) const {
    return mask([&](uint8x16_t x) { return vceqq_u8(x, vdupq_n_u8(static_cast<uint8_t>(c))); });
  }
  uint64_t in(char first, char last) const {
    return mask([&](uint8x16_t x) { return within(x, first, last); });
  }
  uint64_t letters() const {
    return mask([&](uint8x16_t x) { return within(vorrq_u8(x, vdupq_n_u8(0x20)), 'a', 'z'); });
  }
  uint64_t wide() const {
    return mask([](uint8x16_t x) { return vcgeq_u8(x, vdupq_n_u8(0x80)); });
  }

 private:
  static uint8x16_t within(uint8x16_t x, char first, char last) {
    return vcleq_u8(vsubq_u8(x, vdupq_n_u8(static_cast<uint8_t>(first))), vdupq_n_u8(static_cast<uint8_t>(last - first)));
  }
  // Every byte keeps the bit of its place among eight; sums of neighbours then gather them.
  template <class Test>
  uint64_t mask(const Test& test) const {
    static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vld1q_u8(kBits);
    const uint8x16_t a = vpaddq_u8(vandq_u8(test(bytes_[0]), bits), vandq_u8(test(bytes_[1]), bits));
    const uint8x16_t b = vpaddq_u8(vandq_u8(test(bytes_[2]), bits), vandq_u8(test(bytes_[3]), bits));
    const uint8x16_t c = vpaddq_u8(a, b);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(c, c)), 0);
  }

  uint8x16_t bytes_[4];
};

#else

class Ascii64 {
 public:
  static constexpr bool kAvailable = false;
  explicit Ascii64(const uint8_t*) {}
  uint64_t is(char) const { return 0; }
  uint64_t in(char, char) const { return 0; }
  uint64_t letters() const { return 0; }
  uint64_t wide() const { return ~uint64_t{0}; }
};

#endif

}  // namespace cole
