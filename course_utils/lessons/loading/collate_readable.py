"""A dataset gives `None` for a file that it cannot read. Leave such samples out of the batch. Be
careful: the number 0 is a good sample.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    default_collate,
)

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.12",
    "Leave out broken samples",
    minutes=8,
    difficulty=2,
    hints=[
        "Keep the samples that are not None, then let `default_collate` do the rest.",
        "`if sample` is not the same question as `if sample is not None`. Try both on "
        "`torch.tensor(0.0)`.",
        "What should happen if nothing is left? `default_collate([])` does not know.",
    ],
)


@exercise.reference
def collate_readable(samples):
    """Make a batch of the samples that could be read.

    samples: a list; a sample that could not be read is None. The others are tensors of one
    shape, or pairs (tensor, int). Returns what default_collate makes of the others, or None if
    there are none. The list itself is not changed.
    """
    readable = [sample for sample in samples if sample is not None]
    if not readable:
        return None
    return default_collate(readable)


@exercise.cases
def _(rng):
    yield ([torch.tensor(3.0), None, torch.tensor(4.0)],)
    yield ([torch.tensor(0.0), torch.tensor(1.0), None, None],)
    yield ([None, None],)
    yield ([torch.tensor([1, 2]), None, torch.tensor([0, 0])],)
    values = [(torch.tensor(float(rng.randint(1, 9))), rng.randint(0, 2)) for _ in range(3)]
    yield ([None, *values],)
    yield (values,)
    yield ([None, torch.tensor(float(rng.randint(1, 9)))],)


@exercise.mistake(
    "`if sample` asks whether the sample is true. The number 0 is not, so good samples are lost; "
    "and of a longer tensor the question makes no sense."
)
def asks_for_truth(samples):
    readable = [sample for sample in samples if sample]
    return default_collate(readable) if readable else None


@exercise.mistake("A None is still among the samples, and None has no place in a tensor.")
def passes_everything_on(samples):
    return default_collate(samples)


@exercise.mistake(
    "What if the whole batch is broken? Nothing is left to collate then, and that is an error."
)
def forgets_the_empty_batch(samples):
    return default_collate([sample for sample in samples if sample is not None])


@exercise.mistake(
    "You throw away the whole batch because of one sample. The good ones beside it are lost."
)
def throws_the_batch_away(samples):
    if any(sample is None for sample in samples):
        return None
    return default_collate(samples)


@exercise.mistake(
    "You remove items from the list while you walk through it. After each removal the loop skips "
    "the next item, and the caller's list is changed, too."
)
def removes_in_the_loop(samples):
    for i, sample in enumerate(samples):
        if sample is None:
            del samples[i]
    return default_collate(samples) if samples else None


@exercise.right
def with_filter(samples):
    readable = list(filter(lambda sample: sample is not None, samples))
    return default_collate(readable) if len(readable) > 0 else None
