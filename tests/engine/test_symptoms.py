"""Wrong answers that nobody foresaw: what is said of them."""

import pytest
import torch

from course_utils.observation import Observation
from course_utils.symptoms import special, symptom

CASES = [(torch.tensor([[1.0, 2.0, 4.0], [3.0, 7.0, 5.0]]),), (torch.tensor([[6.0, 8.0, 9.0]]),)]


def told(right, answer, cases=CASES, gave=()):
    """What is said of `answer`, a function of the case, where `right` would be the right one."""
    expected = [Observation(right(*case), gave=("torch.Tensor",)) for case in cases]
    seen = [Observation(answer(*case), gave=gave) for case in cases]
    return symptom(expected, seen, cases, 0) or ""


WRONG = {
    "right but for their sign": lambda x: -2 * x,
    "times the same factor": lambda x: 6 * x,
    "plus or minus the same number": lambda x: 2 * x + 3,
    "times a factor that is the same within one call": lambda x: x / (len(x) + 1),
    "rows and columns exchanged": lambda x: 2 * x.T,
    "size 1 too many": lambda x: 2 * x[None],
    "the shape is another": lambda x: (2 * x).flatten(),
    "in the reverse order": lambda x: 2 * x.flip(1),
    "stand in other places": lambda x: 2 * x[:, [1, 0, 2]],
    "the dtype is another": lambda x: (2 * x).int(),
    "The first digits of your numbers are right": lambda x: 2.00001 * x,
    "There is NaN": lambda x: (x - x) / (x - x),
    "an infinite number": lambda x: 1 / (x - x),
    "All numbers that you gave are 0": lambda x: 0 * x,
    "equal to what your function was given": lambda x: x,
    "yours is a number of Python": lambda x: float(x.sum()),
}


@pytest.mark.parametrize("words", WRONG)
def test_numbers_that_are_wrong_in_a_simple_way(words):
    assert words in told(lambda x: 2 * x, WRONG[words])


@pytest.mark.parametrize(("right", "got"), [("meta", "meta"), ("meta", "cpu"), ("cpu", "meta")])
def test_of_a_tensor_without_numbers_no_number_is_compared(right, got):
    assert told(lambda x: x.to(right), lambda x: x.to(got).double()) == ""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("NoneType", "end in a `return`?"),
        ("function", "gave back a function"),
        ("generator", "gave back a generator"),
        ("type", "gave back a class"),
        ("list/Lazy~", "a list that holds an object of type Lazy, a class of your own"),
        ("tuple/torch.Tensor!", "a tuple that holds a tensor with attributes in the place of"),
        ("torch.nn.modules.linear.Linear", "gave back a layer"),
    ],
)
def test_what_came_back_is_of_another_kind(kind, words):
    assert words in told(lambda x: x, lambda x: None, gave=(kind,))


def test_one_that_is_right_on_some_cases_has_no_factor():
    def sometimes(x):
        return 3 * x if len(x) > 1 else 5 * x + 1

    assert told(lambda x: x, sometimes) == ""
    assert told(lambda x: x, lambda x: x.sin()) == ""


@pytest.mark.parametrize(
    ("right", "got", "words"),
    [
        ([[1, 2, 3], [4, 5]], [[1, 2], [4]], "One item is missing, the last."),
        ([[1, 2, 3], [4, 5]], [[2, 3], [5]], "One item is missing, the first."),
        ([[1, 2, 3], [4, 5]], [[1, 2, 3, 9], [4, 5, 9]], "too many, at the end"),
        ([[1, 2, 3], [4, 5]], [[3, 1, 2], [5, 4]], "in another order"),
        ([4, 9], [5, 10], "too large by 1"),
        ([0.5, 2.5], [0, 2], "whole numbers"),
        ([(1, 2), (3,)], [[1, 2], [3]], "a tuple was asked for"),
        ([3, 4], [torch.tensor(3), torch.tensor(4)], "a tensor that holds one"),
    ],
)
def test_lists_and_numbers(right, got, words):
    seen = [Observation(value) for value in got]
    said = symptom([Observation(value) for value in right], seen, [(0,), (1,)], 0)
    assert words in said


def test_names_of_facts_tell_when_it_goes_wrong():
    right = {"output in training": 1.0, "output in eval": 2.0}
    for wrong, words in (("eval", "in eval mode it is not"), ("training", "in training mode it")):
        got = {**right, f"output in {wrong}": 9.0}
        assert words in symptom([Observation(right)], [Observation(got)], [()], 0)
    right = {"first epoch": [1, 2], "second epoch": [1, 2]}
    got = {**right, "second epoch": []}
    assert "later it is not" in symptom([Observation(right)], [Observation(got)], [()], 0)


@pytest.mark.parametrize(
    ("plain", "odd", "words"),
    [
        (torch.ones(2, 3), torch.ones(0, 3), "no elements at all"),
        (torch.ones(2, 3), torch.ones(3, 2).T, "do not lie in order"),
        (torch.ones(2), torch.ones(3)[1:], "does not begin where its storage does"),
        (torch.ones(2), torch.tensor(1.0), "without dimensions"),
        (torch.ones(2), torch.ones(2).double(), "other than float32"),
        (torch.ones(2), torch.tensor([1.0, -1.0]), "negative numbers"),
        (torch.ones(2), torch.tensor([1, 2]), "integer dtype"),
        ([1, 2], [3], "a single element"),
        (2, 0, "is the number 0"),
        (1.5, None, "is None"),
    ],
)
def test_what_is_special_about_the_cases_that_go_wrong(plain, odd, words):
    cases = [(plain,), (odd,), (plain,)]
    said = special(cases, [False, True, False])
    assert said.startswith("right on 2 of 3 cases; in those that go wrong an argument ")
    assert words in said
    assert special(cases, [True, True, False]) is None
    assert special(cases, [True, True, True]) is None
