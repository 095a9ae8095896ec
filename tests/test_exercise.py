"""Judging: what an answer is told, on a small exercise made here."""

import random
import warnings

import pytest
import torch

from course_utils import checks, exercise
from course_utils.exercise import Exercise, describe_call
from course_utils.sources import emptied


@pytest.fixture
def doubling(monkeypatch):
    """An exercise of its own, in a registry of its own."""
    monkeypatch.setattr(exercise, "_registry", {})
    monkeypatch.setattr(checks, "_attempted", set())
    monkeypatch.setattr(checks, "_hints_shown", {})
    made = Exercise(
        "99.1",
        "Double",
        minutes=3,
        difficulty=1,
        hints=["one", "two"],
        seconds=0.3,
        without=["torch.mul"],
    )

    @made.reference
    def double(x):
        """Twice x."""
        return x + x

    @made.cases
    def cases(rng):
        yield (torch.tensor([1.0, 2.0]),)
        yield (torch.tensor([float(rng.randint(3, 9))]),)

    @made.mistake("Squaring is not doubling.")
    def squares(x):
        return x**2

    @made.mistake("You add one number to each.")
    def adds_two(x):
        return x + 2

    return made


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


class Subclass(torch.Tensor):
    pass


def shout(x):
    print("hello")
    warnings.warn("careful", stacklevel=2)
    return x + x


def in_place(x):
    x += x
    return x


def never(x):
    while True:
        pass


def calls_missing(x):
    return x.dubble()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "yours is None"),
        (lambda: 1, "TypeError"),
        (lambda x, y: 1, "missing 1 required positional argument"),
        (in_place, "an argument was changed"),
        (never, "Stopped after 0.3 seconds"),
        (lambda x: EqualToEverything(), "EqualToEverything"),
        (lambda x: (x + x).as_subclass(Subclass), "Subclass"),
        (calls_missing, "return x.dubble()"),
        (lambda x: (x + x).double(), "expected torch.float32, yours is torch.float64"),
        (lambda x: (x + x)[None], "expected shape (2,), yours has (1, 2)"),
        (lambda x: x + x + 1, "2 of 2 values differ"),
        (lambda x: torch.zeros(6_000_000), "6000000 elements"),
        ("text", "without brackets after it"),
        (None, "It was given None"),
        (lambda x: x * 2, None),
        (lambda x: torch.mul(x, 2), "without `torch.mul`"),
    ],
)
def test_hostile_and_wrong_answers_get_a_clear_message(doubling, answer, words):
    verdict = doubling.judge(answer)
    if words is None:
        # `*` is Tensor.mul, which is not forbidden by the name torch.mul.
        assert verdict.passed
        return
    assert verdict.state == "wrong"
    assert words in repr(checks.verdict_panel(doubling, verdict)) or words in verdict.headline


def test_a_right_answer_that_prints_and_warns_passes_and_is_told(doubling):
    verdict = doubling.judge(shout)
    assert verdict.passed
    text = repr(checks.verdict_panel(doubling, verdict))
    assert "hello" in text
    assert "careful" in text


def test_a_known_mistake_is_recognised_by_what_it_does(doubling):
    verdict = doubling.judge(lambda x: x.pow(2))
    assert verdict.headline == "Squaring is not doubling."
    assert verdict.case == "double([1, 2])"


def test_a_mistake_on_some_cases_only_is_not_recognised(doubling):
    def sometimes(x):
        return x**2 if len(x) == 2 else x

    assert doubling.judge(sometimes).mistake is None


def test_stub_and_half_a_stub(doubling):
    def stub(x):
        raise NotImplementedError  # your answer goes here

    def half(x):
        if len(x) == 1:
            raise NotImplementedError
        return x + x

    assert doubling.judge(stub).state == "not attempted"
    verdict = doubling.judge(half)
    assert verdict.state == "wrong"
    assert "`half` still raises NotImplementedError" in verdict.headline


def test_not_implemented_inside_torch_is_an_error_not_a_stub(doubling):
    verdict = doubling.judge(lambda x: torch.nn.ModuleList()(x))
    assert verdict.state == "wrong"


