// The tokenizer under sanitizers: random vocabularies, random text, and bytes that are no text. Equality with Hugging
// Face's ids is the business of the TypeScript tests; here two ways through the code must agree, and nothing may trap.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "test/check.h"
#include "test/tiny_tokenizers.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

using namespace test;

std::string random_text(Random& random, size_t pieces) {
  std::string text;
  for (size_t i = 0; i < pieces; ++i) {
    const uint32_t kind = random.below(100);
    if (kind < 50) {
      text.append(1 + below(random, 6), static_cast<char>('a' + below(random, 5)));
    } else if (kind < 60) {
      text += " \n\t'sx<.0"[below(random, 9)];
    } else if (kind < 65) {
      text += "<end> x ";
    } else if (kind < 67) {
      text.append(below(random, 200), "a -e"[below(random, 4)]);
    } else {
      uint32_t code = static_cast<uint32_t>(below(random, random.below(2) ? 0x500 : 0x110000));
      if (code >= 0xD800 && code < 0xE000) code = 0x301;
      uint8_t bytes[4];
      text.append(reinterpret_cast<const char*>(bytes), utf8::encode(code, bytes));
    }
  }
  return text;
}

// Valid UTF-8 by its definition: what the code points of its bytes are written as.
bool is_text(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || text.size() - at < length) return false;
    uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<uint8_t>(text[at + i]);
      if (byte >> 6 != 2) return false;
      code = code << 6 | (byte & 63u);
    }
    uint8_t again[4];
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || utf8::encode(code, again) != length) return false;
    at += length;
  }
  return true;
}

struct Batch {
  std::vector<int32_t> ids, ends;
};

// The bytes lie in a block of exactly their size, so that a read behind them is seen.
Batch encode(Tokenizer& tokenizer, const std::vector<std::string>& texts, int threads) {
  std::vector<int32_t> offsets{0};
  std::string all;
  for (const auto& text : texts) offsets.push_back(static_cast<int32_t>((all += text).size()));
  const std::vector<uint8_t> bytes(all.begin(), all.end());
  Batch out;
  out.ends.resize(texts.size());
  out.ids.resize(tokenizer.encode(bytes, offsets, true, threads, out.ends.data()));
  tokenizer.copy_ids(out.ids.data());
  return out;
}

void check_batches(TokenizerSpec spec, uint32_t seed) {
  Tokenizer tokenizer(std::move(spec));
  Random random(seed, 2);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(random_text(random, below(random, 60)));
  texts.push_back(std::string(5000, 'a'));
  texts.push_back(random_text(random, 100000));
  // Long enough to be cut for several threads, with and without places to cut at.
  texts.push_back(random_text(random, 300000));
  texts.push_back(std::string(700000, 'b'));
  const Batch one = encode(tokenizer, texts, 1), three = encode(tokenizer, texts, 3);
  CHECK(one.ids == three.ids);
  CHECK(one.ends == three.ends);
  for (size_t i = 0; i < 40; ++i) {
    const Batch alone = encode(tokenizer, {texts[i]}, 1);
    const int32_t begin = i == 0 ? 0 : one.ends[i - 1];
    CHECK(std::equal(alone.ids.begin(), alone.ids.end(), one.ids.begin() + begin, one.ids.begin() + one.ends[i]));
  }
}

}  // namespace

COLE_TEST_ONCE(tokenizer_batches_do_not_depend_on_threads_or_neighbours) {
  uint32_t seed = 1;
  for (const char* name : {"gpt2", "digits-alone, gpt2", "llama3", "qwen2"}) {
    check_batches(random_bpe(seed, 300, name, seed % 2 == 0), seed);
    ++seed;
  }
  for (const char* name : {"tekken", "gpt-4o", "deepseek-v3", "digits-alone, llama3"}) {
    check_batches(random_bpe(seed, 300, name, seed % 2 == 0), seed);
    ++seed;
  }
  check_batches(tiny_wordpiece(), 7);
  for (const bool fuse : {false, true}) {
    for (const bool bytes : {false, true}) {
      check_batches(tiny_char_bpe(fuse, bytes), 20);
      for (const char* split : {"0", "1"}) {
        TokenizerSpec spec = tiny_char_bpe(fuse, bytes);
        spec.normalizer.clear();
        spec.pre_tokenizer = {{{"metaspace", "\u2581", "first", split}}};
        check_batches(spec, 23);
      }
    }
  }
  for (const TokenizerSpec& spec : with_patterns()) check_batches(spec, 21);
  for (const TokenizerSpec& spec : with_normalizers()) check_batches(spec, 22);
}

