"""A function of many numbers that gives many numbers has a Jacobian, often far too large to build.
What `backward` needs of it is only a product: a vector of weights from the left. Compute that.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.lessons.autograd.graphs import Operations, gradients_behind
from course_utils.promises import promised

LEAF = "torch.tensor([0.5, -1.5], requires_grad=True)"

exercise = Exercise(
    "03.3",
    "A product with the Jacobian",
    minutes=15,
    difficulty=2,
    hints=[
        "One call of `backward` or of `torch.autograd.grad` goes through the whole graph once. "
        "What does it start with, where the output is not a single number?",
        "Where may the result go? `backward` leaves it at every leaf it finds, also at those that "
        "are not yours.",
        "To be differentiated by, a tensor has to be in the graph. How do you get one with the "
        "values of x that is, and leave x as it was? And what if f never uses it?",
    ],
)


@exercise.reference
def vector_jacobian(f, x, v):
    """v times the Jacobian of f at x: for each element of x, the sum of v * (derivative of f(x)).

    f: takes a tensor and gives a tensor; it may use other tensors that require grad. x: a tensor of
    any shape, any strides, float32 or float64; it may require grad. v: a tensor with the shape and
    dtype of f(x), any strides.
    Returns a tensor with x's shape and dtype, 0 where f(x) does not depend on x. f is called once,
    its graph is gone through at most once, and nothing as large as the Jacobian is made.
    No .grad of any tensor changes.
    """
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y, leaf, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.cases
def _(rng):
    yield Formula("lambda x: x ** 2"), torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.0, 2.0])
    yield Formula("lambda x: x.sum()"), decimals(rng, 2, 2), torch.tensor(3.0)
    yield Formula("lambda x: x[0] * x"), decimals(rng, 3).requires_grad_(), decimals(rng, 3)
    yield Formula("lambda x: torch.ones(2)"), decimals(rng, 2, 3), decimals(rng, 2)
    yield Formula(f"lambda x, w={LEAF}: w.exp()"), decimals(rng, 3), decimals(rng, 2)
    # A leaf given back has no grad_fn, and its Jacobian is the identity.
    yield Formula("lambda x: x"), decimals(rng, 2), decimals(rng, 2)
    yield Formula(f"lambda x, w={LEAF}: w"), decimals(rng, 3), decimals(rng, 2)
    yield (
        Formula("lambda x: torch.ones(2)"),
        decimals(rng, 2, dtype=torch.float64),
        decimals(rng, 2),
    )
    wide = decimals(rng, 2, dtype=torch.float64)
    yield Formula(f"lambda x, w={LEAF}: w.exp()"), wide, decimals(rng, 2)
    used = f"lambda x, w={LEAF}: torch.tanh(x @ w)"
    yield Formula(used), decimals(rng, 3, 2), decimals(rng, 3)
    yield Formula(used), decimals(rng, 2).requires_grad_() * 2, decimals(rng, 1)[0]
    x = decimals(rng, 2, 2).requires_grad_()
    x.grad = decimals(rng, 2, 2)
    yield Formula("lambda x: (x * 2).t()"), x, decimals(rng, 2, 2)
    yield Formula("lambda x: torch.tanh(x)[:40] * 2"), decimals(rng, 50), decimals(rng, 40)
    for x in promised(rng, "any shape", "any strides", "the same dtype"):
        v = decimals(rng, 2, *x.shape, dtype=x.dtype).movedim(0, -1)
        yield Formula("lambda x: torch.stack([torch.sin(x / 9), x * x], -1)"), x, v
    for v in promised(rng, "any strides"):
        yield Formula("lambda x: torch.sin(x).expand(2, 3)"), decimals(rng, 2, 1), v


@exercise.observe
def _(answer, f, x, v):
    calls = []

    def counted(x):
        calls.append(tuple(x.shape))
        return f(x)

    with Operations() as operations:
        result = answer(counted, x, v)
    others = f.function.__defaults__ or ()
    return {
        "result": result,
        "calls of f": len(calls),
        "gone through its graph more than once": operations.counts["tanh_backward"] > 1,
        "something as large as the Jacobian was made": operations.largest > 500,
        "gradients of the other tensors that f uses": [other.grad for other in others],
        "gradients of what x was made from": gradients_behind(x),
    }


@exercise.mistake(
    "`backward` leaves a gradient at every leaf that it reaches, also at the other tensors that f "
    "uses. Nobody asked for those."
)
def backward_on_a_copy(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    y = f(leaf)
    if y.requires_grad:
        y.backward(v)
    return torch.zeros_like(x) if leaf.grad is None else leaf.grad


@exercise.mistake(same_as=backward_on_a_copy)
def backward_with_weights(f, x, v):
    leaf = x.clone().detach().requires_grad_(True)
    y = f(leaf)
    (y * v).sum().backward()
    return leaf.grad


@exercise.mistake(
    "You go backwards from x as it was given: at it, or at what it was made from, a gradient is "
    "left that was not there, or one that was there is lost, or is in yours."
)
def backward_on_x(f, x, v):
    x.requires_grad_()
    f(x).backward(v)
    return x.grad


@exercise.mistake(same_as=backward_on_x)
def backward_on_x_and_clears(f, x, v):
    x.requires_grad_(True)
    x.grad = None
    y = f(x)
    y.backward(v)
    gradient = x.grad
    x.grad = None
    return gradient


@exercise.mistake(
    "Asked for a gradient, torch needs x to require grad. You switched that on at the tensor of "
    "the caller, and there it stays."
)
def switches_x_on(f, x, v):
    y = f(x.requires_grad_(True))
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y, x, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(
    "What is differentiated by has to require grad. Yours works only where the caller's x happens "
    "to do so."
)
def takes_x_as_it_is(f, x, v):
    return torch.autograd.grad(f(x), x, grad_outputs=v)[0]


@exercise.mistake(
    "f(x) need not depend on x. Then torch has no gradient to give, and says so by an error, or by "
    "None: what is the product with the Jacobian there?"
)
def expects_to_be_used(f, x, v):
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf, v)[0]


@exercise.mistake(
    "f may give back the very tensor that it was given. A leaf has no grad_fn either, and it does "
    "depend on x: on each element of it."
)
def zeros_without_a_grad_fn(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if y.grad_fn is None:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y, leaf, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=expects_to_be_used)
def allows_unused_only(f, x, v):
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf, v, allow_unused=True)[0]


@exercise.mistake(same_as=expects_to_be_used)
def gives_none_back(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return None
    return torch.autograd.grad(y, leaf, v, allow_unused=True)[0]


@exercise.mistake(same_as=expects_to_be_used)
def expects_a_graph(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    gradient = torch.autograd.grad(y, leaf, v, allow_unused=True)[0]
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=expects_to_be_used)
def expects_a_gradient_if_there_is_a_graph(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(y, leaf, v)[0]


@exercise.mistake(
    "Your v is not there: the outputs all count the same. Each output has a weight of its own."
)
def sums_the_outputs(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=sums_the_outputs)
def ones_for_v(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    return torch.autograd.grad(y, leaf, torch.ones_like(y))[0]


@exercise.mistake(
    "The weights belong to the outputs, and come in where the way back begins. You multiply what "
    "arrives at x by them."
)
def weights_at_the_input(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient * v


@exercise.mistake(same_as=weights_at_the_input)
def weights_at_the_input_of_used(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    y = f(leaf)
    return v * torch.autograd.grad(y, leaf, torch.ones_like(y))[0]


@exercise.mistake(same_as=weights_at_the_input)
def sum_of_weights_at_the_input(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient * v.sum()


@exercise.mistake("Under no_grad() nothing is recorded: what f gives has values, and no way back.")
def records_nothing(f, x, v):
    leaf = x.detach().requires_grad_()
    with torch.no_grad():
        y = f(leaf)
    return torch.autograd.grad(y, leaf, v)[0]


@exercise.mistake(
    "You differentiate twice. The Jacobian holds first derivatives: one way back is enough, and v "
    "is there from its beginning."
)
def differentiates_twice(f, x, v):
    leaf = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(leaf).sum(), leaf, create_graph=True)
    return torch.autograd.grad(gradient, leaf, v)[0]


@exercise.mistake("The weighted outputs are to be added up. A mean makes all weights smaller.")
def mean_of_the_outputs(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad((y * v).mean(), leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=mean_of_the_outputs)
def mean_of_the_outputs_of_used(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    return torch.autograd.grad((f(leaf) * v).mean(), leaf)[0]


@exercise.mistake(
    "You build the Jacobian, row by row or at once, and then multiply. With a million inputs and "
    "outputs it does not fit: one way back through the graph gives the product itself."
)
def builds_the_jacobian(f, x, v):
    jacobian = torch.autograd.functional.jacobian(f, x)
    return (v.reshape(-1) @ jacobian.reshape(v.numel(), x.numel())).reshape(x.shape)


@exercise.mistake(same_as=builds_the_jacobian)
def builds_it_by_torch_func(f, x, v):
    jacobian = torch.func.jacrev(f)(x.detach())
    return torch.tensordot(v, jacobian, dims=v.dim())


@exercise.mistake(same_as=builds_the_jacobian)
def row_by_row(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    total = torch.zeros_like(x)
    if not y.requires_grad:
        return total
    for output, weight in zip(y.reshape(-1), v.reshape(-1), strict=True):
        (row,) = torch.autograd.grad(output, leaf, retain_graph=True, allow_unused=True)
        if row is not None:
            total += weight * row
    return total


@exercise.mistake(same_as=builds_the_jacobian)
def row_by_row_stacked(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    y = f(leaf)
    rows = [torch.autograd.grad(one, leaf, retain_graph=True)[0] for one in y.flatten()]
    return (torch.stack(rows).reshape(v.numel(), -1).T @ v.flatten()).reshape(x.shape)


@exercise.mistake(
    "You multiply from the other side: the Jacobian times a vector goes forward, from a change of "
    "x to a change of f(x). Here the weights belong to f(x)."
)
def goes_forward(f, x, v):
    return torch.func.jvp(f, (x.detach(),), (v,))[1]


@exercise.mistake(same_as=goes_forward)
def goes_forward_the_old_way(f, x, v):
    return torch.autograd.functional.jvp(f, x, v)[1]


@exercise.mistake(
    "You call f again and again with x moved a little. That is a guess, and takes a call for every "
    "element of x: the graph of one call holds all of it."
)
def by_small_steps(f, x, v):
    gradient = torch.zeros_like(x)
    with torch.no_grad():
        for place in range(x.numel()):
            step = torch.zeros(x.numel(), dtype=x.dtype)
            step[place] = 1e-3
            step = step.reshape(x.shape)
            slope = (f(x + step) - f(x - step)) / 2e-3
            gradient.view(-1)[place] = (slope * v).sum()
    return gradient


@exercise.mistake(
    "f was called more often than once. What one call gives is enough: it has values, shape and "
    "graph."
)
def calls_f_twice(f, x, v):
    if not f(x).requires_grad and not f(x.detach().requires_grad_()).requires_grad:
        return torch.zeros_like(x)
    leaf = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(leaf), leaf, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(
    "detach() takes the tensor out of the graph. To be found on the way back, your copy needs more "
    "than x's values."
)
def detaches_only(f, x, v):
    copy = x.detach().clone()
    (gradient,) = torch.autograd.grad(f(copy), copy, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(
    "`view` flattens without copying, and not every tensor can be flattened so: v and f(x) may be "
    "transposed. Is there a need to flatten at all?"
)
def flattens_by_view(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    dot = y.view(-1) @ v.view(-1)
    (gradient,) = torch.autograd.grad(dot, leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=flattens_by_view)
def flattens_the_weights_by_view(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    dot = y.reshape(-1) @ v.view(-1)
    (gradient,) = torch.autograd.grad(dot, leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake(same_as=flattens_by_view)
def flattens_the_outputs_by_view(f, x, v):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    dot = y.view(-1) @ v.reshape(-1)
    (gradient,) = torch.autograd.grad(dot, leaf, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.mistake("Your copy of x is of another dtype, and so is what comes back.")
def always_float32(f, x, v):
    leaf = torch.tensor(x.tolist(), dtype=torch.float32, requires_grad=True)
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y, leaf, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.right
def with_autograd_functional(f, x, v):
    return torch.autograd.functional.vjp(f, x, v)[1]


@exercise.right
def weighted_sum(f, x, v):
    copy = x.detach().requires_grad_()
    loss = (f(copy) * v).sum()
    if not loss.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(loss, copy, materialize_grads=True)
    return gradient


@exercise.right
def with_torch_func(f, x, v):
    _, product = torch.func.vjp(f, x)
    (gradient,) = product(v)
    return gradient


@exercise.right
def backward_into_x_alone(f, x, v):
    start = x.detach().requires_grad_()
    out = f(start)
    if out.requires_grad:
        out.backward(v, inputs=[start])
    return torch.zeros_like(x) if start.grad is None else start.grad


@exercise.right
def with_a_zero_added(f, x, v):
    start = x.detach().requires_grad_()
    y = f(start) + start.sum() * 0
    (gradient,) = torch.autograd.grad(y, start, grad_outputs=v)
    return gradient


exercise.equivalent(
    "y = f(start) + start.sum() * 0",
    "y = f(start) - start.sum() * 0",
    "y = f(start) + start.mean() * 0",
    because="A 0 is added or taken off; all that matters is that x is in the graph.",
)
