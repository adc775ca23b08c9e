"""Ids and decoded texts of Hugging Face's Python package for the tokenizers and texts on standard input, as JSON.

Developer's tool, called by components.test.ts where COLE_GOLDEN_PYTHON names a Python that has `tokenizers`.
"""

import json
import sys

from tokenizers import Tokenizer

given = json.load(sys.stdin)
out = {}
for name, definition in given["variants"].items():
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    ids = [tokenizer.encode(text).ids for text in given["texts"]]
    tokenizer.enable_truncation(max_length=8)
    out[name] = {
        "ids": ids,
        "cut": [tokenizer.encode(text).ids for text in given["texts"]],
        "decoded": [tokenizer.decode(each, skip_special_tokens=False) for each in ids],
        "skipped": [tokenizer.decode(each) for each in ids],
    }
json.dump(out, sys.stdout)
