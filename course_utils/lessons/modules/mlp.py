"""Build a perceptron from a list of sizes. `[2, 3, 1]` means: 2 inputs, one hidden layer with 3
numbers, 1 output.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import gradient_of
from course_utils.lessons.modules.inputs import quarters, set_values
from course_utils.observation import attempt
from course_utils.promises import promised


def fill_in_order(model: nn.Module) -> None:
    """The same values for every answer that has its parameters in the same order."""
    for position, parameter in enumerate(nn.Module.parameters(model)):
        set_values(parameter, str(position))


exercise = Exercise(
    "04.7",
    "A perceptron with any number of layers",
    minutes=12,
    difficulty=1,
    hints=[
        "How many linear layers does [3, 4, 4, 2] need? Write down their sizes.",
        "Collect the layers in a list while you build, then give them to `nn.Sequential(*list)`.",
        "What would a Sigmoid at the very end do to a score of 7?",
    ],
)


@exercise.reference
class MLP(nn.Module):
    """Linear layers with a Sigmoid between them: none before the first, none after the last.

    sizes: a list of at least two ints, from the number of inputs to the number of outputs. Make
    the layers in the order in which they run: `parameters()` then lists them in that order.
    """

    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        """x: shape (batch, sizes[0]), any strides. Returns shape (batch, sizes[-1])."""
        return self.layers(x)


@exercise.cases
def _(rng):
    yield [2, 3, 1], torch.tensor([[1.0, 2.0]])
    yield [3, 2], quarters(rng, 2, 3)
    yield [2, 2, 2, 2], quarters(rng, 3, 2)
    sizes = [rng.randint(1, 4) for _ in range(4)]
    yield sizes, quarters(rng, 2, sizes[0])
    for x in promised(rng, "any strides"):
        yield [3, rng.randint(2, 4), 2], x


@exercise.observe
def _(answer, sizes, x):
    model = answer(sizes)
    output = model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    again = model(x)
    facts = {
        "shapes of the parameters": [tuple(p.shape) for p in model.parameters()],
        "two calls agree": bool(torch.equal(output, again)),
    }
    fill_in_order(model)
    facts["output with given weights"] = model(x) if facts["two calls agree"] else None
    facts["gradient of x"] = attempt(lambda: gradient_of(x, model))
    facts["the list of sizes afterwards"] = list(sizes)
    double = answer(sizes).to(torch.float64)
    facts["dtype of the output after .to(torch.float64)"] = attempt(
        lambda: double(x.double()).dtype
    )
    return facts


@exercise.mistake(
    "After the last layer stands a Sigmoid, so no output can ever leave the range from 0 to 1."
)
class MLPSigmoidAtTheEnd(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "Without anything between them, several linear layers are together nothing but one linear "
    "layer."
)
class MLPWithoutSigmoid(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "A list or tuple of Python hides its layers: the module does not look into it. They work, but "
    "they are not registered, so they never learn and never move."
)
class MLPPlainList(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.sigmoid(layer(x))
        return self.layers[-1](x)


@exercise.mistake(
    "You make the layers in forward: each call gets new ones with new random weights, and the "
    "optimizer never hears of them."
)
class MLPLayersInForward(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes

    def forward(self, x):
        for inputs, outputs in zip(self.sizes[:-2], self.sizes[1:-1]):
            x = torch.sigmoid(nn.Linear(inputs, outputs)(x))
        return nn.Linear(self.sizes[-2], self.sizes[-1])(x)


@exercise.mistake("Between the layers stands another function than the one asked for.")
class MLPWithReLU(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "The layers run in the right order, and they were made in another one: that is how "
    "`parameters()` lists them."
)
class MLPLastFirst(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.last = nn.Linear(sizes[-2], sizes[-1])
        layers = []
        for inputs, outputs in zip(sizes[:-1], sizes[1:-1]):
            layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.last(self.body(x))


@exercise.mistake(
    "Your network has one hidden layer, however long the list is. How many does a list of two "
    "sizes ask for, and one of four?"
)
class MLPOneHidden(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(sizes[0], sizes[1]), nn.Sigmoid(), nn.Linear(sizes[1], sizes[-1])
        )

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "Where a hidden layer has as many numbers as the output, no Sigmoid follows it. A size can "
    "stand in the list more than once."
)
class MLPLastBySize(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers.append(nn.Linear(inputs, outputs))
            if outputs != sizes[-1]:
                layers.append(nn.Sigmoid())
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "The input itself goes through a Sigmoid. Nothing was to stand before the first layer."
)
class MLPSigmoidOnInput(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Sigmoid(), nn.Linear(inputs, outputs)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "Your layers have no bias. A linear layer has one, unless the task says otherwise."
)
class MLPWithoutBias(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs, bias=False), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "Two layers of the same sizes are one layer in your network, with one weight. Each is to "
    "have its own."
)
class MLPSharesEqualLayers(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        made = {pair: nn.Linear(*pair) for pair in zip(sizes, sizes[1:])}
        layers = []
        for pair in zip(sizes, sizes[1:]):
            layers += [made[pair], nn.Sigmoid()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


@exercise.mistake(
    "With a list of two sizes there is one layer. It is the first and the last one: does a "
    "Sigmoid follow it?"
)
class MLPFirstAlwaysHidden(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.first = nn.Linear(sizes[0], sizes[1])
        self.rest = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[1:], sizes[2:])])

    def forward(self, x):
        x = torch.sigmoid(self.first(x))
        for layer in self.rest[:-1]:
            x = torch.sigmoid(layer(x))
        return self.rest[-1](x) if len(self.rest) else x


@exercise.mistake(
    "You take the sizes out of the list of the caller, and it is empty afterwards. Read it, and "
    "leave it as it is."
)
class MLPTakesFromTheList(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        inputs = sizes.pop(0)
        while sizes:
            outputs = sizes.pop(0)
            layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
            inputs = outputs
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


@exercise.right
class MLPWithModuleList(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.hidden = nn.ModuleList()
        for i in range(len(sizes) - 2):
            self.hidden.append(nn.Linear(sizes[i], sizes[i + 1]))
        self.last = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).sigmoid()
        return self.last(x)


@exercise.right
class MLPIsSequential(nn.Sequential):
    def __init__(self, sizes):
        super().__init__(nn.Linear(sizes[0], sizes[1]))
        for inputs, outputs in zip(sizes[1:-1], sizes[2:], strict=True):
            self.append(nn.Sigmoid())
            self.append(nn.Linear(inputs, outputs))


exercise.equivalent(
    "layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]",
    "layers = layers + [nn.Linear(inputs, outputs), nn.Sigmoid()]",
    because="The list was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "x = layer(x).sigmoid()",
    "x = layer(x).sigmoid_()",
    because="The output of the linear layer was made for this line alone.",
)
