#include "tokenizer/merges.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace cole {
namespace {

std::vector<int32_t> results(const std::vector<int32_t>& merges, const std::vector<int32_t>& ranks) {
  const size_t count = merges.size() / 3;
  static_assert(PairTable::kRankBits + 6 < 31, "merge_small packs rank and position into 31 bits");
  std::vector<int32_t> out(count);
  for (size_t i = 0; i < count; ++i) out[ranks.empty() ? i : static_cast<size_t>(ranks[i])] = merges[3 * i + 2];
  return out;
}

}  // namespace

Merges::Merges(const std::vector<int32_t>& merges, const std::vector<int32_t>& ranks)
    : pairs_(merges, ranks), result_(results(merges, ranks)) {}

// A bit mask says which symbols are left, so that neighbours are one bit scan away and nothing moves.
size_t Merges::merge_small(int32_t* symbol, int32_t* order, size_t count, int32_t* out) const {
  const size_t padded = (count + 7) & ~size_t{7};
  for (size_t i = count - 1; i < padded; ++i) order[i] = kNoMerge;

  uint64_t left = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
  const auto renew = [&](size_t at, size_t after) {
    order[at] = Merges::order(pairs_.rank(symbol[at], symbol[after]), at);
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

// A heap of candidate merges, of which those that a neighbour's merge has overtaken are skipped.
size_t Merges::merge_long(MergeLists& lists, int32_t* out) const {
  std::vector<int32_t>&symbol = lists.symbol, &rank = lists.rank, &previous = lists.previous, &next = lists.next;
  std::vector<uint64_t>& heap = lists.heap;
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

}  // namespace cole
