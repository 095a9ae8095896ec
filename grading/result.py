"""What marking a submission gives: values that never change, written as JSON and read back."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterable
from typing import Any

import course_utils
from course_utils.texts import text


class ExerciseState(enum.StrEnum):
    """How an exercise of a submission ended, in the order in which states are counted."""

    PASSED = "passed"
    WRONG = "wrong"
    NOT_ATTEMPTED = "not attempted"
    PERSON = "needs a person"


class SubmissionState(enum.StrEnum):
    """How a submission ended: all of it was marked, some exercises need a person, or all do."""

    MARKED = "marked"
    PARTLY = "partly marked"
    PERSON = "needs a person"


@dataclasses.dataclass(frozen=True)
class ExerciseResult:
    """One exercise of one submission.

    of: the points that it is worth. points: what it earned, None while a person has to look.
    cases, right_cases: on how many hidden cases it was compared, and on how many it was right; both
    0 where nothing was compared.
    headline: one sentence for the student. reason: why a person has to look. mistake: the name of
    the known wrong answer that it behaves like; its sentence is then the headline. stage: where
    it differs first ('raised', 'not raised', 'type', 'shape', ...). case: the call that went
    wrong. yours: what the answer gave there. line: the answer's line that raised. printed, warned:
    whether it did; what it said could be all hidden cases, so that is nowhere. answer: the cell
    that was marked. also_run: code of other cells that was run for it, where a person has to look.
    notes: what was done to read it.
    decided: a person gave the points; found: what the grader had found then. comment: the
    lecturer's, for the student.
    No field holds what the reference gives on a hidden case.
    """

    id: str
    of: float
    state: ExerciseState
    points: float | None
    headline: str
    reason: str = ""
    mistake: str = ""
    stage: str = ""
    case: str = ""
    yours: str = ""
    line: str = ""
    printed: bool = False
    warned: bool = False
    answer: str = ""
    also_run: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cases: int = 0
    right_cases: int = 0
    decided: bool = False
    found: ExerciseState | None = None
    comment: str = ""

    def worth(self, of: float, *, partial: bool = False) -> ExerciseResult:
        """The same where the exercise is worth `of` points: all of them or none.

        partial: a wrong answer earns the share of the cases on which it is right, rounded down to
        hundredths.
        """
        points: float | None = 0.0
        if self.state == ExerciseState.PERSON:
            points = None
        elif self.state == ExerciseState.PASSED:
            points = of
        elif partial and self.cases:
            hundredths = round(100 * of * self.right_cases / self.cases, 6)
            points = math.floor(hundredths) / 100
        return dataclasses.replace(self, of=of, points=points)

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> ExerciseResult:
        """Raises KeyError, TypeError or ValueError when these are not such facts."""
        given = dict(facts)
        given["state"] = ExerciseState(facts["state"])
        given["found"] = ExerciseState(facts["found"]) if facts.get("found") else None
        # What an answer printed was kept once: only that it did is taken over.
        given["printed"], given["warned"] = bool(facts["printed"]), bool(facts["warned"])
        given["also_run"] = tuple(facts.get("also_run", ()))
        given["notes"] = tuple(facts["notes"])
        return cls(**given)


@dataclasses.dataclass(frozen=True)
class SubmissionResult:
    """One submission: its state with a reason, and its exercises.

    student: from the file's or folder's name. file: path inside the folder of submissions.
    exercises: in the assignment's order; always all of them. notes: how the file was read, what
    else was handed in. sandbox: 'bubblewrap', or 'none: submissions were trusted'. course_version:
    of the course that marked it; '' if it was marked before the course had versions. late: how it
    is known to be late; '' if it is not. comment: the lecturer's, on all of it.
    """

    student: str
    file: str
    state: SubmissionState
    reason: str
    exercises: tuple[ExerciseResult, ...]
    notes: tuple[str, ...] = ()
    sandbox: str = ""
    seconds: float = 0.0
    course_version: str = course_utils.__version__
    late: str = ""
    comment: str = ""

    def with_exercises(self, exercises: Iterable[ExerciseResult]) -> SubmissionResult:
        """The same with these results of its exercises, and the state that follows from them."""
        exercises = tuple(exercises)
        waiting = [one for one in exercises if one.state == ExerciseState.PERSON]
        state = SubmissionState.PARTLY
        if not waiting:
            state = SubmissionState.MARKED
        elif len(waiting) == len(exercises):
            state = SubmissionState.PERSON
        reason = "; ".join(f"{one.id}: {one.reason}" for one in waiting) or text(
            "mark.all_marked", "All was marked."
        )
        if len({one.reason for one in waiting}) == 1 and state == SubmissionState.PERSON:
            reason = waiting[0].reason  # that of the whole submission
        return dataclasses.replace(self, exercises=exercises, state=state, reason=reason)

    @property
    def points(self) -> float | None:
        """The sum, without what a person has to look at; None when that is everything."""
        known = [e.points for e in self.exercises if e.points is not None]
        return sum(known) if known else None

    def as_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "points": self.points}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> SubmissionResult:
        """Raises KeyError, TypeError or ValueError when these are not such facts."""
        given = {key: value for key, value in facts.items() if key != "points"}
        given.setdefault("course_version", "")
        given["state"] = SubmissionState(given["state"])
        given["exercises"] = tuple(map(ExerciseResult.from_dict, given["exercises"]))
        given["notes"] = tuple(given["notes"])
        return cls(**given)
