"""Does every promise of a docstring have a case?

The reference runs on the cases of two seeds, and each of its arguments is looked at when it is
called. So it does not matter how the observation comes by them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import random
import re
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.promises import KINDS, PROMISES, Kind
from course_utils.settings import course_settings

SEEDS = (0, 2**62 + 12345)  # what students see, and one as a grader's
DEPTH = 4  # of containers in an argument
REASON_WORDS = 5
NAMES_A_DTYPE = re.compile(r"\b(?:b?float|u?int|complex)\d+|\bbool")
SETTINGS = (bool, int, float, str, type(None), torch.dtype)
OWN_METHODS = ("__init__", "__call__", "__getitem__")


@dataclasses.dataclass(frozen=True)
class Finding:
    """A promise without a case.

    about: its name, by which an exercise gives a reason: 'x: any shape', 'x: contiguous', 'lr'.
    """

    about: str
    sentence: str


@dataclasses.dataclass(frozen=True)
class Seen:
    """What an argument was, when the reference was called with it.

    shape: of a tensor. setting: of what is a choice and holds no numbers of its own (a number, a
    string, a loss, a function of a module), how it is written.
    strided: for each of its tensors with two elements or more, whether it is contiguous. dtypes: of
    its tensors. Its tensors are itself, or what a list, tuple or dict holds.
    """

    kinds: frozenset[Kind]
    types: frozenset[type]
    shape: tuple[int, ...] | None
    setting: str | None
    strided: tuple[bool, ...]
    dtypes: frozenset[torch.dtype]

    @classmethod
    def of(cls, value: Any) -> Seen:
        things = list(inside(value))
        near = [value]
        if isinstance(value, (list, tuple, dict)):
            near = list(value.values() if isinstance(value, dict) else value)
        tensors = [x for x in near if isinstance(x, torch.Tensor)]
        return cls(
            frozenset(
                kind for kind in KINDS for x in things if isinstance(x, kind.of) and kind.holds(x)
            ),
            frozenset(map(type, things)),
            tuple(value.shape) if isinstance(value, torch.Tensor) else None,
            setting_of(value),
            tuple(x.is_contiguous() for x in tensors if x.numel() > 1),
            frozenset(x.dtype for x in tensors),
        )

    def can_be(self, kind: Kind) -> bool:
        """True if it holds something of which this can be said."""
        return any(issubclass(found, kind.of) for found in self.types)


def inside(value: Any, depth: int = 0) -> Iterator[Any]:
    """The value, and what is in it where that is a container, a data set or a loader."""
    yield value
    if depth == DEPTH:
        return
    items: Iterable[Any] = ()
    if isinstance(value, (list, tuple)) and len(value) < 1000:
        items = value
    elif isinstance(value, dict):
        items = value.values()
    elif isinstance(value, torch.utils.data.TensorDataset):
        items = value.tensors
    elif isinstance(value, torch.utils.data.DataLoader):
        items = [value.dataset]
    for item in items:
        yield from inside(item, depth + 1)


@dataclasses.dataclass
class Record:
    """What the reference and its methods were called with on the cases of one seed.

    calls: by the name of an argument, what was given for it, the default where nothing was.
    cases: all that stands in the cases, whether the reference gets it or not.
    """

    calls: dict[str, list[Seen]]
    cases: list[Seen]

    def of(self, argument: str) -> list[Seen]:
        return self.calls.get(argument) or self.everything()

    def everything(self) -> list[Seen]:
        return [*self.cases, *(seen for each in self.calls.values() for seen in each)]


def findings(exercise: Exercise) -> list[Finding]:
    """What the docstring promises and no case shows; a reason in `no_case` stands for a case."""
    records = [record(exercise, seed) for seed in SEEDS]
    told = docstrings(exercise.answer)
    found: dict[str, Finding] = {}
    for each in (
        words_without_case(exercise, told, records),
        always_contiguous(told, records),
        always_of_one_dtype(told, records),
        settings_that_stand_still(exercise, records),
        sizes_that_stand_still(told, records),
    ):
        for finding in each:
            found.setdefault(finding.about, finding)
    reasons = exercise.no_case
    left = [finding for about, finding in found.items() if about not in reasons]
    for about, reason in reasons.items():
        if about not in found:
            left.append(
                Finding(
                    about, f"`no_case` gives a reason for {about!r}, but nothing is missing there."
                )
            )
        elif len(reason.split()) < REASON_WORDS:
            left.append(
                Finding(
                    about, f"`no_case` says {reason!r} about {about!r}: give the reason in words."
                )
            )
    return left


def promise_problems(exercise: Exercise) -> list[str]:
    """A sentence for each promise that has no case, with its name for `no_case`."""
    return [f"{finding.sentence} [{finding.about}]" for finding in findings(exercise)]


# -- looking at the calls --------------------------------------------------------------------


def record(exercise: Exercise, seed: int) -> Record:
    """Run the reference on the cases of this seed and note what it is called with."""
    with course_settings():
        cases = [Seen.of(arg) for args in exercise.make_cases(random.Random(seed)) for arg in args]
    calls: dict[str, list[Seen]] = {}
    with noted(exercise.answer, calls) as answer:
        exercise.observations(answer, seed)
    return Record(calls, cases)


def setting_of(value: Any) -> str | None:
    """See Seen."""
    if isinstance(value, types.FunctionType):
        return None if "<" in value.__qualname__ else value.__name__  # <locals>, <lambda>
    if isinstance(value, nn.Module) and not value.state_dict():
        return repr(value)
    return repr(value) if isinstance(value, SETTINGS) else None


@contextlib.contextmanager
def noted(answer: Any, calls: dict[str, list[Seen]]) -> Iterator[Any]:
    """The answer; what it and its methods are called with goes to `calls` as long as this lasts."""
    if not isinstance(answer, type):
        yield noting(answer, calls)
        return
    own = {name: method for name, method in vars(answer).items() if is_asked_for(name, method)}
    for name, method in own.items():
        setattr(answer, name, noting(method, calls))
    try:
        yield answer
    finally:
        for name, method in own.items():
            setattr(answer, name, method)


def is_asked_for(name: str, method: Any) -> bool:
    """A method of a class that students write, called by others."""
    return inspect.isfunction(method) and (not name.startswith("_") or name in OWN_METHODS)


def noting(function: Callable[..., Any], calls: dict[str, list[Seen]]) -> Callable[..., Any]:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        with contextlib.suppress(TypeError):  # a wrong call raises below
            bound = signature.bind(*args, **named)
            bound.apply_defaults()
            for name, value in bound.arguments.items():
                if name != "self":
                    calls.setdefault(name, []).append(Seen.of(value))
        return function(*args, **named)

    return call


# -- reading docstrings ----------------------------------------------------------------------


def docstrings(answer: Any) -> dict[str, str]:
    """What the docstrings say of each argument; under '' what they say of none alone."""
    told: dict[str, str] = {}
    functions = [answer]
    if isinstance(answer, type):
        functions += [method for name, method in vars(answer).items() if is_asked_for(name, method)]
    for function in functions:
        arguments = set(inspect.signature(function).parameters)
        for about, text in paragraphs(inspect.getdoc(function) or "", arguments):
            told[about] = f"{told.get(about, '')} {text}".strip()
    return told


def said_of(argument: str, told: dict[str, str]) -> str:
    """What the docstrings say of an argument; all of it, where they say nothing of it alone."""
    return told.get(argument) or told.get("", "")


def paragraphs(doc: str, arguments: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs of an argument and what is said of it, from "x: shape (n,). a, b: ints."."""
    text = " ".join(doc.split())
    heads = [
        head
        for head in re.finditer(r"(?:(?<=^)|(?<=[.;,:)\]] ))((?:\w+, )*\w+): ", text)
        if set(head[1].split(", ")) <= arguments
    ]
    if not heads:
        yield "", text
        return
    ends = [head.start() for head in heads[1:]] + [len(text)]
    yield "", text[: heads[0].start()]
    for head, end in zip(heads, ends, strict=True):
        said = text[head.end() : end]
        said, returns, rest = said.partition("Returns ")
        names = head[1].split(", ")
        for clause in re.split(r"(?<=[.;]) ", said):
            # "rows, columns: ints; rows may be 0" says that of rows only.
            named = [name for name in names if re.search(rf"\b{name}\b", clause)]
            for name in named or names:
                yield name, clause
        yield "", returns + rest


