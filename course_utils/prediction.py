"""Predict, then run: a question is answered by the code itself, after a guess.

Taught in notebook 00, used in every lesson. The right value is never written down: the cell
runs the real code. What is written down are the wrong values that people believe in, and why.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
import re
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import torch

from . import contents, journal
from .catalogue import Catalogue, NotDeclared
from .comparison import LONGEST, show
from .feedback import Panel, display
from .plain import Opaque, TooLarge, plain, type_name
from .texts import one_of, text

TOLERANCE = 0.01  # relative: a guess of 0.33 for a third is right
ROUNDING = 1e-6  # relative: what a computed guess, 0.1 * 30, may be away from a whole number
ERROR_NAME = re.compile(r"[\w.]*(error|exception)")  # in small letters
PRINTED_BY_TORCH = re.compile(r"(?:torch\.)?(?:tensor|Size)\((.*)\)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Belief:
    """A wrong guess that people make, and the sentence for the person who made it."""

    guess: Any
    sentence: str


catalogue: Catalogue[Prediction] = Catalogue(contents.prediction_modules)


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
        catalogue.register(self.id, self)

    def reveal(self, guess: Any, run: Callable[[], Any]) -> Panel:
        """The panel for a guess. `run()` is the code that the question is about.

        A note, and no verdict, where cells above have not been run: a name of the notebook is
        missing, or `run` is nothing that can be called.
        """
        if guess is ...:
            return self._note(self._make_a_guess())
        try:
            guess = as_data(guess)
        except TooLarge as error:
            sentence = text(
                "predict.too_large", "Your guess holds {error}. Write a shorter one.", error=error
            )
            return self._note(sentence)
        if self.choices and not any(means(guess, choice) for choice in self.choices):
            sentence = text(
                "predict.no_choice",
                "Your guess should be {choices}; nothing is revealed yet.",
                choices=one_of(f"`{choice!r}`" for choice in self.choices),
            )
            return self._note(sentence)
        if not _can_be_called(run):
            sentence = text(
                "predict.no_code",
                "Run the cells above first: what stands here in the place of the code, of type "
                "`{kind}`, cannot be called without arguments.",
                kind=type_name(type(run)),
            )
            return self._note(sentence)
        value = actual(run)
        name = _name_not_there(value, run)
        if name is not None:
            sentence = text(
                "predict.name_not_there",
                "Run the cells above first: `{name}` is not there yet.",
                name=name,
            )
            return self._note(sentence)
        why = (text("predict.why", "Why"), text(f"{self.id}.because", self.because))
        if alike(guess, value):
            return Panel("good", self.id, right_headline(value), (why,))
        rows = [
            ("", text(f"{self.id}.belief.{number}", belief.sentence))
            for number, belief in enumerate(self.beliefs, start=1)
            if means(guess, belief.guess)
        ]
        return Panel("wrong", self.id, wrong_headline(guess, value), (*rows[:1], why))

    def _note(self, sentence: str) -> Panel:
        """Nothing is judged."""
        return Panel("note", self.id, sentence)

    def _make_a_guess(self) -> str:
        if not self.choices:
            return text(
                "predict.guess_first",
                "Make your guess first: write it in place of `...`, and run the cell again.",
            )
        return text(
            "predict.choose_first",
            "Make your guess first: write it in place of `...` ({choices}), and run the cell "
            "again.",
            choices=one_of(f"`{choice!r}`" for choice in self.choices),
        )


def right_headline(value: Any) -> str:
    """The headline for a right guess."""
    if isinstance(value, Exception):
        return text(
            "predict.right_raises",
            "You predicted it: the code raises `{error}`.",
            error=first_line(value),
        )
    return text(
        "predict.right_gives", "You predicted it: the code gives `{value}`.", value=show(value)
    )


def wrong_headline(guess: Any, value: Any) -> str:
    """The headline for a wrong guess."""
    if isinstance(value, Exception):
        return text(
            "predict.wrong_raises",
            "You predicted `{guess}`; the code raises `{error}`.",
            guess=show(guess),
            error=first_line(value),
        )
    if show(guess) == show(value):  # a long value is not shown whole
        return text(
            "predict.wrong_looks_equal",
            "You predicted `{guess}`; the code gives `{value}`, with other values.",
            guess=show(guess),
            value=show(value),
        )
    return text(
        "predict.wrong_gives",
        "You predicted `{guess}`; the code gives `{value}`.",
        guess=show(guess),
        value=show(value),
    )


def first_line(error: Exception) -> str:
    """'IndexError: list index out of range'."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def actual(run: Callable[[], Any]) -> Any:
    """What the code gives, as data; the exception, if it raises one."""
    try:
        return as_data(run())
    except Exception as error:
        return error


def _can_be_called(run: Any) -> bool:
    try:
        inspect.signature(run).bind()
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell its arguments
        pass
    return True


def _name_not_there(error: Any, run: Callable[[], Any]) -> str | None:
    """The global name that code of the notebook looked up and did not find; None otherwise.

    Other NameErrors, as of a local name that has no value yet, are what a question may be about.
    """
    if type(error) is not NameError or error.name is None:
        return None
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    in_notebook = frame.f_globals is getattr(run, "__globals__", None)
    local = error.name in frame.f_code.co_freevars
    return error.name if in_notebook and not local else None


