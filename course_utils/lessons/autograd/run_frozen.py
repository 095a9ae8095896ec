"""Run a chain of layers of which some are frozen: their weights get no gradient, but the layers
before them go on learning, and so does whatever made `x`. Where do you cut?
"""

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import Typed, decimals

exercise = Exercise(
    "03.4",
    "Cut at the right place",
    minutes=12,
    difficulty=2,
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
    scale = Typed("lambda h, w: h * w")
    for frozen in ([1], [], [0], [2], [0, 2], [0, 1, 2]):
        weights = [decimals(rng, 2).requires_grad_() for _ in range(3)]
        yield [scale, scale, scale], weights, decimals(rng, 2).requires_grad_(), frozen
