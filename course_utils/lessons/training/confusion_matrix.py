"""One number hides which classes are mixed up. With labels `[0, 1, 1, 0]` and predictions
`[0, 1, 1, 1]` the matrix is `[[1, 1], [0, 2]]`: one 0 was taken for a 1.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise

exercise = Exercise(
    "10.5",
    "A confusion matrix",
    minutes=12,
    difficulty=2,
    hints=[
        "Give each pair (true class, predicted class) a number of its own, so that pairs can be "
        "counted like single numbers.",
        "With 3 classes, the pair (2, 1) could be number 2 * 3 + 1.",
        "torch.bincount counts numbers, and minlength says how many different ones there are.",
    ],
)


@exercise.reference
def confusion_matrix(predicted, labels, classes):
    """How often each class was taken for each class.

    predicted, labels: int64 tensors of shape (n,), with values from 0 to classes - 1.
    Returns an int64 tensor of shape (classes, classes): row i, column j counts the samples of
    class i that were predicted to be class j.
    """
    pairs = labels * classes + predicted
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@exercise.cases
def _(rng):
    yield torch.tensor([0, 1, 1, 1]), torch.tensor([0, 1, 1, 0]), 2
    yield torch.tensor([0, 0, 2]), torch.tensor([1, 1, 2]), 4
    yield torch.tensor([], dtype=torch.int64), torch.tensor([], dtype=torch.int64), 2
    yield torch.tensor([0, 0, 0]), torch.tensor([0, 0, 0]), 1
    x = torch.tensor([[rng.randrange(3) for _ in range(2)] for _ in range(8)])
    yield x[:, 0], x[:, 1], 3  # not contiguous
    for _ in range(3):
        labels = [rng.randint(0, 2) for _ in range(12)] + [0, 0, 0]
        predicted = [rng.randint(0, 2) for _ in range(12)] + [1, 1, 1]
        yield torch.tensor(predicted), torch.tensor(labels), 4
    classes = rng.randint(11, 14)
    labels = torch.tensor([rng.randrange(classes) for _ in range(9)] + [0, classes - 1])
    yield labels.flip(0), labels, classes


@exercise.mistake(
    "Rows and columns have changed places: the rows belong to the true classes. Much software "
    "does it the other way round, so it has to be said, and read."
)
def rows_are_predictions(predicted, labels, classes):
    return torch.bincount(predicted * classes + labels, minlength=classes**2).reshape(
        classes, classes
    )


@exercise.mistake(
    "No cell of yours is larger than 1. When an index appears several times in one indexed "
    "assignment, it is counted once."
)
def counts_each_pair_once(predicted, labels, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[labels, predicted] += 1
    return matrix


@exercise.mistake("Counts are whole numbers; yours are floats.")
def as_floats(predicted, labels, classes):
    matrix = torch.zeros(classes, classes)
    for p, t in zip(predicted, labels, strict=True):
        matrix[t, p] += 1
    return matrix


@exercise.mistake(
    "Your matrix grows with the classes that happen to appear. A class without a single sample "
    "has its row too, full of zeros."
)
def only_classes_that_appear(predicted, labels, classes):
    size = int(max([-1, *predicted.tolist(), *labels.tolist()])) + 1
    matrix = torch.zeros(size, size, dtype=torch.int64)
    for p, t in zip(predicted, labels, strict=True):
        matrix[t, p] += 1
    return matrix


@exercise.mistake(
    "You count only the hits. The point of this matrix is what lies beside its diagonal."
)
def diagonal_only(predicted, labels, classes):
    hits = labels[labels == predicted]
    return torch.diag(torch.bincount(hits, minlength=classes))


@exercise.mistake(
    "Two pairs of classes may get the same number in yours. Up to which class do your numbers "
    "stay apart?"
)
def numbers_to_base_ten(predicted, labels, classes):
    counts = torch.bincount(labels * 10 + predicted, minlength=100)
    size = min(classes, 10)
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[:size, :size] = counts[:100].reshape(10, 10)[:size, :size]
    return matrix


@exercise.mistake("You count only the mistakes. The hits belong to the diagonal.")
def mistakes_only(predicted, labels, classes):
    wrong = predicted != labels
    return confusion_matrix(predicted[wrong], labels[wrong], classes)


@exercise.mistake("Yours are shares. Counts were asked for: whole numbers.")
def shares_of_each_row(predicted, labels, classes):
    counts = confusion_matrix(predicted, labels, classes).float()
    return counts / counts.sum(dim=1, keepdim=True)


@exercise.mistake(
    "The number of classes is given. The labels or predictions at hand need not show all of them."
)
def as_many_as_labels(predicted, labels, classes):
    size = len(labels.unique())
    matrix = torch.zeros(size, size, dtype=torch.int64)
    for p, t in zip(predicted, labels, strict=True):
        matrix[t, p] += 1
    return matrix


@exercise.mistake(same_as=as_many_as_labels)
def bincount_without_minlength(predicted, labels, classes):
    return torch.bincount(labels * classes + predicted).reshape(classes, classes)


@exercise.mistake(same_as=as_many_as_labels)
def one_hot_without_the_number(predicted, labels, classes):
    return F.one_hot(labels).T @ F.one_hot(predicted)


@exercise.mistake(same_as=numbers_to_base_ten)
def ten_by_ten(predicted, labels, classes):
    counts = torch.bincount(labels * 10 + predicted, minlength=100).reshape(10, 10)
    return counts[:classes, :classes]


@exercise.mistake("A tensor was asked for; yours is a list of lists.")
def nested_lists(predicted, labels, classes):
    return confusion_matrix(predicted, labels, classes).tolist()


@exercise.right
def counted_one_by_one(predicted, labels, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for p, t in zip(predicted.tolist(), labels.tolist(), strict=True):
        matrix[t, p] += 1
    return matrix


@exercise.right
def with_index_put(predicted, labels, classes):
    matrix = torch.zeros((classes, classes), dtype=torch.long)
    return matrix.index_put((labels, predicted), torch.ones_like(labels), accumulate=True)


exercise.equivalent(
    "return torch.bincount(pairs, minlength=classes ** 2).reshape(classes, classes)",
    "return torch.bincount(pairs, minlength=classes ** 2).view(classes, classes)",
    because="bincount makes its result here, and it is contiguous.",
)


exercise.equivalent(
    "for p, t in zip(predicted.tolist(), labels.tolist(), strict=True):",
    "for p, t in zip(predicted, labels.tolist(), strict=True):",
    "for p, t in zip(predicted.tolist(), labels, strict=True):",
    because="A tensor of one number can be an index.",
)


exercise.equivalent(
    "matrix[t, p] += 1",
    "matrix[t, p] = matrix[t, p] + 1",
    because="Reading, adding 1 and writing back is what `+=` does with an index.",
)


exercise.equivalent(
    "return matrix.index_put((labels, predicted), torch.ones_like(labels), accumulate=True)",
    "return matrix.index_put_((labels, predicted), torch.ones_like(labels), accumulate=True)",
    because="The tensor was made here: nobody else sees that it changes.",
)
