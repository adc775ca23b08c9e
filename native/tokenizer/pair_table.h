// (left id, right id) -> rank of the merge, by open addressing: one cache line per look-up, hit or miss.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cole {

class PairTable {
 public:
  static constexpr int32_t kNone = INT32_MAX;

  // merges: left, right and something else of each; ids >= 0. ranks: the rank of each; empty: 0, 1, 2 ...
  explicit PairTable(const std::vector<int32_t>& merges, const std::vector<int32_t>& ranks = {}) {
    const size_t count = merges.size() / 3;
    shift_ = 64 - std::bit_width(2 * count + 8);
    slots_.resize(size_t{1} << (64 - shift_), Slot{kEmpty, kNone});
    for (size_t i = 0; i < count; ++i) {
      const uint64_t key = key_of(merges[3 * i], merges[3 * i + 1]);
      size_t at = home(key);
      while (slots_[at].key != kEmpty) at = next(at);
      slots_[at] = {key, ranks.empty() ? static_cast<int32_t>(i) : ranks[i]};
    }
  }

  // Rank of the merge of two neighbours, or kNone.
  int32_t rank(int32_t left, int32_t right) const {
    const uint64_t key = key_of(left, right);
    for (size_t at = home(key);; at = next(at)) {
      if (slots_[at].key == key) return slots_[at].rank;
      if (slots_[at].key == kEmpty) return kNone;
    }
  }

  size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    uint64_t key;
    int32_t rank;
  };
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no pair: ids are not negative

  static uint64_t key_of(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t home(uint64_t key) const {
    return static_cast<size_t>((key ^ (key >> 29)) * 0x9E3779B97F4A7C15u >> shift_);
  }
  size_t next(size_t at) const { return (at + 1) & (slots_.size() - 1); }

  std::vector<Slot> slots_;
  int shift_;
};

}  // namespace cole
