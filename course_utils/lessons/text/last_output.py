"""A recurrent network gives an output for each place, also for padding. Take each text's own last
one.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.text.facts import result_and_gradients
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
    Returns float32 of shape (batch, features), through which gradients reach outputs.
    """
    last = (lengths - 1)[:, None, None]  # (batch, 1, 1)
    index = last.expand(-1, -1, outputs.shape[2])  # (batch, 1, features)
    return outputs.gather(1, index).squeeze(1)  # (batch, features)


@exercise.cases
def _(rng):
    yield torch.arange(12.0).reshape(2, 3, 2), torch.tensor([2, 1])
    yield torch.arange(8.0).reshape(1, 4, 2), torch.tensor([3])
    yield torch.arange(12.0).reshape(3, 2, 2), torch.tensor([1, 2, 1])
    # Zeros: an output, or padding.
    yield (
        torch.tensor([[[1.0], [0.0], [2.0], [0.0]], [[3.0], [0.0], [0.0], [0.0]]]),
        torch.tensor([3, 2]),
    )
    column = torch.tensor([[2, 9], [1, 9]])[:, 0]
    yield numbers(rng, 3, 2, 3).transpose(0, 1), column  # as nn.GRU gives it
    for _ in range(2):
        lengths = torch.tensor([rng.randint(1, 2), 4, rng.randint(2, 3)])
        yield numbers(rng, 3, 5, 2), lengths
    yield numbers(rng, 2, 3, 2).requires_grad_(), torch.tensor([1, 2])


@exercise.observe
def _(answer, outputs, lengths):
    return result_and_gradients(answer(outputs, lengths), outputs=outputs)


@exercise.mistake(
    "You took the last column of the batch. For a short text that is padding, not its last output."
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


@exercise.mistake(
    "You take zeros for padding. A network may give a zero, and other numbers at padding: only the "
    "lengths tell them apart."
)
def zeros_are_padding(outputs, lengths):
    real = (outputs != 0).any(dim=2).sum(dim=1)
    return outputs[torch.arange(len(outputs)), real - 1]


@exercise.mistake("Rows and places are exchanged: the first dimension is the batch.")
def time_first(outputs, lengths):
    return outputs[lengths - 1, torch.arange(len(lengths))]


@exercise.mistake(
    "`squeeze()` without a number takes away every dimension of size 1, with one text also that of "
    "the batch."
)
def squeezes_everything(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths - 1].squeeze()


@exercise.mistake("The result is right, but the lengths of the caller are smaller than before.")
def changes_the_lengths(outputs, lengths):
    lengths -= 1
    return outputs[torch.arange(len(outputs)), lengths]


@exercise.mistake("That is the sum of all outputs of a text. Only the last real one is asked for.")
def sum_of_the_real(outputs, lengths):
    real = torch.arange(outputs.shape[1]) < lengths[:, None]
    return (outputs * real[:, :, None]).sum(dim=1)


@exercise.mistake("That is the mean of all outputs of a text. Only the last real one is asked for.")
def mean_of_the_real(outputs, lengths):
    real = torch.arange(outputs.shape[1]) < lengths[:, None]
    return (outputs * real[:, :, None]).sum(dim=1) / lengths[:, None]


@exercise.mistake(
    "You count from the end, as if the padding stood in front. It stands behind the tokens."
)
def padding_in_front(outputs, lengths):
    return outputs[torch.arange(len(outputs)), outputs.shape[1] - lengths]


@exercise.mistake(
    "All rows of your result come from text 0. The places are right, but each belongs to a text of "
    "its own."
)
def rows_of_the_first_text(outputs, lengths):
    return outputs.reshape(-1, outputs.shape[2])[lengths - 1]


@exercise.mistake(
    "In one long table of all places, text 1 begins after all places of text 0. Your numbers of "
    "rows do not begin there."
)
def rows_by_features(outputs, lengths):
    batch, _, features = outputs.shape
    flat = outputs.reshape(-1, features)
    return flat[torch.arange(batch) * features + lengths - 1]


@exercise.mistake("Your rows are in another order than the batch. The labels would not move along.")
def sorted_by_length(outputs, lengths):
    lengths, order = lengths.sort(descending=True)
    return outputs[order][torch.arange(len(lengths)), lengths - 1]


@exercise.mistake(
    "The numbers are right, but no gradient comes back through them: the network could never "
    "learn. On the way something has left the graph."
)
def out_of_the_graph(outputs, lengths):
    return outputs.detach()[torch.arange(len(outputs)), lengths - 1]


@exercise.right
def by_two_lists(outputs, lengths):
    return outputs[torch.arange(outputs.shape[0]), lengths - 1]
