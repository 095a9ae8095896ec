"""Some training keeps a function from growing too steep: for each sample it asks how long the
gradient of the score with respect to the sample is, and punishes what is not 1. For the scores
`3 * x[:, 0]` each gradient has the length 3, and the penalty is `(3 - 1) ** 2`, which is 4.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals

exercise = Exercise(
    "03.12",
    "A penalty for steep functions",
    minutes=20,
    difficulty=3,
    hints=[
        "One sample's score depends on that sample alone. What is the gradient of the sum of all "
        "scores, row by row?",
        "The weights are to learn from this number: which graph has to be kept when you take the "
        "first gradient?",
        "The length of a gradient that is all 0 is 0. The slope of the square root there is "
        "infinite: is there a function of torch for lengths that knows?",
    ],
)


@exercise.reference
def gradient_penalty(f, x):
    """The mean over the samples of (length of the gradient of f at the sample - 1) squared.

    f: takes x, gives the scores of its samples, shape (n,), each from its own sample; it has
    weights. x: float32, shape (n, ...), with at least one dimension after n; n may be 1.
    The length is the root of the sum of squares over all elements of one sample; it may be 0.
    Returns a tensor of shape () that is connected to f's weights; the gradients that it gives them
    hold no NaN. x stays as it is, and need not require grad; no .grad is filled.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)  # (n, ...)
    lengths = gradient.flatten(1).norm(dim=1)  # (n,)
    return (lengths - 1).square().mean()


@exercise.cases
def _(rng):
    w = torch.tensor([3.0, 0.0])
    yield Formula("lambda x: x @ {w}", w=w), torch.tensor([[1.0, 2.0], [5.0, 0.0]])
    yield Formula("lambda x: torch.tanh(x @ {w})", w=decimals(rng, 3)), decimals(rng, 4, 3)
    yield (
        Formula("lambda x: (x * {w}).sum((1, 2)) ** 2", w=decimals(rng, 2)),
        decimals(rng, 3, 2, 2),
    )
    yield Formula("lambda x: torch.relu(x @ {w})", w=w), torch.tensor([[1.0, 2.0], [-5.0, 0.0]])
    yield Formula("lambda x: torch.tanh(x @ {w})", w=decimals(rng, 3)), decimals(rng, 1, 3)
