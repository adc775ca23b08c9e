#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/parallel_for.h"
#include "tokenizer/metaspace.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

// Ids kept allocated per thread between calls.
constexpr size_t kKeptIds = 16 << 20;

// "name argument argument, name ..." of steps, to compare with.
std::string joined(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    if (!out.empty()) out += ", ";
    for (size_t i = 0; i < step.words.size(); ++i) out += (i ? " " : "") + step.words[i];
  }
  return out;
}

// Normalized added tokens are looked for in the normalized text, in the form that the normalizer gives them.
AddedTokens normalized(AddedTokens added, const Normalizer& normalizer) {
  ByteStrings content{{}, {0}};
  NormalizerBuffers buffers;
  for (size_t i = 0; i < added.content.size(); ++i) {
    const uint8_t* begin = added.content.data(i);
    const uint8_t* end = begin + added.content.length(i);
    if ((added.flags[i] & kNormalized) && normalizer.apply(begin, end, buffers)) {
      begin = buffers.text.data();
      end = begin + buffers.text.size();
    }
    content.bytes.insert(content.bytes.end(), begin, end);
    content.offsets.push_back(static_cast<int32_t>(content.bytes.size()));
  }
  added.content = std::move(content);
  return added;
}

constexpr const char* kBertSteps[] = {"bert-clean", "bert-chinese", "bert-strip-accents", "lowercase"};

// Whether BertScanner does what the steps say: those above that are wanted, in that order.
bool is_bert(const std::vector<Step>& steps) {
  size_t at = 0;
  for (const Step& step : steps) {
    while (at < 4 && step.name() != kBertSteps[at]) ++at;
    if (at++ == 4) return false;
  }
  return true;
}

void check_utf8(size_t text, const uint8_t* begin, size_t length) {
  if (const size_t bad = utf8::first_invalid(begin, length); bad < length) {
    throw Error("ERR_INPUT", "expected valid UTF-8 for text " + std::to_string(text) + ", got byte " +
                                 std::to_string(begin[bad]) + " at offset " + std::to_string(bad));
  }
}

std::vector<std::string> names(const std::vector<Step>& steps) {
  std::vector<std::string> out;
  for (const Step& step : steps) out.push_back(step.name());
  return out;
}

// BertPreTokenizer: white space goes, punctuation stands alone.
const std::vector<Step> kBertSplit = {{{"split", "\\s+", "removed", "0"}}, {{"split", "\\p{BertPunctuation}", "isolated", "0"}}};

}  // namespace

Tokenizer::Tokenizer(TokenizerSpec spec)
    : spec_(with_spaces_for_metaspace(std::move(spec))),
      normalizer_(spec_.normalizer),
      raw_added_(spec_.added, false),
      normalized_added_(normalized(spec_.added, normalizer_), true) {
  vocabulary_size_ = spec_.tokens.size();
  for (const int32_t id : spec_.added.ids) vocabulary_size_ = std::max(vocabulary_size_, static_cast<size_t>(id) + 1);
  if (spec_.model == "bpe") {
    bpe_.emplace(spec_);
  } else if (spec_.model == "char-bpe") {
    char_bpe_.emplace(spec_);
  } else if (spec_.model == "wordpiece") {
    wordpiece_.emplace(spec_);
  } else {
    throw Error("ERR_VOCAB", "expected model bpe, char-bpe or wordpiece, got " + spec_.model);
  }
  const std::string steps = joined(spec_.pre_tokenizer);
  const bool bert = steps == "bert" && wordpiece_ && is_bert(spec_.normalizer) && normalized_added_.empty();
  pre_tokenizer_ = steps == "gpt2"                 ? PreTokenizer::kGpt2
                   : steps == "digits-alone, gpt2" ? PreTokenizer::kGpt2DigitsAlone
                   : steps == "llama3"             ? PreTokenizer::kLlama3
                   : steps == "qwen2"              ? PreTokenizer::kQwen2
                   : steps == "tekken"             ? PreTokenizer::kTekken
                   : steps == "gpt-4o"             ? PreTokenizer::kGpt4o
                   : steps == "deepseek-v3"        ? PreTokenizer::kDeepSeekV3
                   : bert                          ? PreTokenizer::kBert
                                                   : PreTokenizer::kSteps;
  if (bert) {
    bert_.emplace(names(spec_.normalizer), wordpiece_->max_chars());
    normalizer_ = Normalizer({});
  } else if (pre_tokenizer_ == PreTokenizer::kSteps) {
    splitter_.emplace(steps == "bert" ? kBertSplit : spec_.pre_tokenizer);
  }
}

