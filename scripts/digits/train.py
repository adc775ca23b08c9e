#!/usr/bin/env python3
"""Trains every unique NAS-Bench-201 cell on the digits of scikit-learn and appends the results to a journal.

    train.py CELLS JOURNAL [--workers N]                  all cells that the journal lacks
    train.py CELLS JOURNAL --first 300 --seeds 6 7 8      a random sample of them with other seeds
    train.py CELLS --only ARCH                            one row, printed

CELLS holds JSON lines {"arch", "text"} as `cole render` writes them (style exclude_helper). The journal gets
one JSON line for each class of isomorphic cells. It may be killed at any time and started again: at most
the cells in work are lost. Each worker starts at another place of the list and skips what the others have
written meanwhile, so they need no master, and a cell trained twice gives the same row twice.
"""
import argparse
import dataclasses
import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy
import sklearn
import torch

from cells import representatives, unique_string
from recipe import RECIPE, SEEDS, TEST_ROWS, VALIDATION_ROWS, load_data, train


def read_cells(path):
    with open(path) as lines:
        texts = {cell["arch"]: cell["text"] for cell in map(json.loads, lines)}
    classes = sorted(representatives(texts).items())
    # A random order that is the same everywhere, so that the first rows of a journal are a fair sample.
    classes.sort(key=lambda item: hashlib.sha256(item[0].encode()).digest())
    return [(key, arch, texts[arch]) for key, arch in classes]


def header(seeds):
    versions = {"python": platform.python_version(), "torch": torch.__version__,
                "scikit-learn": sklearn.__version__, "numpy": numpy.__version__}
    return {"recipe": dataclasses.asdict(RECIPE), "seeds": seeds, "validation_rows": VALIDATION_ROWS,
            "test_rows": TEST_ROWS, "versions": versions}


class Journal:
    """Append-only JSON lines; the first says how the others were made."""

    def __init__(self, path, seeds):
        self.path, self.offset, self.done = path, 0, set()
        first = json.dumps(header(seeds))
        try:
            with open(path, "x") as file:
                file.write(first + "\n")
        except FileExistsError:
            with open(path) as file:
                if file.readline() != first + "\n":
                    sys.exit(f"{path} was made with another recipe, other seeds or versions than {first}")

    def refresh(self):
        """Adds the rows that were appended since the last call; a torn line is skipped."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        complete = data[:data.rfind(b"\n") + 1]
        self.offset += len(complete)
        for line in complete.splitlines():
            try:
                self.done.add(json.loads(line)["class"])
            except (ValueError, KeyError):
                pass

    def append(self, row):
        # A newline on both sides keeps a row whole after a line that a kill has torn; one write keeps the
        # rows of several workers apart.
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(file, f"\n{json.dumps(row)}\n".encode())
        os.close(file)


def train_cell(key, arch, text, data, seeds):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"class": key, "arch": arch, "text_sha256": digest, **train(text, RECIPE, data, seeds)}


def work(cells, journal, seeds, worker, workers):
    data = load_data(RECIPE)
    start = worker * len(cells) // workers
    for cell in cells[start:] + cells[:start]:
        journal.refresh()
        if cell[0] not in journal.done:
            journal.append(train_cell(*cell, data, seeds))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("cells", type=Path)
    options.add_argument("journal", type=Path, nargs="?")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options.add_argument("--first", type=int, metavar="N", help="only the first N classes of the random order")
    options.add_argument("--only", metavar="ARCH")
    given = options.parse_args()
    torch.set_num_threads(1)
    cells = read_cells(given.cells)[:given.first]
    if given.only:
        key = unique_string(given.only)
        print(json.dumps(train_cell(*next(cell for cell in cells if cell[0] == key), load_data(RECIPE), given.seeds)))
    elif not given.journal:
        options.error("a journal is needed")
    elif given.worker is not None:
        work(cells, Journal(given.journal, given.seeds), given.seeds, given.worker, given.workers)
    else:
        Journal(given.journal, given.seeds)
        command = [sys.executable, __file__, *sys.argv[1:], "--worker"]
        running = [subprocess.Popen([*command, str(worker)]) for worker in range(given.workers)]
        sys.exit(max(process.wait() for process in running))


if __name__ == "__main__":
    main()
