"""A recurrent network gives an output for each place, also for padding. Take each text's own last
one.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.text.inputs import numbers

exercise = Exercise(
    "08.9",
    "The last real output",
    minutes=10,
    difficulty=2,
    hints=[
        "A text of length 3 has its last output at place 2.",
        "One place for each row: either index with two lists, the rows and their places, or use "
        "`gather` along the time.",
        "`gather` wants an index with as many dimensions as its input, and it gives a result of "
        "the index's shape: (batch, 1, features). The dimension of size 1 goes away at the end.",
    ],
)


@exercise.reference
def last_output(outputs, lengths):
    """The output at the last real token of each text.

    outputs: float32 of shape (batch, time, features), as a recurrent network with
    batch_first=True gives it. lengths: int64 of shape (batch,), from 1 to time.
    Returns float32 of shape (batch, features).
    """
    last = (lengths - 1)[:, None, None]  # (batch, 1, 1)
    index = last.expand(-1, -1, outputs.shape[2])  # (batch, 1, features)
    return outputs.gather(1, index).squeeze(1)  # (batch, features)


@exercise.cases
def _(rng):
    yield torch.arange(12.0).reshape(2, 3, 2), torch.tensor([2, 1])
    yield torch.arange(8.0).reshape(1, 4, 2), torch.tensor([3])
    yield torch.arange(12.0).reshape(3, 2, 2), torch.tensor([1, 2, 1])
    for _ in range(2):
        lengths = torch.tensor([rng.randint(1, 2), 4, rng.randint(2, 3)])
        yield numbers(rng, 3, 5, 2), lengths


@exercise.mistake(
    "Place -1 is the last column of the batch. For a short text that is padding, not its last "
    "output."
)
def last_column(outputs, lengths):
    return outputs[:, -1]


@exercise.mistake(
    "You took the place after the last one: lengths are counted from 1, places from 0. A text that "
    "fills its row has no such place."
)
def one_step_too_far(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths]


@exercise.mistake(
    "A colon and a list of places give all these places for each row, so you have (batch, batch, "
    "features). Each row has only one place that is its own."
)
def every_place_for_every_row(outputs, lengths):
    return outputs[:, lengths - 1]


@exercise.mistake(
    "`gather` gives a result of the index's shape, and your index has one place in the features. "
    "So you have only the first feature."
)
def first_feature_only(outputs, lengths):
    return outputs.gather(1, (lengths - 1)[:, None, None]).squeeze(1)


@exercise.mistake("A dimension of size 1 is left in the middle: (batch, 1, features).")
def time_left_over(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths - 1][:, None]


@exercise.mistake(
    "You took one place for all rows, that of the longest text. For the shorter ones it is padding."
)
def place_of_the_longest(outputs, lengths):
    return outputs[:, int(lengths.max()) - 1]


@exercise.right
def by_two_lists(outputs, lengths):
    return outputs[torch.arange(outputs.shape[0]), lengths - 1]
