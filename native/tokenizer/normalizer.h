// What is done to a text before it is taken apart: named steps, one after the other, over UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/regex.h"
#include "tokenizer/spec.h"

namespace cole {

// Buffers of one thread.
struct NormalizerBuffers {
  std::vector<uint8_t> text, other;
  std::vector<uint32_t> codes;
};

class Normalizer {
 public:
  // Steps: nfc, nfd, nfkc, nfkd, lowercase, strip-accents, bert-clean, bert-chinese, bert-strip-accents; strip LEFT RIGHT
  // (each "1" or "0"); prepend TEXT; replace FROM TO; replace-regex PATTERN TO. Throws ERR_VOCAB naming another.
  explicit Normalizer(const std::vector<Step>& steps);

  bool empty() const { return steps_.empty(); }

  // Writes the normalized text to buffers.text; false where it plainly is what it was, and nothing is written.
  bool apply(const uint8_t* begin, const uint8_t* end, NormalizerBuffers& buffers) const;

 private:
  enum class Kind {
    kNfc, kNfd, kNfkc, kNfkd, kLowercase, kStripAccents, kBertClean, kBertChinese, kBertStripAccents, kStrip, kPrepend,
    kReplace, kReplaceRegex
  };
  struct Action {
    Kind kind;
    std::string from, to;
    bool left = false, right = false;
    std::vector<Regex> regex;  // one for kReplaceRegex
  };

  static bool leaves(const Action& action, const uint8_t* begin, const uint8_t* end);
  static void run(const Action& action, const uint8_t* begin, const uint8_t* end, NormalizerBuffers& buffers);

  std::vector<Action> steps_;
};

}  // namespace cole
