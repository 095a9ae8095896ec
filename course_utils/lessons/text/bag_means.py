"""Compute what `nn.EmbeddingBag` computes, with a loop over the bags."""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.text.inputs import numbers

exercise = Exercise(
    "08.8",
    "EmbeddingBag by hand",
    minutes=15,
    difficulty=2,
    without=ByHand("nn.functional.embedding_bag", may=("torch.nn.functional.embedding",)),
    hints=[
        "Bag i goes from offset i up to the next offset; the last one up to the end of the ids.",
        "A list of all borders helps: the offsets, then the number of ids.",
        "The mean of nothing is NaN. What does `nn.EmbeddingBag` give for an empty bag? Begin "
        "with zeros and fill only the bags that are not empty.",
    ],
)


@exercise.reference
def bag_means(table, ids, offsets):
    """What `nn.EmbeddingBag(mode="mean")` gives, computed bag by bag.

    table: float32 of shape (words, features), the weight. ids: int64 of shape (ids,), all bags
    one after the other. offsets: int64 of shape (bags,), where each bag begins; the first is 0.
    Returns float32 of shape (bags, features): the mean of the rows of each bag, and zeros for an
    empty bag.
    """
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])  # (bags, features)
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean(dim=0)
    return means


@exercise.cases
def _(rng):
    table = torch.tensor([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    yield table, torch.tensor([1, 3, 2, 2, 0]), torch.tensor([0, 2])
    yield table, torch.tensor([3, 1, 2]), torch.tensor([0, 1, 1])
    yield table, torch.tensor([3]), torch.tensor([0, 1])
    for _ in range(2):
        ids = [rng.randint(0, 4) for _ in range(6)]
        yield numbers(rng, 5, 3), torch.tensor(ids), torch.tensor([0, 2, 2, rng.randint(3, 5)])


@exercise.mistake(
    "The last bag is missing. Nobody tells where it ends, because nothing comes after it but the "
    "end of the ids."
)
def loses_the_last(table, ids, offsets):
    starts = offsets.tolist()
    means = torch.zeros(len(starts) - 1, table.shape[1])
    for i, (start, end) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean(dim=0)
    return means


@exercise.mistake("An empty bag gives NaN: the mean of no rows. `EmbeddingBag` gives zeros.")
def empty_bag_is_nan(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].mean(dim=0) for start, end in pairs])


@exercise.mistake(
    "You left empty bags out, so there are fewer rows than bags, and the rows no longer belong to "
    "their texts."
)
def leaves_out_empty_bags(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].mean(dim=0) for start, end in pairs if end > start])


@exercise.mistake("Those are the sums. That is another mode of `EmbeddingBag`.")
def sums(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].sum(dim=0) for start, end in pairs])


@exercise.mistake(
    "You took the mean over the features as well. Each feature of a bag has its own mean."
)
def one_number_a_bag(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean()
    return means


@exercise.mistake(
    "You used the offsets as lengths. They say where each bag begins, not how many ids it has."
)
def offsets_as_lengths(table, ids, offsets):
    means = torch.zeros(len(offsets), table.shape[1])
    start = 0
    for i, length in enumerate(offsets.tolist()):
        if length:
            means[i] = table[ids[start : start + length]].mean(dim=0)
        start += length
    return means


@exercise.right
def adds_rows_to_bags(table, ids, offsets):
    ends = torch.cat([offsets[1:], torch.tensor([len(ids)])])
    counts = ends - offsets
    bag_of = torch.repeat_interleave(torch.arange(len(offsets)), counts)
    sums = torch.zeros(len(offsets), table.shape[1]).index_add(0, bag_of, table[ids])
    return sums / counts.clamp(min=1)[:, None]
