"""What a person decides stands in a table of their own: every run reads it and none writes it."""

import csv
import dataclasses
import datetime

import pytest

from grading.assign.notebook import opening
from grading.assignment import Assignment, Item
from grading.errors import TableError
from grading.mark import overrides
from grading.mark.overrides import decided, make_table, read_overrides
from grading.report import history, pages
from grading.report.reports import marks_csv, write_reports
from grading.result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState

PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState
KOREAN = "김민수"
WEEK = Assignment("week3", "Week 3", (Item("01.1", 2.0), Item("01.10", 1.5)))


def exercise(id, of, state, points, **facts):
    return ExerciseResult(id, of, state, points, "Not yet.", reason="Read it.", **facts)


def submission(student, *exercises):
    made = SubmissionResult(student, f"{student}.ipynb", SubmissionState.MARKED, "", ())
    return made.with_exercises(exercises)


def the_class():
    return [
        submission("kim", exercise("01.1", 2.0, WRONG, 0.0), exercise("01.10", 1.5, PASSED, 1.5)),
        submission(
            KOREAN, exercise("01.1", 2.0, PERSON, None), exercise("01.10", 1.5, PERSON, None)
        ),
        submission(
            "=lee", exercise("01.1", 2.0, PASSED, 2.0), exercise("01.10", 1.5, PERSON, None)
        ),
    ]


@pytest.fixture
def table(tmp_path):
    """Write the table; gives a function that also reads it and applies it to the class."""

    def decide(*lines, header="student,exercise,points,comment", encoding="utf-8"):
        path = tmp_path / overrides.FILE
        path.write_bytes("\r\n".join([header, *lines]).encode(encoding))
        results, unused = decided(the_class(), read_overrides(path, WEEK))
        return {result.student: result for result in results}, unused

    return decide


def test_points_and_comments_of_a_person_take_the_place_of_the_grader_s(table):
    results, unused = table(
        "kim,01.1,0.5,Nearly.",
        "kim,01.10,,Well done.",
        f"{KOREAN},01.1 (2),2,",
        f"{KOREAN},01.10 (1.5),0,",
        f"{KOREAN},,,Please hand in a notebook.",
        "'=lee,01.10,1.5,",
    )
    assert unused == []
    first, second = results["kim"].exercises
    assert (first.points, first.state, first.found, first.comment) == (0.5, WRONG, WRONG, "Nearly.")
    assert first.decided and not second.decided
    assert (second.points, second.comment) == (1.5, "Well done.")
    korean = results[KOREAN]
    assert [e.state for e in korean.exercises] == [PASSED, WRONG]
    assert (korean.state, korean.points, korean.reason) == ("marked", 2.0, "All was marked.")
    assert korean.comment == "Please hand in a notebook."
    assert results["=lee"].points == 3.5, "the name as marks.csv has it"


@pytest.mark.parametrize(
    ("header", "separator", "encoding"),
    [
        ("student,exercise,points,comment", ",", "utf-8-sig"),
        ("Comment;Points;Exercise;Student;Seen by", ";", "utf-8"),
        ("student\texercise\tpoints\tcomment", "\t", "utf-16"),
        ("student,exercise,points,comment", ",", "cp949"),
    ],
    ids=["Excel's UTF-8", "semicolons and other columns", "Unicode text", "Korean Windows"],
)
def test_the_table_is_read_as_any_spreadsheet_writes_it(table, header, separator, encoding):
    cells = {"student": KOREAN, "exercise": "01.1 (2)", "points": "0,5", "comment": '"a, b"'}
    if separator == ",":
        cells["points"] = "0.5"
    row = [cells.get(name.lower(), "") for name in header.split(separator)]
    results, unused = table(separator.join(row), "", header=header, encoding=encoding)
    assert unused == []
    assert results[KOREAN].exercises[0].points == 0.5
    assert results[KOREAN].exercises[0].comment == "a, b"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kim,1.1,1,", "line 2: 1.1 is not in this assignment. Write the exercise as the header"),
        (",01.1,1,", "line 2: there is no student."),
        ("kim,01.1,two,", "line 2: two is not a number of points."),
        ("kim,01.1,-1,", "line 2: -1 is not a number of points."),
        ("kim,01.1,nan,", "line 2: nan is not a number of points."),
        ("kim,01.1,20,", "line 2: 20 points are more than the 2 that 01.1 is worth."),
        ("kim,,1,", "line 2: these points are for no exercise."),
        ("kim,01.1,,", "line 2: there are neither points nor a comment."),
        ("kim,01.1,1,\r\nkim,01.1 (2),2,", "line 3: kim and 01.1 stand in line 2 as well."),
    ],
)
def test_a_line_that_cannot_be_meant_is_told_in_words(table, line, said):
    with pytest.raises(TableError) as error:
        table(line)
    assert said in str(error.value)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("student,exercise,comment", "has no column `points`: its first line has to name"),
        ("", "has no column `student`"),
        ("PK\x03\x04\udc80\udcff", "is an Excel workbook: in Excel, save it as `CSV UTF-8`"),
    ],
)
def test_a_table_that_is_none_is_told_in_words(tmp_path, header, said):
    path = tmp_path / overrides.FILE
    path.write_bytes(header.encode("utf-8", "surrogateescape"))
    with pytest.raises(TableError, match=said):
        read_overrides(path, WEEK)


def test_a_line_for_nobody_is_told_and_the_others_count(table):
    results, unused = table("kin,01.1,2,", "kim,01.1,1,")
    assert unused == [
        "overrides.csv, line 2: there is no submission by kin, so that it changes nothing. "
        "Is kim meant?"
    ]
    assert results["kim"].exercises[0].points == 1.0


