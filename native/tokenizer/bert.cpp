#include "tokenizer/bert.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace cole {

BertScanner::BertScanner(const std::vector<std::string>& normalizer, size_t max_chars) : max_chars_(max_chars) {
  const char* const names[] = {"bert-clean", "bert-chinese", "bert-strip-accents", "lowercase"};
  bool* const flags[] = {&clean_, &chinese_, &strip_accents_, &lowercase_};
  size_t step = 0;
  for (const std::string& name : normalizer) {
    while (step < 4 && name != names[step]) ++step;
    if (step == 4) throw Error("ERR_VOCAB", "expected the steps of a BERT normalizer in their order, got " + name);
    *flags[step] = true;
  }
  std::fill(std::begin(actions_), std::end(actions_), kWide);
  for (int c = 0; c < 128; ++c) {
    const uint16_t bits = unicode::properties(static_cast<uint32_t>(c));
    if (clean_ && (bits & unicode::kBertControl)) {
      actions_[c] = kDrop;
    } else if (bits & unicode::kSpace) {
      actions_[c] = kBreak;
    } else if (bits & unicode::kBertPunctuation) {
      actions_[c] = kPunctuation;
    } else if (c < ' ' || c == 127) {
      actions_[c] = kLongWay;
    } else {
      actions_[c] = static_cast<uint8_t>(lowercase_ && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
}

}  // namespace cole
