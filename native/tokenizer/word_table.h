// Exact words -> ids, fixed at load: the words that are one token, which a tokenizer then need not take apart.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "tokenizer/word_key.h"

namespace cole {

struct Word {
  const uint8_t* bytes;
  size_t length;
};

class WordTable {
 public:
  static constexpr int32_t kNone = -1;

  // `word(id)` gives the bytes of a token, which must outlive the table; `ids` are the tokens to hold.
  template <class WordOf>
  WordTable(const std::vector<int32_t>& ids, const WordOf& word) {
    size_t long_count = 0;
    for (const int32_t id : ids) long_count += word(id).length > kShortWord;
    short_ = AlignedBuffer<Short>((ids.size() - long_count) * 8 / 5 + 4);
    long_.resize(long_count * 2 + 4);
    for (const int32_t id : ids) {
      const Word w = word(id);
      if (w.length == 0) continue;
      if (w.length <= kShortWord) {
        const WordKey key = word_key(w.bytes, w.length, w.bytes + w.length);
        size_t at = home(hash_key(key), short_.size());
        while (short_[at].key.high != 0) at = at + 1 == short_.size() ? 0 : at + 1;
        short_[at] = {key, id};
      } else {
        size_t at = home(hash_bytes(w.bytes, w.length), long_.size());
        while (long_[at].word.length != 0) at = at + 1 == long_.size() ? 0 : at + 1;
        long_[at] = {w, id};
        if (w.length > longest_) longest_ = w.length;
      }
    }
  }

  void prefetch(uint64_t hash) const { __builtin_prefetch(&short_[home(hash, short_.size())]); }

  int32_t find(const WordKey& key, uint64_t hash) const {
    for (size_t at = home(hash, short_.size());; at = at + 1 == short_.size() ? 0 : at + 1) {
      const Short& slot = short_[at];
      if (slot.key == key) return slot.id;
      if (slot.key.high == 0) return kNone;
    }
  }

  // length > kShortWord
  int32_t find_long(const uint8_t* bytes, size_t length, uint64_t hash) const {
    for (size_t at = home(hash, long_.size());; at = at + 1 == long_.size() ? 0 : at + 1) {
      const Long& slot = long_[at];
      if (slot.word.length == 0) return kNone;
      if (slot.word.length == length && std::memcmp(slot.word.bytes, bytes, length) == 0) return slot.id;
    }
  }

  // Length of the longest word held, at least kShortWord.
  size_t longest() const { return longest_; }
  size_t bytes() const { return short_.size() * sizeof(Short) + long_.size() * sizeof(Long); }

 private:
  struct Short {
    WordKey key;  // high 0: empty
    int32_t id;
  };
  struct Long {
    Word word{nullptr, 0};
    int32_t id = kNone;
  };

  static size_t home(uint64_t hash, size_t size) {
    return static_cast<size_t>(static_cast<unsigned __int128>(hash) * size >> 64);
  }

  AlignedBuffer<Short> short_;
  std::vector<Long> long_;
  size_t longest_ = kShortWord;
};

}  // namespace cole
