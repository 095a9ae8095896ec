"""Marks in the table that Canvas or Moodle gave out and takes back: only the cells of marks change.

What somebody wrote there is left: another mark than one that was put there before, an excuse, a
cell that may not be changed. Each is told. So is a scale that is not the assignment's.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from course_utils.texts import text

from ..assignment import Assignment
from ..csv_table import CsvTable
from ..errors import TableError
from .class_results import number
from .roster import POINTS_POSSIBLE, ClassList, Person, Roster, RosterKind, in_sentence, same_id
from .sanitize import name_in_sentence, one_line

FILES = {RosterKind.CANVAS: "for-canvas.csv", RosterKind.MOODLE: "for-moodle.csv"}
TITLE_AND_ID = re.compile(r"(?P<title>.*\S)\s*\(\d+\)", re.DOTALL)  # of an assignment in Canvas


@dataclasses.dataclass(frozen=True)
class FilledIn:
    """The table with the marks. file: what it is to be called. notes: what was left, and why.

    written: by the student's id, every mark that was put there, now and in earlier runs.
    """

    file: str
    table: CsvTable
    notes: tuple[str, ...]
    written: Mapping[str, tuple[str, ...]]


def mark_column(roster: Roster, assignment: Assignment, wanted: str = "") -> int | None:
    """Where the marks go; None in a list of one's own.

    wanted: the column's name, with or without Canvas's number behind it. Without it, that of the
    assignment: its title or its name. Raises TableError where there is not exactly one.
    """
    table = roster.table
    if roster.kind == RosterKind.OWN:
        return None
    if roster.kind == RosterKind.MOODLE:
        header = [same_id(name) for name in table.header]
        if "scale" in header:
            raise TableError(
                f"{table.file} is of an assignment that is graded with words (a scale): let Moodle "
                "grade it with points, and download the worksheet again."
            )
        return header.index("grade")
    titles = {
        place: match["title"]
        for place, name in enumerate(table.header)
        if (match := TITLE_AND_ID.fullmatch(name))
    }
    names = [wanted] if wanted else [assignment.title, assignment.name]
    for name in names:
        found = [
            place
            for place, title in titles.items()
            if same_id(name) in (same_id(title), same_id(table.header[place]))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise TableError(
                f"{table.file} has {len(found)} columns called {_quoted(name)}: give one of them "
                "as --column, with the number behind it."
            )
    there = ", ".join(_quoted(table.header[place]) for place in titles) or "none"
    looked_for = " or ".join(_quoted(name) for name in dict.fromkeys(names))
    raise TableError(
        f"{table.file} has no assignment called {looked_for}: make it in Canvas and export the "
        f"gradebook again, or give one that it has as --column (it has: {there})."
    )


def fill_in(
    roster: Roster,
    column: int,
    assignment: Assignment,
    marks: Mapping[str, float],
    people: ClassList,
    before: Mapping[str, tuple[str, ...]],
) -> FilledIn:
    """Put the marks in.

    column: as mark_column gives it. marks: by student, where everything is decided; other cells
    stay as they are. before: FilledIn.written of the last run. Raises nothing.
    """
    table, where = roster.table, str(roster.kind)
    may_change = _may_change(table)
    cells: dict[tuple[int, int], str] = {}
    written = dict(before)
    notes = _about_the_scale(roster, column, assignment)
    for student, person in people.people.items():
        if student not in marks:
            continue
        mark, there = number(marks[student]), table.cell(person.row, column).strip()
        ours = before.get(person.id, ())
        if same_number(there, mark):
            pass  # as it is written there
        elif why := _stays(there, ours, may_change(person)):
            notes.append(
                text(
                    "class_list.mark_stays",
                    "{list} has {there} for {person} where the marks say {mark}: {why}",
                    list=where,
                    there=_quoted(there) if there else text("class_list.no_mark", "no mark"),
                    person=in_sentence(person),
                    mark=mark,
                    why=why,
                )
            )
            continue
        else:
            cells[person.row, column] = mark
            if there:
                notes.append(
                    text(
                        "class_list.mark_changed",
                        "{list} has {there} for {person}; now it is {mark}.",
                        list=where,
                        there=there,
                        person=in_sentence(person),
                        mark=mark,
                    )
                )
        written[person.id] = (*(one for one in ours if one != mark), mark)
    return FilledIn(FILES[roster.kind], table.with_cells(cells), tuple(notes), written)


def _stays(there: str, ours: tuple[str, ...], may_change: bool) -> str:
    """Why a cell is not filled in; '' if it is."""
    if not may_change:
        return text(
            "class_list.locked", "it says that the grade cannot be changed, so it was left."
        )
    if there and not any(same_number(there, mark) for mark in ours):
        return text(
            "class_list.not_ours",
            "it was not written from here, so it was left. Empty that cell to have it filled in.",
        )
    return ""


def same_number(one: str, other: str) -> bool:
    """Whether two texts are one number, to the two decimals that Canvas and Moodle show."""
    try:
        return round(float(one.replace(",", ".")), 2) == round(float(other.replace(",", ".")), 2)
    except ValueError:
        return False


def _may_change(table: CsvTable) -> Callable[[Person], bool]:
    header = [same_id(name) for name in table.header]
    if "grade can be changed" not in header:
        return lambda person: True
    column = header.index("grade can be changed")
    return lambda person: same_id(table.cell(person.row, column)) != "no"


def _about_the_scale(roster: Roster, column: int, assignment: Assignment) -> list[str]:
    """A sentence where the system counts to another number than the assignment."""
    table, header = roster.table, [same_id(name) for name in roster.table.header]
    if roster.kind == RosterKind.CANVAS:
        rows = [row for row in range(len(table.rows)) if POINTS_POSSIBLE in table.cell(row, 0)]
        scales = [table.cell(row, column).strip() for row in rows]
    elif "maximum grade" in header:
        scales = [table.cell(roster.people[0].row, header.index("maximum grade")).strip()]
    else:
        scales = []
    points = number(assignment.points)
    return [
        text(
            "class_list.other_scale",
            "In {list} the assignment has {scale} points, here it has {points}: the marks were "
            "written as they are. Give it {points} points there too.",
            list=roster.kind,
            scale=_quoted(scale),
            points=points,
        )
        for scale in scales
        if scale and not same_number(scale, points)
    ]


def _quoted(words: str) -> str:
    return name_in_sentence(one_line(words, 60), free=" ,:()")