def as_data(value: Any) -> Any:
    """A copy made of plain data, as in plain.plain; a class or an exception is its name.

    What is plain data already is given back as it is. Raises TooLarge as plain does.
    """
    plain(value)  # for its limits: what follows may go as deep as it likes

    def copy(value: Any) -> Any:
        kind = type(value)
        if isinstance(value, Opaque):
            return value
        if isinstance(value, type):
            return Opaque(value.__name__)
        if isinstance(value, BaseException):
            return Opaque(kind.__name__)
        if type_name(kind).startswith("numpy.") and hasattr(value, "tolist"):
            return value.tolist()
        if kind in (list, tuple):
            return kind(copy(item) for item in value)
        return plain(value)

    return copy(value)


def alike(guess: Any, value: Any) -> bool:
    """Equal for a reader: list or tuple or tensor, 'View' or 'view', 0.33 or a third.

    Text counts as what it is the text of: '[1, 2]', 'None', 'float32' for torch.float32.
    If `value` is an exception: 'error', or a class (or its name) that would catch it.
    """
    if isinstance(value, BaseException):
        caught_by = [kind.__name__.lower() for kind in type(value).__mro__[:-1]]
        name = reading(guess)
        return isinstance(name, str) and name.rsplit(".", 1)[-1] in ("error", *caught_by)
    return _equal(reading(guess), reading(value))


def means(guess: Any, belief: Any) -> bool:
    """Alike, or `belief` is 'error' and the guess names any error."""
    return alike(guess, belief) or (belief == "error" and _error_name(guess) is not None)


def _error_name(guess: Any) -> str | None:
    """'error', or 'indexerror' for the class, its name or an instance; None for what names none."""
    name = reading(guess)
    if isinstance(name, str) and ERROR_NAME.fullmatch(name):
        return name.rsplit(".", 1)[-1]
    return None


def _equal(guess: Any, value: Any) -> bool:
    """Equality of two readings."""
    if isinstance(guess, bool) or isinstance(value, bool):
        return guess is value
    if isinstance(guess, (int, float)) and isinstance(value, (int, float)):
        if guess == value or (guess != guess and value != value):
            return True
        if isinstance(guess, int) and isinstance(value, int):
            return False
        room = abs(value) * (TOLERANCE if isinstance(value, float) else ROUNDING)
        return value - room <= guess <= value + room
    if isinstance(guess, list) and isinstance(value, list):
        return len(guess) == len(value) and all(map(_equal, guess, value))
    return type(guess) is type(value) and guess == value


def reading(value: Any) -> Any:
    """What a reader takes a value for: None, bool, number, text in small letters, list or dict."""
    data = as_data(value)
    if isinstance(data, torch.Tensor):
        data = show(data) if data.device.type == "meta" else data.tolist()
    if isinstance(data, (list, tuple)):
        return [reading(item) for item in data]
    if isinstance(data, dict):
        return {key: reading(item) for key, item in data.items()}
    if isinstance(data, Opaque):
        return _without_module(data.type_name)
    return _reading_of_text(data) if isinstance(data, str) else data


def _reading_of_text(text: str) -> Any:
    text = text.strip()
    printed = PRINTED_BY_TORCH.fullmatch(text)
    if printed:
        text = printed.group(1)
    words = {"none": None, "true": True, "false": False, "nan": math.nan}
    words |= {"inf": math.inf, "-inf": -math.inf}
    if text.lower() in words:
        return words[text.lower()]
    if len(text) > LONGEST:
        return text.lower()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python has advice for some of what a student types
            return reading(ast.literal_eval(text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, TooLarge):
        return _without_module(text)  # a word, not the text of a value


def _without_module(name: str) -> str:
    """'float32' for 'torch.float32' and 'torch.float', which is another name for it."""
    if name.startswith("torch."):
        kind = vars(torch).get(name.removeprefix("torch."))
        name = str(kind) if isinstance(kind, torch.dtype) else name
        name = name.removeprefix("torch.")
    return name.lower()


def predict(id: str, guess: Any, run: Callable[[], Any]) -> None:
    """Show what the code does, once a guess is made. Without one, nothing is revealed.

    id: '01.p2'. guess: yours, or `...` for none yet; 'error' if you think the code raises.
    run: the code, as in `lambda: x.t().stride()`.
    """
    try:
        asked = catalogue.load(id)
    except NotDeclared as missing:
        sentence = text(
            "predict.unknown",
            "There is no prediction {id!r}. Near it: {near}.",
            id=id,
            near=", ".join(missing.near),
        )
        display(Panel("wrong", "predict", sentence))
        return
    panel = asked.reveal(guess, run)
    if panel.kind != "note":
        journal.note(journal.GUESS, id, right=panel.kind == "good")
    display(panel)


def all_predictions() -> list[Prediction]:
    """Every prediction of the course, in the order of their ids."""
    return catalogue.load_all()
