"""Exercises on real ranks: what is told of answers in which ranks wait for each other."""

import pytest
import torch
import torch.distributed as dist

from course_utils import exercise
from course_utils.catalogue import Catalogue
from course_utils.exercise import Exercise, ExerciseFault
from course_utils.observation import WAITED, Observation, Raised
from course_utils.recognition import ended_together


def waited(message):
    return Observation(raised=Raised(WAITED, message, through_answer=True))


RIGHT = [Observation(value=1), Observation(value=2)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # Which rank gives up first, and whether the next case is tried, is chance.
        ([waited("each")], [waited("rank 1"), waited("rank 0")], True),
        ([waited("each")], [waited("rank 1"), Observation(value=7)], True),
        ([Observation(value=1), waited("each")], [waited("rank 1"), waited("rank 1")], False),
        ([Observation(value=1)], [Observation(value=1), waited("each")], False),
    ],
)
def test_who_waits_first_does_not_tell_answers_apart(one, other, same):
    assert ended_together(RIGHT, one, other) is same
    assert ended_together(RIGHT, other, one) is same


def test_a_reference_that_waits_is_a_fault_of_the_exercise(monkeypatch):
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    made = Exercise("99.1", "Sum", minutes=3, difficulty=1, hints=["one", "two"], ranks=2)

    @made.reference
    def summed(x):
        """The sum."""
        if dist.get_rank() == 0:
            dist.all_reduce(x)
        return x

    @made.cases
    def cases(rng):
        yield (torch.tensor([1.0]),)

    with pytest.raises(ExerciseFault, match=r"99\.1, case 1: with the reference, rank 0 waits"):
        made.judge(lambda x: x)
