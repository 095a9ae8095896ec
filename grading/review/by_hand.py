"""Is what an exercise is to be done without really refused, whichever way it is used?"""

from __future__ import annotations

import contextlib
import functools
import operator
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.utils.data

from course_utils import rank_processes, ranks
from course_utils.by_hand import SIGNS
from course_utils.exercise import Exercise
from course_utils.observation import observe
from course_utils.settings import course_settings

# Words of a title, a task or a docstring that promise a rule. "Without a copy" does not.
PROMISES = re.compile(
    r"\bby hand\b|\byourself\b|\bdo not use\b|\bwithout (?:using|calling|making|autograd|`?nn\.)",
    re.IGNORECASE,
)


def by_hand_problems(exercise: Exercise) -> Iterator[str]:
    """Who is told to do something by hand is checked, in each of the ways there are round it."""
    words = (exercise.title, exercise.task, exercise.answer.__doc__ or "")
    promise = next((found[0] for found in map(PROMISES.search, words) if found), None)
    if promise and not exercise.without:
        yield f"Its text says “{promise}”, and nothing is forbidden: name it with `without=`."
    for name in exercise.without:
        thing = named(name)
        if thing is None:
            yield f"`{name}` is to be done without, and there is no such thing in torch."
            continue
        with rank_processes.alone() if exercise.ranks else contextlib.nullcontext():
            yield from forbidden_problems(exercise, name, thing)
    for answer in exercise.ways_round:
        verdict = exercise.judge(answer)
        if verdict.passed or verdict.difference is not None:
            yield (
                f"{answer.__name__} is to be told that its results are right and that it is not "
                f"done by hand; it is told: {verdict.headline}"
            )


def forbidden_problems(exercise: Exercise, name: str, thing: Any) -> Iterator[str]:
    """Ways in which something that is forbidden could be used all the same."""
    arguments = working_arguments(thing)
    if arguments is None:
        yield f"`{name}` could not be tried: none of the arguments in by_hand.py fit it."
        return
    for way, use in ways(name, thing, arguments).items():
        if works(use) and not is_seen(exercise, use):
            yield f"An answer that uses `{name}` {way} is not refused."


def named(name: str) -> Any:
    """What a name of the documentation stands for; None if there is no such thing."""
    from torchvision import transforms

    places = (torch, torch.utils.data, torch.optim.lr_scheduler)
    for place in places:
        with contextlib.suppress(AttributeError):
            return operator.attrgetter(name.removeprefix("torch."))(place)
    with contextlib.suppress(AttributeError):
        return operator.attrgetter(name.removeprefix("transforms."))(transforms)
    return None


def working_arguments(thing: Callable[..., Any]) -> tuple | None:
    """Arguments with which it can be called; None if none of these are."""
    for make in ARGUMENTS:
        with contextlib.suppress(Exception), course_settings():
            thing(*make())
            return make()
    return None


def square() -> torch.Tensor:
    return torch.tensor([[0.25, 0.5], [0.75, 1.0]])


def weight() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([weight()], lr=0.1)


ARGUMENTS: tuple[Callable[[], tuple], ...] = (
    lambda: (range(4),),
    lambda: (range(4), 2, 0),
    lambda: ([weight()],),
    lambda: (optimizer(),),
    lambda: (optimizer(), [1]),
    lambda: ([0.5], [0.5]),
    lambda: (torch.nn.Linear(2, 2), lambda module: None),
    lambda: (torch.nn.Linear(2, 2),),
    lambda: (torch.ones(2, 2),),
    lambda: (torch.ones((), requires_grad=True),),
    lambda: (square(), square()),
    lambda: (square(), torch.tensor([0, 1])),
    lambda: (square(), (4,)),
    lambda: ((2, 2), (2, 1)),
    lambda: (square(), (2, 2), (2, 1)),
    lambda: (square(), 0, 2, 1),
    lambda: (square()[None, None], 2),
    lambda: ([torch.ones(1), torch.ones(2)],),
    lambda: (torch.tensor([0, 1]), square(), torch.tensor([0])),
    lambda: ("ii->i", square()),
    lambda: (torch.tensor([0, 1]), 2),
    lambda: (square(), 0, torch.tensor([[0, 1]])),
    lambda: (square(), 0, torch.tensor([0, 1]), square()),
    lambda: (square(), 0, torch.tensor([[0, 1]]), square()),
    lambda: (square(), 0, torch.tensor([[0, 1]]), square(), "sum"),
    lambda: (2, 2),
    lambda: (),
    lambda: (torch.zeros(3), (torch.tensor([0, 2]),), torch.ones(2)),
)


class Layer:
    """Keeps a function as an attribute, as layers and transforms do."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


def ways(name: str, thing: Any, arguments: tuple) -> dict[str, Callable[[], Any]]:
    """How people call something: what way -> a function that does so."""
    last = name.rsplit(".", 1)[-1]
    owner = arguments[0] if arguments else None
    found: dict[str, Callable[[], Any]] = {
        "by its name": lambda: thing(*arguments),
        "through `functools.partial`": functools.partial(functools.partial(thing), *arguments),
        "in a class of its own": lambda: Layer(thing)(*arguments),
        "through `map`": lambda: list(map(thing, *([one] for one in arguments))),
        "in a callback": lambda: torch.zeros(1).apply_(lambda value: (thing(*arguments), value)[1]),
        "in a generator": lambda: list(thing(*arguments) for _ in range(1)),  # noqa: C400
    }
    if isinstance(thing, type):

        def inherit() -> Any:
            return type("Mine", (thing,), {})(*arguments)

        found["through a class that inherits from it"] = inherit
    elif isinstance(owner, torch.Tensor) and callable(getattr(owner, last, None)):
        found["as a method"] = lambda: getattr(owner, last)(*arguments[1:])
        if last not in SIGNS:  # torch is told the same for `a + b`
            found["through `operator.methodcaller`"] = lambda: operator.methodcaller(
                last, *arguments[1:]
            )(owner)
    return found


def works(use: Callable[[], Any]) -> bool:
    """False where that way leads nowhere, as `map` for what is called without arguments."""
    try:
        with course_settings():
            use()
    except Exception:
        return False
    return True


def is_seen(exercise: Exercise, use: Callable[[], Any]) -> bool:
    """True if an answer that uses something, and then does as the reference, is found out."""

    def answer(*args: Any, **named: Any) -> Any:
        use()
        return exercise.answer(*args, **named)

    with course_settings():
        case = ranks.on_rank(next(iter(exercise.make_cases(random.Random(0)))), 0)
        seen = observe(exercise.look, answer, case, case, without=exercise.without)
    return bool(seen.used)
