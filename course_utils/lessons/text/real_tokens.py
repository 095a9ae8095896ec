"""Tell every place of a padded batch apart: word or padding? One comparison is enough; no
loop is needed.
"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "08.5",
    "A mask from lengths",
    minutes=10,
    difficulty=2,
    hints=[
        "Number the places of a row: 0, 1, 2, ... A place is real as long as its number is below "
        "the length.",
        "Compare a row of places, shape (time,), with a column of lengths, shape (batch, 1): they "
        "broadcast to (batch, time).",
    ],
)


@exercise.reference
def real_tokens(lengths, time):
    """A bool tensor of shape (batch, time), True where a padded batch has a real token.

    lengths: int64 of shape (batch,), from 0 to time. time: int, the number of columns of the
    batch. It may be larger than the largest length.
    """
    places = torch.arange(time)  # (time,)
    return places < lengths[:, None]  # (batch, time)


@exercise.cases
def _(rng):
    yield torch.tensor([2, 3, 1]), 3
    yield torch.tensor([0, 4]), 4
    yield torch.tensor([1, 2]), 5
    for _ in range(2):
        time = rng.randint(3, 5)
        yield torch.tensor([0, time - 1, *[rng.randint(1, time) for _ in range(2)]]), time


@exercise.mistake(
    "Each row has one True too many. Places are counted from 0, so the last of three is place 2."
)
def one_too_many(lengths, time):
    return torch.arange(time) <= lengths[:, None]


@exercise.mistake(
    "Yours is True where the padding is. Both ways are in use: read which one is asked for."
)
def true_is_padding(lengths, time):
    return torch.arange(time) >= lengths[:, None]


@exercise.mistake("Yours is (time, batch). The column and the row were exchanged.")
def time_first(lengths, time):
    return torch.arange(time)[:, None] < lengths


@exercise.mistake(
    "The values are right, but they are numbers. As an index 0 and 1 mean rows, and in attention "
    "they are added to the scores. A mask is bool."
)
def numbers_not_bool(lengths, time):
    return (torch.arange(time) < lengths[:, None]).long()


@exercise.mistake(
    "Your mask is as wide as the longest text. The batch may be wider; its width is given."
)
def as_wide_as_the_longest(lengths, time):
    return torch.arange(int(lengths.max())) < lengths[:, None]


@exercise.right
def counts_up(lengths, time):
    ones = torch.ones(len(lengths), time, dtype=torch.int64)
    return ones.cumsum(dim=1).le(lengths.unsqueeze(1))


exercise.equivalent(
    "ones = torch.ones(len(lengths), time, dtype=torch.int64)",
    "ones = torch.ones(len(lengths), time)",
    "ones = torch.ones(len(lengths), time, dtype=torch.int32)",
    because="Numbers as small as lengths are exact in any dtype, and `ones` was made here.",
)


exercise.equivalent(
    "return ones.cumsum(dim=1).le(lengths.unsqueeze(1))",
    "return ones.cumsum_(dim=1).le(lengths.unsqueeze(1))",
    because="Numbers as small as lengths are exact in any dtype, and `ones` was made here.",
)
