"""The best check of a gradient is one that knows no calculus. Move one element a little up and a
little down, and see how far f moves. With `step=0.1`, `x ** 3` has the slope 3.01 at 1: it is the
slope from 0.9 to 1.1.
"""

import itertools

import numpy
import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.15",
    "A gradient from numbers alone",
    minutes=15,
    difficulty=2,
    hints=[
        "One element after the other: f one step above, f one step below, and the difference "
        "divided by the distance of the two.",
        "float32 has seven digits, and f above and f below have the first six in common. When do "
        "you have to turn to float64?",
        "Who else looks at the tensor that you move? Mind x itself, and what f has given back.",
    ],
)


@exercise.reference
def numerical_gradient(f, x, step=1e-6):
    """The gradient of f at x by central differences, computed in float64.

    f: takes a float64 tensor of x's shape, and gives a tensor of shape (), maybe a view of what it
    was given; nothing else that it uses requires grad. x: any shape, any strides, float32 or
    float64; it may require grad.
    step: how far an element is moved, up and down.
    Returns a float64 tensor of x's shape that requires no grad. x stays as it is.
    """
    start = x.detach().double()
    slopes = []
    for place in range(start.numel()):
        move = torch.zeros(start.numel(), dtype=torch.float64)
        move[place] = step
        move = move.reshape(start.shape)
        slopes.append((f(start + move) - f(start - move)).item() / (2 * step))
    return torch.tensor(slopes, dtype=torch.float64).reshape(start.shape)


@exercise.cases
def _(rng):
    yield Formula("lambda x: x ** 3"), torch.tensor(1.0), 0.1
    yield Formula("lambda x: (x ** 3).sum()"), torch.tensor([1.0, 2.0]), 0.1
    yield Formula("lambda x: x[0, 1] * x[1, 0]"), decimals(rng, 2, 2)
    yield Formula("lambda x: x[1]"), decimals(rng, 2), 0.5
    yield Formula("lambda x: x.prod().exp()"), decimals(rng, 3, most=1), 1e-4
    yield Formula("lambda x: (x @ x).diagonal().sum() ** 2"), decimals(rng, 2, 2).double()
    yield Formula("lambda x: x.sin().sum() * x.mean()"), decimals(rng, 2, 3)
    yield Formula("lambda x: (1e5 * x).sin().sum()"), torch.tensor([0.0, 0.5])
    step = rng.randint(1, 9) / 100
    yield Formula("lambda x: (x[0] ** 3 * x[-1]).sum()"), decimals(rng, 3, 2), step
    for x in promised(rng, "any shape", "any strides"):
        yield Formula("lambda x: (x ** 3).sum()"), x, 0.5
    for x in promised(rng, "any strides", dtype=torch.float64):
        yield Formula("lambda x: (x ** 3).sum()"), x, 0.25


@exercise.observe
def _(answer, f, x, *step):
    dtypes = set()

    def watched(moved):
        dtypes.add(str(moved.dtype))
        return f(moved)

    result = answer(watched, x, *step)
    facts = {"gradient": result, "the gradient requires grad": result.requires_grad}
    if x.numel():
        facts["dtypes that f was given"] = dtypes
    leaf = x.detach().requires_grad_()
    learnt = attempt(lambda: answer(f, leaf, *step))
    facts["gradient where x requires grad"] = learnt
    facts["that one requires grad"] = getattr(learnt, "requires_grad", False)
    return facts


def differences(f, x, slope, start=None):
    """slope(f, start, move, place) of each element, in the shape of x."""
    start = x.detach().double() if start is None else start
    slopes = []
    for place in range(start.numel()):
        move = torch.zeros(start.numel(), dtype=start.dtype)
        move[place] = 1
        slopes.append(slope(start, move.reshape(start.shape)).item())
    return torch.tensor(slopes, dtype=torch.float64).reshape(start.shape)


@exercise.mistake(
    "Yours looks to one side. From the left and from the right the slope comes out differently: "
    "which one lies in the middle?"
)
def forward_differences(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x + step * one) - f(x)) / step)


@exercise.mistake(same_as=forward_differences)
def backward_differences(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x) - f(x - step * one)) / step)


@exercise.mistake(
    "The slopes are off by a factor: how far is it from the point below to the point above?"
)
def divides_by_one_step(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x + step * one) - f(x - step * one)) / step)