def test_the_table_is_made_once_and_never_written_again(tmp_path):
    make_table(tmp_path)
    path = tmp_path / overrides.FILE
    assert read_overrides(path, WEEK) == []
    path.write_text("mine")
    make_table(tmp_path)
    assert path.read_text() == "mine"


def test_tables_and_pages_show_what_was_decided(table):
    results, _ = table("kim,01.1,0.5,Nearly <b>.", "kim,,,See me.", f"{KOREAN},01.1,2,")
    [kim] = list(
        csv.DictReader(marks_csv(WEEK, [results["kim"]]).removeprefix("\ufeff").split("\r\n"))
    )
    assert (kim["01.1 (2)"], kim["points"], kim["decided"]) == ("0.5", "2", "01.1 by you")
    page = pages.feedback_page(WEEK, results["kim"])
    assert "A person decided: 0.5 of 2 points." in page
    assert "Nearly &lt;b&gt;." in page and "<strong>From your lecturer:</strong>" in page
    assert "The check found" in page and "See me." in page
    open_before = pages.feedback_page(WEEK, results[KOREAN])
    assert "The check found" not in open_before, "there was nothing but a question"
    assert "A person decided: 2 of 2 points." in open_before


def test_partial_credit_is_said():
    nearly = exercise("01.1", 2.0, WRONG, None, cases=8, right_cases=7)
    never = exercise("01.10", 1.5, WRONG, None, cases=8, right_cases=0)
    for week in (WEEK, dataclasses.replace(WEEK, partial=True)):
        worth = [one.worth(one.of, partial=week.partial) for one in (nearly, never)]
        kim = submission("kim", *worth)
        page, notebook = pages.feedback_page(week, kim), opening(week, strict=False)
        assert "01.1: 7 of 8 cases," in marks_csv(week, [kim]), "in any case"
        assert [e.points for e in kim.exercises] == [1.75 if week.partial else 0.0, 0.0]
        assert ("Right on 7 of 8 cases: 1.75 of 2 points." in page) == week.partial
        for text in (page, notebook):
            assert ("wrong on some cases earns points for" in text) == week.partial
    thousandths = exercise("01.1", 2.0, WRONG, None, cases=900, right_cases=899)
    assert thousandths.worth(2.0, partial=True).points == 1.99, "never as much as a right answer"


# -- how marks change ------------------------------------------------------------------------


def with_first(result, **facts):
    first, *others = result.exercises
    return result.with_exercises([dataclasses.replace(first, **facts), *others])


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        ({}, {"points": 1.0, "decided": True}, "you decided it"),
        ({"points": 1.0, "decided": True}, {}, "your decision is no longer in overrides.csv"),
        ({}, {"points": 2.0, "answer": "new"}, "another answer was handed in"),
        ({"of": 1.0, "points": 1.0}, {"of": 2.0, "points": 2.0}, "it is worth other points"),
        ({}, {"points": 2.0}, "it was marked again"),
        (
            {"points": 1.0, "decided": True},
            {"points": 1.0, "decided": True, "answer": "new"},
            "your decision stays, but another answer was handed in after it",
        ),
    ],
)
def test_why_a_mark_is_not_what_it_was(before, now, why):
    kim = the_class()[0]
    old, new = with_first(kim, **before), with_first(kim, **now)
    [change] = history.changes([old], [new])
    assert (change.exercise, change.before, change.after, change.why) == (
        "01.1",
        old.exercises[0].points,
        new.exercises[0].points,
        why,
    )
    assert list(history.changes([old], [old])) == []


def test_another_version_and_a_submission_that_is_gone():
    kim, korean, _ = the_class()
    old = dataclasses.replace(kim, course_version="0.9")
    changes = list(history.changes([old, korean], [with_first(kim, points=2.0)]))
    assert (
        changes[0].why == f"version {kim.course_version} of the course marked it, before that 0.9"
    )
    assert (changes[1].student, changes[1].why) == (KOREAN, "nothing is handed in any more")


def test_the_history_grows_and_what_was_added_to_it_stays(tmp_path):
    when = datetime.datetime(2026, 12, 5, 9, 0).astimezone()
    change = history.Change("=kim", "01.1", None, 2.0, "you decided it")
    history.note([], tmp_path, when)
    assert not (tmp_path / history.FILE).exists()
    history.note([change], tmp_path, when)
    path = tmp_path / history.FILE
    path.write_bytes(path.read_bytes() + b"a note of mine\r\n")
    history.note([change], tmp_path, when)
    header, first, own, second, end = path.read_bytes().decode("utf-8-sig").split("\r\n")
    assert header == "when,student,exercise,before,after,why"
    assert first == second == "2026-12-05 09:00,'=kim,01.1,,2,you decided it"
    assert (own, end) == ("a note of mine", "")


def test_what_is_printed_about_changes_is_short():
    changes = [history.Change("kim", "01.1", None, 2.0, "you decided it")] * 7
    assert history.told([]) == []
    lines = history.told(changes)
    assert lines[0] == "7 marks changed since the last run (history.csv has all changes):"
    assert lines[1] == "  kim, 01.1: open to 2, because you decided it"
    assert (len(lines), lines[-1]) == (7, "  and 2 more")


@pytest.mark.parametrize("text", ["", "[]", '{"submissions": [3]}', '{"submissions": {}}'])
def test_details_that_cannot_be_read_change_nothing(tmp_path, text):
    assert history.results_before(tmp_path) == []
    write_reports(WEEK, the_class(), tmp_path)
    assert len(history.results_before(tmp_path)) == 3
    (tmp_path / "details.json").write_text(text)
    assert history.results_before(tmp_path) == []
