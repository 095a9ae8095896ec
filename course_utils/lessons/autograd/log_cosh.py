"""The loss `log(cosh(d))` is a square near 0 and an absolute value far away. Written with torch's
functions it takes several nodes, and cosh(1000) is infinite. Write it as one node, with a
`torch.autograd.Function`, and ask `gradcheck` before you ask the check. For the distances
`[0, 1, -1000]` the mean is 333.2469.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.lessons.autograd.graphs import elements_stored, noted_objects
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "03.10",
    "A loss that is one node",
    minutes=25,
    difficulty=3,
    hints=[
        "On paper: what is the derivative of log(cosh(d))? And which part of cosh(d) is left over "
        "when d is large?",
        "log(cosh(d)) = |d| + log(1 + exp(-2|d|)) - log(2). The second part is a softplus.",
        "`backward` multiplies with the gradient that arrives, and gives one gradient for each "
        "argument of `forward`. How do those of prediction and target differ?",
    ],
)


@exercise.reference
def log_cosh(prediction, target):
    """The mean of log(cosh(prediction - target)), as one node of the graph.

    prediction, target: the same shape, any number of dimensions, any strides; float32 or float64,
    both the same; the distances may be as large as 1000.
    Returns a tensor of shape (). The nodes right behind its grad_fn are those of the arguments.
    Each argument that requires grad gets its gradient. For backward, the graph saves one tensor of
    their shape, not more, with ctx.save_for_backward. No other tensor is kept, nor are arrays or
    lists of numbers: backward needs that one tensor alone.
    """

    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            distance = prediction - target
            ctx.save_for_backward(distance.tanh())
            far = distance.abs()
            return (far + nn.functional.softplus(-2 * far) - math.log(2)).mean()

        @staticmethod
        def backward(ctx, arriving):
            (slope,) = ctx.saved_tensors
            gradient = arriving * slope / slope.numel()
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.cases
def _(rng):
    yield torch.tensor([0.0, 1.0, -1000.0]), torch.zeros(3)
    yield torch.tensor([[2.0, 0.5]]), torch.tensor([[1.0, 1.0]])
    yield decimals(rng, 3, 2), decimals(rng, 3, 2)
    yield decimals(rng, 4).double(), decimals(rng, 4).double()
    yield decimals(rng, 90), decimals(rng, 90)
    words = ("any number of dimensions", "any strides")
    yield from zip(promised(rng, *words), promised(rng, *words), strict=True)


def is_small(thing):
    """True for single numbers and names, for dtypes and devices, and for shapes."""
    if isinstance(thing, (tuple, list)):
        few = len(thing) <= 5  # no case has more dimensions
        return few and all(
            isinstance(one, (int, str, type(None))) and is_small(one) for one in thing
        )
    if isinstance(thing, int):
        return thing.bit_length() <= 64
    if isinstance(thing, str):
        return len(thing) <= 20
    return isinstance(thing, (float, type(None), torch.dtype, torch.device))


def gradients_after_a_change(answer, *arguments):
    """The gradients, where all numbers of the arguments are others once the loss is computed."""
    given = [one.detach().clone().requires_grad_() for one in arguments]
    loss = answer(*given)
    for one in given:
        one.data.zero_()
    return torch.autograd.grad(loss, given)


@exercise.observe
def _(answer, prediction, target):
    arguments = [prediction.detach().requires_grad_(), target.detach().requires_grad_()]
    after_a_change = attempt(lambda: gradients_after_a_change(answer, *arguments))
    with noted_objects() as count:  # not of the first call, which may import a module
        loss = answer(*arguments)
        saved = getattr(loss.grad_fn, "saved_tensors", ())  # before backward lets them go
        others = count([loss, loss.grad_fn, *arguments, *saved])
    facts = {"loss": loss, "loss requires grad": loss.requires_grad}
    facts["gradients of prediction and target"] = attempt(
        lambda: torch.autograd.grad(3 * loss, arguments, retain_graph=True, allow_unused=True)
    )
    facts["gradient of prediction, backward for the second time"] = attempt(
        lambda: torch.autograd.grad(loss, arguments[0], retain_graph=True)
    )
    behind = [node for node, _ in getattr(loss.grad_fn, "next_functions", ()) if node is not None]
    ours = [any(getattr(node, "variable", None) is one for one in arguments) for node in behind]
    facts["the nodes right behind are those of the arguments"] = all(ours) and len(ours) == 2
    facts["elements saved for backward"] = elements_stored(saved)
    kept = getattr(loss.grad_fn, "__dict__", {}).values()
    facts["tensors, arrays and functions at ctx"] = sum(not is_small(one) for one in kept)
    facts["other tensors and arrays that are kept after the call"] = others
    facts["gradients after the numbers of the arguments have changed"] = after_a_change
    for name, place in (("prediction", 0), ("target", 1)):
        pair = [prediction.detach(), target.detach()]
        pair[place].requires_grad_()
        facts[f"gradient where only {name} requires grad"] = attempt(
            lambda pair=pair, place=place: torch.autograd.grad(answer(*pair), pair[place])
        )
    facts["loss where nothing requires grad"] = answer(prediction, target)
    return facts


def one_node(value, slope, both=lambda gradient: (gradient, -gradient)):
    """An answer that is one node, from the value and the slope of a distance."""

    def log_cosh(prediction, target):
        class LogCosh(torch.autograd.Function):
            @staticmethod
            def forward(ctx, prediction, target):
                distance = prediction - target
                ctx.save_for_backward(distance)
                return value(distance)

            @staticmethod
            def backward(ctx, arriving):
                (distance,) = ctx.saved_tensors
                return both(slope(arriving, distance))

        return LogCosh.apply(prediction, target)

    return log_cosh


def mean_of(distance):
    """The mean of log(cosh(distance)), for distances of any size."""
    return (torch.logaddexp(distance, -distance) - math.log(2)).mean()


def slope_of(arriving, distance):
    """The gradient of that mean."""
    return arriving * distance.tanh() / distance.numel()


@exercise.mistake(
    "Your backward does not use the gradient that arrives. When somebody multiplies the loss by "
    "3, the gradients have to be three times as large."
)
def forgets_what_arrives(prediction, target):
    return one_node(mean_of, lambda _, d: d.tanh() / d.numel())(prediction, target)


@exercise.mistake(
    "The loss is a mean over all elements, and your gradient is that of something else. By how "
    "much does the mean move when one element moves?"
)
def gradient_of_the_sum(prediction, target):
    return one_node(mean_of, lambda g, d: g * d.tanh())(prediction, target)


@exercise.mistake(same_as=gradient_of_the_sum)
def gradient_by_the_first_size(prediction, target):
    return one_node(mean_of, lambda g, d: g * d.tanh() / (len(d) if d.dim() else 1))(
        prediction, target
    )


@exercise.mistake(same_as=gradient_of_the_sum)
def gradient_is_averaged(prediction, target):
    return one_node(mean_of, lambda g, d: (g * d.tanh()).mean().expand_as(d))(prediction, target)


@exercise.mistake("The mean of all elements was asked for, whatever their shape.")
def the_sum(prediction, target):
    return one_node(
        lambda d: (torch.logaddexp(d, -d) - math.log(2)).sum(), lambda g, d: g * d.tanh()
    )(prediction, target)


@exercise.mistake(same_as=the_sum)
def no_mean(prediction, target):
    return one_node(lambda d: torch.logaddexp(d, -d) - math.log(2), lambda g, d: g * d.tanh())(
        prediction, target
    )


@exercise.mistake(
    "The loss depends on prediction and on target. What happens to the distance when the target "
    "grows?"
)
def no_gradient_for_the_target(prediction, target):
    return one_node(mean_of, slope_of, lambda g: (g, None))(prediction, target)


@exercise.mistake(same_as=no_gradient_for_the_target)
def zeros_for_the_target(prediction, target):
    return one_node(mean_of, slope_of, lambda g: (g, torch.zeros_like(g)))(prediction, target)


@exercise.mistake(same_as=no_gradient_for_the_target)
def the_same_for_both(prediction, target):
    return one_node(mean_of, slope_of, lambda g: (g, g))(prediction, target)


@exercise.mistake(same_as=no_gradient_for_the_target)
def signs_the_wrong_way_round(prediction, target):
    return one_node(mean_of, slope_of, lambda g: (-g, g))(prediction, target)


@exercise.mistake(
    "An error comes up on the way back: `backward` has to give one gradient for each argument of "
    "`forward`."
)
def one_gradient_for_two(prediction, target):
    return one_node(mean_of, slope_of, lambda g: g)(prediction, target)


@exercise.mistake(
    "Your loss, or its gradient, is right only while the distances are small. cosh(1000) does not "
    "fit into a float, its logarithm would."
)
def cosh_and_then_log(prediction, target):
    return one_node(lambda d: d.cosh().log().mean(), slope_of)(prediction, target)


@exercise.mistake(same_as=cosh_and_then_log)
def sinh_by_cosh(prediction, target):
    return one_node(mean_of, lambda g, d: g * d.sinh() / d.cosh() / d.numel())(prediction, target)


@exercise.mistake(same_as=cosh_and_then_log)
def both_the_plain_way(prediction, target):
    return one_node(
        lambda d: d.cosh().log().mean(), lambda g, d: g * d.sinh() / d.cosh() / d.numel()
    )(prediction, target)


@exercise.mistake(same_as=cosh_and_then_log)
def clamps_the_distance(prediction, target):
    return one_node(lambda d: d.clamp(-80, 80).cosh().log().mean(), slope_of)(prediction, target)


@exercise.mistake(
    "Your number is too large by the same amount for every element, or for every one that is far "
    "away. What is the loss of two equal numbers, and of two that are far apart?"
)
def forgets_the_logarithm_of_two(prediction, target):
    return one_node(lambda d: torch.logaddexp(d, -d).mean(), slope_of)(prediction, target)


@exercise.mistake(same_as=forgets_the_logarithm_of_two)
def absolute_when_far(prediction, target):
    def value(d):
        return torch.where(d.abs() > 20, d.abs(), d.clamp(-20, 20).cosh().log()).mean()

    return one_node(value, slope_of)(prediction, target)


@exercise.mistake(
    "The loss is right and its gradient is not. Compare it with two losses a small step apart, or "
    "let gradcheck do it."
)
def slope_of_the_square(prediction, target):
    return one_node(mean_of, lambda g, d: g * d / d.numel())(prediction, target)


@exercise.mistake(same_as=slope_of_the_square)
def slope_of_the_absolute_value(prediction, target):
    return one_node(mean_of, lambda g, d: g * d.sign() / d.numel())(prediction, target)


@exercise.mistake(same_as=slope_of_the_square)
def slope_of_tanh(prediction, target):
    return one_node(mean_of, lambda g, d: g * (1 - d.tanh() ** 2) / d.numel())(prediction, target)


@exercise.mistake(same_as=slope_of_the_square)
def one_by_cosh(prediction, target):
    return one_node(mean_of, lambda g, d: g / d.cosh() / d.numel())(prediction, target)


@exercise.mistake(
    "The numbers are right, and there are several nodes between the loss and its arguments. What "
    "happens outside of your Function makes nodes of its own."
)
def torch_functions(prediction, target):
    far = (prediction - target).abs()
    return (far + nn.functional.softplus(-2 * far) - math.log(2)).mean()


def node_of_one(value, slope, distance):
    """One node behind a distance."""

    class OfDistance(torch.autograd.Function):
        @staticmethod
        def forward(ctx, distance):
            ctx.save_for_backward(distance)
            return value(distance)

        @staticmethod
        def backward(ctx, arriving):
            (distance,) = ctx.saved_tensors
            return slope(arriving, distance)

    return OfDistance.apply(distance)


@exercise.mistake(same_as=torch_functions)
def subtracts_outside(prediction, target):
    return node_of_one(mean_of, slope_of, prediction - target)


@exercise.mistake(
    "Your node saves more than it needs. Which one tensor is enough for both gradients?"
)
def saves_both(prediction, target):
    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            ctx.save_for_backward(prediction, target)
            return mean_of(prediction - target)

        @staticmethod
        def backward(ctx, arriving):
            prediction, target = ctx.saved_tensors
            gradient = slope_of(arriving, prediction - target)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(same_as=saves_both)
def saves_a_piece_of_three(prediction, target):
    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            three = torch.stack([prediction - target, prediction, target])
            ctx.save_for_backward(three[0])
            return mean_of(three[0])

        @staticmethod
        def backward(ctx, arriving):
            (distance,) = ctx.saved_tensors
            gradient = slope_of(arriving, distance)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(
    "Your node keeps a tensor as an attribute, or by its name around the class. It works, and "
    "torch does not know of it: what is meant for `backward` is given to `save_for_backward`."
)
def keeps_an_attribute(prediction, target):
    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            ctx.distance = prediction - target
            return mean_of(ctx.distance)

        @staticmethod
        def backward(ctx, arriving):
            gradient = slope_of(arriving, ctx.distance)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(same_as=keeps_an_attribute)
def closes_over_the_distance(prediction, target):
    distance = (prediction - target).detach()

    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            return mean_of(distance)

        @staticmethod
        def backward(ctx, arriving):
            gradient = slope_of(arriving, distance)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(same_as=keeps_an_attribute)
def saves_and_closes_over_both(prediction, target):
    one, other = prediction.detach(), target.detach()

    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            ctx.save_for_backward(prediction - target)
            return mean_of(prediction - target)

        @staticmethod
        def backward(ctx, arriving):
            gradient = slope_of(arriving, one - other)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(same_as=keeps_an_attribute)
def closes_over_the_arguments(prediction, target):
    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, one, other):
            ctx.save_for_backward(one - other)
            return mean_of(one - other)

        @staticmethod
        def backward(ctx, arriving):
            gradient = slope_of(arriving, prediction.detach() - target.detach())
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake(same_as=keeps_an_attribute)
def keeps_two_attributes(prediction, target):
    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            ctx.prediction, ctx.target = prediction, target
            return mean_of(prediction - target)

        @staticmethod
        def backward(ctx, arriving):
            gradient = slope_of(arriving, ctx.prediction - ctx.target)
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.mistake("float64 goes in and float32 comes out. The dtype of the arguments stays.")
def always_float32(prediction, target):
    return one_node(lambda d: mean_of(d.float()), slope_of)(prediction, target)


@exercise.mistake(
    "Nothing can learn from your loss: it is not connected to prediction and target. A Function "
    "makes a node only through `apply`."
)
def calls_forward(prediction, target):
    return mean_of(prediction.detach() - target.detach())


@exercise.right
def saves_the_distance(prediction, target):
    return one_node(mean_of, slope_of)(prediction, target)


@exercise.right
def divides_in_forward(prediction, target):
    class Fused(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            d = a - b
            ctx.save_for_backward(torch.tanh(d).div(d.numel()))
            far = abs(d)
            return torch.mean(far + torch.log1p(torch.exp(-2 * far)) - 0.6931471805599453)

        @staticmethod
        def backward(ctx, arriving):
            g = arriving * ctx.saved_tensors[0]
            return (g if ctx.needs_input_grad[0] else None), (
                -g if ctx.needs_input_grad[1] else None
            )

    return Fused.apply(prediction, target)


@exercise.right
def lets_autograd_do_it_in_forward(prediction, target):
    class Fused(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            with torch.enable_grad():
                d = (prediction - target).detach().requires_grad_()
                zero = torch.zeros_like(d)
                far = torch.maximum(d, -d)
                loss = (far + torch.logaddexp(zero, -2 * far) - math.log(2)).mean()
                (gradient,) = torch.autograd.grad(loss, d)
            ctx.save_for_backward(gradient)
            return loss.detach()

        @staticmethod
        def backward(ctx, arriving):
            (gradient,) = ctx.saved_tensors
            return arriving * gradient, -arriving * gradient

    return Fused.apply(prediction, target)


@exercise.right
def with_setup_context(prediction, target):
    class Fused(torch.autograd.Function):
        @staticmethod
        def forward(prediction, target):
            d = prediction - target
            far = d.abs()
            value = far + nn.functional.softplus(-2 * far) - math.log(2)
            return value.sum() / value.numel()

        @staticmethod
        def setup_context(ctx, inputs, output):
            prediction, target = inputs
            ctx.save_for_backward(torch.sub(prediction, target))

        @staticmethod
        def backward(ctx, arriving):
            (d,) = ctx.saved_tensors
            g = d.tanh().mul(arriving / d.numel())
            return g, g.neg()

    return Fused.apply(prediction, target)


exercise.equivalent(
    "@staticmethod def forward(ctx, prediction, target):",
    "def forward(ctx, prediction, target):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def backward(ctx, arriving):",
    "def backward(ctx, arriving):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def forward(ctx, a, b):",
    "def forward(ctx, a, b):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def forward(prediction, target):",
    "def forward(prediction, target):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "@staticmethod def setup_context(ctx, inputs, output):",
    "def setup_context(ctx, inputs, output):",
    because="apply() takes the function from the class, where both are the same.",
)


exercise.equivalent(
    "far = distance.abs()",
    "far = distance",
    because="softplus grows like a straight line, so that the formula holds on both sides of 0.",
)


exercise.equivalent(
    "far = distance.abs()",
    "far = distance.abs_()",
    because="The distance was made here, and is not used after that.",
)


exercise.equivalent(
    "far = d.abs()",
    "far = d",
    because="softplus grows like a straight line, so that the formula holds on both sides of 0.",
)


exercise.equivalent(
    "far = d.abs()",
    "far = d.abs_()",
    because="The distance was made here, and is not used after that.",
)


exercise.equivalent(
    "far = torch.maximum(d, -d)",
    "far = torch.maximum(d, d)",
    because="logaddexp grows like a straight line, so that the formula holds on both sides of 0.",
)


exercise.equivalent(
    "g = arriving * ctx.saved_tensors[0]",
    "g = arriving * ctx.saved_tensors[-1]",
    because="One tensor is saved: the first is the last.",
)


exercise.equivalent(
    "return (g if ctx.needs_input_grad[0] else None, -g if ctx.needs_input_grad[1] else None)",
    "return (g, -g if ctx.needs_input_grad[1] else None)",
    "return (g if ctx.needs_input_grad[0] else None, -g)",
    because="A gradient for an argument that needs none is not used.",
)


exercise.equivalent(
    "d = (prediction - target).detach().requires_grad_()",
    "d = (prediction - target).requires_grad_()",
    because="The gradient is asked for at the distance, whatever stands behind it.",
)


exercise.equivalent(
    "return loss.detach()",
    "return loss",
    "return loss.detach_()",
    because="apply() gives the result its own node, whatever graph it had inside of forward.",
)


exercise.equivalent(
    "prediction, target = inputs",
    "pass",
    because="The same two tensors have these names around the class as well.",
)
