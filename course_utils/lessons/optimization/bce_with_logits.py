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
    "On paper this is right. But in float32 sigmoid(-200) is 0, and so is 1 - sigmoid(200); "
    "the logarithm of 0 is infinite. In both halves, sigmoid and logarithm have to be done in "
    "one piece."
)
def sigmoid_then_log(logits, target):
    p = logits.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@exercise.mistake(
    "Your loss never becomes infinite, because something on the way is cut off, replaced or "
    "added to. A very wrong logit then gets 0 or NaN for its gradient: it can never be "
    "corrected."
)
def cuts_the_logarithm(logits, target):
    p = logits.sigmoid()
    yes = target * p.log().clamp(min=-100)
    no = (1 - target) * (1 - p).log().clamp(min=-100)
    return -(yes + no).nan_to_num().mean()


@exercise.mistake(same_as=cuts_the_logarithm)
def cuts_the_probability(logits, target):
    p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@exercise.mistake(same_as=cuts_the_logarithm)
def adds_a_small_number(logits, target):
    p = logits.sigmoid()
    return -(target * (p + 1e-8).log() + (1 - target) * (1 - p + 1e-8).log()).mean()


@exercise.mistake(same_as=cuts_the_logarithm)
def cuts_the_logits(logits, target):
    z = logits.clamp(-100, 100)
    return (F.softplus(z) - target * z).mean()


@exercise.mistake(same_as=cuts_the_logarithm)
def replaces_infinity(logits, target):
    p = logits.sigmoid()
    yes = torch.nan_to_num(-p.log(), posinf=200.0)
    no = torch.nan_to_num(-(1 - p).log(), posinf=200.0)
    return (target * yes + (1 - target) * no).mean()


@exercise.mistake(
    "Your loss says nothing where the target is 0, so it is lowest when everything is called yes."
)
def forgets_the_no(logits, target):
    return -(target * F.logsigmoid(logits)).mean()


@exercise.mistake(same_as=sigmoid_then_log)
def half_in_one_piece(logits, target):
    no = torch.log1p(-logits.sigmoid())
    return -(target * F.logsigmoid(logits) + (1 - target) * no).mean()


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


@exercise.mistake(same_as=rounds_the_target)
def only_a_full_yes_counts(logits, target):
    return torch.where(target == 1, F.softplus(-logits), F.softplus(logits)).mean()


@exercise.mistake(
    "On paper this is right. In float32 exp(200) is infinite, and so is its logarithm. Which of "
    "exp(logit) and exp(-logit) stays small?"
)
def exp_of_a_large_number(logits, target):
    return ((1 - target) * logits + (-logits).exp().log1p()).mean()


@exercise.mistake(same_as=exp_of_a_large_number)
def exp_of_the_logit(logits, target):
    return (logits.exp().log1p() - target * logits).mean()


@exercise.mistake(
    "The loss is finite, its gradient is not. Who chooses between two results, as "
    "`torch.where` does, computes both, and a gradient goes back through both."
)
def chosen_by_where(logits, target):
    yes = (-logits).exp().log1p()
    loss = torch.where(logits > -80, yes + (1 - target) * logits, -target * logits)
    return loss.mean()


@exercise.mistake("log(1 - p) is not 1 - log(p). Of which logit is 1 - sigmoid(logit) the sigmoid?")
def one_minus_the_logarithm(logits, target):
    yes = F.logsigmoid(logits)
    return -(target * yes + (1 - target) * (1 - yes)).mean()


@exercise.mistake(
    "You added up the losses. With twice as many answers the loss would be about twice as "
    "large, and so would the steps of a model."
)
def adds_up(logits, target):
    return (F.softplus(logits) - target * logits).sum()


@exercise.mistake(
    "You average over the first dimension and add up the others. The mean is over all numbers, "
    "however many dimensions they have."
)
def mean_over_rows_only(logits, target):
    loss = F.softplus(logits) - target * logits
    return loss.reshape(len(loss), -1).sum(dim=1).mean()


@exercise.mistake(
    "The number is right, but no gradient goes back to the logits. Which line cuts your loss off "
    "from them?"
)
def cut_from_the_graph(logits, target):
    return bce_with_logits(logits.detach(), target)


@exercise.right
def bce_with_softplus(logits, target):
    return (F.softplus(logits) - target * logits).mean()


@exercise.right
def bce_by_the_documentation(logits, target):
    return (logits.clamp(min=0) - logits * target + (-logits.abs()).exp().log1p()).mean()
