"""Figures of several processes: what they say in words, and what they refuse."""

import pytest
import torch

from course_utils import figures

ONE, TWO = torch.tensor([1.0]), torch.tensor([2.0])


def test_collectives_say_who_holds_what():
    alt = figures.collectives([ONE, TWO], {"reduce": [ONE + TWO, None]}).alt
    assert "before: rank 0 (1), rank 1 (2)" in alt
    assert "reduce: rank 0 (3), rank 1 not defined" in alt


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: figures.collectives([], {}), "1 to 4 ranks, not 0"),
        (lambda: figures.collectives([ONE, TWO], {"sum": [ONE]}), "sum is given for 1 ranks"),
        (lambda: figures.ranks_in_a_step({"rank 0": [("sleep", 0, 1)]}, []), "not 'sleep'"),
        (lambda: figures.ranks_in_a_step({}, []), "at least one thing"),
        (lambda: figures.rank_epochs({}, count=2), "1 to 20 indices"),
        (lambda: figures.rank_epochs({"a": [[[2]]]}, count=2), "not in 0 ... 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(draw, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw()
