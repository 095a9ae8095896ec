"""Which sample pulls the weights where? The gradient of a mean loss holds only the mean of that.
Give the gradient of each sample by itself, for each of the parameters.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals

exercise = Exercise(
    "03.13",
    "One gradient for each sample",
    minutes=18,
    difficulty=2,
    hints=[
        "A batch of one sample is a batch, too. What is the mean over it?",
        "Gradients of several parameters come out of one call, in their order. How are those of "
        "several samples put together, parameter by parameter?",
        "A parameter that the loss does not use, or does not use for this sample, has a gradient "
        "of zeros here.",
    ],
)


@exercise.reference
def per_sample_gradients(loss, params, x, y):
    """The gradients of the loss of each sample, with respect to each parameter.

    loss(params, x, y) gives the mean loss of a batch, a tensor of shape (); it may leave some
    parameters out. params: a list of leaves that require grad, float32, contiguous, of several
    shapes. x: float32, contiguous, shape (n, features). y: contiguous, shape (n,), float32
    or int64. n is 1 or more.
    Returns a list with a tensor of shape (n, *p.shape) for each p of params, zeros where p is left
    out. No .grad is filled, and a .grad that is there stays as it is.
    """
    each = [
        torch.autograd.grad(
            loss(params, x[i : i + 1], y[i : i + 1]), params, materialize_grads=True
        )
        for i in range(len(x))
    ]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


def leaf(values):
    """The same numbers as a parameter that is learnt."""
    return values.clone().requires_grad_()


LINE = "lambda params, x, y: (((x * params[0]).sum(1) + params[1] - y) ** 2).mean()"
CLASSES = "lambda params, x, y: nn.functional.cross_entropy(x @ params[0] + params[1], y)"
TWO_LAYERS = "lambda params, x, y: ((torch.tanh(x @ params[0]) @ params[1] - y) ** 2).mean()"


@exercise.cases
def _(rng):
    squares = Formula("lambda params, x, y: (((x * params[0]).sum(1) - y) ** 2).mean()")
    w = leaf(torch.tensor([1.0, 0.0]))
    yield squares, [w], torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0.0, 1.0])
    line = [leaf(decimals(rng, 3)), leaf(decimals(rng))]
    yield Formula(LINE), line, decimals(rng, 4, 3), decimals(rng, 4)
    yield Formula(LINE), line, decimals(rng, 1, 3), decimals(rng, 1)
    classes = [leaf(decimals(rng, 2, 3)), leaf(decimals(rng, 3))]
    labels = torch.tensor([rng.randrange(3) for _ in range(5)])
    yield Formula(CLASSES), classes, decimals(rng, 5, 2), labels
    layers = [leaf(decimals(rng, 3, 2, most=1)), leaf(decimals(rng, 2)), leaf(decimals(rng, 4))]
    yield Formula(TWO_LAYERS), layers, decimals(rng, 3, 3, most=1), decimals(rng, 3)
    params = [leaf(decimals(rng, 2)), leaf(decimals(rng, 2, 1, 2))]
    yield squares, params, decimals(rng, 2, 2), decimals(rng, 2)


@exercise.observe
def _(answer, loss, params, x, y):
    facts = {"gradients": answer(loss, params, x, y)}
    filled = [p.detach().clone().requires_grad_() for p in params]
    for p in filled:
        p.grad = torch.ones_like(p)
    facts["gradients where each .grad holds something"] = answer(loss, filled, x, y)
    return facts


def of_each_sample(loss, params, x, y):
    """For each sample the tuple of its gradients."""
    for i in range(len(x)):
        value = loss(params, x[i : i + 1], y[i : i + 1])
        yield torch.autograd.grad(value, params, materialize_grads=True)


@exercise.mistake(
    "The gradients of all samples are the same in yours: it is the one of the whole batch. Each "
    "sample has a loss of its own."
)
def the_batch_for_each(loss, params, x, y):
    gradients = torch.autograd.grad(loss(params, x, y), params, materialize_grads=True)
    return [g.expand(len(x), *g.shape) for g in gradients]


@exercise.mistake(same_as=the_batch_for_each)
def the_batch_once(loss, params, x, y):
    return list(torch.autograd.grad(loss(params, x, y), params, materialize_grads=True))


@exercise.mistake(same_as=the_batch_for_each)
def a_share_of_the_batch(loss, params, x, y):
    gradients = torch.autograd.grad(loss(params, x, y), params, materialize_grads=True)
    return [g.expand(len(x), *g.shape) / len(x) for g in gradients]


@exercise.mistake(
    "You divide or multiply by the number of samples. Asked is the gradient of the loss of each "
    "sample, as if it were alone."
)
def divides_by_n(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack(gradients) / len(x) for gradients in zip(*each, strict=True)]


@exercise.mistake(same_as=divides_by_n)
def multiplies_with_n(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack(gradients) * len(x) for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "All your rows are the same tensor. `.grad` is one tensor that goes on being filled: what was "
    "put into a list a round ago changes with it."
)
def keeps_the_grad_itself(loss, params, x, y):
    rows = [[] for _ in params]
    for i in range(len(x)):
        loss(params, x[i : i + 1], y[i : i + 1]).backward()
        for row, p in zip(rows, params, strict=True):
            row.append(p.grad)
    return [torch.stack(row) for row in rows]


def by_backward(loss, params, x, y, clear, keep=torch.clone, end=lambda params: None):
    """Each sample's gradients out of .grad, which is cleared before and at the end."""
    rows = [[] for _ in params]
    for i in range(len(x)):
        clear(params)
        loss(params, x[i : i + 1], y[i : i + 1]).backward()
        for row, p in zip(rows, params, strict=True):
            row.append(torch.zeros_like(p) if p.grad is None else keep(p.grad))
    end(params)
    return [torch.stack(row) for row in rows]


