"""Numbers and models that are easy to read and the same for every answer."""

import random
import zlib

import torch
from torch import nn


def quarters(rng: random.Random, *shape: int) -> torch.Tensor:
    """Random quarters from -2 to 2: easy to read, exact in float32."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-8, 8) / 4 for _ in range(count)]).reshape(shape)


def set_values(tensor: torch.Tensor, key: str) -> None:
    """Fill a float tensor with quarters that depend on `key` and nothing else."""
    generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
    with torch.no_grad():
        tensor.copy_(torch.randint(-4, 5, tensor.shape, generator=generator) / 4)


def fill_by_name(model: nn.Module) -> None:
    """The same values for every answer whose parameters have the same names."""
    for name, parameter in nn.Module.named_parameters(model):
        set_values(parameter, name)


class Scaled(nn.Module):
    """A layer, and a parameter beside it that belongs to no layer."""

    def __init__(self, layer: nn.Module, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) * self.scale

    def extra_repr(self) -> str:
        return f"scale: a parameter of shape {tuple(self.scale.shape)}"


def frozen(layer: nn.Module) -> nn.Module:
    return layer.requires_grad_(False)