@exercise.mistake(same_as=divides_by_one_step)
def does_not_divide(f, x, step=1e-6):
    return differences(f, x, lambda x, one: f(x + step * one) - f(x - step * one))


@exercise.mistake(
    "An element is moved up and down by the whole step. Your slope is that of another distance: "
    "half as far, one of its own, or none at all, as autograd's is."
)
def half_steps(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x + step / 2 * one) - f(x - step / 2 * one)) / step)


@exercise.mistake(same_as=half_steps)
def a_step_of_its_own(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x + 1e-6 * one) - f(x - 1e-6 * one)) / 2e-6)


@exercise.mistake(same_as=half_steps)
def steps_grow_with_x(f, x, step=1e-6):
    def slope(x, one):
        far = step * (x * one).abs().sum().clamp(min=1)
        return (f(x + far * one) - f(x - far * one)) / (2 * far)

    return differences(f, x, slope)


@exercise.mistake("The sign is the other way round: up minus down, not down minus up.")
def down_minus_up(f, x, step=1e-6):
    return differences(f, x, lambda x, one: (f(x - step * one) - f(x + step * one)) / (2 * step))


@exercise.mistake(
    "You move all elements at once, and get how f changes along all of them. A gradient says it "
    "for each of them alone."
)
def moves_all(f, x, step=1e-6):
    start = x.detach().double()
    slope = (f(start + step) - f(start - step)) / (2 * step)
    return torch.full_like(start, slope.item())


@exercise.mistake(same_as=moves_all)
def one_slope(f, x, step=1e-6):
    start = x.detach().double()
    return (f(start + step) - f(start - step)) / (2 * step)


@exercise.mistake(
    "f is computed in float32 in yours. Two numbers that differ in the seventh digit have no "
    "digits left when one is taken from the other."
)
def in_float32(f, x, step=1e-6):
    start = x.detach().clone()
    return differences(
        f, x, lambda x, one: (f(x + step * one) - f(x - step * one)) / (2 * step), start
    )


@exercise.mistake(same_as=in_float32)
def float64_at_the_end(f, x, step=1e-6):
    return differences(
        f, x, lambda x, one: f(x.float() + step * one.float()) - f(x.float() - step * one.float())
    ) / (2 * step)


@exercise.mistake(
    "The numbers are computed in float64, and kept in the dtype of x. The result is float64 as "
    "well."
)
def result_in_the_dtype_of_x(f, x, step=1e-6):
    slope = differences(f, x, lambda x, one: (f(x + step * one) - f(x - step * one)) / (2 * step))
    return slope.to(x.dtype)


@exercise.mistake(
    "f takes a tensor of x's shape, and the result has that shape, too. In yours there is another "
    "one: all numbers in a row, or one alone."
)
def flat_for_f(f, x, step=1e-6):
    start = x.detach().double().reshape(-1)
    rows = torch.eye(start.numel(), dtype=torch.float64) * step
    slopes = [(f(start + row) - f(start - row)).item() / (2 * step) for row in rows]
    return torch.tensor(slopes, dtype=torch.float64).reshape(x.shape)


@exercise.mistake(same_as=flat_for_f)
def flat_result(f, x, step=1e-6):
    slope = differences(f, x, lambda x, one: (f(x + step * one) - f(x - step * one)) / (2 * step))
    return slope.reshape(-1)


@exercise.mistake(
    "Your result has rows in it that were never filled, or an error comes up: you walk along one "
    "dimension. x may have any number of them, also none."
)
def along_one_dimension(f, x, step=1e-6):
    start = x.detach().double()
    gradient = torch.zeros_like(start)
    for i in range(len(start)):
        move = torch.zeros_like(start)
        move[i] = step
        gradient[i] = (f(start + move) - f(start - move)) / (2 * step)
    return gradient


def in_place(f, start, step, back=True, number=torch.Tensor.item):
    """Moves the elements of start itself, which is contiguous."""
    flat = start.view(-1)
    gradient = torch.zeros(start.numel(), dtype=torch.float64)
    for place in range(len(flat)):
        before = flat[place].item()
        flat[place] = before + step
        up = number(f(start))
        flat[place] = before - step
        down = number(f(start))
        if back:
            flat[place] = before
        gradient[place] = (up - down) / (2 * step)
    return gradient.reshape(start.shape)


