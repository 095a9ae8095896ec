"""Fresh cases: who has written down what the visible cases want is wrong on a secret seed.

Students see the cases of seed 0 as often as they like. A grader draws other ones.
"""

import random

import pytest
from torch import nn

from course_utils.exercise import all_exercises, compare
from course_utils.observation import plain, same

EXERCISES = all_exercises()
MISTAKES = [(e, m) for e in EXERCISES for m in e.mistakes]
# A grader's seed has 63 bits.
LARGEST = 2**63 - 1
SECRET = [2**62 + 12345, LARGEST, 3_141_592_653_589_793_238]


def name_of(value):
    return getattr(value, "id", None) or getattr(value, "name", None)


def written_down(value):
    """An argument as plain data; a module with its numbers, so that two models are not alike."""
    if isinstance(value, nn.Module):
        return [repr(value), plain(value.state_dict())]
    if isinstance(value, (list, tuple)):
        return [written_down(item) for item in value]
    if isinstance(value, dict):
        return {str(key): written_down(item) for key, item in value.items()}
    return plain(value)


def cases_of(exercise, seed):
    """Pairs of the arguments, written down, and what the reference does with them."""
    arguments = [written_down(args) for args in exercise.make_cases(random.Random(seed))]
    return list(zip(arguments, exercise.reference_observations(seed), strict=True))


def gets_through(visible, fresh):
    """True if an answer passes the fresh cases that knows the visible ones and nothing else.

    It gives the recorded result for arguments that it knows, and one and the same recorded result
    for all others; or it counts its calls and gives the recorded results in their order.
    """
    if len(visible) == len(fresh):
        pairs = zip(visible, fresh, strict=True)
        if all(compare(one, other) is None for (_, one), (_, other) in pairs):
            return True
    unknown = []
    for arguments, wanted in fresh:
        known = [seen for before, seen in visible if same(before, arguments)]
        if not any(compare(seen, wanted) is None for seen in known):
            unknown.append(wanted)
    return any(
        all(compare(constant, wanted) is None for wanted in unknown) for _, constant in visible
    )


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_a_table_of_the_visible_cases_does_not_pass(exercise):
    visible = cases_of(exercise, 0)
    assert gets_through(visible, visible)
    passed = [seed for seed in SECRET if gets_through(visible, cases_of(exercise, seed))]
    # Once in a while the same numbers are drawn again. That has to be rare.
    assert len(passed) <= 1, "draw more of its cases at random, or from more possibilities"


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
@pytest.mark.parametrize("seed", SECRET)
def test_the_reference_passes_on_a_large_seed(exercise, seed):
    verdict = exercise.judge(exercise.answer, seed)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=name_of)
@pytest.mark.parametrize("seed", [SECRET[0], LARGEST])
def test_a_mistake_does_not_pass_on_a_large_seed(exercise, mistake, seed):
    assert exercise.judge(mistake.answer, seed).state == "wrong"
