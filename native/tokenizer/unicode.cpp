#include "tokenizer/unicode.h"

#include <algorithm>
#include <iterator>

namespace cole::unicode {
namespace {

#include "tokenizer/unicode_tables.inc"

constexpr uint32_t kSBase = 0xAC00, kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7;
constexpr uint32_t kLCount = 19, kVCount = 21, kTCount = 28, kSCount = kLCount * kVCount * kTCount;

// Characters per block of the two-stage tables: 128.
template <class Stage, class Value>
Value look_up(const Stage* stage, const Value* blocks, uint32_t code) {
  return blocks[(static_cast<uint32_t>(stage[code >> 7]) << 7) | (code & 127)];
}

std::span<const uint32_t> pooled(uint16_t index) { return {pool + index + 1, pool[index]}; }

}  // namespace

uint16_t properties(uint32_t code) { return look_up(property_stage, property_blocks, code); }

uint8_t combining_order(uint32_t code) { return look_up(order_stage, order_blocks, code); }

std::span<const uint32_t> decomposition(uint32_t code, uint32_t hangul[3]) {
  const uint32_t s = code - kSBase;
  if (s < kSCount) {
    hangul[0] = kLBase + s / (kVCount * kTCount);
    hangul[1] = kVBase + s % (kVCount * kTCount) / kTCount;
    hangul[2] = kTBase + s % kTCount;
    return {hangul, s % kTCount == 0 ? 2u : 3u};
  }
  return pooled(look_up(decomposition_stage, decomposition_blocks, code));
}

std::span<const uint32_t> compatibility_decomposition(uint32_t code, uint32_t hangul[3]) {
  if (code - kSBase < kSCount) return decomposition(code, hangul);
  return pooled(look_up(compatibility_stage, compatibility_blocks, code));
}

uint8_t category(uint32_t code) { return look_up(category_stage, category_blocks, code); }

Case letter_case(uint32_t code) {
  static constexpr auto number = [](std::string_view name) {
    return std::find(std::begin(category_names), std::end(category_names), name) - std::begin(category_names);
  };
  static constexpr auto kLl = number("Ll"), kLt = number("Lt"), kLu = number("Lu");
  const uint8_t of = category(code);
  return of == kLl ? Case::kLower : of == kLt || of == kLu ? Case::kUpper : Case::kNone;
}

uint32_t category_bits(std::string_view name) {
  uint32_t bits = 0;
  for (size_t i = 0; i < std::size(category_names); ++i) {
    const std::string_view each = category_names[i];
    if (name == each || (name.size() == 1 && name[0] == each[0])) bits |= uint32_t{1} << i;
  }
  return bits;
}

std::span<const uint32_t> lowercase(uint32_t code) {
  return pooled(look_up(lowercase_stage, lowercase_blocks, code));
}

uint32_t compose(uint32_t first, uint32_t second) {
  if (first - kLBase < kLCount && second - kVBase < kVCount) {
    return kSBase + ((first - kLBase) * kVCount + second - kVBase) * kTCount;
  }
  if (first - kSBase < kSCount && (first - kSBase) % kTCount == 0 && second - kTBase - 1 < kTCount - 1) {
    return first + second - kTBase;
  }
  size_t low = 0, high = std::size(composition) / 3;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const uint32_t* at = composition + 3 * middle;
    if (at[0] == first && at[1] == second) return at[2];
    if (at[0] < first || (at[0] == first && at[1] < second)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 0;
}

bool is_settled(uint32_t code) {
  // What composes with the character before without being a mark that moves.
  static const std::vector<uint32_t> seconds = [] {
    std::vector<uint32_t> out;
    for (size_t i = 1; i < std::size(composition); i += 3) {
      if (combining_order(composition[i]) == 0) out.push_back(composition[i]);
    }
    std::sort(out.begin(), out.end());
    return out;
  }();
  if (code - kSBase < kSCount) return true;
  if (code >= kLBase && code < 0x1200) return false;  // letters of Hangul
  uint32_t hangul[3];
  return combining_order(code) == 0 && decomposition(code, hangul).empty() &&
         !std::binary_search(seconds.begin(), seconds.end(), code);
}

bool is_bert_chinese(uint32_t code) {
  return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
         (code >= 0x20000 && code <= 0x2A6DF) || (code >= 0x2A700 && code <= 0x2B73F) ||
         (code >= 0x2B740 && code <= 0x2B81F) || (code >= 0x2B920 && code <= 0x2CEAF) ||
         (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x2F800 && code <= 0x2FA1F);
}

void append_decomposed(std::vector<uint32_t>& out, uint32_t code, bool compatibility) {
  uint32_t hangul[3];
  const auto parts = compatibility ? compatibility_decomposition(code, hangul) : decomposition(code, hangul);
  if (parts.empty()) {
    out.push_back(code);
  } else {
    out.insert(out.end(), parts.begin(), parts.end());
  }
}

void order_marks(std::vector<uint32_t>& text) {
  for (size_t i = 0; i < text.size();) {
    if (combining_order(text[i]) == 0) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && combining_order(text[end]) != 0) ++end;
    if (end - i > 1) {
      std::stable_sort(text.begin() + i, text.begin() + end,
                       [](uint32_t a, uint32_t b) { return combining_order(a) < combining_order(b); });
    }
    i = end;
  }
}

void compose_all(std::vector<uint32_t>& text) {
  size_t out = 0, starter = 0;
  bool has_starter = false;
  int last_order = -1;  // order of the last character kept after the starter; -1: none kept
  for (const uint32_t code : text) {
    const int order = combining_order(code);
    if (has_starter && last_order < order) {
      if (const uint32_t joined = compose(text[starter], code); joined != 0) {
        text[starter] = joined;
        continue;
      }
    }
    if (order == 0) {
      starter = out;
      has_starter = true;
      last_order = -1;
    } else {
      last_order = order;
    }
    text[out++] = code;
  }
  text.resize(out);
}

}  // namespace cole::unicode
