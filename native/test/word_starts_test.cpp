// Words found on bit masks (word_starts.h) against the same patterns in the general matcher, which shares nothing with them.
#include <string>

#include "test/check.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/pretokenize_cased.h"
#include "tokenizer/pretokenize_deepseek.h"
#include "tokenizer/splitter.h"

namespace cole {
namespace {

using Words = std::vector<std::string>;

// Much that patterns tell apart, some characters that end a block, and words that are longer than one.
std::string random_source(Random& random, size_t pieces) {
  static const char* const kPieces[] = {"self", "Conv",  "x",    "HTTPServer", "aB",   "12",       "3",    "4567", " ",  " ",  "  ", "        ",
                                        "\n",   "\n\n",  "\r\n", "\n    ",     "\t",   " \n",      "'s",   "'LL",  "'",  "''", "'t", "don't've",
                                        "(",    ")",     "_",    "==",         "//",   "\n//",     "):\n", ",",    "\"", "#",  ".",  "\x01",
                                        "\x7f", "\u00e9", "\u00a0", "\u65e5\u672c", "'\u017f", "\u0301", "\u00b2", "0"};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) {
    const uint32_t kind = random.below(40);
    if (kind == 0) {
      text.append(random.below(90), "a 7\n=A"[random.below(6)]);
    } else {
      text += kPieces[random.below(kind < 35 ? 36 : 44)];
    }
  }
  return text;
}

template <class Scan>
Words words_of(const std::string& text, const Scan& scan) {
  // A block of exactly its size, so that a read behind it is seen.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  Words out;
  scan(bytes.data(), bytes.data() + bytes.size(), [&](const uint8_t* from, size_t length) {
    out.emplace_back(reinterpret_cast<const char*>(from), length);
  });
  return out;
}

template <class Scan>
void compare(const std::vector<Step>& steps, uint32_t seed, const Scan& scan) {
  const Splitter splitter(steps);
  SplitterBuffers buffers;
  Random random(seed, 5);
  for (int i = 0; i < 4000; ++i) {
    const std::string text = random_source(random, random.below(60));
    const Words expected = words_of(text, [&](const uint8_t* from, const uint8_t* to, const auto& word) {
      splitter.scan(from, to, true, buffers, [&](const uint8_t* a, const uint8_t* b) { word(a, static_cast<size_t>(b - a)); });
    });
    CHECK(words_of(text, scan) == expected);
  }
}

Step isolated(const char* pattern) { return {{"split", pattern, "isolated", "0"}}; }

constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string kAfterLetters = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string kAfterCased = R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string kUpper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])", kLower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
const std::string kAnyCase = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

std::string llama(const char* digits) {
  return kAnyCase + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,)" + digits + "}" + kAfterLetters;
}
std::string by_case(const std::string& suffix, const char* digits) {
  const std::string before = R"([^\r\n\p{L}\p{N}]?)";
  return before + kUpper + "*" + kLower + "+" + suffix + "|" + before + kUpper + "+" + kLower + "*" + suffix + R"(|\p{N}{1,)" +
         digits + "}" + kAfterCased;
}

}  // namespace

COLE_TEST_ONCE(words_on_bit_masks_are_those_of_the_patterns) {
  const auto gpt2 = [](auto p, auto end, auto&& word) { scan_gpt2<false>(p, end, word); };
  const auto digits_gpt2 = [](auto p, auto end, auto&& word) { scan_gpt2<true>(p, end, word); };
  const auto llama3 = [](auto p, auto end, auto&& word) { scan_llama3<3>(p, end, word); };
  const auto qwen2 = [](auto p, auto end, auto&& word) { scan_llama3<1>(p, end, word); };
  const auto tekken = [](auto p, auto end, auto&& word) { scan_cased<1, false>(p, end, word); };
  const auto gpt4o = [](auto p, auto end, auto&& word) { scan_cased<3, true>(p, end, word); };
  const auto deepseek = [](auto p, auto end, auto&& word) { scan_deepseek_v3(p, end, word); };
  compare({isolated(kGpt2)}, 1, gpt2);
  compare({{{"digits-alone"}}, isolated(kGpt2)}, 2, digits_gpt2);
  compare({isolated(llama("3").c_str())}, 3, llama3);
  compare({isolated(llama("1").c_str())}, 4, qwen2);
  compare({isolated(by_case("", "1").c_str())}, 5, tekken);
  compare({isolated(by_case(kAnyCase + "?", "3").c_str())}, 6, gpt4o);
  compare({isolated(R"(\p{N}{1,3})"), isolated(R"([一-龥぀-ゟ゠-ヿ]+)"),
           isolated(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)")},
          7, deepseek);
}

}  // namespace cole
