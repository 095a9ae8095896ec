"""Some datasets give labels of shape (batch,), some of shape (batch, 1). Your function takes both,
and batches of one sample too.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "10.3",
    "Accuracy, whatever the shape of the labels",
    minutes=8,
    difficulty=1,
    hints=[
        "Print the shapes of both sides of your == before you compare.",
        "Shapes (4,) and (4, 1) broadcast to (4, 4): sixteen comparisons for four samples.",
        "Bring the labels to one dimension first. What does that need for a batch of one?",
    ],
)


@exercise.reference
def accuracy(logits, labels):
    """The share of samples whose largest score belongs to the right class, as a Python float.

    logits: float32, shape (batch, classes). labels: int64, shape (batch,) or (batch, 1).
    """
    predicted = logits.argmax(dim=1)
    hits = predicted == labels.reshape(-1)
    return hits.float().mean().item()


@exercise.cases
def _(rng):
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 2.0, 0.0], [0.0, 1.0, 5.0]])
    yield scores, torch.tensor([0, 1, 0, 2])
    yield scores, torch.tensor([[0], [1], [0], [2]])
    yield scores[:1], torch.tensor([[0]])
    yield scores[1:2], torch.tensor([1])
    yield torch.tensor([[5.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0])
    close = torch.tensor([[0.25, 0.5, 0.375, 0.0], [0.5, 0.25, 0.25, 0.25]])  # no class has half
    yield close, torch.tensor([1, rng.randint(1, 3)])
    for x in promised(rng, "any strides", shape=(6, 4)):
        labels = torch.stack([x.argmax(dim=1), torch.zeros(len(x), dtype=torch.int64)], dim=1)
        labels[0] = (labels[0] + 1) % 4
        yield x, labels[:, 0]
        yield x, labels[:, :1]
    for n in (7, 11, 13):
        logits = torch.tensor([rng.sample(range(9), 3) for _ in range(n)], dtype=torch.float32)
        labels = logits.argmax(dim=1)
        missed = rng.sample(range(n), rng.randint(1, n - 1))
        labels[missed] = (labels[missed] + 1) % 3
        yield logits, labels.reshape(n, 1)


@exercise.mistake(
    "The largest score wins, also where no class has half of the probability. What do you compare "
    "with?"
)
def more_than_half(logits, labels):
    p = logits.softmax(dim=1).gather(1, labels.reshape(-1, 1))
    return (p > 0.5).float().mean().item()


@exercise.mistake(
    "Look at the shapes around your ==. With labels of shape (4, 1), every prediction is compared "
    "with every label, and a sum of sixteen answers is divided by four."
)
def compares_each_with_each(logits, labels):
    return (logits.argmax(dim=1) == labels).sum().item() / len(labels)


@exercise.mistake(
    "The result looks possible, but with labels of shape (4, 1) it is a mean over sixteen "
    "comparisons: every prediction met every label."
)
def mean_over_a_square(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean().item()


@exercise.mistake(
    "max(dim) gives a pair: the largest scores and their places. Which of the two can be "
    "compared with the labels?"
)
def compares_scores(logits, labels):
    return (logits.max(dim=1).values == labels.reshape(-1)).float().mean().item()


@exercise.mistake(
    "You look for the best sample of each class. The question is which class is best for each "
    "sample, so another dimension has to go."
)
def argmax_over_the_batch(logits, labels):
    predicted = logits.argmax(dim=0)
    count = min(len(predicted), len(labels))
    return (predicted[:count] == labels.reshape(-1)[:count]).sum().item() / len(labels)


@exercise.mistake(
    "You counted the hits. Accuracy is a share, so that batches of different size can be compared."
)
def counts_hits(logits, labels):
    return float((logits.argmax(dim=1) == labels.reshape(-1)).sum())


@exercise.mistake(same_as=argmax_over_the_batch)
def argmax_over_the_batch_as_written(logits, labels):
    return (logits.argmax(dim=0) == labels.reshape(-1)).float().mean().item()


@exercise.mistake(
    "argmax() without a dimension gives one place in the whole tensor, not one for each sample."
)
def argmax_of_everything(logits, labels):
    return (logits.argmax() == labels.reshape(-1)).float().mean().item()


@exercise.mistake("The value is right, but it is a tensor. A Python float was asked for.")
def gives_a_tensor(logits, labels):
    return (logits.argmax(dim=1) == labels.reshape(-1)).float().mean()


@exercise.mistake("A share lies between 0 and 1. Yours is in percent.")
def in_percent(logits, labels):
    return 100 * (logits.argmax(dim=1) == labels.reshape(-1)).float().mean().item()


@exercise.mistake("By what do you divide? The second dimension of the scores counts classes.")
def divides_by_classes(logits, labels):
    return (logits.argmax(dim=1) == labels.reshape(-1)).sum().item() / logits.shape[1]


@exercise.mistake(
    "Labels of shape (batch, 1) are right now. With labels of shape (batch,), look at both shapes "
    "around your == once more."
)
def columns_only(logits, labels):
    return (logits.argmax(dim=1, keepdim=True) == labels).float().mean().item()


@exercise.mistake(same_as=columns_only)
def columns_only_counted(logits, labels):
    return (logits.argmax(dim=1, keepdim=True) == labels).sum().item() / len(labels)


@exercise.mistake("Labels of shape (batch,) have one dimension only. What does your index ask for?")
def first_column_of_labels(logits, labels):
    return (logits.argmax(dim=1) == labels[:, 0]).float().mean().item()


@exercise.mistake(
    "squeeze() without a number takes every dimension of size 1 away, also that of a batch of one."
)
def squeezes_the_scores(logits, labels):
    return (logits.squeeze().argmax(dim=1) == labels.reshape(-1)).float().mean().item()


@exercise.mistake("`//` leaves whole numbers only: every share below 1 becomes 0.")
def divides_whole_numbers(logits, labels):
    return (logits.argmax(dim=1) == labels.reshape(-1)).sum().item() // len(labels)


@exercise.mistake(
    "Which score is the largest is the question, not which is larger than a limit: scores are no "
    "probabilities."
)
def above_one_half(logits, labels):
    chosen = logits.gather(1, labels.reshape(-1, 1))
    return (chosen > 0.5).float().mean().item()


@exercise.right
def with_topk(logits, labels):
    predicted = logits.topk(1, dim=1).indices
    return (predicted == labels.view(-1, 1)).sum().item() / logits.shape[0]


exercise.equivalent(
    "hits = predicted == labels.reshape(-1)",
    "hits = predicted == labels.view(-1)",
    because="Shapes (n,) and (n, 1) can be viewed as (n,), whatever their strides.",
)


exercise.equivalent(
    "return hits.float().mean().item()",
    "return hits.double().mean().item()",
    because="As float or as double: the share is the same up to rounding.",
)


exercise.equivalent(
    "predicted = logits.topk(1, dim=1).indices",
    "predicted = logits.topk(1).indices",
    because="Without `dim` topk takes the last dimension: here it is 1.",
)
