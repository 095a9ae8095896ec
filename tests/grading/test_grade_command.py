"""python -m grading grade, from a folder of notebooks to marks and pages."""

import ast
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.mark import sandbox
from tests import ROOT
from tests.grading.submissions import as_file, code, hand_in, mistake, notebook, right, untouched

pytestmark = pytest.mark.usefixtures("forget_private_exercises")
IDS = ("01.1", "01.2", "01.6")


@pytest.fixture
def week(tmp_path) -> Path:
    """An assignment of three exercises; 01.2 is worth 2 points."""
    ids = ["01.1", "01.2=2", "01.6"]
    assert main(["assign", *ids, "--name", "week1", "--output", str(tmp_path)]) == 0
    return tmp_path / "week1"


@pytest.fixture
def one(tmp_path) -> Path:
    """The folder of one student, who has all right."""
    folder = tmp_path / "handed in"
    hand_in(folder, "kim", notebook({id: right(id) for id in IDS}))
    return folder


@pytest.fixture
def group(one) -> Path:
    """Four students: all right, all wrong, nothing done, and one exercise that does not end."""
    folder = one
    hand_in(folder, "lee", notebook({id: mistake(id) for id in IDS}))
    hand_in(folder, "park", notebook({id: untouched(id) for id in IDS}))
    endless = "def storage_index(index, stride, offset):\n    while True:\n        pass\n"
    hand_in(folder, "yoon", notebook({"01.1": right("01.1"), "01.2": endless}))
    return folder


