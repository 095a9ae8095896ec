"""Exercises of notebook 09: losses, optimizers and schedules."""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import collections
import copy
import math
import random

import torch
from torch import nn
from torch.nn import functional as F

from ..exercise import Exercise
from ..observation import attempt


def decimals(rng: random.Random, *shape: int, most: int = 3) -> torch.Tensor:
    """Numbers with one decimal between -most and most, none of them 0."""
    count = torch.Size(shape).numel()
    numbers = [rng.choice([-1, 1]) * rng.randint(1, 10 * most) / 10 for _ in range(count)]
    return torch.tensor(numbers).reshape(shape)


def labels(rng: random.Random, count: int, classes: int) -> torch.Tensor:
    """Class numbers: shape (count,), int64."""
    return torch.tensor([rng.randrange(classes) for _ in range(count)])


def set_numbers(model: nn.Module, rng: random.Random) -> nn.Module:
    """The same model, its parameters set to numbers from `rng`."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(decimals(rng, *parameter.shape, most=1))
    return model


def loss_and_gradient(answer, x: torch.Tensor, *rest) -> dict:
    """The loss, and the gradient that its sum sends back to x."""
    x = x.clone().requires_grad_()
    loss = answer(x, *rest)
    facts = {"loss": loss, "gradient": "none: the loss is not connected to its input"}
    if type(loss) is torch.Tensor and loss.requires_grad:
        loss.sum().backward()
        facts["gradient"] = x.grad
    return facts


def wake_optimizers() -> None:
    """Make one optimizer, before the clock of an answer runs.

    The first optimizer of a process makes torch import its compiler, which takes seconds.
    """
    torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


def current_rates(optimizer: torch.optim.Optimizer) -> list[float]:
    """The learning rate of each group, as the optimizer would use it now."""
    return [float(group["lr"]) for group in optimizer.param_groups]


# 09.1 -------------------------------------------------------------------------------------

mse_exercise = Exercise(
    "09.1",
    "Mean squared error that does not broadcast",
    minutes=6,
    difficulty=1,
    without=["nn.functional.mse_loss"],
    hints=[
        "Begin with all squared errors. The reduction is a second step.",
        "Compare the two shapes before you subtract. Which exception does the docstring name?",
    ],
)


@mse_exercise.reference
def mse(prediction, target, reduction="mean"):
    """The squared error between a prediction and its target.

    prediction, target: float tensors of the same shape.
    reduction: 'none' gives every squared error, in that shape; 'mean' and 'sum' give a tensor
    of shape ().
    Raises ValueError when the shapes differ, even if they could be broadcast.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(prediction.shape)}, {tuple(target.shape)}")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@mse_exercise.cases
def _(rng):
    target = torch.tensor([1.0, 4.0, 0.0])
    for reduction in ("mean", "sum", "none"):
        yield torch.tensor([1.0, 2.0, 3.0]), target, reduction
    yield torch.tensor([[1.0], [2.0], [3.0]]), target, "mean"
    for reduction in ("mean", "none"):
        yield decimals(rng, 2, 3), decimals(rng, 2, 3), reduction


@mse_exercise.observe
def _(answer, prediction, target, reduction):
    return loss_and_gradient(answer, prediction, target, reduction)


@mse_exercise.mistake(
    "A prediction of shape (n, 1) and a target of shape (n,) broadcast to a square table: each "
    "prediction meets each target. Your function lets that happen."
)
def lets_shapes_broadcast(prediction, target, reduction="mean"):
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@mse_exercise.mistake(
    "You took the root of the mean. That is a number to report (RMSE); the loss of this name "
    "has none."
)
def takes_the_root(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean().sqrt() if reduction == "mean" else squares.sum()


@mse_exercise.mistake(
    "The half that textbooks put in front makes the derivative look nicer. torch does not have it."
)
def has_a_half_in_front(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2 / 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@mse_exercise.mistake(
    "You average over the rows and add up inside each row. How many numbers are in the table?"
)
def mean_over_rows_only(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.sum() / len(squares) if reduction == "mean" else squares.sum()


@mse_exercise.mistake(
    "The number is right, but `.item()` made a Python number of it: no gradient can go back "
    "through that."
)
def leaves_the_graph(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean().item() if reduction == "mean" else squares.sum().item()


# 09.2 -------------------------------------------------------------------------------------

cross_entropy_exercise = Exercise(
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


@cross_entropy_exercise.reference
def cross_entropy(logits, target):
    """The mean cross-entropy of a batch.

    logits: floats of shape (n, classes), of any size, also 1000. target: int64, shape (n,).
    Returns a tensor of shape (), connected to the logits.
    """
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)  # (n, classes)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@cross_entropy_exercise.cases
def _(rng):
    yield torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])
    yield torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]), torch.tensor([2, 0])
    yield torch.tensor([[1000.0, 0.0], [-1000.0, 0.0]]), torch.tensor([0, 0])
    for n, classes in ((3, 3), (4, 2)):
        yield decimals(rng, n, classes), labels(rng, n, classes)


@cross_entropy_exercise.observe
def _(answer, logits, target):
    return loss_and_gradient(answer, logits, target)


@cross_entropy_exercise.mistake(
    "On paper this is right. In float32 exp(1000) is infinite and the logarithm of 0 is minus "
    "infinity. Softmax and logarithm have to be done in one piece."
)
def softmax_then_log(logits, target):
    probabilities = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return -probabilities.log()[torch.arange(len(target)), target].mean()


@cross_entropy_exercise.mistake(
    "You apply softmax twice: cross-entropy begins with logits and does it itself. Even a perfect "
    "answer keeps a large loss this way."
)
def softmax_twice(logits, target):
    logits = logits.softmax(dim=1)
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@cross_entropy_exercise.mistake(
    "Your loss is minus the mean probability: the logarithm is missing."
)
def forgets_the_logarithm(logits, target):
    return -logits.softmax(dim=1)[torch.arange(len(target)), target].mean()


@cross_entropy_exercise.mistake(
    "Your probabilities add up to one down the batch. Each *sample* has to share out its "
    "probability among the classes."
)
def over_the_batch(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=0, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].mean()


@cross_entropy_exercise.mistake(
    "`[:, target]` takes all those columns for every row. One element a row is needed."
)
def all_columns(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[:, target].mean()


@cross_entropy_exercise.mistake(
    "You added up the losses of the samples. With twice the batch the gradient would be twice "
    "as large."
)
def adds_up(logits, target):
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -log_probabilities[torch.arange(len(target)), target].sum()


# 09.3 -------------------------------------------------------------------------------------

gradient_exercise = Exercise(
    "09.3",
    "The gradient of cross-entropy",
    minutes=12,
    difficulty=2,
    without=["nn.functional.cross_entropy", "nn.functional.nll_loss", "Tensor.backward"],
    hints=[
        "The loss of one sample is `logsumexp(logits) - logits[target]`. Differentiate the two "
        "parts one after the other.",
        "The derivative of logsumexp with respect to the logits is something you know well.",
        "The loss is a mean. What does that do to the gradient of one sample?",
    ],
)


@gradient_exercise.reference
def cross_entropy_gradient(logits, target):
    """The gradient of the mean cross-entropy with respect to the logits, without autograd.

    logits: floats of shape (n, classes). target: int64, shape (n,).
    Returns a float tensor of shape (n, classes), the logits' dtype. The logits stay as they are.
    """
    gradient = logits.softmax(dim=1)  # (n, classes)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / len(target)


@gradient_exercise.cases
def _(rng):
    yield torch.tensor([[0.0, 0.0]]), torch.tensor([1])
    yield torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]), torch.tensor([0, 1])
    for n, classes in ((3, 2), (4, 3)):
        yield decimals(rng, n, classes), labels(rng, n, classes)


@gradient_exercise.mistake("This is the gradient of the sum. The loss is the mean over the batch.")
def of_the_sum(logits, target):
    gradient = logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient


@gradient_exercise.mistake(
    "The sign is the other way round: a step *against* the gradient must raise the right logit."
)
def the_other_sign(logits, target):
    gradient = -logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] += 1
    return gradient / len(target)


