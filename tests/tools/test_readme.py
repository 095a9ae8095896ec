"""What the README and CONTRIBUTING say is so, and what they show works."""

import re
import shlex

import pytest

import course_utils
from course_utils import prediction
from course_utils.catalogue import Catalogue
from course_utils.exercise import all_exercises
from course_utils.prediction import Belief, Prediction
from grading.__main__ import main as grading
from tests import ROOT
from tools import lab, readme
from tools.install import SIZES

README, CONTRIBUTING = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def commands(page):
    """The lines of a page's blocks of commands, in their order."""
    blocks = re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def python(page, word):
    """The one block of Python of a page that has this word in it."""
    [block] = [b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if word in b]
    return block


def test_the_generated_parts_are_what_the_sources_say():
    assert readme.written(README) == README, "run: make readme"


def test_a_launch_link_is_there_only_where_the_course_is_published(monkeypatch):
    monkeypatch.setattr(course_utils, "REPOSITORY", "")
    assert "Open in Colab" not in readme.written(README)
    monkeypatch.setattr(course_utils, "REPOSITORY", "https://github.com/an-owner/a-course")
    link = "https://colab.research.google.com/github/an-owner/a-course/blob/main/notebooks/00_"
    assert f"[Open in Colab]({link}" in readme.written(README)


@pytest.mark.parametrize("old", ["| 01 |", "hours in all", "| Linux |"])
def test_a_stale_part_is_made_new(old):
    stale = README.replace(old, "old", 1)
    assert stale != README
    assert readme.written(stale) == readme.written(README)


def test_a_part_without_a_place_is_told():
    with pytest.raises(ValueError, match="no place for its sizes: put <!-- sizes: written by"):
        readme.written(README.replace("<!-- end of sizes -->", ""))


def test_the_hours_are_those_of_lessons_and_exercises():
    [all_hours, of_lessons, of_exercises] = map(
        float, re.search(r"([\d.]+) hours in all: ([\d.]+) of .* ([\d.]+) of", README).groups()
    )
    minutes = sum(e.minutes for e in all_exercises() if not e.id.startswith("00."))
    assert abs(60 * of_exercises - minutes) <= 3
    assert abs(all_hours - of_lessons - of_exercises) <= 0.1


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_sizes_to_download_stand_in_one_place(page):
    text = re.sub(r"<!-- sizes.*?<!-- end", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(r"downloads? .*\bGB|GB (?:to download|on disk)", text)
    assert len(SIZES) == len(readme.SYSTEMS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_make_targets_named_in_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE))
        assert named <= targets, named - targets


def test_every_other_command_runs_a_file_that_is_there():
    """Without options that it may not have, and with requirements that are there."""
    programs = r"py|python3?|\.venv(?:-latest|-cpu)?/(?:bin|Scripts)/python"
    seen = []
    for command in commands(README) + commands(CONTRIBUTING):
        line = command.replace("\\", "/")
        if found := re.fullmatch(rf"(?:{programs}) (tools/\w+\.py)(.*)", line):
            assert (ROOT / found[1]).exists(), line
            assert not found[2], line
            seen.append(found[1])
        for path in re.findall(r"(?:-r|-c|-f) (\S+)", line):
            assert (ROOT / path).exists(), line
    assert seen.count("tools/install.py") == 2
    assert seen.count("tools/lab.py") == 4


def test_the_assignment_of_the_page_can_be_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [options] = re.findall(r'^make assign ARGS="(.+)"$', README, re.MULTILINE)
    assert grading(["assign", *shlex.split(options)]) == 0
    [folder] = re.findall(r'^make grade ARGS="(\S+)', README, re.MULTILINE)
    assert (tmp_path / folder / "assignment.json").exists()


def test_the_notebook_to_begin_with_is_named():
    [first] = [target for target in readme.targets() if target.built.name == lab.FIRST]
    assert f"Begin\nwith *{first.contents.title}*" in README


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_paths_and_tests_that_are_named_exist(page):
    """But for what CONTRIBUTING shows as new."""
    named = re.findall(r"`((?:course_utils|tests|tools|grading|data|docs)/[\w./-]*)`", page)
    for command in re.findall(r'make test ARGS="?([^"`]+)', page):
        named += [word for word in shlex.split(command) if word.startswith("tests/")]
    assert named
    for path in set(named) - {"course_utils/lessons/tensors/half.py"}:
        assert (ROOT / path).exists(), path


@pytest.mark.usefixtures("forget_private_exercises")
def test_the_exercise_of_the_page_is_ready(tmp_path, capsys):
    path = tmp_path / "half.py"
    example = python(CONTRIBUTING, "@exercise.reference").replace('"01.16"', '"90.16"')
    path.write_text(example, encoding="utf-8")
    assert grading(["review", str(path)]) == 0
    said, next_step, *_ = capsys.readouterr().out.splitlines()
    assert said == "90.16 Half of everything: ready, 3 mistakes."
    assert next_step.startswith("  Next: "), "no advice"


def test_the_prediction_of_the_page_tells_right_from_wrong(monkeypatch):
    import torch

    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: []))
    exec(python(CONTRIBUTING, "Belief("), {"Prediction": Prediction, "Belief": Belief})
    asked = prediction.catalogue.load("01.p18")
    names = {"predict": lambda id, guess, run: runs.append(run), "torch": torch}
    runs = []
    exec(python(CONTRIBUTING, "guess = ..."), names)
    assert asked.reveal((1,), runs[0]).kind == "good"
    for belief in asked.beliefs:
        assert asked.reveal(belief.guess, runs[0]).kind == "wrong"


def test_the_contents_page_of_the_page_is_one():
    names = {"__name__": "course_utils.lessons.indexing"}
    exec(python(CONTRIBUTING, "Practice("), names)
    assert list(names["contents"].exercises) == ["02.1"]
