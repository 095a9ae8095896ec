"""The simplest vector of a whole text is the mean of the vectors of its tokens. A text must get the
same mean in every batch.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.text.inputs import numbers

exercise = Exercise(
    "08.6",
    "The mean over real tokens",
    minutes=15,
    difficulty=2,
    hints=[
        "The padding must not count twice: not in the sum, and not in the number to divide by.",
        "A mask of shape (batch, time, 1) broadcasts over the features.",
        "For an empty text the sum is 0 already. Only the division 0 / 0 has to be avoided: "
        "`clamp(min=1)`.",
    ],
)


@exercise.reference
def mean_over_tokens(vectors, lengths):
    """The mean vector of each text, over its real tokens only.

    vectors: float32 of shape (batch, time, features); beyond a text's length stands padding,
    which may have any finite values. lengths: int64 of shape (batch,), from 0 to time.
    Returns float32 of shape (batch, features). An empty text gives zeros.
    """
    real = torch.arange(vectors.shape[1]) < lengths[:, None]  # (batch, time)
    total = (vectors * real[:, :, None]).sum(dim=1)  # (batch, features)
    return total / lengths.clamp(min=1)[:, None]


@exercise.cases
def _(rng):
    yield torch.tensor([[[2.0], [4.0], [9.0]], [[1.0], [2.0], [6.0]]]), torch.tensor([2, 3])
    yield torch.tensor([[[5.0, 7.0], [1.0, 1.0]], [[2.0, 3.0], [4.0, 5.0]]]), torch.tensor([0, 1])
    for _ in range(2):
        yield numbers(rng, 3, 4, 2), torch.tensor([rng.randint(1, 3), 2, 4])


@exercise.mistake(
    "The padding is part of your mean. The longer the other texts of the batch are, the more of "
    "it there is."
)
def mean_of_everything(vectors, lengths):
    return vectors.mean(dim=1)


@exercise.mistake(
    "The padding is out of the sum, but you divide by the width of the batch. In a batch with a "
    "longer text, the same text would get a smaller mean."
)
def divides_by_the_width(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).mean(dim=1)


@exercise.mistake(
    "You divide by the right number, but the sum has the padding in it. That only works while all "
    "padding is zero."
)
def padding_in_the_sum(vectors, lengths):
    return vectors.sum(dim=1) / lengths.clamp(min=1)[:, None]


@exercise.mistake(
    "An empty text gives 0 / 0, which is NaN. One such text makes the loss of the whole batch NaN."
)
def empty_is_nan(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths[:, None]


@exercise.mistake("You added 1 to each length to avoid 0 / 0. All other means are too small now.")
def plus_one(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / (lengths + 1)[:, None]


@exercise.mistake("That is the sum. A long text would get a larger vector than a short one.")
def sum_not_mean(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1)


@exercise.right
def text_by_text(vectors, lengths):
    means = [
        text[:length].mean(dim=0) if length else torch.zeros(text.shape[1])
        for text, length in zip(vectors, lengths.tolist(), strict=True)
    ]
    return torch.stack(means)


@exercise.right
def by_matrix_product(vectors, lengths):
    weights = (torch.arange(vectors.shape[1]) < lengths[:, None]).float()
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.bmm(weights[:, None, :], vectors)[:, 0]
