"""What docs/instructors.md shows works as it stands there."""

import re
import shlex
from pathlib import Path

import pytest

from grading.__main__ import main
from tests import ROOT

GUIDE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


@pytest.fixture
def quiz(tmp_path) -> Path:
    """The exercise of the guide, in the file that its commands name."""
    [text] = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.S) if "90.1" in block]
    path = tmp_path / "exams" / "quiz.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_the_exercise_of_the_guide_is_ready(quiz, capsys):
    assert main(["review", str(quiz)]) == 0
    assert "ready, 3 mistakes" in capsys.readouterr().out


def test_every_assign_command_of_the_guide_works(quiz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r'^make assign ARGS="(.+)"$', GUIDE, re.M)
    assert len(commands) == 2
    for command in commands:
        assert main(["assign", *shlex.split(command)]) == 0
    assert (tmp_path / "assignments" / "week3" / "week3.zip").exists()
    assert (tmp_path / "assignments" / "exam" / "exam.ipynb").exists()


def test_the_options_and_files_that_the_guide_names_exist():
    for path in re.findall(r"`((?:grading|course_utils|tests)/[\w/.]+)`", GUIDE):
        assert (ROOT / path).exists(), path
    paths = [*(ROOT / "grading").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    for option in set(re.findall(r"`?(--[a-z]+)", GUIDE)) - {"--nthreads"}:
        assert f'"{option}"' in code, option


def test_folders_that_hold_exams_answers_and_marks_are_not_published():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for folder in ("exams/", "assignments/", "marks/"):
        assert folder in GUIDE and folder in ignored, folder


def test_its_links_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.M)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    for anchor in re.findall(r"\]\(#([\w-]+)\)", GUIDE):
        assert anchor in anchors
