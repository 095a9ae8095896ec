"""The build: the same bytes twice, and whatever is not true is caught."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.notebook import ENVIRONMENT_CELL
from tools import build

ROOT = Path(__file__).parent.parent
SMALL = """\
# ---
# course:
#   number: "00"
#   title: A small one
#   lead: What it is for.
#   needs: ["00"]
#   knowing: Python
#   minutes: 5
#   after: [one, two, three]
# ---

# %% [markdown]
# Some words.

# %%
print("one")
print("two")

# %%
1 + 1

# %%
from course_utils import check

# %% [markdown]
# ## Exercise 00.1

# %% exercise="00.1"
import math
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A small source, in folders of its own."""
    monkeypatch.setattr(build, "SOURCES", tmp_path / "source")
    monkeypatch.setattr(build, "BUILT", tmp_path)
    monkeypatch.setattr(build, "SOLVED", tmp_path / "solved")
    monkeypatch.setattr(build, "STAMPS", tmp_path / "stamps.json")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    (tmp_path / "source").mkdir()
    path = tmp_path / "source" / "00_small.py"
    path.write_text(SMALL, encoding="utf-8")
    # A kernel that is told nothing about ROOT still finds the course.
    inherited = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), inherited]))
    return path


def build_small(source):
    build.build([source], everything=True)
    return source.parent.parent / "00_small.ipynb"


def test_building_twice_gives_the_same_bytes(source):
    first = build_small(source).read_bytes()
    assert build_small(source).read_bytes() == first
    assert build.stale(source) is None


def test_what_a_source_need_not_say_is_put_in(source):
    cells = build.expand(source).cells
    assert cells[0].source.startswith("# 00 · A small one\n\nWhat it is for.")
    assert "- two" in cells[0].source
    assert "notebook 00; Python" in cells[0].source
    assert cells[1].source == ENVIRONMENT_CELL
    assert cells[-3].source.startswith("## 00.1 · The largest number\n\n★☆☆ · about 5 minutes")
    assert cells[-2].source.startswith("import math\n\n\ndef largest(numbers):")
    assert cells[-2].source.endswith("raise NotImplementedError  # your answer goes here")
    assert cells[-2].id == "answer-00-1"
    assert cells[-1].source == 'check("00.1", largest)'


def test_a_stale_notebook_is_caught(source):
    assert "is missing" in build.stale(source)
    build_small(source)
    assert build.stale(source) is None
    source.write_text(SMALL.replace("Some words", "Other words"), encoding="utf-8")
    assert "cell 2 is not what source/00_small.py builds" in build.stale(source)


def test_only_what_changed_is_built_again(source, capsys):
    build_small(source)
    build.build([source], everything=False)
    assert "0 built, 1 up to date." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.stderr.write('oh')", "writes to stderr: oh"),
        ("object()", "prints an address"),
        ("print(object())", "prints an address"),
    ],
)
def test_outputs_that_must_not_be_stored_stop_the_build(source, cell, words):
    source.write_text(SMALL.replace("1 + 1", cell), encoding="utf-8")
    with pytest.raises(build.BuildError, match=words) as raised:
        build_small(source)
    assert "00_small, cell 4" in str(raised.value)
    assert not (source.parent.parent / "00_small.ipynb").exists()


def test_a_source_without_a_header_is_named(source):
    source.write_text("# %%\n1\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match="00_small.py: the header has no 'course' part"):
        build.expand(source)


def test_the_solved_edition_wants_every_check_passed(source):
    build.build_solutions([source])
    solved = nbformat.read(source.parent.parent / "solved" / "00_small.ipynb", as_version=4)
    assert "return max(numbers)" in solved.cells[-2].source
    # A later import takes the answer's name: the check then looks at something wrong.
    source.write_text(SMALL.replace("import math", "max = min"), encoding="utf-8")
    with pytest.raises(build.BuildError, match=r"did not pass: 00\.1\."):
        build.build_solutions([source])


def run_nbval(path):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", str(path)]
    command += [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-c",
        os.devnull,
        "--rootdir",
        str(path.parent),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_wrong_stored_output_is_caught(source):
    path = build_small(source)
    notebook = nbformat.read(path, as_version=4)
    assert run_nbval(path).returncode == 0
    notebook.cells[4].outputs[0]["data"]["text/plain"] = "3"
    build.write(notebook, path)
    done = run_nbval(path)
    assert done.returncode == 1
    assert "assert reference_output == test_output failed" in done.stdout


def test_a_kernel_that_is_not_the_course_s_is_told_so(tmp_path):
    # -I: neither PYTHONPATH nor the folder; -S: no site-packages either.
    command = [sys.executable, "-I", "-S", "-c", ENVIRONMENT_CELL]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("This kernel is not the course's.")
    assert "make lab" in done.stdout


def test_a_name_that_matches_nothing_is_one_line():
    command = [sys.executable, "tools/build.py", "77"]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_half_written_stays(source, monkeypatch):
    path = build_small(source)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", broken_disk)
    with pytest.raises(OSError, match="full"):
        build.write(nbformat.v4.new_notebook(), path)
    assert path.read_bytes() == before


def broken_disk(*_):
    raise OSError("disk full")
