// WordPiece (Schuster and Nakajima 2012, as in BERT): from the left, the longest token that fits; a word that cannot be
// covered, or is too long, is one unknown token.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/byte_trie.h"
#include "tokenizer/spec.h"
#include "tokenizer/word_table.h"

namespace cole {

class WordPiece {
 public:
  explicit WordPiece(TokenizerSpec& spec);  // keeps pointers into spec.tokens

  // `chars`: characters of the word; `out` has room for `length` ids; returns their number, at least 1.
  size_t encode_short(const uint8_t* word, size_t length, size_t chars, const WordKey& key, uint64_t hash,
                      int32_t* out) const {
    if (chars <= max_chars_) {
      const int32_t id = words_.find(key, length, hash);
      if (id != WordTable::kNone) {
        *out = id;
        return 1;
      }
    }
    return encode(word, length, chars, out);
  }
  size_t encode(const uint8_t* word, size_t length, size_t chars, int32_t* out) const;
  size_t max_chars() const { return max_chars_; }
  int32_t unknown() const { return unknown_; }

  size_t bytes() const { return trie_.bytes() + words_.bytes(); }

 private:
  int32_t unknown_;
  size_t max_chars_;
  ByteTrie trie_;  // the root holds whole tokens, `inside_` what follows the continuing prefix
  uint32_t inside_ = ByteTrie::kRoot;
  WordTable words_;
};

}  // namespace cole
