#include "tokenizer/char_bpe.h"

#include <algorithm>

namespace cole {
namespace {

PairTable characters_of(const TokenizerSpec& spec) {
  std::vector<int32_t> keys, ids;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const size_t length = spec.tokens.length(id);
    if (length == 0 || length > 4) continue;
    const auto [code, size] = utf8::decode(spec.tokens.data(id));
    if (size != length) continue;
    keys.insert(keys.end(), {static_cast<int32_t>(code), 0, 0});
    ids.push_back(static_cast<int32_t>(id));
  }
  return PairTable(keys, ids);
}

PairTable neighbours_of(const TokenizerSpec& spec) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  std::vector<bool> seen(spec.tokens.size());
  for (size_t i = 2; i < spec.merges.size(); i += 3) {
    const auto id = static_cast<size_t>(spec.merges[i]);
    if (seen[id]) continue;
    seen[id] = true;
    const uint8_t* p = spec.tokens.data(id);
    const uint8_t* const end = p + spec.tokens.length(id);
    for (uint32_t before = 0, first = 1; p < end; first = 0) {
      const auto [code, length] = utf8::decode(p);
      if (!first) pairs.emplace_back(before, code);
      before = code;
      p += length;
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  std::vector<int32_t> flat;
  for (const auto& [left, right] : pairs) flat.insert(flat.end(), {static_cast<int32_t>(left), static_cast<int32_t>(right), 0});
  return PairTable(flat);
}

bool merges_avoid_stand_ins(const TokenizerSpec& spec) {
  const auto stands_in = [&](int32_t id) {
    return id == spec.unknown || std::find(spec.byte_ids.begin(), spec.byte_ids.end(), id) != spec.byte_ids.end();
  };
  for (size_t i = 0; i < spec.merges.size(); i += 3) {
    if (stands_in(spec.merges[i]) || stands_in(spec.merges[i + 1])) return false;
  }
  return true;
}

}  // namespace

CharBpe::CharBpe(TokenizerSpec& spec)
    : ignore_merges_(spec.ignore_merges),
      fuse_unknown_(spec.fuse_unknown),
      unknown_(spec.unknown),
      byte_ids_(spec.byte_ids),
      merges_(spec.merges, spec.merge_ranks),
      characters_(characters_of(spec)),
      neighbours_(neighbours_of(spec)),
      cuts_(merges_avoid_stand_ins(spec)),
      near_([&] {
        std::vector<uint8_t> near(size_t{kTable} * kTable);
        for (uint32_t left = 0; left < kTable; ++left) {
          for (uint32_t right = 0; right < kTable; ++right) near[left * kTable + right] = far_joined(left, right);
        }
        return near;
      }()),
      words_(whole_tokens(spec), [&](int32_t id) { return Word{spec.tokens.data(id), spec.tokens.length(id)}; }) {}

int32_t CharBpe::character(uint32_t code) const { return characters_.rank(static_cast<int32_t>(code), 0); }

// Unknown characters in a row may become one token, and where one leaves nothing at all its neighbours meet.
bool CharBpe::far_joined(uint32_t left, uint32_t right) const {
  if (neighbours_.rank(static_cast<int32_t>(left), static_cast<int32_t>(right)) != PairTable::kNone) return true;
  const bool left_known = character(left) != PairTable::kNone, right_known = character(right) != PairTable::kNone;
  if (left_known && right_known) return false;
  if (unknown_ < 0) return true;
  return !left_known && !right_known && fuse_unknown_;
}

const uint8_t* CharBpe::next_cut(const uint8_t* at, const uint8_t* end) const {
  if (!cuts_ || ignore_merges_ || at == end) return end;
  uint32_t before = utf8::decode(utf8::previous(at)).code;
  while (at < end) {
    const auto [code, length] = utf8::decode(at);
    if (!joined(before, code)) return at;
    before = code;
    at += length;
  }
  return end;
}

int32_t CharBpe::find(const uint8_t* begin, const uint8_t* end) const {
  const auto length = static_cast<size_t>(end - begin);
  if (length > kShortWord) return words_.find_long(begin, length, hash_bytes(begin, length));
  const WordKey key = word_key(begin, length, end);
  return words_.find(key, hash_key(key));
}

size_t CharBpe::encode_long(const uint8_t* word, size_t length, uint64_t hash, MergeLists& lists, int32_t* out) const {
  if (length <= words_.longest()) {
    const int32_t id = words_.find_long(word, length, hash);
    if (id != WordTable::kNone) {
      *out = id;
      return 1;
    }
  }
  return merge(word, length, lists, out);
}

size_t CharBpe::merge(const uint8_t* word, size_t length, MergeLists& lists, int32_t* out) const {
  auto& symbol = lists.symbol;
  symbol.clear();
  bool after_unknown = false;
  for (const uint8_t *p = word, *end = word + length; p < end;) {
    const auto [code, size] = utf8::decode(p);
    const int32_t id = character(code);
    const bool known = id != PairTable::kNone;
    const bool as_bytes = !known && !byte_ids_.empty() &&
                          std::all_of(p, p + size, [&](uint8_t byte) { return byte_ids_[byte] >= 0; });
    if (known) {
      symbol.push_back(id);
    } else if (as_bytes) {
      for (uint32_t i = 0; i < size; ++i) symbol.push_back(byte_ids_[p[i]]);
    } else if (unknown_ >= 0 && !(fuse_unknown_ && after_unknown)) {
      symbol.push_back(unknown_);
    }
    after_unknown = !known && !as_bytes;
    p += size;
  }
  if (symbol.empty()) return 0;
  if (symbol.size() > Merges::kSmall) return merges_.merge_long(lists, out);
  alignas(32) int32_t small[Merges::kSmall];
  alignas(32) int32_t order[Merges::kSmall];
  const size_t count = symbol.size();
  std::copy(symbol.begin(), symbol.end(), small);
  for (size_t i = 0; i + 1 < count; ++i) order[i] = Merges::order(merges_.rank(small[i], small[i + 1]), i);
  return merges_.merge_small(small, order, count, out);
}

// Tokens that their own merges give back.
std::vector<int32_t> CharBpe::whole_tokens(const TokenizerSpec& spec) const {
  std::vector<int32_t> ids, out;
  MergeLists lists;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const size_t length = spec.tokens.length(id);
    if (length == 0) continue;
    out.resize(length);
    if (ignore_merges_ || (merge(spec.tokens.data(id), length, lists, out.data()) == 1 && out[0] == static_cast<int32_t>(id)))
      ids.push_back(static_cast<int32_t>(id));
  }
  return ids;
}

}  // namespace cole
