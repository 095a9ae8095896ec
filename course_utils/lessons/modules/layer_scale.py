"""Each feature is multiplied by a number of its own, which is learned. With the start values, an
input of `[[1, 2]]` gives `[[0.1, 0.2]]`.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import gradient_of, one_step, parameter_shapes, saved_names
from course_utils.lessons.modules.inputs import quarters
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "04.1",
    "One learned number for each feature",
    minutes=8,
    difficulty=1,
    hints=[
        "What has to run first in the `__init__` of every module?",
        "Three kinds of tensors can stand in a module. Which kind does an optimizer get?",
        "First make the tensor with its start values, then wrap it, and do nothing after that.",
    ],
)


@exercise.reference
class LayerScale(nn.Module):
    """Multiply each feature by a number of its own, which is learned.

    size: the number of features. The parameter is called `scale`; it has shape (size,), dtype
    float32, and starts at 0.1 everywhere.
    """

    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        """x: float32, shape (batch, size), contiguous or not. Returns the same shape."""
        return x * self.scale


@exercise.cases
def _(rng):
    yield 2, torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    yield 1, torch.tensor([[5.0]])
    yield 3, quarters(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield 3, x


@exercise.observe
def _(answer, size, x):
    model = answer(size)
    output = model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    facts = {
        "output": output,
        "parameters": parameter_shapes(model),
        "requires_grad of scale": attempt(lambda: model.scale.requires_grad),
        "state_dict keys": saved_names(model),
        "after one step of SGD": attempt(lambda: one_step(model, output.sum())),
        "gradient of scale": attempt(lambda: model.scale.grad),
        "gradient of x": attempt(lambda: gradient_of(x, model)),
    }
    converted = answer(size).to(torch.float64)
    facts["dtype of scale after .to(torch.float64)"] = attempt(lambda: converted.scale.dtype)
    return facts


@exercise.mistake(
    "Before anything can be registered, the module has to set up the places where it keeps its "
    "parameters. Which call does that, and has it run before you store one?"
)
class ScaleWithoutSuper(nn.Module):
    def __init__(self, size):
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "The result of a computation is a new tensor, also when a Parameter went into it: what you "
    "stored is a plain tensor. Do the arithmetic before you wrap it."
)
class ScaleTimesAfterwards(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size)) * 0.1

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "Your tensor does get a gradient. But it is not registered: it is missing from `parameters()`, "
    "so no optimizer ever sees it, and `.to()` and `state_dict()` leave it out."
)
class ScalePlainTensor(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = torch.full((size,), 0.1, requires_grad=True)

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "A buffer is saved and moved with the model, but it is not given to the optimizer. These "
    "numbers are to be learned."
)
class ScaleAsBuffer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("scale", torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "It is registered, but frozen. Being the attribute of a module does not change what you said "
    "about gradients."
)
class ScaleFrozen(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1), requires_grad=False)

    def forward(self, x):
        return x * self.scale


@exercise.mistake("You learn a single number for all features. Each feature needs its own.")
class ScaleOneNumber(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "Your `scale` has a dimension more than was asked for. A tensor with one dimension multiplies "
    "every row of a batch as well: that is broadcasting."
)
class ScaleTwoDimensions(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((1, size), 0.1))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "The product is written into the tensor that the caller gave. Others may still need it as it "
    "was: make a new one."
)
class ScaleInPlace(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        x *= self.scale
        return x


@exercise.mistake(
    "`scale` is a parameter, but no gradient comes back to it: its numbers were taken out of the "
    "graph before they were used. What is without a gradient is not learned."
)
class ScaleOutsideTheGraph(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale.detach()


@exercise.mistake(
    "Your parameter has another name than the one asked for. A state dict goes by the name under "
    "which a parameter is registered."
)
class ScaleCalledWeight(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.weight


@exercise.mistake(same_as=ScaleCalledWeight)
class ScaleIsAProperty(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), 0.1))

    @property
    def scale(self):
        return self.weight

    def forward(self, x):
        return x * self.weight


@exercise.mistake(
    "A matrix has a number for each pair of features: training would mix them. One number for "
    "each feature was asked for."
)
class ScaleMatrix(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.eye(size) * 0.1)

    def forward(self, x):
        return x @ self.scale


@exercise.mistake(
    "The module does not look into a list or tuple of Python, so nothing that stands in it is "
    "registered. One tensor can hold the numbers of all features."
)
class ScaleList(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = [nn.Parameter(torch.tensor(0.1)) for _ in range(size)]

    def forward(self, x):
        return x * torch.stack(self.scale)


@exercise.mistake(
    "A model that was only just made has no `scale` yet. An optimizer made then would not get it, "
    "and `.to()` finds nothing to convert."
)
class ScaleMadeInForward(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.scale = None

    def forward(self, x):
        if self.scale is None:
            self.scale = nn.Parameter(torch.full((self.size,), 0.1))
        return x * self.scale


@exercise.mistake(
    "All features have to start with the same number, the one in the docstring. Random numbers "
    "are for layers whose weights would otherwise stay alike."
)
class ScaleRandom(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(size) * 0.1)

    def forward(self, x):
        return x * self.scale


@exercise.mistake(same_as=ScaleRandom)
class ScaleRandomUniform(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(size))

    def forward(self, x):
        return x * self.scale


@exercise.mistake("All your numbers start at 1, so at first the layer changes nothing.")
class ScaleStartsAtOne(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "Your parameter is float64, as numbers that come from numpy are unless one says otherwise. "
    "Which dtype was asked for?"
)
class ScaleDouble(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1, dtype=torch.float64))

    def forward(self, x):
        return x * self.scale


@exercise.right
class ScaleRegistered(nn.Module):
    def __init__(self, size):
        nn.Module.__init__(self)
        self.register_parameter("scale", nn.Parameter(0.1 * torch.ones(size)))

    def forward(self, features):
        return torch.mul(self.scale, features)


@exercise.right
class ScaleFilledLater(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.empty(size))
        nn.init.constant_(self.scale, 0.1)

    def forward(self, x):
        return torch.einsum("bf,f->bf", x, self.scale)


exercise.equivalent(
    "self.register_parameter('scale', nn.Parameter(0.1 * torch.ones(size)))",
    "self.register_parameter('scale', nn.Parameter(0.1 / torch.ones(size)))",
    because="A division by ones and a product with them give the same.",
)
