"""What students get: the notebook and the zip, the same every time, and they work."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from course_utils.exercise import all_exercises, find
from course_utils.notebook import environment_cell
from course_utils.sources import STUB_LINE
from grading.assign import notebook as student_notebook
from grading.assign.files import handout, write_files
from grading.assignment import Assignment, Item
from grading.errors import AssignmentError
from tests import ROOT
from tools import build

QUIZ = Path(__file__).parent / "private_quiz.py"
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


def assignment(*ids, private=(), **facts):
    items = tuple(Item(id, float(number)) for number, id in enumerate(ids, 1))
    return Assignment("week3", "Week 3", items, private=private, **facts)


def cells_of(*ids, **facts):
    return student_notebook.student_notebook(assignment(*ids, **facts)).cells


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files of an assignment across notebooks, with their folder."""
    folder = tmp_path_factory.mktemp("handout") / "week3"
    files = handout(assignment("01.1", "06.2", "10.12", deadline="Friday 18:00"), folder)
    write_files(files, folder)
    return folder


# --- The notebook ----------------------------------------------------------------------------


def test_an_exercise_stands_there_as_in_the_course():
    cells = cells_of("01.1", "10.12")
    course = [
        nbformat.read(path, as_version=4) for path in sorted(build.BUILT.glob("*_practice_*.ipynb"))
    ]
    for id in ("01.1", "10.12"):
        number = id.replace(".", "-")
        theirs = [list(n.cells) for n in course if f"answer-{number}" in str(n.cells)]
        [(prose, answer, check)] = [
            notebook[place - 1 : place + 2]
            for notebook in theirs
            for place, cell in enumerate(notebook)
            if cell.id == f"answer-{number}"
        ]
        [place] = [n for n, cell in enumerate(cells) if cell.id == f"answer-{number}"]
        assert cells[place].source == answer.source
        assert cells[place].metadata == {"exercise": id}
        assert (cells[place + 1].id, cells[place + 1].source) == (check.id, check.source)
        assert cells[place + 1].metadata == {"check": id}
        # The heading says what the exercise is worth; all else is the same.
        assert re.sub(r" · \d points?", "", cells[place - 1].source) == prose.source
    assert " · 1 point · by hand" in cells[3].source
    assert cells[-3].source.splitlines()[2].endswith(" · 2 points")


def test_the_opening_says_what_is_worth_what():
    opening = cells_of("01.1", "04.3", deadline="Friday 18:00")[0].source
    assert opening.startswith("# Week 3\n\n**Hand in by:** Friday 18:00\n")
    assert f"| 04.3 · {find('04.3').title} | 2 |" in opening
    assert "| together | 3 |" in opening
    assert '`hint("01.1")`' in opening
    assert "Hand in by" not in cells_of("01.1")[0].source


def test_the_second_cell_checks_the_environment():
    assert cells_of("01.1")[1].source == environment_cell()
    with_libraries = cells_of("01.1", "12.1")[1].source
    assert with_libraries == environment_cell(["libraries"]) != environment_cell()


def test_it_is_a_notebook_without_outputs():
    notebook = student_notebook.student_notebook(assignment("01.1", "10.12"))
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_the_section_s_text_stands_once_before_its_first_exercise():
    texts = [cell.source for cell in cells_of("10.13", "10.12", "10.1")]
    assert [t.splitlines()[0] for t in texts if t.startswith("##") and "linic" in t] == [
        "## The debug clinic",
        "## 10.13 · " + find("10.13").title,
        "## 10.12 · " + find("10.12").title,
    ]
    assert not [c for c in cells_of("10.1") if c.source.startswith("## The debug clinic")]


def test_imports_stand_in_one_cell_each_once():
    imports = cells_of("01.13", "06.1", "07.8", "09.2")[2].source
    assert imports.startswith(
        "import copy\nimport io\nimport math\n\nimport numpy\nimport pandas\n"
    )
    assert imports.endswith("\n\nfrom course_utils import check, hint, solution")
    assert imports.count("import torch\n") == 1
    assert "    Subset,\n    WeightedRandomSampler,\n    default_collate," in imports
    assert "    random_split,\n)" in imports, "of another notebook, from the same module"
    assert max(map(len, imports.splitlines())) <= 100


def test_without_ruff_it_is_one_sentence(monkeypatch):
    monkeypatch.setattr(student_notebook, "SORTED_BY", [sys.executable, "-m", "not_there"])
    with pytest.raises(AssignmentError, match="No module named not_there.*: ruff is needed"):
        cells_of("01.1")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(a, *b, c=d, **e):\n    x = a\n    return x, y", {"d", "y"}),
        ("class A:\n    q = z\n    def f(self): return super().f() + q", {"z", "q"}),
        ("def f():\n    global g\n    g = 1\ndef h(): return g", set()),
        ("[i for i in j if (k := i)]\nk, i", {"j", "i"}),
        ("try: pass\nexcept E as e: e", {"E"}),
        ("import a.b as c, d.e\nc; d; m", {"m"}),
        ("def f(y: T) -> len: ...", {"T"}),
    ],
)
def test_unbound_names_are_those_that_the_scopes_leave_open(code, names):
    assert student_notebook.unbound_names(code) == names


