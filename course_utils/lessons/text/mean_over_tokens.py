"""The simplest vector of a whole text is the mean of the vectors of its tokens. A text must get the
same mean in every batch.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.text.facts import result_and_gradients
from course_utils.lessons.text.inputs import numbers

exercise = Exercise(
    "08.6",
    "The mean over real tokens",
    minutes=15,
    difficulty=2,
    hints=[
        "Leave the padding out in both places: in the sum, and in the number to divide by.",
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
    Returns float32 of shape (batch, features), through which gradients reach vectors. An empty
    text gives zeros.
    """
    real = torch.arange(vectors.shape[1]) < lengths[:, None]  # (batch, time)
    total = (vectors * real[:, :, None]).sum(dim=1)  # (batch, features)
    return total / lengths.clamp(min=1)[:, None]


@exercise.cases
def _(rng):
    yield torch.tensor([[[2.0], [4.0], [9.0]], [[1.0], [2.0], [6.0]]]), torch.tensor([2, 3])
    yield torch.tensor([[[5.0, 7.0], [1.0, 1.0]], [[2.0, 3.0], [4.0, 5.0]]]), torch.tensor([0, 1])
    # A zero is not always padding.
    yield torch.tensor([[[0.0], [4.0], [0.0]], [[1.0], [2.0], [0.0]]]), torch.tensor([2, 2])
    # Beside such padding nothing is left of a small number, in a sum of both.
    yield torch.tensor([[[2.0], [1e30]], [[1.0], [3.0]]]), torch.tensor([1, 2])
    yield numbers(rng, 1, 3, 2), torch.tensor([2])
    column = torch.tensor([[2, 9], [1, 9]])[:, 0]
    yield numbers(rng, 3, 2, 2).transpose(0, 1), column
    for _ in range(2):
        yield numbers(rng, 3, 4, 2), torch.tensor([rng.randint(1, 3), 2, 4])
    yield numbers(rng, 2, 3, 2).requires_grad_(), torch.tensor([0, 2])


@exercise.observe
def _(answer, vectors, lengths):
    return result_and_gradients(answer(vectors, lengths), vectors=vectors)


@exercise.mistake(
    "The padding is part of your mean. The longer the other texts of the batch are, the more of "
    "it there is."
)
def mean_of_everything(vectors, lengths):
    return vectors.mean(dim=1)


@exercise.mistake(
    "The padding is out of the sum, but each sum is divided by a number that belongs to the batch. "
    "Beside other texts, the same text would get another mean."
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


@exercise.mistake(
    "You divide by a little more than the length. That avoids 0 / 0, and makes all other means "
    "too small."
)
def plus_one(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / (lengths + 1)[:, None]


@exercise.mistake("That is the sum. A long text would get a larger vector than a short one.")
def sum_not_mean(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1)


@exercise.mistake(same_as=plus_one)
def plus_a_little(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / (lengths + 1e-3)[:, None]


@exercise.mistake(same_as=divides_by_the_width)
def divides_by_the_longest(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths.max().clamp(min=1)


@exercise.mistake(same_as=divides_by_the_width)
def divides_by_the_mean_length(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths.float().mean()


@exercise.mistake(
    "You take zeros for padding. A real token may have the vector of zeros, and padding other "
    "numbers: only the lengths tell them apart."
)
def zeros_are_padding(vectors, lengths):
    real = (vectors != 0).any(dim=2)
    return (vectors * real[:, :, None]).sum(dim=1) / real.sum(dim=1).clamp(min=1)[:, None]


@exercise.mistake("The means are right, but the vectors of the caller have changed.")
def writes_zeros(vectors, lengths):
    with torch.no_grad():
        for text, length in zip(vectors, lengths.tolist(), strict=True):
            text[length:] = 0
    return vectors.sum(dim=1) / lengths.clamp(min=1)[:, None]


@exercise.mistake(same_as=writes_zeros)
def writes_zeros_and_raises(vectors, lengths):
    for text, length in zip(vectors, lengths.tolist(), strict=True):
        text[length:] = 0
    return vectors.sum(dim=1) / lengths.clamp(min=1)[:, None]


@exercise.mistake("One place too many is counted. A text of length 2 has the places 0 and 1.")
def one_too_many(vectors, lengths):
    real = torch.arange(vectors.shape[1]) <= lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths.clamp(min=1)[:, None]


@exercise.mistake(
    "You took the mean over the features as well. Each of them has a mean of its own."
)
def over_the_features(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    total = (vectors * real[:, :, None]).mean(dim=2, keepdim=True).sum(dim=1)
    return total / lengths.clamp(min=1)[:, None]


@exercise.mistake(
    "Empty texts have no row in your result, so the rows no longer belong to their texts."
)
def leaves_out_empty_texts(vectors, lengths):
    means = [v[:n].mean(dim=0) for v, n in zip(vectors, lengths.tolist(), strict=True) if n]
    return torch.stack(means)


@exercise.mistake("For an empty text you give its first padding. It has no token: zeros.")
def first_padding(vectors, lengths):
    lengths = lengths.clamp(min=1)
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths[:, None]


@exercise.mistake(
    "All texts have the same mean: that of all tokens together. Each text has its own."
)
def one_mean_for_all(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return vectors[real].mean(dim=0).expand(len(lengths), -1)


@exercise.mistake(
    "The numbers are right, but no gradient comes back through them: the vectors could never be "
    "learned. On the way something has left the graph."
)
def out_of_the_graph(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors.detach() * real[:, :, None]).sum(dim=1) / lengths.clamp(min=1)[:, None]


@exercise.mistake(
    "The padding is added, and taken away again. How many digits of a 2.0 are left in a sum with "
    "1e30?"
)
def takes_the_padding_away(vectors, lengths):
    padding = torch.arange(vectors.shape[1]) >= lengths[:, None]
    total = vectors.sum(dim=1) - (vectors * padding[:, :, None]).sum(dim=1)
    return total / lengths.clamp(min=1)[:, None]


@exercise.mistake(same_as=empty_is_nan)
def means_of_slices(vectors, lengths):
    pairs = zip(vectors, lengths.tolist(), strict=True)
    return torch.stack([text[:length].mean(dim=0) for text, length in pairs])


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
