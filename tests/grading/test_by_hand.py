"""Where an exercise says by hand, ways round are refused, and right answers are not."""

import ast
from pathlib import Path

import pytest

from course_utils.exercise import all_exercises, find
from grading.inside import by_hand as reading

WAYS = Path(__file__).with_name("ways_round.txt")


def ways() -> list[tuple[str, str, str]]:
    """Exercise, what way, code; all of them give the right results by what is not to be used."""
    blocks = ("\n" + WAYS.read_text(encoding="utf-8")).split("\n#### ")[1:]
    heads = [block.partition("\n") for block in blocks]
    return [(*[part.strip() for part in head.split("|")], code) for head, _, code in heads]


def test_each_exercise_that_is_by_hand_has_five_ways_round():
    asked = {e.id for e in all_exercises() if e.without}
    tried = [id for id, _, _ in ways()]
    assert {id: tried.count(id) for id in asked if tried.count(id) < 5} == {}


@pytest.mark.parametrize("id", sorted({id for id, _, _ in ways()}))
def test_ways_round_are_refused(id):
    exercise = find(id)
    told = {}
    for which, way, code in ways():
        if which == id:
            scope = {"__name__": "__main__"}
            exec(compile(code, "/tmp/ipykernel_1/1.py", "exec"), scope)
            told[way] = exercise.judge(scope[exercise.name])
    assert [way for way, verdict in told.items() if verdict.passed] == []
    # Others are wrong in themselves as well: what numpy makes is no view of the tensor's storage.
    by_hand = [way for way, verdict in told.items() if "done without `" in verdict.headline]
    assert len(by_hand) >= 3, told


@pytest.mark.parametrize("id", ["01.1", "01.3", "01.4", "01.15"])
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import numpy\n\nx = numpy.ndarray((2,), 'B', bytes(9), 0, (3,))", "numpy.ndarray"),
        ("def f(x, shape):\n    x.shape = shape", "view"),
    ],
)
def test_an_array_of_any_strides_is_left_to_a_person_where_strides_are_asked(id, code, name):
    named = reading.mentions(ast.parse(code).body, find(id).by_hand.facts())
    assert name in named
    # Elsewhere it is only a name, as in isinstance().
    assert "numpy.ndarray" not in reading.mentions(
        ast.parse(code).body, find("07.1").by_hand.facts()
    )
