"""Ten samples in batches of four: `[4, 4, 2]`, or `[4, 4]` if the short batch is dropped. Find the
sizes without making a loader.
"""

import math

import torch
from torch.utils.data import DataLoader

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.4",
    "How many samples in each batch?",
    minutes=6,
    difficulty=1,
    without=["DataLoader"],
    hints=[
        "Write down by hand: 10 samples in batches of 4. Which batches are there?",
        "`drop_last` asks whether a short last batch is thrown away.",
        "And if the samples fit exactly, is there a short batch at all? `divmod` gives both parts.",
    ],
)


@exercise.reference
def batch_sizes(samples, batch_size, drop_last):
    """The sizes of the batches that a DataLoader makes in one epoch.

    samples: an int, which may be 0. batch_size: an int, at least 1. drop_last: a bool, as in
    DataLoader. Returns a list of ints.
    """
    whole, rest = divmod(samples, batch_size)
    sizes = [batch_size] * whole
    if rest and not drop_last:
        sizes.append(rest)
    return sizes


@exercise.cases
def _(rng):
    yield 10, 4, False
    yield 10, 4, True
    yield 9, 4, False
    yield 8, 4, False
    yield 8, 4, True
    yield 3, 5, False
    yield 3, 5, True
    yield 0, 4, False
    yield 0, 4, True
    for _ in range(3):
        yield rng.randint(5, 20), rng.randint(2, 6), rng.choice([True, False])


@exercise.mistake(
    "You have `drop_last` the wrong way round. Read the name as an order: drop the last batch."
)
def drop_last_inverted(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([rest] if rest and drop_last else [])


@exercise.mistake(
    "You always throw the rest away. With 10 samples and batches of 4, two samples would never "
    "be seen, although nobody asked to drop them."
)
def rest_always_lost(samples, batch_size, drop_last):
    return [batch_size] * (samples // batch_size)


@exercise.mistake("You always keep the rest. What is the last argument for?")
def rest_always_kept(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([rest] if rest else [])


@exercise.mistake(
    "Your last batch is filled up to the full size. With what? A loader does not invent samples."
)
def last_batch_filled_up(samples, batch_size, drop_last):
    count = samples // batch_size if drop_last else math.ceil(samples / batch_size)
    return [batch_size] * count


@exercise.mistake("When the samples fit exactly, there is an empty batch at the end of yours.")
def empty_last_batch(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([] if drop_last else [rest])


@exercise.mistake("The last batch is dropped although it is full. Only a short one has to go.")
def drops_a_full_batch(samples, batch_size, drop_last):
    sizes = [min(batch_size, samples - start) for start in range(0, samples, batch_size)]
    return sizes[:-1] if drop_last else sizes


@exercise.mistake(
    "The samples are spread over the batches. A loader fills one batch after the other; only the "
    "last may be short."
)
def spread_evenly(samples, batch_size, drop_last):
    if drop_last:
        return [batch_size] * (samples // batch_size)
    count = math.ceil(samples / batch_size)
    return [samples // count + (i < samples % count) for i in range(count)]


@exercise.mistake(same_as=spread_evenly)
def chunked(samples, batch_size, drop_last):
    if drop_last or not samples:
        return [batch_size] * (samples // batch_size)
    parts = torch.arange(samples).chunk(math.ceil(samples / batch_size))
    return [len(part) for part in parts]


@exercise.mistake("The rest has joined the last full batch. No batch is larger than `batch_size`.")
def rest_joins_the_last(samples, batch_size, drop_last):
    sizes = [batch_size] * (samples // batch_size)
    if not drop_last and samples % batch_size and sizes:
        sizes[-1] += samples % batch_size
    return sizes


@exercise.mistake("Which samples does a loader hand out first? The short batch comes last.")
def rest_first(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return ([rest] if rest and not drop_last else []) + [batch_size] * whole


@exercise.mistake(
    "With fewer samples than fit into a batch, or with none, there is still a batch here that the "
    "loader does not make."
)
def at_least_one(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    sizes = [batch_size] * max(1, whole)
    return sizes + [rest] if rest and not drop_last and samples > batch_size else sizes


@exercise.mistake(same_as=at_least_one)
def short_batch_kept_when_alone(samples, batch_size, drop_last):
    sizes = [batch_size] * (samples // batch_size)
    rest = samples % batch_size
    return sizes + [rest] if (rest and not drop_last) or not sizes else sizes


@exercise.mistake(same_as=at_least_one)
def none_makes_one(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return ([batch_size] * whole + ([rest] if rest and not drop_last else [])) or [0]


@exercise.right
def counted_down(samples, batch_size, drop_last):
    sizes = []
    while samples >= batch_size:
        sizes.append(batch_size)
        samples -= batch_size
    if samples > 0 and not drop_last:
        sizes += [samples]
    return sizes


@exercise.not_by_hand
def asked_of_a_loader(samples, batch_size, drop_last):
    loader = DataLoader(range(samples), batch_size=batch_size, drop_last=drop_last)
    return [len(batch) for batch in loader]


exercise.equivalent(
    "samples -= batch_size",
    "samples = samples - batch_size",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "sizes += [samples]",
    "sizes = sizes + [samples]",
    because="The list was made here: nobody else sees that it changes.",
)