COLE_TEST_ONCE(texts_of_settled_characters_are_their_own_nfc) {
  std::vector<uint32_t> settled;
  for (uint32_t code = 0; code < 0x110000; ++code) {
    if (code < 0x300 || ((code < 0xD800 || code >= 0xE000) && unicode::is_settled(code))) settled.push_back(code);
  }
  CHECK(settled.size() > 1000000);
  const auto is_nfc = [](const std::vector<uint32_t>& text) {
    std::vector<uint32_t> out;
    for (const uint32_t code : text) unicode::append_decomposed(out, code);
    unicode::order_marks(out);
    unicode::compose_all(out);
    return out == text;
  };
  Random random(4, 4);
  // Every one behind another, and those that compose with anything behind all that they compose with.
  for (const uint32_t code : settled) CHECK(is_nfc({settled[below(random, settled.size())], code, code}));
  for (uint32_t first = 0x41; first < 0x11F00; ++first) {
    for (const uint32_t second : {0x300u, 0x3099u, 0x9BEu, 0x1161u, 0x11A8u, 0x16D67u, 0x113B8u}) {
      if (unicode::compose(first, second) != 0) CHECK(!unicode::is_settled(second));
    }
  }
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint32_t> text(8);
    for (uint32_t& code : text) code = settled[below(random, random.below(2) ? settled.size() : 8000)];
    CHECK(is_nfc(text));
  }
}

// A last step that does nothing keeps a tokenizer from leaving spaces where they are.
COLE_TEST_ONCE(spaces_that_stay_give_the_ids_of_spaces_replaced) {
  Random random(8, 8);
  for (const bool fuse : {false, true}) {
    for (const bool bytes : {false, true}) {
      TokenizerSpec replacing = tiny_char_bpe(fuse, bytes);
      replacing.normalizer.push_back({{"replace", "\u0001\u0001\u0001", "?"}});
      Tokenizer kept(tiny_char_bpe(fuse, bytes)), replaced(replacing);
      std::vector<std::string> texts{"", " ", "\u2581", " \u2581 a", "\u2581\u2581ab"};
      for (int i = 0; i < 500; ++i) {
        texts.push_back(random_text(random, below(random, 20)));
        if (random.below(2)) texts.back() += "\u2581ab \u2581";
        texts.back() += random_text(random, below(random, 20));
      }
      const Batch a = encode(kept, texts, 1), b = encode(replaced, texts, 1);
      CHECK(a.ids == b.ids);
      CHECK(a.ends == b.ends);
    }
  }
}

COLE_TEST_ONCE(tokenizer_refuses_bytes_that_are_no_text) {
  Tokenizer bpe(random_bpe(9, 100, "gpt2", false)), wordpiece(tiny_wordpiece());
  Random random(3, 3);
  for (int i = 0; i < 3000; ++i) {
    std::string text = random_text(random, 1 + below(random, random.below(4) == 0 ? 200 : 8));
    text[below(random, text.size())] = static_cast<char>(below(random, 256));
    text.resize(text.size() - below(random, std::min<size_t>(text.size(), 3)));
    const bool valid = is_text(text);
    for (Tokenizer* tokenizer : {&bpe, &wordpiece}) {
      bool refused = false;
      try {
        encode(*tokenizer, {"a", text}, 1);
      } catch (const Error& error) {
        refused = std::strcmp(error.code(), "ERR_INPUT") == 0;
      }
      CHECK(refused == !valid);
    }
  }
}

}  // namespace cole
