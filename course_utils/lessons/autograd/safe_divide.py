"""Divide, and give 0 where the divisor is 0. The values are easy. The gradients of the plain way
are NaN in places whose quotient nobody uses: mend that.
"""

import functools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.6",
    "Division that does not leak NaN",
    minutes=12,
    difficulty=2,
    hints=[
        "`torch.where` picks values. On the way back it sends a gradient of 0 into the branch that "
        "was not picked. What is 0 times infinity?",
        "The gradient has to find no infinite number on its way. So the division itself must not "
        "see a 0, not even where its result is thrown away.",
        "One `where` in front of the division, one behind it. What may the first one put in the "
        "place of a 0?",
    ],
)


@exercise.reference
def safe_divide(a, b):
    """a / b, and 0 where b is 0; the gradients with respect to a and b are 0 there as well.

    a, b: both float32 or both float64, of any strides, with shapes that can be broadcast; each may
    require grad or not. b may be zero, negative, or small: 1e-12 is not 0. Both are finite.
    Returns a tensor of the broadcast shape and of their dtype; a and b stay as they are.
    """
    is_zero = b == 0
    quotient = a / torch.where(is_zero, 1, b)
    return torch.where(is_zero, 0, quotient)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), torch.tensor([2.0, 0.0])
    yield torch.tensor([0.0, 2.0, 3.0]), torch.tensor([0.0, -4.0, 1e-12])
    yield torch.tensor([0.0, 0.0]), torch.tensor([rng.randint(2, 9) / 2, 0.0])
    yield torch.tensor(2.0), torch.tensor(0.0)
    a, b = decimals(rng, 2, 3), decimals(rng, 2, 3)
    b[rng.randint(0, 1), rng.randint(0, 2)] = 0.0
    yield a.requires_grad_(), b.requires_grad_()
    yield decimals(rng, 2).requires_grad_(), torch.tensor([0.0, rng.randint(1, 9) / 10])
    yield decimals(rng, 2), torch.tensor([rng.randint(-9, -1) / 10, 0.0]).requires_grad_()
    yield decimals(rng, 2, 3), torch.tensor([[0.0], [rng.randint(1, 9) / 10]])
    yield decimals(rng, 3), torch.tensor([[1e-12, 0.0, -1e-12], [-0.0, 0.5, -0.5]])
    yield decimals(rng, 2, 1), decimals(rng, 3)
    a, b = decimals(rng, 4, dtype=torch.float64), decimals(rng, 4, dtype=torch.float64)
    b[rng.randint(0, 3)] = 0.0
    yield a, b
    for a in promised(rng, "any strides"):
        yield a.div_(10), decimals(rng, 6)[::2]
    for b in promised(rng, "any strides", "zero too", "negative too"):
        yield decimals(rng, *b.shape), b.div_(10)


@exercise.observe
def _(answer, a, b):
    facts = {"result": answer(a, b)}
    for name in ("a", "b", "a and b"):
        one = a.detach().clone().requires_grad_("a" in name.split())
        other = b.detach().clone().requires_grad_("b" in name.split())
        leaves = [leaf for leaf in (one, other) if leaf.requires_grad]
        result = answer(one, other)
        start = torch.ones_like(result).cumsum(-1) if result.dim() else torch.ones_like(result)
        facts[f"gradient with respect to {name}"] = attempt(
            functools.partial(torch.autograd.grad, result, leaves, start)
        )
    return facts


@exercise.mistake(
    "Where a is 0 and b is not, the quotient is 0, and still it grows when a grows. Which of the "
    "two is the exception when it is 0?"
)
def leaves_out_zeros_of_a(a, b):
    use = (a != 0) & (b != 0)
    top, bottom = torch.where(use, a, 0.0), torch.where(use, b, 1.0)
    return torch.where(use, top / bottom, 0.0)


@exercise.mistake(
    "The values are right. Where b is 0 the gradient is NaN: on the way back, 0 goes into the "
    "quotient that you do not use, and there it meets something infinite."
)
def one_where(a, b):
    return torch.where(b == 0, 0, a / b)


