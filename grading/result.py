"""What marking a submission gives: plain dataclasses, written as JSON and read back."""

from __future__ import annotations

import dataclasses
from typing import Any

MARKED = "marked"
PARTLY = "partly marked"
PERSON = "needs a person"

PASSED, WRONG, NOT_ATTEMPTED = "passed", "wrong", "not attempted"


@dataclasses.dataclass
class ExerciseResult:
    """One exercise of one submission.

    state: 'passed', 'wrong', 'not attempted' or 'needs a person'. points: what it earned, None
    while a person has to look. headline: one sentence for the student. reason: why a person has
    to look. mistake: the name of the known wrong answer that it behaves like; its sentence is
    then the headline. stage: where it differs first ('raised', 'not raised', 'type', 'shape', ...).
    case: the call that went wrong. yours: what the answer gave there. line: the answer's line
    that raised. answer: the code that was marked. notes: what was done to read it.
    No field holds what the reference gives on a hidden case.
    """

    id: str
    of: float
    state: str
    points: float | None
    headline: str
    reason: str = ""
    mistake: str = ""
    stage: str = ""
    case: str = ""
    yours: str = ""
    line: str = ""
    printed: str = ""
    warned: list[str] = dataclasses.field(default_factory=list)
    answer: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class SubmissionResult:
    """One submission: its state with a reason, and its exercises.

    student: from the file's or folder's name. file: path inside the folder of submissions.
    state: 'marked', 'partly marked' (some exercises need a person) or 'needs a person' (all do).
    sandbox: 'bubblewrap', or 'none: submissions were trusted'.
    exercises: in the assignment's order; always all of them.
    """

    student: str
    file: str
    state: str
    reason: str
    exercises: list[ExerciseResult]
    notes: list[str] = dataclasses.field(default_factory=list)
    sandbox: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> float | None:
        """The sum, without what a person has to look at; None when that is everything."""
        known = [e.points for e in self.exercises if e.points is not None]
        return sum(known) if known else None

    def as_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "points": self.points}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> SubmissionResult:
        """Raises KeyError or TypeError when these are not such facts."""
        facts = {key: value for key, value in facts.items() if key != "points"}
        facts["exercises"] = [ExerciseResult(**exercise) for exercise in facts["exercises"]]
        return cls(**facts)
