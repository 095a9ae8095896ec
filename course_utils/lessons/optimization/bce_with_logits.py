"""The loss of yes-or-no questions, from logits. The logit -200 with target 1 has the loss 200, and
not infinity.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import loss_and_gradient
from course_utils.lessons.optimization.inputs import decimals, labels
from course_utils.promises import promised

exercise = Exercise(
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


@exercise.reference
def bce_with_logits(logits, target):
    """The mean binary cross-entropy.

    logits: float32, any number of dimensions, any strides, any size, also 200.
    target: float32, any strides, the same shape, from 0 to 1 (0.3 is allowed: "yes, with
    probability 0.3").
    Returns a tensor of shape (), connected to the logits; their gradient is finite, too.
    """
    yes = target * F.logsigmoid(logits)
    no = (1 - target) * F.logsigmoid(-logits)
    return -(yes + no).mean()


@exercise.cases
def _(rng):
    # Never exactly 0: there |logit|, in the formula of the documentation, has no gradient.
    yield torch.tensor([0.5]), torch.tensor([1.0])
    yield torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield torch.tensor([-200.0, 200.0]), torch.tensor([1.0, 1.0])
    yield torch.tensor([[1.5], [-0.5]]), torch.tensor([[0.3], [0.8]])
    yield decimals(rng, 2, 3), labels(rng, 6, 2).float().reshape(2, 3)
    for logits in promised(rng, "any number of dimensions", "any strides"):
        # As a view: every other one of twice as many.
        target = labels(rng, 2 * logits.numel() + 2, 2).float()[2::2]
        yield logits, target.view(logits.shape)


@exercise.observe
def _(answer, logits, target):
    return loss_and_gradient(answer, logits, target)


@exercise.mistake(
    "On paper this is right. But sigmoid(-200) is 0 in float32, and its logarithm is infinite. "
    "Sigmoid and logarithm have to be done in one piece."
)
def sigmoid_then_log(logits, target):
    p = logits.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@exercise.mistake(
    "You cut the logarithm off, so that it is never infinite. A very wrong logit then has no "
    "gradient: it can never be corrected."
)
def cuts_the_logarithm(logits, target):
    p = logits.sigmoid()
    yes = target * p.log().clamp(min=-100)
    no = (1 - target) * (1 - p).log().clamp(min=-100)
    return -(yes + no).nan_to_num().mean()


@exercise.mistake(
    "Your loss says nothing where the target is 0, so it is lowest when everything is called yes."
)
def forgets_the_no(logits, target):
    return -(target * F.logsigmoid(logits)).mean()


@exercise.mistake(
    "Sigmoid is applied twice. What comes in lies between 0 and 1 then, and a clear no has become "
    "impossible."
)
def sigmoid_twice(logits, target):
    z = logits.sigmoid()
    return -(target * F.logsigmoid(z) + (1 - target) * F.logsigmoid(-z)).mean()


@exercise.mistake(
    "You turn the target into yes or no first. A target of 0.3 is allowed, and it says more."
)
def rounds_the_target(logits, target):
    return -torch.where(target > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).mean()


@exercise.right
def bce_with_softplus(logits, target):
    return (F.softplus(logits) - target * logits).mean()


@exercise.right
def bce_by_the_documentation(logits, target):
    return (logits.clamp(min=0) - logits * target + (-logits.abs()).exp().log1p()).mean()
