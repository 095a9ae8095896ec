"""Ten samples for three processes. All need equally many. Do what `DistributedSampler` does with
`shuffle=False`, by hand.

```
rank 0: [0, 3, 6, 9]    rank 1: [1, 4, 7, 0]    rank 2: [2, 5, 8, 1]
```
"""

import math

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.15",
    "Share a dataset between processes",
    minutes=15,
    difficulty=2,
    without=["DistributedSampler"],
    hints=[
        "Deal the indices out like playing cards: 0 to rank 0, 1 to rank 1, and so on, then again "
        "from rank 0.",
        "All ranks need equally many. How many does each get, with and without `drop_last`?",
        "Make the list of all indices exactly as long as needed first: cut it, or repeat it from "
        "the beginning. Then take every num_replicas-th.",
    ],
)


@exercise.reference
def rank_indices(count, num_replicas, rank, drop_last):
    """The indices that one of several processes gets, as DistributedSampler gives them
    without shuffling, but written by hand.

    count: the number of samples. num_replicas: the number of processes. rank: the number of this
    process, from 0. All processes get equally many indices: with drop_last the samples that are
    too many are left out; without it, samples are repeated from the beginning. Returns a list of
    ints.
    """
    indices = list(range(count))
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    while len(indices) < each * num_replicas:
        indices.extend(range(count))
    return indices[: each * num_replicas][rank::num_replicas]


@exercise.cases
def _(rng):
    yield 10, 3, 0, False
    yield 10, 3, 2, False
    yield 10, 3, 0, True
    yield 9, 3, 1, False
    yield 2, 5, 4, False
    yield 8, 3, 1, True
    for _ in range(3):
        replicas = rng.randint(2, 4)
        yield rng.randint(5, 14), replicas, rng.randrange(replicas), rng.choice([True, False])


@exercise.mistake(
    "You cut the indices into blocks. The sampler deals them out one by one, like cards."
)
def in_blocks(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = (list(range(count)) * num_replicas)[: each * num_replicas]
    return indices[rank * each : (rank + 1) * each]


@exercise.mistake(
    "Some processes get one sample more than others. They would wait for each other for ever at "
    "the end of the epoch: all need equally many."
)
def uneven(count, num_replicas, rank, drop_last):
    return list(range(count))[rank::num_replicas]


@exercise.mistake(
    "You have `drop_last` the wrong way round: with it samples are left out, without it some are "
    "repeated."
)
def inverted_drop_last(count, num_replicas, rank, drop_last):
    each = math.ceil(count / num_replicas) if drop_last else count // num_replicas
    indices = (list(range(count)) * num_replicas)[: each * num_replicas]
    return indices[rank::num_replicas]


@exercise.mistake(
    "You fill up with the last sample again and again. The sampler begins again at the front."
)
def repeats_the_last(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = list(range(count)) + [count - 1] * num_replicas
    return indices[: each * num_replicas][rank::num_replicas]


@exercise.mistake(
    "You repeat the dataset at most once. With more than twice as many processes as samples, that "
    "is not enough."
)
def repeats_once(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = (list(range(count)) * 2)[: each * num_replicas]
    return indices[rank::num_replicas]


@exercise.right
def by_remainders(count, num_replicas, rank, drop_last):
    each, rest = divmod(count, num_replicas)
    if rest and not drop_last:
        each += 1
    return [(rank + turn * num_replicas) % count for turn in range(each)]


exercise.equivalent(
    "while len(indices) < each * num_replicas:",
    "while len(indices) <= each * num_replicas:",
    because="What is too many is cut off below.",
)


exercise.equivalent(
    "each += 1",
    "each = each + 1",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
