"""What the results of a whole class say."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable

from course_utils.texts import text

from ..result import ExerciseState, SubmissionResult, SubmissionState
from .declared import declared


def in_order(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    return sorted(results, key=lambda result: (result.student.casefold(), result.student))


def total(result: SubmissionResult) -> float:
    """The points that could be earned."""
    return sum(exercise.of for exercise in result.exercises)


def final_points(result: SubmissionResult) -> float | None:
    """The points of a submission; None while a person has to look at anything in it."""
    return result.points if result.state == SubmissionState.MARKED else None


def points_of_those_marked(results: Iterable[SubmissionResult]) -> list[float]:
    """The points of the submissions on which no person has to look at anything."""
    return [points for points in map(final_points, results) if points is not None]


def why_a_person(result: SubmissionResult) -> str:
    """The submission's reason, or those of its exercises; '' if all is marked."""
    if result.reason:
        return result.reason
    waiting = [e for e in result.exercises if e.state == ExerciseState.PERSON]
    unknown = text("class.no_reason", "no reason was given.")
    return " ".join(f"{e.id}: {e.reason or unknown}" for e in waiting)


def partly_right(result: SubmissionResult) -> str:
    """'01.2: 7 of 8 cases; ...': the answers that are not right on all cases, but on some."""
    return "; ".join(
        text(
            "class.partly_right",
            "{exercise}: {right} of {cases} cases",
            exercise=e.id,
            right=e.right_cases,
            cases=e.cases,
        )
        for e in result.exercises
        if 0 < e.right_cases < e.cases
    )


def without_sandbox(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    return [result for result in results if result.sandbox.startswith("none")]


@dataclasses.dataclass(frozen=True)
class CommonMistake:
    """A mistake, its exercise, its sentence, and who made it.

    name: of the known wrong answer; '' for answers that are wrong in a way of their own.
    """

    id: str
    title: str
    name: str
    sentence: str
    students: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.students)


def common_mistakes(results: Iterable[SubmissionResult]) -> list[CommonMistake]:
    """The known mistakes that at least one student made, the commonest first."""
    return [mistake for mistake in mistakes_made(results) if mistake.name]


def mistakes_made(results: Iterable[SubmissionResult]) -> list[CommonMistake]:
    """All wrong answers, by mistake, the commonest first; those of no known one come last."""
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    headlines = {}
    for result in results:
        for exercise in result.exercises:
            if exercise.mistake or exercise.state == ExerciseState.WRONG:
                made[exercise.id, exercise.mistake].append(result.student)
                headlines[exercise.id, exercise.mistake] = exercise.headline
    found = []
    in_its_own_way = text("class.no_known_mistake", "Wrong in a way that is no known mistake.")
    for (id, name), students in made.items():
        known = declared(id)
        its_own = known.sentences.get(name, headlines[id, name])
        sentence = its_own if name else in_its_own_way
        found.append(CommonMistake(id, known.title, name, sentence, tuple(students)))
    return sorted(found, key=lambda one: (not one.name, -one.count, one.id, one.sentence))


def number(points: float | None) -> str:
    """'2', '1.5', '0.3333'; '' for None."""
    if points is None:
        return ""
    digits = f"{points:.4f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits
