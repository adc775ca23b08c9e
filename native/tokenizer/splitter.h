// How a text is taken apart into words: named steps, each applied to every piece that the one before has left.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tokenizer/pretokenize.h"
#include "tokenizer/pretokenize_cased.h"
#include "tokenizer/pretokenize_deepseek.h"
#include "tokenizer/regex.h"
#include "tokenizer/spec.h"

namespace cole {

struct SplitterBuffers {
  struct Level {
    std::vector<uint8_t> text;
    struct Part {
      const uint8_t *begin, *end;
      bool is_match;
    };
    std::vector<Part> parts;
  };
  std::vector<Level> levels;  // one for each step
};

class Splitter {
 public:
  // Steps: gpt2, llama3, qwen2, tekken, gpt-4o, deepseek-v3, digits-alone; split PATTERN BEHAVIOR INVERT (behavior isolated,
  // removed, contiguous, merged-with-previous or merged-with-next, invert "1" or "0"); prefix-space; metaspace LETTER SCHEME SPLIT (scheme always, never or first).
  // Throws ERR_VOCAB naming another.
  explicit Splitter(const std::vector<Step>& steps);

  // Whether a piece that is cut between two ASCII characters gives the words of the whole: for every model; for one that gives
  // the words around the cut, which may be one, the same ids cut or not (see spaces()); or not surely.
  enum class Cut : uint8_t { kNo, kWithinWord, kBetweenWords };
  Cut cut(uint8_t left, uint8_t right) const { return cuts_[left << 7 | right]; }
  // The character that a model sees for a space.
  uint32_t spaces() const { return spaces_; }

  // Calls word(begin, end) for every word of the piece, never an empty one. `first`: the piece is where its text starts.
  template <class Word>
  void scan(const uint8_t* begin, const uint8_t* end, bool first, SplitterBuffers& buffers, Word&& word) const {
    if (buffers.levels.size() < steps_.size()) buffers.levels.resize(steps_.size());
    run(0, begin, end, first, buffers, word);
  }

 private:
  enum class Kind { kGpt2, kLlama3, kQwen2, kTekken, kGpt4o, kDeepSeekV3, kSplit, kPrefixSpace, kMetaspace };
  enum class Behavior { kIsolated, kRemoved, kContiguous, kMergedWithPrevious, kMergedWithNext };
  enum class Scheme { kAlways, kNever, kFirst };
  using Level = SplitterBuffers::Level;
  struct Action {
    Kind kind;
    std::vector<Regex> regex;  // one for kSplit
    Behavior behavior = Behavior::kIsolated;
    bool invert = false, split = false;
    std::string letter;
    Scheme scheme = Scheme::kNever;
  };

  Cut find_cut(uint8_t left, uint8_t right) const;
  static void merge(Behavior behavior, std::vector<Level::Part>& parts);
  static void metaspace(const Action& action, const uint8_t* begin, const uint8_t* end, bool first, Level& level);

  template <class Word>
  void run(size_t at, const uint8_t* begin, const uint8_t* end, bool first, SplitterBuffers& buffers, Word& word) const {
    if (begin == end) return;
    if (at == steps_.size()) {
      word(begin, end);
      return;
    }
    const Action& action = steps_[at];
    const uint8_t* const start = begin;
    const auto next = [&](const uint8_t* from, const uint8_t* to) {
      run(at + 1, from, to, first && from == start, buffers, word);
    };
    const auto counted = [&](const uint8_t* from, size_t length) { next(from, from + length); };
    switch (action.kind) {
      case Kind::kGpt2:
        return scan_gpt2<false>(begin, end, counted);
      case Kind::kLlama3:
        return scan_llama3<3>(begin, end, counted);
      case Kind::kQwen2:
        return scan_llama3<1>(begin, end, counted);
      case Kind::kTekken:
        return scan_cased<1, false>(begin, end, counted);
      case Kind::kGpt4o:
        return scan_cased<3, true>(begin, end, counted);
      case Kind::kDeepSeekV3:
        return scan_deepseek_v3(begin, end, counted);
      case Kind::kPrefixSpace: {
        if (*begin == ' ') return next(begin, end);
        auto& text = buffers.levels[at].text;
        text.assign(1, ' ');
        text.insert(text.end(), begin, end);
        return run(at + 1, text.data(), text.data() + text.size(), first, buffers, word);
      }
      case Kind::kMetaspace: {
        metaspace(action, begin, end, first, buffers.levels[at]);
        const uint8_t* const from = buffers.levels[at].text.data();
        const uint8_t* const to = from + buffers.levels[at].text.size();
        if (!action.split) return run(at + 1, from, to, first, buffers, word);
        // Every letter starts a word.
        const uint8_t* word_start = from;
        for (const uint8_t* p = from; p < to;) {
          const size_t length = utf8::decode(p).length;
          const bool is_letter = length == action.letter.size() && std::memcmp(p, action.letter.data(), length) == 0;
          if (is_letter && p > word_start) {
            run(at + 1, word_start, p, first && word_start == from, buffers, word);
            word_start = p;
          }
          p += length;
        }
        return run(at + 1, word_start, to, first && word_start == from, buffers, word);
      }
      case Kind::kSplit: {
        if (action.behavior == Behavior::kIsolated) {
          return action.regex[0].split(begin, end, [&](const uint8_t* from, const uint8_t* to, bool) { next(from, to); });
        }
        auto& parts = buffers.levels[at].parts;
        parts.clear();
        action.regex[0].split(begin, end, [&](const uint8_t* from, const uint8_t* to, bool is_match) {
          parts.push_back({from, to, is_match != action.invert});
        });
        merge(action.behavior, parts);
        for (size_t i = 0; i < parts.size(); ++i) next(parts[i].begin, parts[i].end);
      }
    }
  }

  std::vector<Action> steps_;
  std::vector<Cut> cuts_;  // [left, right]
  uint32_t spaces_ = ' ';
};

}  // namespace cole
