"""What was kept before the code changed is still understood, or refused in one sentence.

The texts here are what earlier versions wrote: they stay as they are when the code changes.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from course_utils.exercise import find
from grading.assignment import Assignment, Item, load_private, load_source, read_assignment
from grading.errors import AssignmentError, RunError
from grading.mark.ledger import Ledger
from grading.report.reports import write_reports
from grading.result import ExerciseState, SubmissionResult, SubmissionState

ASSIGNMENT = """\
{
  "format": 1,
  "name": "week3",
  "title": "Week 3",
  "deadline": "Friday 18:00",
  "exercises": [
    {
      "id": "01.1",
      "points": 2.0
    },
    {
      "id": "90.1",
      "points": 0.5
    }
  ],
  "private": [
    "../quiz.py"
  ]
}
"""
PARTIAL = '  "partial": true\n}'
RESULT = """\
{"student": "kim", "file": "kim.ipynb", "state": "partly marked", "reason": "01.2: It passes, but \
the code uses `eval`.", "exercises": [{"id": "01.1", "of": 1.0, "state": "wrong", "points": 0.0, \
"headline": "Not yet: an error came up.", "reason": "", "mistake": "", "stage": "raised", "case": \
"contiguous_strides((2, 3))", "yours": "ValueError: x", "line": "raise ValueError('x')", \
"printed": "hello\\n", "warned": ["slow"], "answer": "def f(): ...", "notes": ["2 cells define \
`contiguous_strides`; the last of them was marked."]}, {"id": "01.2", "of": 1.0, "state": \
"needs a person", "points": null, "headline": "A person will look at this one.", "reason": "It \
passes, but the code uses `eval`.", "mistake": "", "stage": "", "case": "", "yours": "", "line": \
"", "printed": "", "warned": [], "answer": "def g(): ...", "notes": []}], "notes": [], "sandbox": \
"bubblewrap", "seconds": 0.51, "points": 0.0}"""
WEEK = Assignment("week1", "Week 1", (Item("01.1", 1.0), Item("01.2", 1.0)))
QUIZ = Path(__file__).parent / "private_quiz.py"


def one_sentence(error):
    text = str(error.value)
    return "\n" not in text and text.endswith(".")


# -- a folder of marks -----------------------------------------------------------------------


def test_a_result_that_was_kept_is_read_and_written_without_what_it_printed():
    result = SubmissionResult.from_dict(json.loads(RESULT))
    assert result.state is SubmissionState.PARTLY
    assert [e.state for e in result.exercises] == [ExerciseState.WRONG, ExerciseState.PERSON]
    assert result.points == 0.0
    assert result.course_version == "", "it does not say which version marked it"
    facts = {**json.loads(RESULT), "course_version": "", "late": "", "comment": ""}
    new = {"cases": 0, "right_cases": 0, "decided": False, "found": None, "comment": ""}
    facts["exercises"][0] |= {"printed": True, "warned": True, "also_run": [], **new}
    facts["exercises"][1] |= {"printed": False, "warned": False, "also_run": [], **new}
    assert json.loads(json.dumps(result.as_dict())) == facts


def test_a_folder_of_marks_keeps_its_seed_and_its_files_count_as_written_here(tmp_path):
    (tmp_path / ".grading").mkdir()
    secret = tmp_path / ".grading" / "secret.json"
    secret.write_text('{"assignment": "week1", "seed": 12345}')
    (tmp_path / ".grading" / f"{'0a' * 32}.json").write_text(RESULT)
    page, own = "<!doctype html>an old page", "student,state\n"
    (tmp_path / "feedback").mkdir()
    (tmp_path / "feedback" / "gone.html").write_text(page)
    (tmp_path / "marks.csv").write_text(own)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in (page, own)]
    written = {"feedback/gone.html": [digests[0]], "marks.csv": [digests[1]]}
    (tmp_path / ".reports.json").write_text(json.dumps({"format": 1, "written": written}))

    kept = Ledger(tmp_path, WEEK, trusted=False, again=False)
    assert kept.seed == 12345
    assert kept.find("kim", b"{}") is None, "it was made under other rules: marked again"
    result = SubmissionResult.from_dict(json.loads(RESULT))
    assert write_reports(WEEK, [result], tmp_path) == [], "nothing there is somebody else's"
    assert not (tmp_path / "feedback" / "gone.html").exists()
    assert "kim" in (tmp_path / "marks.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ['{"assignment": "week1"}', '{"assignment": "week1", "seed": "x"}']
)
def test_a_folder_of_marks_without_its_seed_is_refused(tmp_path, text):
    (tmp_path / ".grading").mkdir()
    (tmp_path / ".grading" / "secret.json").write_text(text)
    with pytest.raises(RunError, match="does not say which cases") as error:
        Ledger(tmp_path, WEEK, trusted=False, again=False)
    assert one_sentence(error)
    assert Ledger(tmp_path, WEEK, trusted=False, again=True).seed


# -- an assignment and a private file --------------------------------------------------------


@pytest.fixture
def kept(tmp_path, forget_private_exercises):
    """A folder as `assign` left it, with the instructor's own file beside it."""
    (tmp_path / "week3").mkdir()
    (tmp_path / "week3" / "assignment.json").write_text(ASSIGNMENT)
    shutil.copy(QUIZ, tmp_path / "quiz.py")
    return tmp_path / "week3"


