"""What is marked together, and what comes of it.

Nothing here imports torch, so that the command can give out work while its workers still do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from course_utils.texts import text

from ..result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState

Items = tuple[tuple[str, float], ...]  # exercise ids and points


@dataclasses.dataclass(frozen=True)
class Task:
    """One submission to be marked: whose it is, its place in the folder, its bytes.

    ids: of the exercises to be marked; empty: all of them.
    """

    student: str
    file: str
    notebook: bytes
    ids: tuple[str, ...] = ()

    def of(self, items: Items) -> Items:
        """Those of an assignment's exercises that are to be marked."""
        return tuple(item for item in items if not self.ids or item[0] in self.ids)


@dataclasses.dataclass(frozen=True)
class Shard:
    """Some submissions and all that is needed to mark them, in any process on any machine.

    items: exercise ids and points. topics: modules that declare them. private: sources of those
    outside the course. seed: of the cases; students do not know it. partial: points for a part of
    the cases.
    """

    items: Items
    topics: tuple[str, ...]
    private: tuple[tuple[str, str], ...]
    seed: int
    trusted: bool
    tasks: tuple[Task, ...]
    partial: bool = False


def mark_shard(shard: Shard) -> list[SubmissionResult]:
    """Mark the submissions of a shard, in their order, whatever is in them.

    Raises SandboxError when students' code cannot be run on this machine, and AssignmentError when
    a private file does not load here, or an exercise is unknown or half-made.
    """
    from .marking import mark_all

    return mark_all(shard)


def conclude(
    student: str,
    file: str,
    results: Sequence[ExerciseResult],
    notes: Sequence[str],
    sandbox: str,
    seconds: float,
) -> SubmissionResult:
    """A submission with the results of its exercises."""
    nothing = SubmissionResult(
        student, file, SubmissionState.PERSON, "", (), tuple(notes), sandbox, seconds
    )
    return nothing.with_exercises(results)


def unread(student: str, file: str, problem: str, items: Items, sandbox: str) -> SubmissionResult:
    """A submission of which nothing can be marked."""
    results = [for_a_person(id, points, problem) for id, points in items]
    return conclude(student, file, results, (), sandbox, 0.0)


def for_a_person(id: str, points: float, reason: str, answer: str = "") -> ExerciseResult:
    """An exercise that is left to a person."""
    headline = for_a_person_headline()
    return ExerciseResult(id, points, ExerciseState.PERSON, None, headline, reason, answer=answer)


def for_a_person_headline() -> str:
    return text("mark.for_a_person", "A person will look at this one.")
