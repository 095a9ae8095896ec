"""Run a chain of layers of which some are frozen. Their weights get no gradient, but the layers
before them go on learning, and so does whatever made `x`. Where do you cut?
"""

import functools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals

exercise = Exercise(
    "03.4",
    "Cut at the right place",
    minutes=12,
    difficulty=2,
    no_case={
        "run_frozen: frozen parameters, that is frozen in part": (
            "A layer is a function here, and what is frozen is one use of a tensor."
        )
    },
    hints=[
        "Draw the graph of three layers, the middle one frozen. Which arrow of it has to go, and "
        "which have to stay?",
        "A layer has two inputs. A cut behind the layer takes both of them away.",
        "One weight may be used by two layers, one frozen and one not. So it is the use that is "
        "cut and not the weight.",
    ],
)


@exercise.reference
def run_frozen(layers, weights, x, frozen):
    """Run x through all layers: each gets the output of the one before it and its own weight.

    layers: a list of functions, called as layer(h, weight). weights: as many float32 tensors; one
    tensor may be the weight of several layers. x: a float32 tensor; it and the weights may require
    grad or not. frozen: a list of positions of layers; it may be empty.
    Returns the output of the last layer. After backward(), no gradient has come to a weight through
    its use in a frozen layer; every other gradient is as if nothing were frozen. The tensors that
    were given stay as they are.
    """
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight.detach() if position in frozen else weight)
    return h


@exercise.cases
def _(rng):
    scale = Formula("lambda h, w: h * w")
    tanh = Formula("lambda h, w: torch.tanh(h * w)")
    for frozen in ([1], [], [0], [2], [0, 2], [2, 1, 0]):
        weights = [decimals(rng, 2).requires_grad_() for _ in range(3)]
        yield [scale, tanh, scale], weights, decimals(rng, 2).requires_grad_(), frozen
    for frozen in ([0], [1], [0, 1]):  # x is data
        weights = [decimals(rng, 2).requires_grad_() for _ in range(2)]
        yield [tanh, Formula("lambda h, w: h + w")], weights, decimals(rng, 2), frozen
    for frozen in ([0], [1], []):  # one weight in two layers
        weight = decimals(rng, 2).requires_grad_()
        yield [tanh, scale], [weight, weight], decimals(rng, 2).requires_grad_(), frozen
    weights = [decimals(rng, 2), decimals(rng, 2).requires_grad_()]
    for frozen in ([0], [1]):
        yield [tanh, scale], list(weights), decimals(rng, 2).requires_grad_(), frozen
    weights = [decimals(rng, 3, 2).requires_grad_(), decimals(rng, 2, 2).t().requires_grad_()]
    matmul = Formula("lambda h, w: torch.tanh(h @ w)")
    x = decimals(rng, 3, 2).t()
    yield [matmul, matmul], weights, x, [0]
    yield [matmul, matmul], weights, x, [1]


@exercise.observe
def _(answer, layers, weights, x, frozen):
    used = []

    def noted(layer):
        def call(h, weight):
            used.append(weight.detach().clone())
            return layer(h, weight)

        return call

    output = answer([noted(layer) for layer in layers], weights, x, frozen)
    facts = {"output": output, "weights that the layers were called with": used}
    leaves = [one for one in {id(one): one for one in (*weights, x)}.values() if one.requires_grad]
    names = ["x" if one is x else f"weights[{position(weights, one)}]" for one in leaves]
    if output.requires_grad:
        start = torch.ones_like(output).cumsum(-1)
        gradients = torch.autograd.grad(output, leaves, start, allow_unused=True)
    else:
        gradients = [None] * len(leaves)
    for name, gradient in zip(names, gradients, strict=True):
        facts[f"gradient of {name}"] = gradient
    return facts


def position(items, item):
    """Where it stands first, by identity."""
    return next(place for place, one in enumerate(items) if one is item)


@exercise.mistake(
    "The way back ends at the frozen layer, for its weight and for all the layers in front of it "
    "as well: what leads to them goes through that layer, too."
)
def detaches_the_output(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight)
        if position in frozen:
            h = h.detach()
    return h


