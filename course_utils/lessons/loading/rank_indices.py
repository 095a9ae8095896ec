"""Ten samples for three processes. All need equally many. Do what `DistributedSampler` does with
`shuffle=False`, by hand.

```
rank 0: [0, 3, 6, 9]    rank 1: [1, 4, 7, 0]    rank 2: [2, 5, 8, 1]
```
"""

import math

import torch
from torch.utils.data import DistributedSampler

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

    count: the number of samples, at least 1. num_replicas: the number of processes, which may be
    more than samples. rank: the number of this process, from 0. All processes get equally many
    indices: with drop_last the samples that are too many are left out; without it, samples are
    repeated from the beginning. Returns a list of ints.
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
    yield 9, 3, rng.randrange(3), True
    yield 2, 3, 2, True
    yield 2, 5, 4, False
    yield 8, 3, 1, True
    yield 1, 7, 6, False
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


@exercise.mistake(same_as=uneven)
def uneven_unless_dropped(count, num_replicas, rank, drop_last):
    if drop_last:
        count -= count % num_replicas
    return list(range(rank, count, num_replicas))


@exercise.mistake("Samples are repeated with `drop_last` as well as without. What is it for?")
def never_drops(count, num_replicas, rank, drop_last):
    each = math.ceil(count / num_replicas)
    return [i % count for i in range(rank, each * num_replicas, num_replicas)]


@exercise.mistake("Samples are left out without `drop_last` as well as with it. What is it for?")
def always_drops(count, num_replicas, rank, drop_last):
    each = count // num_replicas
    return list(range(rank, each * num_replicas, num_replicas))


@exercise.mistake(
    "Where the samples can be shared out evenly, nothing has to be repeated or left out. Here a "
    "whole round is."
)
def one_round_too_many(count, num_replicas, rank, drop_last):
    each = count // num_replicas + (0 if drop_last else 1)
    return [i % count for i in range(rank, each * num_replicas, num_replicas)]


@exercise.mistake(same_as=one_round_too_many)
def drops_a_whole_round(count, num_replicas, rank, drop_last):
    each = (count - 1) // num_replicas if drop_last else math.ceil(count / num_replicas)
    return [i % count for i in range(rank, each * num_replicas, num_replicas)]


@exercise.mistake(
    "A rank that has too few samples repeats its own first one. The dealing goes on with the "
    "first samples of the dataset: 0 comes to the rank whose turn it is."
)
def repeats_its_own_first(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    own = list(range(rank, count, num_replicas))[:each]
    while len(own) < each:
        own.append(own[0])
    return own


@exercise.mistake(same_as=repeats_its_own_first)
def repeats_its_own_rank(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    own = list(range(rank, count, num_replicas))[:each]
    return own + [rank % count] * (each - len(own))


@exercise.mistake(
    "The repeated samples come from the end of the dataset. Which come after the last?"
)
def repeats_from_the_end(count, num_replicas, rank, drop_last):
    indices = list(range(count))
    if drop_last:
        indices = indices[: count // num_replicas * num_replicas]
    else:
        indices += indices[::-1][: -count % num_replicas]
    return indices[rank::num_replicas]


@exercise.mistake(same_as=repeats_from_the_end)
def repeats_the_last_ones(count, num_replicas, rank, drop_last):
    indices = list(range(count))
    missing = -count % num_replicas
    if drop_last:
        indices = indices[: count // num_replicas * num_replicas]
    elif missing:
        indices += indices[-missing:]
    return indices[rank::num_replicas]


@exercise.mistake(
    "One sample too many is repeated, so the list is not shared out evenly. How many are missing?"
)
def one_too_many(count, num_replicas, rank, drop_last):
    indices, rest = list(range(count)), count % num_replicas
    if rest and drop_last:
        indices = indices[:-rest]
    elif rest:
        indices += list(range(num_replicas - rest + 1))
    return indices[rank::num_replicas]


@exercise.mistake("Rank 0 is the first one: the ranks of yours are one too small, or wrap round.")
def ranks_from_one(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    return [i % count for i in range(rank - 1, each * num_replicas, num_replicas)][:each]


@exercise.mistake("The numbers are right, and they are in a tensor. A list of ints was asked for.")
def a_tensor(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    return torch.arange(each * num_replicas)[rank::num_replicas] % count


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


@exercise.mistake(
    "You repeat the dataset a fixed number of times. With a few samples and many processes, that "
    "is not enough."
)
def repeats_three_times(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = (list(range(count)) * 4)[: each * num_replicas]
    return indices[rank::num_replicas]


@exercise.not_by_hand
def asked_of_the_sampler(count, num_replicas, rank, drop_last):
    sampler = DistributedSampler(
        range(count), num_replicas, rank, shuffle=False, drop_last=drop_last
    )
    return list(sampler)


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
