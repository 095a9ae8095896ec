"""The first difference, stage by stage, in words."""

import math

import pytest
import torch

from course_utils.comparison import TOLERANCES, first_difference, show
from course_utils.plain import Opaque, plain

ONES = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (3, 3),
        (1.0, 1),
        (1.0, 1.0 + 1e-6),
        (float("nan"), float("nan")),
        ([1, (2.0, "x")], [1, (2.0, "x")]),
        ({"a": ONES}, {"a": ONES.clone()}),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        (torch.tensor([1.0]), torch.tensor([1.0 + 1e-6])),
        (Opaque("torch.float32"), Opaque("torch.float32")),
        (ONES.to("meta"), ONES.to("meta")),
        # Dtypes that torch 2.3 stores and does not compare.
        (ONES.to(torch.uint16), ONES.to(torch.uint16)),
        (torch.tensor(1.0).to(torch.float8_e5m2), torch.tensor(1.0).to(torch.float8_e5m2)),
    ],
)
def test_equal(expected, got):
    assert first_difference(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "stage", "words"),
    [
        (3, 3.0, "type", "expected the int 3, yours is the float 3"),
        (True, 1, "type", "the bool True"),
        (3, None, "type", "yours is None"),
        (3, Opaque("Anything"), "type", "an object of type Anything"),
        ((1, 2), [1, 2], "type", "expected a tuple of 2 items, yours is a list of 2 items"),
        (ONES, [1], "type", "a tensor of shape (2, 3)"),
        ((1, 2), (1,), "structure", "expected 2 items, yours has 1"),
        ({"a": 1}, {"b": 1}, "structure", "'a' is missing, 'b' should not be there"),
        (ONES, torch.ones(3, 2), "shape", "expected shape (2, 3), yours has (3, 2)"),
        (ONES, ONES.double(), "dtype", "expected torch.float32, yours is torch.float64"),
        (3, 4, "values", "expected 3, yours is 4"),
        (0.5, 0.75, "values", "expected 0.5, yours is 0.75"),
        (Opaque("torch.int64"), Opaque("torch.int32"), "values", "expected torch.int64"),
        (torch.tensor([True]), torch.tensor([False]), "values", "1 of 1 values differ"),
        (torch.tensor([1.0]), torch.tensor([float("nan")]), "values", "yours is nan"),
        (torch.tensor(1.0), torch.tensor(2.0), "values", "expected 1, yours is 2"),
        (ONES, ONES.to("meta"), "values", "a tensor on cpu, yours is on meta"),
    ],
)
def test_first_difference(expected, got, stage, words):
    difference = first_difference(expected, got)
    assert difference.stage == stage
    assert words in difference.message


def test_the_largest_difference_and_its_place():
    got = ONES.clone()
    got[0, 1], got[1, 2] = 2, -5
    message = first_difference(ONES, got).message
    assert message.startswith("2 of 6 values differ, most at [1, 2]: expected 1, yours is -5")


def test_the_place_inside_containers():
    difference = first_difference({"a": [ONES, ONES]}, {"a": [ONES, ONES + 1]})
    assert difference.place == "['a'][1]"


def test_numbers_that_look_alike_are_told_apart():
    difference = first_difference((24, 48), (24, 48.0))
    assert difference.message == "expected the int 48, yours is the float 48"
    assert difference.place == "[1]"
    assert first_difference((1, 2), (1, None)).message == "expected (1, 2), yours is (1, None)"


def test_exact_has_no_tolerance():
    assert first_difference(1.0, 1.0 + 1e-6, exact=True) is not None
    assert first_difference(torch.tensor(1.0), torch.tensor(1.0 + 1e-6), exact=True) is not None


def test_show_is_short():
    assert show(torch.zeros(100, 100)) == "a float32 tensor of shape (100, 100)"
    assert show((1,)) == "(1,)"
    assert show([1.0, True, None]) == "[1, True, None]"
    assert len(show(list(range(1000)))) < 150


def test_a_very_large_int_is_only_a_wrong_value():
    assert first_difference(2.0, 10**400).stage == "values"
    assert show(10**6000) == "an int of 19932 bits"


def test_long_things_are_shown_short():
    assert len(show("a" * 100_000)) < 1_100
    assert len(show({number: 0 for number in range(1000)})) < 300


def test_a_set_is_called_a_set():
    assert first_difference([1, 2], plain({1, 2})).message.endswith("a set of 2 items")


@pytest.mark.parametrize("other", [0.0, 5.0, -math.inf, math.nan, 10**400 * -1])
def test_nothing_is_near_infinity(other):
    assert first_difference(math.inf, other) is not None
    assert first_difference(math.inf, math.inf) is None
    assert first_difference(5.0, math.inf) is not None
    assert first_difference(torch.tensor(math.inf), torch.tensor(5.0)) is not None


NARROW = (torch.float64, torch.complex128)


@pytest.mark.parametrize("dtype", [one for one in TOLERANCES if one not in NARROW], ids=str)
@pytest.mark.parametrize("part", [0.8, 1.25])
def test_the_tolerances_are_those_of_torch(dtype, part):
    rtol, atol = TOLERANCES[dtype]
    expected = torch.tensor([0.0, 0.0, 1000.0]).to(dtype)
    for moved in (torch.tensor([part * atol, 0, 0]), torch.tensor([0, 0, part * 1000 * rtol])):
        got = expected + moved.to(dtype)
        try:
            torch.testing.assert_close(got, expected)
        except AssertionError:
            assert first_difference(expected, got).stage == "values"
        else:
            assert first_difference(expected, got) is None


@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_what_went_through_float32_is_another_number(dtype):
    third = torch.tensor([1.0], dtype=dtype) / 3
    rounded = third.to(torch.complex64 if dtype.is_complex else torch.float32).to(dtype)
    assert first_difference(third, rounded).stage == "values"
    assert first_difference(third, third * (1 + 1e-12)) is None
