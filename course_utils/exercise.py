"""Declare an exercise once; judge answers against it.

An exercise is a reference answer, cases, and a library of wrong answers that people really
write. From the declaration follow the stub and the check in the notebook, the feedback, the
solution edition and the tests. `course_utils/lessons/start/largest.py` is the smallest
example; CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import itertools
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from . import contents, lessons, rank_observation, ranks, surroundings
from .by_hand import ByHand
from .calls import about_views, calls_of_class, describe_call
from .catalogue import Catalogue, NotDeclared
from .comparison import Difference, an_object, fact_raised
from .extras import PackagesMissing
from .observation import (
    WAITED,
    Observation,
    Raised,
    compare,
    describe_exception,
    error_text,
    leaves_as_much,
    observe,
)
from .plain import type_name
from .recognition import alike, ended_together, nearly_alike, wrong_cases
from .settings import course_settings
from .side_effects import drawn_from
from .sources import emptied, undecorated_source
from .surroundings import SURROUNDINGS, Again, Surroundings
from .symptoms import facts_that_differ, size_of, special, symptom
from .texts import counted, text

FIRST_CASES = 5  # on which a mistake is tried before it is tried on all
KEPT = 256  # of mistakes of an exercise, what they do on the cases of a seed
LESSONS = f"{lessons.__name__}."  # the modules of the course's own exercises


class UnknownExercise(LookupError):
    """No exercise has this id, or its packages are not here; the message says what to do."""


class ExerciseFault(Exception):
    """The exercise itself is at fault, not an answer: one sentence with its id and the cause."""


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A wrong answer that a person would write, and the sentence that speaks to the belief.

    same_as: the mistake whose sentence this is, where people write the same belief in several
    ways; they count as one, and go by its name.
    """

    answer: Callable[..., Any]
    sentence: str
    same_as: Mistake | None = None

    @property
    def name(self) -> str:
        return self.same_as.name if self.same_as is not None else self.answer.__name__


