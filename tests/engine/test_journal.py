"""What a student did is written down beside the notebooks, and only there."""

import json
import os
import subprocess
import sys

import pytest
import torch

from course_utils import check, checks, hint, journal, predict, progress, solution
from course_utils.exercise import find
from course_utils.feedback import Panel
from course_utils.journal import CHECK, GUESS, HINT, Entry


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A student's folder, and a kernel that has just begun in it."""
    (tmp_path / journal.MARK).write_text("{}")
    monkeypatch.chdir(tmp_path)
    restart(monkeypatch)
    return tmp_path


def restart(monkeypatch):
    monkeypatch.setattr(checks, "_attempted", set())
    monkeypatch.setattr(checks, "_hints_shown", {})


@pytest.fixture
def said(monkeypatch):
    """The panels that were shown."""
    panels: list[Panel] = []
    for home in ("checks", "prediction", "progress_panel"):
        monkeypatch.setattr(f"course_utils.{home}.display", panels.append)
    return panels


def test_checks_guesses_and_hints_are_written_down_and_no_code(work, said):
    check("00.1", lambda numbers: numbers[0])
    check("00.1", find("00.1").answer)
    predict("01.p1", torch.float32, lambda: torch.float32)
    predict("01.p1", ..., lambda: torch.float32)
    hint("00.1")
    about, *lines = map(json.loads, (work / journal.FILE).read_text().splitlines())
    assert "sent nowhere" in about["about"]
    allowed = {"when", "what", "id", "right", "detail"}
    assert all(line.keys() <= allowed for line in lines), "never code"
    first, *others = journal.entries()
    assert (first.what, first.id, first.right) == (CHECK, "00.1", False)
    assert others == [
        Entry(CHECK, "00.1", True),
        Entry(GUESS, "01.p1", True),
        Entry(HINT, "00.1", detail="1"),
    ]


def test_hints_and_the_first_attempt_survive_a_restart(work, said, monkeypatch):
    hint("00.1")
    check("00.1", lambda numbers: None)
    restart(monkeypatch)
    hint("00.1")
    solution("00.1")
    assert said[-2].title.startswith("00.1 · hint 2")
    assert "def " in said[-1].block
    for _ in range(3):
        hint("00.1")
    assert len(said[-1].rows) == len(find("00.1").hints), "all can be read again"


def test_several_notebooks_at_once_lose_nothing(work):
    script = (
        "from course_utils import journal\n"
        "for n in range(200): journal.note(journal.GUESS, f'{n}', right=True)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script], cwd=work) for _ in range(3)]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    assert len(journal.entries()) == 600
    assert (work / journal.FILE).read_text().count("about") == 1


def test_broken_lines_are_skipped(work):
    journal.note(GUESS, "01.p1")
    with (work / journal.FILE).open("ab") as file:
        file.write(b'{"what": "check", "id\n[]\n\xff\n{"what": "check", "id": 3}\n')
    journal.note(GUESS, "01.p2", right=True)
    assert [one.id for one in journal.entries()] == ["01.p1", "01.p2"]


def test_a_folder_that_cannot_be_written_stops_nothing(work, said, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    check("00.1", find("00.1").answer)
    assert said[-1].kind == "good"


def test_elsewhere_there_is_no_journal(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    check("00.1", find("00.1").answer)
    progress()
    assert list(tmp_path.iterdir()) == []
    assert said[-1].headline.startswith("Nothing is written down yet")


def test_progress_counts_and_names_one_next_step(work, said):
    check("00.1", find("00.1").answer)
    check("01.1", lambda shape: None)
    predict("01.p1", torch.float64, lambda: torch.float32)
    progress()
    rows = dict(said[-1].rows)
    assert said[-1].headline.startswith("1 of ")
    assert rows["Next"].startswith("01.1, ")
    assert rows["Predictions to look at again"] == "01.p1"
    predict("01.p1", torch.float32, lambda: torch.float32)
    progress()
    assert "Predictions to look at again" not in dict(said[-1].rows)


def test_progress_can_be_forgotten_and_nothing_is_lost(work, said):
    journal.note(GUESS, "01.p1")
    progress(forget=True)
    assert said[-1].headline.startswith("What was written down is in progress-1.jsonl")
    assert journal.entries() == [] and (work / "progress-1.jsonl").exists()
    progress(forget=True)
    assert said[-1].headline == "There is nothing to put aside."
