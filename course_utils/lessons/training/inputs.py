"""Models and data for the exercises of lesson 10, fixed by the seed of a check."""

import random
from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def seeded(rng: random.Random, make):
    """What make() builds, with torch's random numbers fixed by rng and left alone outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return make()


class SmallNet(nn.Sequential):
    """Shown by its name in messages: how layers are printed differs between versions of torch."""

    def __repr__(self) -> str:
        return "SmallNet()"


class SameDropout(nn.Dropout):
    """Drops the same elements each time, so that it does not matter who draws how many numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        rows, columns = torch.arange(x.shape[0])[:, None], torch.arange(x.shape[1])
        return x * ((rows + columns) % 2) * 2


def halve(module: nn.Module, args: tuple, output: torch.Tensor) -> torch.Tensor:
    """A forward hook: half of what the model gives."""
    return output / 2


def normed_net() -> nn.Module:
    """From 3 features to 3 scores; its BatchNorm and Dropout show in which mode it was run.

    It has a hook, which shows whether the model was called, or only its forward.
    """
    model = SmallNet(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), SameDropout(), nn.Linear(4, 3))
    model.register_forward_hook(halve)
    return model


def labelled_batch(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random features (samples, 3) and labels (samples,) of three classes."""
    return torch.randn(samples, 3), torch.randint(0, 3, (samples,))


class Turning:
    """The numbers below count, in each epoch from another one on."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.first = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        first = self.first
        self.first = (first + 2) % self.count
        yield from [(first + i) % self.count for i in range(self.count)]


def loader(
    samples: int,
    batch_size: int,
    *,
    column: bool = False,
    left_out: int = 0,
    turning: bool = False,
) -> DataLoader:
    """Batches of random features (batch, 3) and labels (batch,) or (batch, 1).

    samples: how many it gives; the last batch may be shorter. left_out: samples of its dataset
    that are in no batch. turning: in another order in each epoch, else in the same.
    """
    x, y = labelled_batch(samples + left_out)
    dataset = TensorDataset(x, y[:, None] if column else y)
    order = Turning(samples) if turning else range(samples)
    return DataLoader(dataset, batch_size=batch_size, sampler=order)
