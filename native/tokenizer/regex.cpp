#include "tokenizer/regex.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "tokenizer/unicode.h"

namespace cole {

bool CharClass::in_members(uint32_t code) const {
  for (const Member& m : members_) {
    if (m.first <= m.last) {
      if (code >= m.first && code <= m.last) return true;
    } else {
      const bool has = (m.properties != 0 && (unicode::properties(code) & m.properties) != 0) ||
                       (m.categories != 0 && (m.categories >> unicode::category(code) & 1) != 0);
      if (has != m.without) return true;
    }
  }
  return false;
}

void CharClass::finish() {
  ascii_ = {};
  for (uint32_t code = 0; code < 128; ++code) {
    if (in_members(code) != negated_) ascii_[code >> 6] |= uint64_t{1} << (code & 63);
  }
}

const uint8_t* Regex::run(uint32_t at, const uint8_t* p, const uint8_t* end) const {
  for (;;) {
    const Node& node = nodes_[at];
    switch (node.kind) {
      case Kind::kAccept:
        return p;
      case Kind::kAhead: {
        const bool has = p < end && classes_[node.klass].has(utf8::decode(p).code);
        if (has != node.wanted) return nullptr;
        break;
      }
      case Kind::kEither:
        for (const uint32_t branch : node.branches) {
          if (const uint8_t* to = run(branch, p, end)) return to;
        }
        return nullptr;
      case Kind::kRepeat: {
        const CharClass& wanted = classes_[node.klass];
        uint32_t count = 0;
        while (count < node.most && p < end) {
          const auto [code, length] = utf8::decode(p);
          if (!wanted.has(code)) break;
          p += length;
          ++count;
        }
        if (count < node.least) return nullptr;
        if (count == node.least || node.possessive || nodes_[node.next].kind == Kind::kAccept) break;
        for (;; p = utf8::previous(p), --count) {
          if (const uint8_t* to = run(node.next, p, end)) return to;
          if (count == node.least) return nullptr;
        }
      }
    }
    at = node.next;
  }
}

// Whether what starts at the node can match a text that starts with the character; an empty match counts.
bool Regex::may_start(uint32_t at, uint32_t code, std::vector<int8_t>& known) const {
  if (known[at] >= 0) return known[at] != 0;
  const Node& node = nodes_[at];
  bool may = true;
  switch (node.kind) {
    case Kind::kAccept:
      break;
    case Kind::kAhead:
      may = classes_[node.klass].has(code) == node.wanted && may_start(node.next, code, known);
      break;
    case Kind::kEither:
      may = std::any_of(node.branches.begin(), node.branches.end(),
                        [&](uint32_t branch) { return may_start(branch, code, known); });
      break;
    case Kind::kRepeat:
      may = (node.most > 0 && classes_[node.klass].has(code)) || (node.least == 0 && may_start(node.next, code, known));
  }
  known[at] = may;
  return may;
}

// Recursive descent; the nodes of a sequence are made from its end, so that each knows what follows it.
class RegexParser {
 public:
  RegexParser(Regex& regex, const std::string& pattern) : regex_(regex), text_(pattern) {}

  void parse() {
    const Alternatives all = alternatives(false);
    if (at_ != text_.size()) refuse("a group that was opened");
    const uint32_t accept = add(Regex::Node{});
    regex_.start_ = build(all, accept);
  }

 private:
  struct Item;
  using Sequence = std::vector<Item>;
  using Alternatives = std::vector<Sequence>;
  struct Item {
    Regex::Node node;    // kRepeat or kAhead without what follows
    Alternatives group;  // or else a group
    bool is_group = false, optional = false;
  };

  [[noreturn]] void refuse(const std::string& expected) const {
    throw Error("ERR_VOCAB", "expected " + expected + " at character " + std::to_string(at_) + " of the pattern " + text_);
  }
  bool more() const { return at_ < text_.size(); }
  bool take(const char* literal) {
    const std::string wanted = literal;
    if (text_.compare(at_, wanted.size(), wanted) != 0) return false;
    at_ += wanted.size();
    return true;
  }
  uint32_t add(Regex::Node node) {
    regex_.nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(regex_.nodes_.size() - 1);
  }
  uint32_t add(CharClass klass) {
    klass.finish();
    regex_.classes_.push_back(std::move(klass));
    return static_cast<uint32_t>(regex_.classes_.size() - 1);
  }

