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
    steps_.push_back(std::move(action));
  }
  cuts_.resize(size_t{1} << 14);
  for (size_t pair = 0; pair < cuts_.size(); ++pair) cuts_[pair] = find_cut(static_cast<uint8_t>(pair >> 7), pair & 127);
  if (!steps_.empty() && steps_.back().kind == Kind::kMetaspace) {
    spaces_ = utf8::decode(reinterpret_cast<const uint8_t*>(steps_.back().letter.data())).code;
  }
}

// Every step must give the same to both sides of the cut as without it; behind one that parts them anyway, none can tell.
Splitter::Cut Splitter::find_cut(uint8_t left, uint8_t right) const {
  for (const Action& action : steps_) {
    switch (action.kind) {
      case Kind::kSplit:
        if (!action.regex[0].apart(left, right)) return Cut::kNo;
        // The other behaviours may put a match to what lies before it.
        if (action.behavior != Behavior::kIsolated && action.behavior != Behavior::kRemoved) break;
        if (action.regex[0].always_starts(right)) return Cut::kBetweenWords;
        break;
      case Kind::kPrefixSpace:
        if (right != ' ') return Cut::kNo;
        break;
      case Kind::kMetaspace:
        if (right != ' ') return Cut::kNo;
        if (action.split) return Cut::kBetweenWords;
        // Later steps see another character than the space.
        return &action == &steps_.back() ? Cut::kWithinWord : Cut::kNo;
      default:
        return ends_word(left, right) ? Cut::kBetweenWords : Cut::kNo;
    }
  }
  return Cut::kWithinWord;
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
