"""What docstrings promise, and inputs that belong to each promise.

A docstring that says "x: a tensor of any shape" promises an answer for x without dimensions and for
x without elements. Here stand, once for the whole course: the words that make such a promise, the
inputs that belong to it, and how to see that an input is of a kind. The cases of an exercise take
the inputs in a line,

    for x in promised(rng, "any shape", "any strides"):
        yield (x,)

and `python -m grading review` reads the words and looks whether the cases have every kind.

That an argument stays as it is needs no case: every check looks at that.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

Shape = tuple[int, ...]
MakeTensor = Callable[[random.Random, Shape, torch.dtype], torch.Tensor]
MakeSource = Callable[[int, int, int], str]  # of a model: its inputs, hidden numbers, outputs


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of input, as an object of `of` (a class) can be.

    name: what it is, so that "No case has a tensor" + name is a sentence.
    holds: True for an object of `of` that is of this kind.
    """

    name: str
    of: type | tuple[type, ...]
    holds: Callable[[Any], bool]


@dataclasses.dataclass(frozen=True)
class Promise:
    """A promise that docstrings make.

    name: what the cases of an exercise ask for. words: a pattern that finds it in a docstring.
    kinds: the cases have an input of each of them.
    tensors, models: makers of inputs that together are of all these kinds; both are empty for a
    promise about things that an exercise makes itself, such as optimizers.
    """

    name: str
    words: str
    kinds: tuple[Kind, ...]
    tensors: tuple[MakeTensor, ...] = ()
    models: tuple[MakeSource, ...] = ()

    def said_in(self, text: str) -> str:
        """The words of `text` that make this promise; '' where it does not."""
        found = re.search(self.words, text)
        return found[0] if found else ""


def promised(
    rng: random.Random,
    *promises: str,
    shape: Shape = (2, 3),
    dtype: torch.dtype = torch.float32,
) -> Iterator[torch.Tensor]:
    """Tensors of all kinds that belong to these promises, of small whole numbers.

    shape and dtype: of all tensors for which their promise does not ask for another one. The
    numbers go from 1 to 60, all different up to that many, and are exact in every dtype; where the
    promise asks for float64, they are a little more, which float32 cannot hold.
    Raises ValueError for a name that is no promise about tensors.
    """
    for name in promises:
        for make in _makers(name, "tensors"):
            yield make(rng, shape, dtype)


def promised_sources(
    rng: random.Random, *promises: str, inputs: int = 3, outputs: int = 2
) -> Iterator[str]:
    """Models of all kinds that belong to these promises, as Python: `nn.Linear(3, 2).eval()`.

    Each takes a tensor of shape (batch, inputs) and gives (batch, outputs). Names in the sources
    are torch, nn, and `Tied` of this module.
    Raises ValueError for a name that is no promise about models.
    """
    for name in promises:
        for make in _makers(name, "models"):
            yield make(inputs, rng.randint(3, 6), outputs)


def promised_models(
    rng: random.Random, *promises: str, inputs: int = 3, outputs: int = 2
) -> Iterator[nn.Module]:
    """The models of `promised_sources`, their parameters set to quarters from -2 to 2."""
    for source in promised_sources(rng, *promises, inputs=inputs, outputs=outputs):
        model: nn.Module = eval(source, {"torch": torch, "nn": nn, "Tied": Tied})
        with torch.no_grad():
            for parameter in model.parameters():
                quarters = [rng.randint(-8, 8) / 4 for _ in range(parameter.numel())]
                parameter.copy_(torch.tensor(quarters).reshape(parameter.shape))
            if isinstance(model, Tied):
                model.alike.load_state_dict(model.first.state_dict())
        yield model


def _makers(name: str, of: str) -> tuple:
    for promise in PROMISES:
        if promise.name == name and getattr(promise, of):
            return getattr(promise, of)
    known = ", ".join(f"{p.name!r}" for p in PROMISES if getattr(p, of))
    raise ValueError(f"There is no promise {name!r} about {of}; there are {known}.")


