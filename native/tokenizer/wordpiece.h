// WordPiece (Schuster and Nakajima 2012, as in BERT): from the left, the longest token that fits; a word that cannot be
// covered, or is too long, is one unknown token.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/byte_trie.h"
#include "tokenizer/scratch.h"
#include "tokenizer/spec.h"
#include "tokenizer/word_table.h"

namespace cole {

class WordPiece {
 public:
  explicit WordPiece(TokenizerSpec& spec);  // keeps pointers into spec.tokens

  // Words are of at most max_chars() characters; how they come and go as in bpe.h. There is at least one id.
  size_t encode_short(const WordKey& key, uint64_t hash, MergeLists&, int32_t* out) const {
    const int32_t id = words_.find(key, hash);
    if (id == WordTable::kNone) return encode(key_bytes(key), key_length(key), out);
    *out = id;
    return 1;
  }
  size_t encode_long(const uint8_t* word, size_t length, uint64_t, MergeLists&, int32_t* out) const {
    return encode(word, length, out);
  }
  size_t longest_token() const { return 0; }
  void prefetch(uint64_t hash) const { words_.prefetch(hash); }
  // A longer word is the unknown token.
  size_t max_chars() const { return max_chars_; }
  int32_t unknown() const { return unknown_; }

  size_t bytes() const { return trie_.bytes() + words_.bytes(); }

 private:
  size_t encode(const uint8_t* word, size_t length, int32_t* out) const;

  int32_t unknown_;
  size_t max_chars_;
  ByteTrie trie_;  // the root holds whole tokens, `inside_` what follows the continuing prefix
  uint32_t inside_ = ByteTrie::kRoot;
  WordTable words_;
};

}  // namespace cole