@exercise.mistake(same_as=detaches_the_output)
def runs_it_in_inference_mode(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        with torch.inference_mode(position in frozen):
            h = layer(h, weight)
    return h


@exercise.mistake(
    "What you give back is cut off from everything as soon as anything is frozen: no weight and no "
    "x gets a gradient any more."
)
def detaches_the_result(layers, weights, x, frozen):
    h = x
    for layer, weight in zip(layers, weights, strict=True):
        h = layer(h, weight)
    return h.detach() if frozen else h


@exercise.mistake(
    "`frozen` holds positions, in any order and number. It is not one yes or no for each layer."
)
def takes_frozen_for_a_mask(layers, weights, x, frozen):
    h = x
    for layer, weight, cold in zip(layers, weights, frozen):  # noqa: B905 - that is the mistake
        h = layer(h, weight.detach() if cold else weight)
    return h


@exercise.mistake(
    "You cut in front of the frozen layer: its weight still learns, and the layers before it no "
    "longer do. Which of its two inputs is it about?"
)
def detaches_the_input(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h.detach() if position in frozen else h, weight)
    return h


@exercise.mistake("What made `x` learns as well. You cut it off, whatever is frozen.")
def detaches_x(layers, weights, x, frozen):
    h = x.detach()
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight.detach() if position in frozen else weight)
    return h


@exercise.mistake(
    "You switched the weight itself off. It stays so for the caller, and for the other layers that "
    "use it."
)
def switches_the_weight_off(layers, weights, x, frozen):
    for position in frozen:
        weights[position].requires_grad_(False)
    h = x
    for layer, weight in zip(layers, weights, strict=True):
        h = layer(h, weight)
    return h


@exercise.mistake(same_as=switches_the_weight_off)
def detaches_in_place(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight.detach_() if position in frozen else weight)
    return h


@exercise.mistake(
    "You switch the weight off and on again. A switch of a leaf is asked for when torch goes "
    "through the layer, and then stands as you left it for all: also where it was off before."
)
def switches_off_and_on(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        weight.requires_grad_(position not in frozen)
        h = layer(h, weight)
        weight.requires_grad_(True)
    return h


@exercise.mistake(
    "A hook makes zeros of the gradient of the weight, whatever use it came from, and it stays on "
    "the weight when the function has ended."
)
def hooks_the_weight(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        if position in frozen and weight.requires_grad:
            weight.register_hook(torch.zeros_like)
        h = layer(h, weight)
    return h


@exercise.mistake(
    "You wrote your cut weights into the list of the caller. The list was given to be read."
)
def writes_into_the_list(layers, weights, x, frozen):
    for position in frozen:
        weights[position] = weights[position].detach()
    h = x
    for layer, weight in zip(layers, weights, strict=True):
        h = layer(h, weight)
    return h


@exercise.mistake(
    "Nothing is cut: every weight still gets its gradient. clone() is a step of the graph like any "
    "other, and detach() gives a new tensor and leaves the old one as it was."
)
def clones(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight.clone() if position in frozen else weight)
    return h


@exercise.mistake(
    "One tensor may be the weight of several layers. Yours is left alone in all of them as soon as "
    "one of them is frozen."
)
def freezes_all_uses(layers, weights, x, frozen):
    cold = {id(weights[position]) for position in frozen}
    h = x
    for layer, weight in zip(layers, weights, strict=True):
        h = layer(h, weight.detach() if id(weight) in cold else weight)
    return h


@exercise.mistake(
    "Yours takes everything up to the frozen layer for frozen. Only the layers that are named are."
)
def freezes_all_before(layers, weights, x, frozen):
    last = max(frozen, default=-1)
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight.detach() if position <= last else weight)
    return h


@exercise.mistake("Yours is the wrong way round: it freezes the layers that are not named.")
def freezes_the_others(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(h, weight if position in frozen else weight.detach())
    return h


@exercise.mistake(
    "A frozen layer still runs: it gives what it always gives, and only its weight does not learn."
)
def leaves_frozen_out(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        if position not in frozen:
            h = layer(h, weight)
    return h


@exercise.mistake(
    "Every layer gets the output of the one before it. In yours something is run on x again."
)
def always_x(layers, weights, x, frozen):
    h = x
    for position, (layer, weight) in enumerate(zip(layers, weights, strict=True)):
        h = layer(x, weight.detach() if position in frozen else weight)
    return h


@exercise.right
def cut_beforehand(layers, weights, x, frozen):
    used = [w.detach() if i in frozen else w for i, w in enumerate(weights)]
    for layer, w in zip(layers, used, strict=True):
        x = layer(x, w)
    return x


@exercise.right
def with_reduce(layers, weights, x, frozen):
    def step(h, i):
        return layers[i](h, weights[i].detach() if i in frozen else weights[i])

    return functools.reduce(step, range(len(layers)), x)


@exercise.right
def copies_made_without_recording(layers, weights, x, frozen):
    out = x
    for i in range(len(layers)):
        w = weights[i]
        if i in frozen:
            with torch.no_grad():
                w = w.clone()
        out = layers[i](out, w)
    return out


@exercise.right
def with_data(layers, weights, x, frozen):
    weights = list(weights)
    for i in frozen:
        weights[i] = weights[i].data
    for i, layer in enumerate(layers):
        x = layer(x, weights[i])
    return x
