// The merges of byte-pair encoding, applied to a word of symbols: the lowest-ranked merge first, the leftmost of equals
// (Sennrich et al. 2016, in the order that Hugging Face's tokenizers applies merges).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/pair_table.h"
#include "tokenizer/scratch.h"

namespace cole {

class Merges {
 public:
  static constexpr size_t kSmall = 64;
  static constexpr int32_t kNoMerge = INT32_MAX;

  // merges: left, right, result of each; ranks: the rank of each, of which equal ones have one result; empty: 0, 1, 2 ...
  Merges(const std::vector<int32_t>& merges, const std::vector<int32_t>& ranks);

  int32_t rank(int32_t left, int32_t right) const { return pairs_.rank(left, right); }
  // What merge_small orders candidates by: the least is the leftmost of the lowest rank.
  static int32_t order(int32_t rank, size_t at) {
    return rank == PairTable::kNone ? kNoMerge : rank << 6 | static_cast<int32_t>(at);
  }

  // Merges `count` symbols, 1 to kSmall; order[i]: of the pair that starts at i. Both arrays hold kSmall elements and are
  // overwritten. Writes what is left to `out` and returns its number.
  size_t merge_small(int32_t* symbol, int32_t* order, size_t count, int32_t* out) const;
  // Any number of symbols, given in lists.symbol, in n log n.
  size_t merge_long(MergeLists& lists, int32_t* out) const;

  size_t bytes() const { return pairs_.bytes() + result_.size() * sizeof(int32_t); }

 private:
  PairTable pairs_;
  std::vector<int32_t> result_;  // by rank
};

}  // namespace cole
