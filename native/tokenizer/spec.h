// What a tokenizer is, as flat data: src/lm/tokenizer reads the files and fills this in. Every step is named; a name that
// is not known is refused.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

struct TokenizerSpec {
  std::string model;   // "bpe" or "wordpiece"
  ByteStrings tokens;  // by id; empty where a token cannot come out of the model
  AddedTokens added;
  std::vector<std::string> normalizer;
  std::string pre_tokenizer;
  std::vector<int32_t> prefix, suffix;  // special tokens around every text

  std::vector<int32_t> merges;  // BPE: left, right, result for every rank
  bool ignore_merges = false;   // BPE: a word that is a token is that token, whatever its merges give

  std::string continuing_prefix;  // WordPiece
  int32_t unknown = -1;
  int32_t max_word_chars = 0;
};

}  // namespace cole
