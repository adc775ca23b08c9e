// Byte-level byte-pair encoding: the symbols that merges start from are bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/merges.h"
#include "tokenizer/scratch.h"
#include "tokenizer/spec.h"
#include "tokenizer/word_table.h"

namespace cole {

class Bpe {
 public:
  explicit Bpe(TokenizerSpec& spec);  // takes the merges out of the spec; keeps pointers into spec.tokens

  // Writes the ids of a word of at most kShortWord bytes (key and hash of word_key.h) to `out`, which has room for as
  // many; returns their number.
  size_t encode_short(const WordKey& key, uint64_t hash, MergeLists&, int32_t* out) const {
    const int32_t id = words_.find(key, hash);
    if (id != WordTable::kNone) {
      *out = id;
      return 1;
    }
    return merge_small(key_bytes(key), key_length(key), out);
  }
  // The same for a longer word; hash: hash_bytes.
  size_t encode_long(const uint8_t* word, size_t length, uint64_t hash, MergeLists& lists, int32_t* out) const;
  // Above this length a word is no token, and its hash is not looked at.
  size_t longest_token() const { return words_.longest(); }
  // Asks for the memory that encode_short will look at first.
  void prefetch(uint64_t hash) const { words_.prefetch(hash); }

  size_t bytes() const;

 private:
  size_t merge_small(const uint8_t* word, size_t length, int32_t* out) const;
  size_t merge_long(const uint8_t* word, size_t length, MergeLists& lists, int32_t* out) const;
  std::vector<int32_t> whole_tokens(const TokenizerSpec& spec) const;

  Merges merges_;
  int32_t byte_ids_[256];        // -1: the vocabulary lacks the byte, which then leaves no trace
  std::vector<int32_t> byte_pair_ranks_;  // first byte << 8 | second
  WordTable words_;              // needs all of the above
};

}  // namespace cole
