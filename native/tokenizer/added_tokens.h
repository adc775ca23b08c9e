// Finds added (special) tokens in a text: leftmost first, the longest of those that start together, as Hugging Face does;
// the flags then widen or drop a match.
#pragma once
#include <array>
#include <cstring>

#include "tokenizer/byte_trie.h"
#include "tokenizer/spec.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace cole {

class AddedMatcher {
 public:
  // Of the tokens, those whose kNormalized flag equals `normalized`.
  AddedMatcher(const AddedTokens& tokens, bool normalized) : ids_(tokens.ids), flags_(tokens.flags) {
    for (size_t i = 0; i < tokens.content.size(); ++i) {
      if (((flags_[i] & kNormalized) != 0) != normalized || tokens.content.length(i) == 0) continue;
      const uint8_t first = *tokens.content.data(i);
      if (!starts_[first]) {
        starts_[first] = true;
        ++start_count_;
        only_start_ = first;
      }
      trie_.add(ByteTrie::kRoot, tokens.content.data(i), tokens.content.length(i), static_cast<int32_t>(i));
    }
  }

  // Calls text(begin, end) for what lies between tokens (never empty) and token(id), in the order of the text.
  template <class OnText, class OnToken>
  void split(const uint8_t* begin, const uint8_t* end, const OnText& text, const OnToken& token) const {
    const uint8_t* done = begin;
    for (const uint8_t* p = begin; (p = next_start(p, end)) < end;) {
      const auto match = trie_.longest(ByteTrie::kRoot, p, static_cast<size_t>(end - p));
      if (match.value == ByteTrie::kNone) {
        ++p;
        continue;
      }
      const uint8_t *from = p, *to = p + match.length;
      p = to;
      const uint8_t flags = flags_[match.value];
      if ((flags & kSingleWord) && (ends_with_word(begin, from) || starts_with_word(to, end))) continue;
      if (flags & kStripLeft) {
        while (from > done && is(utf8::previous(from), unicode::kSpace)) from = utf8::previous(from);
      }
      if (flags & kStripRight) {
        while (to < end && is(to, unicode::kSpace)) to += utf8::decode(to).length;
      }
      if (done < from) text(done, from);
      token(ids_[match.value]);
      done = to;
    }
    if (done < end) text(done, end);
  }

  bool empty() const { return trie_.empty(); }

 private:
  static bool is(const uint8_t* p, uint16_t property) { return unicode::properties(utf8::decode(p).code) & property; }
  static bool ends_with_word(const uint8_t* begin, const uint8_t* end) {
    return begin < end && is(utf8::previous(end), unicode::kWord);
  }
  static bool starts_with_word(const uint8_t* begin, const uint8_t* end) {
    return begin < end && is(begin, unicode::kWord);
  }
  const uint8_t* next_start(const uint8_t* p, const uint8_t* end) const {
    if (start_count_ == 1 && p < end) {  // an empty text may lie nowhere, where memchr must not look
      const void* found = std::memchr(p, only_start_, static_cast<size_t>(end - p));
      return found ? static_cast<const uint8_t*>(found) : end;
    }
    if (start_count_ == 0) return end;
    while (p < end && !starts_[*p]) ++p;
    return p;
  }

  std::vector<int32_t> ids_;
  std::vector<uint8_t> flags_;
  ByteTrie trie_;
  std::array<bool, 256> starts_{};
  size_t start_count_ = 0;
  uint8_t only_start_ = 0;
};

}  // namespace cole
