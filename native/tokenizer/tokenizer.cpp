#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/parallel_for.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

// Bytes of text that one thread takes at a time: small enough to share work, large enough not to feel the sharing.
constexpr size_t kChunkBytes = 128 * 1024;
// Ids kept allocated per thread between calls.
constexpr size_t kKeptIds = 4 << 20;

// Writes the text in normal form C to scratch.text; false when it plainly is in it already.
bool nfc(const uint8_t* begin, const uint8_t* end, Scratch& scratch) {
  // Below U+0300, whose first byte is 0xCC, no character composes or moves.
  if (std::none_of(begin, end, [](uint8_t byte) { return byte >= 0xCC; })) return false;
  auto& codes = scratch.codes;
  codes.clear();
  for (const uint8_t* p = begin; p < end;) {
    const auto [code, length] = utf8::decode(p);
    unicode::append_decomposed(codes, code);
    p += length;
  }
  unicode::order_marks(codes);
  unicode::compose_all(codes);
  scratch.text.resize(codes.size() * 4);
  size_t size = 0;
  for (const uint32_t code : codes) size += utf8::encode(code, scratch.text.data() + size);
  scratch.text.resize(size);
  codes.clear();
  return true;
}

}  // namespace

Tokenizer::Tokenizer(TokenizerSpec spec)
    : spec_(std::move(spec)), raw_added_(spec_.added, false), normalized_added_(spec_.added, true) {
  vocabulary_size_ = spec_.tokens.size();
  for (const int32_t id : spec_.added.ids) vocabulary_size_ = std::max(vocabulary_size_, static_cast<size_t>(id) + 1);

  const std::string& name = spec_.pre_tokenizer;
  pre_tokenizer_ = name == "gpt2"                 ? PreTokenizer::kGpt2
                   : name == "digits-alone, gpt2" ? PreTokenizer::kGpt2DigitsAlone
                   : name == "llama3"             ? PreTokenizer::kLlama3
                   : name == "qwen2"              ? PreTokenizer::kQwen2
                   : name == "bert"
                       ? PreTokenizer::kBert
                       : throw Error("ERR_VOCAB", "expected a known pre-tokenizer, got " + name);
  const bool is_bert = pre_tokenizer_ == PreTokenizer::kBert;
  if (spec_.model == "wordpiece" && is_bert) {
    wordpiece_.emplace(spec_);
    bert_.emplace(spec_.normalizer, wordpiece_->max_chars());
    if (!normalized_added_.empty()) {
      throw Error("ERR_VOCAB", "expected added tokens of a BERT tokenizer to be looked for in the raw text");
    }
  } else if (spec_.model == "bpe" && !is_bert) {
    bpe_.emplace(spec_);
    nfc_ = !spec_.normalizer.empty();
    if (nfc_ && (spec_.normalizer.size() > 1 || spec_.normalizer[0] != "nfc")) {
      throw Error("ERR_VOCAB", "expected nfc or no normalizer beside byte-level BPE, got " + spec_.normalizer[0]);
    }
  } else {
    throw Error("ERR_VOCAB", "expected model bpe with a byte-level pre-tokenizer or wordpiece with bert, got " +
                                 spec_.model + " with " + name);
  }
}

size_t Tokenizer::bytes() const {
  return spec_.tokens.bytes.size() + spec_.tokens.offsets.size() * sizeof(int32_t) + (bpe_ ? bpe_->bytes() : 0) +
         (wordpiece_ ? wordpiece_->bytes() : 0);
}

Scratch* Tokenizer::take_scratch() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (idle_.empty()) {
    scratches_.push_back(std::make_unique<Scratch>());
    idle_.reserve(scratches_.size());
    return scratches_.back().get();
  }
  Scratch* scratch = idle_.back();
  idle_.pop_back();
  return scratch;
}

size_t Tokenizer::encode(std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special, int threads,
                         int32_t* ends) {
  if (offsets.empty()) throw Error("ERR_SHAPE", "expected at least one element for offsets, got 0");
  const size_t texts = offsets.size() - 1;
  for (size_t i = 0; i <= texts; ++i) {
    const int32_t low = i == 0 ? 0 : offsets[i - 1];
    if (offsets[i] < low || static_cast<size_t>(offsets[i]) > bytes.size()) {
      throw Error("ERR_SHAPE", "expected offsets[" + std::to_string(i) + "] from " + std::to_string(low) + " to " +
                                   std::to_string(bytes.size()) + ", got " + std::to_string(offsets[i]));
    }
  }
  for (auto& scratch : scratches_) scratch->ids.clear();
  idle_.clear();
  for (auto& scratch : scratches_) idle_.push_back(scratch.get());
  chunks_.clear();
  for (size_t first = 0; first < texts;) {
    size_t last = first + 1;
    while (last < texts && static_cast<size_t>(offsets[last + 1] - offsets[first]) <= kChunkBytes) ++last;
    chunks_.push_back({first, last});
    first = last;
  }
  parallel_for(chunks_.size(), threads, [&](size_t i) {
    chunks_[i].scratch = take_scratch();
    encode_chunk(chunks_[i], bytes, offsets, special, ends);
    std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(chunks_[i].scratch);
  });
  size_t total = 0;
  for (const Chunk& chunk : chunks_) {
    if (total + chunk.count > INT32_MAX) {
      throw Error("ERR_LENGTH", "expected at most 2147483647 ids from one batch, got more");
    }
    for (size_t text = chunk.first; text < chunk.last; ++text) ends[text] += static_cast<int32_t>(total);
    total += chunk.count;
  }
  return total;
}

