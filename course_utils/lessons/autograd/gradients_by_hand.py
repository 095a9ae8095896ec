"""Go backwards through a small computation with paper and pencil, then write down what you found,
step by step:

```
a = x @ w + b
loss = ((a + torch.tanh(a) - y) ** 2).mean()
```

Two things to watch on the way back: `a` is used twice, and `b` is used for every sample.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.1",
    "Backwards by hand",
    minutes=15,
    difficulty=1,
    without=ByHand("Tensor.backward", not_=("backward", "grad", "requires_grad_", "requires_grad")),
    hints=[
        "Give every intermediate result a name, as a graph does: a, t, p, e, ... Then write for "
        "each its derivative of the loss, from the last to the first.",
        "What the loss gets through two ways has two derivatives, and they are added. Which two "
        "ways lead from `a` to the loss?",
        "Each `w[j]` and `b` reach the loss through all samples. What do you do with the "
        "contributions of the samples? Look at the shapes, too.",
    ],
)


@exercise.reference
def gradients_by_hand(x, w, b, y):
    """The gradients of the loss with respect to w and b, without autograd.

    x: shape (n, features). w: shape (features,). b: shape (). y: shape (n,). All have the same
    dtype, float32 or float64, and any strides.
    Returns a tuple: the gradient of w and the gradient of b, with the shapes of w and b and their
    dtype.
    """
    a = x @ w + b  # (n,)
    t = torch.tanh(a)  # (n,)
    of_prediction = 2 * (a + t - y) / len(y)  # (n,)
    of_a = of_prediction * (1 + (1 - t * t))  # (n,)
    return x.T @ of_a, of_a.sum()


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0]]), torch.tensor([0.0]), torch.tensor(0.0), torch.tensor([1.0])
    for n, features in ((1, 2), (3, 1), (4, 3)):
        yield case(rng, n, features, torch.float32)
    yield case(rng, 3, 2, torch.float64)
    for x in promised(rng, "any strides"):
        w, b, y = decimals(rng, 6)[::2], decimals(rng, 1)[0], decimals(rng, 2 * len(x))[::2]
        yield x / 50, w, b, y


def case(rng, n, features, dtype):
    shapes = ((n, features), (features,), (), (n,))
    return tuple(decimals(rng, *shape, dtype=dtype) for shape in shapes)