def test_an_assignment_that_was_kept_is_read_and_written_as_it_was(kept):
    assignment = read_assignment(kept)
    assert assignment.items == (Item("01.1", 2.0), Item("90.1", 0.5))
    assert assignment.as_json(kept) == ASSIGNMENT
    partial = ASSIGNMENT.replace('"format": 1', '"format": 2').replace("]\n}", "],\n" + PARTIAL)
    (kept / "assignment.json").write_text(partial)
    assert read_assignment(kept).as_json(kept) == partial


def test_an_assignment_of_a_later_course_is_refused(kept):
    path = kept / "assignment.json"
    path.write_text(ASSIGNMENT.replace('"format": 1', '"format": 3'))
    with pytest.raises(AssignmentError, match="a later version of the course") as error:
        read_assignment(path)
    assert one_sentence(error)


def test_a_private_file_that_was_kept_declares_what_it_did(kept):
    load_private((kept.parent / "quiz.py",))
    quiz = find("90.1")
    assert quiz.judge(quiz.answer, seed=7).passed
    assert [quiz.judge(m.answer, seed=7).mistake.name for m in quiz.mistakes] == [
        "around",
        "of_the_diameter",
        "square",
    ]
    assert quiz.stub_source.startswith("def circle_area(radius):")


def test_a_private_file_that_cannot_be_kept_from_students_is_refused(
    tmp_path, forget_private_exercises
):
    path = tmp_path / "open.py"
    more = "for one in (quiz,):\n    one.reference(circle_area)\n"
    path.write_text(QUIZ.read_text(encoding="utf-8") + more, encoding="utf-8")
    with pytest.raises(AssignmentError, match=r"open\.py, line \d+: `\.reference` ") as error:
        load_private((path,))
    assert "\n" not in str(error.value)
    assert not [name for name in sys.modules if name.startswith("private_open")]


def test_the_text_of_a_private_file_is_enough_or_says_what_is_missing(forget_private_exercises):
    load_source("private_quiz_0", QUIZ.read_text(encoding="utf-8"))
    quiz = find("90.1")
    assert quiz.judge(quiz.answer, seed=7).passed
    assert quiz.solution_source.startswith("def circle_area(radius):")
    with pytest.raises(AssignmentError, match=r"on its own: FileNotFoundError: .*words") as error:
        load_source("private_words_0", "open('/no/words.txt')")
    assert "\n" not in str(error.value)