void Tokenizer::copy_ids(int32_t* out) {
  for (const Chunk& chunk : chunks_) {
    if (chunk.count != 0) std::memcpy(out, chunk.scratch->ids.data() + chunk.begin, chunk.count * sizeof(int32_t));
    out += chunk.count;
  }
  chunks_.clear();
  for (auto& scratch : scratches_) scratch->ids.trim(kKeptIds);
}

void Tokenizer::encode_chunk(Chunk& chunk, std::span<const uint8_t> bytes, std::span<const int32_t> offsets,
                             bool special, int32_t* ends) const {
  Scratch& scratch = *chunk.scratch;
  chunk.begin = scratch.ids.size();
  for (size_t text = chunk.first; text < chunk.last; ++text) {
    const uint8_t* begin = bytes.data() + offsets[text];
    const auto length = static_cast<size_t>(offsets[text + 1] - offsets[text]);
    if (const size_t bad = utf8::first_invalid(begin, length); bad < length) {
      throw Error("ERR_INPUT", "expected valid UTF-8 for text " + std::to_string(text) + ", got byte " +
                                   std::to_string(begin[bad]) + " at offset " + std::to_string(bad));
    }
    if (special) {
      for (const int32_t id : spec_.prefix) scratch.ids.push(id);
    }
    encode_text(begin, begin + length, scratch);
    if (special) {
      for (const int32_t id : spec_.suffix) scratch.ids.push(id);
    }
    const size_t count = scratch.ids.size() - chunk.begin;
    if (count > INT32_MAX) throw Error("ERR_LENGTH", "expected at most 2147483647 ids from one batch, got more");
    ends[text] = static_cast<int32_t>(count);
  }
  chunk.count = scratch.ids.size() - chunk.begin;
}

void Tokenizer::encode_text(const uint8_t* begin, const uint8_t* end, Scratch& scratch) const {
  const auto token = [&](int32_t id) { scratch.ids.push(id); };
  raw_added_.split(
      begin, end,
      [&](const uint8_t* from, const uint8_t* to) {
        if (nfc_ && nfc(from, to, scratch)) {
          from = scratch.text.data();
          to = from + scratch.text.size();
        }
        normalized_added_.split(
            from, to, [&](const uint8_t* a, const uint8_t* b) { encode_piece(a, b, scratch); }, token);
      },
      token);
}

void Tokenizer::encode_piece(const uint8_t* begin, const uint8_t* end, Scratch& scratch) const {
  const auto bpe = [&](const uint8_t* word, size_t length) { bpe_word(word, length, end, scratch); };
  switch (pre_tokenizer_) {
    case PreTokenizer::kGpt2:
      return scan_gpt2<false>(begin, end, bpe);
    case PreTokenizer::kGpt2DigitsAlone:
      return scan_gpt2<true>(begin, end, bpe);
    case PreTokenizer::kLlama3:
      return scan_llama3<3>(begin, end, bpe);
    case PreTokenizer::kQwen2:
      return scan_llama3<1>(begin, end, bpe);
    case PreTokenizer::kBert:
      return bert_->scan(begin, end, scratch,
                         [&](const uint8_t* word, size_t length, size_t chars, const uint8_t* limit) {
                           wordpiece_word(word, length, chars, limit, scratch);
                         });
  }
}

namespace {

// Ids of a word of at most kShortWord bytes, from the cache or from `split(key, hash, out)`, which returns their number.
template <class Split>
inline void cached_short(const uint8_t* word, size_t length, const uint8_t* limit, Scratch& scratch,
                         const Split& split) {
  const WordKey key = word_key(word, length, limit);
  const uint64_t hash = hash_key(key, length);
  ShortWordCache::Slot& slot = scratch.short_words.at(hash);
  // One fixed-size copy beats a loop over the count; the room behind the ids is scratch.
  int32_t* out = scratch.ids.room(kShortWord);
  if (slot.key == key && slot.length == length) [[likely]] {
    std::memcpy(out, slot.ids, sizeof slot.ids);
    scratch.ids.commit(slot.count);
    return;
  }
  const size_t count = split(key, hash, out);
  scratch.ids.commit(count);
  if (count > ShortWordCache::kMaxIds) return;
  slot.key = key;
  slot.length = static_cast<uint8_t>(length);
  slot.count = static_cast<uint8_t>(count);
  std::memcpy(slot.ids, out, count * sizeof(int32_t));
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

void Tokenizer::bpe_word(const uint8_t* word, size_t length, const uint8_t* limit, Scratch& scratch) const {
  if (length <= kShortWord) [[likely]] {
    return cached_short(word, length, limit, scratch, [&](const WordKey& key, uint64_t hash, int32_t* out) {
      return bpe_->encode_short(word, length, key, hash, out);
    });
  }
  const bool known = length <= LongWordCache::kMaxBytes || length <= bpe_->longest_token();
  const uint64_t hash = known ? hash_bytes(word, length) : 0;
  cached_long(word, length, hash, scratch,
              [&](int32_t* out) { return bpe_->encode_long(word, length, hash, scratch.merges, out); });
}

void Tokenizer::wordpiece_word(const uint8_t* word, size_t length, size_t chars, const uint8_t* limit,
                               Scratch& scratch) const {
  if (chars > wordpiece_->max_chars()) {  // the word is cut: it must not meet the cache
    scratch.ids.push(wordpiece_->unknown());
  } else if (length <= kShortWord) [[likely]] {
    cached_short(word, length, limit, scratch, [&](const WordKey& key, uint64_t hash, int32_t* out) {
      return wordpiece_->encode_short(word, length, chars, key, hash, out);
    });
  } else {
    cached_long(word, length, hash_bytes(word, length), scratch,
                [&](int32_t* out) { return wordpiece_->encode(word, length, chars, out); });
  }
}

}  // namespace cole
