"""Ids of Hugging Face's Python package: the path of a tokenizer.json as argument, a JSON list of texts in, a list of ids out."""

import json
import sys

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_truncation()
tokenizer.no_padding()
json.dump([encoding.ids for encoding in tokenizer.encode_batch(json.load(sys.stdin))], sys.stdout)
