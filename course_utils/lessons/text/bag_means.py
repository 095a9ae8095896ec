"""Compute what `nn.EmbeddingBag` computes, without it. A loop over the bags will do."""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.text.facts import result_and_gradients
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
    """What `nn.EmbeddingBag(mode="mean")` gives.

    table: float32 of shape (words, features), the weight. ids: int64 of shape (ids,), all bags
    one after the other. offsets: int64 of shape (bags,), where each bag begins; the first is 0.
    Returns float32 of shape (bags, features): the mean of the rows of each bag, and zeros for an
    empty bag. Gradients reach table through it.
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
    yield table, torch.tensor([2, 2, 1]), torch.tensor([0])  # one bag; a word counts twice
    # Beside such a number nothing is left of a small one, in a sum of both.
    yield torch.tensor([[1e30], [2.0], [4.0]]), torch.tensor([0, 1, 2]), torch.tensor([0, 1])
    columns = torch.tensor([[2, 0], [0, 1], [1, 3]])
    yield numbers(rng, 2, 3).T, columns[:, 0], columns[:, 1]  # views: the last bag is empty
    for _ in range(2):
        ids = [rng.randint(0, 4) for _ in range(6)]
        yield numbers(rng, 5, 3), torch.tensor(ids), torch.tensor([0, 2, 2, rng.randint(3, 5)])
    yield numbers(rng, 3, 2).requires_grad_(), torch.tensor([2, 0, 2]), torch.tensor([0, 2])


@exercise.observe
def _(answer, table, ids, offsets):
    return result_and_gradients(answer(table, ids, offsets), table=table)


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


@exercise.mistake(
    "The last id belongs to no bag of yours. The last bag goes up to the end of the ids."
)
def loses_the_last_id(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids) - 1]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end != start:
            means[i] = table[ids[start:end]].mean(dim=0)
    return means


@exercise.mistake("An id that comes twice in a bag counts once in yours. It counts twice.")
def each_id_once(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end].unique()].mean(dim=0)
    return means


@exercise.mistake(
    "You divide by the number of all ids. The mean of a bag is that of its own rows, whatever "
    "stands in the others."
)
def divides_by_all_ids(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].sum(dim=0) / len(ids) for start, end in pairs])


@exercise.mistake(
    "You took rows of the table by the places in `ids`, and not by the numbers that stand there."
)
def without_ids(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[start:end].mean(dim=0)
    return means


@exercise.mistake(
    "Id 0 is missing from your means. Without a `padding_idx` it is a word as the others: there is "
    "no padding in bags."
)
def zero_is_padding(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        words = ids[start:end]
        if end > start:
            means[i] = table[words[words != 0]].mean(dim=0)
    return means


@exercise.mistake("An empty bag gets a row of the table in yours. It has no word: zeros.")
def a_row_for_an_empty_bag(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack(
        [table[ids[start:end]].mean(dim=0) if end > start else table[0] for start, end in pairs]
    )


@exercise.mistake(
    "Your mean goes over the features of each word. That leaves a number for each word, and a bag "
    "wants one for each feature."
)
def over_the_features(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    zeros = torch.zeros(table.shape[1])
    return torch.stack(
        [table[ids[start:end]].mean(dim=1) if end > start else zeros for start, end in pairs]
    )


@exercise.mistake(
    "The numbers are right, but no gradient comes back through them: the table could never be "
    "learned. On the way something has left the graph."
)
def out_of_the_graph(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table.detach()[ids[start:end]].mean(dim=0)
    return means


@exercise.mistake(
    "Your sum of a bag is a difference of two longer sums, so other bags are in it. What is left "
    "of a small number beside 1e30?"
)
def differences_of_sums(table, ids, offsets):
    sums = torch.cat([torch.zeros(1, table.shape[1]), table[ids].cumsum(dim=0)])
    ends = torch.cat([offsets[1:], torch.tensor([len(ids)])])
    return (sums[ends] - sums[offsets]) / (ends - offsets).clamp(min=1)[:, None]


@exercise.right
def adds_rows_to_bags(table, ids, offsets):
    ends = torch.cat([offsets[1:], torch.tensor([len(ids)])])
    counts = ends - offsets
    bag_of = torch.repeat_interleave(torch.arange(len(offsets)), counts)
    sums = torch.zeros(len(offsets), table.shape[1]).index_add(0, bag_of, table[ids])
    return sums / counts.clamp(min=1)[:, None]
