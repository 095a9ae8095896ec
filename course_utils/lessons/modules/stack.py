"""Build a stack whose depth is an argument. Five layers have five weights that start different
from each other.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import gradient_of, one_step, parameter_shapes
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "04.8",
    "Many layers of the same size",
    minutes=10,
    difficulty=2,
    hints=[
        "How many times does `nn.Linear(...)` have to be called for `depth` different layers?",
        "`nn.ModuleList` is a list that the module looks into. It does not know in which order "
        "you want to use its layers: write the loop.",
    ],
)


@exercise.reference
class Stack(nn.Module):
    """depth linear layers from width to width; the output of each goes through tanh.

    width, depth: ints; depth may be 0. The layers are in an nn.ModuleList called `layers`. Each
    has weights of its own and its own random start values.
    """

    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        """x: float32, shape (batch, width), any strides. Returns the same shape."""
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@exercise.cases
def _(rng):
    yield 2, 3, torch.tensor([[1.0, -1.0]])
    yield 3, 1, quarters(rng, 2, 3)
    yield 2, 0, quarters(rng, 1, 2)
    yield rng.randint(2, 4), rng.randint(4, 6), None
    for x in promised(rng, "any strides"):
        yield 3, rng.randint(1, 3), x


@exercise.observe
def _(answer, width, depth, x):
    if x is None:
        x = torch.ones(2, width)
    model = answer(width, depth)
    output = model(x)
    if not isinstance(model, nn.Module):
        return {"model": model, "output": output}
    facts = {
        "parameters": parameter_shapes(model),
        "different start values": len({tuple(p.flatten().tolist()) for p in model.parameters()}),
        "shape of the output": tuple(output.shape),
    }
    starts = [p.detach() for p in answer(width, depth).parameters()]
    facts["start values that another stack has as well"] = sum(
        any(p.equal(start) for start in starts) for p in model.parameters()
    )
    fill_by_name(model)
    output = model(x)
    facts["output with given weights"] = output
    facts["gradient of x"] = attempt(lambda: gradient_of(x, model))
    facts["after one step of SGD"] = attempt(lambda: one_step(model, output.sum()))
    facts["type of layers"] = attempt(lambda: type(model.layers).__name__)
    return facts


@exercise.mistake(
    "Your stack is one layer, written down several times, as in `[layer] * depth`. Count the "
    "parameters: their number does not grow with the depth."
)
class StackSameLayer(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width)] * depth)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@exercise.mistake(
    "Your layers learn separately, but they all begin with the same numbers. Each layer needs a "
    "random start of its own."
)
class StackDeepcopies(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layer = nn.Linear(width, width)
        self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@exercise.mistake(
    "You call the list. It only keeps its layers; in which order they run, and what happens "
    "between them, is what `forward` has to say."
)
class StackCallsTheList(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        return torch.tanh(self.layers(x))


@exercise.mistake(
    "The module does not look into a Python list, so none of these layers is registered: nothing "
    "to train, nothing to save."
)
class StackPlainList(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = [nn.Linear(width, width) for _ in range(depth)]

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@exercise.mistake(
    "Only one tanh, at the very end: without one after each layer, the whole stack is a single "
    "linear layer."
)
class StackOneTanh(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return torch.tanh(x)


@exercise.mistake(
    "The last layer has no tanh behind it. In a stack, the output of each layer goes through one."
)
class StackLastWithoutTanh(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.layers) - 1:
                x = torch.tanh(x)
        return x


@exercise.mistake(
    "Look at the names of your parameters: they are not those of linear layers one after another"
    " in a ModuleList. What else stands in `layers`, and what is it?"
)
class StackTanhInList(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.Linear(width, width))
            self.layers.append(nn.Tanh())

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@exercise.mistake(same_as=StackTanhInList)
class StackSequential(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        parts = []
        for _ in range(depth):
            parts += [nn.Linear(width, width), nn.Tanh()]
        self.layers = nn.Sequential(*parts)

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "With depth 0 there is a layer in your stack. There should be none, and x comes out as it "
    "went in."
)
class StackAtLeastOne(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width)])
        for _ in range(depth - 1):
            self.layers.append(nn.Linear(width, width))

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@exercise.mistake(
    "All layers are there, and one of them runs again and again. The others never learn."
)
class StackFirstOnly(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for _ in range(len(self.layers)):
            x = torch.tanh(self.layers[0](x))
        return x


@exercise.mistake(
    "You add the input of each layer to its output. Such a skip connection was not asked for."
)
class StackWithSkip(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = x + torch.tanh(layer(x))
        return x


@exercise.mistake(
    "Each tanh stands before its layer. It is the outputs that go through tanh, and x itself "
    "does not."
)
class StackTanhBefore(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(torch.tanh(x))
        return x


@exercise.mistake("After each layer stands another function than the one asked for.")
class StackWithReLU(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


@exercise.right
class StackAppended(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        while len(self.layers) < depth:
            self.layers.append(nn.Linear(width, width))
        self.activation = nn.Tanh()

    def forward(self, x):
        for i in range(len(self.layers)):
            x = self.activation(self.layers[i](x))
        return x