@exercise.mistake(
    "The moved elements are not where they were when the next one is moved. Only one of them may "
    "be away from its place."
)
def does_not_move_back(f, x, step=1e-6):
    return in_place(f, x.detach().double().clone().contiguous(), step, back=False)


@exercise.mistake(
    "`double()` of a float64 tensor is that tensor, and `detach()` looks at the same numbers: "
    "while you work, the caller's x is moved. Is it exactly as before at the end?"
)
def moves_the_callers(f, x, step=1e-6):
    start = x.detach().double()
    gradient = torch.zeros(start.shape, dtype=torch.float64)
    for index in torch.cartesian_prod(*map(torch.arange, start.shape)).reshape(-1, start.dim()):
        index = tuple(index)
        start[index] += step
        up = f(start).item()
        start[index] -= 2 * step
        down = f(start).item()
        start[index] += step
        gradient[index] = (up - down) / (2 * step)
    return gradient


@exercise.mistake(same_as=moves_the_callers)
def moves_the_callers_by_place(f, x, step=1e-6):
    start = x.detach().double()
    gradient = torch.zeros(start.shape, dtype=torch.float64)
    for index in itertools.product(*map(range, start.shape)):
        start[index] += step
        up = f(start).item()
        start[index] -= 2 * step
        down = f(start).item()
        start[index] += step
        gradient[index] = (up - down) / (2 * step)
    return gradient


@exercise.mistake(
    "f may give back a view of what it was given. When you move that again, the number that you "
    "have kept moves as well."
)
def keeps_a_view(f, x, step=1e-6):
    start = x.detach().double().clone(memory_format=torch.contiguous_format)
    return in_place(f, start, step, number=lambda value: value)


@exercise.mistake(
    "Strides get in your way: of a tensor that is not contiguous `view` does not work, and "
    "`reshape(-1)` is a copy. What you move there is not what f is given."
)
def reshape_copies(f, x, step=1e-6):
    start = x.detach().double().clone()
    flat, gradient = start.reshape(-1), torch.zeros(x.numel(), dtype=torch.float64)
    for place in range(len(flat)):
        before = flat[place].item()
        flat[place] = before + step
        up = f(start).item()
        flat[place] = before - step
        down = f(start).item()
        flat[place] = before
        gradient[place] = (up - down) / (2 * step)
    return gradient.reshape(x.shape)


@exercise.mistake(same_as=reshape_copies)
def view_of_x(f, x, step=1e-6):
    return in_place(f, x.detach().double().clone(), step)


@exercise.mistake(
    "Your result has a graph when x requires grad, or an error comes up: an element of a leaf "
    "cannot be moved. Nothing of this is for autograd."
)
def recorded(f, x, step=1e-6):
    start = x.double()
    slopes = []
    for place in range(start.numel()):
        move = torch.zeros(start.numel(), dtype=torch.float64)
        move[place] = step
        move = move.reshape(start.shape)
        slopes.append((f(start + move) - f(start - move)) / (2 * step))
    return torch.stack(slopes).reshape(x.shape) if slopes else torch.zeros_like(start)


@exercise.mistake(same_as=recorded)
def stacks_what_was_recorded(f, x, step=1e-6):
    start = x.double()
    moves = torch.eye(x.numel(), dtype=torch.float64).reshape(-1, *x.shape) * step
    return torch.stack([(f(start + m) - f(start - m)) / (2 * step) for m in moves]).reshape(x.shape)


@exercise.mistake(same_as=recorded)
def moves_a_leaf(f, x, step=1e-6):
    start = x.double()
    start = start.contiguous() if start.dtype != x.dtype else start.clone().contiguous()
    if x.requires_grad:
        start = start.detach().requires_grad_()
    return in_place(f, start, step)


@exercise.right
def moves_a_copy(f, x, step=1e-6):
    moved = torch.empty(x.shape, dtype=torch.float64).copy_(x.detach())
    return in_place(f, moved, step)


@exercise.right
def rows_of_an_identity(f, x, step=1e-6):
    with torch.no_grad():
        x = x.double()
        moves = step * torch.eye(x.numel(), dtype=torch.float64).reshape(x.numel(), *x.shape)
        out = x.new_zeros(x.numel())
        for i, move in enumerate(moves):
            out[i] = (f(x + move) - f(x - move)) / (2 * step)
        return out.reshape(x.shape)


