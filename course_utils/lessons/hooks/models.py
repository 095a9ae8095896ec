"""The models of the exercises on hooks and apply.

A case gives the source of its model, and the observation builds it, so that the message a
student reads says which model to type.
"""

import random
from collections import OrderedDict

import torch
from torch import nn


class Source(nn.Module):
    """Stands for a model in a case. It is a module so that a message shows it as it is typed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def build(self) -> nn.Module:
        """The model itself; its weights come from the seed of the check."""
        scope = {"nn": nn, "OrderedDict": OrderedDict}
        scope.update({kind.__name__: kind for kind in OWN_MODULES})
        return eval(self.text, scope)


def some_activations(rng: random.Random, least: int, most: int) -> list[str]:
    """Sources of layers that take any shape and keep a negative number or turn it into 0."""
    kinds = ["nn.Tanh()", "nn.ReLU()", "nn.Identity()"]
    return [rng.choice(kinds) for _ in range(rng.randint(least, most))]


class OutputFirst(nn.Module):
    """Registers its output layer first; forward runs it last."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(3, 2)
        self.hidden = nn.Tanh()

    def forward(self, x):
        return self.output(self.hidden(x))


class Log(nn.Module):
    """The logarithm: -inf at 0, NaN below."""

    def forward(self, x):
        return torch.log(x)


class LogOf(nn.Module):
    """Takes the logarithm of what its layer gives."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.log(self.layer(x))


class WithLog(nn.Module):
    """Gives two tensors: what it gets, and the logarithm of it."""

    def forward(self, x):
        return x, torch.log(x)


class Total(nn.Module):
    """Gives a tensor without dimensions."""

    def forward(self, x):
        return x.sum()


class LogLast(nn.Module):
    """Registers its logarithm last; forward runs it first."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(3, 2)
        self.log = Log()

    def forward(self, x):
        return self.output(self.log(x))


class Brightness(nn.Module):
    """A model with a second argument."""

    def forward(self, image, gain):
        return image * gain


class Exposure(nn.Module):
    """A model with three arguments, and a parameter of another dtype."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, image, gain, offset):
        return self.scale * image * gain + offset


class Shift(nn.Module):
    """Adds its parameter to the input: both get the same gradient."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def forward(self, x):
        return self.shift + x


class Rows(nn.Module):
    """Gives the first rows of its table, one for each row of x: a view of a parameter."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.arange(24.0).reshape(8, 3) / 8)

    def forward(self, x):
        return self.table[: len(x)]


class Twice(nn.Module):
    """Uses its layer two times."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(self.layer(x))


class TwoPaths(nn.Module):
    """One activation, reached on two paths."""

    def __init__(self):
        super().__init__()
        shared = nn.Tanh()
        self.left = nn.Sequential(nn.Linear(2, 2), shared)
        self.right = nn.Sequential(nn.Linear(2, 2), shared)

    def forward(self, x):
        return self.left(x) + self.right(x)


class TwoNames(nn.Module):
    """One activation under two names, and a name without a module."""

    def __init__(self):
        super().__init__()
        self.first = nn.Tanh()
        self.second = self.first
        self.register_module("missing", None)

    def forward(self, x):
        return self.second(self.first(x))


class Head(nn.Linear):
    """A linear layer under another name, as libraries have them."""


OWN_MODULES = (OutputFirst, Log, LogOf, WithLog, Total, LogLast, Brightness, Shift, Rows)
OWN_MODULES += (Twice, TwoPaths, TwoNames, Head, Exposure)
