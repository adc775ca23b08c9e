#include "tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "base/error.h"

namespace cole {
namespace {

std::vector<int32_t> results(const std::vector<int32_t>& merges) {
  std::vector<int32_t> out(merges.size() / 3);
  // merge_small packs rank and position into 31 bits.
  if (out.size() >= (size_t{1} << 25)) {
    throw Error("ERR_VOCAB", "expected fewer than 33554432 merges, got " + std::to_string(out.size()));
  }
  for (size_t rank = 0; rank < out.size(); ++rank) out[rank] = merges[3 * rank + 2];
  return out;
}

}  // namespace

Bpe::Bpe(TokenizerSpec& spec)
    : pairs_(spec.merges),
      result_(results(spec.merges)),
      byte_pair_ranks_([&] {
        std::fill(std::begin(byte_ids_), std::end(byte_ids_), -1);
        for (size_t id = 0; id < spec.tokens.size(); ++id) {
          if (spec.tokens.length(id) == 1) byte_ids_[*spec.tokens.data(id)] = static_cast<int32_t>(id);
        }
        std::vector<int32_t> ranks(size_t{1} << 16, PairTable::kNone);
        for (size_t pair = 0; pair < ranks.size(); ++pair) {
          const int32_t left = byte_ids_[pair >> 8], right = byte_ids_[pair & 255];
          if (left >= 0 && right >= 0) ranks[pair] = pairs_.rank(left, right);
        }
        return ranks;
      }()),
      words_(whole_tokens(spec), [&](int32_t id) { return Word{spec.tokens.data(id), spec.tokens.length(id)}; }) {}

// Tokens that their own merges give back.
std::vector<int32_t> Bpe::whole_tokens(const TokenizerSpec& spec) const {
  std::vector<int32_t> ids, out;
  MergeLists lists;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const size_t length = spec.tokens.length(id);
    if (length == 0) continue;
    bool whole = spec.ignore_merges;
    if (!whole) {
      out.resize(length);
      const size_t count = length <= kSmall ? merge_small(spec.tokens.data(id), length, out.data())
                                            : merge_long(spec.tokens.data(id), length, lists, out.data());
      whole = count == 1 && out[0] == static_cast<int32_t>(id);
    }
    if (whole) ids.push_back(static_cast<int32_t>(id));
  }
  return ids;
}

size_t Bpe::encode_long(const uint8_t* word, size_t length, uint64_t hash, MergeLists& lists, int32_t* out) const {
  if (length <= words_.longest()) {
    const int32_t id = words_.find_long(word, length, hash);
    if (id != WordTable::kNone) {
      *out = id;
      return 1;
    }
  }
  return length <= kSmall ? merge_small(word, length, out) : merge_long(word, length, lists, out);
}

