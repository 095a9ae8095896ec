"""Exercises of notebook 04: modules, parameters, buffers, containers, state dicts, CNN shapes."""

import copy
import math
import random
import zlib
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional

from ..exercise import Exercise
from ..observation import WatchFunctions, attempt

# What several observations look at ----------------------------------------------------------


def quarters(rng: random.Random, *shape: int) -> torch.Tensor:
    """Random quarters from -2 to 2: easy to read, exact in float32."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-8, 8) / 4 for _ in range(count)]).reshape(shape)


def set_values(tensor: torch.Tensor, key: str) -> None:
    """Fill a float tensor with quarters that depend on `key` and nothing else."""
    generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
    with torch.no_grad():
        tensor.copy_(torch.randint(-4, 5, tensor.shape, generator=generator) / 4)


def fill_by_name(model: nn.Module) -> None:
    """The same values for every answer whose parameters have the same names."""
    for name, parameter in nn.Module.named_parameters(model):
        set_values(parameter, name)


def fill_in_order(model: nn.Module) -> None:
    """The same values for every answer that has its parameters in the same order."""
    for position, parameter in enumerate(nn.Module.parameters(model)):
        set_values(parameter, str(position))


def filled(model: nn.Module) -> nn.Module:
    fill_by_name(model)
    return model


def parameter_shapes(model: nn.Module) -> dict:
    """Names and shapes of what an optimizer would be given."""
    return {name: tuple(p.shape) for name, p in nn.Module.named_parameters(model)}


def saved_names(model: nn.Module) -> list:
    return sorted(nn.Module.state_dict(model))


def step(parameters: Iterable[torch.Tensor], rate: float = 0.5) -> None:
    """One step of SGD. By hand: the first use of torch.optim in a process takes seconds."""
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= rate * parameter.grad


def one_step(model: nn.Module, loss: torch.Tensor) -> dict:
    """The model's parameters by name, after backward and a step with all of them."""
    loss.backward()
    step(nn.Module.parameters(model))
    return dict(nn.Module.named_parameters(model))


def gradients(model: nn.Module) -> dict:
    return {name: p.grad for name, p in nn.Module.named_parameters(model)}


# 04.1 -------------------------------------------------------------------------------------

scale_exercise = Exercise(
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


@scale_exercise.reference
class LayerScale(nn.Module):
    """Multiply each feature by a number of its own, which is learned.

    size: the number of features. The parameter is called `scale`; it has shape (size,), dtype
    float32, and starts at 0.1 everywhere.
    """

    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        """x: shape (batch, size). Returns the same shape."""
        return x * self.scale


@scale_exercise.cases
def _(rng):
    yield 2, torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    yield 1, torch.tensor([[5.0]])
    yield 3, quarters(rng, 2, 3)


@scale_exercise.observe
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


@scale_exercise.mistake(
    "Before anything can be registered, the module has to set up the places where it keeps its "
    "parameters. That happens in a call that your `__init__` leaves out."
)
class ScaleWithoutSuper(nn.Module):
    def __init__(self, size):
        self.scale = nn.Parameter(torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale


@scale_exercise.mistake(
    "A product is a new tensor, also when one factor is a Parameter: what you stored is a plain "
    "tensor, the result of a computation. Do the arithmetic before you wrap it."
)
class ScaleTimesAfterwards(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size)) * 0.1

    def forward(self, x):
        return x * self.scale


@scale_exercise.mistake(
    "Your tensor does get a gradient. But it is not registered: it is missing from `parameters()`, "
    "so no optimizer ever sees it, and `.to()` and `state_dict()` leave it out."
)
class ScalePlainTensor(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = torch.full((size,), 0.1, requires_grad=True)

    def forward(self, x):
        return x * self.scale


@scale_exercise.mistake(
    "A buffer is saved and moved with the model, but it is not given to the optimizer. These "
    "numbers are to be learned."
)
class ScaleAsBuffer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("scale", torch.full((size,), 0.1))

    def forward(self, x):
        return x * self.scale


@scale_exercise.mistake(
    "It is registered, but frozen. Being the attribute of a module does not change what you said "
    "about gradients when you made it."
)
class ScaleFrozen(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), 0.1), requires_grad=False)

    def forward(self, x):
        return x * self.scale


