// Characters as bit masks on every instruction set, against the definition of each mask.
#include <vector>

#include "test/check.h"

namespace cole {

COLE_TEST(masks_of_characters_are_those_of_each_byte) {
  Random random(3, 7);
  for (int round = 0; round < 400; ++round) {
    // A block of exactly its size, so that a read behind it is seen; first all bytes there are.
    std::vector<uint8_t> text(64);
    for (size_t i = 0; i < 64; ++i) text[i] = static_cast<uint8_t>(round < 4 ? static_cast<size_t>(round) * 64 + i : random.below(256));
    AsciiMasks some{}, all{};
    kernels.ascii_masks(text.data(), &some);
    kernels.all_ascii_masks(text.data(), &all);
    for (size_t i = 0; i < 64; ++i) {
      const uint8_t c = text[i];
      const auto same = [&](uint64_t mask, bool expected) { return (mask >> i & 1) == expected; };
      const bool newline = c == '\n' || c == '\r', capital = c >= 'A' && c <= 'Z';
      const bool space = c == ' ' || (c >= 9 && c <= 13), letter = capital || (c >= 'a' && c <= 'z');
      for (const AsciiMasks& masks : {some, all}) {
        CHECK(same(masks.blank, c == ' ') && same(masks.space, space) && same(masks.newline, newline));
        CHECK(same(masks.letter, letter) && same(masks.number, c >= '0' && c <= '9'));
        CHECK(same(masks.quote, c == '\'') && same(masks.wide, c >= 128));
      }
      CHECK(same(all.capital, capital) && same(all.slash, c == '/') && same(all.control, c < 32 || c == 127));
    }
  }
}

}  // namespace cole
