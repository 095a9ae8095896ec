"""Tensors and answers that are easy to read, for the exercises of lesson 01."""

import random

import torch


def whole_numbers(rng: random.Random, *shape: int, dtype=torch.float32) -> torch.Tensor:
    """Small whole numbers, all different where possible, so that feedback is easy to read."""
    count = torch.Size(shape).numel()
    return torch.tensor(rng.sample(range(max(count, 90) + 1), count), dtype=dtype).reshape(shape)


def some_of_each(rng: random.Random) -> list[bool]:
    """Eight times True or False in random order, each at least once: for answers that are bools."""
    kinds = [True, False, *(rng.choice([True, False]) for _ in range(6))]
    rng.shuffle(kinds)
    return kinds
