"""The mean over the tokens of texts in numpy or PyTorch: pool.py numpy|torch ELEMENT THREADS TEXTS LENGTH DIM, prints GB/s.

Exit code 3 where the library is not installed or has no such case (numpy: no bfloat16, one thread)."""
import sys
import time

party, element, threads, texts, length, dim = *sys.argv[1:3], *map(int, sys.argv[3:])
try:
    if party == "numpy":
        import numpy as np

        if element == "bfloat16" or threads > 1:
            sys.exit(3)
        data = np.full((texts, length, dim), 0.5, dtype=element)
        size = data.nbytes

        def run():
            return data.mean(axis=1, dtype=np.float32)
    else:
        import torch

        torch.set_num_threads(threads)
        data = torch.full((texts, length, dim), 0.5, dtype=getattr(torch, element))
        size = data.numel() * data.element_size()

        def run():
            return data.mean(dim=1, dtype=torch.float32)
except ImportError:
    sys.exit(3)
run()
best = float("inf")
for _ in range(7):
    start = time.perf_counter()
    run()
    best = min(best, time.perf_counter() - start)
print(size / best / 1e9)
