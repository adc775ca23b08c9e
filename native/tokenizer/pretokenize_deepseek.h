// The scanner of DeepSeek V3's three patterns, each applied to the pieces that the one before has left: numbers of three
// digits at most, runs of Chinese and Japanese letters, then all the rest.
#pragma once
#include "tokenizer/pretokenize.h"

namespace cole {

enum class DeepSeekKind : uint8_t { kLetter, kPunctuation, kSpace, kNumber, kChinese, kOther };

struct DeepSeekTable {
  DeepSeekKind kind[128] = {};
  constexpr DeepSeekTable() {
    for (int c = 0; c < 128; ++c) {
      kind[c] = kAscii.kind[c] == Kind::kLetter   ? DeepSeekKind::kLetter
                : kAscii.kind[c] == Kind::kNumber ? DeepSeekKind::kNumber
                : kAscii.kind[c] == Kind::kSpace  ? DeepSeekKind::kSpace
                : c > ' ' && c < 127              ? DeepSeekKind::kPunctuation
                                                  : DeepSeekKind::kOther;
    }
  }
};
inline constexpr DeepSeekTable kDeepSeek;

// kWhole: the text is no run of Chinese characters, and numbers and such runs bound its pieces.
template <bool kWhole>
class DeepSeekScanner {
 public:
  template <class Sink>
  static void scan(const uint8_t* p, const uint8_t* end, Sink&& word) {
    const auto is_newline = [](uint8_t c) { return c == '\n' || c == '\r'; };
    using Starts = LlamaStarts<3, Contractions::kNone, false, true>;
    const uint8_t* unmatched = p;  // characters without a match in a row are one word
    while (p < end) {
      if (kWhole && unmatched == p) {
        if (const uint8_t* const to = block_words(p, end, Starts{}, word); to != p) {
          unmatched = p = to;
          continue;
        }
      }
      const uint8_t* const start = p;
      const Character c = character(p);
      const uint8_t* const second = p + c.length;
      const Character next = second < end ? character(second) : Character{DeepSeekKind::kOther, 0};
      switch (c.kind) {
        case DeepSeekKind::kLetter:
          p = run_end(DeepSeekKind::kLetter, second, end);
          break;
        case DeepSeekKind::kPunctuation:
          if (*p < 0x80 && next.length == 1 && next.kind == DeepSeekKind::kLetter) {
            p = second;
            while (p < end && kAscii.kind[*p & 127] == Kind::kLetter && *p < 0x80) ++p;
          } else {
            p = punctuation(second, end);
          }
          break;
        case DeepSeekKind::kSpace: {
          if (next.kind == DeepSeekKind::kLetter && !is_newline(*p)) {
            p = run_end(DeepSeekKind::kLetter, second, end);
          } else if (next.kind == DeepSeekKind::kPunctuation && *p == ' ') {
            p = punctuation(second, end);
          } else {
            const uint8_t* const run = run_end(DeepSeekKind::kSpace, second, end);
            const uint8_t* newline = run;
            while (newline > p && !is_newline(newline[-1])) --newline;
            const bool piece_ends = run == end || is_bound(character(run).kind);
            p = newline > p ? newline : space_word(start, run, piece_ends ? run : end);
          }
          break;
        }
        case DeepSeekKind::kOther:
          p = second;
          if (next.kind != DeepSeekKind::kLetter) continue;
          p = run_end(DeepSeekKind::kLetter, second, end);
          break;
        case DeepSeekKind::kNumber: {
          p = second;
          for (int i = 1; i < 3 && p < end; ++i) {
            const Character digit = character(p);
            if (digit.kind != DeepSeekKind::kNumber) break;
            p += digit.length;
          }
          break;
        }
        case DeepSeekKind::kChinese: {
          if (unmatched < start) word(unmatched, static_cast<size_t>(start - unmatched));
          unmatched = p = run_end(DeepSeekKind::kChinese, second, end);
          DeepSeekScanner<false>::scan(start, p, word);
          continue;
        }
      }
      if (unmatched < start) word(unmatched, static_cast<size_t>(start - unmatched));
      word(start, static_cast<size_t>(p - start));
      unmatched = p;
    }
    if (unmatched < end) word(unmatched, static_cast<size_t>(end - unmatched));
  }

 private:
  struct Character {
    DeepSeekKind kind;
    uint32_t length;
  };

  static Character character(const uint8_t* p) {
    if (*p < 0x80) return {kDeepSeek.kind[*p], 1};
    const auto [code, length] = utf8::decode(p);
    // The second pattern: U+4E00 to U+9FA5, U+3040 to U+30FF.
    if (kWhole && ((code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF))) {
      return {DeepSeekKind::kChinese, length};
    }
    const uint16_t bits = unicode::properties(code);
    return {bits & (unicode::kLetter | unicode::kMark)            ? DeepSeekKind::kLetter
            : bits & (unicode::kPunctuation | unicode::kSymbol)   ? DeepSeekKind::kPunctuation
            : bits & unicode::kSpace                              ? DeepSeekKind::kSpace
            : bits & unicode::kNumber                             ? DeepSeekKind::kNumber
                                                                  : DeepSeekKind::kOther,
            length};
  }
  static bool is_bound(DeepSeekKind kind) { return kind == DeepSeekKind::kNumber || kind == DeepSeekKind::kChinese; }

  static const uint8_t* run_end(DeepSeekKind kind, const uint8_t* p, const uint8_t* end) {
    while (p < end) {
      const Character c = character(p);
      if (c.kind != kind) break;
      p += c.length;
    }
    return p;
  }
  // The rest of [\p{P}\p{S}]+[\r\n]*
  static const uint8_t* punctuation(const uint8_t* p, const uint8_t* end) {
    p = run_end(DeepSeekKind::kPunctuation, p, end);
    while (p < end && (*p == '\n' || *p == '\r')) ++p;
    return p;
  }
};

// \p{N}{1,3}, then [一-龥぀-ゟ゠-ヿ]+, then [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
//  ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <class Sink>
void scan_deepseek_v3(const uint8_t* p, const uint8_t* end, Sink&& word) {
  DeepSeekScanner<true>::scan(p, end, word);
}

}  // namespace cole
