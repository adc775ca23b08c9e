// What one thread needs besides the tokenizer itself: caches, buffers, and the ids it has written.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "tokenizer/normalizer.h"
#include "tokenizer/splitter.h"
#include "tokenizer/word_cache.h"

namespace cole {

// Growing array of ids whose new part is not zeroed.
class IdBuffer {
 public:
  IdBuffer() = default;
  IdBuffer(const IdBuffer&) = delete;
  IdBuffer& operator=(const IdBuffer&) = delete;
  ~IdBuffer() { std::free(data_); }

  // Room for `count` more, which the caller writes and then commits.
  int32_t* room(size_t count) {
    if (capacity_ - size_ < count) [[unlikely]] grow(count);
    return data_ + size_;
  }
  void commit(size_t count) { size_ += count; }
  void push(int32_t id) {
    *room(1) = id;
    ++size_;
  }

  size_t size() const { return size_; }
  const int32_t* data() const { return data_; }
  void clear() { size_ = 0; }
  // Gives memory back that one unusually large batch took.
  void trim(size_t keep) {
    if (capacity_ <= keep) return;
    std::free(data_);
    data_ = nullptr;
    capacity_ = size_ = 0;
  }

 private:
  void grow(size_t count) {
    const size_t capacity = capacity_ + capacity_ / 2 + count + 1024;
    void* data = std::realloc(data_, capacity * sizeof(int32_t));
    if (!data) throw std::bad_alloc();
    data_ = static_cast<int32_t*>(data);
    capacity_ = capacity;
  }

  int32_t* data_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
};

// Symbols of a long word while its merges are applied, linked in text order.
struct MergeLists {
  std::vector<int32_t> symbol, rank, previous, next;
  std::vector<uint64_t> heap;  // rank << 32 | position
};

// Words on their way to the cache. They are looked up many at a time, so that the memory that they wait for, which is asked
// for when they come, is fetched at once.
struct WaitingWords {
  static constexpr size_t kBlock = 64;         // what a block of text can hold
  static constexpr size_t kFull = 48;          // from here on they are looked up
  static constexpr size_t kMost = kFull + kBlock;
  struct alignas(16) Word {
    WordKey key;                   // of a longer word, its place
    ShortWordCache::Bucket* home;  // of a longer word any, where it is not
  };
  Word words[kMost];
  size_t count = 0;

  static void put_short(const WordKey& key, const ShortWordCache::Homes& homes, Word& to) {
    to.key = key;
    to.home = homes.of(hash_key(key));
    __builtin_prefetch(to.home);
  }
  static void put_long(const uint8_t* word, size_t length, const ShortWordCache::Homes& homes, Word& to) {
    to = {place_key(word, length), homes.first};
  }
};

struct Scratch {
  WaitingWords waiting;
  ShortWordCache short_words;
  SpareWordCache spare_words;
  LongWordCache long_words;
  IdBuffer ids;
  MergeLists merges;
  NormalizerBuffers normalized;
  SplitterBuffers pieces;
  std::vector<uint8_t> word;    // one normalized word
  std::vector<uint32_t> codes;  // characters on the way through decomposition
};

}  // namespace cole
