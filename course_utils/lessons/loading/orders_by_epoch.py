"""Who draws what with `DistributedSampler`? Tell it for each of several epochs. Every epoch has
a new order, and in each the ranks share the same one.
"""

from torch.utils.data import (
    DistributedSampler,
)

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.16",
    "Shuffle anew on every process",
    minutes=8,
    difficulty=2,
    hints=[
        "Make one DistributedSampler for each rank, once, before the first epoch.",
        "All ranks have to shuffle in the same way, or they would not share the samples out.",
        "The sampler has a method that tells it which epoch it is. Call it before you look.",
    ],
)


@exercise.reference
def orders_by_epoch(dataset, num_replicas, epochs):
    """The indices that DistributedSampler gives each process in each epoch.

    dataset: a map-style dataset. num_replicas, epochs: ints. The indices are those of seed 0, the
    default, shuffled anew in every epoch; the first epoch is number 0.
    Returns a list: result[epoch][rank] is the list of indices.
    """
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@exercise.cases
def _(rng):
    yield list("abcdef"), 2, 3
    yield list("abcdefgh"), 3, 3
    letters = "abcdefghijklmnopqrstuvwxyz"
    yield list(letters[: rng.randint(9, 26)]), rng.randint(2, 5), rng.randint(3, 6)


@exercise.mistake(
    "Every epoch of yours has the same order. The sampler does not know that an epoch is over, and "
    "a global seed does not reach it: somebody has to tell it."
)
def never_told(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    return [[list(sampler) for sampler in samplers] for _ in range(epochs)]


@exercise.mistake(
    "You tell the sampler its epoch after you have drawn, so the first two epochs are alike."
)
def told_too_late(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        orders.append([list(sampler) for sampler in samplers])
        for sampler in samplers:
            sampler.set_epoch(epoch)
    return orders


@exercise.mistake(
    "Only one rank knows the epoch. The others shuffle in another way, so some samples are drawn "
    "twice and others not at all."
)
def only_rank_zero_told(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        samplers[0].set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@exercise.mistake(
    "Each rank has a seed of its own. Then each deals out another pack of cards, and together "
    "they do not cover the dataset."
)
def seed_for_each_rank(dataset, num_replicas, epochs):
    orders = []
    for epoch in range(epochs):
        row = []
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas, rank, seed=rank)
            sampler.set_epoch(epoch)
            row.append(list(sampler))
        orders.append(row)
    return orders


@exercise.mistake("Your samplers do not shuffle at all: every epoch runs in order.")
def not_shuffled(dataset, num_replicas, epochs):
    orders = []
    for epoch in range(epochs):
        row = []
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas, rank, shuffle=False)
            sampler.set_epoch(epoch)
            row.append(list(sampler))
        orders.append(row)
    return orders


@exercise.mistake("The first epoch is number 0; yours is number 1, and so on.")
def epochs_from_one(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(1, epochs + 1):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@exercise.mistake("Your table is turned: the epoch comes first, then the rank.")
def rank_first(dataset, num_replicas, epochs):
    orders = []
    for rank in range(num_replicas):
        sampler = DistributedSampler(dataset, num_replicas, rank)
        row = []
        for epoch in range(epochs):
            sampler.set_epoch(epoch)
            row.append(list(sampler))
        orders.append(row)
    return orders


@exercise.mistake(
    "All epochs show what the last one drew. What is kept from the earlier ones: the indices, or "
    "something that changes later?"
)
def all_as_the_last(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    for sampler in samplers:
        sampler.set_epoch(epochs - 1)
    return [[list(sampler) for sampler in samplers] for _ in range(epochs)]


@exercise.mistake(
    "Samples are left out where they do not fit. By default this sampler repeats some, so that all "
    "are seen."
)
def drops_the_rest(dataset, num_replicas, epochs):
    samplers = [
        DistributedSampler(dataset, num_replicas, rank, drop_last=True)
        for rank in range(num_replicas)
    ]
    orders = []
    for epoch in range(epochs):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@exercise.mistake(
    "Each epoch has a seed of its own here. The seed stays; the sampler has to be told the epoch "
    "in another way."
)
def seed_for_each_epoch(dataset, num_replicas, epochs):
    return [
        [
            list(DistributedSampler(dataset, num_replicas, rank, seed=100 * epoch))
            for rank in range(num_replicas)
        ]
        for epoch in range(epochs)
    ]


@exercise.mistake("Those are the samples. Their indices were asked for.")
def samples_for_indices(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    result = []
    for epoch in range(epochs):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        result.append([[dataset[i] for i in sampler] for sampler in samplers])
    return result


@exercise.right
def new_samplers_each_epoch(dataset, num_replicas, epochs):
    result = []
    for epoch in range(epochs):
        result.append([])
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas=num_replicas, rank=rank)
            sampler.set_epoch(epoch)
            result[-1].append([index for index in sampler])
    return result
