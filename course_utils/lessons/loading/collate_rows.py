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
        "`zip(*samples)` takes pairs apart: first all first fields, then all second ones.",
        "For numbers and rows of numbers, what does `torch.tensor(list)` make?",
    ],
)


@exercise.reference
def collate_rows(samples):
    """A collate function with other rules than default_collate.

    samples: a list of samples of one kind, not empty. By the kind of the sample it returns:
    tensor: all stacked, shape (batch, ...), of the same dtype. int, bool, float: a tensor of shape
    (batch,), of dtype int64, bool, float32. list of n numbers: a tensor of shape (batch, n),
    dtypes as for numbers. str: the list of strings. tuple: a tuple with a batch of each field.
    dict: a dict with a batch of the values of each key; the keys of two samples are the same, but
    may stand in another order. Tuples and dicts may hold any of these, also tuples and dicts.
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
    yield ([2**24 + 1, 2**53 + rng.choice([1, 3])],)  # no float holds them
    yield ([True, False],)
    yield ([[1, 2, 3], [4, 5, 6]],)
    yield ([[2**24 + 1, 2], [3, 2**53 + 1]],)  # nor these
    yield ([[True, False], [False, False], [True, True]],)
    yield ([torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])],)
    yield ([torch.tensor([[1.5, 0.5], [2.5, 1.5]], dtype=torch.float64)[:, 0]],)
    yield ([torch.tensor(rng.randint(1, 9), dtype=torch.int32), torch.tensor(2).int()],)
    yield (["yes", "no"],)
    yield ([(1.5, 0), (2.5, 1), (3.5, 0)],)
    yield ([{"x": [1.5, 2.5], "name": "a"}, {"x": [3.5, 4.5], "name": "b"}],)
    yield ([{"x": 1, "y": 2}, {"y": 3, "x": rng.randint(4, 9)}],)
    yield ([({"x": number(), "ok": True}, number()) for _ in range(3)],)
    yield ([(1, "a"), (2, "b")],)
    yield ([({"x": number()}, "a")],)
    yield ([{"pair": ({"row": [rng.randint(1, 9), 2]}, (number(), "a"))} for _ in range(2)],)


def by_rules(
    samples, again, tensors=torch.stack, numbers=torch.tensor, rows=torch.tensor, words=list
):
    """The right rules, of which a wrong answer below has one of its own. again: for the fields."""
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return tensors(samples)
    if isinstance(first, dict):
        return {key: again([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(again(list(field)) for field in zip(*samples, strict=True))
    if isinstance(first, str):
        return words(samples)
    return rows(samples) if isinstance(first, list) else numbers(samples)


@exercise.mistake(
    "A large whole number came back as its neighbour. float32 holds all whole numbers up to 2**24 "
    "only; to turn it into int64 afterwards does not bring the others back."
)
def collate_ints_by_way_of_floats(samples):
    def numbers(some):
        return torch.Tensor(some).long() if type(some[0]) is int else torch.tensor(some)

    return by_rules(samples, collate_ints_by_way_of_floats, numbers=numbers)


@exercise.mistake(same_as=collate_ints_by_way_of_floats)
def rows_of_ints_by_way_of_floats(samples):
    def rows(some):
        return torch.Tensor(some).long() if type(some[0][0]) is int else torch.tensor(some)

    return by_rules(samples, rows_of_ints_by_way_of_floats, rows=rows)


@exercise.mistake(
    "Those are the rules of `default_collate`: Python's decimal numbers become float64, and lists "
    "are turned round, field by field. Here both rules are different."
)
def the_default(samples):
    return default_collate(samples)


@exercise.mistake(
    "Decimal numbers of Python have become float64, as `default_collate` and NumPy make them. They "
    "were to be float32."
)
def the_default_for_numbers(samples):
    return by_rules(samples, the_default_for_numbers, numbers=default_collate)


@exercise.mistake(same_as=the_default_for_numbers)
def float64_for_all(samples):
    def numbers(values):
        made = torch.tensor(values)
        return made.double() if made.is_floating_point() else made

    return by_rules(samples, float64_for_all, numbers=numbers, rows=numbers)


@exercise.mistake("Tensors were joined end to end. A batch has one dimension more than a sample.")
def joins_tensors(samples):
    return by_rules(samples, joins_tensors, tensors=torch.cat)


@exercise.mistake(same_as=joins_tensors)
def joins_tensors_that_have_dimensions(samples):
    def tensors(values):
        return torch.cat(values) if values[0].dim() else torch.stack(values)

    return by_rules(samples, joins_tensors_that_have_dimensions, tensors=tensors)


@exercise.mistake(
    "A tuple became a list. A batch is to keep what a sample was: of a tuple, a tuple with a "
    "batch of each field."
)
def tuples_become_lists(samples):
    batch = by_rules(samples, tuples_become_lists)
    return list(batch) if isinstance(batch, tuple) else batch


@exercise.mistake("There is no tensor of words. Strings stay in a list.")
def words_into_tensors(samples):
    return by_rules(samples, words_into_tensors, words=torch.tensor)


@exercise.mistake(
    "Words are in a tuple, in one case at least. They were to be in a list wherever they come from."
)
def words_in_a_tuple(samples):
    if isinstance(samples[0], tuple):
        return tuple(words_in_a_tuple(field) for field in zip(*samples, strict=True))
    return by_rules(samples, words_in_a_tuple, words=lambda values: values)


@exercise.mistake(same_as=words_in_a_tuple)
def words_of_dicts_in_a_tuple(samples):
    if isinstance(samples[0], tuple):
        return tuple(words_of_dicts_in_a_tuple(field) for field in zip(*samples, strict=True))
    if isinstance(samples[0], dict):
        return {k: words_of_dicts_in_a_tuple(tuple(s[k] for s in samples)) for k in samples[0]}
    return by_rules(samples, words_of_dicts_in_a_tuple, words=lambda values: values)


@exercise.mistake(
    "Whole numbers have become float32, alone or in lists. They stay whole: a loss for classes "
    "wants int64."
)
def all_float(samples):
    def decimal(values):
        return torch.tensor(values, dtype=torch.float32)

    return by_rules(samples, all_float, numbers=decimal, rows=decimal)


@exercise.mistake(same_as=all_float)
def rows_are_float(samples):
    def decimal(values):
        return torch.tensor(values, dtype=torch.float32)

    return by_rules(samples, rows_are_float, rows=decimal)


@exercise.mistake(
    "A batch of tensors has another dtype than the tensors. The rule for decimal numbers is for "
    "those of Python."
)
def tensors_become_float32(samples):
    def tensors(values):
        batch = torch.stack(values)
        return batch.float() if batch.is_floating_point() else batch

    return by_rules(samples, tensors_become_float32, tensors=tensors)


@exercise.mistake(same_as=tensors_become_float32)
def all_tensors_become_float32(samples):
    return by_rules(
        samples, all_tensors_become_float32, tensors=lambda values: torch.stack(values).float()
    )


@exercise.mistake(
    "True and False have become numbers. For Python a bool is an int as well: which question comes "
    "first?"
)
def bools_are_ints(samples):
    def numbers(values):
        is_int = isinstance(values[0], int)
        return torch.tensor(values, dtype=torch.int64 if is_int else torch.float32)

    def rows(values):
        return torch.stack([numbers(row) for row in values])

    return by_rules(samples, bools_are_ints, numbers=numbers, rows=rows)


@exercise.mistake(same_as=bools_are_ints)
def bools_are_ints_outside_of_rows(samples):
    def numbers(values):
        is_int = isinstance(values[0], int)
        return torch.tensor(values, dtype=torch.int64 if is_int else torch.float32)

    return by_rules(samples, bools_are_ints_outside_of_rows, numbers=numbers)


@exercise.mistake(
    "Rows of numbers come back field by field: the numbers of one sample are not together any more."
)
def rows_taken_apart(samples):
    def rows(values):
        return torch.tensor(values).t().contiguous()

    return by_rules(samples, rows_taken_apart, rows=rows)


@exercise.mistake(same_as=rows_taken_apart)
def rows_as_lists(samples):
    def rows(values):
        return [torch.tensor(field) for field in zip(*values, strict=True)]

    return by_rules(samples, rows_as_lists, rows=rows)


@exercise.mistake("A batch of single numbers has one dimension. Yours has another one, of size 1.")
def numbers_in_a_column(samples):
    return by_rules(
        samples, numbers_in_a_column, numbers=lambda values: torch.tensor(values)[:, None]
    )


@exercise.mistake(
    "Two dictionaries may have their keys in different orders. Values were taken by their place, "
    "and those of different keys are mixed up."
)
def values_by_place(samples):
    if isinstance(samples[0], dict):
        columns = zip(*[sample.values() for sample in samples], strict=True)
        batches = [values_by_place(list(column)) for column in columns]
        return dict(zip(samples[0], batches, strict=True))
    return by_rules(samples, values_by_place)


@exercise.mistake(
    "Where there is one sample, a tensor comes back as it is. A batch of one is a batch as well, "
    "with a first dimension of size 1."
)
def one_sample_squeezed(samples):
    def tensors(values):
        return values[0] if len(values) == 1 else torch.stack(values)

    return by_rules(samples, one_sample_squeezed, tensors=tensors)


@exercise.mistake(same_as=one_sample_squeezed)
def one_sample_alone(samples):
    return samples[0] if len(samples) == 1 else by_rules(samples, one_sample_alone)


@exercise.mistake("The batch is written into the caller's own sample, which is gone now.")
def writes_into_the_sample(samples):
    if isinstance(samples[0], dict):
        batch = samples[0]
        for key in list(batch):
            batch[key] = writes_into_the_sample([sample[key] for sample in samples])
        return batch
    return by_rules(samples, writes_into_the_sample)


@exercise.mistake(
    "Not all of your rules go inside: what a tuple or a dictionary holds needs each of them "
    "again, whatever it is."
)
def one_level_only(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        fields = {key: [sample[key] for sample in samples] for key in first}
        return {k: v if isinstance(v[0], str) else torch.tensor(v) for k, v in fields.items()}
    if isinstance(first, tuple):
        return tuple(torch.tensor(field) for field in zip(*samples, strict=True))
    return samples if isinstance(first, str) else torch.tensor(samples)


@exercise.mistake(same_as=one_level_only)
def one_level_with_all_rules(samples):
    def column(values):
        if isinstance(values[0], torch.Tensor):
            return torch.stack(values)
        return values if isinstance(values[0], str) else torch.tensor(values)

    return by_rules(samples, column)


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
