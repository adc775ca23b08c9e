#!/usr/bin/env python3
"""Trains a rendered network on the 8x8 digits of scikit-learn and answers with its accuracy.

    cole search --command 'python3 examples/digits/train.py {code} {out} --seed {seed}' ...       once for each training
    cole search --command 'python3 examples/digits/train.py --serve' --serve ...                  one process for many

CODE defines `Net`, a whole network for 1x8x8 images and ten classes (einspace, style flat+head), or `Cell`, which is put into a
small skeleton (NAS-Bench-201, style inline). Data, split, noise, epochs and batches are those of the benchmark
nas-bench-201-digits (data/nas-bench-201-digits.md). The answer has val_accuracy and test_accuracy in percent, parameters,
and the CPU seconds as cost. A network that diverges, or needs more than --cpu-seconds, is answered as invalid: trained
again with the same seed it would only do the same.
"""
import argparse
import json
import math
import os
import sys
import time
import traceback

import numpy
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional

EPOCHS, BATCH, NOISE = 6, 25, 0.7
VALIDATION_ROWS, TEST_ROWS = 397, 400
CHANNELS, CLASSES = 16, 10


class Invalid(Exception):
    """This network cannot be trained, and trying again would not help."""


def load_data():
    """(images, labels) of training, validation and test. The held rows get their noise once, the same for every network."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean()) / x.std()).reshape(-1, 1, 8, 8).astype("float32")
    rest, test = train_test_split(numpy.arange(len(y)), test_size=TEST_ROWS, stratify=y, random_state=0)
    train, val = train_test_split(rest, test_size=VALIDATION_ROWS, stratify=y[rest], random_state=0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    held = x + NOISE * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    return (x[train], y[train]), (held[val], y[val]), (held[test], y[test])


def around(cell):
    """Patch stem, cell, halving, cell, head: the skeleton of nas-bench-201-digits."""
    return nn.Sequential(
        nn.Conv2d(1, CHANNELS, 2, stride=2, bias=False), nn.BatchNorm2d(CHANNELS), cell(CHANNELS),
        nn.ReLU(), nn.AvgPool2d(2, 2), nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False), nn.BatchNorm2d(CHANNELS), cell(CHANNELS),
        nn.BatchNorm2d(CHANNELS), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, CLASSES))


def build(path):
    """The network that the code file defines."""
    names = {"torch": torch, "nn": nn, "F": functional}
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), names)
    if "Net" in names:
        return names["Net"]()
    if "Cell" in names:
        return around(names["Cell"])
    raise ValueError(f"expected a class Net or Cell in {path}")


def accuracy(network, images, labels):
    with torch.no_grad():
        return 100 * (network(images).argmax(1) == labels).float().mean().item()


def train(path, seed, data, cpu_seconds, rate):
    began = time.process_time()
    torch.manual_seed(seed)
    (images, labels), *held = data
    network = build(path)
    parameters = list(network.parameters())
    steps = EPOCHS * (len(labels) // BATCH)
    if parameters:
        optimizer = torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, cycle_momentum=False)
    network.train()
    for _ in range(EPOCHS if parameters else 0):
        order = torch.randperm(len(labels))
        noisy = (images + NOISE * torch.randn(images.shape))[order]
        for start in range(0, len(labels) - BATCH + 1, BATCH):
            loss = functional.cross_entropy(network(noisy[start:start + BATCH]), labels[order[start:start + BATCH]])
            if not math.isfinite(loss.item()):
                raise Invalid(f"the loss is {loss.item()}")
            optimizer.zero_grad()
            loss.backward()
            # Networks without normalisation come along too; with it the gradients are below this.
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            if time.process_time() - began > cpu_seconds:
                raise Invalid(f"more than {cpu_seconds:g} CPU seconds")
    network.eval()
    val, test = (accuracy(network, *rows) for rows in held)
    metrics = {"val_accuracy": val, "test_accuracy": test, "parameters": sum(p.numel() for p in parameters)}
    return {"metrics": metrics, "cost": time.process_time() - began}


def answer(path, seed, data, options):
    try:
        return train(path, seed, data, options.cpu_seconds, options.rate)
    except Invalid as reason:
        return {"invalid": str(reason)}


def serve(data, options):
    """One JSON line a training. What code prints goes to the log: standard output is for the answers."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        training = json.loads(line)
        try:
            found = answer(training["code"], training["seed"], data, options)
        except Exception:
            traceback.print_exc()
            found = {"failed": traceback.format_exc()}
        print(json.dumps({"id": training["id"], **found}), file=answers, flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("code", nargs="?")
    options.add_argument("out", nargs="?")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--serve", action="store_true")
    options.add_argument("--cpu-seconds", type=float, default=60)
    options.add_argument("--rate", type=float, default=0.2, help="highest of the one-cycle schedule")
    given = options.parse_args()
    if not given.serve and given.out is None:
        options.error("expected CODE and OUT, or --serve")
    # One thread: several trainings side by side use the cores better, and the sums come out the same everywhere.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    data = load_data()
    if given.serve:
        serve(data, given)
        return
    found = json.dumps(answer(given.code, given.seed, data, given))
    with open(f"{given.out}.part", "w") as file:
        file.write(found)
    os.replace(f"{given.out}.part", given.out)


if __name__ == "__main__":
    main()
