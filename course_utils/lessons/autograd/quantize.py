"""Small devices compute with a few levels. Rounding has the slope 0 nearly everywhere, so nothing
could learn through it: on the way back, treat the rounding as if it were not there. With `step=0.5`
and `limit=1`, `[0.3, 7]` becomes `[0.5, 1]`, and the gradient passes at 0.3 and not at 7.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.14",
    "Round, and let the gradient pass",
    minutes=15,
    difficulty=2,
    hints=[
        "Two things happen: clamping, whose gradient is to be torch's own, and rounding, whose "
        "gradient is to be that of doing nothing.",
        "A sum whose second part is detached has the values of both parts and the gradient of the "
        "first.",
        "What would you have to add to the clamped values to get the rounded ones?",
    ],
)


@exercise.reference
def quantize(x, step, limit):
    """Clamp x to [-limit, limit], then round to the nearest multiple of step.

    x: any shape, float32 or float64, any strides; it need not require grad. step: a float above
    0. limit: a multiple of step. Halves are rounded as torch.round rounds them.
    Returns a tensor of x's shape and dtype. The gradient passes unchanged where x lies between
    -limit and limit, and is 0 beyond them; at a limit itself it may be either. x stays as it is.
    """
    clamped = x.clamp(-limit, limit)
    rounded = (clamped / step).round() * step
    return clamped + (rounded - clamped).detach()


@exercise.cases
def _(rng):
    yield torch.tensor([0.3, 7.0]), 0.5, 1.0
    yield torch.tensor([-0.75, 0.7, -2.0, 0.0, 0.25, 0.75]), 0.5, 1.0
    yield torch.tensor([1.05, -1.05, 1.2, 0.9, -0.9]), 0.5, 1.0
    yield torch.tensor([2.5, -2.5, 1.5, 0.4, -0.6, -9.0]), 1.0, 6.0
    yield decimals(rng, 3, 2), 0.25, 1.25
    yield decimals(rng, 4).double(), 2.25, 2.25
    # No float32 is 0.3 to more than seven digits.
    yield torch.tensor([0.33, -0.18, 0.96], dtype=torch.float64), 0.1, 0.5
    for x in promised(rng, "any shape", "any strides"):
        yield x, 3.5, 31.5


@exercise.observe
def _(answer, x, step, limit):
    first, second = x.detach().requires_grad_(), x.detach().requires_grad_()
    result = answer(first, step, limit)
    facts = {"result": result, "result requires grad": result.requires_grad}
    arriving = torch.linspace(-4, 3.5, max(x.numel(), 1))[: x.numel()].reshape(x.shape).to(x.dtype)
    facts["gradient"] = attempt(lambda: torch.autograd.grad(result, first, arriving)[0])
    facts["gradient where x was computed"] = attempt(
        lambda: torch.autograd.grad(answer(2 * second / 2, step, limit), second, arriving)[0]
    )
    plain = answer(x, step, limit)
    facts["result where x requires no grad"] = plain
    facts["that one requires grad"] = plain.requires_grad
    return facts


@exercise.mistake(
    "The values are right, and no gradient gets through: rounding is flat, so its slope is 0. "
    "Which part of the computation should autograd not see?"
)
def plain_rounding(x, step, limit):
    return (x.clamp(-limit, limit) / step).round() * step


@exercise.mistake(
    "Your result is not connected to x: nothing can come back to it. Only the rounding is to be "
    "hidden from autograd, not the whole."
)
def detaches_everything(x, step, limit):
    return ((x.clamp(-limit, limit) / step).round() * step).detach()


@exercise.mistake(same_as=detaches_everything)
def a_new_leaf(x, step, limit):
    return ((x.clamp(-limit, limit) / step).round() * step).detach().requires_grad_()


@exercise.mistake(
    "The gradient passes everywhere, also where x was clamped. Clamping is to keep its own "
    "gradient: beyond the limit x may move, and the result stays."
)
def straight_through_the_clamp(x, step, limit):
    quantized = (x.clamp(-limit, limit) / step).round() * step
    return x + (quantized - x).detach()


@exercise.mistake(
    "Near the limit the gradient is not what was asked for. What counts is where x itself is, not "
    "where it was rounded to."
)
def rounds_first(x, step, limit):
    rounded = x + ((x / step).round() * step - x).detach()
    return rounded.clamp(-limit, limit)


def quantize_by(forward, backward):
    """An answer from the values and from what goes back."""

    def quantize(x, step, limit):
        class Quantize(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return forward(x, step, limit)

            @staticmethod
            def backward(ctx, arriving):
                (x,) = ctx.saved_tensors
                return backward(arriving, x, step, limit)

        return Quantize.apply(x)

    return quantize


def values(x, step, limit):
    """The right values."""
    return (x.clamp(-limit, limit) / step).round() * step


@exercise.mistake(
    "The gradient follows from x alone. What arrives has to go on: which argument of `backward` "
    "is that?"
)
def slope_alone(x, step, limit):
    return quantize_by(values, lambda g, x, step, limit: (x.abs() <= limit).to(x.dtype))(
        x, step, limit
    )


@exercise.mistake(
    "You clip the gradient at the limit. The limit is one of the values: the gradient passes "
    "unchanged, or is 0."
)
def clips_the_gradient(x, step, limit):
    return quantize_by(values, lambda g, x, step, limit: g.clamp(-limit, limit))(x, step, limit)


@exercise.mistake(same_as=clips_the_gradient)
def rounds_the_gradient(x, step, limit):
    return quantize_by(values, lambda g, x, step, limit: values(g, step, limit))(x, step, limit)


@exercise.mistake(
    "The gradient comes out larger or smaller by the step. On the way back the rounding is not "
    "there at all, and neither is its scale."
)
def divided_by_step(x, step, limit):
    scaled = x.clamp(-limit, limit) / step
    return scaled + (scaled.round() * step - scaled).detach()


@exercise.mistake(same_as=divided_by_step)
def times_step(x, step, limit):
    scaled = x.clamp(-limit, limit)
    return step * scaled + ((scaled / step).round() * step - step * scaled).detach()


@exercise.mistake(
    "The values are not the nearest multiples of step. Which number has to be rounded to a whole "
    "one, and what comes after that?"
)
def rounds_to_whole_numbers(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + (clamped.round() - clamped).detach()


@exercise.mistake(same_as=rounds_to_whole_numbers)
def leaves_it_in_steps(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step).round() - clamped).detach()


@exercise.mistake(same_as=rounds_to_whole_numbers)
def scales_the_other_way(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped * step).round() / step - clamped).detach()


@exercise.mistake(same_as=rounds_to_whole_numbers)
def rounds_down(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step).floor() * step - clamped).detach()


@exercise.mistake(same_as=rounds_to_whole_numbers)
def cuts_off(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step).trunc() * step - clamped).detach()


@exercise.mistake(
    "Some halves go the wrong way: torch.round takes the even neighbour, so that 0.5 becomes 0, "
    "and 1.5 becomes 2."
)
def half_a_step_and_floor(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step + 0.5).floor() * step - clamped).detach()


@exercise.mistake(same_as=half_a_step_and_floor)
def halves_away_from_zero(x, step, limit):
    clamped = x.clamp(-limit, limit)
    rounded = clamped.sign() * (clamped.abs() / step + 0.5).floor() * step
    return clamped + (rounded - clamped).detach()


@exercise.mistake(
    "Values beyond the limit come through, or the limit is another one than was asked for. It "
    "counts in x, not in steps."
)
def forgets_the_limit(x, step, limit):
    return x + ((x / step).round() * step - x).detach()


@exercise.mistake(same_as=forgets_the_limit)
def limit_in_steps(x, step, limit):
    clamped = x.clamp(-limit * step, limit * step)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.mistake(same_as=forgets_the_limit)
def clamps_one_side(x, step, limit):
    clamped = x.clamp(max=limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.mistake(same_as=forgets_the_limit)
def clamps_from_zero(x, step, limit):
    clamped = x.clamp(0, limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.mistake(
    "The two parts do not add up: one has to bring the values without a gradient, the other the "
    "gradient without changing the values."
)
def detaches_the_other_part(x, step, limit):
    clamped = x.clamp(-limit, limit)
    rounded = (clamped / step).round() * step
    return rounded + (clamped - rounded).detach()


@exercise.mistake(same_as=detaches_the_other_part)
def adds_without_taking_off(x, step, limit):
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step).round() * step).detach()


@exercise.mistake(
    "The caller's x is not what it was. Functions that end in `_` write into it, and a detached x "
    "is the same numbers, not a copy of them."
)
def clamps_what_was_detached(x, step, limit):
    inside = (x.abs() <= limit).to(x.dtype)
    quantized = (x.detach().clamp_(-limit, limit) / step).round() * step
    return quantized + (x - x.detach()) * inside


@exercise.mistake(same_as=clamps_what_was_detached)
def works_in_place(x, step, limit):
    clamped = x.clamp_(-limit, limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.mistake("float64 goes in and float32 comes out. The dtype of x stays.")
def always_float32(x, step, limit):
    clamped = x.float().clamp(-limit, limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.mistake(
    "Your float64 has only the seven digits of a float32: the numbers were in that dtype on the "
    "way. A tensor of whole numbers times a float is float32, for instance."
)
def levels_as_whole_numbers(x, step, limit):
    clamped = x.clamp(-limit, limit)
    levels = (clamped.detach() / step).round().long()
    return clamped + (levels * step - clamped.detach())


@exercise.mistake(
    "x need not require grad, and then the result does not either. Who decides what is learnt?"
)
def switches_a_gradient_on(x, step, limit):
    if not x.requires_grad:
        x = x.detach().requires_grad_()
    clamped = x.clamp(-limit, limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.right
def open_at_the_limits(x, step, limit):
    clamped = nn.functional.hardtanh(x, -limit, limit)
    return clamped + ((clamped / step).round() * step - clamped).detach()


@exercise.right
def as_a_function(x, step, limit):
    class Quantize(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, step, limit):
            ctx.save_for_backward((x >= -limit) & (x <= limit))
            return torch.round(torch.clamp(x, -limit, limit) / step) * step

        @staticmethod
        def backward(ctx, arriving):
            (inside,) = ctx.saved_tensors
            return arriving * inside, None, None

    return Quantize.apply(x, step, limit)


@exercise.right
def straight_round_after_clamp(x, step, limit):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, arriving):
            return arriving

    return Round.apply(x.clamp(-limit, limit) / step) * step


@exercise.right
def three_terms(x, step, limit):
    c = torch.clamp(x, min=-limit, max=limit)
    q = torch.round(c.detach() / step) * step
    return q + c - c.detach()


@exercise.right
def without_recording(x, step, limit):
    clamped = torch.where(x > limit, limit, torch.where(x < -limit, -limit, x))
    with torch.no_grad():
        change = (clamped / step).round() * step - clamped
    return clamped + change


exercise.equivalent(
    "@staticmethod def forward(ctx, x, step, limit):",
    "def forward(ctx, x, step, limit):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def forward(ctx, x):",
    "def forward(ctx, x):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def backward(ctx, arriving):",
    "def backward(ctx, arriving):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "return x.round()",
    "return x.round_()",
    because="It is given a quotient that nobody else has.",
)


exercise.equivalent(
    "q = torch.round(c.detach() / step) * step",
    "q = torch.round(c / step) * step",
    because="Rounding sends back zeros.",
)


exercise.equivalent(
    "return q + c - c.detach()",
    "return q + c - c.detach_()",
    because="The sum is made before c is cut off, and knows its way.",
)


exercise.equivalent(
    "ctx.save_for_backward((x >= -limit) & (x <= limit))",
    "ctx.save_for_backward((x > -limit) & (x <= limit))",
    "ctx.save_for_backward((x >= -limit) & (x < limit))",
    because="At a limit itself, the gradient may pass or not.",
)


exercise.equivalent(
    "clamped = torch.where(x > limit, limit, torch.where(x < -limit, -limit, x))",
    "clamped = torch.where(x >= limit, limit, torch.where(x < -limit, -limit, x))",
    "clamped = torch.where(x > limit, limit, torch.where(x <= -limit, -limit, x))",
    because="At a limit itself, the gradient may pass or not.",
)
