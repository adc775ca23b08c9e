// BertNormalizer and BertPreTokenizer in one pass: text in, normalized words out, without the normalized text in between.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/scratch.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace cole {

class BertScanner {
 public:
  // normalizer: steps out of "bert-clean", "bert-chinese", "bert-strip-accents", "lowercase", in that order. Characters of
  // a word beyond max_chars are counted but not kept.
  BertScanner(const std::vector<std::string>& normalizer, size_t max_chars);

  // Gives word(bytes, length, characters, limit) for every word; `limit` ends what may be read behind the word. A word of
  // more than max_chars characters is cut.
  template <class Sink>
  void scan(const uint8_t* p, const uint8_t* end, Scratch& scratch, Sink&& word) const {
    Writer<Sink> writer{*this, scratch, word};
    writer.reserve();
    while (p < end) {
      const uint8_t byte = *p;
      const uint8_t action = actions_[byte];
      if (action == kWide) [[unlikely]] {
        const auto [code, length] = utf8::decode(p);
        p += length;
        writer.wide(code);
        continue;
      }
      if (action == kDrop) {
        ++p;
        continue;
      }
      writer.flush_codes();
      if (action > kLastAction) [[likely]] {
        p = writer.put_run(p, end);
        continue;
      }
      ++p;
      if (action == kBreak) {
        writer.end_word();
      } else if (action == kPunctuation) {
        writer.end_word();
        writer.put(byte);
        writer.end_word();
      } else {
        writer.emit(byte);
      }
    }
    writer.flush_codes();
    writer.end_word();
  }

 private:
  // Values of actions_ that are no characters of a word; control characters that are kept are kLongWay.
  enum Action : uint8_t { kDrop, kBreak, kPunctuation, kLongWay, kWide, kLastAction = kWide };

  template <class Sink>
  struct Writer {
    const BertScanner& scanner;
    Scratch& scratch;
    Sink& word;
    size_t size = 0, chars = 0;

    void reserve() {
      if (scratch.word.size() < scanner.max_chars_ * 4 + 32) scratch.word.resize(scanner.max_chars_ * 4 + 32);
    }
    void put(uint8_t byte) {
      if (chars++ < scanner.max_chars_) scratch.word[size++] = byte;
    }
    // The ASCII characters of a word from p on, the first of which is one.
    const uint8_t* put_run(const uint8_t* p, const uint8_t* end) {
      const size_t room = scanner.max_chars_ - std::min(chars, scanner.max_chars_);
      const uint8_t* const stop = p + std::min(room, static_cast<size_t>(end - p));
      const uint8_t* const start = p;
      uint8_t* out = scratch.word.data() + size;
      for (uint8_t lower; p < stop && (lower = scanner.actions_[*p]) > kLastAction; ++p) *out++ = lower;
      size += static_cast<size_t>(p - start);
      chars += static_cast<size_t>(p - start);
      if (p == stop) {
        for (; p < end && scanner.actions_[*p] > kLastAction; ++p) ++chars;
      }
      return p;
    }
    void end_word() {
      if (chars == 0) return;
      word(scratch.word.data(), size, chars, scratch.word.data() + scratch.word.size());
      size = chars = 0;
    }
    // A character of the normalized text.
    void emit(uint32_t code) {
      const uint16_t bits = unicode::properties(code);
      if (bits & unicode::kSpace) {
        end_word();
        return;
      }
      const bool alone = bits & unicode::kBertPunctuation;
      if (alone) end_word();
      if (chars++ < scanner.max_chars_) size += utf8::encode(code, scratch.word.data() + size);
      if (alone) end_word();
    }
    void lowered(uint32_t code) {
      const auto to = scanner.lowercase_ ? unicode::lowercase(code) : std::span<const uint32_t>{};
      if (to.empty()) {
        emit(code);
      } else {
        for (const uint32_t c : to) emit(c);
      }
    }
    // Characters wait until the next starter, because canonical order may still move marks.
    void flush_codes() {
      if (scratch.codes.empty()) [[likely]] return;
      unicode::order_marks(scratch.codes);
      for (const uint32_t code : scratch.codes) {
        if (!(unicode::properties(code) & unicode::kBertNonspacing)) lowered(code);
      }
      scratch.codes.clear();
    }
    void accented(uint32_t code) {
      if (!scanner.strip_accents_) {
        lowered(code);
        return;
      }
      uint32_t hangul[3];
      const auto parts = unicode::decomposition(code, hangul);
      if (unicode::combining_order(parts.empty() ? code : parts.front()) == 0) flush_codes();
      unicode::append_decomposed(scratch.codes, code);
    }
    void wide(uint32_t code) {
      const uint16_t bits = unicode::properties(code);
      if (scanner.clean_) {
        if (code == 0xFFFD || (bits & unicode::kBertControl)) return;
        if (bits & unicode::kSpace) {
          flush_codes();
          end_word();
          return;
        }
      }
      if (scanner.chinese_ && unicode::is_bert_chinese(code)) {
        flush_codes();
        end_word();
        accented(code);
        flush_codes();
        end_word();
        return;
      }
      accented(code);
    }
  };

  bool clean_ = false, chinese_ = false, strip_accents_ = false, lowercase_ = false;
  size_t max_chars_;
  uint8_t actions_[256];  // by byte: an Action, or the lower-cased character
};

}  // namespace cole