# -- what is missing -------------------------------------------------------------------------


def words_without_case(
    exercise: Exercise, told: dict[str, str], records: list[Record]
) -> Iterator[Finding]:
    """Each word of a docstring that promises something is shown by a case."""
    texts = {**told, "": f"{told.get('', '')} {' '.join(exercise.task.split())}"}
    for argument, said in texts.items():
        for promise in PROMISES:
            words = promise.said_in(said)
            if not words:
                continue
            for kind in promise.kinds:
                seen = [[*each.of(argument)] for each in records]
                if not any(one.can_be(kind) for each in seen for one in each):
                    continue  # it speaks of something else
                if all(any(kind in one.kinds for one in each) for each in seen):
                    continue
                whose = f" of `{argument}`" if argument else ""
                yield Finding(
                    f"{argument or exercise.name}: {promise.name}, {kind.name}",
                    f"It says {words!r}{whose}, and no case has {a_thing(kind, seen)} {kind.name}."
                    f"{the_line(promise)}",
                )


def a_thing(kind: Kind, seen: list[list[Seen]]) -> str:
    """What is of this kind among that which was seen."""
    types = {found for each in seen for one in each for found in one.types}
    for base, name in ((torch.Tensor, "a tensor"), (nn.Module, "a model")):
        kinds = kind.of if isinstance(kind.of, tuple) else (kind.of,)
        if base in kinds and any(issubclass(found, base) for found in types):
            return name
    return "an optimizer" if kind.of is torch.optim.Optimizer else "an argument"


