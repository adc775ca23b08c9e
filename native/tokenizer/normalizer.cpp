#include "tokenizer/normalizer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace cole {
namespace {

void append(std::vector<uint8_t>& out, uint32_t code) {
  uint8_t bytes[4];
  out.insert(out.end(), bytes, bytes + utf8::encode(code, bytes));
}
void append(std::vector<uint8_t>& out, const std::string& text) { out.insert(out.end(), text.begin(), text.end()); }

// Where `text` first stands, or `end`.
const uint8_t* find(const uint8_t* p, const uint8_t* end, const std::string& text) {
  while (static_cast<size_t>(end - p) >= text.size()) {
    const size_t places = static_cast<size_t>(end - p) - text.size() + 1;
    p = static_cast<const uint8_t*>(std::memchr(p, static_cast<uint8_t>(text[0]), places));
    if (p == nullptr) return end;
    if (std::memcmp(p, text.data(), text.size()) == 0) return p;
    ++p;
  }
  return end;
}

// Whether NFC plainly leaves the text. Below U+0300, whose first byte is 0xCC, no character composes or moves.
bool is_nfc(const uint8_t* p, const uint8_t* end) {
  while ((p = utf8::first_not_below(p, end, 0xCC)) < end) {
    const auto [code, length] = utf8::decode(p);
    if (!unicode::is_settled(code)) return false;
    p += length;
  }
  return true;
}
bool is_space(uint32_t code) { return unicode::properties(code) & unicode::kSpace; }

// For every character map(code, out).
template <class Map>
void each(const uint8_t* p, const uint8_t* end, std::vector<uint8_t>& out, const Map& map) {
  while (p < end) {
    const auto [code, length] = utf8::decode(p);
    map(code, out);
    p += length;
  }
}

void canonical(const uint8_t* p, const uint8_t* end, bool compatibility, bool compose, NormalizerBuffers& buffers) {
  auto& codes = buffers.codes;
  codes.clear();
  while (p < end) {
    const auto [code, length] = utf8::decode(p);
    unicode::append_decomposed(codes, code, compatibility);
    p += length;
  }
  unicode::order_marks(codes);
  if (compose) unicode::compose_all(codes);
  for (const uint32_t code : codes) append(buffers.other, code);
}

}  // namespace

Normalizer::Normalizer(const std::vector<Step>& steps) {
  static constexpr std::pair<const char*, Kind> kNames[] = {
      {"nfc", Kind::kNfc},
      {"nfd", Kind::kNfd},
      {"nfkc", Kind::kNfkc},
      {"nfkd", Kind::kNfkd},
      {"lowercase", Kind::kLowercase},
      {"strip-accents", Kind::kStripAccents},
      {"bert-clean", Kind::kBertClean},
      {"bert-chinese", Kind::kBertChinese},
      {"bert-strip-accents", Kind::kBertStripAccents},
      {"strip", Kind::kStrip},
      {"prepend", Kind::kPrepend},
      {"replace", Kind::kReplace},
      {"replace-regex", Kind::kReplaceRegex},
  };
  for (const Step& step : steps) {
    const std::string& name = step.name();
    const auto* found = std::find_if(std::begin(kNames), std::end(kNames), [&](auto& each) { return name == each.first; });
    if (found == std::end(kNames)) throw Error("ERR_VOCAB", "expected a known step of a normalizer, got " + name);
    Action action{found->second, {}, {}, false, false, {}};
    switch (action.kind) {
      case Kind::kStrip:
        action.left = step.argument(1) == "1";
        action.right = step.argument(2) == "1";
        break;
      case Kind::kPrepend:
        action.to = step.argument(1);
        break;
      case Kind::kReplace:
        action.from = step.argument(1);
        action.to = step.argument(2);
        if (action.from.empty()) throw Error("ERR_VOCAB", "expected a text to replace in the normalizer, got none");
        break;
      case Kind::kReplaceRegex:
        action.regex.emplace_back(step.argument(1));
        action.to = step.argument(2);
        break;
      default:
        break;
    }
    steps_.push_back(std::move(action));
  }
}

