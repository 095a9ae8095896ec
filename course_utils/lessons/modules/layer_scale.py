"""Each feature is multiplied by a number of its own, which is learned. With the start values, an
input of `[[1, 2]]` gives `[[0.1, 0.2]]`.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import one_step, parameter_shapes, saved_names
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
    }
    converted = answer(size).to(torch.float64)
    facts["dtype of scale after .to(torch.float64)"] = attempt(lambda: converted.scale.dtype)
    return facts


@exercise.mistake(
    "Before anything can be registered, the module has to set up the places where it keeps its "
    "parameters. That happens in a call that your `__init__` leaves out."
)
class ScaleWithoutSuper(nn.Module):
    def __init__(self, size):
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale


@exercise.mistake(
    "A product is a new tensor, also when one factor is a Parameter: what you stored is a plain "
    "tensor, the result of a computation. Do the arithmetic before you wrap it."
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
    "about gradients when you made it."
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
