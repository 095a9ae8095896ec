"""Write `nn.Linear` yourself, so well that nobody notices: it loads the state dict of `nn.Linear`,
gives the same outputs and the same gradients, and starts as small.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import go_back, parameter_shapes
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.observation import attempt
from course_utils.promises import promised


def gradients(model: nn.Module) -> dict:
    return {name: p.grad for name, p in nn.Module.named_parameters(model)}


exercise = Exercise(
    "04.2",
    "A linear layer by hand",
    minutes=20,
    difficulty=2,
    without=["nn.Linear", "nn.functional.linear"],
    hints=[
        "Print `nn.Linear(3, 2).state_dict()`. Which names and which shapes do you see?",
        "The output has shape (batch, out_features). With the weight as `nn.Linear` stores it, "
        "which of the two factors has to be turned before you multiply?",
        "For numbers between -a and a: `torch.empty(...).uniform_(-a, a)`.",
        "With `bias=False` there is no such parameter. Set the attribute to None.",
    ],
)


@exercise.reference
class MyLinear(nn.Module):
    """The same as nn.Linear, written by hand: without nn.Linear and nn.functional.linear.

    in_features, out_features: ints. bias: if False, there is no bias, and the attribute is None.
    Names and shapes of the parameters are those of nn.Linear, so that its state dict can be
    loaded. Start values are uniform between -1/sqrt(in_features) and 1/sqrt(in_features).
    """

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        """x: float32, shape (batch, in_features), any strides. Returns (batch, out_features)."""
        output = x @ self.weight.t()
        if self.bias is not None:
            output = output + self.bias
        return output


@exercise.cases
def _(rng):
    yield 3, 2, True, torch.tensor([[1.0, 2.0, 3.0]])
    yield 2, 2, True, torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    yield 3, 2, False, quarters(rng, 2, 3)
    yield 1, 4, True, quarters(rng, 3, 1)
    yield 100, 50, True, quarters(rng, 1, 100)
    for x in promised(rng, "any strides"):
        yield 3, 2, rng.choice([True, False]), x


@exercise.observe
def _(answer, in_features, out_features, bias, x):
    theirs = nn.Linear(in_features, out_features, bias=bias)
    fill_by_name(theirs)
    mine = answer(in_features, out_features, bias=bias)
    output = mine(x)
    if not isinstance(mine, nn.Module):
        return {"layer": mine}
    start = nn.Module.state_dict(mine)
    bound = 1 / math.sqrt(in_features)
    facts = {
        "parameters": parameter_shapes(mine),
        "requires_grad": {name: p.requires_grad for name, p in mine.named_parameters()},
        "start values are inside the bound": {
            name: bool((value.abs() <= bound * 1.001).all()) for name, value in start.items()
        },
        "shape of the output": tuple(output.shape),
        "bias is None": getattr(mine, "bias", "missing") is None,
    }
    if in_features == 100 and "weight" in start:  # enough numbers to measure their spread
        spread = start["weight"].std().item() * math.sqrt(in_features)
        facts["std of the start values times sqrt(in_features)"] = round(spread, 1)
        starts = start.get("bias", torch.zeros(1))
        facts["the bias starts on both sides of 0"] = bool(starts.min() < 0 < starts.max())
    another = nn.Module.state_dict(answer(in_features, out_features, bias=bias))
    facts["start values that another layer has as well"] = [
        name for name, value in start.items() if name in another and value.equal(another[name])
    ]
    saved = theirs.state_dict()
    loaded = attempt(lambda: [list(names) for names in mine.load_state_dict(saved)])
    facts["loading nn.Linear's state dict"] = loaded
    x = x.clone().requires_grad_()
    facts["output"] = attempt(lambda: mine(x))
    go_back((mine(x) * torch.arange(1.0, out_features + 1)).sum())
    facts["gradients"] = gradients(mine)
    facts["gradient of x"] = x.grad
    facts["a bias by default"] = attempt(lambda: answer(2, 2).bias is not None)
    mine.to("meta", torch.float64)
    facts["after .to('meta', torch.float64)"] = {
        name: attempt(lambda name=name: (getattr(mine, name).device, getattr(mine, name).dtype))
        for name in ["weight", "bias"][: 1 + bias]
    }
    return facts


@exercise.mistake(
    "You store the weight the way it stands in the formula x @ W. `nn.Linear` stores it the other "
    "way round, so its state dict does not fit into your layer; with as many outputs as inputs it "
    "even loads without a word and computes something else."
)
class LinearInOut(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(in_features, out_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "A state dict finds its place by name. Compare the names of your parameters with those of "
    "`nn.Linear`, letter by letter."
)
class LinearWeightsWithS(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weights = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weights.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "Your layer takes the argument `bias` and does not look at it: with bias=False there is a bias "
    "all the same."
)
class LinearAlwaysBias(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return x @ self.weight.t() + self.bias


@exercise.mistake(
    "Your start values do not know how many inputs there are. A sum of many inputs is large, so "
    "the outputs grow from layer to layer. The docstring says how small they have to be."
)
class LinearRandn(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "The module does not know your tensors, even if they get gradients: there is nothing to save, "
    "nothing to load, and nothing for an optimizer."
)
class LinearPlainTensors(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(out_features, in_features).uniform_(-bound, bound)
        self.weight = weight.requires_grad_()
        self.bias = None
        if bias:
            self.bias = torch.empty(out_features).uniform_(-bound, bound).requires_grad_()

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "The layer inside yours does the work, and its name became part of the names in the state "
    "dict. Here the weight is to be your own."
)
class LinearAroundLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias=bias)

    def forward(self, x):
        return self.linear(x)


@exercise.mistake(
    "With bias=False your layer has no attribute `bias`, or something else than None stands "
    "there. The docstring says what it has to be."
)
class LinearWithoutAttribute(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight.t()
        return output + self.bias if hasattr(self, "bias") else output


@exercise.mistake(
    "All numbers of your bias start on one side of 0, or at 0. The docstring says where start "
    "values lie; the bias has some, too."
)
class LinearBiasFromZero(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "No start value of your weight is negative, as with numbers from `torch.rand`, which lie "
    "between 0 and 1. Between which two numbers shall yours lie?"
)
class LinearOnlyPositive(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.rand(out_features, in_features) * bound)
        self.bias = nn.Parameter(torch.rand(out_features) * bound) if bias else None

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "Some of your start values lie outside of the two bounds. Look at how they are drawn: which "
    "numbers can come up there?"
)
class LinearNormal(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.randn(out_features, in_features) * bound)
        self.bias = nn.Parameter(torch.randn(out_features) * bound) if bias else None

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(same_as=LinearNormal)
class LinearKaiming(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.kaiming_uniform_(self.weight)
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(same_as=LinearNormal)
class LinearXavier(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.xavier_uniform_(self.weight)
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "Your start values shrink too fast as the number of inputs grows. Read the bound in the "
    "docstring once more."
)
class LinearWithoutRoot(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / in_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "The start values of your bias have another bound than those of the weight. The docstring "
    "has one bound for both."
)
class LinearBoundOfOutputs(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        width = 1 / math.sqrt(out_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(out_features).uniform_(-width, width)) if bias else None
        )

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "A tensor of several numbers is neither true nor false. You want to know whether there is a "
    "bias at all: what stands there if there is none?"
)
class LinearTruthOfBias(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        output = x @ self.weight.t()
        if self.bias:
            output = output + self.bias
        return output


@exercise.mistake(
    "A bias of zeros that is frozen changes no output, but it is a parameter all the same: it is"
    " counted, and it is saved."
)
class LinearFrozenZeros(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))
        if not bias:
            self.bias.data.zero_()
            self.bias.requires_grad_(False)

    def forward(self, x):
        return x @ self.weight.t() + self.bias


@exercise.mistake(
    "Your bias has another shape than that of `nn.Linear`. The sum is the same, but a state dict"
    " does not fit."
)
class LinearBiasWithTwoDimensions(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(1, out_features).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.mistake(
    "Your output has no graph behind it, so no gradient comes back: nothing in this layer is "
    "learned, and nothing before it."
)
class LinearOutsideTheGraph(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = None
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        with torch.no_grad():
            output = x @ self.weight.t()
            return output if self.bias is None else output + self.bias


@exercise.mistake(
    "Every layer of one size starts with the very same numbers in yours. In a model with several "
    "of them, all begin alike."
)
class LinearFromOneSeed(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        draws = torch.Generator().manual_seed(0)
        weight = torch.rand(out_features, in_features, generator=draws)
        self.weight = nn.Parameter((2 * weight - 1) * bound)
        self.bias = None
        if bias:
            start = torch.rand(out_features, generator=draws)
            self.bias = nn.Parameter((2 * start - 1) * bound)

    def forward(self, x):
        output = x @ self.weight.t()
        return output if self.bias is None else output + self.bias


@exercise.right
class LinearRegistered(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))
        if bias:
            self.bias = nn.Parameter(torch.zeros(out_features))
        else:
            self.register_parameter("bias", None)
        bound = in_features**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x):
        output = torch.einsum("bi,oi->bo", x, self.weight)
        return output if self.bias is None else output + self.bias


@exercise.right
class LinearWithAddmm(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = None
        if bias:
            start = (torch.rand(out_features) * 2 - 1) / math.sqrt(in_features)
            self.bias = nn.Parameter(start)

    def forward(self, x):
        if self.bias is None:
            return torch.mm(x, self.weight.T)
        return torch.addmm(self.bias, x, self.weight.T)


exercise.equivalent(
    "output = output + self.bias",
    "output += self.bias",
    because="The product was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "self.weight = nn.Parameter(torch.zeros(out_features, in_features))",
    "self.weight = nn.Parameter(torch.ones(out_features, in_features))",
    because="The values are overwritten below.",
)


exercise.equivalent(
    "self.bias = nn.Parameter(torch.zeros(out_features))",
    "self.bias = nn.Parameter(torch.ones(out_features))",
    because="The values are overwritten below.",
)
