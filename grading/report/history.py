"""How marks change from run to run: told at the end of each, and kept in a table that only grows.

What was there before is read from the run's own details.json.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from course_utils.texts import counted, text
from course_utils.whole_files import write_whole

from ..errors import ReportError
from ..result import ExerciseResult, SubmissionResult
from .class_results import number
from .sanitize import csv_cell, one_line

FILE = "history.csv"
COLUMNS = ("when", "student", "exercise", "before", "after", "why")
SHOWN = 5


@dataclasses.dataclass(frozen=True)
class Change:
    """A mark that is not what it was. exercise: '' for a whole submission that is gone.

    before, after: points; None while a person has to look, or where there is nothing.
    """

    student: str
    exercise: str
    before: float | None
    after: float | None
    why: str


def results_before(folder: Path) -> list[SubmissionResult]:
    """The results of the last run into a folder; none where there was none that can be read."""
    try:
        facts = json.loads((folder / "details.json").read_text(encoding="utf-8"))
        return [SubmissionResult.from_dict(one) for one in facts["submissions"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def changes(
    before: Iterable[SubmissionResult], after: Iterable[SubmissionResult]
) -> Iterator[Change]:
    """What is not as it was, of the students that were there before."""
    now = {result.student: result for result in after}
    for old in before:
        new = now.get(old.student)
        if new is None:
            yield Change(
                old.student,
                "",
                old.points,
                None,
                text("history.nothing_handed_in", "nothing is handed in any more"),
            )
            continue
        by_id = {exercise.id: exercise for exercise in new.exercises}
        for exercise in old.exercises:
            found = by_id.get(exercise.id)
            if found is None:
                why = text("history.not_assigned", "it is no longer in the assignment")
                yield Change(old.student, exercise.id, exercise.points, None, why)
            elif exercise.points != found.points or _decided_before(exercise, found):
                why = _why(exercise, found, old.course_version, new.course_version)
                yield Change(old.student, exercise.id, exercise.points, found.points, why)


def _decided_before(old: ExerciseResult, new: ExerciseResult) -> bool:
    """A decision stays, and the answer that it was about does not."""
    return old.decided and new.decided and old.answer != new.answer


def _why(old: ExerciseResult, new: ExerciseResult, old_version: str, new_version: str) -> str:
    if _decided_before(old, new) and old.points == new.points:
        return text(
            "history.decision_stays",
            "your decision stays, but another answer was handed in after it",
        )
    if new.decided and (old.points != new.points or not old.decided):
        return text("history.decided", "you decided it")
    if old.decided and not new.decided:
        return text("history.no_decision", "your decision is no longer in overrides.csv")
    if old.answer != new.answer:
        return text("history.another_answer", "another answer was handed in")
    if old.of != new.of:
        return text("history.other_points", "it is worth other points")
    if old_version != new_version:
        return text(
            "history.other_version",
            "version {new} of the course marked it, before that {old}",
            new=new_version,
            old=old_version or text("history.no_version", "none"),
        )
    return text("history.marked_again", "it was marked again")


def note(found: Sequence[Change], folder: Path, now: datetime.datetime) -> None:
    """Add changes to the table of the folder. Raises ReportError."""
    if not found:
        return
    path = folder / FILE
    rows = io.StringIO(newline="")
    table = csv.writer(rows)
    when = now.astimezone().strftime("%Y-%m-%d %H:%M")
    for change in found:
        row = [change.student, change.exercise, number(change.before), number(change.after)]
        table.writerow([when, *map(csv_cell, row), csv_cell(change.why)])
    try:
        so_far = path.read_bytes() if path.exists() else b""
        if not so_far:
            so_far = ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
        added = rows.getvalue().encode("utf-8", "backslashreplace")
        write_whole(path, so_far + added)
    except OSError as error:
        raise ReportError(
            f"Cannot write {path} ({error.strerror}): make room, or close the program that has it "
            "open, and run this again."
        ) from None


def told(found: Sequence[Change]) -> list[str]:
    """The lines that are printed about changes: the first of them, and how many more."""
    if not found:
        return []
    lines = [
        text(
            "history.changed",
            "{marks} changed since the last run ({file} has all changes):",
            marks=counted(len(found), "mark"),
            file=FILE,
        )
    ]
    unmarked = text("history.open", "open")
    for change in found[:SHOWN]:
        line = text(
            "history.change",
            "{student}, {exercise}: {before} to {after}, because {why}",
            student=one_line(change.student, 60),
            exercise=change.exercise or text("history.all_exercises", "all"),
            before=number(change.before) or unmarked,
            after=number(change.after) or unmarked,
            why=change.why,
        )
        lines.append(f"  {line}")
    if len(found) > SHOWN:
        lines.append("  " + text("history.more", "and {count} more", count=len(found) - SHOWN))
    return lines
