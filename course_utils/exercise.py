"""Declare an exercise once; judge answers against it.

An exercise is a reference answer, cases, and a library of wrong answers that people really
write. From the declaration follow the stub and the check in the notebook, the feedback, the
solution edition and the tests. `course_utils/lessons/start/largest.py` is the smallest
example; CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from . import contents
from .comparison import Difference, show
from .observation import Observation, compare, observe
from .plain import plain, type_name
from .settings import course_settings
from .sources import emptied, undecorated_source

LESSONS = f"{contents.lessons.__name__}."  # the modules of the course's own exercises
_registry: dict[str, Exercise] = {}


class UnknownExercise(LookupError):
    """No exercise has this id; the message names the nearest ids."""


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A wrong answer that a person would write, and the sentence that speaks to the belief."""

    answer: Callable[..., Any]
    sentence: str

    @property
    def name(self) -> str:
        return self.answer.__name__


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found.

    state: 'passed', 'wrong', or 'not attempted'.
    headline: one sentence. mistake: the wrong answer that this one behaves like, if known.
    case: the call that went wrong. difference: stage and what differs, for the first such case;
    seen: what the answer did there. printed, warned: what the answer said on the way.
    """

    state: str
    headline: str
    mistake: Mistake | None = None
    case: str = ""
    difference: Difference | None = None
    seen: Observation | None = None
    line: str = ""
    printed: str = ""
    warned: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.state == "passed"


def call(answer: Callable[..., Any], *args: Any) -> Any:
    """The default observation: what the answer returns."""
    return answer(*args)


class Exercise:
    """One exercise. Creating it registers its id.

    id: '01.3' is the third exercise of notebook 01. difficulty: 1 to 3.
    minutes: what a student needs for it. hints: from a nudge to nearly there.
    without: torch functions that the answer has to do by hand, as in the documentation:
    'Tensor.stride', 'torch.gather'.
    seconds: an answer that takes longer on one case is stopped.
    task: what is asked, in Markdown; without it, the docstring says so: that of its file in
    course_utils/lessons/, elsewhere that of the reference.
    """

    def __init__(
        self,
        id: str,
        title: str,
        *,
        minutes: int,
        difficulty: int,
        hints: Sequence[str],
        without: Sequence[str] = (),
        seconds: float = 5.0,
        task: str = "",
    ) -> None:
        if not re.fullmatch(r"\d\d\.\d+", id):
            raise ValueError(f"An exercise id looks like '01.3', not {id!r}.")
        if id in _registry:
            raise ValueError(f"Exercise {id} is declared twice.")
        self.id = id
        self.title = title
        self.minutes = minutes
        self.difficulty = difficulty
        self.hints = tuple(hints)
        self.without = tuple(without)
        self.seconds = seconds
        self.look: Callable[..., Any] = call
        self.make_cases: Callable[[random.Random], Iterable[tuple]] | None = None
        self.answer: Callable[..., Any] | None = None
        self.start: Callable[..., Any] | None = None
        self.mistakes: list[Mistake] = []
        self.right_answers: list[Callable[..., Any]] = []
        self._task = task
        _registry[id] = self

    # -- declaring -------------------------------------------------------------------------

    def reference(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the right answer, the one place where the solution is written."""
        self.answer = answer
        return answer

    def cases(self, make: Callable[[random.Random], Iterable[tuple]]) -> Callable:
        """Decorator: a generator of argument tuples, corner cases first.

        It draws everything random from the `random.Random` it is given.
        """
        self.make_cases = make
        return make

    def observe(self, look: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: `look(answer, *args)` gives the facts that are compared, as plain data."""
        self.look = look
        return look

    def mistake(self, sentence: str) -> Callable:
        """Decorator: a wrong answer with the sentence that helps the person who wrote it."""

        def declare(answer: Callable[..., Any]) -> Callable[..., Any]:
            self.mistakes.append(Mistake(answer, sentence))
            return answer

        return declare

    def right(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: a right answer in another style; a check that turns it down is wrong."""
        self.right_answers.append(answer)
        return answer

    def starter(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: what the student starts from, where that is not an empty stub."""
        self.start = answer
        return answer

    # -- using -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name the answer has in the notebook."""
        return self.answer.__name__

    @property
    def task(self) -> str:
        """What is asked, in Markdown, without a heading."""
        if self._task:
            return self._task
        home = sys.modules[self.answer.__module__]
        asked = home if home.__name__.startswith(LESSONS) else self.answer
        return (inspect.getdoc(asked) or "").strip()

    @property
    def solution_source(self) -> str:
        """The reference as it stands in the notebook of solutions."""
        return undecorated_source(self.answer)

    @property
    def stub_source(self) -> str:
        """What stands in the exercise notebook: the starter, or the reference without its body."""
        if self.start is not None:
            return undecorated_source(self.start)
        return emptied(self.solution_source)

    def observations(self, answer: Callable[..., Any], seed: int = 0) -> list[Observation]:
        """What `answer` does on each case. Stops at the first case that runs out of time."""
        seen = []
        # Made twice: the answer gets one set, and what it changed shows against the other.
        inputs = self.make_cases(random.Random(seed))
        untouched = self.make_cases(random.Random(seed))
        with course_settings():  # the cases are made inside as well
            for args, before in zip(inputs, untouched, strict=True):
                seen.append(
                    observe(
                        self.look,
                        answer,
                        args,
                        before,
                        without=self.without,
                        seconds=self.seconds,
                        seed=seed,
                    )
                )
                if seen[-1].timed_out or _is_stub(seen[-1]):
                    break
        return seen

    @functools.lru_cache(maxsize=256)  # noqa: B019 - exercises live as long as the process
    def reference_observations(self, seed: int = 0) -> list[Observation]:
        return self.observations(self.answer, seed)

    def judge(self, answer: Callable[..., Any], seed: int = 0) -> Verdict:
        """Compare an answer with the reference on the cases of this seed."""
        if not callable(answer):
            return Verdict(
                "wrong",
                f"`check` needs {self.name} itself, without brackets after it: "
                f'`check("{self.id}", {self.name})`. It was given {show_given(answer)}.',
            )
        return self.verdict(self.observations(answer, seed), seed)

    def verdict(self, seen: list[Observation], seed: int = 0) -> Verdict:
        """Compare observations of an answer, made here or in another process, with the reference.

        Nothing of the answer runs here. Observations that are missing at the end, without a
        reason in the last one, count as wrong.
        """
        if seen and _is_stub(seen[0]):
            return Verdict("not attempted", "Not attempted yet.")
        expected = self.reference_observations(seed)
        for case, right, got in zip(self.make_cases(random.Random(seed)), expected, seen):  # noqa: B905 - seen may end early
            difference = compare(right, got)
            if difference is not None:
                return self._wrong(case, right, got, difference, seen, seed)
        if len(seen) != len(expected):
            headline = f"The code was run on {len(expected)} cases; {len(seen)} came back."
            return Verdict("wrong", headline)
        used = [name for got in seen for name in got.used]
        if used:
            return Verdict(
                "wrong",
                f"The results are right, but this one is to be done without `{used[0]}`.",
            )
        return Verdict("passed", _passed(len(seen)), printed=seen[0].printed, warned=seen[0].warned)

    def _wrong(self, case, right, got, difference, seen, seed) -> Verdict:
        mistake = self.recognise(seen, seed)
        if got.timed_out:
            headline = f"Stopped after {self.seconds:g} seconds: the code did not come to an end."
        elif _is_stub(got):
            headline = (
                f"Not finished yet: `{got.raised.function}` still raises NotImplementedError."
            )
        elif mistake is not None:
            headline = mistake.sentence
        elif difference.stage == "changed":
            headline = "The result may be right, but an argument was changed on the way."
        else:
            headline = f"Not yet: the first difference is in the {difference.stage}."
            if difference.stage == "raised":
                headline = "Not yet: an error came up."
        return Verdict(
            "wrong",
            headline,
            mistake=mistake,
            case=describe_call(self.name, case),
            difference=None if got.timed_out or _is_stub(got) else difference,
            seen=got,
            line=got.raised.where if got.raised and not _is_stub(got) else "",
            printed=got.printed,
            warned=got.warned,
        )

    def recognise(self, seen: list[Observation], seed: int = 0) -> Mistake | None:
        """The mistake that behaves exactly as these observations, on every case."""
        for mistake in self.mistakes:
            wrong = self.mistake_observations(mistake, seed)
            alike = len(wrong) == len(seen) and all(
                compare(one, other, messages=True) is None
                for one, other in zip(wrong, seen, strict=True)
            )
            if alike:
                return mistake
        return None

    @functools.lru_cache(maxsize=1024)  # noqa: B019
    def mistake_observations(self, mistake: Mistake, seed: int = 0) -> list[Observation]:
        return self.observations(mistake.answer, seed)


def _is_stub(seen: Observation) -> bool:
    """The answer's own code raised NotImplementedError, as an untouched stub does."""
    raised = seen.raised
    return raised is not None and raised.type_name == "NotImplementedError" and raised.by_answer


def _passed(cases: int) -> str:
    return "Right." if cases == 1 else f"Right, on all {cases} cases."


def show_given(answer: Any) -> str:
    return "None" if answer is None else f"an object of type {type_name(type(answer))}"


def describe_call(name: str, args: tuple) -> str:
    """The call as a student would type it: 'strides((2, 3))'."""
    return f"{name}({', '.join(map(describe_argument, args))})"


def describe_argument(arg: Any) -> str:
    """An argument as it would be typed; a module as torch prints it, on one line."""
    if isinstance(arg, torch.nn.Module):
        text = " ".join(repr(arg).split()).replace("( ", "(").replace(" )", ")")
        return text if len(text) <= 300 else f"{type(arg).__name__}(...)"
    return show(plain(arg))


# -- finding ---------------------------------------------------------------------------------


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, in the order of their ids."""
    for id in contents.exercise_ids():
        contents.load_exercise(id)
    return sorted(_registry.values(), key=lambda e: tuple(int(n) for n in e.id.split(".")))


def find(id: str) -> Exercise:
    """The exercise with this id. Raises UnknownExercise, which names the nearest ids."""
    if isinstance(id, str):
        if id not in _registry:
            # Only its own file: others import libraries that this notebook may not need.
            contents.load_exercise(id)
        if id in _registry:
            return _registry[id]
    known = {*_registry, *contents.exercise_ids()}
    near = difflib.get_close_matches(str(id), sorted(known), n=3, cutoff=0.3)
    listed = ", ".join(sorted(near or known))
    raise UnknownExercise(f"There is no exercise {id!r}. Near it: {listed}.")
