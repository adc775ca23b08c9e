#!/usr/bin/env python3
"""Shows that seeds trained side by side do not touch each other: check.py CELLS [ARCH ...]

Steps: three seeds together and three networks of plain torch.nn start from the same weights and see the same rows;
after ten steps with a small constant rate the scores must agree to rounding.
Training: the whole recipe in double precision, two seeds together and each alone, must count the same rows as
correct. In single precision it may not: a difference of rounding grows during a training.
"""
import sys

import torch
from torch import nn
from torch.nn import functional

import network
from network import Network
from recipe import RECIPE, batches, flatten_parameters, load_data, train
from train import read_cells

HELPER = """
class ReLU_Conv2d_BatchNorm(nn.Module):
    def __init__(self, channels, kernel_size, stride, padding):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(inplace=False),
            nn.Conv2d(channels, channels, kernel_size=kernel_size, stride=stride, padding=padding, bias=False),
            nn.BatchNorm2d(channels))

    def forward(self, x):
        return self.op(x)
"""


class PlainLinear(nn.Linear):
    def forward(self, x):
        return super().forward(x)[None]


def plain_network(text):
    """The same skeleton out of torch.nn alone."""
    names = {"nn": nn, "torch": torch}
    exec(HELPER + text, names)
    mine = network.cell_class, network.Conv2d, network.AvgPool2d, network.Linear
    network.cell_class = lambda *_: names["Cell"]
    network.Conv2d = lambda _, *sizes: nn.Conv2d(*sizes, bias=False)
    network.AvgPool2d = nn.AvgPool2d
    network.Linear = lambda _, *sizes: PlainLinear(*sizes)
    try:
        return Network(text, RECIPE, [None])
    finally:
        network.cell_class, network.Conv2d, network.AvgPool2d, network.Linear = mine


def copy_seed(source, target, seed, seeds):
    """Copies one seed's slice of every weight."""
    for (name, wide), narrow in zip(source.named_parameters(), target.parameters()):
        if name.startswith("classifier"):
            slice_ = wide[seed].T.reshape(narrow.shape)
        else:
            slice_ = wide.chunk(seeds)[seed]
        narrow.data.copy_(slice_)


def difference(text, seeds=3, steps=10):
    data = load_data(RECIPE)
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    wide = Network(text, RECIPE, generators)
    plain = [plain_network(text) for _ in range(seeds)]
    for seed, net in enumerate(plain):
        copy_seed(wide, net, seed, seeds)
    # One optimiser of a flat vector for the wide network, as in the training; the usual one for the plain ones.
    options = {"lr": 0.01, "momentum": RECIPE.momentum, "nesterov": True, "weight_decay": RECIPE.decay}
    flat = flatten_parameters(wide)
    steppers = [torch.optim.SGD([flat], **options)] + [torch.optim.SGD(net.parameters(), **options) for net in plain]
    for _, (images, labels) in zip(range(steps), batches(*data["train"], RECIPE, generators)):
        flat.grad.zero_()
        loss = functional.cross_entropy(wide(images).reshape(-1, 10), labels.reshape(-1), reduction="sum")
        (loss / RECIPE.batch).backward()
        for seed, net in enumerate(plain):
            net.zero_grad()
            functional.cross_entropy(net(images[:, seed:seed + 1])[0], labels[seed]).backward()
        for stepper in steppers:
            stepper.step()
    rows = data["val"][0]
    with torch.no_grad():
        together = wide.eval()(rows.expand(-1, seeds, 8, 8))
        alone = torch.cat([net.eval()(rows) for net in plain])
    return ((together - alone).abs().max() / alone.abs().max()).item()


def same_counts(text):
    data = {name: (x.double(), y) for name, (x, y) in load_data(RECIPE).items()}
    together, first, second = (train(text, RECIPE, data, seeds) for seeds in ([0, 1], [0], [1]))
    return all(together[split] == first[split] + second[split] for split in ("val", "test"))


def main():
    torch.set_num_threads(1)
    cells = read_cells(sys.argv[1])
    wanted = set(sys.argv[2:]) or {arch for _, arch, _ in cells[:10]}
    good = True
    for _, arch, text in cells:
        if arch in wanted:
            found, same = difference(text), same_counts(text)
            good = good and found < 1e-5 and same
            print(f"steps differ by {found:.1e}, counts of a training {'agree' if same else 'DIFFER'}: {arch}", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
