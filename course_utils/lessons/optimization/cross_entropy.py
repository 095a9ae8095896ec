"""
The loss of all classifiers. For the logits `[2, 1, 0]` and class 0 it is 0.4076. Logits may be as
large as 1000, so softmax and logarithm cannot be done one after the other.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import loss_and_gradient
from course_utils.lessons.optimization.inputs import decimals, labels
from course_utils.promises import promised

exercise = Exercise(
    "09.2",
    "Cross-entropy from logits",
    minutes=12,
    difficulty=2,
    without=["nn.functional.cross_entropy", "nn.functional.nll_loss"],
    hints=[
        "For one sample: the negative logarithm of the probability that softmax gives to the "
        "right class. Do it on paper for the logits [2, 1, 0] and class 0.",
        "exp(1000) is infinite in float32. Look for a function of torch that gives the "
        "*logarithm* of softmax, or the logarithm of a sum of exponentials, in one piece.",
        "From a table of shape (n, classes) you need one number a row: rows 0 to n-1, columns "
        "`target`.",
    ],
)


@exercise.reference
def cross_entropy(logits, target):
    """The mean cross-entropy of a batch.

    logits: float32, shape (n, classes), any strides, of any size, also 1000.
    target: int64, shape (n,), any strides.
    Returns a tensor of shape (), connected to the logits.
    """
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)  # (n, classes)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@exercise.cases
def _(rng):
    yield torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])
    yield torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]), torch.tensor([2, 0])
    yield torch.tensor([[1000.0, 0.0], [-1000.0, 0.0]]), torch.tensor([0, 0])
    for n, classes in ((3, 3), (4, 2)):
        yield decimals(rng, n, classes), labels(rng, n, classes)
    for logits in promised(rng, "any strides"):
        yield logits, labels(rng, 5, 3)[1::2]


@exercise.observe
def _(answer, logits, target):
    return loss_and_gradient(answer, logits, target)


@exercise.mistake(
    "On paper this is right. In float32 exp(1000) is infinite and the logarithm of 0 is minus "
    "infinity. Softmax and logarithm have to be done in one piece."
)
def softmax_then_log(logits, target):
    probabilities = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return -probabilities.log()[torch.arange(len(target)), target].mean()


@exercise.mistake(
    "You apply softmax twice: cross-entropy begins with logits and does it itself. Even a perfect "
    "answer keeps a large loss this way."
)
def softmax_twice(logits, target):
    logits = logits.softmax(dim=1)
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@exercise.mistake("Your loss is minus the mean probability: the logarithm is missing.")
def forgets_the_logarithm(logits, target):
    return -logits.softmax(dim=1)[torch.arange(len(target)), target].mean()


@exercise.mistake(
    "Your probabilities add up to one down the batch. Each *sample* has to share out its "
    "probability among the classes."
)
def over_the_batch(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=0, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@exercise.mistake(
    "`[:, target]` takes all those columns for every row. One element a row is needed."
)
def all_columns(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[:, target].mean()


@exercise.mistake(
    "You added up the losses of the samples. With twice the batch the gradient would be twice "
    "as large."
)
def adds_up(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].sum()


@exercise.right
def cross_entropy_with_gather(logits, target):
    log_p = F.log_softmax(logits, dim=-1)
    return -log_p.gather(1, target[:, None]).squeeze(1).mean()


@exercise.right
def cross_entropy_with_the_largest_taken_off(logits, target):
    losses = []
    for row, label in zip(logits, target, strict=True):
        row = row - row.max().detach()
        losses.append(row.exp().sum().log() - row[label])
    return torch.stack(losses).mean()


exercise.equivalent(
    "log_p = F.log_softmax(logits, dim=-1)",
    "log_p = F.log_softmax(logits)",
    "log_p = F.log_softmax(logits, dim=1)",
    because="There are two dimensions: the last one is 1, and it is the one that torch "
    "takes for a matrix.",
)


exercise.equivalent(
    "return -log_p.gather(1, target[:, None]).squeeze(1).mean()",
    "return -log_p.gather(1, target[:, None]).squeeze().mean()",
    "return -log_p.gather(1, target[:, None]).mean()",
    "return -log_p.gather(1, target[:, None]).squeeze(0).mean()",
    because="The mean is over all elements, whatever their shape.",
)


exercise.equivalent(
    "row = row - row.max().detach()",
    "row = row - row.max()",
    because="The largest number is taken off and comes back in the logarithm: its "
    "gradients cancel.",
)
