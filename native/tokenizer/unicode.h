// Character properties, canonical decomposition and lower-casing, from tables that scripts/unicode-tables.mjs writes. The
// classes are those of Hugging Face's tokenizers, which reads tables of several Unicode versions: hence the BERT ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cole::unicode {

enum Property : uint16_t {
  kLetter = 1,
  kNumber = 2,
  kSpace = 4,
  kMark = 8,
  kPunctuation = 16,
  kSymbol = 32,
  kDigit = 64,  // what the Digits pre-tokenizer isolates
  kWord = 128,
  kBertControl = 256,
  kBertNonspacing = 512,
  kBertPunctuation = 1024,
};

// Bit set of Property. code <= 0x10FFFF.
uint16_t properties(uint32_t code);

// General category as a number, and the set of those that a name such as "Lu", "L" or "Nd" stands for as bits by that
// number; 0 for an unknown name.
uint8_t category(uint32_t code);
uint32_t category_bits(std::string_view name);

// Of a letter: small (Ll), capital or title case (Lu, Lt), or neither.
enum class Case : uint8_t { kNone, kLower, kUpper };
Case letter_case(uint32_t code);

// Order of a combining mark among others under canonical reordering; 0 for every other character.
uint8_t combining_order(uint32_t code);

// Full canonical decomposition; empty when the character stands for itself.
std::span<const uint32_t> decomposition(uint32_t code, uint32_t hangul[3]);

// The same for compatibility decomposition.
std::span<const uint32_t> compatibility_decomposition(uint32_t code, uint32_t hangul[3]);

// Lower case without context (a capital sigma always gives a small one); empty when the character stands for itself.
std::span<const uint32_t> lowercase(uint32_t code);

// The primary composite of two characters, or 0.
uint32_t compose(uint32_t first, uint32_t second);

// Whether NFC leaves the character as it is among others of the kind and characters below U+0300. Not whenever it does.
bool is_settled(uint32_t code);

// Blocks that BERT surrounds with spaces. The fifth range starts late, as in Hugging Face's code.
bool is_bert_chinese(uint32_t code);

// NFD (NFKD) is append_decomposed for every character, then order_marks; NFC (NFKC) is compose_all after that.
void append_decomposed(std::vector<uint32_t>& out, uint32_t code, bool compatibility = false);

// Puts every run of combining marks into canonical order.
void order_marks(std::vector<uint32_t>& text);

// Joins what NFC joins, in place; `text` is canonically decomposed and ordered.
void compose_all(std::vector<uint32_t>& text);

}  // namespace cole::unicode
