"""The Python packages that tokenize, beside bench/tokenize.ts.

Reads {"package", "tokenizer": path of a tokenizer.json, "texts", "repeats", "threads"} on standard input and prints
{"version", "coldSeconds", "warmSeconds", "coldCpuSeconds", "warmCpuSeconds", "tokens", "idsSha256"}: the first pass, the median of
`repeats` more, and a hash over all ids (int32, little-endian). Every package gives ids the cheapest way it has; special
tokens are not added. The process keeps to as many cores as threads. Ends with 3 where the package is missing.
"""

import hashlib
import importlib
import json
import os
import statistics
import sys
import time

request = json.load(sys.stdin)
texts, threads = request["texts"], request["threads"]
os.environ["RAYON_NUM_THREADS"] = str(threads)
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
try:
    import numpy as np

    package = importlib.import_module(request["package"])
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


def tokenizers():
    tokenizer = package.Tokenizer.from_file(request["tokenizer"])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encode = lambda: [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    return encode, lambda lists: np.concatenate([np.array(ids, np.int32) for ids in lists])


def tokie():
    tokenizer = package.Tokenizer.from_json(request["tokenizer"])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda: tokenizer.encode_batch_flat(texts, add_special_tokens=False), lambda result: result[0]


def fastokens():
    with open(request["tokenizer"], encoding="utf-8") as file:
        tokenizer = package.Tokenizer.from_json_str(file.read())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda: tokenizer.encode_batch_flat(texts), lambda result: np.frombuffer(result[0], np.uint32)


def gigatoken():
    tokenizer = package.Tokenizer(request["tokenizer"])
    encode = lambda: tokenizer.encode_batch(texts, parallel=threads > 1)
    return encode, lambda arrays: np.concatenate([np.asarray(ids) for ids in arrays])


encode, ids_of = {"tokenizers": tokenizers, "tokie": tokie, "fastokens": fastokens, "gigatoken": gigatoken}[
    request["package"]
]()


def run():
    cpu, start = time.process_time(), time.perf_counter()
    result = encode()
    return (time.perf_counter() - start, time.process_time() - cpu), result


cold, result = run()
ids = np.ascontiguousarray(ids_of(result), np.int32)
del result
warm = [run()[0] for _ in range(request["repeats"])]
median = lambda which: statistics.median(times[which] for times in warm) if warm else None
print(
    json.dumps(
        {
            "coldSeconds": cold[0],
            "warmSeconds": median(0),
            "coldCpuSeconds": cold[1],
            "warmCpuSeconds": median(1),
            "tokens": len(ids),
            "idsSha256": hashlib.sha256(ids.tobytes()).hexdigest(),
        }
    )
)