def test_check_shows_and_does_not_raise(doubling, capsys):
    checks.check("99.1", lambda x: x)
    assert "✘ 99.1" in capsys.readouterr().out
    checks.check("99.1", doubling.answer)
    assert "✔ 99.1  Right, on all 2 cases." in capsys.readouterr().out
    checks.check("99.2", doubling.answer)
    assert "no exercise '99.2'. Near it: 09.12, 09.2, 99.1." in capsys.readouterr().out


def test_check_raises_where_it_is_told_to(doubling):
    with pytest.raises(checks.CheckFailed, match=r"99\.1"):
        checks.check("99.1", lambda x: x, strict=True)
    checks.check("99.1", doubling.answer, strict=True)
    with pytest.raises(checks.CheckFailed):
        checks.check("98.1", doubling.answer, strict=True)


def test_hints_come_one_by_one(doubling, capsys):
    for _ in range(3):
        checks.hint("99.1")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines[:2]] == ["one", "two"]
    assert "last hint" in lines[2]


def test_a_solution_is_shown_after_an_attempt(doubling, capsys):
    checks.solution("99.1")
    assert "return x + x" not in capsys.readouterr().out
    checks.solution("99.1", anyway=True)
    assert "return x + x" in capsys.readouterr().out
    checks.check("99.1", lambda x: x)
    capsys.readouterr()
    checks.solution("99.1")
    assert "return x + x" in capsys.readouterr().out


def test_another_seed_gives_other_cases(doubling):
    one = [args for args in doubling.make_cases(random.Random(1))]
    other = [args for args in doubling.make_cases(random.Random(2))]
    assert not torch.equal(one[1][0], other[1][0])


def test_two_exercises_cannot_have_one_id(doubling):
    with pytest.raises(ValueError, match="declared twice"):
        Exercise("99.1", "Again", minutes=1, difficulty=1, hints=[])
    with pytest.raises(ValueError, match="looks like"):
        Exercise("1.1", "Odd", minutes=1, difficulty=1, hints=[])


def test_emptied_keeps_signatures_and_docstrings():
    source = (
        'class Net(Base):\n    """A net."""\n\n    size = 3\n\n    def __init__(self):\n'
        "        super().__init__()\n        self.a = 1\n\n    def forward(self, x):\n"
        '        """Shapes."""\n        return x\n'
    )
    assert emptied(source) == (
        'class Net(Base):\n    """A net."""\n\n    size = 3\n\n    def __init__(self):\n'
        "        raise NotImplementedError  # your answer goes here\n\n    def forward(self, x):\n"
        '        """Shapes."""\n        raise NotImplementedError  # your answer goes here\n'
    )


def test_calls_are_described_as_typed():
    assert describe_call("f", ((2, 3), torch.tensor([1.0, 2.5]))) == "f((2, 3), [1, 2.5])"


def test_a_module_in_a_call_is_shown_on_one_line():
    model = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Flatten(start_dim=1))
    text = describe_call("f", (model, 2))
    assert text.startswith("f(Sequential((0): ReLU() (1): Flatten(start_dim=1")
    assert text.endswith("), 2)")
    wide = torch.nn.Sequential(*[torch.nn.ReLU() for _ in range(50)])
    assert describe_call("f", (wide,)) == "f(Sequential(...))"


def test_a_starter_and_a_reference_class_of_one_name_keep_their_own_source(monkeypatch):
    monkeypatch.setattr(exercise, "_registry", {})
    mended = Exercise("99.2", "Mend", minutes=3, difficulty=1, hints=["one", "two"])

    @mended.starter
    class Counter:
        """Counts."""

        @torch.no_grad()
        def count(self):
            return 1 - 1

    @mended.reference
    class Counter:  # noqa: F811
        """Counts."""

        @torch.no_grad()
        def count(self):
            return 1 + 1

    assert "1 - 1" in mended.stub_source
    assert "1 + 1" in mended.solution_source
    assert "1 - 1" not in mended.solution_source


def test_an_id_that_is_no_text(doubling, capsys):
    checks.check(["99.1"], doubling.answer)
    assert "There is no exercise" in capsys.readouterr().out


def test_cases_are_made_with_torch_s_own_switches(doubling):
    torch.set_default_dtype(torch.float64)
    try:
        assert doubling.observations(lambda x: x)[0].value.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