bool Normalizer::leaves(const Action& action, const uint8_t* begin, const uint8_t* end) {
  switch (action.kind) {
    case Kind::kNfc:
      return is_nfc(begin, end);
    case Kind::kNfd:
    case Kind::kNfkc:
    case Kind::kNfkd:
    case Kind::kStripAccents:
    case Kind::kBertChinese:
    case Kind::kBertStripAccents:
      return utf8::first_not_below(begin, end, 0x80) == end;
    case Kind::kReplace:
      return find(begin, end, action.from) == end;
    default:
      return false;
  }
}

bool Normalizer::apply(const uint8_t* begin, const uint8_t* end, NormalizerBuffers& buffers) const {
  bool changed = false;
  for (const Action& action : steps_) {
    if (leaves(action, begin, end)) continue;
    buffers.other.clear();
    run(action, begin, end, buffers);
    std::swap(buffers.text, buffers.other);
    changed = true;
    begin = buffers.text.data();
    end = begin + buffers.text.size();
  }
  return changed;
}

void Normalizer::run(const Action& action, const uint8_t* begin, const uint8_t* end, NormalizerBuffers& buffers) {
  auto& out = buffers.other;
  switch (action.kind) {
    case Kind::kNfc:
      return canonical(begin, end, false, true, buffers);
    case Kind::kNfd:
      return canonical(begin, end, false, false, buffers);
    case Kind::kNfkc:
      return canonical(begin, end, true, true, buffers);
    case Kind::kNfkd:
      return canonical(begin, end, true, false, buffers);
    case Kind::kLowercase:
      return each(begin, end, out, [](uint32_t code, auto& to) {
        const auto lower = unicode::lowercase(code);
        if (lower.empty()) append(to, code);
        for (const uint32_t c : lower) append(to, c);
      });
    case Kind::kStripAccents:
      return each(begin, end, out, [](uint32_t code, auto& to) {
        if (!(unicode::properties(code) & unicode::kMark)) append(to, code);
      });
    case Kind::kBertClean:
      return each(begin, end, out, [](uint32_t code, auto& to) {
        if (code == 0 || code == 0xFFFD || (unicode::properties(code) & unicode::kBertControl)) return;
        append(to, is_space(code) ? ' ' : code);
      });
    case Kind::kBertChinese:
      return each(begin, end, out, [](uint32_t code, auto& to) {
        const bool alone = unicode::is_bert_chinese(code);
        if (alone) to.push_back(' ');
        append(to, code);
        if (alone) to.push_back(' ');
      });
    case Kind::kBertStripAccents: {
      canonical(begin, end, false, false, buffers);
      out.clear();
      for (const uint32_t code : buffers.codes) {
        if (!(unicode::properties(code) & unicode::kBertNonspacing)) append(out, code);
      }
      return;
    }
    case Kind::kStrip:
      while (action.left && begin < end && is_space(utf8::decode(begin).code)) begin += utf8::decode(begin).length;
      while (action.right && begin < end && is_space(utf8::decode(utf8::previous(end)).code)) end = utf8::previous(end);
      out.assign(begin, end);
      return;
    case Kind::kPrepend:
      if (begin < end) append(out, action.to);
      out.insert(out.end(), begin, end);
      return;
    case Kind::kReplace: {
      while (begin < end) {
        const uint8_t* found = find(begin, end, action.from);
        out.insert(out.end(), begin, found);
        if (found == end) return;
        append(out, action.to);
        begin = found + action.from.size();
      }
      return;
    }
    case Kind::kReplaceRegex:
      return action.regex[0].split(begin, end, [&](const uint8_t* from, const uint8_t* to, bool is_match) {
        if (is_match) {
          append(out, action.to);
        } else {
          out.insert(out.end(), from, to);
        }
      });
  }
}

}  // namespace cole
