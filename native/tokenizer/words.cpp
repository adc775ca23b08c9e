// From words to ids: through the caches, and by the model where those have not met the word.
#include <cstring>

#include "tokenizer/tokenizer.h"

namespace cole {
namespace {

// The ids of the words that wait, from the caches or from `split(key, hash, out)`, which returns their number.
template <class Split>
inline void write_waiting(Scratch& scratch, const Split& split) {
  WaitingWords& waiting = scratch.waiting;
  int32_t* out = scratch.ids.room(WaitingWords::kMost * kShortWord + ManyIdsCache::kMaxIds);
  const int32_t* const start = out;
  for (size_t i = 0; i < waiting.count; ++i) {
    const auto& [key, hash] = waiting.words[i];
    const ShortWordCache::Slot& slot = scratch.short_words.at(key, hash);
    // One fixed-size copy beats a loop over the count; the room behind the ids is scratch.
    if (slot.key == key) [[likely]] {
      std::memcpy(out, slot.ids, sizeof slot.ids);
      out += slot.count();
      continue;
    }
    ManyIdsCache::Slot& many = scratch.many_ids.at(hash);
    if (many.key == key) {
      std::memcpy(out, many.ids, sizeof many.ids);
      out += many.count;
      continue;
    }
    const size_t count = split(key, hash, out);
    if (count <= ShortWordCache::kMaxIds) {
      scratch.short_words.add(key, hash, out, count);
    } else if (count <= ManyIdsCache::kMaxIds) {
      many.key = key;
      many.count = static_cast<uint32_t>(count);
      std::memcpy(many.ids, out, count * sizeof(int32_t));
    }
    out += count;
  }
  scratch.ids.commit(static_cast<size_t>(out - start));
  waiting.count = 0;
}

// The same for longer words; those of more than LongWordCache::kMaxBytes are not kept.
template <class Split>
void cached_long(const uint8_t* word, size_t length, uint64_t hash, Scratch& scratch, const Split& split) {
  int32_t* out = scratch.ids.room(length);
  if (length > LongWordCache::kMaxBytes) {
    scratch.ids.commit(split(out));
    return;
  }
  LongWordCache::Slot& slot = scratch.long_words.at(hash);
  if (slot.length == length && std::memcmp(slot.word, word, length) == 0) {
    std::memcpy(out, slot.ids, slot.count * sizeof(int32_t));
    scratch.ids.commit(slot.count);
    return;
  }
  const size_t count = split(out);
  scratch.ids.commit(count);
  if (count > LongWordCache::kMaxIds) return;
  std::memcpy(slot.word, word, length);
  slot.length = static_cast<uint8_t>(length);
  slot.count = static_cast<uint8_t>(count);
  std::memcpy(slot.ids, out, count * sizeof(int32_t));
}

}  // namespace

void Tokenizer::write_words(Scratch& scratch) const {
  if (bpe_) {
    write_waiting(scratch, [&](const WordKey& key, uint64_t hash, int32_t* out) { return bpe_->encode_short(key, hash, out); });
  } else if (char_bpe_) {
    write_waiting(scratch, [&](const WordKey& key, uint64_t hash, int32_t* out) {
      return char_bpe_->encode_short(key, hash, scratch.merges, out);
    });
  } else {
    write_waiting(scratch,
                  [&](const WordKey& key, uint64_t hash, int32_t* out) { return wordpiece_->encode_short(key, hash, out); });
  }
}

void Tokenizer::write_long_word(const uint8_t* word, size_t length, Scratch& scratch) const {
  write_words(scratch);
  const size_t longest = bpe_ ? bpe_->longest_token() : char_bpe_ ? char_bpe_->longest_token() : 0;
  const bool known = length <= LongWordCache::kMaxBytes || length <= longest;
  const uint64_t hash = known ? hash_bytes(word, length) : 0;
  cached_long(word, length, hash, scratch, [&](int32_t* out) {
    return bpe_        ? bpe_->encode_long(word, length, hash, scratch.merges, out)
           : char_bpe_ ? char_bpe_->encode_long(word, length, hash, scratch.merges, out)
                       : wordpiece_->encode(word, length, out);
  });
}

}  // namespace cole
