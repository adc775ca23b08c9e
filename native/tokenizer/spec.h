// What a tokenizer is, as flat data: src/lm/tokenizer reads the files and fills this in. Every step is named; a name that
// is not known is refused.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace cole {

// Byte strings one after another; string i is bytes[offsets[i]] .. bytes[offsets[i + 1] - 1].
struct ByteStrings {
  std::vector<uint8_t> bytes;
  std::vector<int32_t> offsets;
  size_t size() const { return offsets.size() - 1; }
  const uint8_t* data(size_t i) const { return bytes.data() + offsets[i]; }
  size_t length(size_t i) const { return static_cast<size_t>(offsets[i + 1] - offsets[i]); }
};

enum AddedFlag : uint8_t { kNormalized = 1, kStripLeft = 2, kStripRight = 4, kSingleWord = 8 };

struct AddedTokens {
  ByteStrings content;  // as it is looked for: normalized ones are normalized already
  std::vector<int32_t> ids;
  std::vector<uint8_t> flags;  // bits of AddedFlag
};

// A step of normalizing or splitting: its name, then its arguments.
struct Step {
  std::vector<std::string> words;
  const std::string& name() const { return words.at(0); }
  const std::string& argument(size_t i) const {
    if (i >= words.size()) throw Error("ERR_VOCAB", "expected " + std::to_string(i) + " arguments of step " + name());
    return words[i];
  }
};

struct TokenizerSpec {
  std::string model;   // "bpe" (of bytes), "char-bpe" or "wordpiece"
  ByteStrings tokens;  // by id; empty where a token cannot come out of the model
  AddedTokens added;
  std::vector<Step> normalizer;
  std::vector<Step> pre_tokenizer;
  std::vector<int32_t> prefix, suffix;  // special tokens around every text

  std::vector<int32_t> merges;       // BPE: left, right, result of each
  std::vector<int32_t> merge_ranks;  // BPE: the rank of each, equal ones having one result; empty: 0, 1, 2 ...
  bool ignore_merges = false;   // BPE: a word that is a token is that token, whatever its merges give

  std::vector<int32_t> byte_ids;  // BPE of characters: the tokens that stand for bytes, -1 for none; or empty
  bool fuse_unknown = false;      // BPE of characters: unknown characters in a row are one unknown token
  int32_t unknown = -1;           // WordPiece, BPE of characters

  std::string continuing_prefix;  // WordPiece
  int32_t max_word_chars = 0;
};

}  // namespace cole
