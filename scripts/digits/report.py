#!/usr/bin/env python3
"""Prints the figures of the card: report.py JOURNAL [SECOND] [--table CSV]

SECOND is a journal of a random sample with other seeds; its mean accuracies are compared with those of JOURNAL.
CSV (columns arch, test_accuracy) is another benchmark of the same space; the Kendall tau with it is computed over
all architectures of both.
"""
import argparse
import csv
import itertools
import json

import numpy
from scipy.stats import kendalltau

from cells import OPERATIONS, unique_string


def read(path):
    """Header and {class: row}; torn lines are skipped."""
    with open(path) as file:
        head, rows = json.loads(file.readline()), {}
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            rows[row["class"]] = row
    return head, rows


def percent(head, rows, split="val"):
    size = head["validation_rows" if split == "val" else "test_rows"]
    return {key: 100 * numpy.array(row[split]) / size for key, row in rows.items()}


def tau(pairs):
    left, right = zip(*pairs)
    return f"{kendalltau(left, right)[0]:.3f} (n = {len(left)})"


def architectures():
    for operations in itertools.product(OPERATIONS, repeat=6):
        a, b, c, d, e, f = operations
        yield f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|", operations


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("journal")
    options.add_argument("second", nargs="?")
    options.add_argument("--table")
    given = options.parse_args()
    head, rows = read(given.journal)
    val, test = percent(head, rows), percent(head, rows, "test")
    mean = {key: seeds.mean() for key, seeds in val.items()}
    known = [(arch, ops, mean[unique_string(arch)]) for arch, ops in architectures() if unique_string(arch) in mean]
    print(f"{len(rows)} classes, {len(known)} architectures, seeds {head['seeds']}")
    for name, values in (("classes", list(mean.values())), ("architectures", [value for *_, value in known])):
        at = numpy.percentile(values, [0, 10, 25, 50, 75, 90, 100]).round(1)
        print(f"validation accuracy over {name}: min/p10/p25/p50/p75/p90/max {at}, p90 - p10 = {at[5] - at[1]:.1f}")
    print("standard deviation between seeds, median over classes:",
          f"{numpy.median([seeds.std(ddof=1) for seeds in val.values()]):.2f} points")
    print("tau validation, test:", tau((mean[key], test[key].mean()) for key in mean))
    print("tau between single seeds:", tau((seeds[0], seeds[1]) for seeds in val.values()))
    print("tau with the number of 3x3 convolutions:", tau((value, ops.count("nor_conv_3x3")) for _, ops, value in known))
    print(f"CPU seconds of a training: mean {numpy.mean([row['seconds'] for row in rows.values()]):.3f},",
          f"all {sum(row['seconds'] * len(head['seeds']) for row in rows.values()) / 3600:.2f} hours")
    if given.second:
        other_head, other_rows = read(given.second)
        if set(head["seeds"]) & set(other_head["seeds"]) or head["recipe"] != other_head["recipe"]:
            raise SystemExit("the second journal must have the same recipe and other seeds")
        other = {key: seeds.mean() for key, seeds in percent(other_head, other_rows).items() if key in mean}
        print(f"tau with seeds {other_head['seeds']}:", tau((mean[key], other[key]) for key in other))
        cut = numpy.median([mean[key] for key in other])
        print("the same in the better half:", tau((mean[key], other[key]) for key in other if mean[key] >= cut))
    if given.table:
        with open(given.table) as file:
            table = {row["arch"]: float(row["test_accuracy"]) for row in csv.DictReader(file)}
        pairs = [(value, table[arch]) for arch, _, value in known]
        print("tau with the other table:", tau(pairs))
        cut = numpy.median([theirs for _, theirs in pairs])
        print("the same in its better half:", tau((ours, theirs) for ours, theirs in pairs if theirs >= cut))


if __name__ == "__main__":
    main()
