"""Numbers for the models of the exercises on hooks."""

import random

import torch


def numbers(rng: random.Random, *shape: int) -> torch.Tensor:
    """Small whole numbers from -4 to 4 as float32."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-4, 4) for _ in range(count)]).float().reshape(shape)
