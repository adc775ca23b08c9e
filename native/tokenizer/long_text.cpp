// One long text on several threads. Special tokens and the normalizer go over it once from start to end; what is left are
// pieces for the pre-tokenizer and the model, cut further where a word is sure to start. So the ids are those of one thread.
#include "tokenizer/pretokenize.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

// Every scanner ends a word between a small ASCII letter and a space or a newline, whatever lies before or behind; it
// looks at nothing behind the end of such a word and remembers nothing after it.
const uint8_t* space_after_letter(const uint8_t* p, const uint8_t* end) {
  for (; p < end; ++p) {
    if ((*p == ' ' || *p == '\n') && p[-1] >= 'a' && p[-1] <= 'z') return p;
  }
  return end;
}

}  // namespace

// Where the piece that ends at `end` can be cut, at `at` or behind it; `end` for nowhere. `at` is not where the piece begins.
const uint8_t* Tokenizer::next_cut(const uint8_t* at, const uint8_t* end) const {
  if (pre_tokenizer_ != PreTokenizer::kSteps || splitter_->ends_words_at_spaces()) return space_after_letter(at, end);
  if (!char_bpe_ || !spec_.pre_tokenizer.empty()) return end;
  while (at < end && (*at & 0xC0) == 0x80) ++at;
  return char_bpe_->next_cut(at, end);
}

void Tokenizer::add_piece(const uint8_t* begin, const uint8_t* end, bool first) {
  while (static_cast<size_t>(end - begin) > 2 * kChunkBytes) {
    const uint8_t* const cut = next_cut(begin + kChunkBytes, end);
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
    for (size_t size = 0; i < items_.size() && size < kChunkBytes; ++i) {
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
