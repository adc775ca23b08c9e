// A word of up to 15 bytes with its length as two integers, and the hash of words of any length. Comparing two integers
// replaces comparing strings, which is most of the cost of a look-up.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cole {

constexpr size_t kShortWord = 15;

struct WordKey {
  uint64_t low, high;
  bool operator==(const WordKey& other) const { return ((low ^ other.low) | (high ^ other.high)) == 0; }
};

inline uint64_t load64(const uint8_t* p) {
  uint64_t x;
  std::memcpy(&x, p, 8);
  return x;
}

// length <= kShortWord. `limit` ends the memory that may be read. Unused bytes of the key are zero and the sixteenth is the
// length, so that a key is exact, and only the empty word has a `high` of zero.
inline WordKey word_key(const uint8_t* word, size_t length, const uint8_t* limit) {
  const uint64_t tag = static_cast<uint64_t>(length) << (std::endian::native == std::endian::little ? 56 : 0);
  if (static_cast<size_t>(limit - word) < 16) [[unlikely]] {
    uint8_t copy[16] = {};
    std::memcpy(copy, word, length);
    return {load64(copy), load64(copy + 8) | tag};
  }
  static constexpr uint8_t kKeep[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  const uint8_t* keep = kKeep + 16 - length;
  return {load64(word) & load64(keep), (load64(word + 8) & load64(keep + 8)) | tag};
}

inline size_t key_length(const WordKey& key) {
  return std::endian::native == std::endian::little ? key.high >> 56 : key.high & 255;
}
inline const uint8_t* key_bytes(const WordKey& key) { return reinterpret_cast<const uint8_t*>(&key); }

inline uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hash_key(const WordKey& key) { return mix(key.low ^ 0x9E3779B97F4A7C15u, key.high ^ 0xD1B54A32D192ED03u); }

inline uint64_t hash_bytes(const uint8_t* word, size_t length) {
  uint64_t h = 0x9E3779B97F4A7C15u ^ length;
  size_t i = 0;
  for (; i + 8 <= length; i += 8) h = mix(h ^ load64(word + i), 0xD1B54A32D192ED03u);
  uint64_t tail = 0;
  std::memcpy(&tail, word + i, length - i);
  return mix(h ^ tail, 0x8CB92BA72F3D8DD7u);
}

}  // namespace cole
