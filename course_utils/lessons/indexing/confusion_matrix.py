"""Count how often each class was taken for which. No loop over the samples: there may be millions
of them.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted

exercise = Exercise(
    "02.8",
    "A confusion matrix by counting",
    minutes=20,
    difficulty=3,
    hints=[
        "A pair (target, predicted) is one place of the matrix. What if the same pair comes twice?",
        "`bincount` counts numbers, not pairs. Which single number says which place of the matrix "
        "is meant?",
        "How many different numbers can a uint8 hold? And a class that never comes still has its "
        "row and its column.",
    ],
)


@exercise.reference
def confusion_matrix(target, predicted, classes):
    """How often each class (the row) was taken for which class (the column).

    target, predicted: each uint8 or int64, both of one shape, any shape, any strides. Where
    target is negative there is no right class: such a place does not count. classes: an int; all
    other numbers are from 0 to classes - 1.
    Returns int64, shape (classes, classes): at [t, p] how often target t came with predicted p.
    """
    counted = target >= 0
    pairs = target[counted].long() * classes + predicted[counted].long()
    return pairs.bincount(minlength=classes * classes).reshape(classes, classes)


def some_classes(rng, lowest, classes, *shape, dtype=torch.int64):
    """Class numbers from `lowest` to classes - 1."""
    count = torch.Size(shape).numel()
    numbers = [rng.randrange(lowest, classes) for _ in range(count)]
    return torch.tensor(numbers, dtype=dtype).reshape(shape)


@exercise.cases
def _(rng):
    yield torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]), 2
    yield torch.tensor([0, 0, 0, 1]), torch.tensor([1, 1, 1, 0]), 2
    yield torch.tensor([0, 1]), torch.tensor([0, 0]), 3
    yield torch.tensor([-1, 1, -100]), torch.tensor([0, 1, 1]), 2
    yield torch.tensor([1, -100, 0]), torch.tensor([0, 1, 1]), 2
    yield torch.tensor([-1, -1]), torch.tensor([0, 1]), 2
    yield torch.tensor([-1, -2, -100, 2]), torch.tensor([2, 2, 0, 1]), 3
    yield torch.tensor(1), torch.tensor(2), 3
    yield torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 2
    yield torch.tensor([0, 0]), torch.tensor([0, 0]), 1
    classes = rng.randint(4, 6)
    yield some_classes(rng, -1, classes, 30), some_classes(rng, 0, classes, 30), classes
    yield some_classes(rng, 0, 3, 2, 3, 4), some_classes(rng, 0, 3, 2, 3, 4), 3
    yield some_classes(rng, -1, 3, 5, 4).t(), some_classes(rng, 0, 3, 4, 5), 3
    yield some_classes(rng, 0, 3, 4, 5), some_classes(rng, 0, 3, 5, 4).t(), 3
    yield some_classes(rng, -1, 3, 14)[2::2], some_classes(rng, 0, 3, 14)[2::2], 3
    small = {"dtype": torch.uint8}
    yield torch.full((300,), 1, **small), torch.full((300,), rng.randint(0, 2), **small), 3
    yield some_classes(rng, 15, 20, 6, **small), some_classes(rng, 0, 20, 6, **small), 20
    yield some_classes(rng, 15, 20, 6, **small), some_classes(rng, 0, 20, 6), 20
    yield some_classes(rng, -1, 20, 6), some_classes(rng, 0, 20, 6, **small), 20


def effort_for(answer, samples):
    """What it takes to count samples of two classes, of which neighbours differ."""
    places = torch.arange(samples)
    with noted() as effort:
        answer(places % 2, places // 2 % 2, 2)
    return effort


@exercise.observe
def _(answer, target, predicted, classes):
    matrix = answer(target, predicted, classes)
    few, many = effort_for(answer, 8), effort_for(answer, 40)
    return {"matrix": matrix, "40 samples take more steps than 8": many.shows_a_loop(few)}


def matrix_of(target, predicted, classes):
    """For mistakes that are wrong elsewhere: the counts, for whole numbers from 0 on."""
    pairs = target.reshape(-1).long() * classes + predicted.reshape(-1).long()
    return pairs.bincount(minlength=classes * classes).reshape(classes, classes)


@exercise.mistake(
    "A pair that comes several times was counted once: writing to the same place twice in one "
    "statement adds only one of the two."
)
def adds_by_index(target, predicted, classes):
    counted = target >= 0
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[target[counted].long(), predicted[counted].long()] += 1
    return matrix


@exercise.mistake("Rows and columns have changed places. Which of the two is the right class?")
def rows_and_columns_exchanged(target, predicted, classes):
    counted = target >= 0
    return matrix_of(predicted[counted], target[counted], classes)


@exercise.mistake(
    "With uint8 some counts are too small, or stand at other pairs. What is the largest number "
    "that a uint8 holds, and what comes after it?"
)
def wraps_in_uint8(target, predicted, classes):
    counted = target >= 0
    pairs = target[counted] * classes + predicted[counted]
    return pairs.bincount(minlength=classes * classes)[: classes * classes].reshape(
        classes, classes
    )


@exercise.mistake(same_as=wraps_in_uint8)
def counts_in_the_dtype_of_target(target, predicted, classes):
    pairs = target.reshape(-1).long() * classes + predicted.reshape(-1).long()
    counts = torch.zeros(classes * classes, dtype=target.dtype)
    ones = torch.ones_like(target.reshape(-1))
    counted = target.reshape(-1) >= 0
    counts.scatter_add_(0, pairs[counted], ones[counted])
    return counts.reshape(classes, classes).long()


@exercise.mistake(
    "To torch, a tensor of uint8 in brackets is no list of places: it is read as a mask. Which "
    "dtype has an index?"
)
def bytes_as_an_index(target, predicted, classes):
    counted = target >= 0
    where = (target[counted], predicted[counted])
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    return matrix.index_put_(where, torch.tensor(1), accumulate=True)


@exercise.mistake(
    "Pairs that do not come have no count then, above all those with the last classes. How many "
    "places has the matrix?"
)
def without_minlength(target, predicted, classes):
    counted = target >= 0
    pairs = target[counted].long() * classes + predicted[counted].long()
    return pairs.bincount().reshape(classes, classes)


@exercise.mistake(
    "Where target is negative, nothing is to be counted, and negative numbers are no places: "
    "bincount refuses them."
)
def counts_without_a_class(target, predicted, classes):
    return matrix_of(target, predicted, classes)


@exercise.mistake(
    "Where target is negative there is no right class. Yours counts such a place for a class."
)
def last_class_for_none(target, predicted, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    target, predicted = target.reshape(-1).long(), predicted.reshape(-1).long()
    ones = torch.ones_like(target)
    return matrix.index_put((target.clamp(min=-1), predicted), ones, accumulate=True)


@exercise.mistake(same_as=last_class_for_none)
def first_class_for_none(target, predicted, classes):
    return matrix_of(target.clamp(min=0), predicted, classes)


@exercise.mistake(same_as=last_class_for_none)
def without_the_sign(target, predicted, classes):
    return matrix_of(target.long().abs() % classes, predicted, classes)


@exercise.mistake("No negative target is to be counted, whichever negative number it is.")
def minus_100_only(target, predicted, classes):
    counted = target != -100
    return matrix_of(target[counted], predicted[counted], classes)


@exercise.mistake(same_as=minus_100_only)
def minus_one_only(target, predicted, classes):
    counted = target != -1
    return matrix_of(target[counted], predicted[counted], classes)


@exercise.mistake(
    "A place that does not count is left out of both: target and predicted have to stay in pairs."
)
def leaves_it_out_of_one(target, predicted, classes):
    pairs = target[target >= 0].long() * classes + predicted.reshape(-1).long()
    return pairs.bincount(minlength=classes * classes).reshape(classes, classes)


@exercise.mistake("Counts are whole numbers, int64 here. Yours have another dtype.")
def as_floats(target, predicted, classes):
    counted = target >= 0
    rows = torch.nn.functional.one_hot(target[counted].long(), classes).float()
    columns = torch.nn.functional.one_hot(predicted[counted].long(), classes).float()
    return rows.T @ columns


@exercise.mistake("A share of the row is not a count.")
def shares(target, predicted, classes):
    counted = target >= 0
    matrix = matrix_of(target[counted], predicted[counted], classes)
    return matrix / matrix.sum(1, keepdim=True)


@exercise.mistake(
    "It may be a picture of classes, or a single number: any shape. What you count with wants a "
    "list."
)
def a_list_only(target, predicted, classes):
    pairs = target.long() * classes + predicted.long()
    pairs = torch.where(target >= 0, pairs, classes * classes)
    return pairs.bincount(minlength=classes * classes + 1)[:-1].reshape(classes, classes)


@exercise.mistake(
    "target and predicted may be views themselves, as a transposed tensor is. Which step of "
    "yours wants the elements to lie in order?"
)
def a_view_of_the_list(target, predicted, classes):
    target, predicted = target.view(-1), predicted.view(-1)
    counted = target >= 0
    return matrix_of(target[counted], predicted[counted], classes)


@exercise.mistake("Yours goes round again for every sample. How long will it take for a million?")
def sample_by_sample(target, predicted, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for t, p in zip(target.reshape(-1), predicted.reshape(-1), strict=True):
        if t >= 0:
            matrix[t.long(), p.long()] += 1
    return matrix


@exercise.mistake(same_as=sample_by_sample)
def sample_by_sample_with_the_others(target, predicted, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for t, p in zip(target.reshape(-1), predicted.reshape(-1), strict=True):
        matrix[int(t), int(p)] += 1
    return matrix


@exercise.mistake(
    "How many classes there are is said by `classes`. Not all of them have to come in this batch."
)
def as_many_as_come(target, predicted, classes):
    counted = target >= 0
    target, predicted = target[counted].long(), predicted[counted].long()
    classes = int(torch.cat([target, predicted]).max()) + 1
    return matrix_of(target, predicted, classes)


@exercise.mistake("Yours counts the pairs that agree only, or throws the wrong ones together.")
def the_diagonal_only(target, predicted, classes):
    right = target[(target >= 0) & (target == predicted)].long()
    return torch.diag(right.bincount(minlength=classes))


@exercise.mistake(
    "A pair that comes several times was counted once: an indexed `+=` adds to each place only "
    "once. And places that do not count went in: as an index, -1 is the last row."
)
def adds_by_index_everywhere(target, predicted, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[target, predicted] += 1
    return matrix


@exercise.mistake(same_as=adds_by_index_everywhere)
def adds_by_index_of_whole_numbers(target, predicted, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[target.long(), predicted.long()] += 1
    return matrix


@exercise.mistake(same_as=as_floats)
def as_small_integers(target, predicted, classes):
    counted = target >= 0
    return matrix_of(target[counted], predicted[counted], classes).int()


@exercise.mistake(same_as=last_class_for_none)
def pairs_below_zero(target, predicted, classes):
    pairs, counts = (target.long() * classes + predicted.long()).unique(return_counts=True)
    matrix = torch.zeros(classes * classes, dtype=torch.int64)
    matrix[pairs.clamp(min=-classes * classes)] = counts
    return matrix.reshape(classes, classes)


@exercise.mistake("Class 0 is a class like the others. Which numbers stand for none?")
def without_class_zero(target, predicted, classes):
    counted = target > 0
    return matrix_of(target[counted], predicted[counted], classes)


@exercise.right
def accumulated(target, predicted, classes):
    counted = target >= 0
    where = (target[counted].long(), predicted[counted].long())
    matrix = torch.zeros(classes, classes, dtype=torch.long)
    return matrix.index_put_(where, torch.tensor(1), accumulate=True)


@exercise.right
def scattered(target, predicted, classes):
    keep = target.flatten() >= 0
    t = target.flatten()[keep].to(torch.int64)
    p = predicted.flatten()[keep]
    flat = torch.zeros(classes * classes, dtype=torch.int64)
    flat.scatter_add_(0, t * classes + p, torch.ones_like(t))
    return flat.view(classes, classes)


@exercise.right
def class_by_class(target, predicted, classes):
    """A loop over pairs of classes is none over samples."""
    matrix = torch.empty(classes, classes, dtype=torch.int64)
    for t in range(classes):
        for p in range(classes):
            matrix[t, p] = ((target == t) & (predicted == p)).sum()
    return matrix


@exercise.right
def product_of_comparisons(target, predicted, classes):
    each = torch.arange(classes)[:, None]
    rows = (target.reshape(-1) == each).long()
    columns = (predicted.reshape(-1) == each).long()
    return rows @ columns.t()


@exercise.right
def one_row_more(target, predicted, classes):
    """What does not count goes to a row of its own, which is cut off."""
    rows = torch.where(target < 0, classes, target.long()).ravel()
    pairs = rows * classes + predicted.ravel()
    counts = torch.bincount(pairs, minlength=(classes + 1) * classes)
    return counts.reshape(classes + 1, classes)[:classes]


exercise.equivalent(
    "pairs = target[counted].long() * classes + predicted[counted].long()",
    "pairs = target[counted].int() * classes + predicted[counted].long()",
    "pairs = target[counted].long() * classes + predicted[counted]",
    "pairs = target[counted].long() * classes + predicted[counted].int()",
    because="Each of these has room for the number of a pair; only in uint8 it has none.",
)


exercise.equivalent(
    "return pairs.bincount(minlength=classes * classes).reshape(classes, classes)",
    "return pairs.bincount(minlength=classes * classes).view(classes, classes)",
    because="What bincount makes is contiguous, so that every shape is a view of it.",
)


exercise.equivalent(
    "where = (target[counted].long(), predicted[counted].long())",
    "where = (target[counted].int(), predicted[counted].long())",
    "where = (target[counted].long(), predicted[counted].int())",
    because="An index in brackets may be of int32 as well.",
)


exercise.equivalent(
    "return matrix.index_put_(where, torch.tensor(1), accumulate=True)",
    "return matrix.index_put(where, torch.tensor(1), accumulate=True)",
    because="The matrix was made here: nobody else sees whether it changes.",
)


exercise.equivalent(
    "flat.scatter_add_(0, t * classes + p, torch.ones_like(t))",
    "flat.scatter_add_(-1, t * classes + p, torch.ones_like(t))",
    because="There is one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return rows @ columns.t()",
    "return rows @ columns.t_()",
    because="The tensor was made here: nobody else sees that it is turned.",
)


exercise.equivalent(
    "rows = torch.where(target < 0, classes, target.long()).ravel()",
    "rows = torch.where(target < 0, classes, target.int()).ravel()",
    because="Each of these has room for the number of a pair; only in uint8 it has none.",
)


exercise.equivalent(
    "return counts.reshape(classes + 1, classes)[:classes]",
    "return counts.view(classes + 1, classes)[:classes]",
    because="What bincount makes is contiguous, so that every shape is a view of it.",
)
