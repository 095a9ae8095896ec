"""Feedback pages in a zip that Moodle takes back ("Upload multiple feedback files in a zip").

mod/assign/feedback/file/importziplib.php finds a participant by the name of a folder:
<full name>_<number>_assignsubmission_file, in older versions with one more `_` at its end. Both are
understood by all. The number counts; the name must have no `_` of its own.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

from ..mark.collection import MOODLE
from ..result import SubmissionResult
from .roster import ClassList, RosterKind

FILE = "for-moodle.zip"
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can name: the same in every zip


def folder_in_moodle(result: SubmissionResult, people: ClassList) -> str:
    """Where Moodle looks for a student's feedback; '' if Moodle's number is not known."""
    person = people.people.get(result.student)
    if person and people.kind == RosterKind.MOODLE:
        name, number = person.name or "Participant", person.id
    else:
        found = MOODLE.fullmatch(result.file.partition("/")[0])
        if not (found and found["number"]):
            return ""
        name, number = found["name"], found["number"]
    name = name.replace("_", " ").replace("/", " ").strip(" .")
    return f"{name}_{number}_assignsubmission_file_"


def moodle_zip(
    results: Iterable[SubmissionResult],
    pages: Mapping[str, bytes],
    people: ClassList,
    file: str,
) -> bytes | None:
    """The zip; None where Moodle knows none of the students.

    pages: by student. file: what each of them is called in its folder; no student's own file is
    called so.
    """
    folders = {result.student: folder_in_moodle(result, people) for result in results}
    known = {folder: student for student, folder in folders.items() if folder}
    if not known:
        return None
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, student in sorted(known.items()):
            entry = zipfile.ZipInfo(f"{folder}/{file}", MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, pages[student])
    return memory.getvalue()
