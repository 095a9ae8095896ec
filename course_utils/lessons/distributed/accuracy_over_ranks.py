"""Each rank has scored its part of the test set. The parts are not equally large, and one may be
empty. Every rank needs the accuracy on the whole test set.

```
rank 0: 2 of 4 right    rank 1: 1 of 1 right    ->    3 of 5, which is 0.6
```
"""

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.6",
    "Accuracy over ranks",
    minutes=12,
    difficulty=2,
    ranks=RANKS,
    hints=[
        "In the example, what is the mean of the two accuracies? Who counts more in it than it "
        "should?",
        "Which two numbers of a rank say all that the whole test set needs of it?",
        "A rank without samples has two numbers as well. When is it time to divide?",
    ],
)


@exercise.reference
def accuracy_over_ranks(scores, labels):
    """The share of right samples among those of all ranks, as a Python float, on every rank.

    scores: float32, shape (n, classes), without ties. labels: int64, shape (n,). A sample is right
    where the largest score is that of its label. n differs from rank to rank and may be 0; together
    the ranks have at least one sample.
    """
    right = (scores.argmax(dim=1) == labels).sum()
    counts = torch.tensor([int(right), len(labels)])
    dist.all_reduce(counts)
    return counts[0].item() / counts[1].item()


def _scored(rng, counts, classes=3):
    """Scores and labels for each rank. counts: (right, all) of a rank."""
    scores, labels = [], []
    for right, count in counts:
        each = [rng.sample(range(-9, 10), classes) for _ in range(count)]
        table = torch.tensor(each, dtype=torch.float32).reshape(count, classes) / 2
        best = table.argmax(dim=1)
        wrong = torch.tensor([rng.randrange(1, classes) for _ in range(count)], dtype=torch.int64)
        is_right = torch.tensor(rng.sample([True] * right + [False] * (count - right), count))
        labels.append(torch.where(is_right.bool(), best, (best + wrong) % classes))
        scores.append(table)
    return ByRank(scores), ByRank(labels)


@exercise.cases
def _(rng):
    yield _scored(rng, ((2, 4), (1, 1)))
    yield _scored(rng, ((1, 3), (0, 0)))
    yield _scored(rng, ((0, 0), (3, 4)), classes=2)
    yield _scored(rng, ((0, 1), (0, 2)))
    counts = rng.sample(range(3, 9), RANKS)
    yield _scored(rng, [(rng.randint(1, n - 1), n) for n in counts], rng.randint(3, 5))


def _right(scores, labels):
    return (scores.argmax(dim=1) == labels).sum().item()


def _summed(*numbers):
    """The sums of these numbers over all ranks."""
    total = torch.tensor(numbers, dtype=torch.float64)
    dist.all_reduce(total)
    return total.tolist()


@exercise.mistake(
    "You take the mean of the ranks' accuracies. A rank with one sample counts in it as much as "
    "one with a thousand."
)
def mean_of_means(scores, labels):
    accuracy = (scores.argmax(dim=1) == labels).float().mean()
    dist.all_reduce(accuracy)
    return accuracy.item() / dist.get_world_size()


@exercise.mistake(same_as=mean_of_means)
def mean_of_means_with_zero_for_empty(scores, labels):
    accuracy = _right(scores, labels) / max(len(labels), 1)
    return _summed(accuracy)[0] / dist.get_world_size()


@exercise.mistake(same_as=mean_of_means)
def mean_of_means_without_the_empty(scores, labels):
    accuracy = _right(scores, labels) / max(len(labels), 1)
    total, ranks = _summed(accuracy, float(len(labels) > 0))
    return total / ranks


@exercise.mistake(
    "This is the accuracy on this rank's own part. Each rank has another one, and none has that "
    "of the whole test set."
)
def its_own(scores, labels):
    return _right(scores, labels) / max(len(labels), 1)


@exercise.mistake(same_as=its_own)
def its_own_and_nan(scores, labels):
    return (scores.argmax(dim=1) == labels).float().mean().item()


@exercise.mistake(same_as=its_own)
def its_own_and_zero_division(scores, labels):
    return _right(scores, labels) / len(labels)


@exercise.mistake(
    "What is right on all ranks is divided by the samples of this one. Both numbers are to be "
    "those of all ranks."
)
def by_its_own_count(scores, labels):
    (right,) = _summed(_right(scores, labels))
    return right / max(len(labels), 1)


@exercise.mistake(same_as=by_its_own_count)
def by_its_own_count_times_ranks(scores, labels):
    (right,) = _summed(_right(scores, labels))
    return right / max(len(labels) * dist.get_world_size(), 1)


