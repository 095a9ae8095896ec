"""`default_collate` has rules that surprise people: decimal numbers become float64, and lists are
taken apart. Write a collate function with better rules. It has to work for dictionaries in
tuples in dictionaries.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    default_collate,
)

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.13",
    "Your own rules for a batch",
    minutes=25,
    difficulty=3,
    hints=[
        "Look at the first sample only: its type decides which rule holds for all.",
        "A tuple or dictionary has fields. Collect field 0 of all samples, and make a batch of "
        "those; then field 1. The function that makes a batch is the one you are writing.",
        "`zip(*samples)` turns a list of pairs into a pair of lists.",
        "For numbers and rows of numbers, what does `torch.tensor(list)` make?",
    ],
)


@exercise.reference
def collate_rows(samples):
    """A collate function with other rules than default_collate.

    samples: a list of samples of one kind, not empty. By the kind of the sample it returns:
    tensor: all stacked, shape (batch, ...). int, bool, float: a tensor of shape (batch,), of
    dtype int64, bool, float32. list of n numbers: a tensor of shape (batch, n), dtypes as
    before. str: the list of strings. tuple: a tuple with a batch of each field. dict: a dict
    with a batch of each value. Tuples and dicts may hold any of these, also tuples and dicts.
    """
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: collate_rows([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(collate_rows(list(field)) for field in zip(*samples))
    if isinstance(first, str):
        return samples
    return torch.tensor(samples)


@exercise.cases
def _(rng):
    def number():
        return rng.randint(10, 99) / 10

    yield ([1.5, 2.5],)
    yield ([3, 4, 5],)
    yield ([[1, 2, 3], [4, 5, 6]],)
    yield ([torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])],)
    yield (["yes", "no"],)
    yield ([(1.5, 0), (2.5, 1), (3.5, 0)],)
    yield ([{"x": [1.5, 2.5], "name": "a"}, {"x": [3.5, 4.5], "name": "b"}],)
    yield ([({"x": number(), "ok": True}, number()) for _ in range(3)],)
    yield ([(1, "a"), (2, "b")],)
    yield ([({"x": number()}, "a")],)


@exercise.mistake(
    "Those are the rules of `default_collate`: Python's decimal numbers become float64, and lists "
    "are turned round, field by field. Here both rules are different."
)
def the_default(samples):
    return default_collate(samples)


@exercise.mistake(
    "You joined the tensors end to end. A batch has one dimension more than a sample."
)
def joins_tensors(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(samples)
    if isinstance(first, dict):
        return {key: joins_tensors([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(joins_tensors(list(field)) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples)


@exercise.mistake(
    "A tuple became a list. Rules for a batch should keep what a sample was, so that `x, y = "
    "batch` and names of fields still work."
)
def tuples_become_lists(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: tuples_become_lists([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return [tuples_become_lists(list(field)) for field in zip(*samples)]
    return samples if isinstance(first, str) else torch.tensor(samples)


@exercise.mistake("There is no tensor of words. Strings stay in a list.")
def words_into_tensors(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: words_into_tensors([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(words_into_tensors(list(field)) for field in zip(*samples))
    return torch.tensor(samples)


@exercise.mistake(
    "Everything became float32, also labels. Whole numbers stay whole: a loss for classes wants "
    "int64."
)
def all_float(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: all_float([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(all_float(list(field)) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples, dtype=torch.float32)


@exercise.mistake(
    "Your rules do not go inside: a tuple that holds a dictionary needs them again for its fields."
)
def one_level_only(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        fields = {key: [sample[key] for sample in samples] for key in first}
        return {k: v if isinstance(v[0], str) else torch.tensor(v) for k, v in fields.items()}
    if isinstance(first, tuple):
        return tuple(torch.tensor(field) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples)


@exercise.right
def by_matching(samples):
    match samples[0]:
        case dict():
            return {k: by_matching([s[k] for s in samples]) for k in samples[0]}
        case tuple():
            width = range(len(samples[0]))
            return tuple(by_matching([s[i] for s in samples]) for i in width)
        case str():
            return list(samples)
        case torch.Tensor():
            return torch.stack(samples, dim=0)
    return torch.tensor(samples)


exercise.equivalent(
    "first = samples[0]",
    "first = samples[-1]",
    because="All samples are of one kind: any of them shows it.",
)


exercise.equivalent(
    "match samples[0]:     case dict():         return {k: by_matching([s[k] for s in "
    "samples]) for k in samples[0]}     case tuple():         width = "
    "range(len(samples[0]))         return tuple((by_matching([s[i] for s in samples]) "
    "for i in width))     case str():         return list(samples)     case "
    "torch.Tensor():         return torch.stack(samples, dim=0)",
    "match samples[-1]:     case dict():         return {k: by_matching([s[k] for s in "
    "samples]) for k in samples[0]}     case tuple():         width = "
    "range(len(samples[0]))         return tuple((by_matching([s[i] for s in samples]) "
    "for i in width))     case str():         return list(samples)     case "
    "torch.Tensor():         return torch.stack(samples, dim=0)",
    because="All samples are of one kind: any of them shows it.",
)


exercise.equivalent(
    "return {k: by_matching([s[k] for s in samples]) for k in samples[0]}",
    "return {k: by_matching([s[k] for s in samples]) for k in samples[-1]}",
    because="All samples are of one kind: any of them shows it.",
)


exercise.equivalent(
    "width = range(len(samples[0]))",
    "width = range(len(samples[-1]))",
    because="All samples are of one kind: any of them shows it.",
)


exercise.equivalent(
    "return list(samples)",
    "return samples",
    because="The collate function is given a list already.",
)


exercise.equivalent(
    "return torch.stack(samples, dim=0)",
    "return torch.stack(samples)",
    because="stack takes dimension 0 without being told.",
)
