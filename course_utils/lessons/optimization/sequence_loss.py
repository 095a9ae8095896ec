"""A model gives scores for every word of every text, and short texts are filled up with padding.
Every real word counts the same; padding counts nothing.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import loss_and_gradient
from course_utils.lessons.optimization.inputs import decimals, labels
from course_utils.promises import promised

exercise = Exercise(
    "09.6",
    "Loss of padded sequences",
    minutes=15,
    difficulty=3,
    hints=[
        "cross_entropy wants the classes in dimension 1, or a table with one row for each word.",
        "`ignore_index` leaves words out of the sum *and* out of the count.",
        "With `reduction='sum'` you do the division yourself, and can avoid dividing by zero.",
    ],
)


@exercise.reference
def sequence_loss(logits, target, pad):
    """The mean cross-entropy of all words that are not padding.

    logits: float32, shape (n, length, classes), any strides. target: int64, shape (n, length), any
    strides, where the number `pad` marks padding, at any place. Returns a tensor of shape (),
    connected to the logits; it is 0 if everything is padding.
    """
    total = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="sum"
    )
    return total / (target != pad).sum().clamp(min=1)


@exercise.cases
def _(rng):
    yield decimals(rng, 1, 2, 2), torch.tensor([[1, 0]]), 0
    yield decimals(rng, 2, 3, 3), torch.tensor([[1, 2, 0], [2, 0, 0]]), 0
    yield decimals(rng, 2, 3, 4), torch.tensor([[1, 2, 3], [3, -100, -100]]), -100
    yield decimals(rng, 2, 4, 3), torch.tensor([[1, 2, 1, 2], [2, 2, 1, 1]]), 0
    yield decimals(rng, 2, 3, 3), torch.tensor([[0, 2, 1], [1, 0, 2]]), 0
    yield decimals(rng, 1, 3, 2), torch.tensor([[0, 0, 0]]), 0
    yield decimals(rng, 2, 3, 4), torch.tensor([[1, 2, -1], [3, -1, -1]]), -1
    # Classes on both sides of the number that marks padding.
    yield decimals(rng, 2, 3, 3), torch.tensor([[0, 2, 1], [2, 1, 1]]), 1
    for logits in promised(rng, "any strides", shape=(2, 2, 3)):
        yield logits, labels(rng, 9, 3)[1:].reshape(2, 4)[:, ::2], 0


@exercise.observe
def _(answer, logits, target, pad):
    return loss_and_gradient(answer, logits, target, pad)


@exercise.mistake(
    "The shapes fit, but the same row of numbers is only cut in a new way: the scores of different "
    "words and classes are mixed up. Lesson 01 has the picture."
)
def scrambles_with_view(logits, target, pad):
    n, length, classes = logits.shape
    losses = F.cross_entropy(
        logits.reshape(n, classes, length), target, ignore_index=pad, reduction="sum"
    )
    return losses / (target != pad).sum().clamp(min=1)


@exercise.mistake(
    "Padding counts as words in your loss. The loss of torch does not know which words are "
    "padding until you tell it; 0 is nothing special to it."
)
def counts_padding(logits, target, pad):
    target = target.clamp(min=0)
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


@exercise.mistake(same_as=counts_padding)
def never_looks_at_pad(logits, target, pad):
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


@exercise.mistake(same_as=counts_padding)
def clears_the_scores_of_padding(logits, target, pad):
    real = target != pad
    logits, target = logits * real.unsqueeze(-1), target * real
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


@exercise.mistake(
    "The mean over no words at all is 0 / 0, and that is NaN. One such loss makes NaN of every sum "
    "and every mean that it is put into."
)
def nan_without_words(logits, target, pad):
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=pad)


@exercise.mistake(
    "You add up the words without padding but divide by all places. The loss then depends on how "
    "much padding a batch happens to have."
)
def divides_by_all_places(logits, target, pad):
    losses = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="none"
    )
    return losses.mean()


@exercise.mistake(
    "You average each sequence first, and then the sequences. A word in a short sequence then "
    "counts more than one in a long sequence."
)
def mean_of_means(logits, target, pad):
    losses = F.cross_entropy(
        logits.transpose(1, 2), target, ignore_index=pad, reduction="none"
    ).sum(dim=1)
    return (losses / (target != pad).sum(dim=1).clamp(min=1)).mean()


@exercise.mistake(
    "The 0 for a batch of nothing but padding is right, and connected to nothing: backward() ends "
    "in an error there. Can a 0 come from the logits?"
)
def zero_from_nowhere(logits, target, pad):
    real = target != pad
    if not real.any():
        return torch.tensor(0.0)
    return F.cross_entropy(logits[real], target[real])


@exercise.mistake(
    "Padding is what `pad` says, in this batch. Another number may stand for it, and 0 may be a "
    "class like the others."
)
def padding_is_zero(logits, target, pad):
    total = F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=0, reduction="sum")
    return total / (target != 0).sum().clamp(min=1)


@exercise.mistake(
    "Only numbers on one side of `pad` count as words in your loss. `pad` may stand between the "
    "numbers of two classes."
)
def words_are_larger_than_pad(logits, target, pad):
    real = target > pad
    if not real.any():
        return logits.sum() * 0
    return F.cross_entropy(logits[real], target[real])


@exercise.mistake(
    "A `pad` such as -1 is the number of no class, and cannot be looked up in the scores. What "
    "has to happen to those places before?"
)
def pad_is_a_class(logits, target, pad):
    flat, real = target.flatten(), (target != pad).flatten()
    losses = F.cross_entropy(logits.flatten(0, 1), flat, reduction="none")
    return (losses * real).sum() / real.sum().clamp(min=1)


@exercise.mistake(
    "Your function needs a `pad` that is the number of a class, and at least one real word. "
    "What comes out where everything is padding, and what where `pad` is -1?"
)
def weight_of_the_pad_class(logits, target, pad):
    weight = torch.ones(logits.shape[-1])
    weight[pad] = 0
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), weight=weight)


@exercise.mistake(
    "You divide by the number of texts. It is the mean over the words: how many are there?"
)
def divides_by_the_texts(logits, target, pad):
    total = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="sum"
    )
    return total / len(target)


@exercise.mistake(
    "Nothing is divided by zero now, but every other mean is a little too small. Only a count of 0 "
    "needs help."
)
def one_word_too_many(logits, target, pad):
    total = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="sum"
    )
    return total / ((target != pad).sum() + 1)


@exercise.mistake(
    "You count the words and take as many from the front. Look where `pad` stands: not only at the "
    "end."
)
def padding_only_at_the_end(logits, target, pad):
    total, count = logits.sum() * 0, 0
    for scores, words in zip(logits, target, strict=True):
        n = int((words != pad).sum())
        total = total + F.cross_entropy(scores[:n], words[:n], reduction="sum")
        count += n
    return total / max(count, 1)


@exercise.mistake(
    "The loss is right, and the padding of the caller is another number than before: the next "
    "function that looks for `pad` finds none."
)
def writes_into_the_target(logits, target, pad):
    target[target == pad] = -100
    total = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum")
    return total / (target != -100).sum().clamp(min=1)


@exercise.mistake(
    "The number is right, but no gradient goes back to the logits. Which line cuts your loss off "
    "from them?"
)
def cut_from_the_graph(logits, target, pad):
    return sequence_loss(logits.detach(), target, pad)


@exercise.right
def sequence_loss_with_a_mask(logits, target, pad):
    real = target != pad
    if not real.any():
        return (logits * 0).sum()
    return F.cross_entropy(logits[real], target[real])


@exercise.right
def sequence_loss_with_classes_in_the_middle(logits, target, pad):
    losses = F.cross_entropy(logits.permute(0, 2, 1), target, ignore_index=pad, reduction="none")
    count = int((target != pad).sum())
    return losses.sum() / max(count, 1)


exercise.equivalent(
    "return (logits * 0).sum()",
    "return (logits * 0).mean()",
    because="All numbers are 0, and so are their sum and their mean.",
)


exercise.equivalent(
    "count = int((target != pad).sum())",
    "count = (target != pad).sum()",
    because="max takes a tensor of one number as well.",
)
