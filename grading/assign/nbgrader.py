"""The same assignment for nbgrader: a course folder from which it makes and marks a release.

References stand between nbgrader's marks for solutions, checks are its test cells. nbgrader runs a
student's code in the same process as the references: its marks can be forged (docs/instructors.md).
"""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from course_utils.exercise import Exercise
from course_utils.notebook import CELL_SECONDS, answer_cell, as_text, check_cell
from course_utils.sources import STUB_LINE, bodies

from ..assignment import Assignment, Item, relative
from ..errors import AssignmentError
from .notebook import (
    import_cell,
    imported_names,
    is_private,
    notebook_with,
    unbound_names,
)

SCHEMA = 3  # of nbgrader's metadata
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# The stub under a starter cannot be part of it: it would stop what the student is to mend.
MEND = "# Mend what stands above, then delete the next line."

# Students do not have a private exercise, so its check is put in only when answers are marked.
PRIVATE_TEST = """\
# This one is marked after you have handed in.
### BEGIN HIDDEN TESTS
import os
from pathlib import Path

from course_utils import check
from grading.assignment import load_private

load_private(tuple(Path(path) for path in os.environ["COURSE_PRIVATE"].split(os.pathsep)))
{check}
### END HIDDEN TESTS"""

CONFIG = """\
# Settings of nbgrader for this folder: run nbgrader here.
import os
import sys
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.preprocessors import NbGraderPreprocessor

c = get_config()
here = Path(__file__).resolve().parent
c.CourseDirectory.course_id = {name!r}
c.CourseDirectory.root = str(here)
# An empty answer looks as it does in the course.
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.Execute.timeout = {seconds}
# nbgrader starts programs of its own environment by their names.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# Files that declare exercises of your own; students do not get them.
private = {private!r}
os.environ["COURSE_PRIVATE"] = os.pathsep.join(str((here / path).resolve()) for path in private)


class MarkPlainNotebook(NbGraderPreprocessor):
    # In the assignment's other notebook nbgrader would find nothing to mark, and give 0.
    def preprocess(self, notebook, resources):
        if any("nbgrader" in cell.metadata for cell in notebook.cells):
            return notebook, resources
        source = nbformat.read(here / "source" / {name!r} / {file!r}, as_version=4)
        marked = {{cell.id: cell for cell in source.cells if "nbgrader" in cell.metadata}}
        theirs = [cell.get("id") for cell in notebook.cells]
        if not marked.keys() & theirs:
            raise ValueError("None of this notebook's cells is of this assignment.")
        cells = []
        for cell in notebook.cells:
            cells.append(cell)
            id = cell.get("id", "")
            if id in marked:
                cell.metadata["nbgrader"] = marked[id].metadata["nbgrader"]
            check = id.replace("answer-", "check-")
            if id != check and check in marked and check not in theirs:  # students have none
                cells.append(marked[check])
        notebook.cells = cells
        return notebook, resources


sanitizers = Autograde.sanitize_preprocessors.default()
c.Autograde.sanitize_preprocessors = [MarkPlainNotebook, *sanitizers]
"""


def nbgrader_edition(assignment: Assignment, folder: Path) -> dict[str, bytes]:
    """The files of nbgrader's course folder, by their paths in it.

    folder: where it will lie; private files are written relative to it. Raises AssignmentError
    when a private reference uses names of its file that are not imported.
    """
    config = CONFIG.format(
        name=assignment.name,
        file=f"{assignment.name}.ipynb",
        stub=STUB_LINE,
        seconds=CELL_SECONDS,
        private=[relative(path, folder) for path in assignment.private],
    )
    notebook = as_text(source_notebook(assignment))
    return {
        "nbgrader_config.py": config.encode(),
        f"source/{assignment.name}/{assignment.name}.ipynb": notebook.encode(),
    }


def source_notebook(assignment: Assignment) -> NotebookNode:
    """The instructor's version, with solutions. Raises AssignmentError."""
    bound = imported_names(import_cell(assignment.exercises()))
    for exercise in filter(is_private, assignment.exercises()):
        missing = unbound_names(exercise.solution_source) - bound
        if missing:
            raise AssignmentError(
                f"The reference of exercise {exercise.id} uses `{min(missing)}`, which stands "
                "outside it: nbgrader needs the whole answer in one function or class."
            )

    def cells(item: Item, exercise: Exercise) -> list[NotebookNode]:
        answer = answer_cell(exercise, with_solution_marks(exercise))
        test = check_cell(exercise, strict=True)
        if is_private(exercise):
            test.source = PRIVATE_TEST.format(check=test.source)
        number = exercise.id.replace(".", "-")
        answer.metadata["nbgrader"] = {
            "schema_version": SCHEMA,
            "grade_id": f"answer-{number}",
            "grade": False,
            "solution": True,
            "task": False,
            "locked": False,
        }
        test.metadata["nbgrader"] = {
            "schema_version": SCHEMA,
            "grade_id": f"check-{number}",
            "grade": True,
            "solution": False,
            "task": False,
            "locked": True,
            "points": item.points,
        }
        return [answer, test]

    return notebook_with(assignment, cells, strict=True)


def with_solution_marks(exercise: Exercise) -> str:
    """The reference with nbgrader's marks around what students do not get.

    Without it, and with the stub line in its place, it is the course's stub.
    """
    if exercise.start is not None:
        parts = [MEND, BEGIN, exercise.solution_source.rstrip(), END]
        return exercise.stub_source.rstrip() + "\n\n\n" + "\n".join(parts)
    lines = exercise.solution_source.splitlines()
    for first, last, indent in reversed(bodies(exercise.solution_source)):
        space = " " * indent
        lines[first - 1 : last] = [space + BEGIN, *lines[first - 1 : last], space + END]
    return "\n".join(lines)
