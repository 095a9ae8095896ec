"""A batch of sequences of different lengths, padded to one length. Many computations want only the
real steps, in one row, and have to know afterwards from which sequence each came.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.13",
    "Only the real steps",
    minutes=12,
    difficulty=2,
    hints=[
        "For lengths 2 and 3, write down by hand which cells of a (2, 4) table are real.",
        "Comparing the numbers of the steps with a column of lengths gives a mask for the whole "
        "table.",
        "A mask of two dimensions picks from a tensor of three as well. And where a mask is True, "
        "`nonzero` knows.",
    ],
)


@exercise.reference
def keep_valid(x, lengths):
    """The real steps of all sequences, in order, and from which sequence each one is.

    x: shape (batch, time, ...), any dtype, any strides. lengths: int64, shape (batch,), from 0 to
    time: the steps after them are padding.
    Returns a tuple (steps, owners): a copy of the real steps, shape (number of real steps, ...);
    and the row of x of each of them, int64, shape (number of real steps,).
    """
    real = torch.arange(x.shape[1]) < lengths[:, None]  # (batch, time)
    return x[real], real.nonzero()[:, 0]


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]]), torch.tensor([2, 3])
