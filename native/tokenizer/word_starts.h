// Where words start among 64 ASCII characters, for the patterns that have scanners: what a scanner decides character by
// character, as arithmetic on bit masks. Both give the same words; this gives them several times faster, and only where it
// can be sure. A pattern looks only ahead, so a block may begin wherever a word does.
#pragma once
#include <algorithm>

#include "kernels/ascii_block.h"
#include "kernels/kernels.h"

namespace cole {

// Length of 's 't 're 've 'm 'll 'd at p, which points at an apostrophe; 0 when none follows.
inline size_t contraction(const uint8_t* p, const uint8_t* end) {
  if (end - p < 2) return 0;
  const uint8_t a = p[1];
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (end - p < 3) return 0;
  const uint8_t b = p[2];
  return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

// The same whatever the case; the long s folds to s.
inline size_t contraction_any_case(const uint8_t* p, const uint8_t* end) {
  if (end - p < 2) return 0;
  const uint8_t a = p[1] | 0x20;
  if (p[1] < 0x80 && (a == 's' || a == 't' || a == 'm' || a == 'd')) return 2;
  if (end - p < 3) return 0;
  if (p[1] == 0xC5 && p[2] == 0xBF) return 3;
  if (p[1] >= 0x80 || p[2] >= 0x80) return 0;
  const uint8_t b = p[2] | 0x20;
  return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

// A block that starts with a word: `size` of its characters are known, all of them ASCII.
struct Block {
  const uint8_t* p;
  const uint8_t* end;  // of the piece
  size_t size;
  AsciiMasks masks;
};

// Which masks a function of blocks looks at.
enum class Masks { kWide, kMost, kAll };

// The bits below `count`, 0 to 64.
inline uint64_t low_bits(size_t count) { return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

// A contraction at bit `at` is a word: none starts within, and one starts behind.
inline void put_contraction(uint64_t& starts, size_t at, size_t length) {
  starts &= ~(low_bits(at + length) & ~low_bits(at + 1));
  if (at + length < 64) starts |= uint64_t{1} << (at + length);
}

// GPT-2's pattern; kDigitsAlone as in scan_gpt2.
template <bool kDigitsAlone>
struct Gpt2Starts {
  static constexpr Masks kMasks = Masks::kMost;
  uint64_t operator()(const Block& block) const {
    const AsciiMasks& masks = block.masks;
    const uint64_t blank = masks.blank, space = masks.space, letter = masks.letter, number = masks.number;
    const uint64_t other = ~(letter | number | space);
    const uint64_t free = ~(blank << 1);  // no space before, which would be the word's
    const uint64_t others = other & ~(other << 1) & free;
    uint64_t starts = (letter & ~(letter << 1) & free) | others;
    if (kDigitsAlone) {
      starts |= number | (space & (~(space << 1) | ~((space | number) >> 1)));
    } else {
      starts |= (number & ~(number << 1) & free) | (space & (~(space << 1) | ~(space >> 1)));
    }
    for (uint64_t quotes = others & masks.quote & (letter >> 1); quotes != 0; quotes &= quotes - 1) {
      const auto at = static_cast<size_t>(std::countr_zero(quotes));
      if (const size_t length = contraction(block.p + at, block.end); length != 0) put_contraction(starts, at, length);
    }
    // The last character may belong to a word that the next one decides.
    return starts & low_bits(block.size - 1);
  }
};

enum class Contractions { kNone, kFirst, kSuffix };

// The patterns after Llama 3's. kCased: a capital behind a small letter starts a word, and a slash may follow the newlines
// behind punctuation. kNumbersBound: as of DeepSeek, numbers end the piece before them, and control characters are not for
// this function.
template <int kMaxDigits, Contractions kContractions, bool kCased, bool kNumbersBound>
struct LlamaStarts {
  static constexpr Masks kMasks = kCased || kNumbersBound ? Masks::kAll : Masks::kMost;
  uint64_t operator()(const Block& block) const {
    const AsciiMasks& masks = block.masks;
    size_t size = block.size;
    const uint64_t blank = masks.blank, newline = masks.newline, space = masks.space, gap = space & ~newline;
    const uint64_t letter = masks.letter, number = masks.number;
    const uint64_t other = ~(letter | number | space);
    if (kNumbersBound) {
      size = std::min(size, static_cast<size_t>(std::countr_zero(masks.control & ~space)));
      if (size == 0) return 0;
    }
    uint64_t sure = low_bits(size - 1);
    // White space goes together up to its last newline. Where that lies behind other space, or beyond the block, the run is
    // left for the scanner.
    const uint64_t open = (newline & (gap << 1)) | (space & ~sure);
    if ((open & low_bits(size)) != 0) {
      const auto first = static_cast<size_t>(std::countr_zero(open));
      const uint64_t solid = ~space & low_bits(first);
      sure &= low_bits(65 - static_cast<size_t>(std::countl_zero(solid)));
    }
    if (kCased) {
      const uint64_t slashes = masks.slash & (newline << 1);
      sure &= low_bits(static_cast<size_t>(std::countr_zero(slashes)));
    }
    const uint64_t others = other & ~(other << 1) & ~(blank << 1);
    uint64_t starts = others | (letter & ~((letter | gap | others) << 1)) | (newline & ~((space | other) << 1));
    starts |= gap & (~(gap << 1) | ~((kNumbersBound ? space | number : space) >> 1));
    if (kCased) {
      const uint64_t capital = masks.capital;
      starts |= capital & ((letter & ~capital) << 1);
    }
    if (kMaxDigits == 1) {
      starts |= number;
    } else {
      // Every third digit starts a word.
      const uint64_t four = number & (number << 1) & (number << 2) & (number << 3);
      for (uint64_t digits = number & ~(number << 1); digits != 0; digits = (digits << 3) & four) starts |= digits;
    }
    if (kContractions != Contractions::kNone) {
      const uint64_t before = kContractions == Contractions::kFirst ? others : letter << 1;
      size_t done = 0;
      for (uint64_t quotes = before & masks.quote & (letter >> 1); quotes != 0; quotes &= quotes - 1) {
        const auto at = static_cast<size_t>(std::countr_zero(quotes));
        const size_t length = contraction_any_case(block.p + at, block.end);
        if (length == 0 || (kContractions == Contractions::kSuffix && at == done)) continue;
        put_contraction(starts, at, length);
        if (kContractions == Contractions::kSuffix) starts &= ~(uint64_t{1} << at);
        done = at + length;
      }
    }
    return starts & sure;
  }
};

template <Masks kMasks>
inline AsciiMasks masks_of(const uint8_t* text) {
  AsciiMasks masks;
  if constexpr (kMasks == Masks::kWide) {
    masks.wide = Ascii64(text).wide();
  } else {
    (kMasks == Masks::kAll ? kernels().all_ascii_masks : kernels().ascii_masks)(text, &masks);
  }
  return masks;
}

// Calls word(begin, length) for the words that surely end within the block at p, which starts a word of the piece that ends
// at `end`, by `starts_of(block)`, the mask of where words start; returns where the first that may not end there starts: p
// itself if it is the first. A sink that takes blocks is called as word.block(p, starts) where memory may be read 16 bytes
// behind each of them; bit 0 of `starts`, of which there is one at least, is not set.
template <class Starts, class Sink>
inline const uint8_t* block_words(const uint8_t* p, const uint8_t* end, const Starts& starts_of, Sink&& word) {
  if (!Ascii64::kAvailable || *p >= 0x80) return p;
  const auto left = static_cast<size_t>(end - p);
  uint8_t copy[64];
  const uint8_t* from = p;
  if (left < 64) [[unlikely]] {
    if (left < 8) return p;
    std::memset(copy, 0, sizeof copy);
    std::memcpy(copy, p, left);
    from = copy;
  }
  Block block{p, end, std::min<size_t>(left, 64), masks_of<Starts::kMasks>(from)};
  block.size = std::min(block.size, static_cast<size_t>(std::countr_zero(block.masks.wide)));
  uint64_t starts = starts_of(block) & ~uint64_t{1};
  if constexpr (requires { word.block(p, starts); }) {
    if (left >= 80 && starts != 0) [[likely]] return word.block(p, starts);
  }
  size_t at = 0;
  for (; starts != 0; starts &= starts - 1) {
    const auto next = static_cast<size_t>(std::countr_zero(starts));
    word(p + at, next - at);
    at = next;
  }
  return p + at;
}

}  // namespace cole