def set_to_none(params):
    """No .grad at all."""
    for p in params:
        p.grad = None


def set_to_zero(params):
    """Zeros into each .grad that is there."""
    for p in params:
        if p.grad is not None:
            p.grad.zero_()


@exercise.mistake(same_as=keeps_the_grad_itself)
def keeps_the_grad_and_zeroes_it(loss, params, x, y):
    return by_backward(loss, params, x, y, set_to_zero, keep=lambda grad: grad)


@exercise.mistake(
    "backward() adds to what is in `.grad` already: your second row holds the first one, too."
)
def adds_up(loss, params, x, y):
    return by_backward(loss, params, x, y, lambda params: None)


@exercise.mistake(
    "The gradients are right, and the `.grad` of the parameters is another one than before. It "
    "belongs to the caller. Which call gives gradients back and fills nothing?"
)
def leaves_grad_filled(loss, params, x, y):
    return by_backward(loss, params, x, y, set_to_none)


@exercise.mistake(
    "`x[i]` is a row without a batch around it. The loss was promised a batch, of one sample."
)
def takes_the_batch_away(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i], y[i]), params, materialize_grads=True)
        for i in range(len(x))
    ]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(same_as=takes_the_batch_away)
def takes_the_batch_away_by_zip(loss, params, x, y):
    each = [torch.autograd.grad(loss(params, *one), params) for one in zip(x, y, strict=True)]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "A parameter may be left out by the loss. torch does not know a gradient for it then: what "
    "was asked for in its place?"
)
def no_unused_ones(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i : i + 1], y[i : i + 1]), params) for i in range(len(x))
    ]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(same_as=no_unused_ones)
def none_for_unused_ones(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i : i + 1], y[i : i + 1]), params, allow_unused=True)
        for i in range(len(x))
    ]
    columns = zip(*each, strict=True)
    return [None if column[0] is None else torch.stack(column) for column in columns]


@exercise.mistake(same_as=no_unused_ones)
def stacks_none(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i : i + 1], y[i : i + 1]), params, allow_unused=True)
        for i in range(len(x))
    ]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(same_as=no_unused_ones)
def one_zero_for_all_samples(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i : i + 1], y[i : i + 1]), params, allow_unused=True)
        for i in range(len(x))
    ]
    columns = zip(params, zip(*each, strict=True), strict=True)
    return [torch.zeros_like(p) if c[0] is None else torch.stack(c) for p, c in columns]


@exercise.mistake(same_as=no_unused_ones)
def leaves_unused_ones_out(loss, params, x, y):
    each = [
        torch.autograd.grad(loss(params, x[i : i + 1], y[i : i + 1]), params, allow_unused=True)
        for i in range(len(x))
    ]
    return [torch.stack(c) for c in zip(*each, strict=True) if c[0] is not None]


