// A word of up to 15 bytes with its length as two integers, and the hash of words of any length. Comparing two integers
// replaces comparing strings, which is most of the cost of a look-up.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cole {

constexpr size_t kShortWord = 15;

struct WordKey {
  uint64_t low, high;
  bool operator==(const WordKey& other) const { return ((low ^ other.low) | (high ^ other.high)) == 0; }
};

// Of keys that lie at multiples of 16: 0xFFFF where they are the same, else less.
inline uint32_t sameness(const WordKey& a, const WordKey& b) {
#if defined(__SSE2__)
  const auto load = [](const WordKey& key) { return _mm_load_si128(reinterpret_cast<const __m128i*>(&key)); };
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b))));
#else
  return a == b ? 0xFFFF : 0;
#endif
}
inline bool same_aligned(const WordKey& a, const WordKey& b) { return sameness(a, b) == 0xFFFF; }

inline uint64_t load64(const uint8_t* p) {
  uint64_t x;
  std::memcpy(&x, p, 8);
  return x;
}

// Of a word of each length, the bits of the key that are the word's bytes, and the length at its place.
struct alignas(16) KeyMask {
  WordKey bytes, length;
};
struct KeyMasks {
  KeyMask of[kShortWord + 1] = {};
  constexpr KeyMasks() {
    for (size_t length = 0; length <= kShortWord; ++length) {
      uint8_t bytes[16] = {}, tag[16] = {};
      for (size_t i = 0; i < length; ++i) bytes[i] = 255;
      tag[15] = static_cast<uint8_t>(length);
      of[length] = {std::bit_cast<WordKey>(bytes), std::bit_cast<WordKey>(tag)};
    }
  }
};
inline constexpr KeyMasks kKeyMasks;

// length <= kShortWord; sixteen bytes of memory may be read. Unused bytes of the key are zero and the sixteenth is the
// length, so that a key is exact, and only the empty word has a zero there.
inline void write_key(const uint8_t* word, size_t length, WordKey& out) {
  const KeyMask& mask = kKeyMasks.of[length];
#if defined(__SSE2__)
  const auto aligned = [](const WordKey& key) { return _mm_load_si128(reinterpret_cast<const __m128i*>(&key)); };
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(word));
  const __m128i key = _mm_or_si128(_mm_and_si128(bytes, aligned(mask.bytes)), aligned(mask.length));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&out), key);
#else
  out = {(load64(word) & mask.bytes.low) | mask.length.low, (load64(word + 8) & mask.bytes.high) | mask.length.high};
#endif
}

// The same where `limit` ends the memory that may be read.
inline WordKey word_key(const uint8_t* word, size_t length, const uint8_t* limit) {
  WordKey key;
  uint8_t copy[16] = {};
  if (static_cast<size_t>(limit - word) < 16) [[unlikely]] {
    std::memcpy(copy, word, length);
    word = copy;
  }
  write_key(word, length, key);
  return key;
}

inline const uint8_t* key_bytes(const WordKey& key) { return reinterpret_cast<const uint8_t*>(&key); }
inline size_t key_length(const WordKey& key) { return key_bytes(key)[15]; }

// A longer word by its place: the last byte of its key is zero, so that it is no key of a word.
constexpr int kPlaceShift = std::endian::native == std::endian::little ? 0 : 8;
inline WordKey place_key(const uint8_t* word, size_t length) {
  return {reinterpret_cast<uintptr_t>(word), static_cast<uint64_t>(length) << kPlaceShift};
}
inline const uint8_t* place_of(const WordKey& key) { return reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(key.low)); }
inline size_t length_at_place(const WordKey& key) { return static_cast<size_t>(key.high >> kPlaceShift); }

inline uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Only the highest bits of a hash are used, which depend on all of both factors here.
inline uint64_t hash_key(const WordKey& key) { return key.low * 0x9E3779B97F4A7C15u + key.high * 0xD1B54A32D192ED03u; }

inline uint64_t hash_bytes(const uint8_t* word, size_t length) {
  uint64_t h = 0x9E3779B97F4A7C15u ^ length;
  size_t i = 0;
  for (; i + 8 <= length; i += 8) h = mix(h ^ load64(word + i), 0xD1B54A32D192ED03u);
  uint64_t tail = 0;
  std::memcpy(&tail, word + i, length - i);
  return mix(h ^ tail, 0x8CB92BA72F3D8DD7u);
}

}  // namespace cole
