// Words that were split before, with their ids. A new word takes the place of an older one that has the same home, so
// memory is bounded and the caches decide speed only, never a result. One set of caches per thread: at most 5.5 MiB together.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "tokenizer/word_key.h"

namespace cole {

// Words of up to 15 bytes and 3 ids, two to a cache line, which is all that a word met before touches. Grows from 128 KiB
// to 4 MiB with the words that it is given, so that a small batch does not pay for a large table.
class ShortWordCache {
 public:
  static constexpr size_t kMaxIds = 3;
  struct alignas(32) Slot {
    WordKey key;  // length 0: empty
    int32_t ids[kMaxIds];
    uint32_t count;
  };
  struct alignas(64) Bucket {
    Slot slots[2];
    // The word's slot, or one that is not the word's; the key lies at a multiple of 16.
    const Slot& at(const WordKey& key) const { return slots[(sameness(slots[1].key, key) + 1) >> 16]; }
  };
  static_assert(sizeof(Bucket) == 64);

  // Where words have their slots, until make_room.
  struct Homes {
    Bucket* first;
    int shift;
    Bucket* of(uint64_t hash) const { return first + (hash >> shift); }
  };
  Homes homes() { return {buckets_.data(), shift_}; }

  // Where a word may be besides: the other half of 128 bytes.
  Bucket& neighbour(const Bucket& home) { return buckets_[static_cast<size_t>(&home - buckets_.data()) ^ 1]; }

  // Returns the slot that had to go, which may be empty.
  Slot add(const WordKey& key, uint64_t hash, const int32_t* ids, size_t count) {
    Slot slot{key, {}, static_cast<uint32_t>(count)};
    std::memcpy(slot.ids, ids, count * sizeof(int32_t));
    const Slot old = put(slot, hash);
    taken_ += key_length(old.key) == 0;
    return old;
  }
  // Moves the slots to more memory once they fill what there is.
  void make_room() {
    if (taken_ > buckets_.size() && shift_ > 64 - kMostBits) [[unlikely]] grow();
  }

 private:
  static constexpr int kLeastBits = 11, kMostBits = 16;

  // The first slot is the newer word's.
  Slot put(const Slot& slot, uint64_t hash) {
    Bucket& first = *homes().of(hash);
    Bucket& second = neighbour(first);
    const auto full = [](const Bucket& bucket) { return key_length(bucket.slots[1].key) != 0; };
    Bucket& to = full(first) && !full(second) ? second : first;
    return std::exchange(to.slots[1], std::exchange(to.slots[0], slot));
  }
  void grow() {
    AlignedBuffer<Bucket> old(buckets_.size() * 2);
    std::swap(old, buckets_);
    --shift_;
    for (size_t i = 0; i < old.size(); ++i) {
      for (const Slot& slot : {old[i].slots[1], old[i].slots[0]}) {
        if (key_length(slot.key) != 0) put(slot, hash_key(slot.key));
      }
    }
  }

  AlignedBuffer<Bucket> buckets_{size_t{1} << kLeastBits};
  int shift_ = 64 - kLeastBits;
  size_t taken_ = 0;  // slots, if none was lost when growing
};

// Words of up to 15 bytes that the cache above has no room for: those of more ids, which are indentation mostly, and those
// that others there have put out.
class SpareWordCache {
 public:
  struct Slot {
    WordKey key{};  // length 0: empty
    int32_t ids[kShortWord];
    uint32_t count;
  };

  // Words of one home above have several here.
  Slot& at(uint64_t hash) { return slots_[hash * 0x8CB92BA72F3D8DD7u >> (64 - kBits)]; }
  void add(const WordKey& key, uint64_t hash, const int32_t* ids, size_t count) {
    Slot& slot = at(hash);
    slot.key = key;
    slot.count = static_cast<uint32_t>(count);
    std::memcpy(slot.ids, ids, count * sizeof(int32_t));
  }

 private:
  static constexpr int kBits = 13;
  std::vector<Slot> slots_ = std::vector<Slot>(size_t{1} << kBits);
};

// Longer words up to 96 bytes: indentation, rules of dashes that fill a line, words of scripts with many bytes a letter.
class LongWordCache {
 public:
  static constexpr size_t kMaxBytes = 96, kMaxIds = 31;
  struct Slot {
    uint8_t word[kMaxBytes];
    int32_t ids[kMaxIds];
    uint8_t length;
    uint8_t count;
    bool has(const uint8_t* other, size_t other_length) const {
      return length == other_length && std::memcmp(word, other, other_length) == 0;
    }
  };

  // The word's slot, or nullptr.
  const Slot* find(const uint8_t* word, size_t length, uint64_t hash) const {
    if (!slots_) return nullptr;
    for (const Slot* slot = home(hash), *const end = slot + 2; slot != end; ++slot) {
      if (slot->has(word, length)) return slot;
    }
    return nullptr;
  }
  // At most kMaxBytes and kMaxIds.
  void add(const uint8_t* word, size_t length, uint64_t hash, const int32_t* ids, size_t count) {
    if (!slots_) slots_ = std::make_unique<Slot[]>(size_t{2} << kBits);
    Slot* const slots = home(hash);
    slots[1] = slots[0];
    std::memcpy(slots[0].word, word, length);
    slots[0].length = static_cast<uint8_t>(length);
    slots[0].count = static_cast<uint8_t>(count);
    std::memcpy(slots[0].ids, ids, count * sizeof(int32_t));
  }

 private:
  static constexpr int kBits = 11;
  Slot* home(uint64_t hash) const { return &slots_[hash >> (64 - kBits) << 1]; }

  std::unique_ptr<Slot[]> slots_;
};

}  // namespace cole