@exercise.right
def by_index(f, x, step=1e-6):
    x = x.detach().to(torch.float64)
    grad = torch.zeros(x.shape, dtype=torch.float64)
    for index in itertools.product(*(range(n) for n in x.shape)):
        up, down = x.clone(), x.clone()
        up[index] += step
        down[index] -= step
        grad[index] = (float(f(up)) - float(f(down))) / (2 * step)
    return grad


@exercise.right
def with_numpy(f, x, step=1e-6):
    base = x.detach().cpu().numpy().astype("float64")
    grad = numpy.zeros(base.shape)
    for index in numpy.ndindex(*base.shape):
        values = []
        for sign in (1, -1):
            moved = base.copy()
            moved[index] += sign * step
            values.append(f(torch.from_numpy(numpy.asarray(moved))).item())
        grad[index] = (values[0] - values[1]) / (2 * step)
    return torch.as_tensor(grad)


exercise.equivalent(
    "start = x.detach().double()",
    "start = x.detach()",
    because="A float64 move, added to it, makes it float64.",
)


exercise.equivalent(
    "start = x.detach().double()",
    "start = x.double()",
    because="Of what f gives, the number alone is kept.",
)


exercise.equivalent(
    "move = move.reshape(start.shape)",
    "move = move.view(start.shape)",
    because="A new tensor is contiguous, so that view() does what reshape() does.",
)


exercise.equivalent(
    "slopes.append((f(start + move) - f(start - move)).item() / (2 * step))",
    "slopes.append((f(start + move) - f(start - move)) / (2 * step))",
    because="torch.tensor() takes the number out of a tensor of shape ().",
)


exercise.equivalent(
    "return torch.tensor(slopes, dtype=torch.float64).reshape(start.shape)",
    "return torch.tensor(slopes, dtype=torch.float64).view(start.shape)",
    because="A new tensor is contiguous, so that view() does what reshape() does.",
)


exercise.equivalent(
    "moved = torch.empty(x.shape, dtype=torch.float64).copy_(x.detach())",
    "moved = torch.empty(x.shape, dtype=torch.float64).copy_(x)",
    because="Of what f gives, the number alone is kept.",
)


exercise.equivalent(
    "moves = step * torch.eye(x.numel(), dtype=torch.float64).reshape(x.numel(), *x.shape)",
    "moves = step * torch.eye(x.numel(), dtype=torch.float64).view(x.numel(), *x.shape)",
    because="A new tensor is contiguous, so that view() does what reshape() does.",
)


exercise.equivalent(
    "return out.reshape(x.shape)",
    "return out.view(x.shape)",
    because="A new tensor is contiguous, so that view() does what reshape() does.",
)


exercise.equivalent(
    "x = x.detach().to(torch.float64)",
    "x = x.to(torch.float64)",
    because="Of what f gives, the number alone is kept.",
)


exercise.equivalent(
    "grad = torch.zeros(x.shape, dtype=torch.float64)",
    "grad = torch.ones(x.shape, dtype=torch.float64)",
    because="Each place is filled before anybody looks at it.",
)


exercise.equivalent(
    "up[index] += step",
    "up[index] = up[index] + step",
    because="Reading, adding and writing back is what `+=` does with an index.",
)


exercise.equivalent(
    "down[index] -= step",
    "down[index] = down[index] - step",
    because="Reading, subtracting and writing back is what `-=` does with an index.",
)


exercise.equivalent(
    "grad[index] = (float(f(up)) - float(f(down))) / (2 * step)",
    "grad[index] = (f(up) - float(f(down))) / (2 * step)",
    "grad[index] = (float(f(up)) - f(down)) / (2 * step)",
    because="A number and a tensor of shape () have the same difference as two numbers.",
)


exercise.equivalent(
    "base = x.detach().cpu().numpy().astype('float64')",
    "base = x.detach().numpy().astype('float64')",
    because="x lies in the memory of the processor already.",
)


exercise.equivalent(
    "grad = numpy.zeros(base.shape)",
    "grad = numpy.ones(base.shape)",
    because="Each place is filled before anybody looks at it.",
)


exercise.equivalent(
    "moved[index] += sign * step",
    "moved[index] = moved[index] + sign * step",
    because="Reading, adding and writing back is what `+=` does with an index.",
)


exercise.equivalent(
    "values.append(f(torch.from_numpy(numpy.asarray(moved))).item())",
    "values.append(f(torch.from_numpy(numpy.asarray(moved))))",
    because="An array takes the number out of a tensor of shape ().",
)
