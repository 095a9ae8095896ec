"""
The usual loss of classifiers. For the logits `[2, 1, 0]` and class 0 it is 0.4076. Logits may be as
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
    "On paper this is right. In float32 exp(1000) is infinite, exp(-1000) is 0, and the "
    "logarithm of 0 is minus infinity. Softmax and logarithm have to be done in one piece."
)
def softmax_then_log(logits, target):
    probabilities = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return -probabilities.log()[torch.arange(len(target)), target].mean()


@exercise.mistake(
    "You apply softmax twice: cross-entropy begins with logits and does it itself. Even a "
    "perfect answer keeps a loss well above 0 this way."
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
    "From every row you take the columns of all targets, as `[:, target]` does. One element a "
    "row is needed."
)
def all_columns(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[:, target].mean()


@exercise.mistake(
    "You added up the losses of the samples. With twice the batch the loss would be about "
    "twice as large, and so would the steps of a model."
)
def adds_up(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].sum()


@exercise.mistake(same_as=softmax_then_log)
def softmax_of_torch_then_log(logits, target):
    return -logits.softmax(dim=1).log()[torch.arange(len(target)), target].mean()


@exercise.mistake(same_as=softmax_then_log)
def logarithm_of_the_right_probability(logits, target):
    return -logits.softmax(dim=1)[torch.arange(len(target)), target].log().mean()


@exercise.mistake(
    "The same number is taken off all rows of the batch. In a row far below it every "
    "exponential is 0. How large should the largest number of each row be after that?"
)
def largest_of_the_batch(logits, target):
    z = logits - logits.max()
    log_probabilities = z - z.exp().sum(dim=1, keepdim=True).log()
    return -log_probabilities[torch.arange(len(target)), target].mean()


@exercise.mistake(
    "Your loss never becomes infinite, but from some point on it stops growing: a logit that "
    "is more wrong than that costs no more, and gets no gradient."
)
def adds_a_small_number(logits, target):
    picked = logits.softmax(dim=1)[torch.arange(len(target)), target]
    return -(picked + 1e-9).log().mean()


@exercise.mistake(same_as=adds_a_small_number)
def cuts_the_probability(logits, target):
    picked = logits.softmax(dim=1)[torch.arange(len(target)), target]
    return -picked.clamp(min=1e-7).log().mean()


@exercise.mistake(same_as=adds_a_small_number)
def cuts_the_logits(logits, target):
    z = logits.clamp(-50, 50)
    return (z.logsumexp(dim=1) - z[torch.arange(len(target)), target]).mean()


@exercise.mistake(
    "You average over all numbers of the table. The mean is over the samples: with more classes "
    "your loss becomes smaller."
)
def mean_over_the_classes(logits, target):
    one_hot = F.one_hot(target, logits.shape[1])
    return -(one_hot * logits.log_softmax(dim=1)).mean()


@exercise.mistake(
    "The number is right, but no gradient goes back to the logits. Which line cuts your loss off "
    "from them?"
)
def cut_from_the_graph(logits, target):
    return cross_entropy(logits.detach(), target)


@exercise.mistake(
    "When the same number is added to all logits of a row, the probabilities stay as they are, and "
    "so should the loss. Yours changes: what is taken off in one place has to go in all places."
)
def takes_off_in_one_place(logits, target):
    top = logits.max(dim=1, keepdim=True).values
    picked = logits[torch.arange(len(target)), target]
    return ((logits - top).exp().sum(dim=1).log() - picked).mean()


@exercise.mistake(
    "exp and the logarithm belong together only if both have the base e. Which base has yours?"
)
def logarithm_of_base_two(logits, target):
    z = logits - logits.max(dim=1, keepdim=True).values
    log_probabilities = z - z.exp().sum(dim=1, keepdim=True).log2()
    return -log_probabilities[torch.arange(len(target)), target].mean()


@exercise.mistake(same_as=logarithm_of_base_two)
def probabilities_in_bits(logits, target):
    return -logits.softmax(dim=1)[torch.arange(len(target)), target].log2().mean()


@exercise.mistake("The loss is right, and the logits of the caller are others than before.")
def shifts_in_place(logits, target):
    with torch.no_grad():
        logits -= logits.max(dim=1, keepdim=True).values
    return cross_entropy(logits, target)


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
