"""The cases of bench/head.ts in PyTorch, scikit-learn and SciPy on one thread, each the best of its eager settings.

Prints {"seconds": ..., "note": ...}; ends with 3 where it has no such case or lacks the library.
"""
import json
import os
import re
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"


def best(run, repeats):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def fit(torch, x, y, loss_name, setting):
    """100 epochs over consecutive slices of 32 rows, as the reference trains."""
    nn = torch.nn
    layers, width = [], x.shape[1]
    for _ in range(3):
        layers += [nn.Linear(width, 128), nn.LeakyReLU(0.01), nn.Dropout(0.1)]
        width = 128
    model = nn.Sequential(*layers, nn.Linear(128, 1))
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-3, **setting)
    pairs = {}

    def hinge(s, target):
        n = len(s)
        if n not in pairs:
            pairs[n] = torch.triu_indices(n, n, offset=1)
        i, j = pairs[n]
        if len(i) > 128:
            drawn = torch.randperm(len(i))[:128]
            i, j = i[drawn], j[drawn]
        sign = torch.sign(target[i] - target[j])
        return torch.relu(0.1 - sign * (s[i] - s[j])).mean()

    loss_of = torch.nn.functional.mse_loss if loss_name == "mse" else hinge
    for _ in range(100):
        for begin in range(0, len(x), 32):
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x[begin : begin + 32])[:, 0], y[begin : begin + 32]).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()


def pca(x):
    from sklearn.decomposition import PCA

    return PCA(min(128, *x.shape)).fit(x)


def mlp(match):
    import numpy as np
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    kind, loss, rows = match[1], match[2], int(match[3])
    reduce = kind == "pca+mlp"
    data = np.random.default_rng(0).standard_normal((rows, 576 if reduce else 128), dtype=np.float32)
    y = torch.randn(rows)

    settings = {"loop": {"foreach": False}, "foreach": {"foreach": True}}
    # Since 2.4 there is a fused one for processors too.
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 4):
        settings["fused"] = {"fused": True}
    def run_on(rows, setting):
        for _ in range(3 if kind == "ensemble3" else 1):
            x = pca(data[:rows]).transform(data[:rows]).astype(np.float32) if reduce else data[:rows]
            fit(torch, torch.from_numpy(x), y[:rows], loss, setting)

    # The best setting on few rows, which also warms up, then all of them with it.
    few = min(rows, 220)
    results = {name: best(lambda: run_on(few, setting), 2) for name, setting in settings.items()}
    name = min(results, key=results.get)
    seconds = results[name]
    if rows > few:
        start = time.perf_counter()
        run_on(rows, settings[name])
        seconds = time.perf_counter() - start
    return seconds, f"PyTorch {torch.__version__}, Adam {name}"


def components(match):
    import numpy as np
    import sklearn

    rows, cols = int(match[2]), int(match[3])
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, cols), dtype=np.float32)
    if match[1] == "dominant-":
        x += 1000 * np.outer(*(rng.standard_normal(n, dtype=np.float32) for n in (rows, cols)))
    if match[1] == "steep-":
        x *= (10.0 ** (-np.minimum(np.arange(cols), 512) / 64)).astype(np.float32)
    return best(lambda: pca(x), 1 if len(x) > 5000 else 3), f"scikit-learn {sklearn.__version__}"


def gemm(match):
    import torch

    torch.set_num_threads(1)
    m, n, k = (int(match[i]) for i in (1, 2, 3))
    a, b = torch.randn(m, k), torch.randn(k, n)
    seconds = best(lambda: a @ b, 200)
    return seconds, f"PyTorch {torch.__version__}, {2e-9 * m * n * k / seconds:.0f} GFLOP/s"


def kendall(match):
    import numpy as np
    import scipy
    from scipy.stats import kendalltau

    a, b = np.random.default_rng(0).standard_normal((2, int(match[1])), dtype=np.float32)
    return best(lambda: kendalltau(a, b), 20), f"SciPy {scipy.__version__}"


CASES = {
    r"(mlp|pca\+mlp|ensemble3)-(mse|hinge)-(\d+)": mlp,
    r"pca-(steep-|dominant-)?(\d+)x(\d+)": components,
    r"gemm-(\d+)x(\d+)x(\d+)": gemm,
    r"kendall-(\d+)": kendall,
}

if __name__ == "__main__":
    for pattern, run in CASES.items():
        found = re.fullmatch(pattern, sys.argv[1])
        if not found:
            continue
        try:
            seconds, note = run(found)
        except ImportError as error:
            print(error, file=sys.stderr)
            sys.exit(3)
        print(json.dumps({"seconds": seconds, "note": note}))
        sys.exit(0)
    sys.exit(3)
