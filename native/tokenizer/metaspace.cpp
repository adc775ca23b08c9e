#include "tokenizer/metaspace.h"

#include <algorithm>
#include <string_view>

namespace cole {
namespace {

constexpr std::string_view kMetaspace = "\xE2\x96\x81";

std::string_view token(const ByteStrings& tokens, size_t id) {
  return {reinterpret_cast<const char*>(tokens.data(id)), tokens.length(id)};
}

// Tokens with U+2581 as a space. Those that have a space already cannot come out, as no text had one left: they become empty.
ByteStrings with_spaces(const ByteStrings& tokens) {
  ByteStrings out{{}, {0}};
  for (size_t id = 0; id < tokens.size(); ++id) {
    std::string_view rest = token(tokens, id);
    if (rest.find(' ') != rest.npos) rest = {};
    while (!rest.empty()) {
      const bool space = rest.starts_with(kMetaspace);
      out.bytes.push_back(space ? ' ' : static_cast<uint8_t>(rest[0]));
      rest.remove_prefix(space ? kMetaspace.size() : 1);
    }
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
  }
  return out;
}

}  // namespace

TokenizerSpec with_spaces_for_metaspace(TokenizerSpec spec) {
  const Step to_metaspace{{"replace", " ", std::string(kMetaspace)}};
  const auto same = [](const Step& a, const Step& b) { return a.words == b.words; };
  auto& normalizer = spec.normalizer;
  if (spec.model != "char-bpe" || normalizer.empty() || !same(normalizer.back(), to_metaspace)) return spec;
  // Without the character among the tokens it would become bytes, and a space would become others.
  bool known = false;
  for (size_t id = 0; id < spec.tokens.size() && !known; ++id) known = token(spec.tokens, id) == kMetaspace;
  if (!known) return spec;
  // What splits at spaces never finds one.
  auto& steps = spec.pre_tokenizer;
  const auto at_spaces = [](const Step& step) {
    return step.words.size() == 4 && step.name() == "split" && step.words[1] == " " && step.words[3] == "0";
  };
  if (!std::all_of(steps.begin(), steps.end(), at_spaces)) return spec;
  steps.clear();

  normalizer.back() = {{"replace", std::string(kMetaspace), " "}};
  if (normalizer.size() >= 2) {
    Step& before = normalizer[normalizer.size() - 2];
    if (same(before, {{"prepend", std::string(kMetaspace)}})) {
      // In this order the prepended space is not looked at again.
      before = normalizer.back();
      normalizer.back() = {{"prepend", " "}};
    }
  }
  spec.tokens = with_spaces(spec.tokens);
  return spec;
}

}  // namespace cole
