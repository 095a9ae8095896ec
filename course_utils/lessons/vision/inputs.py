"""Tensors for the exercises of lesson 07."""

import torch


def numbers(rng, *shape, low=0, high=255, dtype=torch.uint8):
    """A tensor of this shape with whole numbers from low to high."""
    count = torch.Size(shape).numel()
    values = [rng.randint(low, high) for _ in range(count)]
    return torch.tensor(values, dtype=dtype).reshape(shape)
