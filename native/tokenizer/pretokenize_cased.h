// The scanner of patterns that part words where small letters are followed by capitals, as Mistral's Tekken and GPT-4o do.
#pragma once
#include "tokenizer/pretokenize.h"

namespace cole {

// What the two classes of letters have: capitals only the first, small letters only the second, the other letters and all
// marks both.
enum : uint8_t { kHead = 1, kTail = 2, kMarkBit = 4, kNumberBit = 8, kSpaceBit = 16 };

struct CasedTable {
  uint8_t bits[128] = {};
  constexpr CasedTable() {
    for (int c = 0; c < 128; ++c) {
      bits[c] = c >= 'A' && c <= 'Z'                ? kHead
                : c >= 'a' && c <= 'z'              ? kTail
                : kAscii.kind[c] == Kind::kNumber ? kNumberBit
                : kAscii.kind[c] == Kind::kSpace  ? kSpaceBit
                                                    : 0;
    }
  }
};
inline constexpr CasedTable kCased;

struct CasedCharacter {
  uint8_t bits;
  uint32_t length;
};

inline CasedCharacter wide_cased(const uint8_t* p) {
  const auto [code, length] = utf8::decode(p);
  const uint16_t properties = unicode::properties(code);
  if (properties & unicode::kMark) return {kHead | kTail | kMarkBit, length};
  if (properties & unicode::kLetter) {
    const unicode::Case letter_case = unicode::letter_case(code);
    return {static_cast<uint8_t>(letter_case == unicode::Case::kUpper   ? kHead
                                 : letter_case == unicode::Case::kLower ? kTail
                                                                        : kHead | kTail),
            length};
  }
  return {static_cast<uint8_t>(properties & unicode::kNumber  ? kNumberBit
                               : properties & unicode::kSpace ? kSpaceBit
                                                              : 0),
          length};
}

inline CasedCharacter cased(const uint8_t* p) {
  return *p < 0x80 ? CasedCharacter{kCased.bits[*p], 1} : wide_cased(p);
}

// End of head*tail+ at p, else of head+ where `heads_alone`, else p itself.
inline const uint8_t* cased_end(const uint8_t* p, const uint8_t* end, bool heads_alone) {
  const uint8_t* last_tail = nullptr;  // behind the last character that head* can give back to tail+
  const uint8_t* q = p;
  CasedCharacter c{0, 0};
  for (; q < end; q += c.length) {
    c = cased(q);
    if (!(c.bits & kHead)) break;
    if (c.bits & kTail) last_tail = q + c.length;
  }
  if (q < end && (c.bits & kTail)) {
    do {
      q += c.length;
    } while (q < end && ((c = cased(q)).bits & kTail));
    return q;
  }
  if (last_tail) return last_tail;
  return heads_alone ? q : p;
}

// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|
// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|
// \p{N}{1,kMaxDigits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
// kContractions: (?i:'s|'t|'re|'ve|'m|'ll|'d)? at the end of the first two.
template <int kMaxDigits, bool kContractions, class Sink>
void scan_cased(const uint8_t* p, const uint8_t* end, Sink&& word) {
  using Starts = LlamaStarts<kMaxDigits, kContractions ? Contractions::kSuffix : Contractions::kNone, true, false>;
  const auto is_newline = [](uint8_t c) { return c == '\n' || c == '\r'; };
  // [^\s\p{L}\p{N}]
  const auto is_other = [](CasedCharacter c) { return c.bits == 0 || (c.bits & kMarkBit) != 0; };
  while (p < end) {
    if (const uint8_t* const to = block_words(p, end, Starts{}, word); to != p) {
      p = to;
      continue;
    }
    const uint8_t* const start = p;
    const CasedCharacter c = cased(p);
    const uint8_t* const second = p + c.length;
    const uint8_t* letters = p;  // end of the first two alternatives
    if (c.bits & kMarkBit) {
      // A mark may stand before the letters or be one of them, before capitals without more it is alone.
      letters = cased_end(second, end, false);
    } else if (c.bits & (kHead | kTail)) {
      letters = cased_end(p, end, true);
    } else if (!(c.bits & kNumberBit) && !is_newline(*p)) {
      letters = cased_end(second, end, true);
      if (letters == second) letters = p;
    }
    if (letters > p) {
      p = letters;
      if (kContractions && p < end && *p == '\'') p += contraction_any_case(p, end);
    } else if (c.bits & kNumberBit) {
      p = second;
      for (int i = 1; i < kMaxDigits && p < end; ++i) {
        const CasedCharacter digit = cased(p);
        if (!(digit.bits & kNumberBit)) break;
        p += digit.length;
      }
    } else {
      if (!(c.bits & kSpaceBit) || (*p == ' ' && second < end && is_other(cased(second)))) {
        p = second;
        for (CasedCharacter next; p < end && is_other(next = cased(p));) p += next.length;
        while (p < end && (is_newline(*p) || *p == '/')) ++p;
      } else {
        const uint8_t* const run = run_end<Kind::kSpace>(second, end);
        const uint8_t* newline = run;
        while (newline > p && !is_newline(newline[-1])) --newline;
        p = newline > p ? newline : space_word(start, run, end);
      }
    }
    word(start, static_cast<size_t>(p - start));
  }
}

}  // namespace cole
