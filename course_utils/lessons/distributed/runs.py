"""Models, batches and agreements of ranks for the exercises of lesson 11."""

import random

import torch
import torch.distributed as dist
from torch import nn


def seeded(rng: random.Random, make):
    """What make() builds, with torch's random numbers fixed by rng and left alone outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return make()


class SmallNet(nn.Sequential):
    """Shown by its name in messages: how layers are printed differs between versions of torch."""

    def __repr__(self) -> str:
        return "SmallNet()"


def small_net(outputs: int = 1) -> nn.Module:
    """From x of shape (n, 3) to (n, outputs)."""
    return SmallNet(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, outputs))


def regression_batches(*sizes: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Random pairs of x, shape (size, 3), and y, shape (size, 1)."""
    return [(torch.randn(size, 3), torch.randn(size, 1)) for size in sizes]


def with_gradients(model: nn.Module) -> nn.Module:
    """The model, with random gradients as a step before leaves them."""
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    return model


def of_all_ranks(value: object) -> list:
    """The value of each rank, in their order. Every rank has to call this."""
    found: list = [None] * dist.get_world_size()
    dist.all_gather_object(found, value)
    return found
