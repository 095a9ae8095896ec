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
    yield torch.tensor([2]), 3
    yield torch.tensor([[3, 9], [1, 9], [2, 9]])[:, 0], 3  # a column of a larger tensor
    for _ in range(2):
        time = rng.randint(3, 5)
        yield torch.tensor([0, time - 1, *[rng.randint(1, time) for _ in range(2)]]), time


@exercise.mistake(
    "A row with padding has one True too many. Places are counted from 0, so the last of three is "
    "place 2."
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
    "The values are right, but they are numbers. As an index, whole numbers mean rows and floats "
    "are refused; attention refuses whole numbers and adds floats to the scores. A mask is bool."
)
def numbers_not_bool(lengths, time):
    return (torch.arange(time) < lengths[:, None]).long()


@exercise.mistake(
    "Your mask is as wide as the longest text. The batch may be wider; its width is given."
)
def as_wide_as_the_longest(lengths, time):
    return torch.arange(int(lengths.max())) < lengths[:, None]


@exercise.mistake(same_as=numbers_not_bool)
def numbers_of_float(lengths, time):
    return (torch.arange(time) < lengths[:, None]).float()


@exercise.mistake(
    "You compare place i with the length of text i: two rows of numbers meet one to one, or raise. "
    "Every place is to meet every length."
)
def place_by_place(lengths, time):
    return torch.arange(time) < lengths


@exercise.mistake(
    "Each text is one token short. If the places are counted from 1, the last of three is place 3."
)
def one_too_few(lengths, time):
    return torch.arange(1, time + 1) < lengths[:, None]


@exercise.mistake("In your mask the padding stands in front. It comes after the tokens.")
def padding_in_front(lengths, time):
    return torch.arange(time).flip(0) < lengths[:, None]


@exercise.mistake("An empty text has no real token. In your mask its first padding is one.")
def empty_has_one(lengths, time):
    return torch.arange(time) < lengths.clamp(min=1)[:, None]


@exercise.mistake("Only one place of each text is True, its last token. All its tokens are real.")
def last_token_only(lengths, time):
    return torch.arange(time) == lengths[:, None] - 1


@exercise.mistake(
    "The mask is right, but the lengths of the caller have changed, and will be needed again."
)
def counts_the_lengths_down(lengths, time):
    columns = []
    for _ in range(time):
        columns.append(lengths > 0)
        lengths -= 1
    return torch.stack(columns, dim=1)


@exercise.mistake("Yours is a list of lists. A mask is used with tensors: it is one itself.")
def nested_lists(lengths, time):
    return [[place < length for place in range(time)] for length in lengths.tolist()]


@exercise.mistake("Row 0 of yours has one True, row 1 two, and so on, whatever the lengths are.")
def a_triangle(lengths, time):
    return torch.ones(len(lengths), time).tril().bool()


@exercise.right
def counts_up(lengths, time):
    ones = torch.ones(len(lengths), time, dtype=torch.int64)
    return ones.cumsum(dim=1).le(lengths.unsqueeze(1))


exercise.equivalent(
    "ones = torch.ones(len(lengths), time, dtype=torch.int64)",
    "ones = torch.ones(len(lengths), time)",
    "ones = torch.ones(len(lengths), time, dtype=torch.int32)",
    because="Numbers as small as lengths are exact in all of these, and `ones` was made here.",
)


exercise.equivalent(
    "return ones.cumsum(dim=1).le(lengths.unsqueeze(1))",
    "return ones.cumsum_(dim=1).le(lengths.unsqueeze(1))",
    because="Numbers as small as lengths are exact in all of these, and `ones` was made here.",
)
