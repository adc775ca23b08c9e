// Finds added (special) tokens in a text: leftmost first, the longest of those that start together, as Hugging Face does;
// the flags then widen or drop a match.
#pragma once
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "kernels/ascii_block.h"
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
        first_bytes_.push_back(first);
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
    if (first_bytes_.empty()) return end;
    if (first_bytes_.size() == 1 && p < end) {  // an empty text may lie nowhere, where memchr must not look
      const void* found = std::memchr(p, first_bytes_[0], static_cast<size_t>(end - p));
      return found ? static_cast<const uint8_t*>(found) : end;
    }
    if (Ascii64::kAvailable && first_bytes_.size() <= kFew) {
      for (; end - p >= 64; p += 64) {
        const Ascii64 bytes(p);
        uint64_t found = 0;
        for (const uint8_t first : first_bytes_) found |= bytes.is(static_cast<char>(first));
        if (found != 0) return p + std::countr_zero(found);
      }
    }
    while (p < end && !starts_[*p]) ++p;
    return p;
  }

  static constexpr size_t kFew = 6;  // of which each by itself is faster than the table

  std::vector<int32_t> ids_;
  std::vector<uint8_t> flags_;
  ByteTrie trie_;
  std::array<bool, 256> starts_{};
  std::vector<uint8_t> first_bytes_;
};

}  // namespace cole