@gradient_exercise.mistake(
    "Only the right class has a gradient here. Softmax ties the classes together: raising any "
    "logit lowers the probability of the right class."
)
def only_the_right_class(logits, target):
    gradient = torch.zeros_like(logits)
    rows = torch.arange(len(target))
    gradient[rows, target] = logits.softmax(dim=1)[rows, target] - 1
    return gradient / len(target)


@gradient_exercise.mistake(
    "The target is not in your gradient at all. Every row of the true gradient adds up to 0."
)
def forgets_the_target(logits, target):
    return logits.softmax(dim=1) / len(target)


@gradient_exercise.mistake("You divide by the number of logits. The mean goes over the samples.")
def divides_by_all_elements(logits, target):
    gradient = logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / logits.numel()


# 09.4 -------------------------------------------------------------------------------------

bce_exercise = Exercise(
    "09.4",
    "Binary cross-entropy that survives large logits",
    minutes=12,
    difficulty=2,
    without=[
        "nn.functional.binary_cross_entropy_with_logits",
        "nn.functional.binary_cross_entropy",
    ],
    hints=[
        "For target 1 the loss of one logit is -log(sigmoid(logit)); for target 0 it is "
        "-log(1 - sigmoid(logit)).",
        "1 - sigmoid(z) is sigmoid(-z). So you need one function only: the logarithm of sigmoid, "
        "in one piece.",
        "torch has `nn.functional.logsigmoid` and `nn.functional.softplus`. Either will do.",
    ],
)


@bce_exercise.reference
def bce_with_logits(logits, target):
    """The mean binary cross-entropy.

    logits: floats of any shape and any size, also 200. target: floats from 0 to 1 of the same
    shape (0.3 is allowed: "yes, with probability 0.3").
    Returns a tensor of shape (), connected to the logits; their gradient is finite, too.
    """
    yes = target * F.logsigmoid(logits)
    no = (1 - target) * F.logsigmoid(-logits)
    return -(yes + no).mean()


@bce_exercise.cases
def _(rng):
    # Never exactly 0: there |logit|, in the formula of the documentation, has no gradient.
    yield torch.tensor([0.5]), torch.tensor([1.0])
    yield torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield torch.tensor([-200.0, 200.0]), torch.tensor([1.0, 1.0])
    yield torch.tensor([[1.5], [-0.5]]), torch.tensor([[0.3], [0.8]])
    yield decimals(rng, 2, 3), labels(rng, 6, 2).float().reshape(2, 3)


@bce_exercise.observe
def _(answer, logits, target):
    return loss_and_gradient(answer, logits, target)


@bce_exercise.mistake(
    "On paper this is right. But sigmoid(-200) is 0 in float32, and its logarithm is infinite. "
    "Sigmoid and logarithm have to be done in one piece."
)
def sigmoid_then_log(logits, target):
    p = logits.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@bce_exercise.mistake(
    "You cut the logarithm off, so that it is never infinite. A very wrong logit then has no "
    "gradient: it can never be corrected."
)
def cuts_the_logarithm(logits, target):
    p = logits.sigmoid()
    yes = target * p.log().clamp(min=-100)
    no = (1 - target) * (1 - p).log().clamp(min=-100)
    return -(yes + no).nan_to_num().mean()


@bce_exercise.mistake(
    "Your loss says nothing where the target is 0, so it is lowest when everything is called yes."
)
def forgets_the_no(logits, target):
    return -(target * F.logsigmoid(logits)).mean()


@bce_exercise.mistake(
    "Sigmoid is applied twice. What comes in lies between 0 and 1 then, and a clear no has become "
    "impossible."
)
def sigmoid_twice(logits, target):
    z = logits.sigmoid()
    return -(target * F.logsigmoid(z) + (1 - target) * F.logsigmoid(-z)).mean()


@bce_exercise.mistake(
    "You turn the target into yes or no first. A target of 0.3 is allowed, and it says more."
)
def rounds_the_target(logits, target):
    return -torch.where(target > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).mean()


# 09.5 -------------------------------------------------------------------------------------

labels_exercise = Exercise(
    "09.5",
    "Labels that fit the loss",
    minutes=8,
    difficulty=1,
    hints=[
        "The lesson has a table: for each loss the shape and the dtype of the target.",
        "Test your function with a batch of one sample. What does squeeze() without an argument "
        "make of shape (1, 1)?",
        "`reshape(-1)` and `reshape(-1, 1)` give a shape whatever the shape was before.",
    ],
)


@labels_exercise.reference
def fit_labels(raw, loss):
    """The class labels of a batch, in the shape and dtype that a loss expects.

    raw: whole numbers in a tensor of shape (n,) or (n, 1), of any dtype (int32, float64, ...).
    loss: 'cross_entropy' with logits of shape (n, classes), or 'bce_with_logits' with logits of
    shape (n, 1). Returns a tensor.
    """
    if loss == "cross_entropy":
        return raw.reshape(-1).long()
    return raw.reshape(-1, 1).float()


@labels_exercise.cases
def _(rng):
    for loss in ("cross_entropy", "bce_with_logits"):
        yield torch.tensor([[0], [1], [1]], dtype=torch.int32), loss
        yield torch.tensor([1.0, 0.0], dtype=torch.float64), loss
        yield torch.tensor([[1]]), loss
        yield torch.tensor([1]), loss
        yield labels(rng, 4, 2), loss


@labels_exercise.mistake(
    "squeeze() takes away every dimension of size 1. In a last batch of one sample that is the "
    "batch, too."
)
def squeezes_everything(raw, loss):
    if loss == "cross_entropy":
        return raw.squeeze().long()
    return raw.reshape(-1, 1).float()


@labels_exercise.mistake(
    "`.int()` gives 32 bits. Cross-entropy uses labels to look up columns, and wants torch's "
    "usual type for that."
)
def thirty_two_bits(raw, loss):
    if loss == "cross_entropy":
        return raw.reshape(-1).int()
    return raw.reshape(-1, 1).float()


@labels_exercise.mistake(
    "All your labels are floats. For cross-entropy a label is the number of a class: something "
    "to count with."
)
def always_floats(raw, loss):
    return raw.reshape(-1).float() if loss == "cross_entropy" else raw.reshape(-1, 1).float()


@labels_exercise.mistake(
    "All your labels are whole numbers. Binary cross-entropy multiplies with its target, which "
    "may lie between 0 and 1."
)
def always_whole_numbers(raw, loss):
    return raw.reshape(-1).long() if loss == "cross_entropy" else raw.reshape(-1, 1).long()


@labels_exercise.mistake(
    "Both losses get the same shape from you. Binary cross-entropy compares element by element: "
    "what shape have its logits?"
)
def always_one_dimension(raw, loss):
    return raw.reshape(-1).long() if loss == "cross_entropy" else raw.reshape(-1).float()


@labels_exercise.mistake(
    "Both losses get a column from you. How many numbers does cross-entropy want for one sample, "
    "and how many dimensions has its target?"
)
def always_a_column(raw, loss):
    return raw.reshape(-1, 1).long() if loss == "cross_entropy" else raw.reshape(-1, 1).float()


# 09.6 -------------------------------------------------------------------------------------

sequence_exercise = Exercise(
    "09.6",
    "Loss of padded sequences",
    minutes=15,
    difficulty=3,
    hints=[
        "cross_entropy wants the classes in dimension 1, or a table with one row for each word.",
        "`ignore_index` leaves words out of the sum *and* out of the count.",
        "With `reduction='sum'` you do the division yourself, and can avoid dividing by zero.",
    ],
)


@sequence_exercise.reference
def sequence_loss(logits, target, pad):
    """The mean cross-entropy of all words that are not padding.

    logits: floats of shape (n, length, classes). target: int64 of shape (n, length), where the
    number `pad` marks padding. Returns a tensor of shape (), connected to the logits; it is 0
    if everything is padding.
    """
    total = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="sum"
    )
    return total / (target != pad).sum().clamp(min=1)


@sequence_exercise.cases
def _(rng):
    yield decimals(rng, 1, 2, 2), torch.tensor([[1, 0]]), 0
    yield decimals(rng, 2, 3, 3), torch.tensor([[1, 2, 0], [2, 0, 0]]), 0
    yield decimals(rng, 2, 3, 4), torch.tensor([[1, 2, 3], [3, -100, -100]]), -100
    yield decimals(rng, 2, 4, 3), torch.tensor([[1, 2, 1, 2], [2, 2, 1, 1]]), 0
    yield decimals(rng, 1, 3, 2), torch.tensor([[0, 0, 0]]), 0


