"""Asks the Python package `tokenizers` which code points its Unicode classes hold, and prints them as JSON ranges.

Hugging Face's tokenizers read several Unicode tables of different versions (its regular-expression engine, and an old crate
for BertNormalizer). scripts/unicode-tables.mjs --compare takes this output and keeps what differs from Node's ICU.
Developer's tool: python3 scripts/unicode-sets.py > sets.json   (tokenizers 0.23.3)
"""

import json

from tokenizers import Regex, normalizers, pre_tokenizers


def bert(**on):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**flags, **on})


def splits(pre_tokenizer, text):
    return len(pre_tokenizer.pre_tokenize_str(text)) == 3


def regex(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    return lambda char: splits(split, f" {char} ")


clean = bert(clean_text=True)
strip = bert(strip_accents=True)
punctuation = pre_tokenizers.BertPreTokenizer()
nfd = normalizers.NFD()
nfkd = normalizers.NFKD()
digit = pre_tokenizers.Digits(individual_digits=True)
membership = {
    "letter": regex(r"\p{L}"),
    "number": regex(r"\p{N}"),
    "mark": regex(r"\p{M}"),
    "punctuation": regex(r"\p{P}"),
    "symbol": regex(r"\p{S}"),
    "digit": lambda char: splits(digit, f"a{char}a"),
    "bertControl": lambda char: clean.normalize_str(f"a{char}a") == "aa",
    "bertNonspacing": lambda char: strip.normalize_str(f"a{char}") == "a",
    "bertPunctuation": lambda char: splits(punctuation, f"a{char}a"),
    "combining": lambda char: nfd.normalize_str(char) == char
    and (
        nfd.normalize_str(char + "\u0334")[0] == "\u0334"
        or nfd.normalize_str("\u0345" + char)[0] == char
        or char in "\u0334\u0345"
    ),
    "decomposing": lambda char: nfd.normalize_str(char) != char,
    "compatible": lambda char: nfkd.normalize_str(char) != char,
}
ranges = {name: [] for name in membership}
for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    for name, holds in membership.items():
        if holds(chr(code)):
            last = ranges[name]
            if last and last[-1][1] == code - 1:
                last[-1][1] = code
            else:
                last.append([code, code])
print(json.dumps(ranges))
