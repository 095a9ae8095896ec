"""How does the gradient change when x moves along v? That is the Hessian times v. Compute it and
leave the Hessian unbuilt: of a million numbers, it has a million rows. For `f(x) = x[0] * x[1]`
and any x, the product with `[1, 5]` is `[5, 1]`.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.lessons.autograd.graphs import Operations
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.11",
    "A Hessian times a vector",
    minutes=15,
    difficulty=2,
    hints=[
        "The gradient is a tensor that was computed, too. Under which condition does it have a "
        "graph of its own?",
        "The gradient times v, summed, is one number. What is the gradient of that number?",
        "The gradient of a straight line does not depend on x. What does autograd say when a "
        "result has no graph, and what is the Hessian then?",
    ],
)


@exercise.reference
def hessian_vector(f, x, v):
    """The Hessian of f at x times v: never built, and not computed row by row either.

    f: takes a tensor of x's shape and gives a tensor of shape (), with operations of torch; it may
    have weights of its own, and may be linear in x, or leave elements of x out.
    x, v: the same shape, any number of dimensions, any strides; float32 or float64, both the same.
    Returns a tensor of x's shape and dtype. x may require grad; no .grad is filled.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    (product,) = torch.autograd.grad(gradient, x, v, materialize_grads=True)
    return product


@exercise.cases
def _(rng):
    yield Formula("lambda x: x[0] * x[1]"), torch.tensor([2.0, 3.0]), torch.tensor([1.0, 5.0])
    yield Formula("lambda x: (x ** 3).sum()"), torch.tensor([2.0, -2.0]), torch.tensor([1.0, 10.0])
    yield Formula("lambda x: (3 * x).sum()"), decimals(rng, 3), decimals(rng, 3)
    doubles = decimals(rng, 3).double(), decimals(rng, 3).double()
    yield Formula("lambda x: (3 * x).sum()"), *doubles
    w = decimals(rng, 3)
    yield Formula("lambda x: (x * {w}).sum()", w=w), decimals(rng, 3), decimals(rng, 3)
    yield Formula("lambda x: torch.tanh(x @ {w})", w=w), decimals(rng, 3), decimals(rng, 3)
    yield Formula("lambda x: x[0] ** 2 * x[2] + x[1]"), decimals(rng, 4), decimals(rng, 4)
    yield Formula("lambda x: x[1:].prod()"), decimals(rng, 4), decimals(rng, 4)
    yield Formula("lambda x: (x @ x).sum() ** 2"), decimals(rng, 2, 2), decimals(rng, 2, 2)
    words = ("any number of dimensions", "any strides", "the same dtype")
    for x, v in zip(promised(rng, *words), promised(rng, *words), strict=True):
        yield Formula("lambda x: (x / 9).sin().sum() * x.sum()"), x, v


def chain(x):
    """A number that ties each element to the next one."""
    return (x[:-1] * x[1:]).square().sum()


@exercise.observe
def _(answer, f, x, v):
    facts = {"product": answer(f, x, v)}
    leaf = x.detach().requires_grad_()
    leaf.grad = torch.ones_like(x)
    facts["product where x is a leaf that requires grad"] = attempt(lambda: answer(f, leaf, v))
    facts["product where x was computed"] = attempt(lambda: answer(f, leaf * 1, v))
    few, many = torch.linspace(1, 2, 4), torch.linspace(1, 2, 32)
    with Operations() as less:
        attempt(lambda: answer(chain, few, few))
    with Operations() as more:
        attempt(lambda: answer(chain, many, many))
    facts["operations grow with the number of elements"] = (
        more.counts.total() > 2 * less.counts.total()
    )
    facts["a tensor much larger than x was made"] = more.largest > 4 * 32
    return facts


