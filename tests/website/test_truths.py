"""What the code of a prediction gives, written down for the pages by running the lessons."""

import math
from types import ModuleType

import pytest

from course_utils import prediction
from course_utils.catalogue import Catalogue
from course_utils.prediction import Belief, Prediction
from tools import build
from website import truths


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
    beliefs = (Belief("error", "No error."), Belief((1, 2.0), "Not these."))
    return Prediction("99.p1", "Because.", beliefs)


def test_a_record(asked):
    record = truths.record(asked, (1, 2.5))
    assert record == {
        "id": "99.p1",
        "truth": {"reading": [{"int": "1"}, {"float": "2.5"}], "shown": "(1, 2.5)"},
        "right": "You predicted it: the code gives `(1, 2.5)`.",
        "wrong": "You predicted `{guess}`; the code gives `(1, 2.5)`.",
        "beliefs": [
            {"reading": "error", "shown": "'error'", "any_error": True, "sentence": "No error."},
            {
                "reading": [{"int": "1"}, {"float": "2.0"}],
                "shown": "(1, 2)",
                "any_error": False,
                "sentence": "Not these.",
            },
        ],
        "choices": [],
        "because": "Because.",
    }


def test_a_record_of_an_error(asked):
    record = truths.record(asked, IndexError("too {large}"))
    assert record["truth"] == {
        "error": ["indexerror", "lookuperror", "exception", "baseexception"],
        "shown": "IndexError: too {large}",
    }
    assert record["wrong"] == "You predicted `{guess}`; the code raises `IndexError: too {large}`."


def test_numbers_that_json_has_not():
    numbers = [10**30, True, -math.inf, math.nan, None]
    assert truths.as_json(numbers) == [
        {"int": str(10**30)},
        True,
        {"float": "-inf"},
        {"float": "nan"},
        None,
    ]
    assert truths.as_json({"a": 1}) == {"dict": [["a", {"int": "1"}]]}
    with pytest.raises(TypeError, match="cannot compare guesses with a complex"):
        truths.as_json(1j)


def test_a_lesson_is_run_until_it_changes(tmp_path, monkeypatch):
    start = build.targets()[0]
    stored = tmp_path / "predictions.json"
    monkeypatch.setattr(build, "targets", lambda: [start])
    found = truths.collect(stored)
    declared = [one.id for one in prediction.all_predictions() if one.id.startswith("00.")]
    assert list(found) == declared
    assert found["00.p1"]["truth"] == {"reading": {"int": "3"}, "shown": "3"}

    def no_run(lessons):
        if lessons:
            raise build.BuildError("the lesson was run")
        return ()

    monkeypatch.setattr(truths, "run_all", no_run)
    assert truths.collect(stored) == found
    monkeypatch.setattr(truths, "_stamp", lambda target: "another")
    with pytest.raises(build.BuildError, match="was run"):
        truths.collect(stored)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("1 / 0", "a lesson, cell 3: ZeroDivisionError: division by zero"),
        ("while True: pass", "a lesson, cell 3: takes more than 0.2 seconds"),
    ],
)
def test_a_cell_that_does_not_run(code, why, monkeypatch):
    monkeypatch.setattr(truths, "CELL_SECONDS", 0.2)
    with pytest.raises(build.BuildError, match=why):
        truths._run(code, ModuleType("__main__"), "a lesson, cell 3")
