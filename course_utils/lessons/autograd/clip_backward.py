"""One loss that becomes huge must not disturb all that lies behind it. Write a step that changes
nothing on the way forward, and clips each element of the gradient on the way back. With
`limit=1`, the gradient `[0.5, -7]` goes on as `[0.5, -1]`.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.9",
    "Clip the gradient on its way back",
    minutes=12,
    difficulty=1,
    hints=[
        "A class of your own under `torch.autograd.Function` has a `forward` and a `backward`. "
        "Which of the two has work to do here?",
        "`backward` is given the gradient that arrives. Where can it get the limit from? Think of "
        "two calls with two limits.",
        "`backward` gives one thing back for each argument of `forward`. A limit has no gradient.",
    ],
)


@exercise.reference
def clip_backward(x, limit):
    """The values of x; on the way back, the gradient is clipped to [-limit, limit], by element.

    x: a tensor of any shape, any float dtype, any strides, a leaf or not; it need not require grad.
    limit: a float, 0 or more. Several calls, each with its own limit, may be in one graph.
    Returns a tensor of x's shape and dtype. Only what flows back through it is clipped: what
    reaches x on other ways is not, and the gradient that arrives stays as it is.
    """

    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clamp(-ctx.limit, ctx.limit), None

    return Clip.apply(x, limit)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), 1.0
    yield torch.tensor([-3.0, 0.0, 5.0]), 0.5
    yield decimals(rng, 3, 2), 0.0
    yield decimals(rng, 4), rng.randint(2, 6) / 4
    yield decimals(rng, 3).double(), 0.1  # which no float32 is to more than seven digits
    for x in promised(rng, "any shape", "any float dtype", "any strides"):
        yield x, rng.randint(2, 6) / 4


def arriving(x):
    """A gradient for x, with small and large numbers of both signs."""
    return torch.linspace(-4, 3.5, max(x.numel(), 1))[: x.numel()].reshape(x.shape).to(x.dtype)


@exercise.observe
def _(answer, x, limit):
    first, second, third, fourth = (x.detach().requires_grad_() for _ in range(4))
    gradient = arriving(x)
    result = answer(first, limit)
    facts = {"result": result.detach().clone(), "result needs a gradient": result.requires_grad}
    attempt(lambda: result.backward(gradient))
    facts["gradient"] = first.grad
    facts["gradient that arrived, afterwards"] = gradient
    attempt(lambda: (5 * answer(second, limit)).sum().backward())
    facts["gradient of 5 times the sum"] = second.grad
    facts["result where x requires no grad"] = answer(x, limit)
    gradient = arriving(x)

    def two_ways():
        inner = 2 * third
        loss = (gradient * answer(inner, limit)).sum() + (gradient * inner).sum()
        return torch.autograd.grad(loss, (third, inner))

    facts["gradients where x is no leaf and there is another way"] = attempt(two_ways)

    def two_limits():
        one, two = answer(fourth, limit), answer(fourth, limit + 1)
        return torch.autograd.grad((gradient * one + gradient * two).sum(), fourth)

    facts["gradient of two calls with two limits"] = attempt(two_limits)
    return facts


@exercise.mistake(
    "You clip the values of x. They are to go on as they are: only what comes back is clipped."
)
def clips_the_values(x, limit):
    return x.clamp(-limit, limit)


@exercise.mistake(same_as=clips_the_values)
def clips_both(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.limit = limit
            return x.clamp(-limit, limit)

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clamp(-ctx.limit, ctx.limit), None

    return Clip.apply(x, limit)


@exercise.mistake(
    "Your gradient is not made of what arrives alone. That is what is to be clipped: what does "
    "`backward` get as its argument?"
)
def slope_alone(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(x)
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return torch.ones_like(x).clamp(-ctx.limit, ctx.limit), None

    return Clip.apply(x, limit)


@exercise.mistake(same_as=slope_alone)
def clips_the_saved_x(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(x)
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return x.clamp(-ctx.limit, ctx.limit), None

    return Clip.apply(x, limit)


@exercise.mistake(same_as=slope_alone)
def times_the_clipped_x(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(x)
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * x.clamp(-ctx.limit, ctx.limit), None

    return Clip.apply(x, limit)


@exercise.mistake(
    "How large x is decides in yours what comes back. It is the gradient that is to be clipped, "
    "by its own size."
)
def zeroes_where_x_is_large(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(x)
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * (x.abs() <= ctx.limit), None

    return Clip.apply(x, limit)


def backward_by(change):
    """An answer whose backward gives change(gradient, limit)."""

    def clip_backward(x, limit):
        class Clip(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, limit):
                ctx.limit = limit
                return x.clone()

            @staticmethod
            def backward(ctx, gradient):
                return change(gradient, ctx.limit), None

        return Clip.apply(x, limit)

    return clip_backward


@exercise.mistake(
    "Yours shrinks small elements as well, with the whole gradient or by themselves. Each element "
    "is to be clipped by itself: small ones stay as they are."
)
def clips_the_norm(x, limit):
    return backward_by(lambda g, limit: g * (limit / (g.norm() + 1e-12)).clamp(max=1))(x, limit)


@exercise.mistake(same_as=clips_the_norm)
def scales_by_the_largest(x, limit):
    def change(g, limit):
        largest = g.abs().max() if g.numel() else 0
        return g * (limit / largest) if largest > limit else g

    return backward_by(change)(x, limit)


@exercise.mistake(same_as=clips_the_norm)
def squeezes_gently(x, limit):
    return backward_by(lambda g, limit: limit * torch.tanh(g / max(limit, 1e-12)))(x, limit)


@exercise.mistake("A gradient can be too large on both sides of 0. Yours knows one of them only.")
def clips_above_only(x, limit):
    return backward_by(lambda g, limit: g.clamp(max=limit))(x, limit)


@exercise.mistake(same_as=clips_above_only)
def clips_from_zero(x, limit):
    return backward_by(lambda g, limit: g.clamp(0, limit))(x, limit)


@exercise.mistake(same_as=clips_above_only)
def loses_the_sign(x, limit):
    return backward_by(lambda g, limit: g.abs().clamp(max=limit))(x, limit)


@exercise.mistake(
    "Elements that are too large are to become as large as the limit, with their sign. In yours "
    "they are gone."
)
def throws_large_ones_away(x, limit):
    return backward_by(lambda g, limit: torch.where(g.abs() <= limit, g, 0.0).to(g.dtype))(x, limit)


@exercise.mistake(same_as=throws_large_ones_away)
def throws_away_by_a_mask(x, limit):
    return backward_by(lambda g, limit: g * (g.abs() < limit))(x, limit)


@exercise.mistake(
    "Elements that were small enough have changed. Only larger ones are to be clipped."
)
def sign_times_limit(x, limit):
    return backward_by(lambda g, limit: g.sign() * limit)(x, limit)


@exercise.mistake(
    "The limit that counts in yours need not be the one of this call. Two calls with two limits "
    "may be in one graph, and `backward` runs after both."
)
def limit_of_the_class(x, limit):
    ClipAtClass.limit = limit
    return ClipAtClass.apply(x)


class ClipAtClass(torch.autograd.Function):
    limit = 1.0

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp(-ClipAtClass.limit, ClipAtClass.limit)


@exercise.mistake(same_as=limit_of_the_class)
def limit_of_one(x, limit):
    return backward_by(lambda g, limit: g.clamp(-1, 1))(x, limit)


@exercise.mistake("A limit of 0 lets nothing through. In yours it counts as no limit at all.")
def zero_is_no_limit(x, limit):
    return backward_by(lambda g, limit: g.clamp(-limit, limit) if limit else g)(x, limit)


@exercise.mistake(
    "You write into the gradient that arrives. It is not yours alone: other nodes get the same "
    "tensor, and it may be one number that stands for all elements."
)
def clips_in_place(x, limit):
    return backward_by(lambda g, limit: g.clamp_(-limit, limit))(x, limit)


@exercise.mistake(
    "You clip at x itself. Whatever reaches x is clipped then, also on other ways; and the "
    "caller's x has a hook that it did not have."
)
def hook_at_x(x, limit):
    if x.requires_grad:
        x.register_hook(lambda g: g.clamp(-limit, limit))
    return x


@exercise.mistake("x need not require grad. A hook cannot be put on a tensor that requires none.")
def hook_without_asking(x, limit):
    y = x.clone()
    y.register_hook(lambda g: g.clamp(-limit, limit))
    return y


@exercise.mistake(
    "What you give back has no way back to x, or one of its own: a gradient that is clipped has "
    "to arrive there."
)
def detached(x, limit):
    y = x.detach().requires_grad_()
    y.register_hook(lambda g: g.clamp(-limit, limit))
    return y


@exercise.mistake(same_as=detached)
def a_copy_by_tensor(x, limit):
    return x.detach().clone()


@exercise.mistake("Nothing is clipped in yours: the gradient comes through as it arrived.")
def a_plain_copy(x, limit):
    return x.clone()


@exercise.mistake(
    "An error comes up. `backward` has to give one gradient for each argument of `forward`, and "
    "`save_for_backward` takes tensors, no numbers."
)
def one_gradient_for_two(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clamp(-ctx.limit, ctx.limit)

    return Clip.apply(x, limit)


@exercise.mistake(same_as=one_gradient_for_two)
def saves_a_number(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(limit)
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (limit,) = ctx.saved_tensors
            return gradient.clamp(-limit, limit), None

    return Clip.apply(x, limit)


@exercise.mistake(
    "A float64 gradient is clipped at another number than the limit: at one that went through "
    "float32, which keeps seven digits of it. A tensor made of a float is float32, for instance."
)
def limit_as_a_tensor(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(torch.tensor(limit))
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            (limit,) = ctx.saved_tensors
            return gradient.clamp(-limit, limit), None

    return Clip.apply(x, limit)


@exercise.mistake(
    "A Function is never made into an object, and its `forward` is not called by yourself: when "
    "you use `apply`, torch makes the node, and gives `ctx` to both ways as the first argument."
)
def calls_an_object(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.limit = limit
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clamp(-ctx.limit, ctx.limit), None

    return Clip()(x, limit)


@exercise.mistake(same_as=calls_an_object)
def apply_without_ctx(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(x, limit):
            return x.clone()

        @staticmethod
        def backward(gradient):
            return gradient.clamp(-limit, limit), None

    return Clip.apply(x, limit)


@exercise.mistake(
    "The dtype of x is lost on the way: what comes in as float64 or float16 stays so."
)
def always_float32(x, limit):
    return backward_by(lambda g, limit: g.clamp(-limit, limit))(x.float(), limit)


@exercise.right
def hook_at_a_copy(x, limit):
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda gradient: gradient.clamp(-limit, limit))
    return y


@exercise.right
def closes_over_the_limit(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, gradient):
            return torch.clip(gradient, min=-limit, max=limit)

    return Clip.apply(x)


@exercise.right
def the_limit_as_a_tensor(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.save_for_backward(torch.tensor(limit, dtype=x.dtype))
            return x.view_as(x)

        @staticmethod
        def backward(ctx, gradient):
            (limit,) = ctx.saved_tensors
            return torch.minimum(torch.maximum(gradient, -limit), limit), None

    return Clip.apply(x, limit)


@exercise.right
def with_where(x, limit):
    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            ctx.limit = limit
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            clipped = gradient.clone()
            clipped[gradient > ctx.limit] = ctx.limit
            clipped[gradient < -ctx.limit] = -ctx.limit
            return clipped, None

    return Clip.apply(x, limit)


exercise.equivalent(
    "@staticmethod def forward(ctx, x, limit):",
    "def forward(ctx, x, limit):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def forward(ctx, x):",
    "def forward(ctx, x):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def backward(ctx, gradient):",
    "def backward(ctx, gradient):",
    because="torch takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "return x.clone()",
    "return x",
    because="What forward gives back unchanged becomes a tensor of its own, a view of x.",
)


exercise.equivalent(
    "return x.view_as(x)",
    "return x",
    because="What forward gives back unchanged becomes a tensor of its own, a view of x.",
)


exercise.equivalent(
    "return x * 1",
    "return x / 1",
    "return x",
    because="The values are the same, and what forward gives back becomes a tensor of its own.",
)


exercise.equivalent(
    "clipped[gradient > ctx.limit] = ctx.limit",
    "clipped[gradient >= ctx.limit] = ctx.limit",
    because="What is as large as the limit is set to what it is.",
)


exercise.equivalent(
    "clipped[gradient < -ctx.limit] = -ctx.limit",
    "clipped[gradient <= -ctx.limit] = -ctx.limit",
    because="What is as large as the limit is set to what it is.",
)
