"""Predictions: the truth comes from the code on the page, and no belief happens to be true."""

import contextlib
import dataclasses
import linecache
import math

import numpy
import pytest
import torch

import course_utils
from course_utils import prediction
from course_utils.catalogue import Catalogue
from course_utils.prediction import Belief, Prediction, actual, alike, all_predictions, predict
from tests import ROOT
from tools import build

LESSONS = [target for target in build.targets() if not target.practice]
# Run once for all guesses, and asked again in the end only: an error that carries a stack trace of
# torch's own (0.2 s), and what starts processes.
SLOW = ("08.p2", *(f"11.p{number}" for number in range(1, 30)))


def right_as_typed(run):
    """Guesses that people type who know what `run()` does: values, and texts of them."""
    try:
        value = run()
    except Exception as error:
        return ["error", "Error", type(error), type(error).__name__, error]
    guesses = [value, str(value), repr(value)]
    if isinstance(value, torch.Tensor):
        guesses += [value.tolist(), str(value.tolist())]
    if isinstance(value, torch.dtype):
        guesses.append(str(value).removeprefix("torch."))
    return guesses


def try_every_guess(asked, run):
    assert asked.reveal(..., run).kind == "note"
    for guess in right_as_typed(run):
        panel = asked.reveal(guess, run)
        assert panel.kind == "good", f"{asked.id}: {guess!r} is not accepted: {panel}"
    for belief in asked.beliefs:
        for guess in (belief.guess, repr(belief.guess)):
            panel = asked.reveal(guess, run)
            assert panel.kind == "wrong", f"{asked.id}: the belief {guess!r} is true"
            assert ("", belief.sentence) in panel.rows, f"{asked.id}: {guess!r} is shadowed"


def once(run):
    """Runs now; gives the same for every guess."""
    value = actual(run)

    def again():
        if isinstance(value, Exception):
            raise value
        return value

    return again


def code_of(cell):
    """A cell's code; its source can be found, as in a notebook: ranks need it."""
    name = f"<cell {hash(cell)}>"
    linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
    return compile(cell, name, "exec")


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("target", LESSONS, ids=lambda target: target.name)
def test_the_predictions_of_a_lesson(target, monkeypatch, one_thread, unless_unchanged):
    """Runs the lesson's cells; each question gets every guess, and is then asked again.

    At once, after each later cell, and in the end by running its own cell once more: a student
    comes back to it at any time, and it says the same. With no cell run before, it judges nothing
    or says the same, too. On one thread: the tensors are small.
    """
    unless_unchanged([*target.contents.folder.glob("*.py"), ROOT / "tools" / "build.py"])
    answered = {}

    def ask(id, guess, run):
        asked = prediction.catalogue.load(id)
        if id not in answered:
            first = once(run) if id in SLOW else run
            try_every_guess(asked, first)
            truth = actual(first)
            answered[id] = (run, truth, asked.reveal(truth, first))
        ask_again(id, run, "at once")

    def ask_again(id, run, when):
        _, truth, panel = answered[id]
        now = prediction.catalogue.load(id).reveal(truth, run)
        assert now == panel, f"{id} changes its answer {when}:\n{panel}\n{now}"

    def ask_too_early(id, guess, run):
        early, now = (
            prediction.catalogue.load(id).reveal("error", r) for r in (run, answered[id][0])
        )
        assert early in (now, dataclasses.replace(early, kind="note")), f"{id}: {early}"

    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr(course_utils, "predict", ask)
    scope = {"__name__": "__main__"}
    cells = [cell.source for cell in build.expand(target).cells if cell.cell_type == "code"]
    for cell in cells:
        exec(code_of(cell), scope)
        for id, (run, _, _) in answered.items():
            if id not in SLOW or cell is cells[-1]:
                ask_again(id, run, f"after the cell\n{cell}")
    for cell in cells:
        if "predict(" in cell:
            exec(code_of(cell), dict(scope))
    monkeypatch.setattr(course_utils, "predict", ask_too_early)
    for cell in cells:
        if "predict(" in cell:
            with contextlib.suppress(NameError):
                exec(code_of(cell), {"predict": ask_too_early})
    declared = [asked.id for asked in all_predictions() if asked.id[:2] == target.name[:2]]
    assert list(answered) == declared


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
        ("torch.float", torch.float32),
        ("[[1, 2]]", torch.tensor([[1, 2]])),
        ("1", 1),
        (math.nan, "nan"),
        (0.1 * 30, 3),
        ([numpy.int64(1), "2"], (1, 2)),
        (IndexError, "IndexError"),
        ("error", IndexError()),
        ("IndexError", IndexError()),
        ("StopIteration", StopIteration()),
        (LookupError, IndexError()),
        (bool, "bool"),
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
        ("True", 1),
        ("2", 1),
        ([1, 3], "[1, 2]"),
        (0.3, 1 / 3),
        (1_000_001, 1_000_000),
        (float, torch.float32),
        (int, str),
        (KeyError, IndexError()),
        ([], IndexError()),
        ("no error", IndexError()),
        (IndexError, "error"),
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
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
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


def free_name():
    def look():
        return later

    look()
    later = 1


def own_name_error():
    raise NameError("as a library may say it")


def unbound_name():
    later += 1  # noqa: F821, F841 - the error is what this is about


@pytest.mark.parametrize("guess", [3, "error", NameError], ids=str)
def test_a_question_whose_cells_above_were_not_run(question, guess):
    asked = dataclasses.replace(question, id="99.p2", choices=())
    panel = asked.reveal(guess, lambda: [missing + 1])  # noqa: F821 - the test is about it
    text = "Run the cells above first: `missing` is not there yet."
    assert (panel.kind, panel.headline) == ("note", text)
    for run in (3, None, lambda x: x):
        panel = asked.reveal(guess, run)
        assert (panel.kind, panel.headline[:26]) == ("note", "Run the cells above first:")


@pytest.mark.parametrize(
    "run",
    [free_name, own_name_error, unbound_name, lambda: [].missing, lambda: exec("missing", {})],
)
def test_an_error_that_a_question_is_about(question, run):
    asked = dataclasses.replace(question, id="99.p2", choices=())
    assert asked.reveal("error", run).kind == "good"
    assert asked.reveal(4, run).kind == "wrong"


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
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
    asked = Prediction("99.p1", "because", (Belief(2, "sentence"),))
    assert asked.reveal(guess, lambda: 1 / 3).kind in ("wrong", "note")


def test_what_looks_equal_and_is_not_says_so(monkeypatch):
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
    asked = Prediction("99.p1", "because", (Belief("error", "Nothing raises."),))
    headline = asked.reveal(torch.zeros(100), lambda: torch.ones(100)).headline
    assert headline.endswith("shape (100,)`, with other values.")
    panel = asked.reveal(RuntimeError, lambda: 3)
    assert panel.headline == "You predicted `RuntimeError`; the code gives `3`."
    assert ("", "Nothing raises.") in panel.rows


def test_a_guess_computed_with_numpy():
    assert alike(numpy.log(3.0), 1.0986)


@pytest.mark.parametrize("id", [[1], {}])
def test_an_id_that_is_no_text(id, capsys):
    predict(id, 1, lambda: 1)
    assert "There is no prediction" in capsys.readouterr().out
