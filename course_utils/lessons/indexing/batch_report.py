"""This function runs without an error on most batches, and nearly everything it says is wrong. Five
lines have an indexing bug each. Mend it, so that it does what its docstring says.
"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "02.16",
    "Clinic: a report that is wrong",
    minutes=20,
    difficulty=3,
    hints=[
        "Call it with two samples and three classes, and print the shape after each line. Which "
        "shapes are not those you expect?",
        "Call it with two samples of the same label. And with one sample.",
        "Print `scores` before and after the call. What does a slice share with its tensor?",
    ],
)


@exercise.starter
def batch_report(scores, labels, size):
    """What the first `size` samples of a batch look like; those after them are padding.

    scores: shape (n, classes), float32. labels: shape (n,), int64. size: from 1 to n.
    Returns a dict. own: shape (size,), how far the score of each sample's own label is above the
    mean of the sample's scores. right: an int, how many samples have their largest score at their
    label. counts: shape (classes,), int64, how many samples have each label. The arguments stay as
    they are.
    """
    scores, labels = scores[:size].squeeze(), labels[:size]
    scores -= scores.mean(dim=1, keepdim=True)
    own = scores[:, labels]
    best = scores.argmax(dim=1, keepdim=True)
    right = (best == labels).sum().item()
    counts = torch.zeros(scores.shape[1], dtype=torch.int64)
    counts[labels] += 1
    return {"own": own, "right": right, "counts": counts}


@exercise.reference
def batch_report(scores, labels, size):  # noqa: F811 - the same function, mended
    """What the first `size` samples of a batch look like; those after them are padding.

    scores: shape (n, classes), float32. labels: shape (n,), int64. size: from 1 to n.
    Returns a dict. own: shape (size,), how far the score of each sample's own label is above the
    mean of the sample's scores. right: an int, how many samples have their largest score at their
    label. counts: shape (classes,), int64, how many samples have each label. The arguments stay as
    they are.
    """
    scores, labels = scores[:size], labels[:size]
    scores = scores - scores.mean(dim=1, keepdim=True)
    own = scores.gather(1, labels[:, None])[:, 0]
    best = scores.argmax(dim=1)
    right = (best == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {"own": own, "right": right, "counts": counts}


@exercise.cases
def _(rng):
    scores = torch.tensor([[1.0, 2.0, 6.0], [4.0, 0.0, 5.0], [9.0, 9.0, 9.0]])
    yield scores, torch.tensor([2, 0, 0]), 2
