"""Real nbgrader makes a release of an assignment, marks it, and comes to the course's own marks."""

import ast
import contextlib
import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.exercise import all_exercises, find
from course_utils.sources import STUB_LINE, undecorated_source
from grading.__main__ import main
from grading.assign.files import handout, write_files
from grading.assign.nbgrader import (
    BEGIN,
    END,
    MEND,
    nbgrader_edition,
    source_notebook,
    with_solution_marks,
)
from grading.assignment import Assignment, Item
from grading.errors import AssignmentError
from grading.mark import sandbox
from tests import ROOT
from tests.notebooks.forked_kernels import forked_kernels_for
from tools import build

QUIZ = Path(__file__).parent / "private_quiz.py"
# Powers of two: a total says which exercises earned their points.
WORTH = {"01.1": 1, "04.1": 2, "04.10": 4, "10.12": 8, "90.1": 16, "09.12": 32}
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


def assignment():
    items = tuple(Item(id, float(points)) for id, points in WORTH.items())
    return Assignment("week3", "Week 3", items, "Friday 18:00", (QUIZ,))


def released(source):
    """What nbgrader makes of a cell: a stub in place of each solution."""
    lines, inside = [], False
    for line in source.splitlines():
        if line.strip() == BEGIN:
            inside = True
            lines.append(line.replace(BEGIN, STUB_LINE))
        elif line.strip() == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda e: e.id)
def test_without_its_solutions_an_exercise_is_the_course_s_stub(exercise):
    marked = with_solution_marks(exercise)
    stub = exercise.stub_source.rstrip()
    if exercise.start is not None:
        stub += f"\n\n\n{MEND}\n{STUB_LINE}"
    assert released(marked) == stub
    unmarked = [line for line in marked.splitlines() if line.strip() not in (BEGIN, END, MEND)]
    solution = exercise.solution_source.rstrip()
    assert "\n".join(unmarked).endswith(solution)
    ast.parse(marked)


def test_a_private_reference_has_to_stand_alone(tmp_path):
    theirs = tmp_path / "theirs.py"
    text = QUIZ.read_text(encoding="utf-8").replace("import torch\n", "import torch\n\nTWO = 2\n")
    theirs.write_text(text.replace("radius**2", "radius**TWO"), encoding="utf-8")
    one = Assignment("a", "A", (Item("90.1", 1.0),), private=(theirs,))
    with pytest.raises(AssignmentError, match="reference of exercise 90.1 uses `TWO`"):
        source_notebook(one)


def test_its_cells_have_what_nbgrader_reads():
    cells = source_notebook(assignment()).cells
    marked = [cell.metadata["nbgrader"] for cell in cells if "nbgrader" in cell.metadata]
    assert len({facts["grade_id"] for facts in marked}) == len(marked) == 2 * len(WORTH)
    tests = [facts for facts in marked if facts["grade"]]
    assert [facts["points"] for facts in tests] == list(WORTH.values())
    assert all(facts["locked"] and not facts["solution"] for facts in tests)
    assert [f["solution"] for f in marked if not f["grade"]] == [True] * len(WORTH)
    assert {facts["schema_version"] for facts in marked} == {3}
    [check] = [cell.source for cell in cells if cell.id == "check-01-1"]
    assert check == 'check("01.1", strict=True)'


def test_a_notebook_of_another_assignment_is_no_silent_0(tmp_path, monkeypatch):
    """Nor is one with the cells of this one, which gets the marks that nbgrader looks for."""
    config = pytest.importorskip("traitlets.config").Config()
    pytest.importorskip("nbgrader.converters")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("COURSE_PRIVATE", "")
    names = {"get_config": lambda: config, "__file__": str(tmp_path / "nbgrader_config.py")}
    edition = nbgrader_edition(assignment(), tmp_path)
    write_files(edition, tmp_path)
    exec(edition["nbgrader_config.py"], names)
    sanitize = names["MarkPlainNotebook"]()
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="answer-99-1")])
    with pytest.raises(ValueError, match="None of this notebook's cells is of this assignment"):
        sanitize.preprocess(other, {})
    own = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="answer-01-1")])
    marked, _ = sanitize.preprocess(own, {})
    assert "nbgrader" in marked.cells[0].metadata


