// (left id, right id) -> rank of the merge, by open addressing. A slot is one integer of left, right and rank, so that the
// table of 280,000 merges takes 4 MB and a look-up one cache line, hit or miss.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"

namespace cole {

class PairTable {
 public:
  static constexpr int32_t kNone = INT32_MAX;
  static constexpr int kIdBits = 21, kRankBits = 22;

  // merges: left, right and something else of each, left and right from 0 to 2^21 - 2; ranks: the rank of each, below
  // 2^22; empty: 0, 1, 2 ... Throws ERR_VOCAB on more.
  explicit PairTable(const std::vector<int32_t>& merges, const std::vector<int32_t>& ranks = {}) {
    const size_t count = merges.size() / 3;
    if (count >> kRankBits) throw Error("ERR_VOCAB", "expected fewer than 4194304 merges, got " + std::to_string(count));
    shift_ = 64 - std::bit_width(count + count / 2 + 8);
    slots_ = AlignedBuffer<uint64_t>(size_t{1} << (64 - shift_));
    std::fill_n(slots_.data(), slots_.size(), kEmpty);
    for (size_t i = 0; i < count; ++i) {
      for (const int32_t id : {merges[3 * i], merges[3 * i + 1]}) {
        if (id >= (1 << kIdBits) - 1) throw Error("ERR_VOCAB", "expected ids below 2097151 in merges, got " + std::to_string(id));
      }
      const uint64_t key = key_of(merges[3 * i], merges[3 * i + 1]);
      size_t at = home(key);
      while (slots_[at] != kEmpty) at = next(at);
      const auto rank = static_cast<uint64_t>(ranks.empty() ? i : static_cast<size_t>(ranks[i]));
      if (rank >> kRankBits) throw Error("ERR_VOCAB", "expected ranks below 4194304, got " + std::to_string(rank));
      slots_[at] = key << kRankBits | rank;
    }
  }

  // Rank of the merge of two neighbours, or kNone.
  int32_t rank(int32_t left, int32_t right) const {
    const uint64_t key = key_of(left, right);
    for (size_t at = home(key);; at = next(at)) {
      const uint64_t slot = slots_[at];
      if (slot >> kRankBits == key) return static_cast<int32_t>(slot & ((uint64_t{1} << kRankBits) - 1));
      if (slot == kEmpty) return kNone;
    }
  }

  size_t bytes() const { return slots_.size() * sizeof(uint64_t); }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // ids are less

  static uint64_t key_of(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << kIdBits | static_cast<uint32_t>(right);
  }
  size_t home(uint64_t key) const {
    return static_cast<size_t>((key ^ (key >> 23)) * 0x9E3779B97F4A7C15u >> shift_);
  }
  size_t next(size_t at) const { return (at + 1) & (slots_.size() - 1); }

  AlignedBuffer<uint64_t> slots_;
  int shift_;
};

}  // namespace cole
