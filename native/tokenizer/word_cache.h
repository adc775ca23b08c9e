// Words that were split before, with their ids. Direct-mapped and of fixed size: a new word replaces whatever has its
// place, so memory is bounded and the cache decides speed only, never a result. One cache per thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "tokenizer/word_key.h"

namespace cole {

// Words of up to 16 bytes and 11 ids: one cache line each.
class ShortWordCache {
 public:
  static constexpr size_t kMaxIds = 11;
  struct alignas(64) Slot {
    WordKey key;
    int32_t ids[kMaxIds];
    uint8_t length;  // 0: empty
    uint8_t count;
  };
  static_assert(sizeof(Slot) == 64);

  ShortWordCache() : slots_(static_cast<Slot*>(std::aligned_alloc(64, kSlots * sizeof(Slot)))) {
    if (!slots_) throw std::bad_alloc();
    std::memset(static_cast<void*>(slots_.get()), 0, kSlots * sizeof(Slot));
  }

  Slot& at(uint64_t hash) { return slots_.get()[hash >> (64 - kBits)]; }

 private:
  static constexpr int kBits = 14;
  static constexpr size_t kSlots = size_t{1} << kBits;
  struct Free {
    void operator()(Slot* p) const { std::free(p); }
  };
  std::unique_ptr<Slot, Free> slots_;
};

// Longer words (indentation, rules of dashes, words of scripts with many bytes a letter) up to 64 bytes.
class LongWordCache {
 public:
  static constexpr size_t kMaxBytes = 64, kMaxIds = 14;
  struct Slot {
    uint8_t word[kMaxBytes];
    int32_t ids[kMaxIds];
    uint8_t length;
    uint8_t count;
  };

  Slot& at(uint64_t hash) {
    if (!slots_) slots_ = std::make_unique<Slot[]>(kSlots);
    return slots_[hash >> (64 - kBits)];
  }

 private:
  static constexpr int kBits = 12;
  static constexpr size_t kSlots = size_t{1} << kBits;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace cole
