"""What is late is said by the system it was handed in through, or follows from the deadline."""

import datetime

import pytest

from grading.mark.collection import collect
from grading.mark.lateness import late_by, lateness, moment, nbgrader_moment
from tests.grading.test_running import group  # noqa: F401 - a fixture

UTC = datetime.UTC
DUE = datetime.datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def test_a_deadline_is_a_moment_or_only_a_text():
    assert moment("2026-12-04T18:00+09:00") == DUE
    here = datetime.datetime(2026, 12, 4, 18, 0).astimezone()
    assert moment(" 2026-12-04 18:00 ") == here
    assert moment("2026-12-04") == datetime.datetime(2026, 12, 5).astimezone()
    assert moment("Friday, 18:00") is None and moment("") is None


def test_how_late_something_is():
    minute = datetime.timedelta(minutes=1)
    assert late_by(DUE, DUE) == late_by(DUE - minute, DUE) == ""
    assert late_by(DUE + minute / 60, DUE) == "handed in 1 min after the deadline"
    assert late_by(DUE + 1565 * minute, DUE) == "handed in 1 d 2 h 5 min after the deadline"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-04 09:00:00.000000 UTC", DUE),
        ("2026-12-04 18:00:00 Asia/Seoul\n", DUE),
        ("2026-12-04 18:00:00 Nowhere/Town", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_nbgrader_s_timestamp(text, expected):
    assert nbgrader_moment(text) == expected


def test_what_a_system_says_comes_before_what_is_concluded():
    def late(deadline="2026-12-04T09:00+00:00", **facts):
        facts = {"flagged": False, "handed_in": None, "not_before": None, **facts}
        return lateness(deadline, **facts)

    hour = datetime.timedelta(hours=1)
    assert late() == ""
    said = "marked as late where it was handed in"
    assert late(flagged=True) == late("Friday", flagged=True) == said
    assert late(handed_in=DUE + hour) == "handed in 1 h after the deadline"
    assert late(handed_in=DUE, not_before=DUE + hour) == "", "it was collected later"
    assert late(not_before=DUE - hour) == "", "the deadline was still to come"
    assert late(not_before=DUE).startswith("not there yet when you marked on 2026-12-0")
    assert late("Friday", not_before=DUE, handed_in=DUE + hour) == ""


def test_systems_say_when_something_was_handed_in(tmp_path):
    for name in ("kimann_LATE_1001_2001_week3.ipynb", "leebo_1002_2002_week3.ipynb"):
        (tmp_path / name).write_text("{}")
    assert {one.student: one.late for one in collect(tmp_path, "week3")} == {
        "kimann 1001": True,
        "leebo 1002": False,
    }
    for student, time in (("kim", "2026-12-04 09:00:00 UTC"), ("lee", "")):
        folder = tmp_path / "course" / "submitted" / student / "week3"
        folder.mkdir(parents=True)
        (folder / "week3.ipynb").write_text("{}")
        if time:
            (folder / "timestamp.txt").write_text(time)
    found = {one.student: one.handed_in for one in collect(tmp_path / "course", "week3")}
    assert found == {"kim": DUE, "lee": None}


def test_what_a_run_after_the_deadline_did_not_find_is_late(group, monkeypatch):  # noqa: F811
    from tests.grading import test_running

    week = test_running.Assignment("week1", "Week 1", test_running.WEEK.items, str(DUE))
    monkeypatch.setattr(test_running, "WEEK", week)

    def late(day, **how):
        results = group.mark(now=DUE + datetime.timedelta(days=day), **how)
        return [result.student for result in results if result.late]

    assert late(-1) == []
    group.hand_in("in-time", "new")
    assert late(1) == [], "no run after the deadline had looked before"
    group.hand_in("late", "new")
    group.hand_in("student-07", "handed in again")
    assert late(2) == ["late", "student-07"]
    assert late(3, again=True) == ["late", "student-07"], "the others stay in time"
