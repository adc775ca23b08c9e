// From words to ids: through the caches, and by the model where those have not met the word.
#include <cstring>

#include "tokenizer/tokenizer.h"

namespace cole {
namespace {

// Keeps a word of up to kShortWord bytes, at best where it is looked for first.
void keep_short(const WordKey& key, uint64_t hash, const int32_t* ids, size_t count, Scratch& scratch) {
  if (count > ShortWordCache::kMaxIds) return scratch.spare_words.add(key, hash, ids, count);
  const ShortWordCache::Slot old = scratch.short_words.add(key, hash, ids, count);
  if (key_length(old.key) != 0) scratch.spare_words.add(old.key, hash_key(old.key), old.ids, old.count);
}

constexpr size_t kUnknown = ~size_t{0};

// The ids of such a word that is not found there but kept elsewhere, to `out`; their number, or kUnknown.
[[gnu::noinline]] size_t write_kept(const WaitingWords::Word& word, Scratch& scratch, int32_t* out) {
  const WordKey& key = word.key;
  const ShortWordCache::Slot& near = scratch.short_words.neighbour(*word.home).at(key);
  if (near.key == key) {
    std::memcpy(out, near.ids, sizeof near.ids);
    return near.count;
  }
  const uint64_t hash = hash_key(key);
  SpareWordCache::Slot& spare = scratch.spare_words.at(hash);
  if (!(spare.key == key)) return kUnknown;
  const size_t count = spare.count;
  std::memcpy(out, spare.ids, sizeof spare.ids);
  if (count > ShortWordCache::kMaxIds) return count;
  spare.key = {};
  keep_short(key, hash, out, count, scratch);
  return count;
}

// The ids of a word that is kept nowhere.
template <class Model>
[[gnu::noinline]] size_t write_new(const Model& model, const WordKey& key, Scratch& scratch, int32_t* out) {
  const uint64_t hash = hash_key(key);
  const size_t count = model.encode_short(key, hash, scratch.merges, out);
  keep_short(key, hash, out, count, scratch);
  return count;
}

// The ids of longer words; those of more than LongWordCache::kMaxBytes are not kept. The ids go to scratch.ids.
template <class Model>
[[gnu::noinline]] void write_long(const Model& model, const uint8_t* word, size_t length, Scratch& scratch) {
  const bool kept = length <= LongWordCache::kMaxBytes;
  const uint64_t hash = kept || length <= model.longest_token() ? hash_bytes(word, length) : 0;
  int32_t* const out = scratch.ids.room(length);
  if (kept) {
    if (const LongWordCache::Slot* slot = scratch.long_words.find(word, length, hash)) {
      std::memcpy(out, slot->ids, slot->count * sizeof(int32_t));
      return scratch.ids.commit(slot->count);
    }
  }
  const size_t count = model.encode_long(word, length, hash, scratch.merges, out);
  scratch.ids.commit(count);
  if (kept && count <= LongWordCache::kMaxIds) scratch.long_words.add(word, length, hash, out, count);
}

// The ids of the words that wait.
template <class Model>
void write_waiting(const Model& model, Scratch& scratch) {
  WaitingWords& waiting = scratch.waiting;
  ShortWordCache& cache = scratch.short_words;
  if (waiting.count == 0) return;
  using Word = WaitingWords::Word;
  const Word* const last = waiting.words + waiting.count;
  constexpr size_t kRoom = WaitingWords::kMost * kShortWord + sizeof(ShortWordCache::Slot);
  int32_t* out = scratch.ids.room(kRoom);
  const int32_t* start = out;
  bool prefetched = false;
  for (const Word* word = waiting.words; word != last; ++word) {
    const WordKey& key = word->key;
    const ShortWordCache::Slot& slot = word->home->at(key);
    // One fixed-size copy beats a loop over the count; the room behind the ids is scratch.
    if (same_aligned(slot.key, key)) [[likely]] {
      std::memcpy(out, slot.ids, 16);
      out += slot.count;
      continue;
    }
    if (key_length(key) == 0) {
      scratch.ids.commit(static_cast<size_t>(out - start));
      write_long(model, place_of(key), length_at_place(key), scratch);
      start = out = scratch.ids.room(kRoom);
      continue;
    }
    if (const size_t count = write_kept(*word, scratch, out); count != kUnknown) {
      out += count;
      continue;
    }
    if (!prefetched) {
      // Words that are new come together; so the tables of the model are waited for at once, too.
      prefetched = true;
      for (const Word* other = word; other != last; ++other) {
        if (key_length(other->key) != 0 && !same_aligned(other->home->at(other->key).key, other->key)) {
          model.prefetch(hash_key(other->key));
        }
      }
    }
    out += write_new(model, key, scratch, out);
  }
  scratch.ids.commit(static_cast<size_t>(out - start));
  waiting.count = 0;
  cache.make_room();
}

}  // namespace

template <class Use>
void Tokenizer::with_model(const Use& use) const {
  if (bpe_) {
    use(*bpe_);
  } else if (char_bpe_) {
    use(*char_bpe_);
  } else {
    use(*wordpiece_);
  }
}

void Tokenizer::write_words(Scratch& scratch) const {
  with_model([&](const auto& model) { write_waiting(model, scratch); });
}

void Tokenizer::write_long_word(const uint8_t* word, size_t length, Scratch& scratch) const {
  write_words(scratch);
  with_model([&](const auto& model) { write_long(model, word, length, scratch); });
}

}  // namespace cole
