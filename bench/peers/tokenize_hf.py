"""Hugging Face's Rust tokenizers through their Python package, beside bench/tokenize.ts and for the golden file.

Reads {"tokenizer": tokenizer.json as text, "texts", "repeats"} on standard input. Prints {"coldSeconds", "warmSeconds",
"coldCpuSeconds", "warmCpuSeconds", "tokens", "idsSha256", "countsSha256"}: the first pass, the median of `repeats` more, and
hashes over all ids and over the number of ids of every text (int32, little-endian). Threads: RAYON_NUM_THREADS. Ends with 3 where the package is missing.
"""

import hashlib
import json
import statistics
import struct
import sys
import time

try:
    from tokenizers import Tokenizer
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

request = json.load(sys.stdin)
tokenizer = Tokenizer.from_str(request["tokenizer"])
tokenizer.no_truncation()
tokenizer.no_padding()


def run():
    cpu, start = time.process_time(), time.perf_counter()
    encodings = tokenizer.encode_batch_fast(request["texts"])
    return (time.perf_counter() - start, time.process_time() - cpu), encodings


cold, encodings = run()
warm = [run()[0] for _ in range(request["repeats"])]
median = lambda which: statistics.median(times[which] for times in warm) if warm else None
ids, counts = hashlib.sha256(), hashlib.sha256()
tokens = 0
for encoding in encodings:
    ids.update(struct.pack(f"<{len(encoding.ids)}i", *encoding.ids))
    counts.update(struct.pack("<i", len(encoding.ids)))
    tokens += len(encoding.ids)
print(
    json.dumps(
        {
            "coldSeconds": cold[0],
            "warmSeconds": median(0),
            "coldCpuSeconds": cold[1],
            "warmCpuSeconds": median(1),
            "tokens": tokens,
            "idsSha256": ids.hexdigest(),
            "countsSha256": counts.hexdigest(),
        }
    )
)
