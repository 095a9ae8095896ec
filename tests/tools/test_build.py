"""The build: the same bytes twice, and whatever is not true is caught."""

import dataclasses
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

import course_utils
from course_utils.contents import page_of
from course_utils.notebook import environment_cell
from tests import ROOT
from tools import build

PAGE = """\
from course_utils.contents import Contents

contents = Contents(
    __name__,
    number="00",
    name="small",
    title="A small one",
    lead="What it is for.",
    needs=["00"],
    knowing="Python",
    minutes=5,
    after=["one", "two", "three"],
    exercises={"00.1": "largest"},
)
"""
LESSON = """\
# %% [markdown]
# Some words.

# %%
print("one")
print("two")

# %%
1 + 1

# %%
from course_utils import check

# %% exercise="00.1"
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small lesson with the exercise of lesson 00, built into a folder of its own."""
    monkeypatch.setattr(build, "BUILT", tmp_path)
    monkeypatch.setattr(build, "SOLVED", tmp_path / "solved")
    monkeypatch.setattr(build, "STAMPS", tmp_path / "stamps.json")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "COURSE", tmp_path / "course_utils")
    folder = tmp_path / "course_utils" / "lessons" / "small_lesson"
    folder.mkdir(parents=True)
    for name in ("checks", "prediction", "environment"):
        (tmp_path / "course_utils" / f"{name}.py").write_text("", encoding="utf-8")
    (folder / "__init__.py").write_text(PAGE, encoding="utf-8")
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "predictions.py").write_text("", encoding="utf-8")
    shutil.copy(page_of("00.1").file("00.1"), folder)
    monkeypatch.syspath_prepend(folder.parent)
    # A kernel that is told nothing about ROOT still finds the course.
    inherited = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), inherited]))
    yield build.Target(importlib.import_module("small_lesson").contents)
    del sys.modules["small_lesson"]


BUILT_ONCE = {}  # file's name -> bytes: the small notebook, and the stamps, as the build wrote them


def build_small(target):
    build.build([target], everything=True)
    return target.built


def built_before(target):
    """The small notebook and its stamp in their places, as one of these tests has built them."""
    if not BUILT_ONCE:
        build_small(target)
        BUILT_ONCE.update((p.name, p.read_bytes()) for p in (target.built, build.STAMPS))
    for name, content in BUILT_ONCE.items():
        (target.built.parent / name).write_bytes(content)
    return target.built


def write_lesson(target, old, new):
    lesson = target.contents.folder / "lesson.py"
    lesson.write_text(LESSON.replace(old, new), encoding="utf-8")


def test_building_twice_gives_the_same_bytes(small):
    first = built_before(small).read_bytes()
    assert build_small(small).read_bytes() == first
    assert build.stale(small) is None


def test_an_output_that_is_not_compared_stays_while_its_source_is_the_same(small):
    tagged = '# %% tags=["nbval-ignore-output"]\n'
    write_lesson(small, "# %%\n1 + 1", f"{tagged}random.random()")

    def run(value):
        """The notebook as if its code had been run."""
        notebook = build.expand(small)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [new_output("stream", text=value)]
        build.keep_uncompared(notebook, small.built)
        build.write(notebook, small.built)
        return {cell.source: cell.outputs[0].text for cell in notebook.cells if "outputs" in cell}

    first = run("0.1")
    assert set(first.values()) == {"0.1"}
    assert run("0.2") == dict.fromkeys(first, "0.2") | {"random.random()": "0.1"}
    write_lesson(small, "# %%\n1 + 1", f"{tagged}random.random() + 1")
    assert run("0.3")["random.random() + 1"] == "0.3"


def test_what_a_lesson_need_not_say_is_put_in(small):
    cells = build.expand(small).cells
    assert cells[0].source.startswith("# 00 · A small one\n\nWhat it is for.")
    assert "- two" in cells[0].source
    assert "**You need first:** [00 · Start here](00_start_here.ipynb); Python" in cells[0].source
    assert cells[1].source == environment_cell()
    with_extra = dataclasses.replace(small.contents, extras=["libraries"])
    first = build.expand(dataclasses.replace(small, contents=with_extra)).cells[1].source
    assert first == environment_cell(["libraries"])
    assert 'report("libraries")' in first
    assert cells[-4].source.startswith("## 00.1 · The largest number\n\n★☆☆ · about 5 minutes")
    assert cells[-4].source.endswith("Give the largest number of a list without changing the list.")
    assert cells[-3].source.startswith("def largest(numbers):")
    assert cells[-3].source.endswith("raise NotImplementedError  # your answer goes here")
    assert cells[-3].id == "answer-00-1"
    assert cells[-2].source == 'check("00.1")'
    assert cells[-1].source.startswith("## Next\n\n- [The next lesson: 01 · Tensors")


def test_a_lesson_that_is_named_becomes_a_link(small):
    prose = (
        "As lesson\n# 05 and Lesson 06 say; not lesson 00, this one, nor lesson 77, which is none."
    )
    write_lesson(small, "Some words.", prose)
    assert build.expand(small).cells[2].source == (
        "As [lesson\n05](05_lesson_hooks_and_apply.ipynb) and "
        "[Lesson 06](06_lesson_datasets_and_dataloaders.ipynb) say; "
        "not lesson 00, this one, nor lesson 77, which is none."
    )


def test_a_stale_notebook_is_caught(small):
    assert "is missing" in build.stale(small)
    built_before(small)
    assert build.stale(small) is None
    write_lesson(small, "Some words", "Other words")
    assert "cell 2 is not what lessons/small_lesson/ builds" in build.stale(small)


