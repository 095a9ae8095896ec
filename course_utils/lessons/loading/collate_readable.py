"""A dataset gives `None` for a file that it cannot read. Leave such samples out of the batch, and
count them: somebody should know when it is half of the data. Be careful: a tensor that holds 0
is a good sample.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    default_collate,
)

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "06.12",
    "Leave out broken samples",
    minutes=10,
    difficulty=2,
    hints=[
        "Keep the samples that are not None, then let `default_collate` do the rest.",
        "`if sample` is not the same question as `if sample is not None`. Try both on "
        "`torch.tensor(0.0)`.",
        "What should happen if nothing is left? `default_collate([])` does not know. How many "
        "samples were left out then?",
    ],
)


@exercise.reference
def collate_readable(samples):
    """Make a batch of the samples that could be read, and count the others.

    samples: a list; a sample that could not be read is None. The others are all tensors of one
    shape and dtype, contiguous or not, or all pairs (tensor, int). Returns a tuple of two: what
    default_collate makes of the samples that could be read, or None if there are none; and the
    number of samples that were left out, an int.
    """
    readable = [sample for sample in samples if sample is not None]
    batch = default_collate(readable) if readable else None
    return batch, len(samples) - len(readable)


@exercise.cases
def _(rng):
    yield ([torch.tensor(3.0), None, torch.tensor(4.0)],)
    yield ([torch.tensor(0.0), torch.tensor(1.0), None, None],)
    yield ([None, None],)
    yield ([],)
    yield ([torch.tensor([1, 2]), None, torch.tensor([0, 0])],)
    yield ([(torch.tensor(2.0), 0), (torch.tensor(0.0), 1), None, (torch.tensor(0.0), 0)],)
    values = [(torch.tensor(float(rng.randint(1, 9))), rng.randint(0, 2)) for _ in range(3)]
    yield ([None, *values],)
    yield (values,)
    for x in promised(rng, "any strides", "the same dtype"):
        yield ([None, x, None],)


@exercise.mistake(
    "A sample that is 0 was taken for a broken one: `if sample` and `filter(None, ...)` ask "
    "whether it is true. And of a longer tensor the question makes no sense."
)
def asks_for_truth(samples):
    readable = [sample for sample in samples if sample]
    return default_collate(readable) if readable else None, len(samples) - len(readable)


@exercise.mistake(
    "A sample with a 0 in it was taken for a broken one. A broken sample is None, and nothing "
    "else is."
)
def asks_each_part_for_truth(samples):
    readable = []
    for sample in samples:
        parts = sample if isinstance(sample, tuple) else (sample,)
        if sample is not None and all(torch.as_tensor(part).any() for part in parts):
            readable.append(sample)
    return default_collate(readable) if readable else None, len(samples) - len(readable)


@exercise.mistake("A None is still among the samples, and None has no place in a tensor.")
def passes_everything_on(samples):
    return default_collate(samples), samples.count(None)


@exercise.mistake(
    "What if the whole batch is broken? Nothing is left to collate then, and that is an error."
)
def forgets_the_empty_batch(samples):
    readable = [sample for sample in samples if sample is not None]
    return default_collate(readable), len(samples) - len(readable)


@exercise.mistake("Where nothing is left, None was to stand for the batch. Yours is an empty list.")
def an_empty_list(samples):
    readable = [sample for sample in samples if sample is not None]
    return default_collate(readable) if readable else [], len(samples) - len(readable)


@exercise.mistake(
    "Where nothing is left, your function gives None alone. Who writes `batch, left_out = ...` "
    "gets an error then, and the number is lost."
)
def none_alone(samples):
    readable = [sample for sample in samples if sample is not None]
    if not readable:
        return None
    return default_collate(readable), len(samples) - len(readable)


@exercise.mistake("The batch is right, and comes alone. What else was asked for?")
def the_batch_alone(samples):
    readable = [sample for sample in samples if sample is not None]
    return default_collate(readable) if readable else None


@exercise.mistake("The number is that of the samples that were kept. How many were left out?")
def counts_the_others(samples):
    readable = [sample for sample in samples if sample is not None]
    return default_collate(readable) if readable else None, len(readable)


@exercise.mistake(
    "The whole batch is thrown away because of one sample. The good ones beside it are lost."
)
def throws_the_batch_away(samples):
    missing = sum(sample is None for sample in samples)
    return None if missing or not samples else default_collate(samples), missing


@exercise.mistake(same_as=throws_the_batch_away)
def gives_up_the_batch(samples):
    if not samples or any(sample is None for sample in samples):
        return None, len(samples)
    return default_collate(samples), 0


@exercise.mistake(
    "The first sample decides for the whole batch: if that one is broken, the good ones after it "
    "are lost."
)
def looks_at_the_first(samples):
    readable = [sample for sample in samples if sample is not None]
    broken = not readable or samples[0] is None
    return None if broken else default_collate(readable), len(samples) - len(readable)


@exercise.mistake(
    "Something else stands where broken samples were. They were to be left out, so that the batch "
    "is smaller without them."
)
def zeros_instead(samples):
    readable = [sample for sample in samples if sample is not None]
    if not readable:
        return None, len(samples)
    first = readable[0]
    filler = (torch.zeros(()), 0) if isinstance(first, tuple) else torch.zeros_like(first)
    filled = [filler if sample is None else sample for sample in samples]
    return default_collate(filled), len(samples) - len(readable)


@exercise.mistake(same_as=zeros_instead)
def repeats_the_last_good_one(samples):
    readable = [sample for sample in samples if sample is not None]
    filled, last = [], None
    for sample in samples:
        last = sample if sample is not None else last
        if last is not None:
            filled.append(last)
    return default_collate(filled) if filled else None, len(samples) - len(readable)


@exercise.mistake(
    "A sample may be a pair, and `stack` does not take pairs. Who makes a batch of either kind?"
)
def stacks(samples):
    readable = [sample for sample in samples if sample is not None]
    return torch.stack(readable) if readable else None, len(samples) - len(readable)


@exercise.mistake(
    "Items are removed from the list while the loop walks through it. After each removal the loop "
    "skips the next item, and the caller's list is changed, too."
)
def removes_in_the_loop(samples):
    count = len(samples)
    for i, sample in enumerate(samples):
        if sample is None:
            del samples[i]
    return default_collate(samples) if samples else None, count - len(samples)


@exercise.mistake(
    "The batch is right, but the caller's own list has become shorter. It is not yours to change."
)
def empties_the_list(samples):
    count = len(samples)
    samples[:] = [sample for sample in samples if sample is not None]
    return default_collate(samples) if samples else None, count - len(samples)


@exercise.right
def with_filter(samples):
    readable = list(filter(lambda sample: sample is not None, samples))
    left_out = sum(sample is None for sample in samples)
    if left_out == len(samples):
        return None, left_out
    return default_collate(readable), left_out
