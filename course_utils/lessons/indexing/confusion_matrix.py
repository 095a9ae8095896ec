"""Count how often each class was taken for which. No loop over the samples: there may be millions
of them.
"""

import torch

from course_utils.exercise import Exercise

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
    yield torch.tensor([-1, -1]), torch.tensor([0, 1]), 2
    yield torch.tensor(1), torch.tensor(2), 3
    yield torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 2
    yield torch.tensor([0, 0]), torch.tensor([0, 0]), 1
    classes = rng.randint(4, 6)
    yield some_classes(rng, -1, classes, 30), some_classes(rng, 0, classes, 30), classes
    yield some_classes(rng, 0, 3, 2, 3, 4), some_classes(rng, 0, 3, 2, 3, 4), 3
    yield some_classes(rng, -1, 3, 5, 4).t(), some_classes(rng, 0, 3, 4, 5), 3
    yield some_classes(rng, 0, 3, 4, 5), some_classes(rng, 0, 3, 5, 4).t(), 3
    yield some_classes(rng, -1, 3, 12)[::2], some_classes(rng, 0, 3, 14)[2::2], 3
    small = {"dtype": torch.uint8}
    yield some_classes(rng, 15, 20, 6, **small), some_classes(rng, 0, 20, 6, **small), 20
    yield some_classes(rng, 15, 20, 6, **small), some_classes(rng, 0, 20, 6), 20
    yield some_classes(rng, -1, 20, 6), some_classes(rng, 0, 20, 6, **small), 20