size_t Tokenizer::bytes() const {
  return spec_.tokens.bytes.size() + spec_.tokens.offsets.size() * sizeof(int32_t) + (bpe_ ? bpe_->bytes() : 0) + (char_bpe_ ? char_bpe_->bytes() : 0) +
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

void Tokenizer::check(std::span<const uint8_t> bytes, std::span<const int32_t> offsets) const {
  if (offsets.empty()) throw Error("ERR_SHAPE", "expected at least one element for offsets, got 0");
  for (size_t i = 0; i < offsets.size(); ++i) {
    const int32_t low = i == 0 ? 0 : offsets[i - 1];
    if (offsets[i] < low || static_cast<size_t>(offsets[i]) > bytes.size()) {
      throw Error("ERR_SHAPE", "expected offsets[" + std::to_string(i) + "] from " + std::to_string(low) + " to " +
                                   std::to_string(bytes.size()) + ", got " + std::to_string(offsets[i]));
    }
  }
}

// Texts as chunks; for several threads, long ones as several.
void Tokenizer::plan(std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special, int threads) {
  const size_t texts = offsets.size() - 1;
  const bool cut = threads > 1;
  chunk_bytes_ = kChunkBytes;
  if (cut) {
    const auto all = static_cast<size_t>(offsets[texts] - offsets[0]);
    chunk_bytes_ = std::clamp(all / (kChunksPerThread * static_cast<size_t>(threads)), kLeastChunkBytes, kChunkBytes);
  }
  chunks_.clear();
  items_.clear();
  normalized_texts_.clear();
  const auto length = [&](size_t text) { return static_cast<size_t>(offsets[text + 1] - offsets[text]); };
  for (size_t first = 0; first < texts;) {
    const uint8_t* const begin = bytes.data() + offsets[first];
    if (cut && length(first) > 4 * chunk_bytes_) {
      check_utf8(first, begin, length(first));
      add_long_text(first, begin, begin + length(first), special);
      ++first;
      continue;
    }
    size_t last = first + 1;
    while (last < texts && static_cast<size_t>(offsets[last + 1] - offsets[first]) <= chunk_bytes_) ++last;
    chunks_.push_back({first, last});
    first = last;
  }
}

size_t Tokenizer::encode(std::span<const uint8_t> bytes, std::span<const int32_t> offsets, bool special, int threads,
                         int32_t* ends) {
  check(bytes, offsets);
  for (auto& scratch : scratches_) {
    scratch->ids.clear();
    scratch->waiting.count = 0;  // an error may have left some
  }
  idle_.clear();
  for (auto& scratch : scratches_) idle_.push_back(scratch.get());
  plan(bytes, offsets, special, threads);
  parallel_for(chunks_.size(), threads, [&](size_t i) {
    Chunk& chunk = chunks_[i];
    chunk.scratch = take_scratch();
    if (chunk.is_part) {
      encode_items(chunk);
    } else {
      encode_chunk(chunk, bytes, offsets, special, ends);
    }
    std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(chunk.scratch);
  });
  size_t total = 0;
  for (const Chunk& chunk : chunks_) {
    if (total + chunk.count > INT32_MAX) {
      throw Error("ERR_LENGTH", "expected at most 2147483647 ids from one batch, got more");
    }
    for (size_t text = chunk.first; text < chunk.last; ++text) {
      ends[text] = static_cast<int32_t>(total) + (chunk.is_part ? static_cast<int32_t>(chunk.count) : ends[text]);
    }
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
  items_.clear();
  normalized_texts_.clear();
  for (auto& scratch : scratches_) scratch->ids.trim(kKeptIds);
}

void Tokenizer::encode_chunk(Chunk& chunk, std::span<const uint8_t> bytes, std::span<const int32_t> offsets,
                             bool special, int32_t* ends) const {
  Scratch& scratch = *chunk.scratch;
  chunk.begin = scratch.ids.size();
  for (size_t text = chunk.first; text < chunk.last; ++text) {
    const uint8_t* begin = bytes.data() + offsets[text];
    const auto length = static_cast<size_t>(offsets[text + 1] - offsets[text]);
    check_utf8(text, begin, length);
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
        const bool first = from == begin;
        if (!normalizer_.empty() && normalizer_.apply(from, to, scratch.normalized)) {
          from = scratch.normalized.text.data();
          to = from + scratch.normalized.text.size();
        }
        normalized_added_.split(
            from, to, [&](const uint8_t* a, const uint8_t* b) { encode_piece(a, b, first && a == from, scratch); },
            token);
      },
      token);
}

// Takes in the words of a text that may be read up to `limit`. `stays`: it does until write_words.
class Tokenizer::Words {
 public:
  Words(const Tokenizer& tokenizer, Scratch& scratch, const uint8_t* limit, bool stays)
      : tokenizer_(tokenizer), scratch_(scratch), limit_(limit), stays_(stays) {}

  void operator()(const uint8_t* word, size_t length) const {
    WaitingWords& waiting = scratch_.waiting;
    if (length > kShortWord && !stays_) [[unlikely]] return tokenizer_.write_long_word(word, length, scratch_);
    const ShortWordCache::Homes homes = scratch_.short_words.homes();
    WaitingWords::Word& to = waiting.words[waiting.count];
    if (length > kShortWord) [[unlikely]] {
      WaitingWords::put_long(word, length, homes, to);
    } else {
      WaitingWords::put_short(word_key(word, length, limit_), homes, to);
    }
    if (++waiting.count >= WaitingWords::kFull) tokenizer_.write_words(scratch_);
  }
  // As block_words gives them.
  const uint8_t* block(const uint8_t* const p, uint64_t starts) const {
    WaitingWords& waiting = scratch_.waiting;
    WaitingWords::Word* to = waiting.words + waiting.count;
    ShortWordCache::Homes homes = scratch_.short_words.homes();
    size_t at = 0;
    for (; starts != 0; starts &= starts - 1) {
      const auto next = static_cast<size_t>(static_cast<unsigned>(std::countr_zero(starts)));
      const size_t length = next - at;
      if (length <= kShortWord) [[likely]] {
        WordKey key;
        write_key(p + at, length, key);
        WaitingWords::put_short(key, homes, *to++);
      } else if (stays_) {
        WaitingWords::put_long(p + at, length, homes, *to++);
      } else {
        waiting.count = static_cast<size_t>(to - waiting.words);
        tokenizer_.write_long_word(p + at, length, scratch_);
        to = waiting.words;
        homes = scratch_.short_words.homes();
      }
      at = next;
    }
    waiting.count = static_cast<size_t>(to - waiting.words);
    if (waiting.count >= WaitingWords::kFull) tokenizer_.write_words(scratch_);
    return p + at;
  }

 private:
  const Tokenizer& tokenizer_;
  Scratch& scratch_;
  const uint8_t* const limit_;
  const bool stays_;
};

void Tokenizer::encode_piece(const uint8_t* begin, const uint8_t* end, bool first, Scratch& scratch) const {
  const Words word(*this, scratch, end, true);
  switch (pre_tokenizer_) {
    case PreTokenizer::kGpt2:
      scan_gpt2<false>(begin, end, word);
      break;
    case PreTokenizer::kGpt2DigitsAlone:
      scan_gpt2<true>(begin, end, word);
      break;
    case PreTokenizer::kLlama3:
      scan_llama3<3>(begin, end, word);
      break;
    case PreTokenizer::kQwen2:
      scan_llama3<1>(begin, end, word);
      break;
    case PreTokenizer::kTekken:
      scan_cased<1, false>(begin, end, word);
      break;
    case PreTokenizer::kGpt4o:
      scan_cased<3, true>(begin, end, word);
      break;
    case PreTokenizer::kDeepSeekV3:
      scan_deepseek_v3(begin, end, word);
      break;
    case PreTokenizer::kBert:
      bert_->scan(begin, end, scratch, [&](const uint8_t* from, size_t length, size_t chars, const uint8_t* limit) {
        put_wordpiece(from, length, chars, limit, scratch);
      });
      break;
    case PreTokenizer::kSteps:
      splitter_->scan(begin, end, first, scratch.pieces, [&](const uint8_t* from, const uint8_t* to) {
        put_part(from, to, scratch);
      });
      break;
  }
  write_words(scratch);
}

inline void Tokenizer::put_wordpiece(const uint8_t* word, size_t length, size_t chars, const uint8_t* limit,
                                     Scratch& scratch) const {
  if (chars <= wordpiece_->max_chars()) return Words(*this, scratch, limit, false)(word, length);
  write_words(scratch);
  scratch.ids.push(wordpiece_->unknown());
}

// Takes in what the splitter gives, which for a model over characters still is several words.
void Tokenizer::put_part(const uint8_t* begin, const uint8_t* end, Scratch& scratch) const {
  const auto length = static_cast<size_t>(end - begin);
  // Steps may put parts one after another into the same buffer.
  const Words word(*this, scratch, end, spec_.pre_tokenizer.empty());
  if (char_bpe_) {
    char_bpe_->cut(begin, end, word);
  } else if (wordpiece_) {
    const auto chars = static_cast<size_t>(std::count_if(begin, end, [](uint8_t byte) { return (byte & 0xC0) != 0x80; }));
    put_wordpiece(begin, length, chars, end, scratch);
  } else {
    word(begin, length);
  }
}

}  // namespace cole
