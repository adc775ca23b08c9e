// Byte-pair encoding whose merges start from characters, as SentencePiece's models do: a character without a token becomes
// its bytes, or the unknown token. Texts come without a split into words; they are cut here where no merge can reach
// across, which changes no id and keeps words short enough to be remembered.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/merges.h"
#include "tokenizer/scratch.h"
#include "tokenizer/spec.h"
#include "tokenizer/utf8.h"
#include "tokenizer/word_starts.h"
#include "tokenizer/word_table.h"

namespace cole {

class CharBpe {
 public:
  explicit CharBpe(TokenizerSpec& spec);  // keeps pointers into spec.tokens

  // Calls part(begin, length) for the parts of a text that can be encoded by themselves; blocks as in word_starts.h.
  template <class Part>
  void cut(const uint8_t* begin, const uint8_t* end, const Part& part) const {
    const auto all = static_cast<size_t>(end - begin);
    if (!cuts_ || (ignore_merges_ && all <= words_.longest() && find(begin, end) != WordTable::kNone)) return part(begin, all);
    const Starts starts{*this};
    while (begin < end) {
      if (const uint8_t* const to = block_words(begin, end, starts, part); to != begin) {
        begin = to;
        continue;
      }
      const uint8_t* const start = begin;
      auto [before, length] = utf8::decode(begin);
      for (begin += length; begin < end; begin += length) {
        const auto [code, size] = utf8::decode(begin);
        if (!joined(before, code)) break;
        before = code;
        length = size;
      }
      part(start, static_cast<size_t>(begin - start));
    }
  }

  // Whether `cut` cuts every text between two characters. A text that is a token is not cut, which only its whole can tell.
  bool apart(uint32_t left, uint32_t right) const { return cuts_ && !ignore_merges_ && !joined(left, right); }
  // The first place at `at` or behind it, a character's start, where `cut` cuts a text that ends at `end`; `end` for none.
  const uint8_t* next_cut(const uint8_t* at, const uint8_t* end) const;

  // Writes the ids of a part to `out`, which has room for as many as bytes; returns their number.
  size_t encode_short(const WordKey& key, uint64_t hash, MergeLists& lists, int32_t* out) const {
    const int32_t id = words_.find(key, hash);
    if (id == WordTable::kNone) return merge(key_bytes(key), key_length(key), lists, out);
    *out = id;
    return 1;
  }
  size_t encode_long(const uint8_t* word, size_t length, uint64_t hash, MergeLists& lists, int32_t* out) const;
  size_t longest_token() const { return words_.longest(); }
  void prefetch(uint64_t hash) const { words_.prefetch(hash); }

  size_t bytes() const { return merges_.bytes() + characters_.bytes() + neighbours_.bytes() + words_.bytes(); }

 private:
  struct Starts {
    static constexpr Masks kMasks = Masks::kWide;
    const CharBpe& model;
    uint64_t operator()(const Block& block) const { return model.ascii_starts(block); }
  };

  static constexpr uint32_t kTable = 128;  // characters below have their row of near_

  bool joined(uint32_t left, uint32_t right) const {
    if (left < kTable && right < kTable) return near_[left * kTable + right];
    return far_joined(left, right);
  }
  // The starts of parts in a block; without a branch, as which characters join is hard to foresee.
  uint64_t ascii_starts(const Block& block) const {
    uint64_t apart = 0;
    for (size_t i = 1; i < block.size; ++i) {
      apart |= static_cast<uint64_t>(near_[block.p[i - 1] * kTable + block.p[i]] ^ 1) << i;
    }
    return apart;
  }
  bool far_joined(uint32_t left, uint32_t right) const;
  int32_t character(uint32_t code) const;
  int32_t find(const uint8_t* begin, const uint8_t* end) const;
  size_t merge(const uint8_t* word, size_t length, MergeLists& lists, int32_t* out) const;
  std::vector<int32_t> whole_tokens(const TokenizerSpec& spec) const;

  bool ignore_merges_, fuse_unknown_;
  int32_t unknown_;
  std::vector<int32_t> byte_ids_;  // 256, or empty
  Merges merges_;
  PairTable characters_;   // (character, 0) -> id
  PairTable neighbours_;   // characters that stand side by side in what a merge makes
  bool cuts_;              // whether merges stay off the tokens that stand for unknown characters
  std::vector<uint8_t> near_;
  WordTable words_;        // needs all of the above
};

}  // namespace cole