def test_all_exercises_fit_into_one_notebook_and_find_the_names_they_need():
    everything = assignment(*(exercise.id for exercise in all_exercises()))
    cells = student_notebook.student_notebook(everything).cells
    code = [c.source for c in cells if c.cell_type == "code" and "exercise" not in c.metadata]
    code = [source for source in code if source != environment_cell(["libraries"])]
    bound = student_notebook.imported_names(code[0])
    for exercise in all_exercises():
        missing = student_notebook.unbound_names(exercise.solution_source) - bound
        assert not missing, f"{exercise.id} needs {missing}"
        assert cells[[c.id for c in cells].index("answer-" + exercise.id.replace(".", "-"))]


def test_a_private_exercise_has_no_check():
    cells = cells_of("01.1", "90.1", private=(QUIZ,))
    heading, answer = cells[-2:]
    assert heading.source.startswith("## 90.1 · The area of a circle\n\n★☆☆ · about 5 minutes")
    assert heading.source.endswith(student_notebook.NO_CHECK)
    assert (answer.id, answer.metadata) == ("answer-90-1", {"exercise": "90.1"})
    assert answer.source.endswith(STUB_LINE)
    assert "The area of a circle as a tensor" in answer.source
    assert "import math\n" in cells[2].source, "its reference needs it"
    alone = cells_of("90.1", private=(QUIZ,))
    assert alone[2].source == "import math\n\nimport torch"
    assert "check" not in alone[0].source


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def circle_area(radius):", "def circle_area(radius=STANDARD):", "uses `STANDARD`"),
        ("import math\n", "import cmath as math\n", "`math` is math in one exercise and cmath in"),
    ],
)
def test_a_private_exercise_that_cannot_stand_there_is_named(tmp_path, old, new, said):
    theirs = tmp_path / "theirs.py"
    text = QUIZ.read_text("utf-8").replace("import math\n", "import math\nSTANDARD = 1\n")
    theirs.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AssignmentError, match=said):
        cells_of("04.1", "90.1", private=(theirs,))


# --- The same bytes --------------------------------------------------------------------------


def test_the_same_bytes_from_another_process_and_place(made, tmp_path):
    folder = tmp_path / "elsewhere" / "week3"
    folder.mkdir(parents=True)
    shutil.copy(made / "assignment.json", folder)
    command = [sys.executable, "-m", "grading", "assign", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120, stdout=-1)
    for name in ("assignment.json", "week3.ipynb", "week3.zip"):
        assert (folder / name).read_bytes() == (made / name).read_bytes(), name


def test_the_zip_names_no_moment_and_no_person(made):
    with zipfile.ZipFile(made / "week3.zip") as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(entry.create_system, entry.external_attr >> 16) for entry in entries} == {
        (3, 0o100644)
    }


# --- The zip ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unzipped(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(made / "week3.zip") as archive:
        archive.extractall(folder)
    return folder / "week3"


def test_the_zip_holds_the_notebook_and_nothing_of_the_instructor_s(made, unzipped):
    assert (unzipped / "notebooks" / "week3.ipynb").read_bytes() == (
        made / "week3.ipynb"
    ).read_bytes()
    names = {path.relative_to(unzipped).as_posix() for path in unzipped.rglob("*")}
    assert not {name for name in names if "__pycache__" in name or "assignment.json" in name}
    assert {name.split("/")[0] for name in names} == {
        *["LICENSE", "LICENSE-prose.md", "Makefile", "README.md", "course_utils", "data"],
        *["notebooks", "pyproject.toml", "requirements", "tools"],
    }
    readme = (unzipped / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"(?:tools|work)[/\\][\w.]+", readme):
        path = path.replace("\\", "/")
        assert path in names or path == "work/week3.ipynb", path


def test_what_is_unzipped_opens_and_runs(unzipped):
    """With the Python of this environment, which tools/install.py would make there."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "tools/lab.py", "--no-start"]
    done = subprocess.run(
        command, cwd=unzipped, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Copied to work/: week3.ipynb.\n"
    notebook = nbformat.read(unzipped / "work" / "week3.ipynb", as_version=4)
    notebook.cells.append(
        nbformat.v4.new_code_cell("import course_utils; print(course_utils.__file__)")
    )
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(unzipped / "work")}},
        config=Config(KernelManager={"transport_encryption": "auto"}),
    )
    client.execute(env={**environment, "PYTHONPATH": str(unzipped)})
    said = {
        cell.id: "".join(o.get("text") or o.data["text/plain"] for o in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert said["check-01-1"].startswith("→ 01.1  Not attempted yet.")
    assert said["check-10-12"].startswith("✘ 10.12")
    assert Path(said[notebook.cells[-1].id].strip()).is_relative_to(unzipped.resolve())
    assert "data intact" in said[notebook.cells[1].id]


def test_what_is_unzipped_can_be_installed(unzipped, tmp_path):
    """As tools/install.py does it: the package is built without the folders that are left out."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--wheel-dir", str(tmp_path), str(unzipped)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "course_utils/lessons/tensors/can_merge.py" in names
    assert "course_utils/figures/course.mplstyle" in names
    assert not [name for name in names if name.startswith("grading")]


def test_its_makefile_has_only_what_works_there(unzipped):
    if not shutil.which("make"):
        pytest.skip("make is not installed on this machine")
    # The test run itself may have been started by `make test LANE=latest`.
    ours = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "LANE", "ARGS"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}

    def make(*arguments):
        command = ["make", *arguments]
        return subprocess.run(
            command, cwd=unzipped, env=environment, capture_output=True, text=True, timeout=60
        )

    said = make("help").stdout
    assert re.findall(r"^  make (\w+)", said, re.M) == ["lab", "install", "help"]
    said = make("-n", "lab").stdout
    assert "tools/install.py --lane torchtext" in said
    assert "tools/lab.py" in said
