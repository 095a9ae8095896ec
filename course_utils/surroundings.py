"""Other surroundings of a call, in which an answer gives what it gives elsewhere.

The cases of an exercise are called with gradients on, models in training mode, and plain tensors
and tuples. Who uses the answer later may call it inside `torch.no_grad()`, in a worker of a
DataLoader, on the way to a gradient, with a model in eval mode, or with a `tensor.shape` where a
tuple was meant. So some cases are made again in each of SURROUNDINGS. What the reference gives
there is right, if it is what it gives elsewhere, too. Errors do not count: one answer goes by way
of autograd where another one does without. Taught in notebooks 01, 03, 04 and 06.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.utils.data._utils import worker

from .comparison import Difference, error_named, first_difference
from .observation import Observation
from .texts import text

MANY = 40  # numbers; a case with more tells no more
TRIED = 6  # cases, until the reference gives something with one
AGAIN = 2  # cases that are made again in each of SURROUNDINGS


class NothingChanges(Exception):
    """These surroundings are for a call what all others are: it need not be made again."""


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where a call is made, and with what.

    name: of the text that says so. turn: what becomes of each tensor, module and tuple of whole
    numbers among the arguments. around: what is entered for the call. of_models: only models are
    other ones here: a class that makes them is given as one that makes them so, and what the
    reference gives counts also where that is not what it gives elsewhere.
    """

    name: str
    turn: Callable[[Any], Any]
    around: Callable[[], contextlib.AbstractContextManager[Any]]
    of_models: bool = False

    @property
    def words(self) -> str:
        if self.name == "use":
            return text(
                "surroundings.use",
                "inside `torch.inference_mode()`, in a worker of a DataLoader, with tensors that "
                "ask for gradients, modules in eval mode and `torch.Size` for tuples,",
            )
        return text("surroundings.eval", "with the model in eval mode,")

    def given(self, arguments: tuple) -> tuple:
        """The arguments as they are given here. Tensors and modules are changed themselves."""
        return tuple(_turned(argument, self.turn) for argument in arguments)

    def look(self, look: Callable[..., Any], arguments: tuple) -> Callable[..., Any]:
        """The observation, made here. It raises NothingChanges where that would change nothing."""

        @functools.wraps(look)
        def looked(answer: Callable[..., Any], *args: Any) -> Any:
            made = self.of_models and _makes_modules(answer)
            if self.of_models and not made and not any(map(_has_module, arguments)):
                raise NothingChanges
            with self.around():
                return look(_made_in_eval(answer) if made else answer, *args)

        return looked


@dataclasses.dataclass(frozen=True)
class Again:
    """A case that is made again in other surroundings, with what the reference did.

    number: of the case, from 0. right: what it does there. usual: what it does elsewhere.
    """

    place: Surroundings
    number: int
    right: Observation
    usual: Observation

    def asks_something(self) -> bool:
        """True if the reference gives something that an answer can be compared with."""
        if self.right.raised or self.right.timed_out:
            return False
        return bool(self._asked(self.right.value))

    def difference(self, got: Observation) -> Difference | None:
        """Where an answer gives something else here; None where it gives nothing."""
        if got.raised or got.timed_out:
            return None
        asked = self._asked(got.value)
        return first_difference(_only(self.right.value, asked), _only(got.value, asked))

    def _asked(self, value: Any) -> set[str]:
        """The names of the facts that are compared; {""} for a value that is no facts."""
        right, usual = _facts(self.right.value), _facts(self.usual.value)
        given = _facts(value)
        return {
            name
            for name in right.keys() & given.keys()
            if not (_holds_error(right[name]) or _holds_error(given[name]))
            if self.place.of_models
            or (name in usual and first_difference(usual[name], right[name]) is None)
        }


def _facts(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"": value}


def _only(value: Any, names: set[str]) -> dict[str, Any]:
    return {name: fact for name, fact in _facts(value).items() if name in names}


def numbers_in(value: Any) -> int:
    """How many numbers plain data holds, up to MANY: those of a case that tells most are many."""
    if isinstance(value, torch.Tensor):
        return min(value.numel(), MANY)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return min(sum(map(numbers_in, value)), MANY)
    return int(value is not None)


def _turned(argument: Any, turn: Callable[[Any], Any]) -> Any:
    kind = type(argument)
    if kind in (list, tuple) and not _is_shape(argument):
        return kind(_turned(item, turn) for item in argument)
    if kind is dict:
        return {key: _turned(item, turn) for key, item in argument.items()}
    return turn(argument)


def _is_shape(argument: Any) -> bool:
    return type(argument) is tuple and bool(argument) and {*map(type, argument)} == {int}


def _for_use(argument: Any) -> Any:
    if _is_shape(argument):
        return torch.Size(argument)
    if isinstance(argument, nn.Module):
        return argument.eval()
    if type(argument) is torch.Tensor and argument.is_leaf and argument.is_floating_point():
        return argument.requires_grad_()
    return argument


def _in_eval(argument: Any) -> Any:
    return argument.eval() if isinstance(argument, nn.Module) else argument


def _has_module(argument: Any) -> bool:
    if isinstance(argument, dict):
        return any(map(_has_module, argument.values()))
    if isinstance(argument, (list, tuple)):
        return any(map(_has_module, argument))
    return isinstance(argument, nn.Module)


def _makes_modules(answer: Any) -> bool:
    return issubclass(type(answer), type) and issubclass(answer, nn.Module)


def _made_in_eval(kind: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    return lambda *args, **named: kind(*args, **named).eval()


def _holds_error(value: Any) -> bool:
    if error_named(value):
        return True
    if isinstance(value, dict):
        return any(map(_holds_error, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_holds_error, value))


@contextlib.contextmanager
def _in_a_worker_in_inference_mode() -> Iterator[None]:
    before = worker._worker_info
    worker._worker_info = worker.WorkerInfo(id=0, num_workers=1, seed=0, dataset=None)
    try:
        with torch.inference_mode():
            yield
    finally:
        worker._worker_info = before


SURROUNDINGS = {
    "use": Surroundings("use", _for_use, _in_a_worker_in_inference_mode),
    "eval": Surroundings("eval", _in_eval, contextlib.nullcontext, of_models=True),
}
