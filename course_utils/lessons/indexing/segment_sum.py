"""Sums by group: what a GROUP BY does in a database, and what a graph network does at each of its
nodes. The groups come in any order.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted
from course_utils.promises import promised

exercise = Exercise(
    "02.14",
    "Sums by segment",
    minutes=15,
    difficulty=2,
    hints=[
        "An indexed `+=` counts one of several equal indices. Which functions count all of them?",
        "index_add adds whole rows; scatter_add wants one index for each element.",
        "-1 is a place like any other for some functions, and an error for others. What could be "
        "done with those rows before?",
    ],
)


@exercise.reference
def segment_sum(values, segments, count):
    """The sum of all values of each segment, without a Python loop.

    values: shape (n, ...), any int or float dtype, any strides. segments: int64, shape (n,), in any
    order: from 0 to count - 1, or -1 for a value that belongs to no segment. n may be 0.
    Returns a tensor of shape (count, ...) and of the dtype of values: 0 for a segment without any.
    """
    kept = segments >= 0
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments[kept], values[kept])


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0, 1, 0]), 2
