"""Right answers that look different from the references. Every one of them has to pass.

A check that turns down a right answer teaches something false, so this list is as important as
the mistakes are.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

_answers: list[tuple[str, Callable[..., Any]]] = []


def right(id: str) -> Callable:
    """Decorator: this is a right answer to the exercise with this id."""

    def add(answer: Callable[..., Any]) -> Callable[..., Any]:
        _answers.append((id, answer))
        return answer

    return add


def all_right_answers() -> list[tuple[str, Callable[..., Any]]]:
    """Pairs of exercise id and answer, from all modules of this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _answers