class Tied(nn.Module):
    """Two layers share one weight. A third has a weight of its own with the same numbers."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, inputs)
        self.second = nn.Linear(inputs, inputs, bias=False)
        self.second.weight = self.first.weight
        self.alike = nn.Linear(inputs, inputs)
        self.last = nn.Linear(inputs, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: shape (batch, inputs). Returns shape (batch, outputs)."""
        return self.last(self.alike(self.second(torch.tanh(self.first(x)))))


# -- tensors ---------------------------------------------------------------------------------


def _numbers(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    count = torch.Size(shape).numel()
    if dtype == torch.bool:
        return torch.tensor([rng.choice([True, False]) for _ in range(count)]).reshape(shape)
    numbers = rng.sample(range(1, 61), count) if count <= 60 else rng.choices(range(1, 61), k=count)
    return torch.tensor(numbers, dtype=dtype).reshape(shape)


def _of_shape(*fixed: int) -> MakeTensor:
    return lambda rng, shape, dtype: _numbers(rng, fixed, dtype)


def _of_dtype(fixed: torch.dtype) -> MakeTensor:
    return lambda rng, shape, dtype: _numbers(rng, shape, fixed)


def _of_float64(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, shape, torch.float64) + 2**-26  # float32 rounds 1 + 2**-26 to 1


def _empty(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return torch.empty((0, *shape[1:]), dtype=dtype)


def _one_element(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, (1,) * len(shape), dtype)


def _last_size_one(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, (*shape[:-1], 1), dtype)


def _first_size_one(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, (1, *shape[1:]), dtype)


def _transposed(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, shape[::-1], dtype).permute(*reversed(range(len(shape))))


def _every_other(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, (*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]


def _a_later_part(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return _numbers(rng, (shape[0] + 2, *shape[1:]), dtype)[1:-1]


def _with(*special: float) -> MakeTensor:
    """Some numbers at random places are these ones."""

    def make(rng: random.Random, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
        made = _numbers(rng, shape, dtype)
        for place, number in zip(rng.sample(range(made.numel()), len(special)), special):  # noqa: B905
            made.view(-1)[place] = number
        return made

    return make


def _a_tensor(name: str, holds: Callable[[torch.Tensor], Any]) -> Kind:
    return Kind(name, torch.Tensor, lambda x: bool(holds(x)))


def _has(test: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], bool]:
    """True where an element passes; a tensor on `meta` has no numbers."""

    def holds(x: torch.Tensor) -> bool:
        compared = not (x.is_meta or x.is_complex() or x.dtype == torch.bool)
        return compared and bool(test(x).any())

    return holds


def _with_a_number(name: str, test: Callable[[Any], Any]) -> Kind:
    """Of tensors, and of numbers by themselves."""
    in_tensor = _has(test)

    def holds(x: Any) -> bool:
        return in_tensor(x) if isinstance(x, torch.Tensor) else type(x) is not bool and test(x)

    return Kind(name, (torch.Tensor, int, float), holds)


def _steps(x: torch.Tensor) -> bool:
    """No dimension along which neighbours lie side by side."""
    steps = [step for size, step in zip(x.shape, x.stride(), strict=True) if size > 1]
    return bool(steps) and min(steps) > 1


FLOAT64 = _a_tensor("of dtype float64", lambda x: x.dtype == torch.float64)
FLOAT16 = _a_tensor("of dtype float16", lambda x: x.dtype == torch.float16)
INT64 = _a_tensor("of dtype int64", lambda x: x.dtype == torch.int64)
BOOL = _a_tensor("of dtype bool", lambda x: x.dtype == torch.bool)
NO_DIMENSIONS = _a_tensor("without dimensions", lambda x: x.dim() == 0)
THREE_DIMENSIONS = _a_tensor("with three dimensions or more", lambda x: x.dim() > 2)
ONE_ELEMENT = _a_tensor("with one element", lambda x: x.numel() == 1 and x.dim() > 0)
A_SIZE_OF_ONE = _a_tensor("with a size of 1 and others", lambda x: 1 in x.shape and x.numel() > 1)
ONE_SAMPLE = _a_tensor("with one sample", lambda x: x.dim() > 0 and len(x) == 1)
NOT_CONTIGUOUS = _a_tensor("that is not contiguous", lambda x: not x.is_contiguous())
STEPS = _a_tensor("with gaps between all its elements", _steps)
OFFSET = _a_tensor("that begins later in its storage", lambda x: x.storage_offset() > 0)
NEGATIVE = _with_a_number("with a negative number", lambda x: x < 0)
ZERO = _with_a_number("with a zero", lambda x: x == 0)
NAN = _a_tensor("with a NaN", _has(torch.isnan))
INFINITY = _a_tensor("with an infinity", _has(torch.isinf))
EMPTY = Kind(
    "without elements",
    (torch.Tensor, list, tuple, dict, str),
    lambda x: x.numel() == 0 if isinstance(x, torch.Tensor) else len(x) == 0,
)


# -- models and optimizers -------------------------------------------------------------------


def _a_model(name: str, holds: Callable[[nn.Module], Any]) -> Kind:
    return Kind(name, nn.Module, lambda model: bool(holds(model)))


def _has_part(*kinds: type) -> Callable[[nn.Module], bool]:
    return lambda model: any(isinstance(part, kinds) for part in model.modules())


def _is_tied(model: nn.Module) -> bool:
    named = list(model.named_parameters(remove_duplicate=False))
    return len(named) > len(list(model.parameters()))


def _has_parts_in_parts(model: nn.Module) -> bool:
    return any(any(part.children()) for part in model.children())


def _is_partly_frozen(model: nn.Module) -> bool:
    return len({p.requires_grad for p in model.parameters()}) == 2


def _an_optimizer(name: str, holds: Callable[[dict], Any]) -> Kind:
    return Kind(
        name, torch.optim.Optimizer, lambda optimizer: any(map(holds, optimizer.param_groups))
    )


BATCH_NORM = _a_model("with BatchNorm", _has_part(nn.modules.batchnorm._BatchNorm))
DROPOUT = _a_model("with Dropout", _has_part(nn.modules.dropout._DropoutNd))
BUFFERS = _a_model("with buffers", lambda model: any(True for _ in model.buffers()))
TIED = _a_model("with tied weights", _is_tied)
PARTS = _a_model("with a part that has parts", _has_parts_in_parts)
FROZEN = _a_model("that is frozen in part", _is_partly_frozen)
TRAINING = _a_model("in training mode", lambda model: model.training)
EVAL = _a_model("in eval mode", lambda model: not model.training)
MOMENTUM = _an_optimizer("with momentum", lambda group: group.get("momentum"))
DECAY = _an_optimizer("with weight decay", lambda group: group.get("weight_decay"))
GROUPS = Kind(
    "with several groups", torch.optim.Optimizer, lambda optimizer: len(optimizer.param_groups) > 1
)


def _layers(inputs: int, hidden: int, outputs: int) -> str:
    return (
        f"nn.Sequential(nn.Linear({inputs}, {hidden}), nn.Tanh(), nn.Linear({hidden}, {outputs}))"
    )


def _nested(inputs: int, hidden: int, outputs: int) -> str:
    body = f"nn.Sequential(nn.Linear({inputs}, {hidden}), nn.Tanh())"
    return f"nn.Sequential({body}, nn.Linear({hidden}, {outputs}))"


def _two_modes(inputs: int, hidden: int, outputs: int) -> str:
    layers = [
        f"nn.Linear({inputs}, {hidden})",
        f"nn.BatchNorm1d({hidden})",
        "nn.Dropout(0.5)",
        f"nn.Linear({hidden}, {outputs})",
    ]
    return f"nn.Sequential({', '.join(layers)})"


def _frozen_body(inputs: int, hidden: int, outputs: int) -> str:
    body = f"nn.Linear({inputs}, {hidden}).requires_grad_(False)"
    return f"nn.Sequential({body}, nn.Tanh(), nn.Linear({hidden}, {outputs}))"


PROMISES: tuple[Promise, ...] = (
    Promise(
        "any shape",
        r"\bany shape",
        (NO_DIMENSIONS, THREE_DIMENSIONS, EMPTY),
        tensors=(_of_shape(), _of_shape(2, 1, 3), _of_shape(0)),
    ),
    Promise(
        "any number of dimensions",
        r"any number of dimensions",
        (NO_DIMENSIONS, THREE_DIMENSIONS),
        tensors=(_of_shape(), _of_shape(2, 1, 3)),
    ),
    Promise(
        "any float dtype",
        r"any float(?:ing)?(?:-point)? dtype|float tensors? with .* dtype",
        (FLOAT64, FLOAT16),
        tensors=(_of_float64, _of_dtype(torch.float16)),
    ),
    Promise(
        "any dtype",
        r"any dtype|another dtype",
        (FLOAT64, FLOAT16, INT64, BOOL),
        tensors=(
            _of_float64,
            *map(_of_dtype, (torch.float16, torch.int64, torch.bool, torch.uint8)),
        ),
    ),
    Promise(
        "the same dtype",  # as which one, an argument says
        r"\b(?:same|shape and|its|own) dtype\b|dtypes stay",
        (FLOAT64,),
        tensors=(_of_float64,),
    ),
    Promise(
        "any strides",
        r"contiguous or not|any strides|need not be contiguous|may be transposed",
        (NOT_CONTIGUOUS, STEPS, OFFSET),
        tensors=(_transposed, _every_other, _a_later_part),
    ),
    Promise("empty too", r"may be empty|empty too|or empty", (EMPTY,), tensors=(_empty,)),
    Promise("one element", r"\b(?:of|with) one element", (ONE_ELEMENT,), tensors=(_one_element,)),
    Promise("a size of 1", r"sizes? of 1", (A_SIZE_OF_ONE,), tensors=(_last_size_one,)),
    Promise(
        "a batch of one",
        r"batch(?:es)? of (?:one|1)\b|[Bb]atch may be 1",
        (ONE_SAMPLE,),
        tensors=(_first_size_one,),
    ),
    Promise("negative too", r"(?<!not )negative", (NEGATIVE,), tensors=(_with(-3, -1),)),
    Promise(
        "zero too", r"zeros? (?:inside|too)|(?:may|can) be (?:0|zero)", (ZERO,), (_with(0, 0),)
    ),
    Promise("NaN inside", r"NaN inside|may hold NaN", (NAN,), (_with(float("nan")),)),
    Promise(
        "infinity inside", r"infinit\w+ inside", (INFINITY,), (_with(float("inf"), -float("inf")),)
    ),
    Promise(
        "tied weights",
        r"tied|in several places|second name|shared? (?:a|one|its|their) (?:weight|parameter)",
        (TIED,),
        models=(lambda inputs, hidden, outputs: f"Tied({inputs}, {outputs})",),
    ),
    Promise(
        "a part with parts",
        r"part (?:with|that has) parts|everything inside|modules? inside",
        (PARTS,),
        models=(_nested,),
    ),
    Promise(
        "BatchNorm and Dropout inside",
        r"BatchNorm|Dropout",
        (BATCH_NORM, DROPOUT),
        models=(_two_modes,),
    ),
    Promise("buffers", r"(?<!momentum )\b[Bb]uffers?\b", (BUFFERS,), models=(_two_modes,)),
    Promise(
        "frozen parameters",
        r"\b[Ff]rozen|parameters? [\w ]{0,14}requires? grad|requires_grad False",
        (FROZEN,),
        models=(_frozen_body,),
    ),
    Promise(
        "any mode",
        r"in any mode|in either mode|mode it was in",
        (TRAINING, EVAL),
        models=(_layers, lambda *sizes: f"{_layers(*sizes)}.eval()"),
    ),
    Promise("momentum", r"\bmomentum", (MOMENTUM,)),
    Promise("weight decay", r"weight.decay", (DECAY,)),
    Promise("several groups", r"(?:every|each|all|several) (?:parameter )?groups?", (GROUPS,)),
)
KINDS = tuple(dict.fromkeys(kind for promise in PROMISES for kind in promise.kinds))