# --- With nbgrader itself --------------------------------------------------------------------

# What each student leaves in each cell; a number is one of the exercise's known mistakes.
RIGHT, UNTOUCHED, LINE_LEFT = "right", "untouched", "right, but the stub line is still there"
STUDENTS = {
    "kim": dict.fromkeys(WORTH, RIGHT),
    "lee": dict.fromkeys(WORTH, UNTOUCHED),
    "park": {
        **{"01.1": 0, "04.1": RIGHT, "04.10": UNTOUCHED},
        **{"10.12": LINE_LEFT, "90.1": 0, "09.12": RIGHT},
    },
}


def answered(id, what, stub):
    """The text of an answer's cell when the student has done with it."""
    exercise = find(id)
    if what == UNTOUCHED:
        return stub
    if what == RIGHT:
        return exercise.solution_source
    if what == LINE_LEFT:
        return f"{exercise.solution_source}\n\n{MEND}\n{STUB_LINE}"
    wrong = exercise.mistakes[what].answer
    return f"{undecorated_source(wrong)}\n\n{exercise.name} = {wrong.__name__}"


def judged(notebook):
    """The points that Exercise.judge gives to the answers of a submission."""
    space: dict = {}
    points = 0.0
    exec(notebook.cells[2].source, space)  # the imports
    for cell in notebook.cells:
        id = cell.metadata.get("exercise")
        if id is not None:
            with contextlib.suppress(NotImplementedError):
                exec(cell.source, space)
            points += WORTH[id] * find(id).judge(space[find(id).name]).passed
    return points


def test_nbgrader_comes_to_the_same_marks(tmp_path):
    if importlib.util.find_spec("nbgrader") is None:
        pytest.skip("nbgrader is not installed here: python tools/install.py --extra grading")
    folder = tmp_path / "week3"
    write_files(handout(assignment(), folder, nbgrader=True), folder)
    course = folder / "nbgrader"
    forked_kernels_for(tmp_path / "settings")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "settings"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command, cwd=course, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "week3")
    release = course / "release" / "week3" / "week3.ipynb"
    text = release.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text and "COURSE_PRIVATE" not in text
    stubs = {
        cell.metadata["exercise"]: cell.source
        for cell in nbformat.reads(text, as_version=4).cells
        if "exercise" in cell.metadata
    }
    for id, stub in stubs.items():
        exercise = find(id)
        starter = f"\n\n\n{MEND}\n{STUB_LINE}" if exercise.start else ""
        assert stub == exercise.stub_source.rstrip() + starter

    expected = {}
    for student, answers in STUDENTS.items():
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            if "exercise" in cell.metadata:
                id = cell.metadata["exercise"]
                cell.source = answered(id, answers[id], cell.source)
        build.write(notebook, course / "submitted" / student / "week3" / "week3.ipynb")
        expected[student] = judged(notebook)
    # Who was given the course's own notebook hands that in.
    plain = nbformat.read(folder / "week3.ipynb", as_version=4)
    for cell in plain.cells:
        if "exercise" in cell.metadata:
            cell.source = find(cell.metadata["exercise"]).solution_source
    build.write(plain, course / "submitted" / "shin" / "week3" / "week3.ipynb")
    expected["shin"] = judged(plain)
    assert expected == {"kim": 63.0, "lee": 0.0, "park": 2.0 + 8.0 + 32.0, "shin": 63.0}

    nbgrader("autograde", "week3")
    nbgrader("export")
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["student_id"]: float(row["score"]) for row in rows} == expected
    assert {float(row["max_score"]) for row in rows} == {sum(WORTH.values())}

    # The course's own grader takes the folder, also after nbgrader's export.
    command = ["grade", str(folder), str(course), "--output", str(tmp_path / "marks")]
    command += ["--workers", "1", *(["--trusted"] if sandbox.problem() else [])]
    assert main(command) == 0
    with (tmp_path / "marks" / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        ours = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    assert ours == expected
