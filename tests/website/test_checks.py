"""What the check says to wrong answers, kept until it can have changed."""

import pytest

from course_utils.exercise import find
from website import checks


@pytest.fixture
def one(monkeypatch):
    exercise = find("00.1")
    monkeypatch.setattr(checks, "all_exercises", lambda: [exercise])
    return exercise


def test_what_a_review_keeps_is_not_checked_again(one, tmp_path, monkeypatch):
    checks.keep(one, tmp_path)

    def no_pool(**_):
        raise AssertionError("the exercise was checked")

    monkeypatch.setattr(checks, "ProcessPoolExecutor", no_pool)
    said = {mistake.name for mistake in one.mistakes if mistake.same_as is None}
    assert checks.collect(tmp_path)[one.id].keys() == said
    monkeypatch.setattr(checks, "_stamp", lambda exercise: "another")
    with pytest.raises(AssertionError, match="was checked"):
        checks.collect(tmp_path)


def test_a_process_of_its_own_says_what_a_review_keeps(one, tmp_path):
    checks.keep(one, tmp_path / "review")
    assert checks.collect(tmp_path / "review") == checks.collect(tmp_path / "site")
