"""Models and batches for the exercises of lesson 11, and what ranks agree on."""

import random

import torch
import torch.distributed as dist
from torch import nn


def seeded(rng: random.Random, make):
    """What make() builds, with torch's random numbers fixed by rng and left alone outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return make()


def regression_batches(sizes: list[int], features: int = 3) -> list[tuple]:
    """Batches of random x, shape (size, features), and y, shape (size, 1)."""
    return [(torch.randn(size, features), torch.randn(size, 1)) for size in sizes]


def labelled(
    samples: int, features: int = 3, classes: int = 3
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random x, shape (samples, features), and labels y, shape (samples,), int64."""
    return torch.randn(samples, features), torch.randint(0, classes, (samples,))


def small_net(inputs: int = 3, outputs: int = 1) -> nn.Sequential:
    """Two linear layers, whose first weights are tanh'ed."""
    return nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, outputs))


def from_all_ranks(value: object) -> list:
    """The value of each rank, in their order; every rank calls this."""
    found: list = [None] * dist.get_world_size()
    dist.all_gather_object(found, value)
    return found
