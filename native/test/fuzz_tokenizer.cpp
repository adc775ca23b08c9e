// Random bytes as text for small tokenizers of every kind, and as patterns, for libFuzzer: npm run test:sanitize -- fuzz.
// Nothing may trap; bytes that are no text are refused, and the ids of a long text do not depend on threads.
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "test/tiny_tokenizers.h"
#include "tokenizer/regex.h"

namespace {

using namespace cole;

std::vector<std::unique_ptr<Tokenizer>> tokenizers() {
  std::vector<std::unique_ptr<Tokenizer>> out;
  const auto add = [&](TokenizerSpec spec) { out.push_back(std::make_unique<Tokenizer>(std::move(spec))); };
  for (const char* name : {"gpt2", "digits-alone, gpt2", "llama3", "qwen2", "tekken", "gpt-4o", "deepseek-v3"})
    add(test::random_bpe(5, 300, name, false));
  add(test::random_bpe(6, 300, "gpt2", true));
  add(test::tiny_wordpiece());
  for (const bool fuse : {false, true}) {
    for (const bool bytes : {false, true}) add(test::tiny_char_bpe(fuse, bytes));
  }
  for (auto& spec : test::with_patterns()) add(spec);
  for (auto& spec : test::with_normalizers()) add(spec);
  return out;
}

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<int32_t> encode(Tokenizer& tokenizer, const std::vector<uint8_t>& text, int threads) {
  const std::vector<int32_t> offsets{0, static_cast<int32_t>(text.size())};
  int32_t end = 0;
  std::vector<int32_t> ids(tokenizer.encode(text, offsets, true, threads, &end));
  tokenizer.copy_ids(ids.data());
  require(static_cast<size_t>(end) == ids.size());
  for (const int32_t id : ids) require(id >= 0 && static_cast<size_t>(id) < tokenizer.vocabulary_size());
  return ids;
}

void match(const std::vector<uint8_t>& pattern) {
  if (utf8::first_invalid(pattern.data(), pattern.size()) != pattern.size()) return;
  try {
    const Regex regex(std::string(pattern.begin(), pattern.end()));
    const std::string text = "ab  AB\r\n12 \u00e9\u0301\u65e5-'s";
    const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
    size_t covered = 0;
    regex.split(begin, begin + text.size(), [&](const uint8_t* from, const uint8_t* to, bool) { covered += static_cast<size_t>(to - from); });
    require(covered == text.size());
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto all = tokenizers();
  if (size < 2) return 0;
  const size_t which = data[0] % (all.size() + 1);
  const bool is_long = data[1] == 1;
  // A block of exactly its size, so that a read behind it is seen.
  const std::vector<uint8_t> text(data + 2, data + size);
  if (which == all.size()) {
    if (text.size() <= 24) match(text);
    return 0;
  }
  Tokenizer& tokenizer = *all[which];
  const bool valid = utf8::first_invalid(text.data(), text.size()) == text.size();
  try {
    encode(tokenizer, text, 1);
    require(valid);
  } catch (const Error& error) {
    require(!valid && std::strcmp(error.code(), "ERR_INPUT") == 0);
  }
  if (!is_long || !valid || text.size() < 16) return 0;
  std::vector<uint8_t> repeated;
  while (repeated.size() < 600000) repeated.insert(repeated.end(), text.begin(), text.end());
  require(encode(tokenizer, repeated, 1) == encode(tokenizer, repeated, 2));
  return 0;
}