@sequence_exercise.observe
def _(answer, logits, target, pad):
    return loss_and_gradient(answer, logits, target, pad)


@sequence_exercise.mistake(
    "The shapes fit, but view() only cuts the same row of numbers in a new way: the scores of "
    "different words and classes are mixed up. Lesson 01 has the picture."
)
def scrambles_with_view(logits, target, pad):
    n, length, classes = logits.shape
    losses = F.cross_entropy(
        logits.reshape(n, classes, length), target, ignore_index=pad, reduction="sum"
    )
    return losses / (target != pad).sum().clamp(min=1)


@sequence_exercise.mistake(
    "Padding counts as words in your loss. torch does not know which number means padding until "
    "you say so; 0 is nothing special to it."
)
def counts_padding(logits, target, pad):
    target = target.clamp(min=0)
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


@sequence_exercise.mistake(
    "The mean over no words at all is 0 / 0. One such batch puts NaN into every parameter."
)
def nan_without_words(logits, target, pad):
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=pad)


@sequence_exercise.mistake(
    "You add up the words without padding but divide by all places. The loss then depends on how "
    "much padding a batch happens to have."
)
def divides_by_all_places(logits, target, pad):
    losses = F.cross_entropy(
        logits.flatten(0, 1), target.flatten(), ignore_index=pad, reduction="none"
    )
    return losses.mean()


@sequence_exercise.mistake(
    "You average each sequence first, and then the sequences. A word in a short sequence then "
    "counts more than one in a long sequence."
)
def mean_of_means(logits, target, pad):
    losses = F.cross_entropy(
        logits.transpose(1, 2), target, ignore_index=pad, reduction="none"
    ).sum(dim=1)
    return (losses / (target != pad).sum(dim=1).clamp(min=1)).mean()


# 09.7 -------------------------------------------------------------------------------------

head_exercise = Exercise(
    "09.7",
    "Mend a classifier",
    minutes=12,
    difficulty=2,
    hints=[
        "What does cross_entropy expect, and what does it do first? Then: what may a score for a "
        "class that is ruled out look like?",
        "forward is for the loss. Probabilities are for people: another method makes them.",
        "The class with the largest score has the largest probability, too.",
    ],
)


@head_exercise.starter
class Classifier(nn.Module):
    """Two linear layers with a ReLU between them. Runs, and learns badly: mend it.

    Classifier(features, classes).
    forward(x): what `cross_entropy` expects, shape (n, classes), for x of shape (n, features).
    probabilities(x): shape (n, classes), each row adds up to 1; for people to read.
    predicted(x): the most probable class of each sample, int64, shape (n,).
    """

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.out(x))
        return torch.softmax(x, dim=1)

    def probabilities(self, x):
        return torch.softmax(self(x), dim=0)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@head_exercise.reference
class Classifier(nn.Module):
    """Two linear layers with a ReLU between them.

    Classifier(features, classes).
    forward(x): what `cross_entropy` expects, shape (n, classes), for x of shape (n, features).
    probabilities(x): shape (n, classes), each row adds up to 1; for people to read.
    predicted(x): the most probable class of each sample, int64, shape (n,).
    """

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))

    def probabilities(self, x):
        return torch.softmax(self(x), dim=1)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@head_exercise.cases
def _(rng):
    yield 2, 3
    yield 4, 2
    yield rng.randint(3, 5), rng.randint(4, 40)


def kind_of_scores(scores: torch.Tensor, last: torch.Tensor) -> str:
    """In words, what a classifier's output is, compared with what its last layer gave."""
    if scores.shape != last.shape:
        return f"a tensor of shape {tuple(scores.shape)}"
    if torch.allclose(scores, last):
        return "the scores of the last linear layer, as they are"
    if torch.allclose(scores, last.log_softmax(dim=1), atol=1e-5):
        return "logarithms of probabilities"
    if torch.allclose(scores.sum(dim=1), torch.ones(len(scores))) and bool((scores >= 0).all()):
        return "probabilities"
    return "scores that are never negative" if bool((scores >= 0).all()) else "other numbers"


def kind_of_shares(given: torch.Tensor, last: torch.Tensor) -> str:
    """In words, what a classifier's probabilities are, compared with what its last layer gave."""
    kinds = {
        "softmax of each row of scores": last.softmax(dim=-1),
        "softmax of each column of scores": last.softmax(dim=0),
        "sigmoid of each score": last.sigmoid(),
    }
    for kind, numbers in kinds.items():
        if given.shape == numbers.shape and torch.allclose(given, numbers, atol=1e-5):
            return kind
    return "other numbers"


@head_exercise.observe
def _(answer, features, classes):
    model = answer(features, classes)
    if not isinstance(model, nn.Module):
        return {"a model": model}
    outputs = []
    linear = [module for module in model.modules() if type(module) is nn.Linear]
    for module in linear:
        module.register_forward_hook(lambda module, args, output: outputs.append(output.detach()))
    x = torch.randn(40, features)
    scores = model(x)
    last = outputs[-1] if outputs else torch.zeros(0)
    given = model.probabilities(x)
    picked = model.predicted(x)
    for result in (scores, given, picked):
        if type(result) is not torch.Tensor:
            return {"forward, probabilities, predicted": [scores, given, picked]}
    return {
        "forward gives": kind_of_scores(scores.detach(), last),
        "probabilities gives": kind_of_shares(given.detach(), last),
        "rows of probabilities add up to 1": torch.allclose(given.sum(dim=-1), torch.ones(1)),
        "predicted is right for every sample": picked.shape == (40,)
        and torch.equal(picked, last.argmax(dim=1)),
        "dtype of predicted": picked.dtype,
        "shape of what forward gives": tuple(scores.shape),
        "linear layers": len(linear),
        "a gradient comes back": bool(scores.requires_grad),
    }


class TwoLayers(nn.Module):
    """What the mistakes below have in common."""

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))

    def probabilities(self, x):
        return torch.softmax(self(x), dim=1)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@head_exercise.mistake(
    "`forward` still ends in softmax. cross_entropy does that itself, and the second softmax "
    "keeps the loss of a perfect answer far from 0."
)
class SoftmaxInForward(TwoLayers):
    def forward(self, x):
        return torch.softmax(super().forward(x), dim=1)

    def probabilities(self, x):
        return self(x)


@head_exercise.mistake(
    "`forward` still ends in softmax, and `probabilities` does it a second time: the "
    "probabilities come out nearly equal."
)
class SoftmaxInBoth(TwoLayers):
    def forward(self, x):
        return torch.softmax(super().forward(x), dim=1)


@head_exercise.mistake(
    "A ReLU stands behind the last layer. Scores have to be free to go below zero; a score that "
    "is cut off also gets no gradient."
)
class ReluAtTheEnd(TwoLayers):
    def forward(self, x):
        return torch.relu(super().forward(x))


@head_exercise.mistake(
    "`forward` gives logarithms of probabilities. The loss is right by luck (doing it twice "
    "changes nothing), but it is work for nothing, and readers expect scores."
)
class LogSoftmaxInForward(TwoLayers):
    def forward(self, x):
        return torch.log_softmax(super().forward(x), dim=1)


@head_exercise.mistake(
    "Your probabilities add up to one down the batch. Each sample shares out its probability "
    "among the classes."
)
class SoftmaxOverTheBatch(TwoLayers):
    def probabilities(self, x):
        return torch.softmax(self(x), dim=0)


@head_exercise.mistake(
    "Sigmoid answers one yes-or-no question for each class. These classes exclude each other, so "
    "their probabilities have to be shared out."
)
class SigmoidForClasses(TwoLayers):
    def probabilities(self, x):
        return torch.sigmoid(self(x))


# 09.8 -------------------------------------------------------------------------------------

sgd_exercise = Exercise(
    "09.8",
    "One step of SGD, with everything",
    minutes=15,
    difficulty=2,
    hints=[
        "Do it in this order: weight decay is added to the gradient, then momentum, then the step.",
        "In the first step there is no buffer yet: it becomes the gradient, not a part of it.",
        "Nesterov looks one step ahead: gradient plus momentum times the *new* buffer.",
    ],
)


