// UTF-8 without tables. Text is checked once at the boundary (first_invalid); all later code relies on its being valid.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cole::utf8 {

// The first byte that is not below `limit`, or `end`. In steps that the compiler makes into vectors.
inline const uint8_t* first_not_below(const uint8_t* p, const uint8_t* end, uint8_t limit) {
  for (; end - p >= 64; p += 64) {
    uint8_t most = 0;
    for (size_t i = 0; i < 64; ++i) most = p[i] > most ? p[i] : most;
    if (most >= limit) break;
  }
  while (p < end && *p < limit) ++p;
  return p;
}

// Offset of the first byte that is not part of valid UTF-8 (no surrogates, no overlong forms), or `size`.
inline size_t first_invalid(const uint8_t* text, size_t size) {
  size_t i = 0;
  while (i < size) {
    while (i + 64 <= size) {
      uint8_t any = 0;
      for (size_t k = 0; k < 64; ++k) any |= text[i + k];
      if (any & 0x80) break;
      i += 64;
    }
    while (i + 8 <= size) {
      uint64_t eight;
      std::memcpy(&eight, text + i, 8);
      if (eight & 0x8080808080808080u) break;
      i += 8;
    }
    if (i >= size) break;
    const uint8_t lead = text[i];
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || size - i < length) return i;
    // The second byte's range shuts out overlong forms, surrogates and what lies above U+10FFFF.
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[i + 1] < low || text[i + 1] > high) return i;
    for (size_t k = 2; k < length; ++k) {
      if ((text[i + k] & 0xC0) != 0x80) return i;
    }
    i += length;
  }
  return size;
}

struct Decoded {
  uint32_t code;
  uint32_t length;
};

// `text` points at the first byte of a character of valid UTF-8.
inline Decoded decode(const uint8_t* text) {
  const uint32_t lead = text[0];
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {((lead & 0x1F) << 6) | (text[1] & 0x3Fu), 2};
  if (lead < 0xF0) return {((lead & 0x0F) << 12) | ((text[1] & 0x3Fu) << 6) | (text[2] & 0x3Fu), 3};
  return {((lead & 0x07) << 18) | ((text[1] & 0x3Fu) << 12) | ((text[2] & 0x3Fu) << 6) | (text[3] & 0x3Fu), 4};
}

// First byte of the character that ends before `end`.
inline const uint8_t* previous(const uint8_t* end) {
  do {
    --end;
  } while ((*end & 0xC0) == 0x80);
  return end;
}

// Bytes written to `out`, which has room for four.
inline size_t encode(uint32_t code, uint8_t* out) {
  if (code < 0x80) {
    out[0] = static_cast<uint8_t>(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = static_cast<uint8_t>(0xC0 | (code >> 6));
    out[1] = static_cast<uint8_t>(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = static_cast<uint8_t>(0xE0 | (code >> 12));
    out[1] = static_cast<uint8_t>(0x80 | ((code >> 6) & 0x3F));
    out[2] = static_cast<uint8_t>(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = static_cast<uint8_t>(0xF0 | (code >> 18));
  out[1] = static_cast<uint8_t>(0x80 | ((code >> 12) & 0x3F));
  out[2] = static_cast<uint8_t>(0x80 | ((code >> 6) & 0x3F));
  out[3] = static_cast<uint8_t>(0x80 | (code & 0x3F));
  return 4;
}

}  // namespace cole::utf8
