// One long text on several threads. Special tokens and the normalizer go over it once from start to end; what is left are
// pieces for the pre-tokenizer and the model, cut further where a word is sure to start. So the ids are those of one thread.
#include "tokenizer/pretokenize.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace cole {

// Where the piece that ends at `end` can be cut, at `at` or behind it; `end` for nowhere. `at` is not where the piece begins.
const uint8_t* Tokenizer::next_cut(const uint8_t* at, const uint8_t* end) const {
  while (at < end && (*at & 0xC0) == 0x80) ++at;
  if (char_bpe_ && spec_.pre_tokenizer.empty()) return char_bpe_->next_cut(at, end);
  if (at == end) return end;
  uint32_t left = utf8::decode(utf8::previous(at)).code;
  while (at < end) {
    const auto [right, length] = utf8::decode(at);
    if (pre_tokenizer_ == PreTokenizer::kSteps ? splits(left, right) : ends_word(left, right)) return at;
    left = right;
    at += length;
  }
  return end;
}

// Whether a piece for the splitter that is cut between two characters gives the same ids.
bool Tokenizer::splits(uint32_t left, uint32_t right) const {
  if (left >= 128 || right >= 128) return false;
  const Splitter::Cut cut = splitter_->cut(static_cast<uint8_t>(left), static_cast<uint8_t>(right));
  if (cut != Splitter::Cut::kWithinWord) return cut == Splitter::Cut::kBetweenWords;
  const auto seen = [&](uint32_t code) { return code == ' ' ? splitter_->spaces() : code; };
  return char_bpe_ && char_bpe_->apart(seen(left), seen(right));
}

void Tokenizer::add_piece(const uint8_t* begin, const uint8_t* end, bool first) {
  while (static_cast<size_t>(end - begin) > 2 * chunk_bytes_) {
    const uint8_t* const cut = next_cut(begin + chunk_bytes_, end);
    items_.push_back({begin, cut, first, 0});
    first = false;
    begin = cut;
  }
  if (begin < end) items_.push_back({begin, end, first, 0});
}

void Tokenizer::add_long_text(size_t text, const uint8_t* begin, const uint8_t* end, bool special) {
  const size_t start = items_.size();
  const auto token = [&](int32_t id) { items_.push_back({nullptr, nullptr, false, id}); };
  if (special) {
    for (const int32_t id : spec_.prefix) token(id);
  }
  NormalizerBuffers buffers;
  raw_added_.split(
      begin, end,
      [&](const uint8_t* from, const uint8_t* to) {
        const bool first = from == begin;
        if (!normalizer_.empty() && normalizer_.apply(from, to, buffers)) {
          const auto& changed = normalized_texts_.emplace_back(std::move(buffers.text));
          from = changed.data();
          to = from + changed.size();
          buffers.text.clear();
        }
        normalized_added_.split(
            from, to, [&](const uint8_t* a, const uint8_t* b) { add_piece(a, b, first && a == from); }, token);
      },
      token);
  if (special) {
    for (const int32_t id : spec_.suffix) token(id);
  }
  size_t i = start;
  do {
    Chunk chunk{text, text + 1};
    chunk.is_part = true;
    chunk.first_item = i;
    for (size_t size = 0; i < items_.size() && size < chunk_bytes_; ++i) {
      size += items_[i].begin ? static_cast<size_t>(items_[i].end - items_[i].begin) : 1;
    }
    chunk.last_item = i;
    chunks_.push_back(chunk);
  } while (i < items_.size());
}

void Tokenizer::encode_items(Chunk& chunk) const {
  Scratch& scratch = *chunk.scratch;
  chunk.begin = scratch.ids.size();
  for (size_t i = chunk.first_item; i < chunk.last_item; ++i) {
    const Item& item = items_[i];
    if (item.begin) {
      encode_piece(item.begin, item.end, item.first, scratch);
    } else {
      scratch.ids.push(item.id);
    }
  }
  chunk.count = scratch.ids.size() - chunk.begin;
}

}  // namespace cole