@sgd_exercise.reference
def sgd_step(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    """One step of torch.optim.SGD on one tensor, computed by hand.

    w, grad: tensors of the same shape. buffer: the momentum buffer of the step before, a tensor
    of that shape, or None before the first step. lr, momentum, weight_decay: floats.
    Returns (new w, new buffer); without momentum the buffer stays None. No argument is changed.
    """
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    step = grad + momentum * buffer if nesterov else buffer
    return w - lr * step, buffer


@sgd_exercise.cases
def _(rng):
    w, grad = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 1.0])
    yield w, grad, None, 0.1
    yield w, grad, None, 0.1, 0.9
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9, 0.0, True
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9, 0.5, False
    yield decimals(rng, 2, 2), decimals(rng, 2, 2), None, 0.5, 0.5, 0.1, True
    yield decimals(rng, 3), decimals(rng, 3), None, 0.2, 0.0, 0.3


@sgd_exercise.mistake(
    "You blend the old buffer with a small part of the gradient. Adam does that; SGD's buffer is "
    "a sum in which the new gradient counts in full."
)
def blends_the_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + (1 - momentum) * grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@sgd_exercise.mistake(
    "Your weight decay goes past the momentum, straight to the parameter. In SGD it is a part of "
    "the gradient, so it gets into the buffer as well."
)
def decay_past_momentum(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    decay = lr * weight_decay * w
    if momentum == 0:
        return w - lr * grad - decay, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer) - decay, buffer


@sgd_exercise.mistake(
    "Your buffer holds learning rate times gradient. When a schedule changes the rate, the old "
    "rate stays in there; torch multiplies at the very end."
)
def rate_in_the_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = lr * grad if buffer is None else momentum * buffer + lr * grad
    return w - (lr * grad + momentum * buffer if nesterov else buffer), buffer


