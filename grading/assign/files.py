"""What `assign` makes: the files of an assignment, for the instructor and for students.

    <name>/assignment.json      the instructor's: from it all the rest is made again
    <name>/<name>.ipynb         for students who have the course
    <name>/<name>.zip           for those who have nothing installed
    <name>/nbgrader/            where asked for: the same assignment for nbgrader

The same assignment always gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from course_utils.notebook import as_text
from course_utils.whole_files import write_whole

from ..assignment import Assignment
from ..errors import AssignmentError
from .nbgrader import nbgrader_edition
from .notebook import student_notebook
from .zip import student_zip

DECLARATION = "assignment.json"
NBGRADER = "nbgrader"


def handout(assignment: Assignment, folder: Path, *, nbgrader: bool = False) -> dict[str, bytes]:
    """The files to write into the assignment's folder: contents by path with /.

    nbgrader: the nbgrader edition as well. Raises AssignmentError.
    """
    notebook = as_text(student_notebook(assignment))
    files = {
        DECLARATION: assignment.as_json(folder).encode(),
        f"{assignment.name}.ipynb": notebook.encode(),
        f"{assignment.name}.zip": student_zip(assignment, notebook),
    }
    if nbgrader:
        edition = nbgrader_edition(assignment, folder / NBGRADER)
        files |= {f"{NBGRADER}/{path}": content for path, content in edition.items()}
    return files


def check_folder(assignment: Assignment, folder: Path, *, replace: bool = False) -> None:
    """Raise AssignmentError when the files cannot go there.

    replace: a folder with a different assignment, or with other files, is fine.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise AssignmentError(f"{there} is a file: choose another --output or --name.")
    if replace or there != folder or not any(folder.iterdir()):
        return
    declaration = folder / DECLARATION
    if not declaration.exists():
        raise AssignmentError(
            f"{folder} holds other files and no assignment: choose another --name, or add "
            "--replace to write into it."
        )
    if declaration.read_text(encoding="utf-8", errors="replace") != assignment.as_json(folder):
        raise AssignmentError(
            f"{folder} holds a different assignment: choose another --name, or add --replace to "
            "write this one over it."
        )


def write_files(files: dict[str, bytes], folder: Path) -> list[str]:
    """Write what is not there yet with the same content; return the paths that were written.

    A file is written whole or not at all. Raises OSError.
    """
    written = []
    for name, content in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        written.append(name)
    return written
