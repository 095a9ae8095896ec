"""Write a module that remembers. After the training batches `[[1], [3]]` and `[[11]]` it has seen
three samples with the sum 15, so in eval mode it subtracts 5.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import go_back, parameter_shapes
from course_utils.lessons.modules.inputs import quarters
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "04.5",
    "A buffer that forward changes",
    minutes=15,
    difficulty=2,
    hints=[
        "`self.training` says in which mode the module is.",
        "How many samples are in a batch of shape (batch, features)?",
        "x may come out of another layer, with a graph behind it. The sum you keep must not hold "
        "on to that graph.",
    ],
)


@exercise.reference
class RunningCentre(nn.Module):
    """Subtract the mean of all samples seen in training so far.

    features: an int. Buffers: `total`, shape (features,), float32, the sum of all samples;
    `count`, shape (), int64, how many there were. Both start at 0 and are saved. In training
    mode, forward first adds its batch to them. In eval mode it changes nothing. With no samples
    seen so far, nothing is subtracted. Gradients reach x, but never through total.
    """

    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        """x: float32, shape (batch, features), any strides. Returns the same shape."""
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0], [3.0]]), torch.tensor([[11.0]]), torch.tensor([[5.0]])
    yield torch.tensor([[4.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[2.0, 2.0]])
    yield quarters(rng, 3, 2), quarters(rng, 1, 2), quarters(rng, 2, 2)
    for x in promised(rng, "any strides", shape=(4, 2)):
        yield quarters(rng, 3, 2), x, x[1:]


def _attributes(model: nn.Module) -> dict[str, object]:
    """What stands under each attribute of a module, and of its parameters and buffers."""
    found = dict(vars(model))
    for name, tensor in [*nn.Module.named_parameters(model), *nn.Module.named_buffers(model)]:
        found |= {f"{name}.{own}": thing for own, thing in vars(tensor).items()}
    return found


def _changed(before: dict[str, object], now: dict[str, object]) -> list[str]:
    """The names under which another object stands, or none any more."""
    missing = object()
    names = dict.fromkeys([*before, *now])
    return sorted(n for n in names if before.get(n, missing) is not now.get(n, missing))


@exercise.observe
def _(answer, first, second, third):
    model = answer(first.shape[1])
    facts = {"output before any training": model.eval()(third)} if hasattr(model, "eval") else {}
    if not isinstance(model, nn.Module):
        return {"model": model}
    model.train()
    x = first.clone().requires_grad_()
    output = model(x)
    # With squares alone, what comes back from this batch's mean adds up to 0 and is not seen.
    go_back((output.square() + output).sum())
    facts["outputs in training"] = [output, model(second)]
    facts["gradient of x"] = x.grad
    model.eval()
    before = _attributes(model)
    facts["output in eval"] = model(third.clone())
    facts["changed in eval"] = _changed(before, _attributes(model))
    facts["state_dict after that"] = {k: v.clone() for k, v in model.state_dict().items()}
    facts["parameters"] = parameter_shapes(model)
    facts["total requires grad"] = attempt(lambda: model.total.requires_grad)
    other = answer(first.shape[1])

    def output_after_loading():
        other.load_state_dict(model.state_dict())
        return other.eval()(third)

    facts["output in eval of a model that loaded this state dict"] = attempt(output_after_loading)
    facts["dtype of total after .to(torch.float64)"] = attempt(
        lambda: other.to(torch.float64).total.dtype
    )
    return facts


@exercise.mistake(
    "Your module goes on collecting in eval mode, so the answer to a question depends on the "
    "questions before it. Ask the module in which mode it is."
)
class CentreAlsoInEval(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.total += x.detach().sum(dim=0)
        self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "The numbers are kept as plain attributes: they work, until the model is saved. Its state "
    "dict is empty."
)
class CentrePlainAttributes(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.total = torch.zeros(features)
        self.count = torch.tensor(0)

    def forward(self, x):
        if self.training:
            self.total = self.total + x.detach().sum(dim=0)
            self.count = self.count + len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "The sum you keep has become part of the graph: it holds on to every batch there ever was, and "
    "a second backward can fail. Keep numbers, not their history."
)
class CentreKeepsGraph(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total = self.total + x.sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "What you keep has no graph, and what you subtract has one: in training mode a gradient also "
    "reaches x through the sum of its own batch."
)
class CentreDetachesTooLate(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        total = self.total
        if self.training:
            total = total + x.sum(dim=0)
            self.total = total.detach()
            self.count += len(x)
        return x - total / self.count.clamp(min=1)


@exercise.mistake(
    "You count batches. A batch of one sample must not weigh as much as a batch of two."
)
class CentreCountsBatches(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().mean(dim=0)
            self.count += 1
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "A buffer is not a constant. The optimizer leaves it alone, but forward may change it: here "
    "it has to, or nothing is remembered."
)
class CentreOfThisBatch(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            return x - x.detach().mean(dim=0)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "You subtract the old mean and add the batch afterwards. The batch counts at once."
)
class CentreTooLate(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        output = x - self.total / self.count.clamp(min=1)
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return output


@exercise.mistake(
    "Before any training you divide 0 by 0, which gives NaN. With no samples, nothing is to be "
    "subtracted."
)
class CentreZeroByZero(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count


@exercise.mistake(
    "`count` works, and it is not saved: a plain attribute is no buffer. A model that is loaded "
    "would not know how many samples there were."
)
class CentreCountOutside(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.count = 0

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / max(self.count, 1)


@exercise.mistake(
    "`count` is saved, and it is not as the docstring says. Look at its dtype and at its shape."
)
class CentreCountOneNumber(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(same_as=CentreCountOneNumber)
class CentreCountFloat(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0.0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(same_as=CentreCountOneNumber)
class CentreCountOneInt(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "`total` has a dimension more than was asked for. The subtraction works all the same, and "
    "the state dict is another one."
)
class CentreTwoDimensions(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(1, features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "No gradient comes back to x: your output was computed without a graph. Only what is kept "
    "should be without one."
)
class CentreNoGradient(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        with torch.no_grad():
            if self.training:
                self.total += x.sum(dim=0)
                self.count += len(x)
            return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "In training you subtract the mean of this batch, as BatchNorm does. Here it is the mean of "
    "all samples so far."
)
class CentreLikeBatchNorm(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
            return x - x.detach().mean(dim=0)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "In training your output is x as it came. The mean is to be subtracted in both modes."
)
class CentreOnlyInEval(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
            return x
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake("You count numbers. A sample with three features is one sample.")
class CentreCountsNumbers(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += x.numel()
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake("All features share one sum in your module. Each has a mean of its own.")
class CentreOneSum(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum()
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake(
    "The result is written into the batch of the caller, who may still need it as it was. Make a"
    " new tensor."
)
class CentreInPlace(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        x -= self.total / self.count.clamp(min=1)
        return x


@exercise.mistake(
    "Your buffers are left out of the state dict. What the model has seen is to be saved with it."
)
class CentreUnsaved(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features), persistent=False)
        self.register_buffer("count", torch.tensor(0), persistent=False)

    def forward(self, x):
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@exercise.mistake("Each batch takes the place of those before it. All samples so far are to count.")
class CentreForgets(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.total.copy_(x.detach().sum(dim=0))
            self.count.fill_(len(x))
        return x - self.total / self.count.clamp(min=1)


@exercise.right
class CentreWithNoGrad(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("total", torch.zeros(features))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.total = self.total + x.sum(0)
                self.count = self.count + x.shape[0]
        if self.count == 0:
            return x
        return x - self.total / self.count


exercise.equivalent(
    "self.total += x.detach().sum(dim=0)",
    "self.total = self.total + x.detach().sum(dim=0)",
    because="A buffer may be written into or replaced: both are saved and follow .to().",
)


exercise.equivalent(
    "self.count += len(x)",
    "self.count = self.count + len(x)",
    because="A buffer may be written into or replaced: both are saved and follow .to().",
)


exercise.equivalent(
    "self.total = self.total + x.sum(0)",
    "self.total += x.sum(0)",
    because="A buffer may be written into or replaced: both are saved and follow .to().",
)


exercise.equivalent(
    "self.count = self.count + x.shape[0]",
    "self.count += x.shape[0]",
    because="A buffer may be written into or replaced: both are saved and follow .to().",
)
