"""Fresh cases: who has written down what the visible cases want is wrong on a secret seed.

Students see the cases of seed 0 as often as they like. A grader draws other ones.
"""

import pytest

from course_utils.exercise import all_exercises
from grading.review.readiness import gets_through, written_cases

EXERCISES = all_exercises()
MISTAKES = [(e, m) for e in EXERCISES for m in e.mistakes]
# A grader's seed has 63 bits.
LARGEST = 2**63 - 1
SECRET = [2**62 + 12345, LARGEST, 3_141_592_653_589_793_238]


def name_of(value):
    return getattr(value, "id", None) or getattr(value, "name", None)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_a_table_of_the_visible_cases_does_not_pass(exercise):
    visible = written_cases(exercise, 0)
    assert gets_through(visible, visible)
    passed = [seed for seed in SECRET if gets_through(visible, written_cases(exercise, seed))]
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
