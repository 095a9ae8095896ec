"""What the results of a whole class say."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from course_utils.exercise import find

from ..result import ExerciseState, SubmissionResult, SubmissionState


def in_order(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    return sorted(results, key=lambda result: (result.student.casefold(), result.student))


def count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def total(result: SubmissionResult) -> float:
    """The points that could be earned."""
    return sum(exercise.of for exercise in result.exercises)


def points_of_those_marked(results: Iterable[SubmissionResult]) -> list[float]:
    """The points of the submissions on which no person has to look at anything."""
    marked = (result.points for result in results if result.state == SubmissionState.MARKED)
    return [points for points in marked if points is not None]


def why_a_person(result: SubmissionResult) -> str:
    """The submission's reason, or those of its exercises; '' if all is marked."""
    if result.reason:
        return result.reason
    waiting = [e for e in result.exercises if e.state == ExerciseState.PERSON]
    return " ".join(f"{e.id}: {e.reason or 'no reason was given.'}" for e in waiting)


def partly_right(result: SubmissionResult) -> str:
    """'01.2: 7 of 8 cases; ...': the answers that are not right on all cases, but on some."""
    return "; ".join(
        f"{e.id}: {e.right_cases} of {e.cases} cases"
        for e in result.exercises
        if 0 < e.right_cases < e.cases
    )


def without_sandbox(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    return [result for result in results if result.sandbox.startswith("none")]


@dataclasses.dataclass(frozen=True)
class CommonMistake:
    """A known mistake: its exercise, its sentence, and how many students made it."""

    id: str
    title: str
    sentence: str
    count: int


def common_mistakes(results: Iterable[SubmissionResult]) -> list[CommonMistake]:
    """The known mistakes that at least one student made, the commonest first."""
    counts: Counter[tuple[str, str]] = Counter()
    headlines = {}
    for result in results:
        for exercise in result.exercises:
            if exercise.mistake:
                counts[exercise.id, exercise.mistake] += 1
                headlines[exercise.id, exercise.mistake] = exercise.headline
    found = []
    for (id, name), times in counts.items():
        declared = find(id)
        known = {mistake.name: mistake.sentence for mistake in declared.mistakes}
        sentence = known.get(name, headlines[id, name])
        found.append(CommonMistake(id, declared.title, sentence, times))
    return sorted(found, key=lambda mistake: (-mistake.count, mistake.id, mistake.sentence))


def number(points: float | None) -> str:
    """'2', '1.5', '0.3333'; '' for None."""
    if points is None:
        return ""
    text = f"{points:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