@exercise.mistake(
    "Where the Hessian is zero, your zeros have a dtype of their own. Which tensor has the right "
    "one?"
)
def zeros_of_the_default_dtype(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    product = None
    if gradient.requires_grad:
        (product,) = torch.autograd.grad(gradient, x, v, allow_unused=True)
    return torch.zeros(x.shape) if product is None else product


@exercise.mistake(
    "The first gradient has no graph in yours, so there is nothing to differentiate a second time."
)
def without_a_graph(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x)
    return torch.autograd.grad(gradient, x, v)[0]


@exercise.mistake(same_as=without_a_graph)
def zeros_without_a_graph(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(gradient, x, v)[0]


@exercise.mistake(
    "The gradient of a straight line is the same everywhere. Then it does not depend on x, and "
    "autograd finds no way back. What is the Hessian of a straight line?"
)
def no_straight_lines(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(gradient, x, v)[0]


@exercise.mistake(same_as=no_straight_lines)
def none_for_straight_lines(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad((gradient * v).sum(), x, allow_unused=True)[0]


@exercise.mistake(same_as=no_straight_lines)
def straight_lines_without_weights(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(gradient, x, v)[0]


def second_gradient(f, x, number):
    """The gradient of number(gradient of f) with respect to x, zeros where it does not depend."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(number(gradient), x, materialize_grads=True)[0]


@exercise.mistake(
    "You add up each row of the Hessian, and v comes in afterwards or not at all. It has to be in "
    "the sum before that is differentiated."
)
def multiplies_afterwards(f, x, v):
    return second_gradient(f, x, torch.sum) * v


@exercise.mistake(same_as=multiplies_afterwards)
def without_v(f, x, v):
    return second_gradient(f, x, torch.sum)


@exercise.mistake(
    "Yours uses the diagonal of the Hessian alone. An element of the gradient may change when "
    "another element of x moves."
)
def diagonal_times_v(f, x, v):
    places = [torch.zeros(x.numel(), dtype=x.dtype) for _ in range(x.numel())]
    for place, one in enumerate(places):
        one[place] = 1
    rows = [
        second_gradient(f, x, lambda g, one=one: (g * one.reshape(g.shape)).sum()) for one in places
    ]
    ones = [(row * one.reshape(x.shape)).sum() for row, one in zip(rows, places, strict=True)]
    return torch.stack(ones).reshape(x.shape) * v


@exercise.mistake(
    "That is the gradient with v, not what it changes by. The gradient has to be differentiated "
    "once more."
)
def gradient_times_v(f, x, v):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(f(x), x)[0] * v


@exercise.mistake(same_as=gradient_times_v)
def slope_along_v(f, x, v):
    x = x.detach().requires_grad_()
    return (torch.autograd.grad(f(x), x)[0] * v).sum()


@exercise.mistake(same_as=gradient_times_v)
def outer_product_of_gradients(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x)
    return gradient * (gradient * v).sum()


@exercise.mistake(
    "One number is too little: v times the Hessian times v is how f bends along v. The product "
    "has the shape of x."
)
def bend_along_v(f, x, v):
    return (second_gradient(f, x, lambda g: (g * v).sum()) * v).sum()


@exercise.mistake(
    "Your answer builds the whole Hessian, or all its rows one after the other. Of a million "
    "numbers that is a million times the work: only the product is wanted."
)
def builds_the_hessian(f, x, v):
    matrix = torch.autograd.functional.hessian(f, x).reshape(x.numel(), x.numel())
    return (matrix @ v.reshape(-1)).reshape(x.shape)


@exercise.mistake(same_as=builds_the_hessian)
def row_by_row(f, x, v):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    product = []
    for element in gradient.reshape(-1):
        row = torch.zeros_like(x)
        if element.requires_grad:
            (row,) = torch.autograd.grad(element, x, retain_graph=True, materialize_grads=True)
        product.append((row * v).sum())
    return torch.stack(product).reshape(x.shape)


@exercise.mistake(same_as=builds_the_hessian)
def some_rows_at_a_time(f, x, v):
    leaf = x.detach().requires_grad_()
    value = f(leaf) + 0 * leaf.square().sum()
    (gradient,) = torch.autograd.grad(value, leaf, create_graph=True)

    def row(place):
        place = place.reshape(x.shape)
        return torch.autograd.grad(gradient, leaf, place, retain_graph=True)[0]

    rows = torch.eye(x.numel(), dtype=x.dtype).chunk(2)
    parts = [torch.func.vmap(row)(some).flatten(1) @ v.flatten() for some in rows]
    return torch.cat(parts).reshape(x.shape)


@exercise.mistake(same_as=builds_the_hessian)
def hessian_at_v(f, x, v):
    return torch.func.hessian(f)(x) @ v


@exercise.mistake(same_as=builds_the_hessian)
def hessian_of_functional_at_v(f, x, v):
    return torch.autograd.functional.hessian(f, x) @ v


@exercise.mistake(
    "backward() adds to the `.grad` of every leaf that it reaches, those of the weights of f as "
    "well, and none was to be filled. Where one held something before, it is added to that."
)
def backward_twice(f, x, v):
    x = x.detach().requires_grad_()
    f(x).backward(create_graph=True)
    (x.grad * v).sum().backward()
    return x.grad


@exercise.mistake(same_as=backward_twice)
def backward_and_zero(f, x, v):
    x = x.detach().requires_grad_()
    f(x).backward(create_graph=True)
    gradient, x.grad = x.grad, None
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    (gradient * v).sum().backward()
    return torch.zeros_like(x) if x.grad is None else x.grad


@exercise.mistake(
    "The difference of two gradients is close to the product, and with float32 only its first "
    "digits are right. The graph of the gradient gives it exactly."
)
def by_small_steps(f, x, v, step=1e-3):
    def gradient(at):
        at = at.detach().requires_grad_()
        return torch.autograd.grad(f(at), at)[0]

    return (gradient(x + step * v) - gradient(x - step * v)) / (2 * step)


@exercise.mistake(same_as=by_small_steps)
def by_one_small_step(f, x, v):
    def gradient(at):
        at = at.detach().requires_grad_()
        return torch.autograd.grad(f(at), at)[0]

    return (gradient(x + 1e-4 * v) - gradient(x)) / 1e-4


@exercise.mistake(
    "x and v may have any number of dimensions. `@` and `dot` of two matrices, or of two numbers, "
    "are something else than the sum of all products, or nothing at all; and `view` does not "
    "flatten every tensor."
)
def dot_of_vectors(f, x, v):
    return second_gradient(f, x, lambda g: g @ v)


@exercise.mistake(same_as=dot_of_vectors)
def dot_for_one_dimension(f, x, v):
    return second_gradient(f, x, lambda g: torch.dot(g, v))


@exercise.mistake(same_as=dot_of_vectors)
def sum_of_a_matrix_product(f, x, v):
    return second_gradient(f, x, lambda g: (g @ v).sum())


@exercise.mistake(same_as=dot_of_vectors)
def flat_by_view(f, x, v):
    return second_gradient(f, x, lambda g: g.view(-1) @ v.view(-1))


@exercise.mistake(
    "The x of the caller requires grad now, or does no more. Work with a tensor of your own over "
    "the same numbers."
)
def switches_x(f, x, v):
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad((gradient * v).sum(), x, materialize_grads=True)[0]


@exercise.mistake(
    "x need not require grad. You ask for a gradient with respect to a tensor that has none."
)
def takes_x_as_it_is(f, x, v):
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.autograd.grad(gradient, x, v)[0]


@exercise.mistake("float64 goes in and float32 comes out. The dtype of x stays.")
def always_float32(f, x, v):
    return second_gradient(f, x.float(), lambda g: (g * v).sum())


@exercise.right
def forward_over_reverse(f, x, v):
    return torch.func.jvp(torch.func.grad(f), (x,), (v,))[1]


@exercise.right
def reverse_over_reverse(f, x, v):
    _, back = torch.func.vjp(torch.func.grad(f), x.detach())
    return back(v)[0]


@exercise.right
def of_the_library(f, x, v):
    return torch.autograd.functional.hvp(f, x, v)[1]


@exercise.right
def a_sum_that_always_depends_on_x(f, x, v):
    y = x.detach().clone().requires_grad_(True)
    g = torch.autograd.grad(f(y), y, create_graph=True)[0]
    slope = torch.sum(g * v) + 0 * y.sum()
    return torch.autograd.grad(slope, y)[0]


exercise.equivalent(
    "_, back = torch.func.vjp(torch.func.grad(f), x.detach())",
    "_, back = torch.func.vjp(torch.func.grad(f), x)",
    because="The numbers are the same: whether a graph leads on from them to x is not asked.",
)


exercise.equivalent(
    "return back(v)[0]",
    "return back(v)[-1]",
    because="There is one argument, and so one product.",
)


exercise.equivalent(
    "y = x.detach().clone().requires_grad_(True)",
    "y = x.detach().clone().requires_grad_()",
    "y = x.detach().requires_grad_(True)",
    "y = x.clone().requires_grad_(True)",
    because="A tensor of its own over the same numbers, or over a copy, is asked for its gradient.",
)


exercise.equivalent(
    "g = torch.autograd.grad(f(y), y, create_graph=True)[0]",
    "g = torch.autograd.grad(f(y), y, create_graph=True)[-1]",
    because="There is one input, and so one gradient.",
)


exercise.equivalent(
    "slope = torch.sum(g * v) + 0 * y.sum()",
    "slope = torch.sum(g * v) - 0 * y.sum()",
    "slope = torch.sum(g * v) + 0 * y.mean()",
    because="Nothing is added, whatever its sign.",
)


exercise.equivalent(
    "return torch.autograd.grad(slope, y)[0]",
    "return torch.autograd.grad(slope, y)[-1]",
    because="There is one input, and so one gradient.",
)
