#include "tokenizer/wordpiece.h"

#include <cstring>
#include <numeric>

namespace cole {
namespace {

std::vector<int32_t> all_ids(const TokenizerSpec& spec) {
  std::vector<int32_t> ids(spec.tokens.size());
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

}  // namespace

WordPiece::WordPiece(TokenizerSpec& spec)
    : unknown_(spec.unknown),
      max_chars_(static_cast<size_t>(spec.max_word_chars)),
      words_(all_ids(spec), [&](int32_t id) { return Word{spec.tokens.data(id), spec.tokens.length(id)}; }) {
  const std::string& prefix = spec.continuing_prefix;
  if (!prefix.empty()) inside_ = trie_.add_root();
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const uint8_t* token = spec.tokens.data(id);
    const size_t length = spec.tokens.length(id);
    if (length == 0) continue;
    trie_.add(ByteTrie::kRoot, token, length, static_cast<int32_t>(id));
    if (!prefix.empty() && length > prefix.size() && std::memcmp(token, prefix.data(), prefix.size()) == 0) {
      trie_.add(inside_, token + prefix.size(), length - prefix.size(), static_cast<int32_t>(id));
    }
  }
}

size_t WordPiece::encode(const uint8_t* word, size_t length, int32_t* out) const {
  size_t count = 0;
  for (size_t at = 0; at < length;) {
    const auto match = trie_.longest(at == 0 ? ByteTrie::kRoot : inside_, word + at, length - at);
    if (match.value == ByteTrie::kNone) break;
    out[count++] = match.value;
    at += match.length;
    if (at == length) return count;
  }
  out[0] = unknown_;
  return 1;
}

}  // namespace cole
