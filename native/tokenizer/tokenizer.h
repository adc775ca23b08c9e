// The batch encoder: special tokens, normalizer, pre-tokenizer and model in one pass over the bytes, a few texts at a time
// on several threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/bert.h"
#include "tokenizer/bpe.h"
#include "tokenizer/char_bpe.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/scratch.h"
#include "tokenizer/spec.h"
#include "tokenizer/splitter.h"
#include "tokenizer/wordpiece.h"

namespace cole {

class Tokenizer {
 public:
  explicit Tokenizer(TokenizerSpec spec);

  // Encodes text i = bytes[offsets[i]] .. bytes[offsets[i + 1] - 1] for all i. Writes the end of every text's ids to
  // `ends` (one per text) and returns the number of ids, which copy_ids then hands out. The ids do not depend on `threads`.
  // Throws ERR_SHAPE on offsets that fall or leave the bytes, ERR_INPUT on invalid UTF-8. One call at a time.
  size_t encode(std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special, int threads,
                int32_t* ends);
  // Copies the ids of the last encode, in the order of its texts, and releases them.
  void copy_ids(int32_t* out);

  // Highest id + 1.
  size_t vocabulary_size() const { return vocabulary_size_; }
  // Memory of the tables.
  size_t bytes() const;

 private:
  // The common sequences have scanners of their own; kSteps goes through the splitter.
  enum class PreTokenizer { kGpt2, kGpt2DigitsAlone, kLlama3, kQwen2, kTekken, kGpt4o, kDeepSeekV3, kBert, kSteps };
  // A piece of a long text for the pre-tokenizer, or an id.
  struct Item {
    const uint8_t *begin, *end;  // nullptr: an id
    bool first;                  // the piece is where its text starts
    int32_t id;
  };
  class Words;

  // What a thread does at a time: whole texts, or items of one.
  struct Chunk {
    size_t first, last;  // texts
    bool is_part = false;
    size_t first_item = 0, last_item = 0;
    Scratch* scratch = nullptr;
    size_t begin = 0, count = 0;  // ids in scratch->ids
  };

  // Bytes of text in a chunk: small enough to share work, large enough not to feel the sharing. Less where there is little work.
  static constexpr size_t kChunkBytes = 128 * 1024, kLeastChunkBytes = 16 * 1024;
  static constexpr size_t kChunksPerThread = 8;

  void check(std::span<const uint8_t> bytes, std::span<const int32_t> offsets) const;
  void plan(std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special, int threads);
  void add_long_text(size_t text, const uint8_t* begin, const uint8_t* end, bool special);
  void add_piece(const uint8_t* begin, const uint8_t* end, bool first);
  const uint8_t* next_cut(const uint8_t* at, const uint8_t* end) const;
  bool splits(uint32_t left, uint32_t right) const;
  void encode_items(Chunk& chunk) const;

  void encode_chunk(Chunk& chunk, std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special,
                    int32_t* ends) const;
  void encode_text(const uint8_t* begin, const uint8_t* end, Scratch& scratch) const;
  void encode_piece(const uint8_t* begin, const uint8_t* end, bool first, Scratch& scratch) const;
  void put_part(const uint8_t* begin, const uint8_t* end, Scratch& scratch) const;
  void put_wordpiece(const uint8_t* word, size_t length, size_t chars, const uint8_t* limit, Scratch& scratch) const;
  template <class Use>
  void with_model(const Use& use) const;
  void write_words(Scratch& scratch) const;
  void write_long_word(const uint8_t* word, size_t length, Scratch& scratch) const;
  Scratch* take_scratch();

  TokenizerSpec spec_;  // the models point into its tokens
  Normalizer normalizer_;  // empty where bert_ does its work
  AddedMatcher raw_added_, normalized_added_;
  PreTokenizer pre_tokenizer_;
  std::optional<Splitter> splitter_;
  std::optional<Bpe> bpe_;
  std::optional<CharBpe> char_bpe_;
  std::optional<WordPiece> wordpiece_;
  std::optional<BertScanner> bert_;
  size_t vocabulary_size_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> scratches_;
  std::vector<Scratch*> idle_;
  size_t chunk_bytes_ = kChunkBytes;
  std::vector<Chunk> chunks_;  // of the last encode
  std::vector<Item> items_;    // of its long texts
  std::deque<std::vector<uint8_t>> normalized_texts_;  // what items point into
};

}  // namespace cole
