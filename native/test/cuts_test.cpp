// Where long texts are cut for several threads: at every place that is said to be safe, the parts give the words of the whole.
#include <string>

#include "test/check.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/regex.h"
#include "tokenizer/splitter.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

using Words = std::vector<std::string>;

std::string random_source(Random& random) {
  static const char* const kPieces[] = {
      "a", "Bc", "x1", "12345", "7", " ", "  ", "     ", "\n", "\r\n", "\t", "'s", "'", "''", ".", "==", "):", "_", "-\n", "//", "\x0b", "\x01",
      "\u00e9", "\u0301", "\u65e5", "\u3002", "\u2581", "b", "don't", "\u00b2", "\u4e00\uff0c", "ab ", "\u0130", "\u200b"};
  std::string text;
  for (uint32_t i = random.below(14); i-- > 0;) text += kPieces[random.below(std::size(kPieces))];
  return text;
}

Words words_of(const Splitter& splitter, const std::string& text, bool first) {
  SplitterBuffers buffers;
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  Words out;
  splitter.scan(bytes.data(), bytes.data() + bytes.size(), first, buffers, [&](const uint8_t* from, const uint8_t* to) {
    out.emplace_back(reinterpret_cast<const char*>(from), static_cast<size_t>(to - from));
  });
  return out;
}

// How many cuts of each kind were seen.
struct Seen {
  int between_words = 0, within_word = 0;
};

Seen check_cuts(const std::vector<Step>& steps, uint32_t seed) {
  const Splitter splitter(steps);
  // Only scanners say anything of other characters than ASCII.
  const bool scanner = steps.size() == 1 && steps[0].words.size() == 1;
  Random random(seed, 9);
  Seen seen;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_source(random);
    const auto* const begin = reinterpret_cast<const uint8_t*>(text.data());
    const Words whole = words_of(splitter, text, true);
    for (size_t at = 1; at < text.size(); ++at) {
      if ((begin[at] & 0xC0) == 0x80) continue;
      const uint32_t left = utf8::decode(utf8::previous(begin + at)).code, right = utf8::decode(begin + at).code;
      auto cut = Splitter::Cut::kNo;
      if (left < 128 && right < 128) cut = splitter.cut(static_cast<uint8_t>(left), static_cast<uint8_t>(right));
      if (scanner && ends_word(left, right)) cut = Splitter::Cut::kBetweenWords;
      if (cut == Splitter::Cut::kNo) continue;
      Words parts = words_of(splitter, text.substr(0, at), true);
      const size_t before = parts.size();
      for (auto& word : words_of(splitter, text.substr(at), false)) parts.push_back(std::move(word));
      if (cut == Splitter::Cut::kBetweenWords) {
        ++seen.between_words;
        CHECK(parts == whole);
        continue;
      }
      ++seen.within_word;
      if (parts != whole) {
        CHECK(before > 0 && before < parts.size());
        parts[before - 1] += parts[before];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(before));
        CHECK(parts == whole);
      }
    }
  }
  return seen;
}

}  // namespace

COLE_TEST_ONCE(cuts_between_words_keep_the_words) {
  const auto split = [](const char* pattern, const char* behavior, const char* invert = "0") {
    return Step{{"split", pattern, behavior, invert}};
  };
  const std::vector<std::vector<Step>> all = {
      {{{"gpt2"}}},
      {{{"llama3"}}},
      {{{"qwen2"}}},
      {{{"tekken"}}},
      {{{"gpt-4o"}}},
      {{{"deepseek-v3"}}},
      {{{"digits-alone"}}, {{"gpt2"}}},
      {{{"digits-alone"}}, {{"llama3"}}},
      {{{"prefix-space"}}, {{"gpt2"}}},
      {split("\\s+", "removed"), split("\\p{BertPunctuation}", "isolated")},
      {split("[^a-z]+", "removed", "1")},
      {split("'s|'t|'re| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", "isolated")},
      {split("(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
             "isolated")},
      {split("[\\r\\n]", "isolated"), split("\\s?\\p{L}+", "isolated"), split("\\s?\\p{P}+", "isolated")},
      {split("b|\\s*[\\r\\n]+", "merged-with-previous"), split("\\p{N}", "merged-with-next"), {{"prefix-space"}}, {{"gpt2"}}},
      {split("[a-c]+", "contiguous"), split(" ", "isolated")},
      {{{"metaspace", "\u2581", "first", "1"}}},
      {{{"metaspace", "_", "always", "1"}}, split("a", "isolated")},
      {split(" ?x", "isolated"), {{"metaspace", "\u2581", "always", "1"}}},
  };
  uint32_t seed = 1;
  for (const auto& steps : all) CHECK(check_cuts(steps, seed++).between_words > 500);
}

COLE_TEST_ONCE(cuts_within_a_word_keep_the_others) {
  CHECK(check_cuts({{{"metaspace", "\u2581", "first", "0"}}}, 1).within_word > 500);
  CHECK(check_cuts({{{"split", "a+", "contiguous", "0"}}, {{"metaspace", "_", "always", "0"}}}, 2).within_word > 500);
  // Here a match may hold a space and what follows it, or look at it.
  const auto looks = check_cuts({{{"split", "\\s+(?!\\S)|(?=b)[^\\n]", "merged-with-next", "0"}}}, 3);
  CHECK(looks.between_words == 0 && looks.within_word > 500);
}

COLE_TEST_ONCE(patterns_say_where_a_match_is_sure_to_start) {
  const auto starts = [](const char* pattern, char c) { return Regex(pattern).always_starts(static_cast<uint8_t>(c)); };
  CHECK(starts("a+", 'a') && !starts("a+", 'b') && !starts("a{2}", 'a') && !starts("a*", 'a'));
  CHECK(starts(" ?\\p{L}+", 'x') && !starts(" ?\\p{L}+", ' ') && !starts("x?+x", 'x'));
  CHECK(starts("\\s+(?!\\S)|\\s+", ' ') && !starts("\\s+(?!\\S)", ' ') && starts("(?!b)[a-c]", 'a') && !starts("(?!b)[a-c]", 'b'));
  const auto apart = [](const char* pattern, char left, char right) {
    return Regex(pattern).apart(static_cast<uint8_t>(left), static_cast<uint8_t>(right));
  };
  CHECK(apart("ab?c", 'b', 'a') && !apart("ab?c", 'a', 'c') && !apart("ab?c", 'b', 'c') && !apart("a+", 'a', 'a'));
  CHECK(!apart("a(?!b)", 'a', 'b') && apart("a(?!b)", 'a', 'c') && apart("(?=b)b", 'a', 'b'));
}

}  // namespace cole
