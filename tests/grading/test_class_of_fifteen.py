"""A class of 15 hands in through five systems, with every fault that one student's files can have.

Everything is marked as it would be, row by row: a fault costs its own student's row, and nobody
loses a mark without a person having looked.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest

from course_utils.exercise import find
from grading.assignment import Assignment, Item
from grading.mark.collection import collect
from grading.mark.ledger import Ledger
from grading.mark.running import mark_submissions
from grading.report.kept_roster import kept_roster
from grading.result import ExerciseState
from tests import ROOT
from tests.grading.submissions import as_file, code, mistake, notebook, right, untouched

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState
# A function, a class, and two functions of the same name.
IDS = ("01.1", "04.1", "04.14", "09.12")
RIGHT = {id: right(id) for id in IDS}
RIGHT["04.1"] = "from torch import nn\n\n" + RIGHT["04.1"]
ALL_RIGHT = (PASSED,) * 4


def without(id: str) -> dict[str, str]:
    """Right answers to the other exercises."""
    return {other: answer for other, answer in RIGHT.items() if other != id}


def cells_of(data: bytes) -> list[dict]:
    return json.loads(data)["cells"]


def without_metadata() -> bytes:
    cells = cells_of(notebook(RIGHT))
    return as_file([code(cell["source"]) for cell in cells])


def in_format_3() -> bytes:
    cells = [nbformat.v4.new_code_cell(c["source"]) for c in cells_of(notebook(RIGHT))]
    for cell, told in zip(cells, cells_of(notebook(RIGHT)), strict=True):
        cell.metadata |= told["metadata"]
    one = nbformat.v4.new_notebook(cells=cells)
    return nbformat.v3.writes_json(nbformat.convert(one, 3)).encode()


def with_annotations() -> bytes:
    answer = RIGHT["01.1"].replace("(shape):", "(shape: Shape) -> Strides:", 1)
    return notebook({"01.1": "from __future__ import annotations\n" + answer, **without("01.1")})


def in_markdown() -> bytes:
    told = {**code(RIGHT["01.1"], exercise="01.1"), "cell_type": "markdown"}
    return as_file([told, *cells_of(notebook(without("01.1")))])


def cut_in_two() -> bytes:
    first, rest = RIGHT["04.1"].split("    def forward", 1)
    halves = [code(first, exercise="04.1"), code("    def forward" + rest)]
    return as_file([*cells_of(notebook(without("04.1"))), *halves])


def with_own_module() -> bytes:
    answer = "from helper import strides\n\ncontiguous_strides = strides\n"
    return notebook({"01.1": answer, **without("01.1")})


def from_the_course() -> bytes:
    """The course's own notebook of exercises, in place of the assignment's."""
    path = ROOT / "notebooks" / "01_practice_tensors_storage_stride.ipynb"
    facts = json.loads(path.read_text(encoding="utf-8"))
    for cell in facts["cells"]:
        if cell["id"] == "answer-01-1":
            cell["source"] = RIGHT["01.1"]
    return json.dumps(facts).encode()


def from_korean_windows() -> bytes:
    facts = json.loads(notebook(RIGHT, "# 한글"))
    return json.dumps(facts, ensure_ascii=False).encode("cp949")


# What each student did, and how the four exercises come out.
CLASS = {
    "kim": (notebook(RIGHT), ALL_RIGHT),
    "lee": (notebook({id: mistake(id) for id in IDS}), (WRONG,) * 4),
    "park": (notebook({id: untouched(id) for id in IDS}), (NOT_ATTEMPTED,) * 4),
    "cho": (
        notebook({"01.1": RIGHT["01.1"], "04.1": "class LayerScale(nn.Module:\n"}),
        (PASSED, WRONG, NOT_ATTEMPTED, NOT_ATTEMPTED),
    ),
    "han": (without_metadata(), (PASSED, PASSED, PERSON, PERSON)),
    "yoon": (in_format_3(), ALL_RIGHT),
    "jung": (with_annotations(), ALL_RIGHT),
    "lim": (in_markdown(), (PERSON, PASSED, PASSED, PASSED)),
    "seo": (cut_in_two(), (PASSED, PERSON, PASSED, PASSED)),
    "oh": (with_own_module(), (PERSON, PASSED, PASSED, PASSED)),
    "shin": (from_the_course(), (PASSED, NOT_ATTEMPTED, NOT_ATTEMPTED, NOT_ATTEMPTED)),
    "kwon": (notebook({**RIGHT, "01.1": "%%time\n" + RIGHT["01.1"]}, "!ls", "1 / 0"), ALL_RIGHT),
    "hong": (from_korean_windows(), ALL_RIGHT),
    "moon": (notebook({**RIGHT, "01.1": "exit()"}), (NOT_ATTEMPTED, PASSED, PASSED, PASSED)),
    "bae": (b"%PDF-1.7", (PERSON,) * 4),
}
HELPER = b"def strides(shape):\n    return ()\n"
REASONS = {
    "han": "04.14: The answers of 04.14 and 09.12 are called `freeze`; nothing says which stands "
    "in cells 6 and 8.",
    "lim": "01.1: Cell 1 is Markdown, not code, and holds an answer.",
    "seo": "04.1: The code in cell 8 goes on in cell 9: they were one cell.",
    "oh": "01.1: The code imports `helper`, which is not installed here",
    "bae": "The file is not a notebook",
}


def put(folder: Path, path: str, content: bytes) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def hand_in(folder: Path, layout: str) -> dict[str, str]:
    """Write the class's files as a system gives them; the name of each student's row."""
    places = {
        "folders": ("{student}/my week 3.ipynb", "{student}/helper.py", "{student}"),
        "moodle": (
            "{student} Ann_{n}_assignsubmission_file_/week3.ipynb",
            "{student} Ann_{n}_assignsubmission_file_/helper.py",
            "{student} Ann {n}",
        ),
        "canvas": (
            "{student}_{n}_{n}1_week3.ipynb",
            "{student}_{n}_{n}2_helper.py",
            "{student} {n}",
        ),
        "nbgrader": (
            "submitted/{student}/week3/week3.ipynb",
            "submitted/{student}/week3/helper.py",
            "{student}",
        ),
    }
    path, module, row = places[layout]
    rows = {}
    for n, (student, (content, _)) in enumerate(CLASS.items(), start=1001):
        put(folder, path.format(student=student, n=n), content)
        rows[student] = row.format(student=student, n=n)
    put(folder, module.format(student="oh", n=1001 + list(CLASS).index("oh")), HELPER)
    return rows


class MarksOnce(Executor):
    """Marks each notebook once, in this process, whatever name it is handed in under."""

    def __init__(self):
        self.known = {}

    def submit(self, mark_shard, shard):
        results = []
        for task in shard.tasks:
            if task.notebook not in self.known:
                alone = dataclasses.replace(shard, tasks=(task,))
                [self.known[task.notebook]] = mark_shard(alone)
            known = self.known[task.notebook]
            results.append(dataclasses.replace(known, student=task.student, file=task.file))
        done = Future()
        done.set_result(results)
        return done


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    """Mark a folder; gives the results by student."""
    assignment = Assignment("week3", "Week 3", tuple(Item(id, 1.0) for id in IDS))
    executor = MarksOnce()
    ledger = Ledger(tmp_path_factory.mktemp("marks"), assignment, trusted=True, again=False)

    def mark(folder):
        results = mark_submissions(
            assignment,
            collect(folder, assignment.name),
            ledger,
            trusted=True,
            executors=lambda: nullcontext(executor),
            width=1,
        )
        return {result.student: result for result in results}

    return mark


def states(result):
    return tuple(exercise.state for exercise in result.exercises)


def is_fair(result):
    """Where a person has to look there are no points yet, and a reason; nothing else is at 0
    without a word."""
    for exercise in result.exercises:
        assert (exercise.points is None) == (exercise.state == PERSON) == bool(exercise.reason)
        assert exercise.headline


@pytest.mark.parametrize("layout", ["folders", "moodle", "canvas", "nbgrader"])
def test_a_class_is_marked_row_by_row(mark, tmp_path, layout):
    rows = hand_in(tmp_path, layout)
    results = mark(tmp_path)
    assert sorted(results) == sorted(rows.values())
    for student, (_, expected) in CLASS.items():
        result = results[rows[student]]
        assert states(result) == expected, student
        is_fair(result)
        assert REASONS.get(student, "All was marked.") in result.reason
    assert [n for n in results[rows["oh"]].notes if "helper.py" in n], "it is named"
    assert "CP949" in results[rows["hong"]].notes[0]
    assert "format 3" in results[rows["yoon"]].notes[0]


@pytest.mark.parametrize("layout", ["canvas", "moodle"])
def test_the_marks_of_a_class_come_back_in_the_system_s_own_table(mark, tmp_path, layout):
    """A cell for each of those who are marked; another student on the list handed in nothing."""
    header, row, column = {
        "canvas": ("Student,ID,SIS Login ID,Section,Week 3 (12)", "{student},{n},,A,", 4),
        "moodle": ("Identifier,Full name,Grade,Late", "Participant {n},{student} Ann,,", 2),
    }[layout]
    places = [row.format(student=student, n=n) for n, student in enumerate([*CLASS, "ahn"], 1001)]
    hand_in(tmp_path / "in", layout)
    results = list(mark(tmp_path / "in").values())
    (tmp_path / "list.csv").write_text("\n".join([header, *places]), encoding="utf-8")
    assignment = Assignment("week3", "Week 3", tuple(Item(id, 1.0) for id in IDS))
    roster = kept_roster(tmp_path, assignment, tmp_path / "list.csv")
    people, filled = roster.placed(assignment, results)
    assert [person.id for person in people.absent] == [
        "1016"
    ] and people.notes == filled.notes == ()
    cells = [cells[column] for cells in filled.table.rows[1:]]
    decided = {student: states for student, (_, states) in CLASS.items() if PERSON not in states}
    expected = [
        str(decided[student].count(PASSED)) if student in decided else "" for student in CLASS
    ]
    assert cells == [*expected, ""]


def test_every_fault_in_one_folder_costs_its_own_row(mark, tmp_path):
    files = {
        "kim": ["kim (1).ipynb"],
        "lee": ["lee.ipynb", "lee (1).ipynb"],
        "park": [".park.ipynb"],
        "cho": [str(Path("cho", "week3", "work", "week3.ipynb"))],
        "han": ["han/week3.ipynb", "han/week3 (1).ipynb"],
        "moon": ["moon/.week3.ipynb"],
        "oh": ["oh/week3.ipynb"],
    }
    for student, (content, _) in CLASS.items():
        for path in files.get(student, [f"{student}.ipynb"]):
            put(tmp_path, path, content)
    stubs = notebook({id: untouched(id) for id in IDS})
    put(tmp_path, "cho/week3/notebooks/week3.ipynb", stubs)
    put(tmp_path, "oh/helper.py", HELPER)
    put(tmp_path, "kwon/week3/notes.txt", b"mine")
    said = {
        "lee": "There are two submissions by lee (`lee (1).ipynb`, lee.ipynb): keep the one",
        "park": ".park.ipynb is hidden, because its name begins with a dot",
        "han": "There are two notebooks (`week3 (1).ipynb`, week3.ipynb), and more than one",
        "moon": "In the folder moon, .week3.ipynb is hidden",
    }
    results = mark(tmp_path)
    assert sorted(results) == sorted(CLASS)
    for student, (_, expected) in CLASS.items():
        result = results[student]
        assert states(result) == ((PERSON,) * 4 if student in said else expected), student
        is_fair(result)
        assert said.get(student, REASONS.get(student, "All was marked.")) in result.reason
    assert results["oh"].notes == ("Also handed in, and not marked: oh/helper.py.",)


def test_the_two_twins_are_twins():
    """What the class is made of stays what its names say."""
    assert find("04.14").name == find("09.12").name
    assert "class LayerScale" in RIGHT["04.1"]
