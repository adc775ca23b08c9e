#include "tokenizer/splitter.h"

#include <algorithm>

#include "base/error.h"

namespace cole {
namespace {

template <class Value, size_t kCount>
Value named(const std::pair<const char*, Value> (&names)[kCount], const std::string& name) {
  for (const auto& [each, value] : names) {
    if (name == each) return value;
  }
  throw Error("ERR_VOCAB", "expected a known way to take a text apart, got " + name);
}

}  // namespace

Splitter::Splitter(const std::vector<Step>& steps) {
  static constexpr std::pair<const char*, Kind> kKinds[] = {{"gpt2", Kind::kGpt2},
                                                            {"llama3", Kind::kLlama3},
                                                            {"qwen2", Kind::kQwen2},
                                                            {"tekken", Kind::kTekken},
                                                            {"gpt-4o", Kind::kGpt4o},
                                                            {"deepseek-v3", Kind::kDeepSeekV3},
                                                            {"digits-alone", Kind::kSplit},
                                                            {"split", Kind::kSplit},
                                                            {"prefix-space", Kind::kPrefixSpace},
                                                            {"metaspace", Kind::kMetaspace}};
  static constexpr std::pair<const char*, Behavior> kBehaviors[] = {{"isolated", Behavior::kIsolated},
                                                                    {"removed", Behavior::kRemoved},
                                                                    {"contiguous", Behavior::kContiguous},
                                                                    {"merged-with-previous", Behavior::kMergedWithPrevious},
                                                                    {"merged-with-next", Behavior::kMergedWithNext}};
  static constexpr std::pair<const char*, Scheme> kSchemes[] = {
      {"always", Scheme::kAlways}, {"never", Scheme::kNever}, {"first", Scheme::kFirst}};
  for (const Step& step : steps) {
    Action action{named(kKinds, step.name()), {}, Behavior::kIsolated, false, false, {}, Scheme::kNever};
    if (step.name() == "digits-alone") {
      action.regex.emplace_back("\\p{Numeric}");
    } else if (action.kind == Kind::kSplit) {
      action.regex.emplace_back(step.argument(1));
      action.behavior = named(kBehaviors, step.argument(2));
      action.invert = step.argument(3) == "1";
    } else if (action.kind == Kind::kMetaspace) {
      action.letter = step.argument(1);
      action.scheme = named(kSchemes, step.argument(2));
      action.split = step.argument(3) == "1";
    }
    const bool is_scanner = action.kind != Kind::kSplit && action.kind != Kind::kPrefixSpace && action.kind != Kind::kMetaspace;
    const bool only_digits = std::all_of(&steps[0], &step, [](const Step& each) { return each.name() == "digits-alone"; });
    if (is_scanner && only_digits) ends_words_at_spaces_ = true;
    steps_.push_back(std::move(action));
  }
}

void Splitter::merge(Behavior behavior, std::vector<Level::Part>& parts) {
  size_t out = 0;
  switch (behavior) {
    case Behavior::kIsolated:
      return;
    case Behavior::kRemoved:
      std::erase_if(parts, [](const Level::Part& part) { return part.is_match; });
      return;
    case Behavior::kContiguous:
      for (const Level::Part& part : parts) {
        if (out > 0 && parts[out - 1].is_match == part.is_match) {
          parts[out - 1].end = part.end;
        } else {
          parts[out++] = part;
        }
      }
      break;
    case Behavior::kMergedWithPrevious: {
      bool previous = false;
      for (const Level::Part part : parts) {
        if (part.is_match && !previous && out > 0) {
          parts[out - 1].end = part.end;
        } else {
          parts[out++] = part;
        }
        previous = part.is_match;
      }
      break;
    }
    case Behavior::kMergedWithNext: {
      for (size_t i = 0; i < parts.size(); ++i) {
        Level::Part part = parts[i];
        if (part.is_match && i + 1 < parts.size() && !parts[i + 1].is_match) part.end = parts[++i].end;
        parts[out++] = part;
      }
      break;
    }
  }
  parts.resize(out);
}

// Spaces become the letter, and the text starts with one if the scheme says so.
void Splitter::metaspace(const Action& action, const uint8_t* begin, const uint8_t* end, bool first, Level& level) {
  auto& text = level.text;
  const std::string& letter = action.letter;
  text.clear();
  const bool starts = *begin == ' ' || (static_cast<size_t>(end - begin) >= letter.size() &&
                                        std::memcmp(begin, letter.data(), letter.size()) == 0);
  const bool wanted = action.scheme == Scheme::kAlways || (action.scheme == Scheme::kFirst && first);
  if (wanted && !starts) text.insert(text.end(), letter.begin(), letter.end());
  for (const uint8_t* p = begin; p < end; ++p) {
    if (*p == ' ') {
      text.insert(text.end(), letter.begin(), letter.end());
    } else {
      text.push_back(*p);
    }
  }
}

}  // namespace cole