@exercise.mistake(
    "Yours is sorted by sample. Asked is one tensor for each parameter, with the samples in its "
    "first dimension."
)
def a_list_for_each_sample(loss, params, x, y):
    return [list(gradients) for gradients in of_each_sample(loss, params, x, y)]


@exercise.mistake(same_as=a_list_for_each_sample)
def lists_of_tensors(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [list(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "The samples are to be a dimension of their own, in front of the shape of the parameter, which "
    "stays as it is."
)
def one_after_the_other(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    columns = zip(*each, strict=True)
    return [torch.cat([torch.atleast_1d(g) for g in gradients]) for gradients in columns]


@exercise.mistake(same_as=one_after_the_other)
def flattened(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack([g.reshape(-1) for g in gradients]) for gradients in zip(*each)]


@exercise.mistake(same_as=one_after_the_other)
def samples_last(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack(gradients, dim=-1) for gradients in zip(*each, strict=True)]


@exercise.mistake(same_as=one_after_the_other)
def summed_up(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack(gradients).sum(0) for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "A size of 1 is a size: one sample stays a dimension, and so does what is 1 long in the shape "
    "of a parameter."
)
def squeezed(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return [torch.stack(gradients).squeeze() for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "The target has another dtype when it reaches the loss. Class numbers are whole numbers: hand "
    "on what you were given."
)
def target_as_floats(loss, params, x, y):
    each = of_each_sample(loss, params, x, y.float())
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.mistake(
    "A list was asked for, with one tensor for each parameter in the order of params."
)
def a_tuple(loss, params, x, y):
    each = of_each_sample(loss, params, x, y)
    return tuple(torch.stack(gradients) for gradients in zip(*each, strict=True))


@exercise.mistake(same_as=a_tuple)
def the_first_parameter(loss, params, x, y):
    return torch.stack([gradients[0] for gradients in of_each_sample(loss, params, x, y)])


@exercise.right
def with_vmap(loss, params, x, y):
    def of_one(params, x, y):
        return loss(params, x.unsqueeze(0), y.unsqueeze(0))

    return torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, 0))(params, x, y)


@exercise.right
def fills_rows_of_zeros(loss, params, x, y):
    n = x.shape[0]
    result = [torch.zeros(n, *p.shape) for p in params]
    for i, (xi, yi) in enumerate(zip(x.split(1), y.split(1))):
        grads = torch.autograd.grad(loss(params, xi, yi), params, allow_unused=True)
        for j, grad in enumerate(grads):
            if grad is not None:
                result[j][i] = grad
    return result


@exercise.right
def backward_with_copies(loss, params, x, y):
    copies = [p.detach().clone().requires_grad_() for p in params]
    rows = []
    for i in range(len(x)):
        for p in copies:
            p.grad = torch.zeros_like(p)
        loss(copies, x[[i]], y[[i]]).backward()
        rows.append([p.grad for p in copies])
    return [torch.stack([row[j] for row in rows]) for j in range(len(params))]


@exercise.right
def puts_grad_back(loss, params, x, y):
    before = [p.grad for p in params]
    out = [[] for _ in params]
    for i in range(len(x)):
        for p in params:
            p.grad = None
        loss(params, x[i].unsqueeze(0), y[i].view(1)).backward()
        for k, p in enumerate(params):
            out[k].append(p.grad if p.grad is not None else torch.zeros_like(p))
    for p, grad in zip(params, before):
        p.grad = grad
    return list(map(torch.stack, out))


exercise.equivalent(
    "return loss(params, x.unsqueeze(0), y.unsqueeze(0))",
    "return loss(params, x.unsqueeze(0), y.unsqueeze(-1))",
    because="A target without dimensions has one place for a new one.",
)


exercise.equivalent(
    "return torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, 0))(params, x, y)",
    "return torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, -1))(params, x, y)",
    because="y has one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "copies = [p.detach().clone().requires_grad_() for p in params]",
    "copies = [p.detach().requires_grad_() for p in params]",
    because="A tensor of its own over the same numbers has a .grad of its own, too.",
)


exercise.equivalent(
    "loss(params, x[i].unsqueeze(0), y[i].view(1)).backward()",
    "loss(params, x[i].unsqueeze_(0), y[i].view(1)).backward()",
    because="x[i] makes a new view, and only that one gets another shape.",
)
