"""The list of a class, kept with the marks: given once, and read again by every later run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_utils.whole_files import write_whole

from ..assignment import Assignment
from ..csv_table import read_csv
from ..errors import TableError
from ..result import SubmissionResult
from .class_results import final_points
from .lms_marks import FilledIn, fill_in, mark_column
from .roster import ClassList, Roster, class_list, read_roster

TABLE, FACTS = "roster.csv", "roster.json"  # in the folder of what runs keep


@dataclasses.dataclass(frozen=True)
class KeptRoster:
    """A list with what is known of it.

    content: of its file, called `file`. column: where marks go, None where it takes none; wanted:
    what it was asked for as. written: see FilledIn.
    """

    roster: Roster
    file: str
    content: bytes
    column: int | None
    wanted: str
    written: Mapping[str, tuple[str, ...]]

    def placed(
        self, assignment: Assignment, results: Sequence[SubmissionResult]
    ) -> tuple[ClassList, FilledIn | None]:
        """Who handed in what, and the list with their marks where it is Canvas's or Moodle's."""
        found = class_list(self.roster, [result.student for result in results])
        if self.column is None:
            return found, None
        points = {result.student: final_points(result) for result in results}
        marks = {student: mark for student, mark in points.items() if mark is not None}
        return found, fill_in(self.roster, self.column, assignment, marks, found, self.written)

    def keep(self, folder: Path, filled: FilledIn | None) -> None:
        """Write it down for later runs. folder: where they keep things. Raises OSError."""
        written = filled.written if filled else self.written
        facts = {"file": self.file, "column": self.wanted, "written": dict(sorted(written.items()))}
        write_whole(folder / TABLE, self.content)
        write_whole(folder / FACTS, json.dumps(facts, ensure_ascii=False, indent=1).encode())


def kept_roster(
    folder: Path, assignment: Assignment, given: Path | None = None, wanted: str = ""
) -> KeptRoster | None:
    """The list that is given, or else that of an earlier run; None where there never was one.

    folder: where runs keep things. wanted: as mark_column has it; '' for that of an earlier run.
    Raises TableError.
    """
    facts = _facts(folder / FACTS)
    path = given or folder / TABLE
    if given is None and not path.is_file():
        if wanted:
            raise TableError("--column is for a list of the class: add --roster FILE.")
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"Cannot read the list of the class, {path}: {error.strerror}.") from None
    file = given.name if given else str(facts.get("file", TABLE))
    wanted = wanted or str(facts.get("column", ""))
    roster = read_roster(read_csv(content, file))
    column = mark_column(roster, assignment, wanted)
    written = {id: tuple(marks) for id, marks in facts.get("written", {}).items()}
    return KeptRoster(roster, file, content, column, wanted, written)


def _facts(path: Path) -> dict:
    """What is known from earlier runs; {} when there is nothing, or it was cut off."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