  Alternatives alternatives(bool any_case) {
    Alternatives out(1);
    while (more() && text_[at_] != ')') {
      if (take("|")) {
        out.emplace_back();
      } else {
        out.back().push_back(item(any_case));
      }
    }
    return out;
  }

  Item item(bool any_case) {
    Item out;
    if (take("(?!") || take("(?=")) {
      out.node.kind = Regex::Kind::kAhead;
      out.node.wanted = text_[at_ - 1] == '=';
      out.node.klass = add(one(any_case));
      if (!take(")")) refuse("a single character to look ahead to");
      return out;
    }
    if (take("(")) {
      out.is_group = true;
      if (take("?i:")) {
        any_case = true;
      } else if (!take("?:") && more() && text_[at_] == '?') {
        refuse("a plain, (?:...), (?i:...), (?!.) or (?=.) group");
      }
      out.group = alternatives(any_case);
      if (!take(")")) refuse("a closing parenthesis");
      out.optional = take("?");
      if (more() && (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '{' || text_[at_] == '?'))
        refuse("no repetition of a group");
      return out;
    }
    out.node.kind = Regex::Kind::kRepeat;
    out.node.klass = add(one(any_case));
    quantifier(out.node);
    return out;
  }

  void quantifier(Regex::Node& node) {
    bool braces = false;
    if (take("?")) {
      node.least = 0;
    } else if (take("*")) {
      node.least = 0;
      node.most = UINT32_MAX;
    } else if (take("+")) {
      node.most = UINT32_MAX;
    } else if (take("{")) {
      braces = true;
      node.least = number();
      node.most = node.least;
      if (take(",")) node.most = more() && text_[at_] != '}' ? number() : UINT32_MAX;
      if (!take("}") || node.least > node.most) refuse("a repetition such as {1,3}");
    } else {
      return;
    }
    if (!braces && take("+")) {
      node.possessive = true;
    } else if (more() && (text_[at_] == '?' || text_[at_] == '+' || text_[at_] == '*')) {
      refuse("a greedy or possessive repetition");
    }
  }

  uint32_t number() {
    uint32_t value = 0;
    const size_t from = at_;
    while (more() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - from < 6) {
      value = value * 10 + static_cast<uint32_t>(text_[at_++] - '0');
    }
    if (at_ == from) refuse("a number");
    return value;
  }

  // One character or class.
  CharClass one(bool any_case) {
    CharClass out;
    if (take("[")) return bracket(any_case);
    if (!more()) refuse("a character");
    const char c = text_[at_];
    if (c == '\\') {
      escaped(out, any_case);
    } else if (c == '^' || c == '$' || c == '.' || c == '*' || c == '+' || c == '?' || c == '{' || c == ')') {
      refuse("a character or class");
    } else {
      add_character(out, character(), any_case);
    }
    return out;
  }

  CharClass bracket(bool any_case) {
    CharClass out;
    const bool negated = take("^");
    bool first = true;
    for (;; first = false) {
      if (!more()) refuse("a closing bracket");
      if (!first && take("]")) break;
      if (text_[at_] == '[' || text_.compare(at_, 2, "&&") == 0) refuse("a class without classes in it");
      if (text_[at_] == '\\' && !is_character_escape()) {
        escaped(out, any_case);
        continue;
      }
      const uint32_t from = maybe_escaped();
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        const uint32_t to = maybe_escaped();
        if (to < from) refuse("a range that rises");
        if (any_case) refuse("no range without regard to case");
        out.add_range(from, to);
      } else {
        add_character(out, from, any_case);
      }
    }
    if (negated) out.negate();
    return out;
  }

  uint32_t character() {
    const auto [code, length] = utf8::decode(reinterpret_cast<const uint8_t*>(text_.data()) + at_);
    at_ += length;
    return code;
  }