@scale_exercise.mistake("You learn a single number for all features. Each feature needs its own.")
class ScaleOneNumber(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        return x * self.scale


# 04.2 -------------------------------------------------------------------------------------

linear_exercise = Exercise(
    "04.2",
    "A linear layer by hand",
    minutes=20,
    difficulty=2,
    hints=[
        "Print `nn.Linear(3, 2).state_dict()`. Which names and which shapes do you see?",
        "The output has shape (batch, out_features). With the weight as `nn.Linear` stores it, "
        "which of the two factors has to be turned before you multiply?",
        "For numbers between -a and a: `torch.empty(...).uniform_(-a, a)`.",
        "With `bias=False` there is no such parameter. Set the attribute to None.",
    ],
)


@linear_exercise.reference
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
        """x: shape (batch, in_features). Returns shape (batch, out_features)."""
        output = x @ self.weight.t()
        if self.bias is not None:
            output = output + self.bias
        return output


@linear_exercise.cases
def _(rng):
    yield 3, 2, True, torch.tensor([[1.0, 2.0, 3.0]])
    yield 2, 2, True, torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    yield 3, 2, False, quarters(rng, 2, 3)
    yield 1, 4, True, quarters(rng, 3, 1)
    yield 100, 50, True, quarters(rng, 1, 100)


@linear_exercise.observe
def _(answer, in_features, out_features, bias, x):
    theirs = nn.Linear(in_features, out_features, bias=bias)
    fill_by_name(theirs)
    watch = WatchFunctions(["nn.functional.linear", "nn.functional.bilinear"])
    with watch:
        mine = answer(in_features, out_features, bias=bias)
        output = mine(x)
        if not isinstance(mine, nn.Module):
            return {"layer": mine}
        start = nn.Module.state_dict(mine)
        bound = 1 / math.sqrt(in_features)
        facts = {
            "parameters": parameter_shapes(mine),
            "requires_grad": {name: p.requires_grad for name, p in mine.named_parameters()},
            "start values are inside the bound": all(
                bool((value.abs() <= bound * 1.001).all()) for value in start.values()
            ),
            "shape of the output": tuple(output.shape),
            "bias is None": getattr(mine, "bias", "missing") is None,
        }
        if in_features == 100 and "weight" in start:  # enough numbers to measure their spread
            spread = start["weight"].std().item() * math.sqrt(in_features)
            facts["std of the start values times sqrt(in_features)"] = round(spread, 1)
        saved = theirs.state_dict()
        loaded = attempt(lambda: [list(names) for names in mine.load_state_dict(saved)])
        facts["loading nn.Linear's state dict"] = loaded
        x = x.clone().requires_grad_()
        facts["output"] = attempt(lambda: mine(x))
        (mine(x) * torch.arange(1.0, out_features + 1)).sum().backward()
        facts["gradients"] = gradients(mine)
        facts["gradient of x"] = x.grad
    facts["done for you by"] = watch.used
    mine.to("meta", torch.float64)
    facts["after .to('meta', torch.float64)"] = {
        name: attempt(lambda name=name: (getattr(mine, name).device, getattr(mine, name).dtype))
        for name in ["weight", "bias"][: 1 + bias]
    }
    return facts


@linear_exercise.mistake(
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


@linear_exercise.mistake(
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


@linear_exercise.mistake(
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


@linear_exercise.mistake(
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


@linear_exercise.mistake(
    "Your tensors get gradients, but the module does not know them: there is nothing to save, "
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


@linear_exercise.mistake(
    "The layer inside yours does the work, and its name became part of the names in the state "
    "dict. Here the weight is to be your own."
)
class LinearAroundLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias=bias)

    def forward(self, x):
        return self.linear(x)


# 04.3 -------------------------------------------------------------------------------------


class Shelf(nn.Module):
    """A module with tensors of several kinds, for the cases of 04.3."""

    def __init__(self, **kinds: str) -> None:
        super().__init__()
        for name, kind in kinds.items():
            if kind == "parameter":
                setattr(self, name, nn.Parameter(torch.zeros(2)))
            elif kind == "frozen parameter":
                setattr(self, name, nn.Parameter(torch.zeros(2), requires_grad=False))
            elif kind == "buffer":
                self.register_buffer(name, torch.zeros(2))
            elif kind == "unsaved buffer":
                self.register_buffer(name, torch.zeros(2), persistent=False)
            elif kind == "tensor that requires grad":
                setattr(self, name, torch.zeros(2, requires_grad=True))
            elif kind == "tensor":
                setattr(self, name, torch.zeros(2))
            elif kind == "layer":
                setattr(self, name, nn.BatchNorm1d(2))
        self.size = 2  # not a tensor
        self.kinds = kinds

    def extra_repr(self) -> str:
        return ", ".join(f"{name}: {kind}" for name, kind in self.kinds.items())


kinds_exercise = Exercise(
    "04.3",
    "Parameter, buffer or plain tensor?",
    minutes=15,
    difficulty=2,
    hints=[
        "Look at `named_parameters` and `named_buffers` in the documentation. Which argument "
        "keeps them out of the layers inside?",
        "A buffer that is not saved is a buffer all the same. Where is it missing?",
        "Plain attributes stand where those of every Python object stand: `vars(module)`.",
    ],
)


@kinds_exercise.reference
def kinds_of_tensors(module):
    """What the module's own tensors are registered as.

    module: an nn.Module. Tensors of the layers inside it do not count.
    Returns a dict from name to 'parameter', 'buffer', 'unsaved buffer' (one that is not in the
    state dict) or 'plain tensor' (not registered at all).
    """
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@kinds_exercise.cases
def _(rng):
    yield (Shelf(weight="parameter", mean="buffer", mask="tensor"),)
    yield (Shelf(weight="frozen parameter", scale="tensor that requires grad"),)
    yield (Shelf(mean="buffer", positions="unsaved buffer", norm="layer"),)
    yield (nn.BatchNorm1d(3),)
    yield (nn.Sequential(nn.Linear(2, 2), nn.ReLU()),)
    names = rng.sample(["a", "b", "c", "d", "e", "f"], 4)
    kinds = ["parameter", "frozen parameter", "buffer", "unsaved buffer", "tensor"]
    yield (Shelf(**{name: rng.choice(kinds) for name in names}),)


@kinds_exercise.mistake(
    "The tensors of the layers inside are counted as well. Only the module's own were asked for."
)
def kinds_recursive(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters()}
    saved = module.state_dict()
    for name, _ in module.named_buffers():
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@kinds_exercise.mistake(
    "You decide by requires_grad. A parameter may be frozen and is still a parameter; a plain "
    "tensor may ask for gradients and is still not registered."
)
def kinds_by_requires_grad(module):
    saved = module.state_dict()
    tensors = dict(module.named_parameters(recurse=False))
    tensors.update(module.named_buffers(recurse=False))
    tensors.update((n, v) for n, v in vars(module).items() if isinstance(v, torch.Tensor))
    kinds = {}
    for name, tensor in tensors.items():
        if tensor.requires_grad:
            kinds[name] = "parameter"
        elif name in vars(module):
            kinds[name] = "plain tensor"
        else:
            kinds[name] = "buffer" if name in saved else "unsaved buffer"
    return kinds


@kinds_exercise.mistake(
    "You went by the state dict alone. Some buffers are not in it, by request; they are registered "
    "all the same."
)
def kinds_without_unsaved(module):
    parameters = dict(module.named_parameters(recurse=False))
    kinds = {
        name: "parameter" if name in parameters else "buffer"
        for name in module.state_dict()
        if "." not in name
    }
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@kinds_exercise.mistake(
    "All buffers are the same to your function. Some of them are left out when the model is saved."
)
def kinds_all_buffers_alike(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    kinds.update({name: "buffer" for name, _ in module.named_buffers(recurse=False)})
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@kinds_exercise.mistake(
    "What is registered does not stand among the ordinary attributes: the module keeps it "
    "in dicts of its own, one for each kind."
)
def kinds_from_vars(module):
    kinds = {}
    for name, value in vars(module).items():
        if isinstance(value, nn.Parameter):
            kinds[name] = "parameter"
        elif isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


# 04.4 -------------------------------------------------------------------------------------

standardize_exercise = Exercise(
    "04.4",
    "Numbers that belong to the model and are not learned",
    minutes=10,
    difficulty=1,
    hints=[
        "Mean and std have to be saved with the model, and to move with it. No optimizer should "
        "get them.",
        "`register_buffer(name, tensor)` makes the attribute itself. What does it return?",
    ],
)


@standardize_exercise.reference
class Standardize(nn.Module):
    """Subtract a mean and divide by a standard deviation, for each feature.

    mean, std: tensors of shape (features,). They are buffers with these names: they are saved,
    they follow .to(), and no optimizer gets them.
    """

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        """x: shape (batch, features). Returns the same shape."""
        return (x - self.mean) / self.std


@standardize_exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    yield torch.tensor([5.0]), torch.tensor([2.0]), torch.tensor([[5.0]])
    yield quarters(rng, 3), torch.tensor([0.5, 1.0, 2.0]), quarters(rng, 2, 3)


@standardize_exercise.observe
def _(answer, mean, std, x):
    model = answer(mean, std)
    output = model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fresh = answer(torch.zeros_like(mean), torch.ones_like(std))
    double = answer(mean, std).to(torch.float64)
    meta = answer(mean, std).to("meta")

    def output_after_loading():
        fresh.load_state_dict(nn.Module.state_dict(model))
        return fresh(x)

    return {
        "output": output,
        "parameters": parameter_shapes(model),
        "requires_grad of mean": attempt(lambda: model.mean.requires_grad),
        "buffers": dict(nn.Module.named_buffers(model)),
        "state_dict": dict(nn.Module.state_dict(model)),
        "output of another model that loaded the state dict": attempt(output_after_loading),
        "dtype of mean after .to(torch.float64)": attempt(lambda: double.mean.dtype),
        "dtype of the output then": attempt(lambda: double(x.half()).dtype),
        # Not the output on meta: the first subtraction there in a process takes seconds.
        "device of mean after .to('meta')": attempt(lambda: meta.mean.device),
    }


@standardize_exercise.mistake(
    "Mean and std are plain attributes. Look what `state_dict()` holds, and which dtype they have "
    "after `.to(torch.float64)`: the model does not know that they belong to it."
)
class StandardizePlain(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = mean
        self.std = std

    def forward(self, x):
        return (x - self.mean) / self.std


@standardize_exercise.mistake(
    "As parameters, your mean and std would be changed by every step of training. They are facts "
    "about the data, not something to learn."
)
class StandardizeLearned(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = nn.Parameter(mean)
        self.std = nn.Parameter(std)

    def forward(self, x):
        return (x - self.mean) / self.std


@standardize_exercise.mistake(
    "Frozen parameters are still parameters: they are counted, and code that unfreezes the model "
    "makes them learn. There is a kind made for this."
)
class StandardizeFrozen(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = nn.Parameter(mean, requires_grad=False)
        self.std = nn.Parameter(std, requires_grad=False)

    def forward(self, x):
        return (x - self.mean) / self.std


@standardize_exercise.mistake(
    "Your buffers move with the model but they are not saved. Whoever loads the model would have "
    "to know the two numbers from somewhere else."
)
class StandardizeUnsaved(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def forward(self, x):
        return (x - self.mean) / self.std


@standardize_exercise.mistake(
    "The buffers follow the model, your own list of them does not: `.to()` puts new tensors in "
    "the places of the buffers, and loading fills the buffers. The list keeps looking at the old "
    "tensors."
)
class StandardizeOwnList(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.numbers = [self.mean, self.std]

    def forward(self, x):
        mean, std = self.numbers
        return (x - mean) / std


@standardize_exercise.mistake(
    "`register_buffer` returns nothing. You stored that nothing under the buffer's own name."
)
class StandardizeStoresNone(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = self.register_buffer("mean", mean)
        self.std = self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / self.std


# 04.5 -------------------------------------------------------------------------------------

running_exercise = Exercise(
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


@running_exercise.reference
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
        """x: shape (batch, features). Returns the same shape."""
        if self.training:
            self.total += x.detach().sum(dim=0)
            self.count += len(x)
        return x - self.total / self.count.clamp(min=1)


@running_exercise.cases
def _(rng):
    yield torch.tensor([[1.0], [3.0]]), torch.tensor([[11.0]]), torch.tensor([[5.0]])
    yield torch.tensor([[4.0, 0.0]]), torch.tensor([[0.0, 4.0]]), torch.tensor([[2.0, 2.0]])
    yield quarters(rng, 3, 2), quarters(rng, 1, 2), quarters(rng, 2, 2)


@running_exercise.observe
def _(answer, first, second, third):
    model = answer(first.shape[1])
    facts = {"output before any training": model.eval()(third)} if hasattr(model, "eval") else {}
    if not isinstance(model, nn.Module):
        return {"model": model}
    model.train()
    x = first.clone().requires_grad_()
    output = model(x)
    output.square().sum().backward()
    facts["outputs in training"] = [output, model(second)]
    facts["gradient of x"] = x.grad
    facts["output in eval"] = model.eval()(third)
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


@running_exercise.mistake(
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


@running_exercise.mistake(
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


@running_exercise.mistake(
    "The sum you keep has become part of the graph: it holds on to every batch there ever was, and "
    "a second backward will fail. Keep numbers, not their history."
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


@running_exercise.mistake(
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


@running_exercise.mistake(
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


@running_exercise.mistake(
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


# 04.6 -------------------------------------------------------------------------------------


def frozen(layer: nn.Module) -> nn.Module:
    return layer.requires_grad_(False)


def used_twice(layer: nn.Module) -> nn.Module:
    return nn.Sequential(layer, nn.ReLU(), layer)


count_exercise = Exercise(
    "04.6",
    "How many numbers are learned?",
    minutes=8,
    difficulty=1,
    hints=[
        "`parameters()` walks through the whole tree, and names each parameter once.",
        "A parameter of shape (2, 3) holds six numbers. Which method counts them?",
    ],
)


@count_exercise.reference
def count_parameters(model):
    """How many numbers are learned, and how many are frozen.

    model: an nn.Module. Returns a tuple of two ints (learned, frozen). A parameter that is used
    in several places counts once. Buffers do not count.
    """
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    everything = sum(p.numel() for p in model.parameters())
    return learned, everything - learned


@count_exercise.cases
def _(rng):
    yield (nn.Linear(3, 2),)
    yield (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),)
    yield (nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 1)),)
    yield (used_twice(nn.Linear(2, 2)),)
    yield (nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3)), frozen(nn.BatchNorm2d(2))),)
    yield (nn.ReLU(),)
    width = rng.randint(2, 5)
    yield (nn.Sequential(nn.Linear(width, 4, bias=False), nn.Linear(4, rng.randint(2, 5))),)


@count_exercise.mistake(
    "You count tensors. A weight of shape (2, 3) is one tensor and six numbers."
)
def counts_tensors(model):
    learned = sum(1 for p in model.parameters() if p.requires_grad)
    return learned, sum(1 for p in model.parameters()) - learned


@count_exercise.mistake(
    "The state dict holds more than parameters: buffers are in it, and a shared weight stands "
    "there under each of its names."
)
def counts_state_dict(model):
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return learned, sum(v.numel() for v in model.state_dict().values()) - learned


@count_exercise.mistake(
    "`modules()` already walks through the whole tree, and `parameters()` does so again at every "
    "stop: most parameters are counted several times."
)
def counts_every_level(model):
    parameters = [p for m in model.modules() for p in m.parameters()]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@count_exercise.mistake("You count all parameters as learned. Some of them may be frozen.")
def counts_frozen_as_learned(model):
    return sum(p.numel() for p in model.parameters()), 0


@count_exercise.mistake(
    "A model without parameters has nothing to count, and that is a fine answer: zero."
)
def counts_with_stack(model):
    sizes = torch.stack([torch.tensor([p.numel(), p.requires_grad]) for p in model.parameters()])
    learned = int(sizes[sizes[:, 1] == 1, 0].sum())
    return learned, int(sizes[:, 0].sum()) - learned


# 04.7 -------------------------------------------------------------------------------------

mlp_exercise = Exercise(
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


@mlp_exercise.reference
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
        """x: shape (batch, sizes[0]). Returns shape (batch, sizes[-1])."""
        return self.layers(x)


@mlp_exercise.cases
def _(rng):
    yield [2, 3, 1], torch.tensor([[1.0, 2.0]])
    yield [3, 2], quarters(rng, 2, 3)
    yield [2, 2, 2, 2], quarters(rng, 3, 2)
    sizes = [rng.randint(1, 4) for _ in range(4)]
    yield sizes, quarters(rng, 2, sizes[0])


@mlp_exercise.observe
def _(answer, sizes, x):
    model = answer(list(sizes))
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
    double = answer(list(sizes)).to(torch.float64)
    facts["dtype of the output after .to(torch.float64)"] = attempt(
        lambda: double(x.double()).dtype
    )
    return facts


@mlp_exercise.mistake(
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


@mlp_exercise.mistake(
    "Without anything between them, several linear layers are together nothing but one linear "
    "layer."
)
class MLPWithoutSigmoid(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])

    def forward(self, x):
        return self.layers(x)


@mlp_exercise.mistake(
    "A Python list hides its layers: the module does not look into it. They work, but they are "
    "not registered, so they never learn and never move."
)
class MLPPlainList(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.sigmoid(layer(x))
        return self.layers[-1](x)


@mlp_exercise.mistake(
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


@mlp_exercise.mistake("Between the layers stands another function than the one asked for.")
class MLPWithReLU(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


# 04.8 -------------------------------------------------------------------------------------

stack_exercise = Exercise(
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


@stack_exercise.reference
class Stack(nn.Module):
    """depth linear layers from width to width; the output of each goes through tanh.

    width, depth: ints; depth may be 0. The layers are in an nn.ModuleList called `layers`. Each
    has weights of its own and its own random start values.
    """

    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        """x: shape (batch, width). Returns the same shape."""
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@stack_exercise.cases
def _(rng):
    yield 2, 3, torch.tensor([[1.0, -1.0]])
    yield 3, 1, quarters(rng, 2, 3)
    yield 2, 0, quarters(rng, 1, 2)
    yield rng.randint(2, 4), rng.randint(4, 6), None


@stack_exercise.observe
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
    fill_by_name(model)
    output = model(x)
    facts["output with given weights"] = output
    facts["after one step of SGD"] = attempt(lambda: one_step(model, output.sum()))
    facts["type of layers"] = attempt(lambda: type(model.layers).__name__)
    return facts


@stack_exercise.mistake(
    "`[layer] * depth` is one layer, written down several times. Count the parameters: their "
    "number does not grow with the depth."
)
class StackSameLayer(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width)] * depth)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


@stack_exercise.mistake(
    "Copies of a layer learn separately, but they all begin with the same numbers. Each layer "
    "needs its own random start."
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


@stack_exercise.mistake(
    "You call the list. It only keeps its layers; in which order they run, and what happens "
    "between them, is what `forward` has to say."
)
class StackCallsTheList(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])

    def forward(self, x):
        return torch.tanh(self.layers(x))


@stack_exercise.mistake(
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


@stack_exercise.mistake(
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


# 04.9 -------------------------------------------------------------------------------------

heads_exercise = Exercise(
    "04.9",
    "One head for each task",
    minutes=12,
    difficulty=2,
    hints=[
        "Next to `nn.ModuleList` there is a container with names.",
        "`forward` gets the name of a task. Which layers does it have to run for that?",
        "A layer is used by calling it: `layer(x)`.",
    ],
)


@heads_exercise.reference
class Heads(nn.Module):
    """One linear layer for each task, on the same features.

    features: an int. sizes: a dict from the name of a task to its number of outputs. The layers
    are in an nn.ModuleDict called `heads`.
    """

    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict()
        for task, outputs in sizes.items():
            self.heads[task] = nn.Linear(features, outputs)

    def forward(self, x, task):
        """x: shape (batch, features). task: one of the names.

        Returns shape (batch, sizes[task]). Runs the layer of this task and no other. Raises
        KeyError for an unknown task.
        """
        return self.heads[task](x)


@heads_exercise.cases
def _(rng):
    yield 2, {"age": 1, "species": 3}, torch.tensor([[1.0, 2.0]]), "species"
    yield 3, {"age": 1}, quarters(rng, 2, 3), "age"
    yield 2, {"sex": 2, "island": 3, "age": 1}, quarters(rng, 2, 2), rng.choice(["sex", "age"])


@heads_exercise.observe
def _(answer, features, sizes, x, task):
    model = answer(features, dict(sizes))
    output = model(x, task)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fill_by_name(model)
    calls = {name: 0 for name in sizes}

    def counted(name):
        def count(*_):
            calls[name] += 1

        return count

    heads = getattr(model, "heads", None)
    if isinstance(heads, (dict, nn.ModuleDict)):
        for name, head in heads.items():
            head.register_forward_hook(counted(name))
    facts = {"shape of the output": attempt(lambda: tuple(output.shape))}
    facts["parameters"] = parameter_shapes(model)
    facts["output with given weights"] = model(x, task) if facts["parameters"] else None
    facts["calls of each head"] = dict(calls)
    facts["output for the task 'unknown'"] = attempt(lambda: model(x, "unknown"))
    facts["type of heads"] = type(heads).__name__
    facts["state_dict keys"] = saved_names(model)
    return facts


@heads_exercise.mistake(
    "The module does not look into a Python dict: your heads work, but they are not registered."
)
class HeadsPlainDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = {task: nn.Linear(features, n) for task, n in sizes.items()}

    def forward(self, x, task):
        return self.heads[task](x)


@heads_exercise.mistake(
    "You call the method `forward` of a layer. The numbers are right, but its hooks are passed by: "
    "they belong to the call of the layer itself."
)
class HeadsByForward(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return self.heads[task].forward(x)


@heads_exercise.mistake("Your module computes every head and then throws most of the results away.")
class HeadsAllComputed(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        outputs = {name: head(x) for name, head in self.heads.items()}
        return outputs[task]


@heads_exercise.mistake(
    "You give back the results of all tasks. One task was asked for, so one tensor comes back."
)
class HeadsGivesDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return {name: head(x) for name, head in self.heads.items()}


# 04.10 ------------------------------------------------------------------------------------

mend_exercise = Exercise(
    "04.10",
    "Mend it: a model that changes its mind",
    minutes=12,
    difficulty=2,
    hints=[
        "Run the model twice in eval mode. Which line gives another result the second time?",
        "`model.eval()` tells every module it knows. Does it know this one?",
        "A module is made once, in `__init__`, and used in `forward`.",
    ],
)


def broken_classifier():
    # Inside a function, because the mended class has the same name.
    class Classifier(nn.Module):
        """Two linear layers, with ReLU and then Dropout between them.

        features, hidden, classes: ints. p: the probability that Dropout sets a number to 0.
        In training mode hidden numbers are dropped; in eval mode nothing is.
        """

        def __init__(self, features, hidden, classes, p):
            super().__init__()
            self.first = nn.Linear(features, hidden)
            self.last = nn.Linear(hidden, classes)
            self.p = p

        def forward(self, x):
            """x: shape (batch, features). Returns shape (batch, classes)."""
            x = torch.relu(self.first(x))
            x = nn.Dropout(self.p)(x)
            return self.last(x)

    return Classifier


mend_exercise.starter(broken_classifier())


@mend_exercise.reference
class Classifier(nn.Module):
    """Two linear layers, with ReLU and then Dropout between them.

    features, hidden, classes: ints. p: the probability that Dropout sets a number to 0.
    In training mode hidden numbers are dropped; in eval mode nothing is.
    """

    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.dropout = nn.Dropout(p)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x):
        """x: shape (batch, features). Returns shape (batch, classes)."""
        x = torch.relu(self.first(x))
        x = self.dropout(x)
        return self.last(x)


@mend_exercise.cases
def _(rng):
    yield 2, 64, 2, 0.5, torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    yield 3, 32, 1, 0.3, quarters(rng, 2, 3)
    yield 2, 4, 2, 1.0, quarters(rng, 2, 2)
    yield 2, 32, 3, 0.0, quarters(rng, 2, 2)


@mend_exercise.observe
def _(answer, features, hidden, classes, p, x):
    model = answer(features, hidden, classes, p)
    model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fill_by_name(model)
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01  # sums of quarters are 0 by luck in one run of ten
        first, second = model(x), model(x)
        agree = bool(torch.equal(first, second))
        facts = {
            "two calls in eval mode agree": agree,
            "output in eval mode": first if agree else None,
        }
        model.train()
        outputs = [model(x) for _ in range(4)]
        facts["calls in training mode agree"] = all(torch.equal(outputs[0], o) for o in outputs)
        if p in (0.0, 1.0):  # all or nothing: the output is certain
            facts["output in training mode"] = outputs[0]
        facts["some output is exactly 0 in training mode"] = any((o == 0).any() for o in outputs)
        facts["mode of the model afterwards"] = "training" if model.training else "eval"
    facts["parameters"] = parameter_shapes(model)
    return facts


# The starter is no mistake of its own: its check shows what goes wrong, not why.


@mend_exercise.mistake(
    "You took Dropout out. In eval mode the model is right now, but in training nothing is dropped "
    "any more."
)
class NoDropout(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


@mend_exercise.mistake(
    "Dropout stands after the last layer: it sets whole scores to 0. It is the hidden numbers "
    "that are to be dropped."
)
class DropoutOnTheScores(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(p)

    def forward(self, x):
        return self.dropout(self.last(torch.relu(self.first(x))))


@mend_exercise.mistake(
    "The argument p is not used: your Dropout always has its default of one half."
)
class DropoutWithDefault(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout()

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.first(x))))


@mend_exercise.mistake(
    "The mode is the wrong way round: yours drops numbers in eval mode and keeps them in training."
)
class DropoutInEval(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.last(functional.dropout(hidden, self.p, training=not self.training))


# 04.11 ------------------------------------------------------------------------------------

size_exercise = Exercise(
    "04.11",
    "How large is what a convolution gives?",
    minutes=10,
    difficulty=2,
    hints=[
        "Draw seven cells and a kernel of 3. In how many places can it stand? Then with step 2.",
        "Padding is added on both sides.",
        "With dilation 2, a kernel of 3 covers 5 cells: every second one is skipped.",
        "A kernel that covers more cells than there are cannot stand anywhere.",
    ],
)


@size_exercise.reference
def conv_size(size, kernel, stride=1, padding=0, dilation=1):
    """The number of outputs along one axis of a convolution or of max-pooling.

    size: the number of inputs along this axis. All arguments and the result are ints.
    Raises ValueError if the kernel does not fit even once.
    """
    covered = dilation * (kernel - 1) + 1
    room = size + 2 * padding - covered
    if room < 0:
        raise ValueError(f"A kernel that covers {covered} does not fit into {size + 2 * padding}.")
    return room // stride + 1


@size_exercise.cases
def _(rng):
    yield 32, 5, 1, 0, 1
    yield 28, 2, 2, 0, 1
    yield 8, 3, 2, 1, 1
    yield 7, 3, 1, 0, 2
    yield 4, 5, 1, 0, 1
    yield 5, 5, 1, 0, 1
    yield 4, 3, 1, 0, 2
    yield 9, 3, 1, 2, 1
    for _ in range(3):
        kernel = rng.randint(2, 5)
        yield rng.randint(12, 40), kernel, rng.randint(1, 3), rng.randint(0, 2), rng.randint(1, 2)


@size_exercise.mistake("The padding stands on both sides of the input. Yours counts one side.")
def padding_once(size, kernel, stride=1, padding=0, dilation=1):
    room = size + padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return room // stride + 1


@size_exercise.mistake(
    "You count the steps the kernel can take. It also stands in one place before the first step."
)
def counts_steps(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return room // stride


@size_exercise.mistake("Dilation spreads the kernel over more cells. Your result does not see it.")
def ignores_dilation(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError("too small")
    return room // stride + 1


@size_exercise.mistake(
    "When the last step would go over the edge, it is not taken. Yours rounds up."
)
def rounds_up(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return math.ceil(room / stride) + 1


@size_exercise.mistake(
    "A size of 0 or less is not an answer. Say that the kernel does not fit, with the error that "
    "the docstring names."
)
def never_complains(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


# 04.12 ------------------------------------------------------------------------------------

cnn_exercise = Exercise(
    "04.12",
    "A CNN for any input size",
    minutes=30,
    difficulty=3,
    hints=[
        "Follow one axis with the rule of 04.11: convolution, pooling, convolution, pooling.",
        "Height and width shrink separately. The last layer gets 30 times what is left of both.",
        "Check the size in `__init__`, before any layer is made: there you know all you need.",
        "Flatten everything but the batch: `x.flatten(start_dim=1)`.",
    ],
)


@cnn_exercise.reference
class ConvNet(nn.Module):
    """Two times convolution, ReLU, max-pooling; then one linear layer that gives the scores.

    channels, height, width: the size of one input. classes: how many scores.
    `conv1`: 5x5, from channels to 64. `conv2`: 5x5, from 64 to 30. Both without padding. Each is
    followed by ReLU and by 2x2 max-pooling. `head`: linear, to classes; nothing comes after it.
    All parameters have their shapes as soon as the model is made.
    Raises ValueError, with the height and the width in its message, if nothing is left of the
    input before `head`.
    """

    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows = ((height - 4) // 2 - 4) // 2
        columns = ((width - 4) // 2 - 4) // 2
        if rows < 1 or columns < 1:
            raise ValueError(
                f"An input of {height} x {width} is too small: both sides need 16 or more."
            )
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        """x: shape (batch, channels, height, width). Returns shape (batch, classes)."""
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@cnn_exercise.cases
def _(rng):
    yield 3, 32, 32, 10
    yield 1, 28, 28, 10
    yield 3, 16, 19, 2
    yield 1, 15, 32, 2
    yield 1, 40, 12, 2
    yield 2, rng.randint(17, 30), rng.randint(31, 44), rng.randint(2, 9)
    yield 1, rng.randint(2, 9), rng.randint(2, 9), 2


@cnn_exercise.observe
def _(answer, channels, height, width, classes):
    facts = {"error": "none", "parameters": None, "output with given weights": None}
    try:
        model = answer(channels, height, width, classes)
    except ValueError as error:
        words = "".join(letter if letter.isdigit() else " " for letter in str(error)).split()
        named = {str(height), str(width)} <= set(words)
        facts["error"] = f"ValueError, {'with' if named else 'without'} the height and the width"
        return facts
    if not isinstance(model, nn.Module):
        return {"model": model}
    facts["parameters"] = attempt(lambda: parameter_shapes(model))
    x = torch.zeros(2, channels, height, width)
    x[0, :, ::2, 1::3] = 1.0
    with torch.no_grad():
        if "raised" not in facts["parameters"]:
            for name, parameter in model.named_parameters():
                set_values(parameter, name)
                parameter /= 8
        facts["output with given weights"] = model(x)
    return facts


@cnn_exercise.mistake(
    "The last layer is made for pictures of 32 x 32. What is left of another size before it?"
)
class ConvNetFor32(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * 5 * 5, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@cnn_exercise.mistake(
    "A lazy layer finds its size only when data comes: until then its parameters have no shape, "
    "cannot be counted or initialised, and a size that is too small is noticed too late."
)
class ConvNetLazy(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.LazyLinear(classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@cnn_exercise.mistake(
    "The scores go through one more ReLU, so none of them can be negative, and where it cuts, no "
    "gradient comes back."
)
class ConvNetReLUAtTheEnd(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return torch.relu(self.head(x.flatten(start_dim=1)))


@cnn_exercise.mistake(
    "Your size is computed as if every picture were square. Height and width shrink separately."
)
class ConvNetSquare(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        side = (height - 12) // 4
        if side < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * side * side, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@cnn_exercise.mistake(
    "The arithmetic is right, but nobody is told when the input is too small: the model is built "
    "with a last layer for nothing, or stops with an error about a size nobody wrote."
)
class ConvNetNoCheck(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@cnn_exercise.mistake(
    "It is the right error at the right time, but whoever reads it does not learn which size was "
    "too small."
)
class ConvNetSilentError(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError("The input is too small.")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


# 04.13 ------------------------------------------------------------------------------------

tied_exercise = Exercise(
    "04.13",
    "Two layers, one weight",
    minutes=12,
    difficulty=2,
    hints=[
        "`nn.Embedding(words, width).weight` and `nn.Linear(width, words).weight` have the same "
        "shape. Why?",
        "An attribute that holds a Parameter may be given another Parameter.",
    ],
)


@tied_exercise.reference
class TiedModel(nn.Module):
    """A score for each possible next word; the first and the last layer share their weight.

    words, width: ints. `embedding`: nn.Embedding, from words to width. `out`: nn.Linear without
    a bias, from width to words. `embedding.weight` and `out.weight` are the same parameter, and
    stay the same when the model is converted or copied.
    """

    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        """word: int64, shape (batch,). Returns shape (batch, words)."""
        return self.out(self.embedding(word))


@tied_exercise.cases
def _(rng):
    yield 3, 2, torch.tensor([0, 2])
    yield 2, 1, torch.tensor([1])
    words = rng.randint(3, 20)
    yield words, rng.randint(2, 6), torch.tensor([rng.randrange(words) for _ in range(3)])


@tied_exercise.observe
def _(answer, words, width, word):
    model = answer(words, width)
    output = model(word)
    if not isinstance(model, nn.Module):
        return {"model": model}

    def tied(model):
        return model.embedding.weight is model.out.weight

    facts = {
        "shape of the output": attempt(lambda: tuple(output.shape)),
        "number of parameters": sum(p.numel() for p in model.parameters()),
        "state_dict keys": saved_names(model),
        "embedding.weight is out.weight": attempt(lambda: tied(model)),
        "the two weights are equal": attempt(
            lambda: bool(torch.equal(model.embedding.weight, model.out.weight))
        ),
        "they share their memory": attempt(
            lambda: model.embedding.weight.data_ptr() == model.out.weight.data_ptr()
        ),
        "requires_grad": [p.requires_grad for p in model.parameters()],
    }
    for parameter in model.parameters():
        set_values(parameter, str(tuple(parameter.shape)))
    facts["output with given weights"] = output = model(word)
    one_step(model, output.square().sum())
    facts["state_dict after one step of SGD"] = dict(nn.Module.state_dict(model))
    facts["tied after .to(torch.float64)"] = attempt(lambda: tied(model.to(torch.float64)))
    facts["tied in a copy"] = attempt(lambda: tied(copy.deepcopy(model)))
    return facts


@tied_exercise.mistake(
    "The two weights begin equal, but they are two parameters: the first step of training makes "
    "them different."
)
class TiedByCopy(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight.data.copy_(self.embedding.weight.data)

    def forward(self, word):
        return self.out(self.embedding(word))


@tied_exercise.mistake(
    "Two parameters over the same memory: each gets a gradient of its own, the optimizer steps "
    "twice, and after `.to()` or a copy they are apart. There should be one parameter object."
)
class TiedByMemory(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = nn.Parameter(self.embedding.weight)

    def forward(self, word):
        return self.out(self.embedding(word))


@tied_exercise.mistake(
    "The place of a parameter takes a Parameter or None. What you gave it is a plain tensor."
)
class TiedToTensor(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight.detach()

    def forward(self, word):
        return self.out(self.embedding(word))


@tied_exercise.mistake("The two layers have nothing to do with each other yet.")
class NotTied(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)

    def forward(self, word):
        return self.out(self.embedding(word))


@tied_exercise.mistake("A bias was not asked for: `out` has only the shared weight.")
class TiedWithBias(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        return self.out(self.embedding(word))


# 04.14 ------------------------------------------------------------------------------------


def layered(**layers: nn.Module) -> nn.Sequential:
    """A Sequential whose layers have names."""
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model


freeze_exercise = Exercise(
    "04.14",
    "Freeze a part of a model",
    minutes=12,
    difficulty=2,
    hints=[
        "`get_submodule` finds a part by its name, also one deep inside: 'body.0'.",
        "Freezing is a property of each parameter. Look for a method of Module that sets it for "
        "a whole part.",
        "Which parameters of the whole model are still to be trained afterwards?",
    ],
)


@freeze_exercise.reference
def freeze(model, name):
    """Freeze one part of a model, and give back what is left to train.

    model: an nn.Module. name: the name of a module inside it, such as 'body' or 'body.0'.
    All parameters of this part stop requiring gradients; everything else stays as it is.
    Returns the list of the model's parameters that still require gradients, for an optimizer.
    """
    model.get_submodule(name).requires_grad_(False)
    return [p for p in model.parameters() if p.requires_grad]


@freeze_exercise.cases
def _(rng):
    yield layered(body=nn.Linear(2, 2), head=nn.Linear(2, 1)), "body"
    yield layered(layer1=nn.Linear(2, 2), layer10=nn.Linear(2, 1)), "layer1"
    inner = layered(first=nn.Linear(2, 2), second=nn.Linear(2, 2, bias=False))
    yield layered(body=inner, head=nn.Linear(2, 1)), "body.first"
    old = frozen(nn.Linear(2, 2))
    yield layered(old=old, norm=nn.BatchNorm1d(2), head=nn.Linear(2, 1)), "norm"
    names = rng.sample("abcdefgh", 4)
    yield layered(**{name: nn.Linear(2, 2) for name in names}), rng.choice(names)


@freeze_exercise.observe
def _(answer, model, name):
    before = copy.deepcopy(model)
    result = answer(model, name)
    names = {id(p): n for n, p in model.named_parameters()}
    returned = result
    if isinstance(result, (list, tuple)):
        returned = [names.get(id(item), "not a parameter of the model") for item in result]
    facts = {
        "requires_grad": {n: p.requires_grad for n, p in model.named_parameters()},
        "returned": returned,
        "values changed": [
            n for n, v in model.state_dict().items() if not torch.equal(v, before.state_dict()[n])
        ],
        "mode of each module": {n: m.training for n, m in model.named_modules()},
    }
    model(torch.tensor([[1.0, 2.0], [3.0, -1.0]])).sum().backward()
    facts["got a gradient"] = [n for n, p in model.named_parameters() if p.grad is not None]
    return facts


@freeze_exercise.mistake(
    "The attribute you set does not exist, and Python does not mind: a new one was made, and "
    "nothing is frozen. Look at the spelling."
)
def freezes_misspelled(model, name):
    for parameter in model.get_submodule(name).parameters():
        parameter.required_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@freeze_exercise.mistake(
    "You set an attribute on the module. It is the parameters that carry this property; setting "
    "it on a module with `=` freezes nothing."
)
def freezes_the_module(model, name):
    part = model.get_submodule(name)
    part.requires_grad = False
    kept = {id(p) for p in part.parameters()}
    return [p for p in model.parameters() if id(p) not in kept]


@freeze_exercise.mistake(
    "Names that begin alike are not the same part: with 'layer1' you also froze 'layer10'."
)
def freezes_by_prefix(model, name):
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.startswith(name):
            parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@freeze_exercise.mistake(
    "eval() changes how some layers behave. It does not freeze: gradients and steps go on."
)
def freezes_with_eval(model, name):
    model.get_submodule(name).eval()
    return [p for p in model.parameters() if p.requires_grad]


@freeze_exercise.mistake(
    "The part is frozen, but your list still holds all parameters. Only what is to be trained "
    "was asked for."
)
def returns_everything(model, name):
    model.get_submodule(name).requires_grad_(False)
    return list(model.parameters())


@freeze_exercise.mistake(
    "Some parameters were frozen before you came. You gave back all that lies outside the named "
    "part, those included."
)
def returns_all_others(model, name):
    part = model.get_submodule(name).requires_grad_(False)
    kept = {id(p) for p in part.parameters()}
    return [p for p in model.parameters() if id(p) not in kept]


# 04.15 ------------------------------------------------------------------------------------

load_exercise = Exercise(
    "04.15",
    "Load what fits",
    minutes=15,
    difficulty=3,
    hints=[
        "`load_state_dict(..., strict=False)` forgives names that are missing or too many. What "
        "does it say to a wrong shape?",
        "Make a new dict with the entries that fit, and load that one.",
        "`state_dict()` is the list of all names and shapes that the model has.",
    ],
)


@load_exercise.reference
def load_what_fits(model, saved):
    """Load the entries of a state dict whose name and shape the model has.

    model: an nn.Module. saved: a state dict, perhaps from another model; it stays as it is.
    Returns the sorted list of the names in `saved` that were not loaded.
    """
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in saved.items()
        if name in own and own[name].shape == value.shape
    }
    model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@load_exercise.cases
def _(rng):
    yield nn.Linear(2, 1), {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0])}
    yield nn.Linear(2, 1, bias=False), {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    yield nn.Linear(2, 2), {"weight": torch.ones(3, 2), "bias": torch.ones(2)}
    yield (
        nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),
        {"1.running_mean": torch.tensor([5.0, 6.0]), "0.weight": quarters(rng, 2, 2)},
    )
    yield nn.Linear(2, 2), {"weight": torch.ones(2), "bias": torch.ones(1)}
    yield (
        nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
        {"0.weight": quarters(rng, 3, 2), "0.bias": quarters(rng, 3), "head.bias": torch.ones(1)},
    )


@load_exercise.observe
def _(answer, model, saved):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(9.0)
    result = answer(model, saved)
    return {"state_dict of the model": dict(model.state_dict()), "returned": result}


@load_exercise.mistake(
    "`strict=False` forgives missing and unknown names. A known name with another shape is an "
    "error all the same."
)
def loads_not_strict(model, saved):
    return sorted(model.load_state_dict(saved, strict=False).unexpected_keys)


@load_exercise.mistake(
    "You wrote into the dict that `state_dict()` gave you. It is a new dict each time: putting "
    "another tensor into it does not reach the model."
)
def loads_into_the_dict(model, saved):
    own = model.state_dict()
    left = []
    for name, value in saved.items():
        if name in own and own[name].shape == value.shape:
            own[name] = value
        else:
            left.append(name)
    return sorted(left)


@load_exercise.mistake(
    "You looked for the names among the parameters. A state dict also holds buffers."
)
def loads_parameters_only(model, saved):
    own = dict(model.named_parameters())
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@load_exercise.mistake(
    "The model took what fits, but so did you: the names that do not fit are gone from the "
    "caller's dict."
)
def loads_and_pops(model, saved):
    own = model.state_dict()
    left = [n for n, v in saved.items() if n not in own or own[n].shape != v.shape]
    for name in left:
        del saved[name]
    model.load_state_dict(saved, strict=False)
    return sorted(left)


@load_exercise.mistake(
    "With copy_ a smaller tensor is stretched over a larger one without a word (broadcasting). "
    "Compare the shapes yourself."
)
def loads_with_copy(model, saved):
    own = model.state_dict()
    left = []
    for name, value in saved.items():
        try:
            own[name].copy_(value)
        except (KeyError, RuntimeError):
            left.append(name)
    return sorted(left)


@load_exercise.mistake(
    "You gave back what the model did not get. The question was which of the saved entries were "
    "left over."
)
def returns_missing(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    return sorted(model.load_state_dict(fitting, strict=False).missing_keys)


# 04.16 ------------------------------------------------------------------------------------

snapshot_exercise = Exercise(
    "04.16",
    "Remember the best weights",
    minutes=10,
    difficulty=2,
    hints=[
        "Take `before = model.state_dict()`, change the model, and look at `before`.",
        "The tensors in a state dict share their memory with the model. Which method makes a "
        "tensor with memory of its own?",
    ],
)


@snapshot_exercise.reference
def snapshot(model):
    """The state of a model as it is now, untouched by whatever happens to the model later.

    model: an nn.Module. Returns a dict with the names of its state dict. The tensors have
    memory of their own and do not require gradients.
    """
    return {name: value.clone() for name, value in model.state_dict().items()}


@snapshot_exercise.cases
def _(rng):
    yield (nn.Linear(2, 1),)
    yield (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),)
    width = rng.randint(2, 9)
    last = nn.Linear(width, rng.randint(1, 9))
    yield (nn.Sequential(nn.Linear(2, width), nn.Sigmoid(), last),)


@snapshot_exercise.observe
def _(answer, model):
    fill_by_name(model)
    result = answer(model)
    at_once = list(result) if isinstance(result, dict) else result
    loss = model(torch.tensor([[1.0, 2.0], [3.0, -1.0]])).square().sum()
    one_step(model, loss)
    facts = {"names": at_once, "snapshot after one more step": result}
    if isinstance(result, dict):
        facts["requires_grad"] = [getattr(v, "requires_grad", None) for v in result.values()]
        facts["state of the model that loads it back"] = attempt(
            lambda: (model.load_state_dict(result), dict(model.state_dict()))[1]
        )
    return facts


@snapshot_exercise.mistake(
    "`state_dict()` gives the model's own tensors, not copies: as the model is trained on, your "
    "snapshot is trained on with it."
)
def snapshot_itself(model):
    return model.state_dict()


@snapshot_exercise.mistake(
    "The parameters are there, the buffers are not: a BatchNorm would forget what it has seen."
)
def snapshot_parameters(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@snapshot_exercise.mistake(
    "A clone of a parameter remembers where it comes from: your snapshot requires gradients and "
    "keeps a piece of graph."
)
def snapshot_with_graph(model):
    result = {name: p.clone() for name, p in model.named_parameters()}
    result.update({name: b.clone() for name, b in model.named_buffers()})
    return result


@snapshot_exercise.mistake(
    "That is a copy of the whole model. What was asked for is its state: a dict that can be loaded."
)
def snapshot_of_the_model(model):
    return copy.deepcopy(model)


@snapshot_exercise.mistake(
    "Lists of numbers cannot be loaded back: shape and dtype belong to the state."
)
def snapshot_as_lists(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


# 04.17 ------------------------------------------------------------------------------------

batch_exercise = Exercise(
    "04.17",
    "Bring a batch to the model",
    minutes=12,
    difficulty=2,
    hints=[
        "Where does the model live? Ask any one of its parameters: `next(model.parameters())`.",
        "`model.to(...)` changes the model. What does `x.to(...)` do with x?",
        "`x.is_floating_point()` tells measurements from labels.",
    ],
)


@batch_exercise.reference
def to_model(batch, model):
    """The same batch where the model can use it.

    batch: a dict from names to tensors; it stays as it is. model: an nn.Module whose parameters
    all have one device and one dtype. Returns a new dict: all tensors on the model's device,
    float tensors with the model's dtype, all others (labels, masks) with their own.
    """
    like = next(model.parameters())
    moved = {}
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        moved[name] = tensor.to(device=like.device, dtype=dtype)
    return moved


@batch_exercise.cases
def _(rng):
    batch = {"x": torch.tensor([[1.5, 2.0]]), "label": torch.tensor([1])}
    yield batch, filled(nn.Linear(2, 1)).to(torch.float64)
    yield {"x": quarters(rng, 2, 2).double()}, filled(nn.Linear(2, 1))
    yield {"x": torch.ones(1, 2), "label": torch.tensor([0])}, nn.Linear(2, 1).to("meta")
    mask = torch.tensor([True, False])
    yield {"mask": mask, "x": quarters(rng, 2, 2)}, nn.Linear(2, 1).to("meta", torch.float64)
    yield {"x": quarters(rng, 1, 2), "label": torch.tensor([2])}, filled(nn.Linear(2, 1))


@batch_exercise.observe
def _(answer, batch, model):
    result = answer(batch, model)
    if not isinstance(result, dict):
        return {"returned": result}
    on_cpu = next(model.parameters()).device.type == "cpu"
    return {
        "names": list(result),
        "dtypes": {n: attempt(lambda t=t: t.dtype) for n, t in result.items()},
        "devices": {n: attempt(lambda t=t: t.device) for n, t in result.items()},
        "batch": result,
        "it is a new dict": result is not batch,
        # Not on meta: the first computation there in a process takes seconds.
        "output of the model": attempt(lambda: model(result["x"])) if on_cpu else None,
    }


@batch_exercise.mistake(
    "`.to()` of a tensor does not change the tensor. It gives back another one, and your line "
    "lets it go. Only a model is changed by its `.to()`."
)
def moves_and_forgets(batch, model):
    like = next(model.parameters())
    for tensor in batch.values():
        tensor.to(device=like.device, dtype=like.dtype)
    return dict(batch)


@batch_exercise.mistake(
    "Labels and masks became floats as well. A loss for classes wants int64 labels."
)
def converts_labels(batch, model):
    like = next(model.parameters())
    return {name: tensor.to(device=like.device, dtype=like.dtype) for name, tensor in batch.items()}


@batch_exercise.mistake("You looked after the device. The model may also have another dtype.")
def only_the_device(batch, model):
    like = next(model.parameters())
    return {name: tensor.to(like.device) for name, tensor in batch.items()}


@batch_exercise.mistake("You looked after the dtype. The model may also live on another device.")
def only_the_dtype(batch, model):
    like = next(model.parameters())
    return {n: t.to(like.dtype) if t.is_floating_point() else t for n, t in batch.items()}


@batch_exercise.mistake(
    "You put the new tensors into the caller's own dict. The batch was to stay as it is."
)
def writes_into_the_batch(batch, model):
    like = next(model.parameters())
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        batch[name] = tensor.to(device=like.device, dtype=dtype)
    return batch