def test_only_what_changed_is_built_again(small, capsys):
    built_before(small)
    build.build([small], everything=False)
    assert "0 built, 1 up to date." in capsys.readouterr().out
    before = build.stamp(small)
    with small.contents.file("00.1").open("a", encoding="utf-8") as file:
        file.write("# one more word\n")
    assert build.stamp(small) != before


def test_a_notebook_depends_on_what_it_shows_and_imports_and_on_nothing_else():
    depends = {target.name: build.depends_on(target) for target in build.targets()}

    def users(path):
        return [name for name, files in depends.items() if ROOT / path in files]

    course = "course_utils"
    for name in ("output_shapes.py", "models.py"):
        assert users(f"{course}/lessons/hooks/{name}") == ["05_practice_hooks_and_apply"]
    for name in ("lesson.py", "predictions.py"):
        assert users(f"{course}/lessons/hooks/{name}") == ["05_lesson_hooks_and_apply"]
    assert users(f"{course}/lessons/hooks/__init__.py") == []
    assert users(f"{course}/lessons/start/largest.py") == ["00_start_here"]
    assert users(f"{course}/worker_datasets.py") == [
        "06_lesson_datasets_and_dataloaders",
        "12_lesson_libraries_around_torch",
    ]
    lessons = [target.name for target in build.targets() if not target.practice]
    assert users(f"{course}/figures/drawing.py") == lessons
    assert users(f"{course}/figures/course.mplstyle") == lessons
    assert users(f"{course}/observation.py") == list(depends)
    assert "08_lesson_text_pipeline" in users("data/news/train.csv")
    assert "05_practice_hooks_and_apply" not in users("data/news/train.csv")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.stderr.write('oh')", "writes to stderr: oh"),
        ("object()", "prints an address"),
        ("print(object())", "prints an address"),
    ],
)
def test_outputs_that_must_not_be_stored_stop_the_build(small, cell, words):
    write_lesson(small, "1 + 1", cell)
    with pytest.raises(build.BuildError, match=words) as raised:
        build_small(small)
    assert "00_small, cell 4" in str(raised.value)
    assert not small.built.exists()


def test_the_solved_edition_wants_every_check_passed(small):
    build.build_solutions([small])
    solved = nbformat.read(build.SOLVED / "00_small.ipynb", as_version=4)
    assert "return max(numbers)" in solved.cells[-3].source
    # The lesson takes a name that the answer uses: the check then looks at something wrong.
    write_lesson(small, "1 + 1", "max = min")
    with pytest.raises(build.BuildError, match=r"did not pass: 00\.1\."):
        build.build_solutions([small])


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


def test_a_wrong_stored_output_is_caught(small):
    path = built_before(small)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[4].outputs[0]["data"]["text/plain"] = "3"
    build.write(notebook, path)
    done = run_nbval(path)
    assert done.returncode == 1
    assert "assert reference_output == test_output failed" in done.stdout
    right = sum(cell.cell_type == "code" for cell in notebook.cells) - 1
    assert f"1 failed, {right} passed" in done.stdout


REPOSITORY = "https://github.com/an-owner/a-course"


@pytest.mark.parametrize("repository", ["", REPOSITORY])
@pytest.mark.parametrize(
    "place", ["JupyterLab", "Colab", "VS Code", "VS Code, its kernel elsewhere"]
)
def test_a_kernel_without_the_course_is_told_what_helps_there(
    tmp_path, monkeypatch, place, repository
):
    monkeypatch.setattr(course_utils, "REPOSITORY", repository)
    names = {"Colab": "COLAB_RELEASE_TAG", "VS Code": "VSCODE_PID"}
    others = {name: value for name, value in os.environ.items() if name not in names.values()}
    environment = {**others, names[place]: "1"} if place in names else others
    marked = "__vsc_ipynb_file__ = 1\n" if place.endswith("elsewhere") else ""
    # -I: neither PYTHONPATH nor the folder; -S: no site-packages either.
    command = [sys.executable, "-I", "-S", "-c", marked + environment_cell()]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    said = done.stdout
    assert ("JupyterLab" in said and "make lab" in said) == (place == "JupyterLab")
    assert ("Select Kernel" in said) == place.startswith("VS Code")
    if not place.startswith("VS Code"):
        wheel = (
            f"%pip install git+{repository}\n" if repository else "%pip install course_utils*.whl"
        )
        assert wheel in said
    assert len(said.splitlines()) == 1 + (place == "JupyterLab")


def test_notebooks_have_a_launch_link_only_where_the_course_is_published(small, monkeypatch):
    monkeypatch.setattr(course_utils, "REPOSITORY", "")
    assert "Colab" not in build.expand(small).cells[0].source
    monkeypatch.setattr(course_utils, "REPOSITORY", REPOSITORY)
    there = "https://colab.research.google.com/github/an-owner/a-course/blob/main/notebooks"
    link = f"[Open in Colab]({there}/{small.name}.ipynb)"
    assert build.expand(small).cells[0].source.endswith(f"minutes\n\n{link}")


def test_a_name_that_matches_nothing_is_one_line():
    command = [sys.executable, "tools/build.py", "77"]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_half_written_stays(small, monkeypatch):
    path = built_before(small)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", broken_disk)
    with pytest.raises(OSError, match="full"):
        build.write(nbformat.v4.new_notebook(), path)
    assert path.read_bytes() == before


def broken_disk(*_):
    raise OSError("disk full")