  // Whether the escape at hand stands for a single character.
  bool is_character_escape() const {
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    return c == 'r' || c == 'n' || c == 't' || c == 'f' || c == 'v' || c == 'u' ||
           !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
  }
  uint32_t maybe_escaped() {
    if (text_[at_] != '\\') return character();
    if (!is_character_escape()) refuse("a character");
    ++at_;
    const char c = text_[at_];
    if (c == 'u') {
      if (at_ + 4 >= text_.size()) refuse("four hexadecimal digits");
      const uint32_t code = static_cast<uint32_t>(std::stoul(text_.substr(at_ + 1, 4), nullptr, 16));
      at_ += 5;
      return code;
    }
    if (c == 'r' || c == 'n' || c == 't' || c == 'f' || c == 'v') {
      ++at_;
      return c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == 'f' ? '\f' : '\v';
    }
    return character();
  }

  void escaped(CharClass& out, bool any_case) {
    if (is_character_escape()) {
      add_character(out, maybe_escaped(), any_case);
      return;
    }
    ++at_;
    if (take("s")) return out.add_property(unicode::kSpace, 0, false);
    if (take("S")) return out.add_property(unicode::kSpace, 0, true);
    if (take("w")) return out.add_property(unicode::kWord, 0, false);
    if (take("W")) return out.add_property(unicode::kWord, 0, true);
    if (take("d")) return out.add_property(0, unicode::category_bits("Nd"), false);
    if (take("D")) return out.add_property(0, unicode::category_bits("Nd"), true);
    const bool without = take("P{");
    if (!without && !take("p{")) refuse("a known escape");
    const size_t close = text_.find('}', at_);
    if (close == std::string::npos) refuse("a closing brace");
    const std::string name = text_.substr(at_, close - at_);
    const uint16_t property = name == "L"   ? unicode::kLetter
                              : name == "N" ? unicode::kNumber
                              : name == "M" ? unicode::kMark
                              : name == "P" ? unicode::kPunctuation
                              : name == "S" ? unicode::kSymbol
                              // Not names of Unicode's: what Hugging Face's own steps look at.
                              : name == "BertPunctuation" ? unicode::kBertPunctuation
                              : name == "Numeric"         ? unicode::kDigit
                                                          : 0;
    const uint32_t categories = property == 0 ? unicode::category_bits(name) : 0;
    if (property == 0 && categories == 0) refuse("a general category such as L or Lu");
    at_ = close + 1;
    out.add_property(property, categories, without);
  }

  void add_character(CharClass& out, uint32_t code, bool any_case) const {
    out.add_range(code, code);
    if (!any_case) return;
    const bool lower = code >= 'a' && code <= 'z', upper = code >= 'A' && code <= 'Z';
    if (code >= 128) refuse("ASCII letters without regard to case");
    if (!lower && !upper) return;
    out.add_range(code ^ 32, code ^ 32);
    if ((code | 32) == 's') out.add_range(0x17F, 0x17F);   // the long s
    if ((code | 32) == 'k') out.add_range(0x212A, 0x212A); // the sign of Kelvin
  }

  uint32_t build(const Alternatives& all, uint32_t after) {
    if (all.size() == 1) return build(all[0], after);
    Regex::Node either;
    either.kind = Regex::Kind::kEither;
    for (const Sequence& sequence : all) either.branches.push_back(build(sequence, after));
    return add(std::move(either));
  }
  uint32_t build(const Sequence& sequence, uint32_t after) {
    for (size_t i = sequence.size(); i-- > 0;) {
      const Item& item = sequence[i];
      if (!item.is_group) {
        Regex::Node node = item.node;
        node.next = after;
        after = add(std::move(node));
        continue;
      }
      uint32_t group = build(item.group, after);
      if (item.optional) {
        Regex::Node either;
        either.kind = Regex::Kind::kEither;
        either.branches = {group, after};
        group = add(std::move(either));
      }
      after = group;
    }
    return after;
  }

  Regex& regex_;
  const std::string& text_;
  size_t at_ = 0;
};

Regex::Regex(const std::string& pattern) {
  RegexParser(*this, pattern).parse();
  const bool several = nodes_[start_].kind == Kind::kEither;
  const std::vector<uint32_t> all = several ? nodes_[start_].branches : std::vector<uint32_t>{start_};
  for (uint32_t code = 0; code < first_.size(); ++code) {
    std::vector<int8_t> known(nodes_.size(), -1);
    std::copy_if(all.begin(), all.end(), std::back_inserter(first_[code]),
                 [&](uint32_t branch) { return may_start(branch, code, known); });
  }
  find_cuts();
}

}  // namespace cole
