"""Predict, then run: a question is answered by the code itself, after a guess.

Taught in notebook 00, used in every lesson. The right value is never written down: the cell
runs the real code. What is written down are the wrong values that people believe in, and why.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any

import torch

from .comparison import show
from .contents import all_lessons, load_predictions
from .feedback import Panel, display
from .plain import TooLarge, plain, type_name

_registry: dict[str, Prediction] = {}
TOLERANCE = 0.01  # relative: a guess of 0.33 for a third is right


@dataclasses.dataclass(frozen=True)
class Belief:
    """A wrong guess that people make, and the sentence for the person who made it."""

    guess: Any
    sentence: str


@dataclasses.dataclass(frozen=True)
class Prediction:
    """A question that a lesson asks before it shows.

    id: '01.p2'. because: why the right value is right; shown after every guess.
    beliefs: wrong guesses with an explanation. choices: the allowed guesses, if they are words.
    Creating it registers its id.
    """

    id: str
    because: str
    beliefs: tuple[Belief, ...]
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if self.id in _registry:
            raise ValueError(f"Prediction {self.id} is declared twice.")
        _registry[self.id] = self

    def reveal(self, guess: Any, run: Callable[[], Any]) -> Panel:
        """The panel for a guess. `run()` is the code that the question is about."""
        if guess is ...:
            choices = " or ".join(f"`{choice!r}`" for choice in self.choices)
            form = f" ({choices})" if choices else ""
            text = (
                f"Make your guess first: write it in place of `...`{form}, and run the cell again."
            )
            return Panel("note", self.id, text)
        if self.choices and not any(alike(guess, choice) for choice in self.choices):
            choices = " or ".join(f"`{choice!r}`" for choice in self.choices)
            text = f"Your guess should be {choices}; nothing is revealed yet."
            return Panel("note", self.id, text)
        try:
            plain(guess)
        except TooLarge as error:
            return Panel("note", self.id, f"Your guess holds {error}. Write a shorter one.")
        value, how = actual(run)
        if alike(guess, value):
            return Panel("good", self.id, f"You predicted it: {how}.", (("Why", self.because),))
        rows = []
        for belief in self.beliefs:
            if alike(guess, belief.guess):
                rows.append(("", belief.sentence))
                break
        rows.append(("Why", self.because))
        headline = f"You predicted `{show(plain(guess))}`; {how}."
        return Panel("wrong", self.id, headline, tuple(rows))


def actual(run: Callable[[], Any]) -> tuple[Any, str]:
    """Run the code. Gives its value ('error' if it raised) and a sentence part that says so."""
    try:
        value = plain(run())
    except Exception as error:
        first_line = (str(error).splitlines() or [""])[0]
        return "error", f"the code raises `{type(error).__name__}: {first_line}`"
    return value, f"the code gives `{show(value)}`"


def alike(guess: Any, value: Any) -> bool:
    """Equal for a reader: list or tuple or tensor, 'View' or 'view', 0.33 or a third."""
    guess, value = _simple(guess), _simple(value)
    if isinstance(guess, str) and isinstance(value, str):
        return guess.strip().lower() == value.strip().lower()
    if isinstance(guess, bool) or isinstance(value, bool):
        return guess is value
    if isinstance(guess, (int, float)) and isinstance(value, (int, float)):
        if guess == value:
            return True
        close = value - TOLERANCE * abs(value) <= guess <= value + TOLERANCE * abs(value)
        return isinstance(value, float) and close
    if isinstance(guess, list) and isinstance(value, list):
        return len(guess) == len(value) and all(map(alike, guess, value))
    return type(guess) is type(value) and guess == value


def _simple(value: Any) -> Any:
    if type_name(type(value)).startswith("numpy.") and hasattr(value, "tolist"):
        value = value.tolist()
    value = plain(value)
    if isinstance(value, torch.Tensor):
        value = show(value) if value.device.type == "meta" else value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "type_name"):
        return value.type_name
    return value


def predict(id: str, guess: Any, run: Callable[[], Any]) -> None:
    """Show what the code does, once a guess is made. Without one, nothing is revealed.

    id: '01.p2'. guess: yours, or `...` for none yet; 'error' if you think the code raises.
    run: the code, as in `lambda: x.t().stride()`.
    """
    _load_topics()
    if not isinstance(id, str) or id not in _registry:
        near = difflib.get_close_matches(str(id), _registry, n=3, cutoff=0.3) or ["01.p1"]
        text = f"There is no prediction {id!r}. Near it: {', '.join(sorted(near))}."
        display(Panel("wrong", "predict", text))
        return
    display(_registry[id].reveal(guess, run))


def all_predictions() -> list[Prediction]:
    """Every prediction of the course, in the order of their ids."""
    _load_topics()
    return sorted(_registry.values(), key=lambda p: (p.id[:2], int(p.id[4:])))


def _load_topics() -> None:
    for page in all_lessons():
        load_predictions(page.number)
