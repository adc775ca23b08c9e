// Hand-written scanners for the split patterns of byte-level tokenizers. Each takes a piece of valid UTF-8 and gives its
// words, which cover it without gaps, to `word(begin, length)`. They stand for regular expressions as Oniguruma matches
// them; the look-ahead \s+(?!\S) makes a white-space run leave its last character to what follows.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"
#include "tokenizer/word_starts.h"

namespace cole {

enum class Kind : uint8_t { kLetter, kNumber, kSpace, kOther };

struct KindTable {
  Kind kind[128] = {};
  constexpr KindTable() {
    for (int c = 0; c < 128; ++c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      kind[c] = letter                                          ? Kind::kLetter
                : c >= '0' && c <= '9'                          ? Kind::kNumber
                : c == ' ' || (c >= '\t' && c <= '\r')          ? Kind::kSpace
                                                                : Kind::kOther;
    }
  }
};
inline constexpr KindTable kAscii;

// Whether every scanner ends a word between two characters, whatever lies before or behind; none looks at what follows such a
// word or remembers anything after it. Not whenever one does.
inline bool ends_word(uint32_t left, uint32_t right) {
  if (left >= 128) {
    constexpr uint16_t kBoth = unicode::kPunctuation | unicode::kBertPunctuation;
    if (!(unicode::properties(left) & unicode::kLetter)) return false;
    if (right >= 128) return (unicode::properties(right) & kBoth) == kBoth;
  } else if (kAscii.kind[left] != Kind::kLetter && kAscii.kind[left] != Kind::kNumber) {
    return false;
  }
  // An apostrophe may go with the letters before it. Vertical tab and form feed are no white space to BERT.
  return right == ' ' || right == '\n' || right == '\r' || right == '\t' ||
         (right > ' ' && right < 127 && right != '\'' && kAscii.kind[right] == Kind::kOther);
}

struct Character {
  Kind kind;
  uint32_t length;
};

// kNumbers: the property that makes a number.
template <uint16_t kNumbers>
Character wide_character(const uint8_t* p) {
  const auto [code, length] = utf8::decode(p);
  const uint16_t bits = unicode::properties(code);
  return {bits & unicode::kLetter  ? Kind::kLetter
          : bits & kNumbers        ? Kind::kNumber
          : bits & unicode::kSpace ? Kind::kSpace
                                   : Kind::kOther,
          length};
}

template <uint16_t kNumbers = unicode::kNumber>
Character character(const uint8_t* p) {
  return *p < 0x80 ? Character{kAscii.kind[*p], 1} : wide_character<kNumbers>(p);
}

// End of the run of characters of one kind that starts at p.
template <Kind kKind, uint16_t kNumbers = unicode::kNumber>
const uint8_t* run_end(const uint8_t* p, const uint8_t* end) {
  while (p < end) {
    if (*p < 0x80) {
      if (kAscii.kind[*p] != kKind) break;
      ++p;
    } else {
      const Character c = wide_character<kNumbers>(p);
      if (c.kind != kKind) break;
      p += c.length;
    }
  }
  return p;
}

// Words of a run of white space [p, run): all of it at the end of the piece, else all but the last character, else that one.
inline const uint8_t* space_word(const uint8_t* p, const uint8_t* run, const uint8_t* end) {
  if (run == end) return run;
  const uint8_t* last = utf8::previous(run);
  return last > p ? last : run;
}

// GPT-2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// kDigitsAlone: after a split that isolates every digit, so that a digit also ends the piece before it.
template <bool kDigitsAlone, class Sink>
void scan_gpt2(const uint8_t* p, const uint8_t* end, Sink&& word) {
  constexpr uint16_t kNumbers = kDigitsAlone ? unicode::kDigit : unicode::kNumber;
  while (p < end) {
    if (const uint8_t* const to = block_words(p, end, Gpt2Starts<kDigitsAlone>{}, word); to != p) {
      p = to;
      continue;
    }
    const uint8_t* const start = p;
    if (*p == '\'') {
      if (const size_t length = contraction(p, end); length != 0) {
        word(start, length);
        p += length;
        continue;
      }
    }
    Character c = character<kNumbers>(p);
    if (*p == ' ' && p + 1 < end) {
      const Character next = character<kNumbers>(p + 1);
      if (next.kind != Kind::kSpace && !(kDigitsAlone && next.kind == Kind::kNumber)) {
        c = next;
        ++p;
      }
    }
    p += c.length;
    switch (c.kind) {
      case Kind::kLetter:
        p = run_end<Kind::kLetter, kNumbers>(p, end);
        break;
      case Kind::kNumber:
        if (!kDigitsAlone) p = run_end<Kind::kNumber, kNumbers>(p, end);
        break;
      case Kind::kOther:
        p = run_end<Kind::kOther, kNumbers>(p, end);
        break;
      case Kind::kSpace: {
        const uint8_t* const run = run_end<Kind::kSpace, kNumbers>(p, end);
        const bool piece_ends = kDigitsAlone && run < end && character<kNumbers>(run).kind == Kind::kNumber;
        p = space_word(start, run, piece_ends ? run : end);
        break;
      }
    }
    word(start, static_cast<size_t>(p - start));
  }
}

// Llama 3 and Qwen 2 (kMaxDigits 3 and 1): (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int kMaxDigits, class Sink>
void scan_llama3(const uint8_t* p, const uint8_t* end, Sink&& word) {
  using Starts = LlamaStarts<kMaxDigits, Contractions::kFirst, false, false>;
  const auto is_newline = [](uint8_t c) { return c == '\n' || c == '\r'; };
  while (p < end) {
    if (const uint8_t* const to = block_words(p, end, Starts{}, word); to != p) {
      p = to;
      continue;
    }
    const uint8_t* const start = p;
    if (*p == '\'') {
      if (const size_t length = contraction_any_case(p, end); length != 0) {
        word(start, length);
        p += length;
        continue;
      }
    }
    const Character c = character(p);
    const uint8_t* const second = p + c.length;
    const bool has_second = second < end;
    if (c.kind == Kind::kLetter) {
      p = run_end<Kind::kLetter>(second, end);
    } else if (c.kind == Kind::kNumber) {
      p = second;
      for (int i = 1; i < kMaxDigits && p < end; ++i) {
        const Character digit = character(p);
        if (digit.kind != Kind::kNumber) break;
        p += digit.length;
      }
    } else {
      const Kind next = has_second ? character(second).kind : Kind::kSpace;
      if (next == Kind::kLetter && !is_newline(*p)) {
        p = run_end<Kind::kLetter>(second, end);
      } else if (c.kind == Kind::kOther || (*p == ' ' && next == Kind::kOther)) {
        p = run_end<Kind::kOther>(second, end);
        while (p < end && is_newline(*p)) ++p;
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
