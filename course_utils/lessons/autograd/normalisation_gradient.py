"""Each row of `x` is brought to mean 0 and standard deviation 1, as layer normalisation does:

```
y = (x - mean) / std        # mean and std of the row, std = sqrt(var + eps)
```

You know the gradient of the loss with respect to `y`. Pass it on to `x`, with paper and pencil.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.8",
    "The gradient of a normalisation",
    minutes=30,
    difficulty=3,
    without=ByHand(
        *("Tensor.backward", "nn.functional.layer_norm"),
        not_=("backward", "grad", "requires_grad_", "requires_grad"),
    ),
    hints=[
        "An element of x reaches every y of its row, in three ways: directly, through the mean, "
        "and through the standard deviation.",
        "Normalising takes away two things: adding a number to a row changes nothing, nor does "
        "scaling it (but for eps). So the gradient has no part in these two directions.",
        "Write g for what arrives. Take off its mean. Then take off its part along y: how large "
        "is that part? What do you divide by at the end?",
    ],
)


@exercise.reference
def normalisation_gradient(gradient, x, eps):
    """The gradient of the loss with respect to x, without autograd.

    gradient: with respect to y, shape (batch, features). x: shape (batch, features). Both are
    float32 or both float64, of any strides. eps: a float above 0. The variance of a row is the mean
    squared distance from its mean; it may be 0.
    Returns a tensor of x's shape and dtype.
    """
    std = (x.var(dim=1, correction=0, keepdim=True) + eps).sqrt()  # (batch, 1)
    y = (x - x.mean(dim=1, keepdim=True)) / std  # (batch, features)
    centred = gradient - gradient.mean(dim=1, keepdim=True)
    return (centred - y * (gradient * y).mean(dim=1, keepdim=True)) / std


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]]), 1e-5
    yield decimals(rng, 2, 3), decimals(rng, 2, 3), 0.1
    for x in promised(rng, "any strides", "a batch of one"):
        yield decimals(rng, *x.shape), x / 10, 0.01
    yield decimals(rng, 2, 3, dtype=torch.float64), decimals(rng, 2, 3, dtype=torch.float64), 1e-3
