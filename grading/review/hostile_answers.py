"""Wrong answers that no exercise may accept, whatever it looks at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class EqualToEverything:
    """Says yes to every comparison, has every attribute, and can be called."""

    def __eq__(self, other: object) -> bool:
        return True

    def __getattr__(self, name: str) -> EqualToEverything:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> EqualToEverything:
        return self


class Liar(torch.Tensor):
    """A tensor for which everything that torch works out is true."""

    @classmethod
    def __torch_function__(cls, *_: Any, **__: Any) -> torch.Tensor:
        return torch.tensor(True)


# Each completes the sentence "An answer that ...".
HOSTILE_ANSWERS: dict[str, Callable[..., Any]] = {
    "takes no arguments": lambda: None,
    "takes too many arguments": lambda a, b, c, d, e, f, g, h: None,
    "gives None": lambda *args, **kwargs: None,
    "gives an object equal to everything": lambda *args, **kwargs: EqualToEverything(),
    "gives a tensor that lies": lambda *args, **kwargs: torch.ones(1).as_subclass(Liar),
    "leaves Python": lambda *args, **kwargs: exit(0),
}
