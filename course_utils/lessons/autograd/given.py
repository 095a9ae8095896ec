"""What stands in the cases: functions that a message shows as they are typed, and decimals."""

import random
from typing import Any

import torch
from torch import nn


class Typed(nn.Module):
    """A function, made from its text. It is a module so that a message shows that text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.function = eval(text, {"torch": torch})

    def __repr__(self) -> str:
        return self.text

    def forward(self, *args: torch.Tensor) -> Any:
        return self.function(*args)


def decimals(rng: random.Random, *shape: int, dtype=torch.float32) -> torch.Tensor:
    """Numbers from -2 to 2 with one digit after the point, none of them 0."""
    tenths = [rng.choice((-1, 1)) * rng.randint(1, 20) for _ in range(torch.Size(shape).numel())]
    return (torch.tensor(tenths, dtype=torch.float64) / 10).to(dtype).reshape(shape)
