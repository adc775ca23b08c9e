"""Runs rendered cells in PyTorch: JSON lines {texts, sites} in, one JSON line of largest absolute differences for each.

All cells of a line get the same weights, matched by edge, and the same input; the reference is the exclude_helper text.
Double precision, so that the order of additions does not matter. Batch norms have random scales and no shift, as what the
normal forms drop is zero only then.
"""

import json
import sys

import torch
import torch.nn as nn

CHANNELS = 5


def build(text, *prelude):
    """The class Cell of a text, which imports nothing itself."""
    names = {"torch": torch, "nn": nn}
    for source in (*prelude, text):
        exec(source, names)
    return names


def randomize(module, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        draw = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data.copy_(draw if parameter.dim() > 1 else torch.zeros_like(draw) if name.endswith("bias") else draw.abs() + 0.5)


def edge_seed(source, target):
    return 100 + 10 * source + target


def kind_seed(call):
    return 1 if call == "conv1x1" else 3


def original(text, helper, seed_of):
    cell = build(text, helper)["Cell"](CHANNELS).double()
    for name, module in cell.named_children():
        _, source, target = name.split("_")
        randomize(module, seed_of(module, int(source), int(target)))
    return cell


def call_of(module):
    kernels = [m.kernel_size[0] for m in module.modules() if isinstance(m, nn.Conv2d)]
    return f"conv{kernels[0]}x{kernels[0]}" if kernels else "avgpool3x3"


def primitive(call, seed):
    if call == "avgpool3x3":
        return nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
    kernel = int(call[4])
    conv = nn.Conv2d(CHANNELS, CHANNELS, kernel, padding=kernel // 2, bias=False)
    module = nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(CHANNELS)).double()
    randomize(module, seed)
    return module


def normal_form(text, sites=None):
    """The forward function of a normal form. With sites, each call in order owns the weights of its edge; else of its kind."""
    calls = iter(sites or [])

    def call(name):
        def run(x):
            if sites is None:
                return primitive(name, kind_seed(name))(x)
            site = next(calls)
            assert site["call"] == name, f"expected {site['call']} at edge {site['source']}-{site['target']}, got {name}"
            return primitive(name, edge_seed(site["source"], site["target"]))(x)

        return run

    names = build(text)
    names.update({name: call(name) for name in ("conv1x1", "conv3x3", "avgpool3x3")})
    result = names["Cell"]()

    def forward(x):
        y = result.forward(x)
        assert next(calls, None) is None, "a call site was not used"
        return y

    return forward


def difference(a, b):
    return float((a - b).abs().max())


def main():
    helper = json.loads(sys.stdin.readline())["helper"]
    for line in sys.stdin:
        item = json.loads(line)
        texts, sites = item["texts"], item["sites"]
        x = torch.randn(2, CHANNELS, 6, 6, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
        by_edge = lambda _, source, target: edge_seed(source, target)
        by_kind = lambda module, *_: kind_seed(call_of(module))
        y = original(texts["exclude_helper"], helper, by_edge)(x)
        same = original(texts["exclude_helper"], helper, by_kind)(x)
        result = {
            "helper": difference(y, original(texts["helper"], "", by_edge)(x)),
            "inline": difference(y, original(texts["inline"], "", by_edge)(x)),
            "statements": difference(y, normal_form(texts["statements"], sites)(x)),
            "statements_equal_weights": difference(same, normal_form(texts["statements"])(x)),
            "nested_equal_weights": difference(same, normal_form(texts["nested"])(x)),
            # Not the function of the cell, but it must run.
            "paths_runs": list(normal_form(texts["paths"])(x).shape) == list(x.shape),
        }
        # The same weights at the wrong edges, where that can be seen: the check above is able to fail.
        convs = [site for site in sites if site["call"] == "conv3x3"]
        if len(convs) > 1:
            first, second = convs[0], convs[1]
            swap = {id(first): second, id(second): first}
            swapped = [swap.get(id(site), site) for site in sites]
            result["swapped"] = difference(y, normal_form(texts["statements"], swapped)(x))
        print(json.dumps(result))


main()
