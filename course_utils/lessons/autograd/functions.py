"""Functions as arguments of a case, and numbers to put into them."""

import random

import torch
from torch import nn

from course_utils.calls import describe_argument


class Formula(nn.Module):
    """A function that a message shows as it is typed: `lambda x: (x ** 3).sum()`.

    text: the function; where it stands on weights of its own, their names in braces, as in
    "lambda x: x @ {w}". The weights require grad. It is a module so that each check looks at
    them, too.
    """

    def __init__(self, text: str, **weights: torch.Tensor) -> None:
        super().__init__()
        self.text = text
        for name, values in weights.items():
            self.register_parameter(name, nn.Parameter(values.clone()))
        scope = {"torch": torch, "nn": nn, **dict(self.named_parameters())}
        self.function = eval(text.format(**{name: name for name in weights}), scope)

    def __repr__(self) -> str:
        weights = self.named_parameters()
        typed = {name: describe_argument(w.detach().requires_grad_()) for name, w in weights}
        return self.text.format(**typed)

    def __call__(self, *args):
        """What the function gives for these arguments. There is no forward to call instead."""
        return self.function(*args)


def decimals(
    rng: random.Random, *shape: int, most: int = 2, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Numbers with one decimal between -most and most, none of them 0."""
    count = torch.Size(shape).numel()
    numbers = [rng.choice([-1, 1]) * rng.randint(1, 10 * most) / 10 for _ in range(count)]
    return torch.tensor(numbers, dtype=dtype).reshape(shape)
