#!/usr/bin/env python3
"""A table for cole from the files of NATS-Bench (topology space): python3 table.py NATS-tss-v1_0-3ffb9-simple cifar100 > cifar100.csv

Reads the folder of one file per architecture; needs Python 3.8 and nothing else. Values are means over the seeds that a file
has, as papers report them: val_accuracy is x-valid (for cifar10 of the networks trained on half of it), test_accuracy is
x-test (for cifar10 ori-test of those trained on all of it). A pickle may name any program; these files name three harmless
things, and whatever else one names is refused.
"""
import argparse
import bz2
import collections
import csv
import multiprocessing
import pathlib
import pickle
import struct
import sys

# Run and set of the validation accuracy, then of the test accuracy.
SOURCES = {
    "cifar10": (("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
    "cifar100": (("cifar100", "x-valid"), ("cifar100", "x-test")),
    "ImageNet16-120": (("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")),
}
COLUMNS = ["index", "arch", "val_accuracy", "test_accuracy", "train_seconds", "parameters_millions", "megaflops"]


class Dtype:
    """Stands for numpy's: all scalars of these files are little-endian float64."""

    def __init__(self, kind, *_):
        if kind != "f8":
            raise pickle.UnpicklingError(f"expected numbers of type f8, got {kind}")

    def __setstate__(self, _):
        pass


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("numpy", "dtype"):
            return Dtype
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "scalar":
            return lambda _, data: struct.unpack("<d", data)[0]
        raise pickle.UnpicklingError(f"expected numbers and containers, got {module}.{name}")


def row_of(job):
    path, dataset, epochs = job
    try:
        with bz2.open(path) as file:
            runs = Reader(file).load()[epochs]
        (val_run, val_set), (test_run, test_set) = SOURCES[dataset]
        last = int(epochs) - 1
        val = records(runs, val_run)
        return [
            runs["arch_index"],
            runs["arch_str"],
            mean(run["eval_acc1es"][f"{val_set}@{last}"] for run in val),
            mean(run["eval_acc1es"][f"{test_set}@{last}"] for run in records(runs, test_run)),
            mean(sum(run["train_times"].values()) for run in val),
            mean(run["params"] for run in val),
            mean(run["flop"] for run in val),
        ]
    except Exception as error:
        raise ValueError(f"{path}: {type(error).__name__}: {error}") from None


def records(runs, name):
    """One for each seed; the accuracies of a set are not there for every epoch of every run."""
    return [runs["all_results"][name, seed] for seed in runs["dataset_seed"][name]]


def mean(values):
    values = list(values)
    return round(sum(values) / len(values), 6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("dataset", choices=SOURCES)
    parser.add_argument("--epochs", choices=["200", "12"], default="200", help="of the training (default: 200)")
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.glob("*.pickle.pbz2") if path.name[0].isdigit())
    if not paths:
        raise SystemExit(f"error: expected files such as 000000.pickle.pbz2 in {options.folder}, got none")
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    with multiprocessing.Pool() as pool:
        jobs = ((path, options.dataset, options.epochs) for path in paths)
        try:
            for done, row in enumerate(pool.imap(row_of, jobs, chunksize=8), 1):
                table.writerow(row)
                if done % 1000 == 0:
                    print(f"{done} of {len(paths)}", file=sys.stderr)
        except ValueError as error:
            raise SystemExit(f"error: {error}")


if __name__ == "__main__":
    main()
