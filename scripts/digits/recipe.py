"""The recipe of the benchmark: data, split, training of one cell with all seeds."""
import time
from dataclasses import dataclass

import numpy
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional

from network import Network


@dataclass(frozen=True)
class Recipe:
    channels: int = 16  # of the first stage
    cells: int = 1  # in each stage
    stages: int = 2
    widen: float = 1  # channels of a stage, relative to the one before
    stem_kernel: int = 2
    stem_stride: int = 2
    rows: int = 1000  # of training
    epochs: int = 6
    batch: int = 25
    rate: float = 0.2  # highest of the one-cycle schedule
    momentum: float = 0.9  # Nesterov
    decay: float = 0.0
    noise: float = 0.7  # standard deviation of Gaussian noise on the images, which have mean 0 and deviation 1


RECIPE = Recipe()
SEEDS = [0, 1, 2, 3, 4, 5]
VALIDATION_ROWS, TEST_ROWS = 397, 400


def load_data(recipe):
    """A fixed stratified split of the 1,797 images; validation and test images get their noise once, for all cells."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean()) / x.std()).reshape(-1, 1, 8, 8).astype("float32")
    rest, test = train_test_split(numpy.arange(len(y)), test_size=TEST_ROWS, stratify=y, random_state=0)
    train, val = train_test_split(rest, test_size=VALIDATION_ROWS, stratify=y[rest], random_state=0)
    if recipe.rows < len(train):
        train, _ = train_test_split(train, train_size=recipe.rows, stratify=y[train], random_state=0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) * recipe.noise
    held = x + noise
    return {"train": (x[train], y[train]), "val": (held[val], y[val]), "test": (held[test], y[test])}


def batches(x, y, recipe, generators):
    """Yields [rows, seeds, 8, 8] images and [seeds, rows] labels; each seed has its own order."""
    for _ in range(recipe.epochs):
        order = torch.stack([torch.randperm(len(y), generator=g) for g in generators])
        for start in range(0, len(y) - recipe.batch + 1, recipe.batch):
            index = order[:, start:start + recipe.batch]
            images = x[index.T, 0]
            if recipe.noise:
                shape = (recipe.batch, 8, 8)
                images = images + recipe.noise * torch.stack([torch.randn(shape, generator=g) for g in generators], 1)
            yield images, y[index]


def flatten_parameters(network):
    """Moves all parameters and gradients into one vector each, so that one optimiser step is a few calls."""
    parameters = list(network.parameters())
    flat = torch.nn.Parameter(torch.cat([p.detach().reshape(-1) for p in parameters]))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for p in parameters:
        p.data = flat.data[start:start + p.numel()].view(p.shape)
        p.grad = flat.grad[start:start + p.numel()].view(p.shape)
        start += p.numel()
    return flat


def train(text, recipe, data, seeds):
    """Trains the cell once per seed; returns the counts of correct rows, parameters and CPU seconds, which are those
    of all seeds together divided by their number. Computes in the type of the images."""
    began = time.process_time()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x, y = data["train"]
    network = Network(text, recipe, generators).to(dtype=x.dtype, memory_format=torch.channels_last)
    flat = flatten_parameters(network)
    optimizer = torch.optim.SGD([flat], lr=recipe.rate, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.decay)
    steps = recipe.epochs * (len(y) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=steps, cycle_momentum=False)
    network.train()
    for images, labels in batches(x, y, recipe, generators):
        flat.grad.zero_()
        scores = network(images.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(scores.reshape(-1, 10), labels.reshape(-1), reduction="sum") / recipe.batch
        loss.backward()
        optimizer.step()
        schedule.step()
    result = {"parameters": flat.numel() // len(seeds), "seconds": (time.process_time() - began) / len(seeds)}
    network.eval()
    with torch.no_grad():
        for name in ("val", "test"):
            images, labels = data[name]
            scores = network(images.expand(-1, len(seeds), 8, 8).contiguous(memory_format=torch.channels_last))
            result[name] = (scores.argmax(2) == labels).sum(1).tolist()
    return result
