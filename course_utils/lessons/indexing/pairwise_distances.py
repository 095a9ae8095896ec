"""How far is each point of x from each point of y? Subtracting all pairs makes a tensor of n * m * d
numbers. There is a way that needs no more than the result, and no loop.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted

exercise = Exercise(
    "02.12",
    "All distances, without a large middle",
    minutes=20,
    difficulty=3,
    without=["torch.cdist", "nn.functional.pairwise_distance"],
    hints=[
        "Write out the square of (a - b) for numbers. Now for points: which of its three parts "
        "need both x and y?",
        "One part is a product of matrices; the other two are a column and a row that broadcast.",
        "A difference of two equal floats that were rounded on different ways can be a little below "
        "0. What is its square root?",
    ],
)


@exercise.reference
def pairwise_distances(x, y):
    """The Euclidean distance of each point of x from each point of y.

    x: shape (n, d), float32 or float64. y: shape (m, d), the same dtype. Both of any strides.
    Returns shape (n, m), the same dtype, never NaN. There is no Python loop, and no tensor made on
    the way has more elements than x, y and the result together.
    """
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T  # (n, m)
    return squares.clamp(min=0).sqrt()


@exercise.cases
def _(rng):
    yield torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 0.0], [3.0, 0.0], [6.0, 8.0]])
