"""Packages that one lesson needs: said in a sentence, installed by its first cell, kept offline."""

import dataclasses
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course_utils import checks, contents, environment, exercise, extras
from course_utils.catalogue import Catalogue
from course_utils.extras import PackagesMissing
from grading.errors import AssignmentError
from grading.review import command as review
from tests import ROOT


@pytest.fixture
def without_datasets(monkeypatch):
    """As if `datasets` were not installed, and lesson 05 needed it."""
    version = metadata.version

    def but_one(package):
        if package == "datasets":
            raise metadata.PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(metadata, "version", but_one)
    lessons = [
        dataclasses.replace(page, extras=["libraries"] if page.number == "05" else [])
        for page in contents.all_lessons()
        if page.number in ("00", "05")
    ]
    monkeypatch.setattr(contents, "all_lessons", lambda: lessons)
    fresh = Catalogue(contents.exercise_modules, contents.import_exercise)
    monkeypatch.setattr(exercise, "catalogue", fresh)
    # Files declare anew, in the fresh catalogue.
    for name in [n for n in sys.modules if n.startswith("course_utils.lessons.start.")]:
        monkeypatch.delitem(sys.modules, name)


def test_the_packages_are_among_those_that_are_asked_for_and_pinned():
    for extra, packages in extras.PACKAGES.items():
        text = (ROOT / "requirements" / f"{extra}.in").read_text(encoding="utf-8")
        asked = {Requirement(line).name for line in text.splitlines() if line and line[0] != "#"}
        assert set(packages) <= asked
        assert all(environment.pins(extra)[package] for package in packages)


def test_an_exercise_whose_packages_are_not_here_says_so(without_datasets, capsys):
    said = (
        "05.1 needs packages that are not installed here: `datasets`. Run the first cell of its "
        f"notebook, or `{extras.command('libraries')}`."
    )
    with pytest.raises(PackagesMissing) as missing:
        contents.import_exercise("course_utils.lessons.hooks.output_shapes")
    assert str(missing.value) == said
    checks.check("05.1")
    assert said.replace("`", "") in capsys.readouterr().out
    with pytest.raises(AssignmentError, match=r"^05\.1 needs packages"):
        review.wanted(["05.1"], everything=False)
    with pytest.raises(AssignmentError, match=r"^Lesson 05 needs packages"):
        review.wanted(["05"], everything=False)


def test_the_other_lessons_work_without_them(without_datasets, capsys, monkeypatch):
    monkeypatch.setattr(checks, "_hints_shown", {})  # of other tests
    assert [one.id for one in exercise.all_exercises()] == ["00.1"]
    checks.hint("00.1")
    assert "hint 1 of" in capsys.readouterr().out
    [[one], _] = review.wanted([], everything=True)
    assert one.id == "00.1"
    assert capsys.readouterr().err.startswith("Lesson 05 needs packages")


@pytest.mark.parametrize("works", [True, False])
def test_the_first_cell_installs_what_is_not_there(without_datasets, monkeypatch, capsys, works):
    commands = []

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, not works, "", "Looking ...\nERROR: no network")

    monkeypatch.setattr(environment.subprocess, "run", run)
    environment.report("libraries")
    [command] = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-1] == str(ROOT / "requirements" / "libraries.txt")
    first, *others = capsys.readouterr().out.splitlines()
    [pin] = environment.pins("libraries")["datasets"]
    assert first.startswith(f"This notebook needs datasets {pin} in the course's versions.")
    assert others == (
        ["Ready: packages as pinned, data intact."]
        if works
        else [
            "datasets could not be installed: close JupyterLab, run "
            f"`{extras.command('libraries')}` in the course's folder with this environment's "
            "Python, and start it again.",
            "ERROR: no network",
        ]
    )


def test_where_there_are_no_requirements_nothing_is_installed(
    without_datasets, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(environment.subprocess, "run", None)
    environment.report("libraries")
    assert capsys.readouterr().out.startswith("datasets could not be installed")


OFFLINE = """
import sys

asked = []


def hear(event, arguments):
    # A pair of processes on this machine may talk; a name or a number elsewhere may not.
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        asked.append((event, str(arguments[1:])))


sys.addaudithook(hear)
from course_utils import environment

environment.report("libraries")
import albumentations, datasets, tokenizers, transformers
import numpy, os

albumentations.Compose([albumentations.HorizontalFlip()])(image=numpy.zeros((4, 4, 3), "uint8"))
for reach in (
    lambda: transformers.AutoModel.from_pretrained("bert-base-uncased"),
    lambda: transformers.AutoTokenizer.from_pretrained("bert-base-uncased"),
    lambda: datasets.load_dataset("imdb"),
):
    try:
        reach()
    except (OSError, ConnectionError) as error:
        print(type(error).__name__)
rows = datasets.Dataset.from_list([{"n": 1}]).map(lambda row: {"n": row["n"] + 1})
model = transformers.BertModel(
    transformers.BertConfig(8, 4, 1, 1, 8, max_position_embeddings=8)
)
folder = os.path.join(os.environ["HF_HOME"], "model")
model.save_pretrained(folder)
transformers.AutoModel.from_pretrained(folder)
print(rows[0], asked)
"""


def test_the_libraries_ask_nobody(tmp_path):
    """When they are imported, used, and asked for what is not on this machine."""
    if extras.missing("libraries"):
        pytest.skip("the packages are not installed (make test installs them)")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OFFLINE],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Ready: packages as pinned, data intact.",
        *("OSError", "OSError", "ConnectionError"),
        "{'n': 2} []",
    ]
    assert not list(tmp_path.glob("course-*")), "the cache is removed"
    assert not (tmp_path / ".cache" / "huggingface").exists()