@exercise.mistake(
    "A rank without samples goes home, and the others wait for it. It has nothing to add, but a "
    "collective needs everyone."
)
def empty_rank_goes_home(scores, labels):
    if len(labels) == 0:
        return 0.0
    right, count = _summed(_right(scores, labels), len(labels))
    return right / count


@exercise.mistake(
    "One rank has the accuracy. The others have something else, and they need it as well: to stop "
    "early, say."
)
def on_rank_0_only(scores, labels):
    counts = torch.tensor([float(_right(scores, labels)), float(len(labels))])
    dist.reduce(counts, dst=0)
    return (counts[0] / counts[1]).item()


@exercise.mistake(same_as=on_rank_0_only)
def none_on_the_others(scores, labels):
    counts = torch.tensor([float(_right(scores, labels)), float(len(labels))])
    dist.reduce(counts, dst=0)
    return (counts[0] / counts[1]).item() if dist.get_rank() == 0 else None


@exercise.mistake(
    "All ranks have the accuracy on the part of rank 0. What others tested does not count in it."
)
def accuracy_of_rank_0(scores, labels):
    accuracy = torch.tensor(_right(scores, labels) / max(len(labels), 1))
    dist.broadcast(accuracy, src=0)
    return accuracy.item()


@exercise.mistake(
    "You gather the samples themselves into room for as many as this rank has. The others have "
    "more or fewer."
)
def gathers_unequal_parts(scores, labels):
    hits = (scores.argmax(dim=1) == labels).float()
    every = [torch.empty_like(hits) for _ in range(dist.get_world_size())]
    dist.all_gather(every, hits)
    return torch.cat(every).mean().item()


@exercise.mistake("This is how many are right. The share of all samples was asked for.")
def how_many(scores, labels):
    return _summed(_right(scores, labels))[0]


@exercise.mistake("The accuracy is in a tensor. A Python float was asked for.")
def a_tensor(scores, labels):
    counts = torch.tensor([float(_right(scores, labels)), float(len(labels))])
    dist.all_reduce(counts)
    return counts[0] / counts[1]


@exercise.mistake("You add up the accuracies of the ranks: with two ranks, that can be 2.")
def sum_of_means(scores, labels):
    return _summed(_right(scores, labels) / max(len(labels), 1))[0]


@exercise.mistake(
    "The largest score of a sample is looked for along the samples. Which dimension are the "
    "classes?"
)
def along_the_samples(scores, labels):
    best = scores.argmax(dim=0) if len(labels) else torch.zeros(0)
    right = sum(int(a == b) for a, b in zip(best, labels, strict=False))
    right, count = _summed(right, len(labels))
    return right / count


@exercise.right
def two_collectives(scores, labels):
    right = torch.eq(scores.max(dim=1).indices, labels).sum()
    count = torch.tensor(labels.numel())
    dist.all_reduce(right, op=dist.ReduceOp.SUM)
    dist.all_reduce(count, op=dist.ReduceOp.SUM)
    return (right / count).item()


@exercise.right
def pairs_as_objects(scores, labels):
    hits = [bool(row.argmax() == label) for row, label in zip(scores, labels, strict=True)]
    every = [None] * dist.get_world_size()
    dist.all_gather_object(every, (sum(hits), len(hits)))
    return sum(right for right, _ in every) / sum(count for _, count in every)


@exercise.right
def weighted_means(scores, labels):
    count = torch.tensor(float(len(labels)))
    total = count.clone()
    dist.all_reduce(total)
    mean = (scores.argmax(-1) == labels).float().mean() if len(labels) else torch.zeros(())
    part = mean * count / total
    dist.all_reduce(part)
    return float(part)


@exercise.right
def counted_on_rank_0(scores, labels):
    own = torch.stack([(scores.argmax(1) == labels).sum(), torch.tensor(labels.shape[0])])
    rank = dist.get_rank()
    every = [torch.zeros_like(own) for _ in range(dist.get_world_size())] if rank == 0 else None
    dist.gather(own, every, dst=0)
    result = torch.zeros(1, dtype=torch.float64)
    if rank == 0:
        right, count = torch.stack(every).sum(0)
        result[0] = right / count
    dist.broadcast(result, src=0)
    return result.item()


@exercise.right
def all_samples_as_objects(scores, labels):
    hits = [None] * dist.get_world_size()
    dist.all_gather_object(hits, scores.argmax(dim=1).eq(labels))
    return torch.cat(hits).double().mean().item()