@exercise.mistake(
    "nan_to_num makes numbers of what went wrong, in the values alone: 2 / 0 becomes a huge one, "
    "and the gradients still come from a division by 0."
)
def nan_to_num(a, b):
    return torch.nan_to_num(a / b)


@exercise.mistake(
    "A mask that is multiplied is no way out: 0 times NaN is NaN, and so is 0 times infinity."
)
def multiplies_by_a_mask(a, b):
    return a / b * (b != 0)


@exercise.mistake(
    "A small number in b moves results a little, or makes them huge where b is 0. The result has "
    "to be 0 there, and a / b elsewhere."
)
def adds_eps(a, b):
    return a / (b + 1e-8)


@exercise.mistake(same_as=adds_eps)
def adds_eps_and_picks(a, b):
    return torch.where(b == 0, 0, a / (b + 1e-8))


@exercise.mistake(same_as=adds_eps)
def adds_a_smaller_eps_and_picks(a, b):
    return torch.where(b == 0, 0, a / (b + 1e-12))


@exercise.mistake(same_as=adds_eps)
def adds_a_smaller_eps(a, b):
    return a / (b + 1e-12)


@exercise.mistake(same_as=adds_eps)
def smaller_eps_in_the_place_of_zero(a, b):
    return a / torch.where(b == 0, 1e-12, b)


@exercise.mistake(same_as=adds_eps)
def eps_in_the_place_of_zero(a, b):
    return a / torch.where(b == 0, 1e-8, b)


@exercise.mistake(same_as=adds_eps)
def adds_the_machine_s_eps(a, b):
    return torch.where(b == 0, 0, a / (b + torch.finfo(b.dtype).eps))


@exercise.mistake(same_as=adds_eps)
def eps_beside_the_square(a, b):
    return a * b / (b * b + 1e-12)


@exercise.mistake("Yours decides once for all elements. Each of them has its own divisor.")
def all_or_none(a, b):
    if (b == 0).any():
        return torch.zeros_like(a * b)
    return a / b


@exercise.mistake(same_as=all_or_none)
def only_if_all_are_zero(a, b):
    return a * b * 0 if (b == 0).all() else a / b


@exercise.mistake(
    "clamp lets nothing below its limit through: negative divisors are lost, or small ones become "
    "larger."
)
def clamps(a, b):
    return torch.where(b == 0, 0, a / b.clamp(min=1e-8))


@exercise.mistake(same_as=clamps)
def clamps_the_size(a, b):
    quotient = a / (b.sign() * b.abs().clamp(min=1e-6) + (b == 0))
    return torch.where(b == 0, 0, quotient)


@exercise.mistake("A divisor that is near 0 is not 0. Yours gives 0 for the small ones as well.")
def near_zero_counts(a, b):
    is_zero = b.abs() < 1e-8
    return torch.where(is_zero, 0, a / torch.where(is_zero, 1, b))


@exercise.mistake(
    "Where b is 0 you divided by something else, and that quotient is your result. It has to be 0 "
    "there, and so has the gradient of a."
)
def forgets_the_second_where(a, b):
    return a / torch.where(b == 0, 1, b)


@exercise.mistake(
    "The gradients do not arrive: what you made is a new tensor that knows nothing of a and b."
)
def detaches(a, b):
    is_zero = b == 0
    quotient = a.detach() / torch.where(is_zero, 1, b.detach())
    return torch.where(is_zero, 0, quotient)


@exercise.mistake(
    "With a detached divisor nothing leads back to b. Its values are right, and its gradient is "
    "none."
)
def detaches_the_divisor(a, b):
    is_zero = b == 0
    return torch.where(is_zero, 0, a / torch.where(is_zero, 1, b.detach()))


@exercise.mistake(
    "You wrote into b: the caller's divisor is another one now, or cannot be written to, because "
    "it requires grad."
)
def writes_into_b(a, b):
    is_zero = b == 0
    b[is_zero] = 1
    return torch.where(is_zero, 0, a / b)


