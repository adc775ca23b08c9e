"""Gives the calls in normal forms a meaning, so that they run: each call owns its weights, made when it is first reached."""
import re

import torch
import torch.nn as nn
import torch.nn.functional as F


def numbers(name, prefix):
    return [int(n) for n in re.findall(r"\d+", name[len(prefix):])]


class Position(nn.Module):
    def __init__(self, x):
        super().__init__()
        self.value = nn.Parameter(torch.randn(1, *x.shape[1:]))

    def forward(self, x):
        return x + self.value


def layer(name, x):
    """The layer that a call makes of its first input, None for operations without weights."""
    if name.startswith("linear"):
        return nn.Linear(x.shape[-1], *numbers(name, "linear"))
    if name.startswith("conv"):
        kernel, _, *stride, channels = numbers(name, "conv")
        return nn.Conv2d(x.shape[1], channels, kernel, stride=stride[0] if stride else 1, padding=int(kernel == 3))
    if name == "norm":
        return nn.BatchNorm2d(x.shape[1]) if x.dim() == 4 else nn.LayerNorm(x.shape[-1])
    if name == "pos_enc":
        return Position(x)
    return None


def plain(name, x):
    """An operation without weights."""
    if name == "identity":
        return x
    if name == "relu":
        return F.relu(x)
    if name == "leakyrelu":
        return F.leaky_relu(x)
    if name == "softmax":
        return x.softmax(-1)
    if name.startswith("permute"):
        return x.permute(0, *[int(n) for n in name[len("permute"):]])
    if name.startswith("unfold"):
        kernel, stride, padding = numbers(name, "unfold")
        return F.unfold(x, kernel, padding=padding, stride=stride).transpose(1, 2)
    if name.startswith("fold"):
        return x.transpose(1, 2).reshape(x.size(0), -1, *numbers(name, "fold"))
    raise NameError(name)


def joined(kind, dim, values):
    if kind == "add":
        return sum(values)
    if kind == "cat":
        return torch.cat(values, dim)
    product = values[0] @ values[1]
    return product if kind == "dot" else product / values[0].size(-1) ** 0.5


class Step(nn.Module):
    def __init__(self, name, fill):
        super().__init__()
        self.name, self.fill, self.body, self.made = name, fill, None, False

    def forward(self, x):
        if not self.made:
            self.body, self.made = layer(self.name, x), True
            if self.body is not None:
                self.fill(self.body)
        return plain(self.name, x) if self.body is None else self.body(x)


class Joint(nn.Module):
    def __init__(self, name, branches):
        super().__init__()
        self.chunk, self.kind, self.dim, self.factor = re.fullmatch(
            r"(?:chunk(\d)_)?(add|cat|dot|scaled)(\d?)(?:_(\d))?", name
        ).groups()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        count = len(self.branches)
        inputs = x.chunk(count, int(self.chunk)) if self.chunk else [x] * count
        return joined(self.kind, int(self.dim or 0), [f(each) for f, each in zip(self.branches, inputs)])


def build_nested(text, fill):
    def read(at):
        name = re.compile(r"\w+").match(text, at).group()
        at += len(name)
        arguments = []
        if at < len(text) and text[at] == "(":
            start = at + 1
            while text[at] != ")":
                child, at = read(at + (1 if text[at] == "(" else 2))
                arguments.append((child, start))
            end = at
            at += 1
            if name == "seq":
                return nn.Sequential(*[child for child, _ in arguments]), at
            factor = re.search(r"_(\d)$", name)
            if factor:
                # Copies are read again, because each owns its weights.
                copies = [read(start)[0] for _ in range(int(factor.group(1)))]
                assert read(start)[1] == end
                return Joint(name, copies), at
            return Joint(name, [child for child, _ in arguments]), at
        return Step(name, fill), at

    net, end = read(len("net = "))
    assert text.startswith("net = ") and end == len(text)
    return net


class Statements(nn.Module):
    def __init__(self, text, fill):
        super().__init__()
        self.steps, self.at = nn.ModuleList(), 0
        scope = {"nn": nn, "cat": torch.cat, "dot": torch.matmul, "scaled": lambda a, b: joined("scaled", 0, [a, b])}
        for name in set(re.findall(r"(?<![.\w])([a-z]\w*)\(", text)) - {*scope, "sum", "forward", "Net"}:
            scope[name] = lambda x, name=name: self.call(name, x, fill)
        exec(text, scope)
        self.run = scope["Net"].forward

    def call(self, name, x, fill):
        if self.at == len(self.steps):
            self.steps.append(Step(name, fill))
        self.at += 1
        return self.steps[self.at - 1](x)

    def forward(self, x):
        self.at = 0
        return self.run(None, x)


def build(style, text, x, fill):
    net = build_nested(text, fill) if style == "nested" else Statements(text, fill)
    with torch.no_grad():
        net(x)
    return net
