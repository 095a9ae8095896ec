"""What people type by mistake, and what may happen in a check: one panel each, and no error."""

import sys

import pytest
import torch

from course_utils import checks
from course_utils.checks import CheckFailed, check, hint, solution


@pytest.fixture
def said(capsys):
    return lambda: capsys.readouterr().out


def test_the_answer_is_found_by_its_name(said):
    check("00.1")
    assert "There is no largest yet. Run the cell with your answer first" in said()

    def largest(numbers):
        return max(numbers)

    check("00.1")
    assert "Right" in said()
    assert largest([1]) == 1


def test_an_answer_that_is_not_there_is_an_error_for_graders():
    with pytest.raises(CheckFailed, match=r"00\.1: There is no `largest` yet"):
        check("00.1", strict=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: check(1.1),
            'stands in quotes, and has two digits before the point: check("01.1")',
        ),
        (lambda: check(1.1), 'For the tenth exercise it is "01.10"'),
        (lambda: check(max, "00.1"), 'The id comes first, then your answer: check("00.1") is'),
        (lambda: check(contiguous_strides), 'first comes the id, as a text: check("01.1")'),
        (lambda: check(None), "first comes the id"),
        (lambda: check("1.1"), 'Type check("01.1")'),
        (lambda: hint("01"), "a whole lesson; its exercises are 01.1 to 01."),
        (lambda: hint("01.p1"), "01.p1 is a prediction"),
        (lambda: solution("99.1"), "✘ solution  There is no exercise '99.1'. Near it: "),
        (lambda: check("04.1", torch.nn.Identity()), "LayerScale itself, without brackets after"),
    ],
)
def test_slips_are_told_what_to_type(call, words, said):
    call()
    assert words in said()


def contiguous_strides(shape):
    raise AssertionError("nothing is run")


def test_a_check_runs_on_one_thread_as_marking_does(said):
    before, seen = torch.get_num_threads(), []

    def largest(numbers):
        seen.append(torch.get_num_threads())
        return max(numbers)

    torch.set_num_threads(2)
    try:
        check("00.1", largest)
        assert "Right" in said()
        assert set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_stop_button_gives_one_panel_with_the_line(said):
    def stopped(numbers):
        raise KeyboardInterrupt

    check("00.1", stopped)
    lines = said().splitlines()
    assert lines[0] == "→ 00.1  Stopped, as if by the stop button. Nothing was judged."
    assert lines[1:] == ["  In your line: raise KeyboardInterrupt"]


def test_quit_in_an_answer_does_not_end_the_kernel(said, monkeypatch):
    class Shell:
        def ask_exit(self):
            raise AssertionError("the kernel ends")

    shell = Shell()
    monkeypatch.setattr("builtins.get_ipython", lambda: shell, raising=False)
    check("00.1", lambda numbers: shell.ask_exit())
    assert "your code raised SystemExit" in said()
    assert vars(shell) == {}


def test_a_fault_of_the_course_is_a_panel_too(said, monkeypatch):
    monkeypatch.setattr(checks, "verdict_panel", None)
    monkeypatch.setattr("course_utils.exercise.Exercise.judge", lambda *_: 1 / 0)
    check("00.1", max)
    assert "ZeroDivisionError" in said()
    with pytest.raises(CheckFailed, match="ZeroDivisionError"):
        check("00.1", max, strict=True)


def test_an_answer_may_leave_stdout_closed(said):
    def closes(numbers):
        sys.stdout.close()
        return max(numbers)

    check("00.1", closes)
    assert "Right" in said()
