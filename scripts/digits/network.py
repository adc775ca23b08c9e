"""A small NAS-Bench-201-like network around a rendered cell, with all seeds of a training in one.

A training of such a small network is mostly the overhead of its calls. So the networks of S seeds are
laid side by side in the channels: activations are [rows, S * channels, height, width], convolutions are
grouped with one group for each seed, everything else acts on each channel alone. No value crosses from
one seed to another, so each seed gets what it would get alone (check.py compares with plain torch.nn).
The rendered text is executed unchanged; only the names it uses stand for the modules below.
"""
import math
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional


class Conv2d(nn.Module):
    """S convolutions without bias as one grouped convolution, drawn as torch.nn.Conv2d draws them."""

    def __init__(self, generators, channels_in, channels_out, kernel_size, stride=1, padding=0):
        super().__init__()
        bound = 1 / math.sqrt(channels_in * kernel_size * kernel_size)
        shape = (channels_out, channels_in, kernel_size, kernel_size)
        weight = torch.cat([torch.empty(shape).uniform_(-bound, bound, generator=g) for g in generators])
        self.weight = nn.Parameter(weight)
        self.groups, self.stride, self.padding = len(generators), stride, padding

    def forward(self, x):
        return functional.conv2d(x, self.weight, stride=self.stride, padding=self.padding, groups=self.groups)


class AvgPool2d(nn.Module):
    """torch.nn.AvgPool2d as a depthwise convolution: the same numbers, several times faster on a CPU."""

    def __init__(self, kernel_size, stride, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x):
        size, channels = self.kernel_size, x.shape[1]
        weight = x.new_full((channels, 1, size, size), 1 / (size * size))
        return functional.conv2d(x, weight, stride=self.stride, padding=self.padding, groups=channels)


class Linear(nn.Module):
    """S linear layers: [rows, S * features] -> [S, rows, classes]."""

    def __init__(self, generators, features, classes):
        super().__init__()
        bound = 1 / math.sqrt(features)
        draw = [torch.empty(features + 1, classes).uniform_(-bound, bound, generator=g) for g in generators]
        self.weight = nn.Parameter(torch.stack([d[:-1] for d in draw]))
        self.bias = nn.Parameter(torch.stack([d[-1:] for d in draw]))

    def forward(self, x):
        seeds, features, _ = self.weight.shape
        return torch.baddbmm(self.bias, x.reshape(-1, seeds, features).transpose(0, 1), self.weight)


def cell_class(text, generators):
    """Executes the text of a rendered cell (style exclude_helper) and returns its class."""
    seeds = len(generators)

    def relu_conv2d_batchnorm(channels, kernel_size, stride, padding):
        conv = Conv2d(generators, channels, channels, kernel_size, stride, padding)
        return nn.Sequential(nn.ReLU(inplace=False), conv, nn.BatchNorm2d(seeds * channels))

    names = {
        "nn": SimpleNamespace(Module=nn.Module, AvgPool2d=AvgPool2d),
        "torch": torch,
        "ReLU_Conv2d_BatchNorm": relu_conv2d_batchnorm,
    }
    exec(compile(text, "cell", "exec"), names)
    return names["Cell"]


class Network(nn.Module):
    """Stem, stages of cells with a halving of the image and a widening between them, global pool, classifier."""

    def __init__(self, text, recipe, generators, classes=10):
        super().__init__()
        seeds, channels = len(generators), recipe.channels
        cell = cell_class(text, generators)
        k = recipe.stem_kernel
        # The stem sees single pixels or separate patches, not neighbourhoods that overlap: what lies between them is
        # left to the cells, which is what makes their ranking like that of a larger task.
        layers = [Conv2d(generators, 1, channels, k, recipe.stem_stride, (k - 1) // 2), nn.BatchNorm2d(seeds * channels)]
        for stage in range(recipe.stages):
            if stage > 0:
                wider = int(channels * recipe.widen)
                layers += [nn.ReLU(), AvgPool2d(2, 2), Conv2d(generators, channels, wider, 1), nn.BatchNorm2d(seeds * wider)]
                channels = wider
            layers += [cell(channels) for _ in range(recipe.cells)]
        layers += [nn.BatchNorm2d(seeds * channels), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.classifier = Linear(generators, channels, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))
