// A small matcher for the regular expressions that pre-tokenizers are written in: alternatives of characters and classes,
// each repeated or not, groups that are optional at most, and a look at the next character. Backtracks like the engine of
// Hugging Face's tokenizers (Oniguruma), so the first alternative that fits wins. Whatever else a pattern asks for is
// refused when it is compiled.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/utf8.h"

namespace cole {

// A set of characters; the first 128 are a bit map.
class CharClass {
 public:
  void add_range(uint32_t first, uint32_t last) { members_.push_back({first, last, 0, 0, false}); }
  // Characters with any of the bits of unicode::Property, or of the general categories; `without`: those that have none.
  void add_property(uint16_t properties, uint32_t categories, bool without) {
    members_.push_back({1, 0, properties, categories, without});
  }
  void add(const CharClass& other) { members_.insert(members_.end(), other.members_.begin(), other.members_.end()); }
  void negate() { negated_ = !negated_; }
  bool negated() const { return negated_; }
  // Once everything is added.
  void finish();

  bool has(uint32_t code) const {
    return code < 128 ? (ascii_[code >> 6] >> (code & 63)) & 1 : in_members(code) != negated_;
  }
  // Those of the first 128 that are members, as bits.
  const std::array<uint64_t, 2>& ascii() const { return ascii_; }

 private:
  struct Member {
    uint32_t first, last;
    uint16_t properties;
    uint32_t categories;
    bool without;
  };
  bool in_members(uint32_t code) const;

  std::vector<Member> members_;
  bool negated_ = false;
  std::array<uint64_t, 2> ascii_{};
};

class Regex {
 public:
  // Throws ERR_VOCAB naming the part of the pattern that is not supported.
  explicit Regex(const std::string& pattern);

  // End of the match that starts at p, or nullptr. The text is [p, end): nothing behind it is looked at.
  const uint8_t* match(const uint8_t* p, const uint8_t* end) const {
    if (p == end || *p >= 0x80) return run(start_, p, end);
    for (const uint32_t branch : first_[*p]) {
      if (const uint8_t* to = run(branch, p, end)) return to;
    }
    return nullptr;
  }

  // Calls piece(begin, end, is_match) for the matches from left to right and what lies between them; empty matches count
  // for nothing.
  template <class Piece>
  void split(const uint8_t* begin, const uint8_t* end, const Piece& piece) const {
    const uint8_t* gap = begin;
    for (const uint8_t* p = begin; p < end;) {
      const uint8_t* to = match(p, end);
      if (to == nullptr || to == p) {
        p += utf8::decode(p).length;
        continue;
      }
      if (gap < p) piece(gap, p, false);
      piece(p, to, true);
      p = gap = to;
    }
    if (gap < end) piece(gap, end, false);
  }

  // Whether a text cut between two ASCII characters has the matches that the whole has: none holds both, and none that ends
  // behind the left one looks at the right one for it.
  bool apart(uint8_t left, uint8_t right) const { return (joined_[right][left >> 6] >> (left & 63) & 1) == 0; }
  // Whether a match starts at the ASCII character wherever none from before holds it, whatever follows.
  bool always_starts(uint8_t code) const { return starts_[code]; }

 private:
  friend class RegexParser;
  enum class Kind : uint8_t { kRepeat, kEither, kAhead, kAccept };
  struct Node {
    Kind kind = Kind::kAccept;
    bool possessive = false;          // kRepeat: gives nothing back
    bool wanted = true;               // kAhead: whether the next character shall be in the class
    uint32_t klass = 0;               // kRepeat, kAhead
    uint32_t least = 1, most = 1;     // kRepeat
    uint32_t next = 0;                // but for kEither and kAccept
    std::vector<uint32_t> branches;   // kEither: in order of preference
  };

  const uint8_t* run(uint32_t node, const uint8_t* p, const uint8_t* end) const;
  // known: of each node, 0 no, 1 yes, -1 not yet.
  bool may_start(uint32_t node, uint32_t code, std::vector<int8_t>& known) const;
  void find_cuts();

  std::vector<CharClass> classes_;
  std::vector<Node> nodes_;
  uint32_t start_ = 0;
  std::array<std::vector<uint32_t>, 128> first_;  // the alternatives that an ASCII character may start, in their order
  std::array<std::array<uint64_t, 2>, 128> joined_{};  // by right character, the left ones that it is not apart from, as bits
  std::array<bool, 128> starts_{};
};

}  // namespace cole
