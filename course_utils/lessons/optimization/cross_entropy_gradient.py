"""Now its gradient, without autograd. Begin on paper, with one sample; then comes the batch.
For the logits `[0, 0]` and class 1 it is `[0.5, -0.5]`.
"""

import torch
from torch.nn import functional as F

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals, labels
from course_utils.promises import promised

exercise = Exercise(
    "09.3",
    "The gradient of cross-entropy",
    minutes=12,
    difficulty=2,
    without=ByHand(
        *("nn.functional.cross_entropy", "nn.functional.nll_loss", "Tensor.backward"),
        not_=("backward", "grad", "requires_grad_", "requires_grad"),
    ),
    hints=[
        "The loss of one sample is `logsumexp(logits) - logits[target]`. Differentiate the two "
        "parts one after the other.",
        "The derivative of logsumexp with respect to the logits is something you know well.",
        "The loss is a mean. What does that do to the gradient of one sample?",
    ],
)


@exercise.reference
def cross_entropy_gradient(logits, target):
    """The gradient of the mean cross-entropy with respect to the logits, without autograd.

    logits: float32 or float64, shape (n, classes), any strides, of any size, also 1000.
    target: int64, shape (n,), any strides.
    Returns a float tensor of shape (n, classes), the logits' dtype. The logits stay as they are.
    """
    gradient = logits.softmax(dim=1)  # (n, classes)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / len(target)


@exercise.cases
def _(rng):
    yield torch.tensor([[0.0, 0.0]]), torch.tensor([1])
    yield torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]), torch.tensor([0, 1])
    yield torch.tensor([[1000.0, 0.0], [-1000.0, 0.0]]), torch.tensor([0, rng.randint(0, 1)])
    for n, classes in ((3, 2), (4, 3)):
        yield decimals(rng, n, classes), labels(rng, n, classes)
    yield decimals(rng, 2, 3).double(), labels(rng, 2, 3)
    for logits in promised(rng, "any strides"):
        yield logits, labels(rng, 5, 3)[1::2]


@exercise.mistake("This is the gradient of the sum. The loss is the mean over the batch.")
def of_the_sum(logits, target):
    gradient = logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient


@exercise.mistake(
    "The sign is the other way round: a step *against* the gradient must raise the right logit."
)
def the_other_sign(logits, target):
    gradient = -logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] += 1
    return gradient / len(target)


@exercise.mistake(
    "Only the right class has a gradient here. Softmax ties the classes together: raising any "
    "other logit lowers the probability of the right class."
)
def only_the_right_class(logits, target):
    gradient = torch.zeros_like(logits)
    rows = torch.arange(len(target))
    gradient[rows, target] = logits.softmax(dim=1)[rows, target] - 1
    return gradient / len(target)


@exercise.mistake(
    "The target is not in your gradient at all. Every row of the true gradient adds up to 0."
)
def forgets_the_target(logits, target):
    return logits.softmax(dim=1) / len(target)


@exercise.mistake("You divide by the number of logits. The mean goes over the samples.")
def divides_by_all_elements(logits, target):
    gradient = logits.softmax(dim=1)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / logits.numel()


@exercise.mistake(
    "On paper this is right. In float32 exp(1000) is infinite, and infinite by infinite is NaN. "
    "What may you take off all logits of a row without changing their softmax?"
)
def softmax_by_hand(logits, target):
    probabilities = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return (probabilities - F.one_hot(target, logits.shape[1])) / len(target)


@exercise.mistake(
    "Your table of zeros and ones has as many columns as the largest label needs. A batch does not "
    "have to hold every class."
)
def one_hot_of_this_batch(logits, target):
    return (logits.softmax(dim=1) - F.one_hot(target)) / len(target)


@exercise.mistake(
    "In every row you change the columns of all targets, as `[:, target]` does. One element a "
    "row is needed."
)
def all_columns(logits, target):
    gradient = logits.softmax(dim=1)
    gradient[:, target] -= 1
    return gradient / len(target)


@exercise.mistake(
    "Your probabilities add up to one down the batch. Each *sample* has to share out its "
    "probability among the classes."
)
def over_the_batch(logits, target):
    gradient = logits.softmax(dim=0)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / len(target)


@exercise.mistake(
    "What came in as float64 goes out as float32. Which step decides the dtype, and which dtype "
    "was promised?"
)
def always_float32(logits, target):
    gradient = logits.float().softmax(dim=1)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / len(target)


@exercise.mistake(
    "That is the derivative by the probabilities. The logits come before softmax: the chain rule "
    "has one more part."
)
def by_the_probabilities(logits, target):
    gradient = torch.zeros_like(logits)
    rows = torch.arange(len(target))
    gradient[rows, target] = -1 / logits.softmax(dim=1)[rows, target]
    return gradient / len(target)


@exercise.mistake(
    "You multiply by the probabilities once too often. Softmax itself has such a factor in its "
    "slope; the logarithm in the loss takes it away again."
)
def slope_of_softmax(logits, target):
    probabilities = logits.softmax(dim=1)
    one_hot = F.one_hot(target, logits.shape[1])
    return probabilities * (probabilities - one_hot) / len(target)


@exercise.mistake(
    "Two losses a small step apart give the slope only roughly. On paper the gradient comes out "
    "exactly, without computing any loss."
)
def by_small_steps(logits, target):
    rows, step = torch.arange(len(target)), 1e-3

    def loss(z):
        return -z.log_softmax(dim=1)[rows, target].mean()

    gradient = torch.zeros_like(logits)
    for place in range(logits.numel()):
        i, j = divmod(place, logits.shape[1])
        moved = logits.clone()
        moved[i, j] += step
        gradient[i, j] = (loss(moved) - loss(logits)) / step
    return gradient


@exercise.mistake("The gradient is right, and the logits of the caller are others than before.")
def works_in_place(logits, target):
    logits -= logits.max(dim=1, keepdim=True).values
    gradient = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    gradient[torch.arange(len(target)), target] -= 1
    return gradient / len(target)


@exercise.right
def gradient_with_one_hot(logits, target):
    n, classes = logits.shape
    return (torch.softmax(logits, 1) - F.one_hot(target, classes)) / n


exercise.equivalent(
    "gradient[torch.arange(len(target)), target] -= 1",
    "gradient[torch.arange(len(target)), target] = gradient[torch.arange(len(target)), target] - 1",
    because="Reading, taking 1 off and writing back is what `-=` does with an index.",
)
