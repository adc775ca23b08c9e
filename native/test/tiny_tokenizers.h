// Small tokenizers of every kind, for the native tests and the fuzzer.
#pragma once
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/random.h"
#include "tokenizer/tokenizer.h"

namespace cole::test {

inline size_t below(Random& random, size_t n) { return random.below(static_cast<uint32_t>(n)); }

inline void add(ByteStrings& to, const std::string& text) {
  to.bytes.insert(to.bytes.end(), text.begin(), text.end());
  to.offsets.push_back(static_cast<int32_t>(to.bytes.size()));
}

inline AddedTokens some_added(int32_t first_id) {
  AddedTokens added{{{}, {0}}, {}, {}};
  for (const char* content : {"<end>", "<e", " x "}) {
    add(added.content, content);
    added.ids.push_back(first_id++);
  }
  added.flags = {kStripLeft | kStripRight, kNormalized, kSingleWord};
  return added;
}

// All bytes and `count` random merges of what there is so far.
inline TokenizerSpec random_bpe(uint32_t seed, int count, const char* pre_tokenizer, bool nfc) {
  Random random(seed, 1);
  TokenizerSpec spec;
  spec.model = "bpe";
  for (const char* name = pre_tokenizer; *name;) {
    const std::string all = name;
    const std::string one = all.substr(0, all.find(", "));
    spec.pre_tokenizer.push_back({{one}});
    name += one.size() == all.size() ? one.size() : one.size() + 2;
  }
  if (nfc) spec.normalizer = {{{"nfc"}}};
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  while (count > 0) {
    // Mostly letters, so that merges meet in the text.
    const auto pick = [&] { return random.below(2) ? 'a' + below(random, 5) : below(random, tokens.size()); };
    const size_t left = pick(), right = pick();
    const std::string joined = tokens[left] + tokens[right];
    if (joined.size() > 80 || std::find(tokens.begin(), tokens.end(), joined) != tokens.end()) continue;
    const auto id = static_cast<int32_t>(tokens.size());
    spec.merges.insert(spec.merges.end(), {static_cast<int32_t>(left), static_cast<int32_t>(right), id});
    tokens.push_back(joined);
    --count;
  }
  spec.tokens.offsets = {0};
  for (const auto& token : tokens) add(spec.tokens, token);
  spec.added = some_added(static_cast<int32_t>(tokens.size()));
  spec.suffix = {0};
  return spec;
}

inline TokenizerSpec tiny_wordpiece() {
  TokenizerSpec spec;
  spec.model = "wordpiece";
  spec.pre_tokenizer = {{{"bert"}}};
  spec.normalizer = {{{"bert-clean"}}, {{"bert-chinese"}}, {{"bert-strip-accents"}}, {{"lowercase"}}};
  spec.continuing_prefix = "##";
  spec.unknown = 0;
  spec.max_word_chars = 30;
  spec.tokens.offsets = {0};
  for (const char* token : {"?", "a", "##a", "ab", "##b", "##abab", "##", "c", "a very long token of many bytes", "."})
    add(spec.tokens, token);
  spec.added = some_added(10);
  spec.added.flags[1] = 0;
  spec.prefix = {1};
  return spec;
}

// SentencePiece's way: a space is a letter, characters without a token become bytes or are unknown.
inline TokenizerSpec tiny_char_bpe(bool fuse_unknown, bool bytes) {
  TokenizerSpec spec;
  spec.model = "char-bpe";
  spec.normalizer = {{{"prepend", "\u2581"}}, {{"replace", " ", "\u2581"}}};
  spec.unknown = 0;
  spec.fuse_unknown = fuse_unknown;
  std::vector<std::string> tokens{"?"};
  if (bytes) {
    for (int byte = 0; byte < 256; ++byte) {
      spec.byte_ids.push_back(static_cast<int32_t>(tokens.size()));
      tokens.push_back("<byte>");
    }
  }
  const auto first = static_cast<int32_t>(tokens.size());
  for (const char* token : {"a", "b", "c", "\u2581", "e", "-", "ab", "aa", "aab", "\u2581a", "\u2581\u2581", "\u2581ab", "abc"})
    tokens.emplace_back(token);
  for (const auto& [left, right, result] : {std::array{0, 1, 6}, {0, 0, 7}, {0, 6, 8}, {3, 0, 9}, {3, 3, 10}, {3, 6, 11}, {6, 2, 12}})
    spec.merges.insert(spec.merges.end(), {first + left, first + right, first + result});
  spec.tokens.offsets = {0};
  for (const auto& token : tokens) add(spec.tokens, token);
  spec.added = some_added(static_cast<int32_t>(tokens.size()));
  spec.prefix = {0};
  return spec;
}

inline std::vector<TokenizerSpec> with_patterns() {
  std::vector<TokenizerSpec> out;
  const std::vector<std::vector<Step>> all = {
      {{{"split", "[\\r\\n]", "isolated", "0"}}, {{"split", "\\s?\\p{L}+", "isolated", "0"}}, {{"digits-alone"}}},
      {{{"split", "(?i:'s|'t)|[^\\r\\n\\p{L}]?\\p{Lu}*\\p{Ll}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s++", "contiguous", "0"}}},
      {{{"split", "[a-c]+", "removed", "1"}}, {{"split", " ", "merged-with-next", "0"}}},
      {{{"split", "b|\\s*[\\r\\n]+", "merged-with-previous", "0"}}, {{"prefix-space"}}, {{"gpt2"}}},
      {{{"metaspace", "\u2581", "first", "1"}}},
      {{{"metaspace", "_", "always", "0"}}},
  };
  for (const auto& steps : all) {
    out.push_back(random_bpe(31, 200, "", false));
    out.back().pre_tokenizer = steps;
  }
  return out;
}

inline std::vector<TokenizerSpec> with_normalizers() {
  std::vector<TokenizerSpec> out;
  const std::vector<std::vector<Step>> all = {
      {{{"nfd"}}, {{"strip-accents"}}, {{"lowercase"}}},
      {{{"nfkc"}}, {{"strip", "1", "1"}}},
      {{{"nfkd"}}, {{"replace", "ab", "b"}}},
      {{{"replace-regex", "\\s{2,}|a+", ""}}},
      {{{"bert-clean"}}, {{"bert-chinese"}}, {{"bert-strip-accents"}}},
  };
  for (const auto& steps : all) {
    out.push_back(random_bpe(32, 200, "gpt2", false));
    out.back().normalizer = steps;
  }
  return out;
}

}  // namespace cole::test