@exercise.mistake(same_as=writes_into_b)
def writes_past_the_graph(a, b):
    b.data[b.data == 0] = float("inf")
    return a / b


@exercise.mistake(same_as=writes_into_b)
def writes_ones_past_the_graph(a, b):
    is_zero = b == 0
    b.data[is_zero] = 1
    return torch.where(is_zero, 0, a / b)


@exercise.mistake(same_as=writes_into_b)
def fills_b_in_place(a, b):
    is_zero = b == 0
    return (a / b.masked_fill_(is_zero, 1)).masked_fill(is_zero, 0)


@exercise.mistake(
    "a and b may have different shapes. A mask of b's shape does not fit what they make together."
)
def mask_of_b_alone(a, b):
    result = torch.zeros_like(a)
    mask = b != 0
    result[mask] = a[mask] / b[mask]
    return result


@exercise.mistake("What you filled in made it float32, whatever a and b were.")
def always_float32(a, b):
    is_zero = b == 0
    return torch.where(is_zero, 0, a / torch.where(is_zero, 1, b)).float()


@exercise.mistake("A negative divisor is not 0 either. Yours divides by positive ones alone.")
def positive_ones_only(a, b):
    safe = torch.where(b > 0, b, 1)
    return torch.where(b > 0, a / safe, 0)


@exercise.mistake("The result has to be 0 where b is 0, not where a is.")
def looks_at_a(a, b):
    is_zero = a == 0
    return torch.where(is_zero, 0, a / torch.where(is_zero, 1, b))


@exercise.right
def with_masked_fill(a, b):
    zero = b == 0
    return (a / b.masked_fill(zero, 1.0)).masked_fill(zero, 0.0)


@exercise.right
def only_the_others(a, b):
    a, b = torch.broadcast_tensors(a, b)
    mask = b != 0
    result = torch.zeros_like(a)
    result[mask] = a[mask] / b[mask]
    return result


@exercise.right
def with_a_mask_as_number(a, b):
    zero = (b == 0).to(b.dtype)
    return a / (b + zero) * (1 - zero)


@exercise.right
def with_a_function(a, b):
    class Divide(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ok = b != 0
            inverse = torch.where(ok, 1 / b, torch.zeros_like(b))
            quotient = torch.where(ok, a / b, 0.0)
            ctx.save_for_backward(inverse, quotient)
            return quotient

        @staticmethod
        def backward(ctx, gradient):
            inverse, quotient = ctx.saved_tensors
            return gradient * inverse, -gradient * quotient * inverse

    return Divide.apply(*torch.broadcast_tensors(a, b))


@exercise.right
def zero_where_nothing_is_picked(a, b):
    safe = torch.where(b == 0, torch.ones_like(b), b)
    top = torch.where(b == 0, 0, a)
    return top / safe


exercise.equivalent(
    "quotient = a / torch.where(is_zero, 1, b)",
    "quotient = a / torch.where(is_zero, 2, b)",
    because="What stands in the place of a 0 is divided by, and the quotient is not picked.",
)


exercise.equivalent(
    "return (a / b.masked_fill(zero, 1.0)).masked_fill(zero, 0.0)",
    "return (a / b.masked_fill(zero, 2.0)).masked_fill(zero, 0.0)",
    because="What stands in the place of a 0 is divided by, and the quotient is not picked.",
)


exercise.equivalent(
    "return a / (b + zero) * (1 - zero)",
    "return a / (b - zero) * (1 - zero)",
    because="Where b is 0 the divisor is 1 or -1, and the quotient is multiplied by 0.",
)


exercise.equivalent(
    "@staticmethod def forward(ctx, a, b):",
    "def forward(ctx, a, b):",
    because="Called on its class, a function of a class is a plain function.",
)


exercise.equivalent(
    "@staticmethod def backward(ctx, gradient):",
    "def backward(ctx, gradient):",
    because="Called on its class, a function of a class is a plain function.",
)