def the_line(promise: Any) -> str:
    """The line that would mend it."""
    if promise.tensors:
        return f' Add `promised(rng, "{promise.name}")` to the cases.'
    if promise.models:
        return f' Add `promised_models(rng, "{promise.name}")` to the cases.'
    return ""


def always_contiguous(told: dict[str, str], records: list[Record]) -> Iterator[Finding]:
    """A tensor that a caller gives may be a view, unless the docstring says otherwise."""
    for argument, seen in arguments_of(records):
        strided = [one for each in seen for one in each.strided]
        if strided and all(strided) and "contiguous" not in said_of(argument, told):
            yield Finding(
                f"{argument}: contiguous",
                f"`{argument}` is contiguous in every case, and the docstring does not ask for "
                'that. Take some from `promised(rng, "any strides")` of course_utils.promises, or '
                'say "contiguous".',
            )


def always_of_one_dtype(told: dict[str, str], records: list[Record]) -> Iterator[Finding]:
    """A tensor may have any dtype that the docstring does not rule out."""
    for argument, seen in arguments_of(records):
        dtypes = {dtype for each in seen for dtype in each.dtypes}
        if len(dtypes) == 1 and not NAMES_A_DTYPE.search(said_of(argument, told)):
            dtype = str(dtypes.pop()).removeprefix("torch.")
            yield Finding(
                f"{argument}: dtype",
                f"`{argument}` is of dtype {dtype} in every case, and the docstring does not say "
                f'so. Write "{dtype}" there, or add `promised(rng, "any dtype")` to the cases.',
            )


def settings_that_stand_still(exercise: Exercise, records: list[Record]) -> Iterator[Finding]:
    """An argument that is the same in every case may as well be ignored."""
    defaults = defaults_of(exercise.answer)
    for argument, seen in arguments_of(records):
        values = {each.setting for each in seen}
        if len(values) == 1 and None not in values:
            [value] = values
            is_default = ", its default," if defaults.get(argument) == value else ""
            yield Finding(
                argument,
                f"`{argument}` is {value}{is_default} in every case: give it another value in one.",
            )


def sizes_that_stand_still(told: dict[str, str], records: list[Record]) -> Iterator[Finding]:
    """A size that the docstring names differs from case to case, and a batch may be one sample."""
    for argument, seen in arguments_of(records):
        names = shape_named_in(told.get(argument, ""))
        shapes = {each.shape for each in seen if each.shape and len(each.shape) == len(names)}
        if len(seen) < 2 or not shapes:
            continue
        for place, name in enumerate(names):
            sizes = {shape[place] for shape in shapes}
            if name == "batch" and 1 not in sizes:
                yield Finding(
                    f"{argument}: a batch of one",
                    f"`{argument}` has shape ({', '.join(names)}), and no case has a batch of one."
                    ' Add `promised(rng, "a batch of one", shape=...)` to the cases.',
                )
            elif name.isidentifier() and len(sizes) == 1:
                yield Finding(
                    f"{argument}: {name}",
                    f"The size `{name}` of `{argument}` is {sizes.pop()} in every case.",
                )


def shape_named_in(said: str) -> tuple[str, ...]:
    """('batch', 'features') of "shape (batch, features)"."""
    found = re.search(r"shape \(([^()]*)\)", said)
    return tuple(name.strip() for name in found[1].split(",") if name.strip()) if found else ()


def arguments_of(records: list[Record]) -> Iterator[tuple[str, list[Seen]]]:
    """What each argument of the reference was on all seeds."""
    for argument in dict.fromkeys(name for each in records for name in each.calls):
        yield argument, [seen for each in records for seen in each.calls.get(argument, ())]


def defaults_of(answer: Any) -> dict[str, str]:
    parameters = inspect.signature(answer).parameters.values()
    return {p.name: repr(p.default) for p in parameters if p.default is not p.empty}
