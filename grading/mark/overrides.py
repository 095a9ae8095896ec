"""What a person decided: points and comments in a table that only people write.

Each run reads the table and gives these points in place of the grader's. The table is made once,
with its header alone; after that no run writes it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Sequence
from pathlib import Path

from ..assignment import Assignment
from ..errors import TableError
from ..report.class_results import number
from ..report.sanitize import csv_cell, name_in_sentence
from ..result import ExerciseResult, ExerciseState, SubmissionResult
from ..tables import Row, read_table

FILE = "overrides.csv"
COLUMNS = ("student", "exercise", "points", "comment")


@dataclasses.dataclass(frozen=True)
class Override:
    """One line of the table.

    student: as in the table of marks. exercise: an id; '' for the whole submission, which takes a
    comment only. points: None where only something is said. line: in the file.
    """

    student: str
    exercise: str
    points: float | None
    comment: str
    line: int


def make_table(folder: Path) -> None:
    """Put an empty table into a folder that has none. Raises OSError."""
    try:
        with (folder / FILE).open("x", encoding="utf-8-sig", newline="") as file:
            file.write(",".join(COLUMNS) + "\r\n")
    except FileExistsError:
        pass


def read_overrides(path: Path, assignment: Assignment) -> list[Override]:
    """The lines of the table; none where there is no table. Raises TableError."""
    if not path.exists():
        return []
    of = {item.id: item.points for item in assignment.items}
    found: dict[tuple[str, str], Override] = {}
    for row in read_table(path, COLUMNS):
        override = _read(row, path, of)
        same = found.setdefault((override.student, override.exercise), override)
        if same is not override:
            what = override.exercise or "the whole submission"
            raise TableError(
                f"{path}, line {row.line}: {name_in_sentence(override.student, ' ')} and {what} "
                f"stand in line {same.line} as well. Leave one of the two."
            )
    return list(found.values())


def _read(row: Row, path: Path, of: dict[str, float]) -> Override:
    where = f"{path}, line {row.line}"
    if not row["student"]:
        raise TableError(f"{where}: there is no student. Write the name as it is in marks.csv.")
    # A column's name of marks.csv will do: '01.10 (2)'. Spreadsheets leave that as it is.
    id = re.sub(r" *\([^()]*\)$", "", row["exercise"])
    if id and id not in of:
        raise TableError(
            f"{where}: {name_in_sentence(row['exercise'], ' ')} is not in this assignment. Write "
            f"the exercise as the header of marks.csv does, as '{next(iter(of))} "
            f"({number(next(iter(of.values())))})': a spreadsheet makes other numbers of bare ids."
        )
    points = _points(row["points"], where)
    if points is not None and not id:
        raise TableError(
            f"{where}: these points are for no exercise. Points are given for one exercise each; "
            "only a comment can be on the whole submission."
        )
    if points is not None and points > of[id]:
        raise TableError(
            f"{where}: {number(points)} points are more than the {number(of[id])} that {id} is "
            "worth. Write fewer, or make it worth more in assignment.json."
        )
    if points is None and not row["comment"]:
        raise TableError(f"{where}: there are neither points nor a comment. Write one of them.")
    return Override(row["student"], id, points, row["comment"], row.line)


def _points(text: str, where: str) -> float | None:
    """A number with a point or a comma; None for an empty cell. Raises TableError."""
    if not text:
        return None
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not (math.isfinite(points) and points >= 0):
        raise TableError(
            f"{where}: {name_in_sentence(text)} is not a number of points. Write one such as 0, 1 "
            "or 0.5."
        )
    return points


def decided(
    results: Sequence[SubmissionResult], overrides: Sequence[Override]
) -> tuple[list[SubmissionResult], list[str]]:
    """The results with what a person decided, and a sentence for each line that fits no student."""
    names: dict[str, str] = {}
    for result in results:
        names.setdefault(csv_cell(result.student), result.student)  # as the table of marks has it
    names |= {result.student: result.student for result in results}
    by_student: dict[str, list[Override]] = {}
    left_over = []
    for override in overrides:
        if override.student in names:
            by_student.setdefault(names[override.student], []).append(override)
        else:
            left_over.append(_nobody(override, list(names)))
    return [_of_one(r, by_student.get(r.student, [])) for r in results], left_over


def _nobody(override: Override, students: list[str]) -> str:
    near = difflib.get_close_matches(override.student, students, n=1)
    advice = f"Is {name_in_sentence(near[0], ' ')} meant?" if near else "See marks.csv for names."
    return (
        f"{FILE}, line {override.line}: there is no submission by "
        f"{name_in_sentence(override.student, ' ')}, so that it changes nothing. {advice}"
    )


def _of_one(result: SubmissionResult, overrides: list[Override]) -> SubmissionResult:
    by_id = {override.exercise: override for override in overrides}
    if not by_id:
        return result
    exercises = [
        _exercise(one, by_id[one.id]) if one.id in by_id else one for one in result.exercises
    ]
    whole = by_id.get("")
    if whole:
        result = dataclasses.replace(result, comment=whole.comment)
    return result.with_exercises(exercises)


def _exercise(result: ExerciseResult, override: Override) -> ExerciseResult:
    """One exercise: with all its points it counts as passed, with fewer as wrong."""
    if override.points is None:
        return dataclasses.replace(result, comment=override.comment)
    state = ExerciseState.PASSED if override.points == result.of else ExerciseState.WRONG
    if override.points == 0 and result.state == ExerciseState.NOT_ATTEMPTED:
        state = result.state
    return dataclasses.replace(
        result,
        state=state,
        points=override.points,
        comment=override.comment,
        decided=True,
        found=result.state,
        mistake="" if state == ExerciseState.PASSED else result.mistake,
    )
