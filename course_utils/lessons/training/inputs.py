"""Models and data for the exercises of lesson 10, fixed by the seed of a check."""

import random

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


def halve(module: nn.Module, args: tuple, output: torch.Tensor) -> torch.Tensor:
    """A forward hook: half of what the model gives."""
    return output / 2


def normed_net() -> nn.Module:
    """From 3 features to 3 scores; its BatchNorm shows in which mode the model was run.

    It has a hook, which shows whether the model was called, or only its forward.
    """
    model = SmallNet(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))
    model.register_forward_hook(halve)
    return model


def labelled_batch(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random features (samples, 3) and labels (samples,) of three classes."""
    return torch.randn(samples, 3), torch.randint(0, 3, (samples,))


def labelled_loader(samples: int, batch_size: int) -> DataLoader:
    """The same as a loader that keeps its order; the last batch may be shorter."""
    return DataLoader(TensorDataset(*labelled_batch(samples)), batch_size=batch_size)


def loader(samples: int, batch_size: int, *, column: bool = False) -> DataLoader:
    """Batches of random features (batch, 3) and labels (batch,) or (batch, 1), always in order."""
    x, y = torch.randn(samples, 3), torch.randint(0, 3, (samples,))
    return DataLoader(TensorDataset(x, y[:, None] if column else y), batch_size=batch_size)