def marks(output: Path) -> dict[str, dict[str, str]]:
    """marks.csv as a dict by student."""
    with (output / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def kept_results(output: Path) -> list[Path]:
    """What is kept of each submission that was marked."""
    return [path for path in (output / ".grading").iterdir() if path.name != "secret.json"]


@pytest.mark.needs_sandbox
def test_a_class_is_marked(week, group, tmp_path, capsys):
    output = tmp_path / "marks"
    (group / "essay.pdf").write_bytes(b"%PDF")
    command = ["grade", str(week), str(group), "--output", str(output), "--workers", "2"]
    assert main(command) == 0
    rows = marks(output)
    columns = ["01.1 (1)", "01.2 (2)", "01.6 (1)"]
    assert [rows["kim"][c] for c in columns] == ["1", "2", "1"]
    assert [rows["lee"][c] for c in columns] == ["0", "0", "0"]
    assert [rows["park"][c] for c in columns] == ["0", "0", "0"]
    assert [rows["yoon"][c] for c in columns] == ["1", "0", "0"]
    assert [rows["essay"][c] for c in columns] == ["", "", ""]
    assert rows["essay"]["state"] == "needs a person"
    assert all(rows[name]["state"] == "marked" for name in ("kim", "lee", "park", "yoon"))

    details = json.loads((output / "details.json").read_text(encoding="utf-8"))
    by_student = {s["student"]: s for s in details["submissions"]}
    assert by_student["kim"]["sandbox"] == "bubblewrap"
    wrong = {e["id"]: e for e in by_student["lee"]["exercises"]}
    assert all(wrong[id]["mistake"] for id in IDS)
    ended = {e["id"]: e for e in by_student["yoon"]["exercises"]}
    assert ended["01.2"]["headline"].startswith("Stopped after")
    assert ended["01.6"]["state"] == "not attempted"
    page = next((output / "feedback").glob("lee*.html")).read_text(encoding="utf-8")
    assert wrong["01.1"]["headline"].split("`")[0][:40] in page

    # Again: nothing is marked a second time, and the marks are the same.
    before = {p: p.stat().st_mtime_ns for p in kept_results(output)}
    first = (output / "marks.csv").read_bytes()
    capsys.readouterr()
    assert main(command) == 0
    assert {p: p.stat().st_mtime_ns for p in kept_results(output)} == before
    assert (output / "marks.csv").read_bytes() == first


@pytest.mark.needs_sandbox
def test_a_second_run_with_other_points_and_late_work_changes_nothing_that_was_decided(
    week, group, tmp_path, capsys
):
    output, due = tmp_path / "marks", "2020-01-02 18:00"
    declared = json.loads((week / "assignment.json").read_text())
    (week / "assignment.json").write_text(json.dumps({**declared, "deadline": due}))
    (group / "essay.pdf").write_bytes(b"%PDF")
    command = ["grade", str(week), str(group), "--output", str(output), "--workers", "2"]
    assert main(command) == 0
    table = output / "overrides.csv"
    assert table.read_bytes() == b"\xef\xbb\xbfstudent,exercise,points,comment\r\n"

    table.write_text(
        "student,exercise,points,comment\nlee,01.1 (1),0.5,The idea is right.\n"
        "yoon,01.2 (2),1,\nessay,01.1 (1),1,Seen on paper.\n"
    )
    text = table.read_bytes()
    declared["exercises"][2]["points"] = 4.0
    (week / "assignment.json").write_text(json.dumps({**declared, "deadline": due}))
    hand_in(group, "lee", notebook({"01.1": mistake("01.1"), "01.6": right("01.6")}))
    hand_in(group, "late", notebook({id: right(id) for id in IDS}))
    kept = {p.name: p.stat().st_mtime_ns for p in kept_results(output)}
    capsys.readouterr()
    assert main(command) == 0
    rows, columns = marks(output), ["01.1 (1)", "01.2 (2)", "01.6 (4)"]
    assert {name: [row[c] for c in columns] for name, row in rows.items()} == {
        "kim": ["1", "2", "4"],
        "lee": ["0.5", "0", "4"],
        "park": ["0", "0", "0"],
        "yoon": ["1", "1", "0"],
        "essay": ["1", "", ""],
        "late": ["1", "2", "4"],
    }
    assert {name for name, row in rows.items() if row["late"]} == {"lee", "late"}
    assert rows["lee"]["decided"] == "01.1 by you"
    page = (output / "feedback" / "lee.html").read_text(encoding="utf-8")
    assert "The idea is right." in page
    now = {p.name: p.stat().st_mtime_ns for p in kept_results(output)}
    assert kept.items() <= now.items() and len(now) == len(kept) + 2, "only new work is marked"
    assert table.read_bytes() == text
    said = capsys.readouterr().out
    assert "lee, 01.1: 0 to 0.5, because you decided it" in said
    assert "kim, 01.6: 1 to 4, because it is worth other points" in said
    assert not list(output.glob("*.kept-*"))

    # A third run, with one exercise marked again: no mark changes, and nothing is told.
    assert main([*command, "--regrade", "01.2", "kim"]) == 0
    assert marks(output) == rows and table.read_bytes() == text
    again = {p.name: p.stat().st_mtime_ns for p in kept_results(output)}
    assert len(again.items() - now.items()) == 1
    assert "changed since" not in capsys.readouterr().out

    table.write_text("student,exercise,points,comment\nlee,01.1,7,\n")
    assert main(command) == 2
    assert "7 points are more than the 1 that 01.1 is worth" in capsys.readouterr().err
    assert marks(output) == rows


@pytest.mark.needs_sandbox
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal here")
def test_a_run_that_is_stopped_goes_on(week, tmp_path):
    folder, output = tmp_path / "many", tmp_path / "marks"
    for number in range(8):
        hand_in(folder, f"student-{number}", notebook({id: right(id) for id in IDS}))
    command = [sys.executable, "-m", "grading", "grade", str(week), str(folder)]
    command += ["--output", str(output), "--workers", "1"]
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # A shell in the background may have switched Ctrl-C off for everything it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while len(list(output.glob(".grading/*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # the secret and one result
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode in (0, 130)  # 0 if it was done before the signal came
    assert "Traceback" not in said
    done = {p.name: p.stat().st_mtime_ns for p in kept_results(output)}
    assert len(done) >= 1
    assert main(command[3:]) == 0
    assert all(row["points"] == "4" for row in marks(output).values())
    assert len(marks(output)) == 8
    after = {p.name: p.stat().st_mtime_ns for p in kept_results(output)}
    assert {name: after[name] for name in done} == done


GRADEBOOK = """\
Student,ID,SIS Login ID,Section,week1 (12),Other (13)
    Points Possible,,,,4,10
"Kim, Ann",7,ann,A,,9
"Lee, Bo",8,bo,A,,8
"Park, Cho",9,cho,A,,7
"""


@pytest.mark.needs_sandbox
def test_marks_come_back_in_canvas_s_gradebook_also_of_later_runs(week, tmp_path, capsys):
    folder, output = tmp_path / "handed in", tmp_path / "marks"
    gradebook = tmp_path / "2026-11-26_Grades.csv"
    gradebook.write_text(GRADEBOOK, encoding="utf-8")
    command = ["grade", str(week), str(folder), "--output", str(output), "--workers", "1"]
    hand_in(folder, "kimann_7_71_week1", notebook({id: right(id) for id in IDS}))
    assert main([*command, "--roster", str(gradebook)]) == 0
    said = capsys.readouterr().out
    assert "Nothing was found of 2 on the list: Lee, Bo (8); Park, Cho (9)." in said
    assert "for-canvas.csv" in said
    filled = (output / "for-canvas.csv").read_text(encoding="utf-8")
    assert filled == GRADEBOOK.replace("ann,A,,9", "ann,A,4,9")

    gradebook.unlink()
    hand_in(folder, "leebo_LATE_8_81_week1", notebook({"01.2": right("01.2")}))
    assert main(command) == 0
    filled = (output / "for-canvas.csv").read_text(encoding="utf-8")
    assert filled == GRADEBOOK.replace("ann,A,,9", "ann,A,4,9").replace("bo,A,,8", "bo,A,2,8")
    assert marks(output)["leebo 8"]["name"] == "Lee, Bo"
    assert marks(output)["Park, Cho (9)"]["state"] == "nothing found"


def test_a_list_that_cannot_be_read_is_told_before_anything_is_marked(week, one, tmp_path, capsys):
    command = ["grade", str(week), str(one), "--output", str(tmp_path / "marks")]
    assert main([*command, "--roster", str(tmp_path / "none.csv")]) == 2
    assert "Cannot read the list of the class, " in capsys.readouterr().err
    assert main([*command, "--column", "Week 1"]) == 2
    assert "--column is for a list of the class" in capsys.readouterr().err
    assert not (tmp_path / "marks").exists()


QUIZ = '''
from course_utils.exercise import Exercise

secret_sum = Exercise("90.1", "A number", minutes=1, difficulty=1, hints=["Count."])


@secret_sum.reference
def number_of(text):
    """A number for a text. Returns an int."""
    return 8315_0000 + len(text)


@secret_sum.cases
def _(rng):
    yield ("a",)
    yield ("b" * rng.randint(2, 9),)


@secret_sum.mistake("You count from one.")
def from_one(text):
    return len(text) + 1


next_week = Exercise("90.2", "Next week", minutes=3, difficulty=1, hints=["Hurry."])


@next_week.reference
def later(text):
    """Returns an int."""
    return 7


@next_week.cases
def _(rng):
    yield ("next",)
'''
READS_THE_COURSE = """
import pathlib

def number_of(text):
    found = [p.read_text() for p in pathlib.Path("/course").glob("private*.py")]
    print(text, *found)
    return "".join(found)
"""


@pytest.mark.needs_sandbox
def test_an_exercise_from_outside_the_course_is_marked_and_its_answers_stay_hidden(tmp_path):
    quiz = tmp_path / "quiz.py"
    quiz.write_text(QUIZ)
    command = ["assign", "90.1", "--private", str(quiz), "--name", "exam"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    folder, output = tmp_path / "handed in", tmp_path / "marks"
    hand_in(folder, "kim", as_file([code(right("90.1"), exercise="90.1")]))
    hand_in(folder, "lee", as_file([code(mistake("90.1"), exercise="90.1")]))
    other = "def number_of(text):\n    return 0\n"
    hand_in(folder, "park", as_file([code(other, exercise="90.1")]))
    hand_in(folder, "spy", as_file([code(READS_THE_COURSE, exercise="90.1")]))
    command = ["grade", str(tmp_path / "exam"), str(folder), "--output", str(output)]
    assert main([*command, "--workers", "1"]) == 0
    rows = marks(output)
    assert [rows[name]["points"] for name in ("kim", "lee", "park")] == ["1", "0", "0"]
    pages = {
        student: next((output / "feedback").glob(f"{student}*.html")).read_text(encoding="utf-8")
        for student in ("lee", "park")
    }
    for page in pages.values():
        assert "8315" not in page
        assert "number_of(" in page
    # What a process with answers can read of the file: nothing of other exercises, no hint.
    details = json.loads((output / "details.json").read_text(encoding="utf-8"))
    [spied] = [s["exercises"][0] for s in details["submissions"] if s["student"] == "spy"]
    shown = ast.literal_eval(spied["yours"])
    assert "90.1" in shown and "Count." not in shown
    assert shown.rstrip().endswith("yield ('b' * rng.randint(2, 9),)"), "that is all of it"
    assert spied["printed"] is True
    assert "You count from one." in pages["lee"]
    assert "You count from one." not in pages["park"]


def test_without_a_sandbox_it_refuses_unless_told_that_submissions_are_trusted(
    week, one, tmp_path, monkeypatch, capsys
):
    if os.name != "posix":
        pytest.skip("marking needs fork, which Windows does not have")
    monkeypatch.setattr(sandbox, "problem", lambda: "The sandbox needs bubblewrap.")
    output = tmp_path / "marks"
    command = ["grade", str(week), str(one), "--output", str(output), "--workers", "1"]
    assert main(command) == 2
    assert "Nothing was marked. --trusted" in capsys.readouterr().err
    assert not output.exists()

    assert main([*command, "--trusted"]) == 0
    details = json.loads((output / "details.json").read_text(encoding="utf-8"))
    assert {s["sandbox"] for s in details["submissions"]} == {"none: submissions were trusted"}
    assert marks(output)["kim"]["points"] == "4"
    assert "trusted" in (output / "class.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"submissions": "nowhere"}, "nowhere"),
        ({"assignment": "nowhere"}, "There is no assignment at"),
        ({"more": ["--workers", "0"]}, "--workers needs at least 1"),
        ({"more": ["--workers", "two"]}, "invalid int value"),
        ({"more": ["--nonsense"]}, "unrecognized arguments"),
        ({"more": ["--regrade", "kin"]}, "'kin' is neither a student who handed in nor an"),
        ({"output": "handed in/marks"}, "must not lie in the folder of submissions"),
        ({"output": "week1/assignment.json"}, "is a file"),
    ],
    ids=str,
)
def test_bad_input_gets_one_sentence_before_anything_is_marked(
    week, one, tmp_path, capsys, change, message
):
    facts = {"assignment": "week1", "submissions": "handed in", "output": "marks", "more": []}
    facts |= change
    before = sorted(tmp_path.rglob("*"))
    command = ["grade", str(tmp_path / facts["assignment"]), str(tmp_path / facts["submissions"])]
    command += ["--output", str(tmp_path / facts["output"]), *facts["more"]]
    capsys.readouterr()
    try:
        status = main(command)
    except SystemExit as error:
        status = error.code
    assert status == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert sorted(tmp_path.rglob("*")) == before


def test_two_submissions_by_one_student_are_that_student_s_row(week, one, tmp_path, capsys):
    (one / "kim").mkdir()
    (one / "kim" / "week1.ipynb").write_bytes(notebook({"01.1": right("01.1")}))
    assert main(["grade", str(week), str(one), "--output", str(tmp_path / "marks")]) == 0
    said = capsys.readouterr().out
    assert "There are two submissions by kim (kim, kim.ipynb)" in said
    assert "1 needs a person" in said


def test_an_exercise_that_is_gone_is_told(week, one, tmp_path, capsys):
    path = week / "assignment.json"
    path.write_text(path.read_text().replace("01.6", "01.77"))
    assert main(["grade", str(week), str(one), "--output", str(tmp_path / "marks")]) == 2
    assert "There is no exercise '01.77'" in capsys.readouterr().err
