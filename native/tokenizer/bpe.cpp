#include "tokenizer/bpe.h"

#include <algorithm>
#include <iterator>

namespace cole {
Bpe::Bpe(TokenizerSpec& spec)
    : merges_(spec.merges, spec.merge_ranks),
      byte_pair_ranks_([&] {
        std::fill(std::begin(byte_ids_), std::end(byte_ids_), -1);
        for (size_t id = 0; id < spec.tokens.size(); ++id) {
          if (spec.tokens.length(id) == 1) byte_ids_[*spec.tokens.data(id)] = static_cast<int32_t>(id);
        }
        std::vector<int32_t> ranks(size_t{1} << 16, PairTable::kNone);
        for (size_t pair = 0; pair < ranks.size(); ++pair) {
          const int32_t left = byte_ids_[pair >> 8], right = byte_ids_[pair & 255];
          if (left >= 0 && right >= 0) ranks[pair] = merges_.rank(left, right);
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
      const size_t count = length <= Merges::kSmall ? merge_small(spec.tokens.data(id), length, out.data())
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
  return length <= Merges::kSmall ? merge_small(word, length, out) : merge_long(word, length, lists, out);
}

size_t Bpe::merge_small(const uint8_t* word, size_t length, int32_t* out) const {
  alignas(32) int32_t symbol[Merges::kSmall];
  alignas(32) int32_t order[Merges::kSmall];
  size_t count = 0;
  for (size_t i = 0; i < length; ++i) {
    symbol[count] = byte_ids_[word[i]];
    count += symbol[count] >= 0;
  }
  if (count == 0) return 0;
  if (count == length) [[likely]] {
    for (size_t i = 0; i + 1 < count; ++i) {
      order[i] = Merges::order(byte_pair_ranks_[static_cast<size_t>(word[i]) << 8 | word[i + 1]], i);
    }
  } else {
    for (size_t i = 0; i + 1 < count; ++i) order[i] = Merges::order(merges_.rank(symbol[i], symbol[i + 1]), i);
  }
  return merges_.merge_small(symbol, order, count, out);
}

size_t Bpe::merge_long(const uint8_t* word, size_t length, MergeLists& lists, int32_t* out) const {
  lists.symbol.clear();
  for (size_t i = 0; i < length; ++i) {
    if (const int32_t id = byte_ids_[word[i]]; id >= 0) lists.symbol.push_back(id);
  }
  return merges_.merge_long(lists, out);
}

size_t Bpe::bytes() const {
  return merges_.bytes() + words_.bytes() + byte_pair_ranks_.size() * sizeof(int32_t);
}

}  // namespace cole
