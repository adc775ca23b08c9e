// Words that were split before, with their ids. A new word takes the place of an older one that has the same home, so
// memory is bounded and the caches decide speed only, never a result. One set of caches per thread: at most 5.5 MiB together.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "tokenizer/word_key.h"

namespace cole {

// Words of up to 15 bytes and 4 ids, two to a cache line, which is all that a word met before touches. Grows from 128 KiB
// to 4 MiB with the words that it is given, so that a small batch does not pay for a large table.
class ShortWordCache {
 public:
  static constexpr size_t kMaxIds = 4;
  struct Slot {
    WordKey key;  // high 0: empty
    int32_t ids[kMaxIds];  // where there are fewer, the last is ~count, which is negative
    size_t count() const { return ids[3] >= 0 ? 4 : static_cast<size_t>(~ids[3]); }
  };
  struct alignas(64) Bucket {
    Slot slots[2];
  };
  static_assert(sizeof(Bucket) == 64);

  void prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[hash >> shift_]); }
  // The word's slot, or one that is not the word's.
  const Slot& at(const WordKey& key, uint64_t hash) const {
    const Slot* slots = buckets_[hash >> shift_].slots;
    return slots[slots[1].key == key];
  }

  void add(const WordKey& key, uint64_t hash, const int32_t* ids, size_t count) {
    if (++added_ > buckets_.size() && shift_ > 64 - kMostBits) grow();
    Slot slot{key, {}};
    std::memcpy(slot.ids, ids, count * sizeof(int32_t));
    if (count < kMaxIds) slot.ids[3] = ~static_cast<int32_t>(count);
    put(slot, hash);
  }

 private:
  static constexpr int kLeastBits = 11, kMostBits = 16;

  // The first slot is the newer word's.
  void put(const Slot& slot, uint64_t hash) {
    Slot* slots = buckets_[hash >> shift_].slots;
    slots[1] = slots[0];
    slots[0] = slot;
  }
  void grow() {
    std::vector<Bucket> old(buckets_.size() * 2);
    std::swap(old, buckets_);
    --shift_;
    for (const Bucket& bucket : old) {
      for (const Slot& slot : {bucket.slots[1], bucket.slots[0]}) {
        if (slot.key.high != 0) put(slot, hash_key(slot.key));
      }
    }
  }

  std::vector<Bucket> buckets_ = std::vector<Bucket>(size_t{1} << kLeastBits);
  int shift_ = 64 - kLeastBits;
  size_t added_ = 0;
};

// Words of up to 15 bytes with more ids, up to 11: indentation, mostly.
class ManyIdsCache {
 public:
  static constexpr size_t kMaxIds = 11;
  struct alignas(64) Slot {
    WordKey key{};  // high 0: empty
    int32_t ids[kMaxIds];
    uint32_t count;
  };
  static_assert(sizeof(Slot) == 64);

  Slot& at(uint64_t hash) { return slots_[hash >> (64 - kBits)]; }

 private:
  static constexpr int kBits = 13;
  std::vector<Slot> slots_ = std::vector<Slot>(size_t{1} << kBits);
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
  static constexpr int kBits = 13;
  static constexpr size_t kSlots = size_t{1} << kBits;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace cole
