"""Predictions: the truth comes from the code on the page, and no belief happens to be true."""

from pathlib import Path

import numpy as np
import pytest
import torch

import course_utils
from course_utils import prediction
from course_utils.prediction import Belief, Prediction, actual, alike, all_predictions, predict
from tools import build

ROOT = Path(__file__).parent.parent
LESSONS = [target for target in build.targets() if not target.practice]


@pytest.mark.parametrize("target", LESSONS, ids=lambda target: target.name)
def test_the_predictions_of_a_lesson(target, monkeypatch):
    """Runs the lesson's cells with `predict` replaced by one that tries every guess."""
    tried = []

    def try_all(id, guess, run):
        asked = prediction._registry[id]
        assert asked.reveal(..., run).kind == "note"
        truth, _ = actual(run)
        tried.append((asked, truth, asked.reveal(truth, run)))
        for belief in asked.beliefs:
            panel = asked.reveal(belief.guess, run)
            assert panel.kind == "wrong", f"{id}: the belief {belief.guess!r} is true"
            assert ("", belief.sentence) in panel.rows, f"{id}: {belief.guess!r} is shadowed"

    prediction._load_topics()
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr(course_utils, "predict", try_all)
    scope = {"__name__": "__main__"}
    for cell in build.expand(target).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, target.name, "exec"), scope)
    for asked, truth, panel in tried:
        assert panel.kind == "good", f"{asked.id}: {truth!r} is not accepted"
    declared = [asked.id for asked in all_predictions() if asked.id[:2] == target.name[:2]]
    assert [asked.id for asked, _, _ in tried] == declared


@pytest.mark.parametrize("asked", all_predictions(), ids=lambda p: p.id)
def test_a_prediction_explains(asked):
    assert asked.beliefs
    assert len(asked.because.split()) >= 5
    for belief in asked.beliefs:
        assert len(belief.sentence.split()) >= 5
    guesses = [belief.guess for belief in asked.beliefs]
    for i, one in enumerate(guesses):
        assert not any(alike(one, other) for other in guesses[i + 1 :]), one
        assert not asked.choices or any(alike(one, choice) for choice in asked.choices)


@pytest.mark.parametrize(
    ("guess", "value"),
    [
        ((1, 3), [1, 3]),
        ([[1, 2]], torch.tensor([[1, 2]])),
        (0.33, 1 / 3),
        (3, 3.0),
        ("View", "view"),
        (torch.int64, torch.int64),
        ("torch.int64", torch.int64),
        (True, True),
        (torch.Size([2]), (2,)),
        (None, None),
    ],
)
def test_guesses_that_are_right(guess, value):
    assert alike(guess, value)


@pytest.mark.parametrize(
    ("guess", "value"),
    [
        ((3, 1), [1, 3]),
        (True, 1),
        (1, True),
        ("1", 1),
        (0.3, 1 / 3),
        (344, 342),
        ((1,), 1),
        (None, 0),
        (torch.int32, torch.int64),
    ],
)
def test_guesses_that_are_wrong(guess, value):
    assert not alike(guess, value)


@pytest.fixture
def question(monkeypatch):
    monkeypatch.setattr(prediction, "_registry", {})
    monkeypatch.setattr(prediction, "_load_topics", lambda: None)
    return Prediction(
        "99.p1", because="It is so.", beliefs=(Belief(4, "Not four."),), choices=(3, 4, 5)
    )


def test_nothing_is_revealed_without_a_guess(question, capsys):
    def run():
        raise AssertionError("the code must not run")

    predict("99.p1", ..., run)
    assert "Make your guess first" in capsys.readouterr().out
    predict("99.p1", 7, run)
    assert "nothing is revealed yet" in capsys.readouterr().out


def test_guesses_are_answered(question, capsys):
    predict("99.p1", 3, lambda: 3)
    assert "You predicted it: the code gives 3" in capsys.readouterr().out
    predict("99.p1", 4, lambda: 3)
    out = capsys.readouterr().out
    assert "You predicted 4; the code gives 3" in out
    assert "Not four." in out
    predict("99.p1", 5, lambda: 1 / 0)
    assert "the code raises ZeroDivisionError: division by zero" in capsys.readouterr().out


def test_an_unknown_prediction_names_the_nearest(question, capsys):
    predict("99.p2", 1, lambda: 1)
    assert "no prediction '99.p2'. Near it: 99.p1" in capsys.readouterr().out


def test_a_prediction_cannot_be_declared_twice(question):
    with pytest.raises(ValueError, match="declared twice"):
        Prediction("99.p1", because="", beliefs=())


@pytest.mark.parametrize(
    "guess", [10**400, 10**6000, torch.ones(2, device="meta"), [0] * 30_000], ids=lambda g: "guess"
)
def test_an_odd_guess_is_told_that_it_is_wrong(guess, monkeypatch):
    monkeypatch.setattr(prediction, "_registry", {})
    asked = Prediction("99.p1", "because", (Belief(2, "sentence"),))
    assert asked.reveal(guess, lambda: 1 / 3).kind in ("wrong", "note")


def test_a_guess_computed_with_numpy():
    assert alike(np.log(3.0), 1.0986)


@pytest.mark.parametrize("id", [[1], {}])
def test_an_id_that_is_no_text(id, capsys):
    predict(id, 1, lambda: 1)
    assert "There is no prediction" in capsys.readouterr().out