@sgd_exercise.mistake(
    "`nesterov` changes nothing in your function. What is added to the gradient then?"
)
def ignores_nesterov(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * buffer, buffer


@sgd_exercise.mistake(
    "Your Nesterov step begins from the buffer and adds more of the buffer. The new gradient comes "
    "first, and the look ahead is added to that."
)
def looks_ahead_from_the_buffer(
    w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False
):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (buffer + momentum * buffer if nesterov else buffer), buffer


# 09.9 -------------------------------------------------------------------------------------

adam_exercise = Exercise(
    "09.9",
    "Several steps of Adam by hand",
    minutes=15,
    difficulty=2,
    hints=[
        "Two running means begin at 0: one of the gradient, one of its square.",
        "Because they begin at 0 they are too small at first. Divide each by one minus its beta "
        "to the power of the step number. Which number has the first step?",
        "The epsilon is there so that nothing is divided by zero. It is added to the root.",
    ],
)


@adam_exercise.reference
def adam(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    """What torch.optim.Adam makes of a parameter, step by step, computed by hand.

    w: a tensor. gradients: a list of tensors of w's shape, one for each step. lr, eps: floats.
    betas: two floats. Returns the list of w after each step. No argument is changed.
    """
    mean = torch.zeros_like(w)
    square = torch.zeros_like(w)
    steps = []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        corrected_mean = mean / (1 - betas[0] ** t)
        corrected_square = square / (1 - betas[1] ** t)
        w = w - lr * corrected_mean / (corrected_square.sqrt() + eps)
        steps.append(w)
    return steps


@adam_exercise.cases
def _(rng):
    yield torch.tensor([1.0, 1.0]), [torch.tensor([1000.0, -0.001])], 0.1
    yield torch.tensor([1.0]), [torch.tensor([g]) for g in (1.0, 2.0, -4.0)], 0.1
    yield torch.tensor([2.0]), [torch.tensor([0.1])] * 3, 0.1, (0.5, 0.9), 0.5
    yield decimals(rng, 2, 2), [decimals(rng, 2, 2) for _ in range(3)], 0.3
    yield decimals(rng, 3), [decimals(rng, 3) for _ in range(4)], 0.2, (0.6, 0.8)


@adam_exercise.mistake(
    "The running means begin at 0, and nothing makes up for that: your first steps have the "
    "wrong length."
)
def no_correction(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for grad in gradients:
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (square.sqrt() + eps)
        steps.append(w)
    return steps


@adam_exercise.mistake(
    "You number the steps from 0. Any number to the power of 0 is 1, and one minus one is what "
    "you divide by."
)
def counts_from_zero(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        # Tensors divide by zero without an error.
        one, two = torch.tensor(1 - betas[0] ** t), torch.tensor(1 - betas[1] ** t)
        w = w - lr * (mean / one) / ((square / two).sqrt() + eps)
        steps.append(w)
    return steps


@adam_exercise.mistake(
    "The epsilon stands under the root in your formula. There a small epsilon becomes a larger "
    "one, and a large one a smaller one."
)
def epsilon_under_the_root(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / (square / (1 - betas[1] ** t) + eps).sqrt()
        steps.append(w)
    return steps


@adam_exercise.mistake(
    "This is plain gradient descent. Adam's first step has the length of the learning rate, "
    "however large the gradient is."
)
def plain_descent(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    steps = []
    for grad in gradients:
        w = w - lr * grad
        steps.append(w)
    return steps


@adam_exercise.mistake(
    "The root is missing: you divide by a mean of *squares*, so large gradients make tiny steps."
)
def forgets_the_root(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / (square / (1 - betas[1] ** t) + eps)
        steps.append(w)
    return steps


@adam_exercise.mistake(
    "Your running means give the *new* gradient the large share. The betas say how much of the "
    "old mean stays."
)
def betas_the_other_way(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = (1 - betas[0]) * mean + betas[0] * grad
        square = (1 - betas[1]) * square + betas[1] * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


# 09.10 ------------------------------------------------------------------------------------

adamw_exercise = Exercise(
    "09.10",
    "Your own AdamW",
    minutes=30,
    difficulty=3,
    hints=[
        "Loop over `self.param_groups`, and inside over `group['params']`. A group is a dict with "
        "its own 'lr', 'betas', 'eps' and 'weight_decay'.",
        "`self.state[p]` is a dict for each parameter, empty at first. What is kept there is "
        "saved by `state_dict()`; what you keep elsewhere is not.",
        "First `p` shrinks by the factor 1 - lr * weight_decay, then comes the step of exercise "
        "09.9. Write into p itself: `p.mul_(...)`, `p.sub_(...)`.",
        "A parameter whose gradient is None is left alone: not even the decay touches it.",
    ],
)


@adamw_exercise.starter
class OwnAdamW(torch.optim.Optimizer):
    """AdamW: the step of Adam, and weight decay that goes straight to the parameter.

    Works like torch.optim.AdamW with parameter groups, parameters without a gradient, rates that
    a schedule changes, and state_dict.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        raise NotImplementedError  # your answer goes here


@adamw_exercise.reference
class OwnAdamW(torch.optim.Optimizer):
    """AdamW: the step of Adam, and weight decay that goes straight to the parameter.

    Works like torch.optim.AdamW with parameter groups, parameters without a gradient, rates that
    a schedule changes, and state_dict.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            first, second = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["mean"] = torch.zeros_like(p)
                    state["square"] = torch.zeros_like(p)
                state["step"] += 1
                state["mean"] = first * state["mean"] + (1 - first) * p.grad
                state["square"] = second * state["square"] + (1 - second) * p.grad**2
                mean = state["mean"] / (1 - first ** state["step"])
                square = state["square"] / (1 - second ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * mean / (square.sqrt() + group["eps"]))


@adamw_exercise.cases
def _(rng):
    wake_optimizers()
    for lr, decay, size in ((0.1, 0.0, 1), (0.1, 0.5, 1), (0.2, 0.1, 2)):
        values = [torch.ones(size), torch.full((size,), 5.0), decimals(rng, size)]
        a, unused, b = (nn.Parameter(value) for value in values)
        first = {"params": [a, unused], "weight_decay": decay}
        yield [first, {"params": [b], "weight_decay": decay, "lr": 0.5}], lr


@adamw_exercise.observe
def _(answer, groups, lr):
    """Three steps: a and b have gradients, and a schedule lowers the rate of the first group."""
    groups = copy.deepcopy(groups)
    optimizer = answer(groups, lr)
    resumed_groups = copy.deepcopy(groups)
    (a, unused), (b,) = (group["params"] for group in groups)

    def step(optimizer, a, b, number):
        optimizer.param_groups[0]["lr"] = lr / number
        a.grad = torch.full_like(a, [1.0, 2.0, -3.0][number - 1])
        b.grad = torch.full_like(b, [-2.0, 0.1, 0.5][number - 1])
        optimizer.step()
        return [a.detach().clone(), b.detach().clone()]

    facts = {
        "a and b after the first step": step(optimizer, a, b, 1),
        "a and b after the second step": step(optimizer, a, b, 2),
        "the parameter without a gradient": unused.detach().clone(),
    }
    saved = copy.deepcopy(optimizer.state_dict())
    middle = [a.detach().clone(), b.detach().clone()]
    facts["a and b after the third step"] = step(optimizer, a, b, 3)
    (c, _), (d,) = (group["params"] for group in resumed_groups)
    with torch.no_grad():
        c.copy_(middle[0])
        d.copy_(middle[1])
    resumed = answer(resumed_groups, lr)
    facts["load_state_dict"] = attempt(lambda: resumed.load_state_dict(saved))
    facts["the third step of an optimizer that was saved and loaded"] = step(resumed, c, d, 3)
    return facts


class BareAdamW(torch.optim.Optimizer):
    """What the mistakes below have in common: everything but the step."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def direction(self, p, gradient, group):
        """Adam's mean over root, from the state of p."""
        first, second = group["betas"]
        state = self.state[p]
        if not state:
            state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        state["mean"] = first * state["mean"] + (1 - first) * gradient
        state["square"] = second * state["square"] + (1 - second) * gradient**2
        square = state["square"] / (1 - second ** state["step"])
        return state["mean"] / (1 - first ** state["step"]) / (square.sqrt() + group["eps"])


@adamw_exercise.mistake(
    "You add the decay to the gradient: that is Adam with weight_decay. The division by the root "
    "then makes the decay the same for large and small parameters."
)
class DecayInTheGradient(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    gradient = p.grad + group["weight_decay"] * p
                    p.sub_(group["lr"] * self.direction(p, gradient, group))


@adamw_exercise.mistake(
    "All groups get the rate given at the beginning. Each group has its own, and a schedule "
    "changes it there."
)
class OneRateForAll(BareAdamW):
    @torch.no_grad()
    def step(self):
        lr = self.defaults["lr"]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - lr * group["weight_decay"])
                    p.sub_(lr * self.direction(p, p.grad, group))


@adamw_exercise.mistake(
    "The decay does not follow the learning rate: in each step the parameter loses the same "
    "share, even when the rate is nearly 0."
)
class DecayWithoutTheRate(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@adamw_exercise.mistake(
    "A parameter without a gradient moves. None means: not part of this step. Not even the decay "
    "may touch it."
)
class TouchesTheUnused(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                if p.grad is not None:
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@adamw_exercise.mistake(
    "Nothing moves: `p = ...` gives the name p to a new tensor. The model still holds the old one."
)
class GivesTheNameAway(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    direction = self.direction(p, p.grad, group)
                    p = p * (1 - group["lr"] * group["weight_decay"])
                    p = p - group["lr"] * direction


@adamw_exercise.mistake(
    "Your running means live outside `self.state`, so `state_dict()` does not save them: after "
    "loading, the optimizer begins from nothing."
)
class StateOfItsOwn(BareAdamW):
    @torch.no_grad()
    def step(self):
        if not hasattr(self, "kept"):
            self.kept = collections.defaultdict(dict)
        self.state = self.kept
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))
        self.state = collections.defaultdict(dict)


# 09.11 ------------------------------------------------------------------------------------

groups_exercise = Exercise(
    "09.11",
    "Weight decay for weights only",
    minutes=10,
    difficulty=2,
    hints=[
        "Look at the number of dimensions: how many has the weight of a linear layer, a bias, "
        "the weight of a LayerNorm?",
        "parameters() and filter() can be walked through once. A list can be walked through again.",
        "A group is a dict: {'params': [...], 'weight_decay': ...}.",
    ],
)


@groups_exercise.reference
def decay_groups(model, weight_decay):
    """Two parameter groups for an optimizer: weight decay for some, none for the rest.

    Tensors with two or more dimensions get `weight_decay`, all others (biases, the scales of
    normalisation layers) get 0. Frozen parameters are in no group.
    Returns a list of two dicts, ready for torch.optim.AdamW(groups, lr=...).
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


@groups_exercise.cases
def _(rng):
    wake_optimizers()
    yield nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), 0.1
    yield nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1, bias=False)), 0.1
    yield nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), 0.5
    model = nn.Sequential(nn.Embedding(4, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].requires_grad_(False)
    yield model, rng.randint(1, 99) / 100


@groups_exercise.observe
def _(answer, model, weight_decay):
    groups = answer(model, weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    names = {id(p): name for name, p in model.named_parameters()}
    decays = {
        names.get(id(p), "a tensor that is not in the model"): float(group["weight_decay"])
        for group in optimizer.param_groups
        for p in group["params"]
    }
    return {
        "weight decay": dict(sorted(decays.items())),
        "left out": [name for name in names.values() if name not in decays],
        "groups": len(optimizer.param_groups),
    }


@groups_exercise.mistake(
    "Everything gets weight decay, as in an optimizer without groups. It pulls the scales of "
    "normalisation layers and the biases towards 0."
)
def decays_everything(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": trained, "weight_decay": weight_decay},
        {"params": [], "weight_decay": 0.0},
    ]


@groups_exercise.mistake("You go by the name. The scale of a LayerNorm is called `weight`, too.")
def goes_by_the_name(model, weight_decay):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for n, p in named if "weight" in n], "weight_decay": weight_decay},
        {"params": [p for n, p in named if "weight" not in n], "weight_decay": 0.0},
    ]


@groups_exercise.mistake(
    "The second group is empty. An iterator such as filter(...) can be walked through once; "
    "after that there is nothing left in it."
)
def walks_twice(model, weight_decay):
    trained = filter(lambda p: p.requires_grad, model.parameters())
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


@groups_exercise.mistake(
    "Frozen parameters are in a group. If an old gradient is still there, the optimizer moves them."
)
def takes_the_frozen(model, weight_decay):
    everything = list(model.parameters())
    return [
        {"params": [p for p in everything if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in everything if p.dim() < 2], "weight_decay": 0.0},
    ]


@groups_exercise.mistake(
    "The group that gets no decay has no setting of its own, so it takes the optimizer's default. "
    "AdamW's is not 0."
)
def leaves_the_default(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2]},
    ]


# 09.12 ------------------------------------------------------------------------------------

freeze_exercise = Exercise(
    "09.12",
    "Freeze a part in the middle of training",
    minutes=10,
    difficulty=2,
    hints=[
        "The optimizer does not look at requires_grad. What does it look at?",
        "A gradient of zero is still a gradient: momentum and weight decay go on.",
        "`module.requires_grad_(False)`, with the underscore, reaches every parameter.",
    ],
)


@freeze_exercise.reference
def freeze(part):
    """Freeze a module at once: no optimizer moves it any more, and no gradient is computed for it.

    part: an nn.Module in the middle of training, with gradients of the last batch. Its parameters
    stay in the optimizer, which may have momentum and weight decay. The module stays in training
    mode. Returns nothing.
    """
    for parameter in part.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None


@freeze_exercise.cases
def _(rng):
    wake_optimizers()
    yield (set_numbers(nn.Linear(2, 2), rng),)
    yield (set_numbers(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)), rng),)
    width = rng.randint(2, 40)
    yield (nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 2)),)


@freeze_exercise.observe
def _(answer, part):
    facts = {}
    for momentum, decay in ((0.0, 0.0), (0.9, 0.0), (0.9, 0.1)):
        setting = f"momentum {momentum}, weight decay {decay}"
        facts[setting] = freeze_and_train(answer, copy.deepcopy(part), momentum, decay)
    return facts


def freeze_and_train(answer, part: nn.Module, momentum: float, decay: float) -> dict:
    """Two batches, then the answer freezes the part, then three more steps."""
    rest = nn.Linear(2, 1)
    model = nn.Sequential(part, rest)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum, weight_decay=decay)
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])

    def batch(clear):
        if clear:
            optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()

    batch(clear=True)
    batch(clear=True)
    answer(part)
    frozen, before = copy.deepcopy(part.state_dict()), rest.weight.detach().clone()
    optimizer.step()
    facts = {
        "the part moves in the next step": moved(part, frozen),
        "the rest still moves": not torch.equal(before, rest.weight.detach()),
    }
    batch(clear=True)
    batch(clear=False)
    facts["the part moves later"] = moved(part, frozen)
    facts["requires_grad of its parameters"] = [p.requires_grad for p in part.parameters()]
    still = [p.numel() for p in part.parameters() if not p.requires_grad]
    facts["how many numbers are frozen"] = sum(still)
    facts["the part is in training mode"] = part.training
    facts["attributes added to the module"] = "requires_grad" in vars(part)
    facts["the rest requires a gradient"] = [p.requires_grad for p in rest.parameters()]
    return facts


def moved(part: nn.Module, before: dict) -> bool:
    """True if any tensor of the state dict is different from before."""
    now = part.state_dict()
    return any(not torch.equal(now[name], before[name]) for name in before)


@freeze_exercise.mistake(
    "No new gradients are computed now, but the last ones are still there, and the optimizer "
    "uses them."
)
def leaves_the_gradient(part):
    part.requires_grad_(False)


@freeze_exercise.mistake(
    "The gradients are zero now. To the optimizer that is a gradient like any other: momentum "
    "and weight decay go on."
)
def zero_gradients(part):
    for parameter in part.parameters():
        parameter.requires_grad_(False)
        parameter.grad.zero_()


@freeze_exercise.mistake(
    "`part.requires_grad = False` only puts a new attribute on the module. Nothing reads it, and "
    "Python does not complain."
)
def an_attribute_of_the_module(part):
    part.requires_grad = False


@freeze_exercise.mistake(
    "eval() changes what Dropout and BatchNorm do. It has nothing to do with gradients or the "
    "optimizer."
)
def evaluation_mode(part):
    part.eval()


@freeze_exercise.mistake(
    "The next step leaves the part alone, but the batch after that computes gradients for it again."
)
def only_clears(part):
    for parameter in part.parameters():
        parameter.grad = None


# 09.13 ------------------------------------------------------------------------------------

accumulation_exercise = Exercise(
    "09.13",
    "One step from several small batches",
    minutes=12,
    difficulty=2,
    hints=[
        "backward() adds to what is in .grad. Here that is what you want, and from the second "
        "call of your function on it is in the way. Where does zero_grad() belong?",
        "mse_loss gives the mean of a small batch. The sum of means is not the mean of all.",
        "Give each small batch its share: its number of samples divided by the number of all.",
    ],
)


@accumulation_exercise.reference
def accumulated_step(model, optimizer, batches):
    """One optimizer step, as if all small batches were one large batch.

    batches: a list of (x, y), float tensors of shape (n, features) and (n, 1); n may differ.
    The loss is nn.functional.mse_loss. Afterwards the model has moved by one step. There may be
    old gradients at the start; they do not count. Returns nothing.
    """
    total = sum(len(x) for x, _ in batches)
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.mse_loss(model(x), y) * len(x) / total
        loss.backward()
    optimizer.step()


@accumulation_exercise.cases
def _(rng):
    for sizes in ((2,), (2, 2), (3, 1), (4, 2, 1)):
        model = set_numbers(nn.Linear(2, 1), rng)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        yield model, optimizer, [(decimals(rng, n, 2), decimals(rng, n, 1)) for n in sizes]


@accumulation_exercise.observe
def _(answer, model, optimizer, batches):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    steps = []
    optimizer.register_step_post_hook(lambda *_: steps.append(1))
    facts = {}
    for call in ("first", "second"):
        answer(model, optimizer, batches)
        facts[f"weight after the {call} call"] = model.weight.detach().clone()
        facts[f"bias after the {call} call"] = model.bias.detach().clone()
    facts["calls of optimizer.step()"] = len(steps)
    return facts


@accumulation_exercise.mistake(
    "You clear the gradients before each small batch, so only the last one is left when the step "
    "is taken."
)
def clears_every_time(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        optimizer.zero_grad()
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.step()


@accumulation_exercise.mistake(
    "You add up means: with four small batches the gradient is about four times too large."
)
def sum_of_means(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        F.mse_loss(model(x), y).backward()
    optimizer.step()


@accumulation_exercise.mistake(
    "Each small batch gets the same share. A batch of one sample should not count as much as a "
    "batch of four."
)
def equal_shares(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@accumulation_exercise.mistake(
    "There is a step after every small batch, so the next one is computed with parameters that "
    "have already moved."
)
def a_step_for_each(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        optimizer.zero_grad()
        (F.mse_loss(model(x), y) * len(x) / total).backward()
        optimizer.step()


@accumulation_exercise.mistake(
    "You never clear the gradients: what was there before still takes part, and the second call "
    "adds to the first."
)
def never_clears(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.step()


@accumulation_exercise.mistake(
    "You clear the gradients just before the step. Then there is nothing left for it to do."
)
def clears_before_the_step(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.zero_grad()
    optimizer.step()


# 09.14 ------------------------------------------------------------------------------------

changes_exercise = Exercise(
    "09.14",
    "Who changed what?",
    minutes=15,
    difficulty=2,
    hints=[
        "Take a picture before, run the action, take a picture after, compare.",
        "A picture has to be a copy. Parameters are changed in place: a second name for the same "
        "tensor always looks equal.",
        "A gradient may be None before and a tensor after, or the other way round.",
    ],
)


@changes_exercise.reference
def what_changed(model, optimizer, action):
    """Run action() and find out what it changed.

    action: a function without arguments, such as optimizer.step.
    Returns a list with those of 'parameters', 'gradients', 'optimizer state' that are different
    afterwards, in this order. (The optimizer here is SGD; its state is a momentum buffer for
    each parameter.)
    """

    def picture():
        parameters = list(model.parameters())
        buffers = [optimizer.state.get(p, {}).get("momentum_buffer") for p in parameters]
        return {
            "parameters": [copy_of(p.detach()) for p in parameters],
            "gradients": [copy_of(p.grad) for p in parameters],
            "optimizer state": [copy_of(buffer) for buffer in buffers],
        }

    def copy_of(tensor):
        return None if tensor is None else tensor.clone()

    def equal(one, other):
        if one is None or other is None:
            return one is other
        return torch.equal(one, other)

    before = picture()
    action()
    after = picture()
    return [name for name in before if not all(map(equal, before[name], after[name]))]


@changes_exercise.cases
def _(rng):
    model = set_numbers(nn.Linear(2, 1), rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    x = decimals(rng, 3, 2)

    def backward():
        model(x).pow(2).mean().backward()

    def zeros():
        optimizer.zero_grad(set_to_none=False)

    def forward():
        model(x)

    # In this order on one model: each action starts from what the one before left.
    for action in (forward, backward, optimizer.step, backward, optimizer.step, zeros):
        yield model, optimizer, action
    for action in (optimizer.step, optimizer.zero_grad, optimizer.step):
        yield model, optimizer, action
    for _ in range(6):
        any_action = [forward, backward, optimizer.step, zeros, optimizer.zero_grad]
        yield model, optimizer, rng.choice(any_action)


@changes_exercise.observe
def _(answer, model, optimizer, action):
    return {f"changed by {action.__name__}": answer(model, optimizer, action)}


@changes_exercise.mistake(
    "Before and after are two names for the same tensors, and those are changed in place. So they "
    "always look equal."
)
def keeps_no_copy(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach() for p in parameters],
            "gradients": [p.grad for p in parameters],
            "optimizer state": [dict(optimizer.state.get(p, {})) for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    return [name for name in before if str(before[name]) != str(after[name])]


@changes_exercise.mistake(
    "You skip gradients that are None. From None to a tensor, or back, is a change."
)
def skips_none(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "gradients": [p.grad.clone() for p in parameters if p.grad is not None],
            "optimizer state": [copy.deepcopy(optimizer.state.get(p)) for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    if not before["gradients"] or not after["gradients"]:
        before["gradients"] = after["gradients"]
    return [name for name in before if str(before[name]) != str(after[name])]


@changes_exercise.mistake(
    "You look at the parameters and the gradients. The optimizer remembers something, too."
)
def forgets_the_state(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "gradients": [None if p.grad is None else p.grad.clone() for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    return [name for name in before if str(before[name]) != str(after[name])]


@changes_exercise.mistake("You never ran the action, so of course nothing changed.")
def never_runs_it(model, optimizer, action):
    before = [p.detach().clone() for p in model.parameters()]
    after = [p.detach().clone() for p in model.parameters()]
    return [] if all(map(torch.equal, before, after)) else ["parameters"]


# 09.15 ------------------------------------------------------------------------------------

milestones_exercise = Exercise(
    "09.15",
    "The rates of MultiStepLR",
    minutes=8,
    difficulty=1,
    hints=[
        "Write down the rates for base_lr=1, milestones=[2, 4], gamma=0.1 and six steps.",
        "In step number 2, has the milestone 2 been reached?",
        "How many milestones have been reached in step t? That is the power of gamma.",
    ],
)


@milestones_exercise.reference
def multi_step_rates(base_lr, milestones, gamma, steps):
    """The learning rates that MultiStepLR gives to the optimizer steps 0 to steps - 1.

    The scheduler's step() is called after each optimizer step. milestones: a list of ints in
    rising order; a number may stand in it twice. Returns a list of `steps` floats.
    """
    return [
        base_lr * gamma ** sum(milestone <= t for milestone in milestones) for t in range(steps)
    ]


@milestones_exercise.cases
def _(rng):
    yield 1.0, [2, 4], 0.1, 6
    yield 0.8, [3], 0.5, 5
    yield 1.0, [2, 2, 5], 0.5, 7
    yield 0.5, [], 0.1, 3
    first = rng.randint(1, 3)
    yield rng.randint(1, 9) / 10, [first, first + rng.randint(1, 3)], 0.2, rng.randint(7, 9)


@milestones_exercise.mistake(
    "You read the milestones as distances from one change to the next. They count from the "
    "beginning of training."
)
def milestones_as_distances(base_lr, milestones, gamma, steps):
    places, place = [], 0
    for milestone in milestones:
        place += milestone
        places.append(place)
    return [base_lr * gamma ** sum(m <= t for m in places) for t in range(steps)]


@milestones_exercise.mistake(
    "Your rate changes one step late. After `m` calls of step() the counter stands at m, and the "
    "next optimizer step already uses the new rate."
)
def one_step_late(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m < t for m in milestones) for t in range(steps)]


@milestones_exercise.mistake(
    "Your rate falls at the milestone and then comes back. Each change stays."
)
def only_at_the_milestone(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** milestones.count(t) for t in range(steps)]


@milestones_exercise.mistake("These are the factors. The rate is the factor times the base rate.")
def factors_only(base_lr, milestones, gamma, steps):
    return [float(gamma ** sum(m <= t for m in milestones)) for t in range(steps)]


@milestones_exercise.mistake(
    "A milestone that is named twice lowers the rate twice; in a set it is left only once."
)
def milestones_in_a_set(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m <= t for m in set(milestones)) for t in range(steps)]


# 09.16 ------------------------------------------------------------------------------------

warmup_exercise = Exercise(
    "09.16",
    "Warm-up, then a cosine",
    minutes=15,
    difficulty=3,
    hints=[
        "LambdaLR calls your function with its counter 0, 1, 2, ... and multiplies what comes "
        "back with the base rate of each group.",
        "In step 0 the factor should be 1 / warmup, not 0: the first step is a step, too.",
        "After the warm-up let `part` run from 0 to 1 and use (1 + cos(pi * part)) / 2, which "
        "runs from 1 to 0. What should `part` be after the end?",
    ],
)


@warmup_exercise.reference
def warmup_cosine(optimizer, warmup, total):
    """A schedule for `optimizer`: linear warm-up, then half a cosine down to 0, then 0 for ever.

    The factor on every group's rate is 1/warmup, 2/warmup, ..., 1 in the steps 0 to warmup - 1,
    then (1 + cos(pi * part)) / 2, where part runs from 0 in step `warmup` to 1 in step `total`.
    Returns a torch.optim.lr_scheduler.LambdaLR.
    """

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        part = min((step - warmup) / (total - warmup), 1)
        return (1 + math.cos(math.pi * part)) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@warmup_exercise.cases
def _(rng):
    for warmup, total, rates in ((2, 6, [0.1]), (4, 8, [0.5, 0.05]), (1, 5, [2.0])):
        yield two_groups(rates), warmup, total
    yield two_groups([rng.randint(1, 99) / 100]), rng.randint(2, 4), rng.randint(8, 12)


def two_groups(rates: list[float]) -> torch.optim.Optimizer:
    """SGD with one parameter group for each rate."""
    groups = [{"params": [nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


@warmup_exercise.observe
def _(answer, optimizer, warmup, total):
    schedule = answer(optimizer, warmup, total)
    if not isinstance(schedule, torch.optim.lr_scheduler.LambdaLR):
        return {"a LambdaLR": schedule}
    rates = []
    for _ in range(total + 3):
        rates.append(current_rates(optimizer))
        optimizer.step()
        schedule.step()
    return {"rates in each step": torch.tensor(rates)}


@warmup_exercise.mistake(
    "Your first step has rate 0: nothing is learned in it. The counter begins at 0, and the "
    "schedule acts from the beginning."
)
def begins_at_zero(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return step / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@warmup_exercise.mistake(
    "Your function gives back the rate. LambdaLR multiplies what it gets with the base rate, so "
    "the base rate counts twice."
)
def gives_the_rate(optimizer, warmup, total):
    base = optimizer.param_groups[0]["lr"]

    def factor(step):
        if step < warmup:
            return base * (step + 1) / warmup
        return base * (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@warmup_exercise.mistake(
    "A cosine goes up again after its lowest point, and so does your rate when training goes on."
)
def comes_back_up(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@warmup_exercise.mistake("Your warm-up never ends: the factor goes on growing past 1.")
def never_stops_growing(optimizer, warmup, total):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (step + 1) / warmup)


@warmup_exercise.mistake(
    "Your cosine began with the training, so the rate jumps down when the warm-up is over. It "
    "should begin at its top then."
)
def cosine_from_the_start(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min(step / total, 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


# 09.17 ------------------------------------------------------------------------------------

order_exercise = Exercise(
    "09.17",
    "Who steps when?",
    minutes=10,
    difficulty=2,
    hints=[
        "The rate a step uses stands in optimizer.param_groups[0]['lr'] at the moment of the step.",
        "Since torch 1.1 the order is: first the optimizer, then the scheduler.",
        "The scheduler does not know what an epoch is. It counts the calls of its step().",
    ],
)


@order_exercise.starter
def used_rates(optimizer, scheduler, epochs, batches, every):
    """Train (without data) and note the learning rate that each optimizer step uses.

    There are `epochs` epochs of `batches` batches; each batch is one optimizer.step().
    every: 'batch' or 'epoch': after each of these, scheduler.step() is called once.
    Returns a list of epochs * batches floats: the rates that were used, in order.
    """
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            scheduler.step()
            optimizer.step()
            rates.append(scheduler.get_lr()[0])
    return rates


@order_exercise.reference
def used_rates(optimizer, scheduler, epochs, batches, every):
    """Train (without data) and note the learning rate that each optimizer step uses.

    There are `epochs` epochs of `batches` batches; each batch is one optimizer.step().
    every: 'batch' or 'epoch': after each of these, scheduler.step() is called once.
    Returns a list of epochs * batches floats: the rates that were used, in order.
    """
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@order_exercise.cases
def _(rng):
    for epochs, batches, every, size in (
        (3, 2, "epoch", 1),
        (2, 3, "batch", 2),
        (4, 1, "epoch", 2),
        (2, 2, "batch", rng.randint(1, 2)),
    ):
        optimizer = two_groups([rng.randint(1, 9) / 10])
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, size, gamma=0.5)
        yield optimizer, scheduler, epochs, batches, every


@order_exercise.observe
def _(answer, optimizer, scheduler, epochs, batches, every):
    used = []
    optimizer.register_step_pre_hook(lambda *_: used.append(current_rates(optimizer)[0]))
    given = answer(optimizer, scheduler, epochs, batches, every)
    return {
        "rates that you returned": given,
        "rates that the optimizer used": used,
        "calls of scheduler.step()": scheduler.last_epoch,
    }


@order_exercise.mistake(
    "Your scheduler goes first, so the first rate of the schedule is never used."
)
def scheduler_first(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        if every == "epoch":
            scheduler.step()
        for _ in range(batches):
            if every == "batch":
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
    return rates


@order_exercise.mistake(
    "Your scheduler steps after every batch, whatever is asked for. A schedule that was made for "
    "epochs is over within the first one."
)
def always_after_a_batch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return rates


@order_exercise.mistake(
    "Your scheduler steps after every epoch, whatever is asked for. A schedule made for batches "
    "hardly moves then."
)
def always_after_an_epoch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
        scheduler.step()
    return rates


@order_exercise.mistake(
    "get_lr() is for the scheduler's own use: it works out a *next* value, so at a change the "
    "decay is in it twice."
)
def asks_get_lr(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(scheduler.get_lr()[0])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@order_exercise.mistake(
    "The training is right, but you read the rate after the scheduler has changed it for the "
    "next step."
)
def reads_too_late(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            optimizer.step()
            if every == "batch":
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        if every == "epoch":
            scheduler.step()
            rates[-1] = optimizer.param_groups[0]["lr"]
    return rates


# 09.18 ------------------------------------------------------------------------------------

checkpoint_exercise = Exercise(
    "09.18",
    "A run that stops and goes on",
    minutes=15,
    difficulty=3,
    hints=[
        "Three objects change while you train. Each has state_dict() and load_state_dict().",
        "The tensors in a state_dict() are the living ones: training goes on changing them. What "
        "makes an independent copy of a dict with tensors in it?",
    ],
)


@checkpoint_exercise.reference
class Checkpoint:
    """Everything that is needed to go on training later, kept in memory.

    Checkpoint(model, optimizer, scheduler) remembers how the three are now; training them
    further does not change what it remembers.
    restore(model, optimizer, scheduler) puts three others, of the same kinds, into that state.
    """

    def __init__(self, model, optimizer, scheduler):
        parts = (model, optimizer, scheduler)
        self.states = [copy.deepcopy(part.state_dict()) for part in parts]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states):  # noqa: B905
            part.load_state_dict(copy.deepcopy(state))


@checkpoint_exercise.cases
def _(rng):
    yield run_in_progress(2, 0.5)
    yield run_in_progress(3, rng.randint(20, 80) / 100)


def run_in_progress(step_size: int, gamma: float) -> tuple:
    """A model, an optimizer with momentum and a schedule, before their first step."""
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -1.0]]))
        model.bias.zero_()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma=gamma)
    return model, optimizer, scheduler


def train(model, optimizer, scheduler, steps: int) -> list[float]:
    """Train on two samples. Returns the rates that were used."""
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    rates = []
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) - 1).pow(2).mean().backward()
        rates += current_rates(optimizer)
        optimizer.step()
        scheduler.step()
    return rates


@checkpoint_exercise.observe
def _(answer, model, optimizer, scheduler):
    """A checkpoint after three steps; training goes on; two other runs are restored from it."""
    train(model, optimizer, scheduler, 3)
    kept = answer(model, optimizer, scheduler)
    train(model, optimizer, scheduler, 4)
    facts = {}
    for name in ("restored run", "run restored after that"):
        others = run_in_progress(scheduler.step_size, scheduler.gamma)
        kept.restore(*others)
        facts[f"rates of the {name}"] = train(*others, 4)
        facts[f"weight of the {name}"] = others[0].weight.detach().clone()
        facts[f"momentum of the {name}"] = [
            others[1].state[p].get("momentum_buffer") for p in others[0].parameters()
        ]
        facts[f"counter of the {name}"] = others[2].last_epoch
    return facts


@checkpoint_exercise.mistake(
    "The tensors you keep are the living ones: while training goes on, your checkpoint changes "
    "with it."
)
class KeepsLivingTensors:
    def __init__(self, model, optimizer, scheduler):
        self.states = [part.state_dict() for part in (model, optimizer, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@checkpoint_exercise.mistake(
    "The optimizer is missing: its momentum begins from nothing, and its rate too, although the "
    "scheduler knows better."
)
class ForgetsTheOptimizer:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@checkpoint_exercise.mistake(
    "The scheduler is missing: the rate is right at first, but its counter begins again at 0."
)
class ForgetsTheScheduler:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, optimizer)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer), self.states, strict=True):
            part.load_state_dict(state)


@checkpoint_exercise.mistake(
    "Only the parameters come back. What the optimizer and the scheduler know is lost."
)
class OnlyTheModel:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)


@checkpoint_exercise.mistake(
    "You bring the schedule up to date by calling it again and again. The rate is right, but the "
    "optimizer's momentum is lost."
)
class StepsTheSchedule:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())
        self.counter = scheduler.last_epoch

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)
        for _ in range(self.counter):
            scheduler.step()


# 09.19 ------------------------------------------------------------------------------------

plateau_exercise = Exercise(
    "09.19",
    "Lower the rate when nothing improves",
    minutes=15,
    difficulty=3,
    hints=[
        "Keep two things: the best value so far, and how many values in a row were no better.",
        "With patience 2, two values without improvement are forgiven; the third is not.",
        "After the rate has fallen the patience begins anew. And in mode 'max', what is better?",
    ],
)


@plateau_exercise.reference
def plateau_rates(values, lr, mode="min", factor=0.1, patience=2):
    """The rate after each value, as ReduceLROnPlateau(threshold=0) sets it.

    values: floats, one for each epoch: a loss (mode 'min', smaller is better) or an accuracy
    (mode 'max'). `patience` values in a row that are no better than the best are forgiven; at
    the next one the rate is multiplied by `factor` and the counting begins anew.
    Returns a list of floats, as long as values.
    """
    best = None
    waited = 0
    rates = []
    for value in values:
        better = best is None or (value < best if mode == "min" else value > best)
        if better:
            best = value
            waited = 0
        else:
            waited += 1
        if waited > patience:
            lr = lr * factor
            waited = 0
        rates.append(lr)
    return rates


@plateau_exercise.cases
def _(rng):
    yield [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0], 1.0, "min", 0.5, 2
    yield [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 1.0, "max", 0.5, 1
    yield [3.0, 5.0, 4.0, 3.5, 3.2, 2.0], 0.8, "min", 0.5, 2
    yield [3.0, 4.0, 4.0, 2.0, 3.0, 3.0, 1.0], 1.0, "min", 0.5, 2
    yield [2.0, 2.0, 2.0], 0.4, "min", 0.1, 0
    rate = rng.randint(1, 99) / 100
    yield [rng.randint(1, 9) / 10 for _ in range(9)], rate, "max", 0.5, 1


@plateau_exercise.mistake(
    "You always look for smaller values. An accuracy that gets better all the time then looks "
    "like standing still."
)
def always_smaller(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or value < best:
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@plateau_exercise.mistake(
    "Your rate falls one value too early: as many values as `patience` says are still forgiven."
)
def impatient(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
            if waited >= patience:
                lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@plateau_exercise.mistake(
    "You compare each value with the one before it. After a bad value, a less bad one is not an "
    "improvement: the best value so far counts."
)
def compares_with_the_last(values, lr, mode="min", factor=0.1, patience=2):
    last, waited, rates = None, 0, []
    for value in values:
        if last is None or (value < last if mode == "min" else value > last):
            waited = 0
        else:
            waited += 1
        last = value
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@plateau_exercise.mistake(
    "You count all bad values since the last change of the rate. An improvement wipes the "
    "count out."
)
def never_forgives(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best = value
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@plateau_exercise.mistake(
    "Once the patience is used up, your rate falls with every further value. After a change the "
    "counting begins anew."
)
def falls_and_falls(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr = lr * factor
        rates.append(lr)
    return rates