@dataclasses.dataclass(frozen=True)
class Equivalent:
    """A small change of a right answer that is as right, and why no caller can tell them apart.

    before, after: the statement, without its block, as `ast.unparse` writes it; `python -m grading
    review --changes` prints it so.
    """

    before: str
    after: str
    because: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found.

    state: 'passed', 'wrong', or 'not attempted'.
    headline: one sentence. mistake: the wrong answer that this one behaves like, if known.
    case: the call that went wrong, the smallest of them. difference: stage and what differs there;
    seen: what the answer did there. remarks: (label, text) of what else is known of it.
    printed, warned: what the answer said on the way. cases, right_cases: how many it was compared
    on, and on how many it was right; both 0 where it was not compared, or not done by hand.
    """

    state: str
    headline: str
    mistake: Mistake | None = None
    case: str = ""
    difference: Difference | None = None
    seen: Observation | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    line: str = ""
    printed: str = ""
    warned: tuple[str, ...] = ()
    cases: int = 0
    right_cases: int = 0

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
    without: what the answer has to do by hand, as in the documentation: ['Tensor.stride',
    'nn.Linear']; or by_hand.ByHand, which also says what may be used when it is marked.
    may_change: what an answer may leave changed though the reference does not: 'model.gradients',
    'torch.seed' (an argument's name in the reference, or torch; see side_effects.KINDS).
    seconds: an answer that takes longer on one case is stopped.
    task: what is asked, in Markdown; without it, the docstring says so: that of its file in
    course_utils/lessons/, elsewhere that of the reference.
    no_case: why a promise of the docstring has no case, by the name that the review gives it.
    ranks: on how many real processes of one group a case is run; 0: in this process, without a
    group. An argument that is a ranks.ByRank has a value for each of them; a case whose ByRanks
    have fewer values is run on so many only. Facts get the rank's number; what a collective waited
    for in vain is an error of its own: rank_observation.merged.
    """

    def __init__(
        self,
        id: str,
        title: str,
        *,
        minutes: int,
        difficulty: int,
        hints: Sequence[str],
        without: Sequence[str] | ByHand = (),
        may_change: Sequence[str] = (),
        seconds: float = 5.0,
        task: str = "",
        no_case: Mapping[str, str] | None = None,
        ranks: int = 0,
    ) -> None:
        if not re.fullmatch(r"\d\d\.\d+", id):
            raise ValueError(f"An exercise id looks like '01.3', not {id!r}.")
        catalogue.register(id, self)
        self.id = id
        self.title = title
        self.minutes = minutes
        self.difficulty = difficulty
        self.hints = tuple(hints)
        self.by_hand = without if isinstance(without, ByHand) else ByHand(*without)
        self.without = self.by_hand.without
        self.may_change = tuple(may_change)
        self.seconds = seconds
        self.look: Callable[..., Any] = call
        # None until they are declared; of an exercise that was found, both are there.
        self.make_cases: Callable[[random.Random], Iterable[tuple]] = None  # type: ignore[assignment]
        self.answer: Callable[..., Any] = None  # type: ignore[assignment]
        self.start: Callable[..., Any] | None = None
        self.mistakes: list[Mistake] = []
        self.right_answers: list[Callable[..., Any]] = []
        self.no_case = dict(no_case or {})
        self.ranks = ranks
        self.ways_round: list[Callable[..., Any]] = []  # right, but not by hand
        self.equivalents: list[Equivalent] = []
        self._mistakes_seen: dict[tuple[Mistake, int], _Seen] = {}
        self._task = task
        self._file = Path(sys._getframe(1).f_code.co_filename).name  # where it is declared

    def __reduce__(self) -> tuple:
        """Another process loads the exercise by its id."""
        return load, (self.id,)

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

    def mistake(self, sentence: str = "", *, same_as: Callable[..., Any] | None = None) -> Callable:
        """Decorator: a wrong answer with the sentence that helps the person who wrote it.

        same_as: instead of a sentence, an earlier wrong answer: this is the same belief, written
        in another way that behaves otherwise.

        Raises ValueError if both or neither are given, or no earlier mistake is that answer.
        """
        if bool(sentence) == (same_as is not None):
            raise ValueError("A mistake has a sentence, or is the same_as another: one of the two.")
        first = next((known for known in self.mistakes if known.answer is same_as), None)
        if same_as is not None and first is None:
            raise ValueError(f"same_as names no mistake that stands above it: {same_as!r}.")
        if first is not None:
            first = first.same_as or first
            sentence = first.sentence

        def declare(answer: Callable[..., Any]) -> Callable[..., Any]:
            self.mistakes.append(Mistake(answer, sentence, first))
            return answer

        return declare

    def right(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: a right answer in another style; a check that turns it down is wrong."""
        self.right_answers.append(answer)
        return answer

    def not_by_hand(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: it gives the right results by what the exercise is to be done without."""
        self.ways_round.append(answer)
        return answer

    def equivalent(self, before: str, *after: str, because: str) -> None:
        """Small changes that no case can find, as `review --changes` prints them, and the reason.

        after: what the statement may become; several, where the reason is the same.
        """
        self.equivalents += [Equivalent(before, one, because) for one in after]

    def starter(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: what the student starts from, where that is not an empty stub."""
        self.start = answer
        return answer

    # -- using -----------------------------------------------------------------------------

    def demand_whole(self) -> None:
        """Raises ExerciseFault if the declaration lacks its reference or its cases."""
        if self.answer is None:
            raise ExerciseFault(
                text(
                    "fault.no_reference",
                    "{id} in {file} has no @reference: write the right answer under it, once.",
                    id=self.id,
                    file=self._file,
                )
            )
        if self.make_cases is None:
            raise ExerciseFault(
                text(
                    "fault.no_cases",
                    "{id} in {file} has no @cases: write a generator of argument tuples under it.",
                    id=self.id,
                    file=self._file,
                )
            )

    @property
    def name(self) -> str:
        """The name the answer has in the notebook."""
        return self.answer.__name__

    @property
    def _parameters(self) -> tuple[str, ...]:
        """The names of the reference's parameters, in their order."""
        try:
            return tuple(inspect.signature(self.answer).parameters)
        except (TypeError, ValueError):
            return ()

    @property
    def task(self) -> str:
        """What is asked, in Markdown, without a heading."""
        if self._task:
            return self._task
        home = self.answer.__module__
        asked = sys.modules[home] if home.startswith(LESSONS) else self.answer
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

    def observations(
        self,
        answer: Callable[..., Any],
        seed: int = 0,
        cases: int | None = None,
        again: Iterable[tuple[str, int]] = (),
    ) -> list[Observation]:
        """What `answer` does on each case. Stops at the first case that runs out of time.

        cases: only the first so many. again: names of surroundings, and the number of a case that
        is made there after all others (see made_again); exercises on several ranks have none.
        Raises ExerciseFault when a case cannot be made, or its ranks do not find each other.
        """
        if self.ranks:
            return self._observations_of_all([(answer, seed, cases)])[0]
        seen = []
        with course_settings():  # the cases are made inside as well
            for args, before in itertools.islice(self.cases_twice(seed), cases):
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
                if self.ends_at(seen[-1]):
                    return seen
            for name, number in again:
                seen.append(self._observed_in(SURROUNDINGS[name], answer, number, seed))
        return seen

    def _observations_of_all(
        self, asked: Sequence[tuple[Callable[..., Any], int, int | None]]
    ) -> list[list[Observation]]:
        """The observations of answers, each with its seed and number of cases.

        On several ranks, where most of the time is waiting, a few answers are observed at a time.
        """
        if not self.ranks:
            return [self.observations(*one) for one in asked]
        try:
            return rank_observation.side_by_side(self, asked)
        except ranks.RanksFailed as failed:
            raise ExerciseFault(
                text("fault.ranks", "{id}: {what}", id=self.id, what=str(failed))
            ) from None

    def _observed_in(
        self, place: Surroundings, answer: Callable[..., Any], number: int, seed: int
    ) -> Observation:
        """What the answer does in these surroundings with the case of this number, from 0."""
        args, before = next(itertools.islice(self.cases_twice(seed), number, None))
        return observe(
            place.look(self.look, args),
            answer,
            place.given(args),
            place.given(before),
            without=self.without,
            seconds=self.seconds,
            seed=seed,
        )

    @functools.lru_cache(maxsize=256)  # noqa: B019 - as that below
    def made_again(self, seed: int = 0) -> tuple[Again, ...]:
        """The cases that are made again in other surroundings, and what is right there.

        They are those of which the reference tells most. Raises ExerciseFault.
        """
        expected = self.reference_observations(seed)
        if self.ranks:
            return ()
        order = [number for number, right in enumerate(expected) if right.raised is None]
        order.sort(key=lambda n: (surroundings.numbers_in(expected[n].value), n), reverse=True)
        made: list[Again] = []
        for place in SURROUNDINGS.values():
            tried = (
                Again(place, number, self._again(place, number, seed), expected[number])
                for number in order[: surroundings.TRIED]
            )
            tells = (one for one in tried if one.asks_something())
            made += itertools.islice(tells, surroundings.AGAIN)
        return tuple(made)

    def _again(self, place: Surroundings, number: int, seed: int) -> Observation:
        with course_settings():
            return self._observed_in(place, self.answer, number, seed)

    def ends_at(self, seen: Observation) -> bool:
        """True if the answer is not asked again after this: it ran out of time, or is a stub."""
        return seen.timed_out or _is_stub(seen)

    def cases_twice(self, seed: int) -> Iterator[tuple[tuple, tuple]]:
        """Each case, made twice: the answer gets one, and what it changed shows by the other."""
        number = 1
        try:
            inputs = self.make_cases(random.Random(seed))
            untouched = self.make_cases(random.Random(seed))
            for pair in zip(inputs, untouched, strict=True):
                yield pair
                number += 1
        except Exception as error:  # whatever the generator does; observe() raises nothing
            raise ExerciseFault(
                text(
                    "fault.case",
                    "{id}, case {number}: making the case raised {error}",
                    id=self.id,
                    number=number,
                    error=error_text(describe_exception(error)),
                )
            ) from error

    @functools.lru_cache(maxsize=256)  # noqa: B019 - exercises live as long as the process
    def reference_observations(self, seed: int = 0) -> list[Observation]:
        """What is right, on each case.

        Raises ExerciseFault where an error came from no line of the reference, or time ran out.
        """
        expected = self.observations(self.answer, seed)
        if not expected:
            raise ExerciseFault(text("fault.empty", "{id}: its @cases yields none.", id=self.id))
        for number, right in enumerate(expected, start=1):
            if right.timed_out:
                raise ExerciseFault(
                    text(
                        "fault.endless",
                        "{id}, case {number}: the reference took more than {seconds:g} seconds",
                        id=self.id,
                        number=number,
                        seconds=self.seconds,
                    )
                )
            if right.raised is not None and right.raised.type_name == WAITED:
                raise ExerciseFault(
                    text(
                        "fault.waited",
                        "{id}, case {number}: with the reference, {what}",
                        id=self.id,
                        number=number,
                        what=right.raised.message,
                    )
                )
            if right.raised is not None and not right.raised.through_answer:
                raise ExerciseFault(
                    text(
                        "fault.observation",
                        "{id}, case {number}: the observation itself raised {error}",
                        id=self.id,
                        number=number,
                        error=error_text(right.raised),
                    )
                )
        return expected

    def judge(self, answer: Callable[..., Any], seed: int = 0) -> Verdict:
        """Compare an answer with the reference on the cases of this seed.

        Raises ExerciseFault when the exercise itself is at fault: then nothing is judged.
        """
        refused = self._refused(answer)
        if refused is not None:
            return refused
        again = [(one.place.name, one.number) for one in self.made_again(seed)]
        return self.verdict(self.observations(answer, seed, again=again), seed)

    def judge_each(self, answers: Sequence[tuple[Callable[..., Any], int]]) -> list[Verdict]:
        """As `judge`, of answers with their seeds; on several ranks, a few at a time."""
        if not self.ranks or any(self._refused(answer) for answer, _ in answers):
            return [self.judge(answer, seed) for answer, seed in answers]
        for _, seed in answers:
            self.reference_observations(seed)
        of_all = self._observations_of_all([(answer, seed, None) for answer, seed in answers])
        return [self.verdict(seen, seed) for seen, (_, seed) in zip(of_all, answers, strict=True)]

    def _refused(self, answer: Any) -> Verdict | None:
        """The verdict on what cannot be an answer, as nobody can call it."""
        if callable(answer) and not self._is_instance(answer):
            return None
        headline = text(
            "check.not_callable",
            "`check` needs {name} itself, without brackets after it: "
            '`check("{id}", {name})`. It was given {given}.',
            name=self.name,
            id=self.id,
            given=show_given(answer),
        )
        return Verdict("wrong", headline)

    def judge_mistake(self, mistake: Mistake, seed: int = 0) -> Verdict:
        """As `judge` does; what a mistake does on the cases is kept, and others are compared with
        it. Raises ExerciseFault.
        """
        seen = self.mistake_observations(mistake, seed)
        expected = self.reference_observations(seed)
        if len(seen) == len(expected) and not any(self._differences(expected, seen)):
            return self.judge(mistake.answer, seed)
        return self.verdict(seen, seed)

    def _is_instance(self, answer: Any) -> bool:
        """An object of the class that was asked for, in place of the class."""
        kind = type(answer)
        if not isinstance(self.answer, type) or issubclass(kind, type):
            return False
        return kind.__name__ == self.name or issubclass(kind, torch.nn.Module)

    def verdict(self, seen: list[Observation], seed: int = 0) -> Verdict:
        """Compare observations of an answer, made here or in another process, with the reference.

        Nothing of the answer runs here. Observations that are missing at the end, without a
        reason in the last one, count as wrong. Raises ExerciseFault as `judge` does.
        """
        if seen and _is_stub(seen[0]):
            headline = text("check.not_attempted", "Not attempted yet.")
            return Verdict("not attempted", headline)
        expected, again = self.reference_observations(seed), self.made_again(seed)
        cases = len(expected)
        seen, seen_again = seen[:cases], seen[cases:]
        differences = self._differences(expected, seen)
        if any(differences):
            return self._wrong(expected, seen, differences, seed)
        if len(seen) != cases or len(seen_again) != len(again):
            headline = text(
                "check.cases_lost",
                "The code was run on {all} cases; {some} came back.",
                all=cases + len(again),
                some=len(seen) + len(seen_again),
            )
            return Verdict("wrong", headline)
        used = [name for got in (*seen, *seen_again) for name in got.used]
        if used:
            headline = text(
                "check.used",
                "The results are right, but this one is to be done without `{function}`.",
                function=used[0],
            )
            return Verdict("wrong", headline)
        for made, got in zip(again, seen_again, strict=True):
            difference = made.difference(got)
            if difference is not None:
                return self._wrong_in(made, difference, got, cases, seed)
        return Verdict(
            "passed",
            _passed(cases),
            printed=seen[0].printed,
            warned=seen[0].warned,
            cases=cases,
            right_cases=cases,
        )

    def _wrong_in(
        self, made: Again, difference: Difference, got: Observation, cases: int, seed: int
    ) -> Verdict:
        """An answer that is right on so many cases, and not where one of them is made again."""
        with course_settings():
            arguments = list(self.make_cases(random.Random(seed)))[made.number]
        headline = text(
            "check.surroundings",
            "Not yet. On {cases} it is right, and {place} it gives something else.",
            cases=counted(cases, "case"),
            place=made.place.words,
        )
        return Verdict(
            "wrong",
            headline,
            case=self._described(arguments, seed),
            difference=difference,
            seen=got,
            printed=got.printed,
            warned=got.warned,
            cases=cases + 1,
            right_cases=cases,
        )

    def _differences(
        self, expected: list[Observation], seen: list[Observation]
    ) -> list[Difference | None]:
        """The first difference on each case that was observed."""
        names = self._parameters
        may_change = self.may_change + drawn_from((right.left for right in expected), names)
        return [
            compare(right, got, may_change=may_change, parameters=names)
            for right, got in zip(expected, seen)  # noqa: B905 - seen may end early
        ]

    def _wrong(
        self,
        expected: list[Observation],
        seen: list[Observation],
        differences: list[Difference | None],
        seed: int,
    ) -> Verdict:
        mistake = self.recognise(seen, seed)
        wrong = [number for number, difference in enumerate(differences) if difference is not None]
        if mistake is not None:  # its sentence has to fit the case that is shown
            fits = self.mistake_observations(mistake, seed)
            # It may have run out of time earlier than this answer.
            both = [n for n in wrong if n < len(fits)]
            alike_there = [n for n in both if alike(expected[n], fits[n], seen[n])]
            wrong = alike_there or wrong
        with course_settings():
            cases = list(self.make_cases(random.Random(seed)))
        shown = _smallest(wrong, cases, seen)
        right, got, difference = expected[shown], seen[shown], differences[shown]
        assert difference is not None
        known = _is_stub(got) or got.timed_out
        said = None if known or mistake else symptom(expected, seen, cases, shown)
        swallowed = None if known else _swallowed(right, got)
        remarks = [] if known else [*_about_facts(right, got)]
        if swallowed is not None:
            remarks.insert(0, (text("check.row.inside", "Message"), error_text(swallowed)))
        only = special(cases[: len(seen)], [difference is not None for difference in differences])
        if not known and mistake is None and only is not None:
            remarks.append((text("check.row.cases", "Cases"), only))
        views = about_views(cases[shown])
        if views:
            remarks.append((text("check.row.arguments", "Arguments"), views))
        line = got.raised.where if got.raised and not _is_stub(got) else ""
        by_hand = not any(one.used for one in seen)  # else no case counts as right
        return Verdict(
            "wrong",
            self._headline(right, got, difference, mistake, said),
            mistake=mistake,
            case=self._described(cases[shown], seed),
            difference=None if known else difference,
            seen=got,
            remarks=tuple(remarks),
            line=line or (swallowed.where if swallowed is not None else ""),
            printed=got.printed,
            warned=got.warned,
            cases=len(expected) if by_hand else 0,
            right_cases=differences.count(None) if by_hand else 0,
        )

    def _described(self, case: tuple, seed: int) -> str:
        """The call of a case as it is typed; of a class, what is made and how it is used."""
        if self.ranks:
            calls = [
                describe_call(self.name, ranks.on_rank(case, rank))
                for rank in range(ranks.ranks_of(case, self.ranks))
            ]
            if len(set(calls)) == 1:
                return text("check.each_rank", "{call} on each rank", call=calls[0])
            return "; ".join(
                text("check.one_rank", "rank {rank}: {call}", rank=rank, call=call)
                for rank, call in enumerate(calls)
            )
        if isinstance(self.answer, type):
            steps = calls_of_class(self.look, self.answer, case, seed)
            if steps:
                return "; ".join(steps)
        return describe_call(self.name, case)

    def _headline(
        self,
        right: Observation,
        got: Observation,
        difference: Difference,
        mistake: Mistake | None,
        said: str | None,
    ) -> str:
        if got.timed_out:
            return text(
                "check.stopped",
                "Stopped after {seconds:g} seconds: the code did not come to an end.",
                seconds=self.seconds,
            )
        if got.raised is not None and _is_stub(got):
            return text(
                "check.half_a_stub",
                "Not finished yet: `{function}` still raises NotImplementedError.",
                function=got.raised.function,
            )
        if mistake is not None:
            return text(f"{self.id}.mistake.{mistake.name}", mistake.sentence)
        if difference.stage == "changed":
            return text(
                "check.changed",
                "The result may be right, but something was left changed that should not be.",
            )
        if right.raised is not None and got.raised is None:
            return text(
                "check.error_expected", "Not yet: this call has to end in an error, and did not."
            )
        if said is not None:
            return text("check.symptom", "Not yet. {symptom}", symptom=said)
        if got.raised is not None and got.raised.type_name == WAITED:
            return text("check.waited", "Not yet: a rank waits for another one that never comes.")
        if difference.stage == "raised":
            if got.raised is None and not fact_raised(right.value, got.value):
                return text(
                    "check.no_error", "Not yet: an error has to come up in one place, and did not."
                )
            return text("check.raised", "Not yet: an error came up.")
        if facts_that_differ(right.value, got.value)[0]:
            fact = facts_that_differ(right.value, got.value)[0][0]
            return text("check.fact", "Not yet. Not as it should be: {fact}.", fact=fact)
        return text(
            f"check.first_difference.{difference.stage}",
            "Not yet: the first difference is in the {stage}.",
            stage=difference.stage,
        )

    def recognise(self, seen: list[Observation], seed: int = 0) -> Mistake | None:
        """The mistake that behaves as these observations on every case, or on nearly all.

        Nearly counts only where it points at one sentence alone, and nothing was left changed.
        """
        expected = self.reference_observations(seed)
        differences = self._differences(expected, seen)
        left = any(one is not None and one.stage == "changed" for one in differences)
        wrong_ones = wrong_cases(expected, seen)
        first = wrong_ones.index(True) if True in wrong_ones else 0
        candidates = self.mistakes
        if seen and first < FIRST_CASES:
            # Most mistakes part with the answer here; the cases after it need not be run.
            begun = self.observe_mistakes(candidates, seed, FIRST_CASES)
            candidates = [
                mistake
                for mistake, did in zip(candidates, begun, strict=True)
                if all(map(alike, expected[first : first + 1], did[first:], seen[first:]))
            ]
        near = []
        for mistake, wrong in zip(candidates, self.observe_mistakes(candidates, seed), strict=True):
            if not len(wrong) == len(seen) == len(expected):
                if ended_together(expected, wrong, seen):
                    return mistake
                continue
            if all(map(alike, expected, wrong, seen)) and leaves_as_much(expected, wrong, seen):
                return mistake
            if not left and nearly_alike(expected, wrong, seen, wrong_ones):
                near.append(mistake)
        return near[0] if len({mistake.name for mistake in near}) == 1 else None

    def mistake_observations(self, mistake: Mistake, seed: int = 0) -> list[Observation]:
        """What a mistake does on each case. It is kept."""
        return self.observe_mistakes([mistake], seed)[0]

    def observe_mistakes(
        self, mistakes: Sequence[Mistake], seed: int = 0, cases: int | None = None
    ) -> list[list[Observation]]:
        """What each of them does, on the first so many cases at least. It is kept."""
        all_cases = len(self.reference_observations(seed))
        asked = min(cases or all_cases, all_cases)
        kept = self._mistakes_seen
        if len(kept) + len(mistakes) > KEPT:
            kept.clear()
        missing = [
            one for one in mistakes if (one, seed) not in kept or kept[one, seed].asked < asked
        ]
        of_all = self._observations_of_all([(one.answer, seed, asked) for one in missing])
        for mistake, seen in zip(missing, of_all, strict=True):
            # One that did not come so far would not come further.
            kept[mistake, seed] = _Seen(asked if len(seen) == asked else all_cases, seen)
        return [kept[one, seed].seen for one in mistakes]

    def forget_mistakes(self) -> None:
        """What mistakes do is observed again when it is asked for: as in a new process."""
        self._mistakes_seen.clear()


@dataclasses.dataclass(frozen=True)
class _Seen:
    """What an answer did on the first cases, of which it was asked so many."""

    asked: int
    seen: list[Observation]


def _is_stub(seen: Observation) -> bool:
    """The answer's own code raised NotImplementedError, as an untouched stub does."""
    raised = seen.raised
    return raised is not None and raised.type_name == "NotImplementedError" and raised.by_answer


def _passed(cases: int) -> str:
    if cases == 1:
        return text("check.passed_one", "Right.")
    return text("check.passed", "Right, on all {cases} cases.", cases=cases)


def show_given(answer: Any) -> str:
    return "None" if answer is None else an_object(type_name(type(answer)))


def _smallest(wrong: list[int], cases: list[tuple], seen: list[Observation]) -> int:
    """Of these cases the one with the least to read, the earliest of equals.

    One on which the answer ended comes before one on which it did not; an empty one comes last,
    where others fail as well.
    """
    ended = [n for n in wrong if not (seen[n].timed_out or _is_stub(seen[n]))]
    sizes = {n: size_of(cases[n]) for n in ended or wrong}
    empty = {n: any(_is_empty(argument) for argument in cases[n]) for n in sizes}
    return min(sizes, key=lambda n: (empty[n], sizes[n], n))


def _is_empty(argument: Any) -> bool:
    if isinstance(argument, torch.Tensor):
        return argument.numel() == 0
    return isinstance(argument, (list, tuple, dict, str)) and not argument


def _swallowed(right: Observation, got: Observation) -> Raised | None:
    """The error that came up inside the observation, where the first difference is one."""
    wrong, _ = facts_that_differ(right.value, got.value)
    if wrong:
        name = fact_raised(right.value[wrong[0]], got.value[wrong[0]])
    else:
        name = fact_raised(right.value, got.value)
    return next((error for error in got.errors if error.type_name == name), None)


def _about_facts(right: Observation, got: Observation) -> Iterator[tuple[str, str]]:
    """Which of the named facts differ beside the first, and which hold."""
    wrong, holds = facts_that_differ(right.value, got.value)
    if len(wrong) > 1:
        yield text("check.row.also", "Also wrong"), _listed(wrong[1:], 2)
    if wrong and holds:
        yield text("check.row.holds", "As it should be"), _listed(holds, 4)


def _listed(names: list[str], most: int) -> str:
    shown = "; ".join(names[:most])
    if len(names) <= most:
        return shown
    more = counted(len(names) - most, "other")
    return text("check.and_more", "{names}; and {more}", names=shown, more=more)


# -- finding ---------------------------------------------------------------------------------


catalogue: Catalogue[Exercise] = Catalogue(contents.exercise_modules, contents.import_exercise)


def load(id: str) -> Exercise:
    """The exercise with this id, whole or not: a student's process holds no references.

    Raises UnknownExercise, which names the nearest ids, or the packages without which the
    exercise cannot be loaded.
    """
    try:
        return catalogue.load(id)
    except PackagesMissing as missing_packages:
        raise UnknownExercise(str(missing_packages)) from None
    except NotDeclared as missing:
        message = text(
            "check.unknown",
            "There is no exercise {id!r}. Near it: {near}.",
            id=id,
            near=", ".join(missing.near),
        )
        raise UnknownExercise(message) from None


def find(id: str) -> Exercise:
    """The exercise with this id.

    Raises UnknownExercise, which names the nearest ids, and ExerciseFault if it is half-made.
    """
    exercise = load(id)
    exercise.demand_whole()
    return exercise


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, in the order of their ids. Raises ExerciseFault."""
    found = catalogue.load_all()
    for exercise in found:
        exercise.demand_whole()
    return found