// Up to 64 symbols: a bit mask says which are left, so that neighbours are one bit scan away and nothing moves.
size_t Bpe::merge_small(const uint8_t* word, size_t length, int32_t* out) const {
  constexpr int32_t kNoMerge = INT32_MAX;
  alignas(32) int32_t symbol[kSmall];
  alignas(32) int32_t order[kSmall];  // rank << 6 | position, so that the least is the leftmost of the lowest rank
  size_t count = 0;
  for (size_t i = 0; i < length; ++i) {
    symbol[count] = byte_ids_[word[i]];
    count += symbol[count] >= 0;
  }
  if (count == 0) return 0;
  if (count == length) [[likely]] {
    for (size_t i = 0; i + 1 < count; ++i) {
      const int32_t rank = byte_pair_ranks_[static_cast<size_t>(word[i]) << 8 | word[i + 1]];
      order[i] = rank == PairTable::kNone ? kNoMerge : rank << 6 | static_cast<int32_t>(i);
    }
  } else {
    for (size_t i = 0; i + 1 < count; ++i) {
      const int32_t rank = pairs_.rank(symbol[i], symbol[i + 1]);
      order[i] = rank == PairTable::kNone ? kNoMerge : rank << 6 | static_cast<int32_t>(i);
    }
  }
  const size_t padded = (count + 7) & ~size_t{7};
  for (size_t i = count - 1; i < padded; ++i) order[i] = kNoMerge;

  uint64_t left = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
  const auto renew = [&](size_t at, size_t after) {
    const int32_t rank = pairs_.rank(symbol[at], symbol[after]);
    order[at] = rank == PairTable::kNone ? kNoMerge : rank << 6 | static_cast<int32_t>(at);
  };
  for (;;) {
    int32_t best = kNoMerge;
    for (size_t i = 0; i < padded; ++i) best = std::min(best, order[i]);
    if (best == kNoMerge) break;
    const size_t at = best & 63;
    const uint64_t behind = at == 63 ? 0 : left & (~uint64_t{0} << (at + 1));
    const size_t gone = static_cast<size_t>(std::countr_zero(behind));
    symbol[at] = result_[best >> 6];
    left &= ~(uint64_t{1} << gone);
    order[gone] = kNoMerge;
    if (const uint64_t after = behind & (behind - 1); after != 0) {
      renew(at, static_cast<size_t>(std::countr_zero(after)));
    } else {
      order[at] = kNoMerge;
    }
    if (const uint64_t before = left & ((uint64_t{1} << at) - 1); before != 0) {
      renew(63 - static_cast<size_t>(std::countl_zero(before)), at);
    }
  }
  size_t written = 0;
  for (; left != 0; left &= left - 1) out[written++] = symbol[std::countr_zero(left)];
  return written;
}

// Any length in n log n: a heap of candidate merges, of which those that a neighbour's merge has overtaken are skipped.
size_t Bpe::merge_long(const uint8_t* word, size_t length, MergeLists& lists, int32_t* out) const {
  auto& [symbol, rank, previous, next, heap] = lists;
  symbol.clear();
  for (size_t i = 0; i < length; ++i) {
    if (const int32_t id = byte_ids_[word[i]]; id >= 0) symbol.push_back(id);
  }
  const int32_t count = static_cast<int32_t>(symbol.size());
  rank.assign(count, PairTable::kNone);
  previous.resize(count);
  next.resize(count);
  heap.clear();
  const auto entry = [](int32_t r, int32_t at) { return static_cast<uint64_t>(r) << 32 | static_cast<uint32_t>(at); };
  for (int32_t i = 0; i < count; ++i) {
    previous[i] = i - 1;
    next[i] = i + 1 < count ? i + 1 : -1;
    if (i + 1 < count) rank[i] = pairs_.rank(symbol[i], symbol[i + 1]);
    if (rank[i] != PairTable::kNone) heap.push_back(entry(rank[i], i));
  }
  const auto later = std::greater<uint64_t>{};
  std::make_heap(heap.begin(), heap.end(), later);
  const auto renew = [&](int32_t at) {
    rank[at] = next[at] < 0 ? PairTable::kNone : pairs_.rank(symbol[at], symbol[next[at]]);
    if (rank[at] == PairTable::kNone) return;
    heap.push_back(entry(rank[at], at));
    std::push_heap(heap.begin(), heap.end(), later);
  };
  while (!heap.empty()) {
    const uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), later);
    heap.pop_back();
    const auto at = static_cast<int32_t>(top & 0xFFFFFFFFu);
    const auto merged = static_cast<int32_t>(top >> 32);
    if (rank[at] != merged) continue;
    const int32_t gone = next[at];
    symbol[at] = result_[merged];
    rank[gone] = PairTable::kNone;
    symbol[gone] = -1;
    next[at] = next[gone];
    if (next[at] >= 0) previous[next[at]] = at;
    renew(at);
    if (previous[at] >= 0) renew(previous[at]);
  }
  size_t written = 0;
  for (const int32_t id : symbol) {
    if (id >= 0) out[written++] = id;
  }
  return written;
}

size_t Bpe::bytes() const {
  return pairs_.bytes() + words_.bytes() + (result_.size() + byte_pair_ranks_.size()) * sizeof(int32_t);
}

}  // namespace cole
