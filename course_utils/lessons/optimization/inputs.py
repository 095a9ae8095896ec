"""Numbers, models and optimizers for the exercises of lesson 09."""

import random

import torch
from torch import nn


def decimals(rng: random.Random, *shape: int, most: int = 3) -> torch.Tensor:
    """Numbers with one decimal between -most and most, none of them 0."""
    count = torch.Size(shape).numel()
    numbers = [rng.choice([-1, 1]) * rng.randint(1, 10 * most) / 10 for _ in range(count)]
    return torch.tensor(numbers).reshape(shape)


def labels(rng: random.Random, count: int, classes: int) -> torch.Tensor:
    """Class numbers: shape (count,), int64."""
    return torch.tensor([rng.randrange(classes) for _ in range(count)])


def set_numbers(model: nn.Module, rng: random.Random) -> nn.Module:
    """The same model, its parameters set to numbers from `rng`."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(decimals(rng, *parameter.shape, most=1))
    return model


def wake_optimizers() -> None:
    """Make one optimizer, before the clock of an answer runs.

    The first optimizer of a process makes torch import its compiler, which takes seconds.
    """
    torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


def two_groups(rates: list[float]) -> torch.optim.Optimizer:
    """SGD with one parameter group for each rate."""
    groups = [{"params": [nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)
