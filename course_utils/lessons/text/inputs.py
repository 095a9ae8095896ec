"""Tensors for the exercises of lesson 08."""

import random

import torch


def numbers(rng: random.Random, *shape: int) -> torch.Tensor:
    """A float32 tensor of this shape with one digit after the point, from -3.0 to 3.0."""
    count = torch.Size(shape).numel()
    values = [rng.randint(-30, 30) / 10 for _ in range(count)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)
