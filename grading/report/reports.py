"""Write what marking found: marks.csv, details.json, a page for each student, one for the class,
and what Canvas and Moodle take back.

Files are written whole or not at all, and no work of a person's is lost: see `Writer`.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import course_utils
from course_utils.texts import counted, text
from course_utils.whole_files import write_whole

from ..assignment import Assignment
from ..errors import ReportError
from ..result import SubmissionResult, SubmissionState
from .alike import Alike, alike
from .class_results import (
    common_mistakes,
    final_points,
    in_order,
    number,
    partly_right,
    points_of_those_marked,
    total,
    why_a_person,
    without_sandbox,
)
from .declared import declared
from .lms_marks import FilledIn
from .moodle_feedback import FILE as FOR_MOODLE
from .moodle_feedback import moodle_zip
from .pages import class_page, feedback_page, state_label
from .roster import ClassList, name_of
from .sanitize import csv_cell, one_line

FORMAT = 1  # of details.json and of the manifest
MANIFEST = ".reports.json"
NOTHING_FOUND = "nothing found"  # the state of those on the list who may have handed in nothing
REASON_LIMIT = 1_000  # characters of a reason in the table; details.json has all of it


def write_reports(
    assignment: Assignment,
    results: Sequence[SubmissionResult],
    folder: Path,
    people: ClassList | None = None,
    filled: FilledIn | None = None,
) -> list[Path]:
    """Write all reports into a folder, which is made where there is none.

    results: one for each student; the reports are in the order of the students' names. people: who
    they are, and who is missing. filled: the marks in the table of a system that takes them back.

    Gives the files that somebody had changed or put there under a report's name. They are kept
    under another name: marks.csv as marks.kept-1.csv.

    Raises ReportError if a file cannot be written.
    """
    results, people = in_order(results), people or ClassList()
    pages = page_names(result.student for result in results)
    groups = alike(results)
    notes = (*people.notes, *(filled.notes if filled else ()))
    files = {
        "marks.csv": as_bytes(marks_csv(assignment, results, people)),
        "details.json": as_bytes(details_json(assignment, results, people, groups)),
        "class.html": as_bytes(class_page(assignment, results, pages, people, groups, notes)),
    }
    feedback = {}
    for result, page in zip(results, pages, strict=True):
        name = name_of(result.student, people)
        feedback[result.student] = as_bytes(feedback_page(assignment, result, name))
        files[f"feedback/{page}"] = feedback[result.student]
    if filled:
        files[filled.file] = filled.table.as_bytes()
    for_moodle = moodle_zip(results, feedback, people, f"feedback-{assignment.name}.html")
    if for_moodle:
        files[FOR_MOODLE] = for_moodle
    return Writer(folder).write(files)


# -- tables ----------------------------------------------------------------------------------


def marks_csv(
    assignment: Assignment, results: Sequence[SubmissionResult], people: ClassList | None = None
) -> str:
    """One row a student, one column an exercise; blank where a person has to look.

    With a list of the class there are also columns for name, id and e-mail address, and rows for
    those of whom nothing was found. `page` is the student's feedback page.

    The total is blank as well until everything has been marked: it would pass for the mark. A
    column is called '01.10 (2)', with the points in brackets: a spreadsheet would turn 01.1 and
    01.10 into the same number. decided: exercises whose points a person gave. cases: where an
    answer is wrong and right on some cases. marked by: the version of the course.

    In pandas: `pandas.read_csv("marks.csv")`.
    """
    written = io.StringIO(newline="")
    table = csv.writer(written)  # lines end in CR LF, as RFC 4180 has it
    ids = [item.id for item in assignment.items]
    columns = [f"{item.id} ({number(item.points)})" for item in assignment.items]
    people = people or ClassList()
    who = ["name", "id", "email"] if people.kind else []
    more = ["late", "decided", "cases", "reason", "file", "page", "marked by"]
    header = ["student", *who, "state", "points", "of", *columns, *more]
    table.writerow(header)
    pages = page_names(result.student for result in results)
    for result, page in zip(results, pages, strict=True):
        person = people.people.get(result.student)
        by_id = {exercise.id: exercise for exercise in result.exercises}
        earned = [number(by_id[id].points) if id in by_id else "" for id in ids]
        table.writerow(
            [
                csv_cell(result.student),
                *([csv_cell(getattr(person, part, "")) for part in who]),
                csv_cell(result.state),
                number(final_points(result)),
                number(assignment.points),
                *earned,
                csv_cell(result.late),
                csv_cell(decided_by_you(result)),
                csv_cell(partly_right(result)),
                csv_cell(one_line(why_a_person(result), REASON_LIMIT)),
                csv_cell(result.file),
                csv_cell(f"feedback/{page}"),
                csv_cell(marked_by(result)),
            ]
        )
    for person in people.absent:
        known = [csv_cell(fact) for fact in (person.called, person.name, person.id, person.email)]
        nothing = [""] * (len(header) - len(known) - 3)
        table.writerow([*known, NOTHING_FOUND, "", number(assignment.points), *nothing])
    # Excel takes a file for UTF-8 only when it begins with a byte order mark.
    return "\ufeff" + written.getvalue()


def decided_by_you(result: SubmissionResult) -> str:
    """'01.2 by you; 01.4 by you': the exercises whose points a person gave."""
    decided = [exercise.id for exercise in result.exercises if exercise.decided]
    return "; ".join(text("marks.by_you", "{exercise} by you", exercise=id) for id in decided)


def marked_by(result: SubmissionResult) -> str:
    if not result.course_version:
        return ""
    return text("marks.version", "version {version}", version=result.course_version)


def details_json(
    assignment: Assignment,
    results: Sequence[SubmissionResult],
    people: ClassList,
    groups: Sequence[Alike],
) -> str:
    """Everything that is known, also what the pages cut."""
    facts: dict[str, Any] = {
        "format": FORMAT,
        "course_version": course_utils.__version__,
        "assignment": {
            "name": assignment.name,
            "title": assignment.title,
            "deadline": assignment.deadline,
            "points": assignment.points,
            "exercises": [
                {"id": item.id, "title": declared(item.id).title, "points": item.points}
                for item in assignment.items
            ],
        },
        "submissions": [result.as_dict() for result in results],
        "alike": [dataclasses.asdict(group) for group in groups],
    }
    if people.kind:
        facts["people"] = {
            student: dataclasses.asdict(person) for student, person in people.people.items()
        }
        facts["nothing_found"] = [dataclasses.asdict(person) for person in people.absent]
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def summary(
    results: Sequence[SubmissionResult],
    people: ClassList | None = None,
    filled: FilledIn | None = None,
) -> str:
    """The few lines that are printed at the end: states, points, and what is left to do."""
    results = in_order(results)
    states = Counter(result.state for result in results)
    found = ", ".join(
        f"{states[state]} {state_label(state)}" for state in SubmissionState if states[state]
    )
    lines = [
        text(
            "summary.submissions",
            "{submissions}: {states}.",
            submissions=counted(len(results), "submission"),
            states=found or text("summary.nothing_to_mark", "nothing to mark"),
        )
    ]
    marked = [result for result in results if result.state == SubmissionState.MARKED]
    if marked:
        points = points_of_those_marked(results)
        of = max(total(result) for result in marked)
        lines.append(
            text(
                "summary.points",
                "Points of those marked: {least} to {most}, median {median}, of {of}.",
                least=number(min(points)),
                most=number(max(points)),
                median=number(statistics.median(points)),
                of=number(of),
            )
        )
    talk = common_mistakes(results)[:1]
    if talk:
        lines.append(
            text(
                "summary.commonest",
                "Commonest mistake ({exercise}, {count} of {all}): {sentence}",
                exercise=talk[0].id,
                count=talk[0].count,
                all=len(results),
                sentence=talk[0].sentence,
            )
        )
    waiting = [result for result in results if result.state != SubmissionState.MARKED]
    if waiting:
        lines.append(text("summary.waiting", "A person has to look at:"))
        for result in waiting[:5]:
            lines.append(f"  {one_line(result.student, 60)}: {one_line(why_a_person(result), 160)}")
        if len(waiting) > 5:
            lines.append("  " + listed_on_the_page(len(waiting) - 5))
    if people and people.kind:
        lines += about_the_list(people, filled)
    if without_sandbox(results):
        lines.append(
            text(
                "summary.without_sandbox", "MARKED WITHOUT A SANDBOX: the submissions were trusted."
            )
        )
    return "\n".join(lines)


def about_the_list(people: ClassList, filled: FilledIn | None) -> list[str]:
    """What the end of a run says of the list of the class."""
    lines = []
    if people.absent:
        names = "; ".join(one_line(person.called, 60) for person in people.absent[:5])
        if len(people.absent) > 5:
            more = len(people.absent) - 5
            names = text(
                "summary.names_and_more", "{names} and {more} more", names=names, more=more
            )
        lines.append(
            text(
                "summary.absent",
                "Nothing was found of {count} on the list: {names}.",
                count=len(people.absent),
                names=names,
            )
        )
    notes = [*people.notes, *(filled.notes if filled else ())]
    if notes:
        lines.append(text("summary.list", "Of the list of the class:"))
        lines += [f"  {one_line(note, 300)}" for note in notes[:5]]
        if len(notes) > 5:
            lines.append("  " + listed_on_the_page(len(notes) - 5))
    return lines


def listed_on_the_page(more: int) -> str:
    return text("summary.more", "and {count} more; class.html lists them.", count=more)


# -- names of pages --------------------------------------------------------------------------

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def page_names(students: Iterable[str]) -> list[str]:
    """A file's name for each student, as 'kim.html': fit for every system, and no two alike.

    A name that had to change, and names that differ only in what some systems cannot tell apart
    (case, Unicode forms), get eight digits of a hash of the student's whole name.
    """
    students = list(students)
    plain = [_plain_name(student) for student in students]
    alike = Counter(_folded(name) for name in plain)
    taken: set[str] = set()
    names = []
    for student, name in zip(students, plain, strict=True):
        digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()
        length = 8
        if name != student or alike[_folded(name)] > 1:
            stem = name
            name = f"{stem}-{digest[:length]}"
            while _folded(name) in taken and length < len(digest):
                length += 8
                name = f"{stem}-{digest[:length]}"
        taken.add(_folded(name))
        names.append(f"{name}.html")
    return names


def _plain_name(student: str) -> str:
    name = unicodedata.normalize("NFC", student)
    name = re.sub(r"[^\w .,()+~-]", "_", name)  # \w: letters and digits of all scripts
    name = name.encode("utf-8")[:120].decode("utf-8", "ignore").strip(" .")
    return "student" if not name else f"_{name}" if RESERVED.fullmatch(name) else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


# -- writing ---------------------------------------------------------------------------------


class Writer:
    """Writes files into a folder, and keeps what is not its own.

    A manifest remembers what was written. A file there that reads otherwise is a person's work
    and is moved aside before its name is used again; a page of a student who is no longer there
    is removed only if it reads as it was written. Each file is written beside its place and then
    moved there, so that whoever reads it finds the old or the new one, whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: dict[str, list[str]] = {}

    def write(self, contents: dict[str, bytes]) -> list[Path]:
        """contents: from a path in the folder, with /, to what is to stand there.

        Gives the files that were kept under another name. Raises ReportError.
        """
        digests = {name: digest(content) for name, content in contents.items()}
        try:
            for name in {"", *(str(Path(name).parent) for name in contents)}:
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self.written = self._read_manifest()
            before = set(self.written)
            # Stopped half way, both the old and the new files are still known as written here.
            for name, its_digest in digests.items():
                self.written.setdefault(name, []).append(its_digest)
            self._write_manifest()
            kept = []
            for name, content in contents.items():
                path = self.folder / name
                now = digest(path.read_bytes()) if path.is_file() else ""
                if now == digests[name]:
                    continue
                if os.path.lexists(path) and now not in self.written[name]:
                    kept.append(self._keep(path))
                write_whole(path, content)
            for name in sorted(before - set(contents)):
                self._remove(name)
            self.written = {name: [its_digest] for name, its_digest in digests.items()}
            self._write_manifest()
        except OSError as error:
            where = readable_path(error.filename2 or error.filename or self.folder)
            raise ReportError(
                f"Cannot write {where} ({error.strerror or error}): make room, or close the "
                "program that has it open, and run this again."
            ) from None
        return kept

    def _keep(self, path: Path) -> Path:
        """Move a file that is not ours out of the way."""
        number = 1
        while os.path.lexists(path.with_name(f"{path.stem}.kept-{number}{path.suffix}")):
            number += 1
        return path.rename(path.with_name(f"{path.stem}.kept-{number}{path.suffix}"))

    def _remove(self, name: str) -> None:
        """Remove a page that is no longer needed, if it reads as it was written here."""
        path = self.folder / name
        in_place = Path(name).parts[:-1] == ("feedback",) and path.suffix == ".html"
        if in_place and path.is_file() and digest(path.read_bytes()) in self.written[name]:
            path.unlink()

    def _read_manifest(self) -> dict[str, list[str]]:
        try:
            facts = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            return {str(name): [str(d) for d in ds] for name, ds in facts["written"].items()}
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # then everything there counts as somebody else's

    def _write_manifest(self) -> None:
        facts = {"format": FORMAT, "written": dict(sorted(self.written.items()))}
        write_whole(self.folder / MANIFEST, as_bytes(json.dumps(facts, indent=1) + "\n"))


def as_bytes(content: str) -> bytes:
    # Half characters have no UTF-8. Written as \udc80 they are still JSON; pages have none.
    return content.encode("utf-8", "backslashreplace")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def readable_path(path: str | bytes | os.PathLike) -> str:
    return one_line(os.fsdecode(path), REASON_LIMIT)
