"""This function runs without an error on most batches, and nearly everything it says is wrong. Five
lines have a bug each. Mend it, so that it does what its docstring says.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

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
@exercise.mistake(
    "Still ill: samples are mixed with each other, and the caller's scores are not what they were. "
    "Look at the shape after each line, and at what each line writes to."
)
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
def batch_report(scores, labels, size):
    """What the first `size` samples of a batch look like; those after them are padding.

    scores: shape (n, classes), float32. labels: shape (n,), int64. size: from 1 to n.
    Returns a dict. own: shape (size,), how far the score of each sample's own label is above the
    mean of the sample's scores. right: an int, how many samples have their largest score at their
    label. counts: shape (classes,), int64, how many samples have each label. The arguments stay as
    they are.
    """
    scores, labels = scores[:size], labels[:size]
    scores = scores - scores.mean(dim=1, keepdim=True)
    own = scores.gather(1, labels[:, None]).squeeze(1)
    best = scores.argmax(dim=1)
    right = (best == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {"own": own, "right": right, "counts": counts}


def _batch(rng, n, classes):
    """Scores in which no two of a sample are equal, and labels of which one comes twice."""
    rows = [rng.sample(range(-12, 13), classes) for _ in range(n)]
    labels = [rng.randrange(classes) for _ in range(n)]
    if n > 1:
        labels[-1] = labels[0]
    return torch.tensor(rows, dtype=torch.float32) / 2, torch.tensor(labels)


@exercise.cases
def _(rng):
    scores = torch.tensor([[1.0, 2.0, 6.0], [5.0, 0.0, 4.0], [9.0, 8.0, 1.0]])
    yield scores, torch.tensor([2, 1, 0]), 2
    yield scores, torch.tensor([0, 0, 0]), 3
    yield scores, torch.tensor([2, 2, 2]), 2
    yield scores, torch.tensor([1, 2, 0]), 1
    yield torch.tensor([[2.0, 4.0]]), torch.tensor([1]), 1
    yield torch.tensor([[2.0], [4.0]]), torch.tensor([0, 0]), 2
    yield torch.tensor([[2.0]]), torch.tensor([0]), 1
    for n in (2, 3, 4, 5):
        yield *_batch(rng, n, rng.randint(2, 5)), n
    for classes in (2, 3, 4, 5):
        n = rng.randint(4, 6)
        yield *_batch(rng, n, classes), rng.randint(2, n - 1)
    yield *_batch(rng, 4, 4), 4
    scores, labels = _batch(rng, 6, 3)
    yield scores[::2], labels[::2], 2


@exercise.mistake(
    "Still ill: with one sample, or one class, a dimension is lost that is needed. Which step "
    "of yours takes it away?"
)
def squeeze_is_left(scores, labels, size):
    scores, labels = scores[:size].squeeze(), labels[:size]
    scores = scores - scores.mean(dim=1, keepdim=True)
    own = scores[torch.arange(size), labels]
    right = (scores.argmax(dim=1) == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {"own": own, "right": right, "counts": counts}


@exercise.mistake(same_as=squeeze_is_left)
def squeeze_and_the_last_dimension(scores, labels, size):
    scores, labels = scores[:size].squeeze(), labels[:size]
    scores = scores - scores.mean(dim=-1, keepdim=True)
    own = scores[torch.arange(size), labels]
    right = (scores.argmax(dim=-1) == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[-1])
    return {"own": own, "right": right, "counts": counts}


@exercise.mistake(same_as=squeeze_is_left)
def own_is_squeezed(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "own": report["own"][:, None].squeeze()}


@exercise.mistake(same_as=squeeze_is_left)
def squeezes_the_last(scores, labels, size):
    scores, labels = scores[:size].squeeze(-1), labels[:size]
    scores = scores - scores.mean(dim=1, keepdim=True)
    own = scores[torch.arange(size), labels]
    right = (scores.argmax(dim=1) == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {"own": own, "right": right, "counts": counts}


@exercise.mistake(
    "Still ill: the report is right, and the caller's scores have changed. What does the part that "
    "you work on share with them?"
)
def writes_through_the_slice(scores, labels, size):
    scores, labels = scores[:size], labels[:size]
    scores -= scores.mean(dim=1, keepdim=True)
    own = scores[torch.arange(size), labels]
    right = (scores.argmax(dim=1) == labels).sum().item()
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {"own": own, "right": right, "counts": counts}


@exercise.mistake(
    "Still ill: `own` has a number for each pair of samples. A slice with an index picks whole "
    "columns: who says which row?"
)
def columns_for_own(scores, labels, size):
    report = batch_report(scores, labels, size)
    scores, labels = scores[:size], labels[:size]
    return {**report, "own": (scores - scores.mean(dim=1, keepdim=True))[:, labels]}


@exercise.mistake(
    "Still ill: `own` is a column. Asked for is a tensor of one dimension, of shape (size,)."
)
def own_as_a_column(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "own": report["own"][:, None]}


@exercise.mistake(
    "Still ill: one row of numbers comes out for `own`, and it belongs to the first sample alone. "
    "gather has as many rows as its index."
)
def gather_of_the_first_row(scores, labels, size):
    report = batch_report(scores, labels, size)
    scores, labels = scores[:size], labels[:size]
    centred = scores - scores.mean(dim=1, keepdim=True)
    return {**report, "own": centred.gather(1, labels[None])[0]}


@exercise.mistake(
    "Still ill: `right` counts too much. A column compared with a row gives a table: each sample "
    "is compared with every label."
)
def column_against_row(scores, labels, size):
    report = batch_report(scores, labels, size)
    best = scores[:size].argmax(dim=1, keepdim=True)
    return {**report, "right": (best == labels[:size]).sum().item()}


@exercise.mistake(
    "Still ill: a label that comes more than once is counted once. An indexed `+=` reads first and "
    "writes afterwards."
)
def counts_labels_once(scores, labels, size):
    report = batch_report(scores, labels, size)
    counts = torch.zeros(scores.shape[1], dtype=torch.int64)
    counts[labels[:size]] += 1
    return {**report, "counts": counts}


@exercise.mistake(
    "Still ill: `counts` ends with the largest label that comes. A class without a sample has its "
    "place as well."
)
def counts_up_to_the_largest(scores, labels, size):
    return {**batch_report(scores, labels, size), "counts": torch.bincount(labels[:size])}


@exercise.mistake(
    "Still ill: the padding is in your report. Only the first `size` samples are real."
)
def padding_too(scores, labels, size):
    return batch_report(scores, labels, len(labels))


@exercise.mistake(same_as=padding_too)
def padding_in_the_counts(scores, labels, size):
    counts = torch.bincount(labels, minlength=scores.shape[1])
    return {**batch_report(scores, labels, size), "counts": counts}


@exercise.mistake(
    "Still ill: `own` is the score itself, or has another mean taken away: it is to be that of the "
    "sample's own scores."
)
def scores_without_the_mean(scores, labels, size):
    own = scores[:size].gather(1, labels[:size, None])[:, 0]
    return {**batch_report(scores, labels, size), "own": own}


@exercise.mistake(same_as=scores_without_the_mean)
def means_of_the_classes(scores, labels, size):
    centred = scores[:size] - scores[:size].mean(dim=0)
    own = centred.gather(1, labels[:size, None])[:, 0]
    return {**batch_report(scores, labels, size), "own": own}


@exercise.mistake(same_as=scores_without_the_mean)
def one_mean_for_all(scores, labels, size):
    centred = scores[:size] - scores[:size].mean()
    own = centred.gather(1, labels[:size, None])[:, 0]
    return {**batch_report(scores, labels, size), "own": own}


@exercise.mistake("Still ill: `right` is a share, or a tensor. Asked for is how many, as an int.")
def a_share_for_right(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "right": report["right"] / size}


@exercise.mistake(same_as=a_share_for_right)
def a_tensor_for_right(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "right": torch.tensor(report["right"])}


@exercise.mistake(same_as=a_share_for_right)
def a_tensor_and_floats(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "right": torch.tensor(report["right"]), "counts": report["counts"].float()}


@exercise.mistake("Still ill: the counts are whole numbers, and the dtype is not int64.")
def counts_as_floats(scores, labels, size):
    report = batch_report(scores, labels, size)
    return {**report, "counts": report["counts"].float()}


@exercise.right
def with_pairs_of_indices(scores, labels, size):
    scores, labels = scores[:size].clone(), labels[:size]
    scores.sub_(scores.mean(1, keepdim=True))
    own = scores[torch.arange(size), labels]
    right = int((scores.argmax(1) == labels).sum())
    counts = torch.zeros(scores.shape[1], dtype=torch.int64)
    counts.put_(labels, torch.ones_like(labels), accumulate=True)
    return {"own": own, "right": right, "counts": counts}


@exercise.right
def sample_by_sample(scores, labels, size):
    own, hits, counts = [], [], [0] * scores.shape[1]
    for i in range(size):
        label = labels[i].item()
        own.append(scores[i, label] - scores[i].mean())
        hits.append(int(scores[i].argmax()) == label)
        counts[label] = counts[label] + 1
    return {"counts": torch.tensor(counts), "own": torch.stack(own), "right": sum(hits)}


@exercise.right
def with_one_hot(scores, labels, size):
    scores, labels = scores[:size], labels[:size, None]
    is_own = labels == torch.arange(scores.shape[1])
    return {
        "own": torch.where(is_own, scores, 0).sum(1) - scores.mean(1),
        "right": is_own[torch.arange(size), scores.argmax(1)].sum().item(),
        "counts": is_own.sum(0),
    }


@exercise.right
def columns_kept_apart(scores, labels, size):
    scores, labels = scores[:size], labels[:size].view(-1, 1)
    centred = scores - scores.mean(dim=1, keepdim=True)
    best = centred.argmax(dim=1, keepdim=True)
    counts = (labels == torch.arange(scores.size(1))).sum(0)
    own = torch.take_along_dim(centred, labels, dim=1).squeeze(1)
    return dict(own=own, right=(best == labels).sum().item(), counts=counts)


exercise.equivalent(
    "scores.sub_(scores.mean(1, keepdim=True))",
    "scores = scores.sub(scores.mean(1, keepdim=True))",
    because="The clone is this answer's own, so that it may change or not.",
)
