"""Go backwards through a small computation, without autograd. Paper and pencil help: write down
what you found, step by step.

```
a = x @ w + b
loss = ((a + torch.tanh(a) - y) ** 2).mean()
```

Two things to watch on the way back: `a` is used twice, and `b` is used for every sample.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
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
        w, b, y = decimals(rng, 6)[::2], decimals(rng, 1)[0], decimals(rng, 2 * len(x))[1::2]
        yield x.div_(50), w, b, y


def case(rng, n, features, dtype):
    shapes = ((n, features), (features,), (), (n,))
    return tuple(decimals(rng, *shape, dtype=dtype) for shape in shapes)


@exercise.mistake(
    "`a` leads to the loss in two ways, directly and through tanh. What comes back through both "
    "has to be added."
)
def through_tanh_alone(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (1 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=through_tanh_alone)
def directly_alone(x, w, b, y):
    a = x @ w + b
    of_a = 2 * (a + torch.tanh(a) - y) / len(y)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=through_tanh_alone)
def multiplies_the_ways(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_prediction = 2 * (a + t - y) / len(y)
    of_a = of_prediction * (of_prediction * (1 - t * t))
    return x.T @ of_a, of_a.sum()


@exercise.mistake("The loss is a mean over the samples: where has the number of samples gone?")
def of_the_sum(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "You divide by n twice on the way: once for the mean of the loss, and once more. A sum over "
    "the samples is what the chain rule asks for there."
)
def means_twice(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) * (2 - t * t) / len(y)
    return x.T @ of_a / len(y), of_a.mean()


@exercise.mistake(same_as=means_twice)
def mean_twice_for_w(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) * (2 - t * t) / len(y)
    return x.T @ of_a / len(y), of_a.sum()


@exercise.mistake(same_as=of_the_sum)
def mean_for_b_alone(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) * (2 - t * t)
    return x.T @ of_a, of_a.mean()


@exercise.mistake(same_as=of_the_sum)
def divides_by_all_elements_of_x(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) * (2 - t * t) / x.numel()
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "Your way back begins with the loss itself. What arrives at a sample depends on the error of "
    "that sample, and has its sign."
)
def begins_with_the_loss(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * ((a + t - y) ** 2).mean() * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=begins_with_the_loss)
def begins_with_squares(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) ** 2 / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake("The derivative of a square: e ** 2 has a slope that is larger than e.")
def forgets_the_two(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "What is the slope of tanh? Where tanh is near 1 or -1, the curve is flat; at 0 it is as steep "
    "as a line of slope 1."
)
def slope_by_the_input(x, w, b, y):
    a = x @ w + b
    of_a = 2 * (a + torch.tanh(a) - y) / len(y) * (2 - a * a)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_without_a_square(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (1 + (1 - t))
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_of_a_sigmoid(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (1 + t * (1 - t))
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_is_tanh(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (1 + t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_with_a_plus(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (1 + (1 + t * t))
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_at_the_prediction(x, w, b, y):
    a = x @ w + b
    p = a + torch.tanh(a)
    of_a = 2 * (p - y) / len(y) * (2 - torch.tanh(p) ** 2)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(same_as=slope_by_the_input)
def slope_of_tanh_of_tanh(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - torch.tanh(t) ** 2)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "`b` is one number that is used for every sample. Yours has a gradient for each sample, or a "
    "dimension too many."
)
def b_for_each_sample(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a


@exercise.mistake(same_as=b_for_each_sample)
def b_with_a_dimension(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum(dim=0, keepdim=True)


@exercise.mistake(
    "`b` is used for every sample, so what comes back from the samples is added up. The mean of "
    "the loss has been divided by n already."
)
def mean_over_the_uses_of_b(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.mean()


@exercise.mistake(
    "The chain ends too early: from `a` it goes on to w, and a's slope there is not 1. What does "
    "`w[j]` meet in each sample?"
)
def forgets_x(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return of_a.sum().expand(w.shape), of_a.sum()


@exercise.mistake(same_as=forgets_x)
def multiplies_by_w(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return w * of_a.sum(), of_a.sum()


@exercise.mistake(same_as=forgets_x)
def sums_x_alone(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.sum(dim=0) * of_a.sum(), of_a.sum()


@exercise.mistake(
    "Samples and features do not meet as they have to: there is a number for each sample, and the "
    "gradient of w wants one for each feature. Over which of the two does the sum go?"
)
def x_the_wrong_way(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x @ of_a, of_a.sum()


@exercise.mistake(same_as=x_the_wrong_way)
def x_read_in_another_shape(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.reshape(len(w), len(y)) @ of_a, of_a.sum()


@exercise.mistake(same_as=x_the_wrong_way)
def w_for_each_sample(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x * of_a[:, None], of_a.sum()


@exercise.mistake(same_as=x_the_wrong_way)
def x_meets_by_broadcasting(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return (of_a * x).sum(dim=0), of_a.sum()


@exercise.mistake(
    "The sign is the other way round: the gradient points to where the loss gets larger."
)
def the_other_sign(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (y - a - t) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "Two losses a small step apart give the slope only roughly. On paper it comes out exactly."
)
def by_small_steps(x, w, b, y):
    def loss(w, b):
        a = x @ w + b
        return ((a + torch.tanh(a) - y) ** 2).mean()

    step = 1e-3
    of_w = [(loss(w + step * e, b) - loss(w - step * e, b)) / (2 * step) for e in torch.eye(len(w))]
    return torch.stack(of_w).to(w), (loss(w, b + step) - loss(w, b - step)) / (2 * step)


@exercise.mistake(
    "What comes back is float32 whatever came in. Which of your numbers was made new, and with "
    "which dtype?"
)
def always_float32(x, w, b, y):
    a = (x @ w + b).float()
    t = torch.tanh(a)
    of_a = 2 * (a + t - y.float()) / len(y) * (2 - t * t)
    return x.float().T @ of_a, of_a.sum()


@exercise.mistake(
    "Your numbers went through float64, or through something that makes it: the dtype that came in "
    "is the one that goes out."
)
def always_float64(x, w, b, y):
    x, w, b, y = (one.double() for one in (x, w, b, y))
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "A column and a row meet in yours: (n, 1) and (n,) give (n, n), every sample with every other. "
    "Write the shape behind each line."
)
def a_column_meets_a_row(x, w, b, y):
    a = x @ w[:, None] + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return (x.T @ of_a).mean(dim=1), of_a.mean(dim=1).sum()


@exercise.mistake(same_as=a_column_meets_a_row)
def a_sum_of_all_pairs(x, w, b, y):
    a = x @ w[:, None] + b
    t = torch.tanh(a)
    of_a = (2 * (a + t - y) / len(y) * (2 - t * t)).sum(dim=1)
    return x.T @ of_a, of_a.sum()


@exercise.mistake(
    "The gradients are right, but one of them is a plain number. Two tensors were asked for."
)
def plain_numbers(x, w, b, y):
    a = x @ w + b
    t = torch.tanh(a)
    of_a = 2 * (a + t - y) / len(y) * (2 - t * t)
    return x.T @ of_a, of_a.sum().item()


@exercise.right
def by_every_name(x, w, b, y):
    a = x @ w + b
    t = a.tanh()
    error = a + t - y
    d_square = torch.ones_like(error) / len(error)
    d_error = d_square * 2 * error
    d_t = d_error
    d_a = d_error + d_t * (1 - t**2)
    return (d_a[:, None] * x).sum(dim=0), d_a.sum()


@exercise.right
def sample_by_sample(x, w, b, y):
    of_w, of_b = torch.zeros_like(w), torch.zeros_like(b)
    for row, target in zip(x, y, strict=True):
        a = row @ w + b
        slope = 1 + 1 / torch.cosh(a) ** 2
        part = 2 / len(y) * (a + torch.tanh(a) - target) * slope
        of_w = of_w + part * row
        of_b = of_b + part
    return of_w, of_b


@exercise.right
def with_einsum(x, w, b, y):
    a = torch.einsum("nf,f->n", x, w) + b
    error = a + torch.tanh(a) - y
    slope = 2 - torch.tanh(a) ** 2
    return torch.einsum("n,n,nf->f", 2 * error, slope, x) / len(x), (2 * error * slope).mean()


@exercise.right
def with_ones_beside_x(x, w, b, y):
    beside = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    a = beside @ torch.cat([w, b[None]])
    of_a = (a + torch.tanh(a) - y) * (2 - torch.tanh(a).square()) * 2 / len(y)
    both = of_a @ beside
    return both[:-1], both[-1]


exercise.equivalent(
    "of_w = of_w + part * row",
    "of_w += part * row",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "of_b = of_b + part",
    "of_b += part",
    because="The tensor was made here: nobody else sees that it changes.",
)
