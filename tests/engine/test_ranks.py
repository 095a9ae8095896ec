"""Exercises on real ranks: what is told of answers in which ranks wait for each other."""

import pytest

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
