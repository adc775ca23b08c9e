"""Runs rendered networks in PyTorch and compares them with what was inferred and with each other.

Reads JSON lines {id, input, output, parameters, head, prelude, texts: {style: text}} from standard input, shapes without
the batch; `head` has output and parameters of the styles with a head, `prelude` the classes that style modules needs. Every
text must give the inferred output shape and number of parameters, and the same values as the first one, where weights are
a function of their number alone. Prints one JSON line for each difference and {"checked": texts} at the end."""
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

import forms

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
batch = 2


def fill(module):
    with torch.no_grad():
        for p in module.parameters():
            last = p[0].numel() if p.dim() > 1 else 1
            p.copy_((torch.cos(1.7 * torch.arange(p.numel()) + 0.3) / last**0.5).view_as(p))


def check(row, style, text, x, reference):
    if style in ("nested", "statements"):
        net = forms.build(style, text, x, fill)
    else:
        scope = {"torch": torch, "nn": nn, "F": F}
        exec(row["prelude"] if style == "modules" else "", scope)
        exec(text, scope)
        net = scope["net"] if style == "modules" else scope["Net"]()
        fill(net)
    with torch.no_grad():
        y = net(x)
    wrong = {}
    expected = row["head"] if style.endswith("+head") else row
    if list(y.shape) != [batch, *expected["output"]]:
        wrong["output"] = list(y.shape)
    parameters = sum(p.numel() for p in net.parameters())
    if parameters != expected["parameters"]:
        wrong["parameters"] = parameters
    if style.endswith("+head"):
        return y, wrong
    if reference is not None and not wrong and not torch.allclose(y, reference, rtol=1e-6, atol=1e-9, equal_nan=True):
        wrong["values"] = float((y - reference).abs().max())
    return y, wrong


checked = 0
for line in sys.stdin:
    row = json.loads(line)
    torch.manual_seed(0)
    x = torch.randn(batch, *row["input"])
    reference = None
    for style, text in row["texts"].items():
        try:
            y, wrong = check(row, style, text, x, reference)
            reference = y if reference is None else reference
        except Exception as error:
            wrong = {"error": repr(error)}
        if wrong:
            print(json.dumps({"id": row["id"], "style": style, "expected": [row["output"], row["parameters"]], "found": wrong}))
        checked += 1
print(json.dumps({"checked": checked}))
