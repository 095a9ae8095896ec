"""What may be used where an exercise asks for something to be done by hand.

torch.Tensor's and torch's own plain functions are free, and so is Python; of everything else of a
library, an exercise names what an answer may have in it. What it does not name is not forbidden: a
person looks at it, for it may be the very thing that was to be written.
"""

from __future__ import annotations

import ast
import dataclasses

import torch

from . import screening

LIBRARIES = {"torch", "torchvision", "torchtext", "torchmetrics", "numpy", "pandas", "scipy", "PIL"}

# Of libraries' modules, in every exercise.
EVERYWHERE = {
    *("torch.nn.Module", "torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.version"),
    *("torch.nn.functional.one_hot", "torch.nn.functional.pad", "torch.nn.functional.relu"),
    *("torch.nn.functional.softmax", "torch.nn.functional.log_softmax", "torch.random"),
    *("torch.nn.functional.logsigmoid", "torch.nn.functional.softplus"),
    *("torch.nn.functional.sigmoid", "torch.testing.assert_close", "torch.nn.init"),
    *("numpy.arange", "numpy.exp", "numpy.log", "numpy.prod", "numpy.sqrt", "numpy.array"),
    *("numpy.asarray", "numpy.float32", "numpy.float64", "numpy.int64", "numpy.ndarray"),
    *("numpy.cumprod", "numpy.uint8", "numpy.newaxis", "numpy.inf", "numpy.ascontiguousarray"),
}
# Functions of torch itself that are a whole answer of some exercise; parts of their names.
WHOLE = ("loss", "entropy", "embedding_bag", "kl_div", "vmap", "cond", "compile", "jit", "func")
# Methods that call back, or hand the same memory to others.
CALL_BACK = {"apply_", "map_", "map2_", "register_hook", "__array__"}


@dataclasses.dataclass(frozen=True)
class ByHand:
    """What one exercise allows.

    may: paths of libraries' modules, and all below them. not_: names of torch or Tensor that are
    no plain functions here. only: where it is not empty, the only names of Tensor that are.
    """

    may: frozenset[str] = frozenset()
    not_: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()


# The size of a shape, and sums of it, for answers about shapes and strides.
COUNTING = frozenset(
    {
        *("shape", "size", "numel", "ndim", "dim", "prod", "cumprod", "tolist", "item", "flip"),
        *("tensor", "as_tensor", "arange", "unique", "zeros", "ones", "diff", "all", "any"),
        *("sum", "cat", "stack", "sort", "argsort", "long", "int", "int64", "Size", "Tensor"),
        *("max", "min", "clamp", "roll", "eq", "equal", "ne", "gt", "ge", "lt", "le", "count"),
        *("index_select", "nonzero", "where", "abs", "bool", "dtype", "to", "div", "mul"),
        *("add", "sub", "remainder", "device", "cumsum", "empty"),
    }
)
# Other ways to the views that are to be made, and to memory that is passed off as shared.
VIEWS = frozenset(
    {
        *("einsum", "view_as", "reshape_as", "expand_as", "set_", "data", "unfold_copy"),
        *("diagonal_copy", "diagonal_scatter", "view_copy", "as_strided_copy", "numpy"),
        *("trace", "diag_embed", "diagflat"),
    }
)
OPTIMIZER = ByHand(may=frozenset({"torch.optim.Optimizer", "torch.optim.optimizer"}))

EXERCISES = {
    "01.1": ByHand(only=COUNTING),
    "01.3": ByHand(only=COUNTING),
    "01.4": ByHand(only=COUNTING | {"stride"}),
    "01.7": ByHand(not_=VIEWS),
    "01.8": ByHand(not_=VIEWS),
    "01.9": ByHand(not_=VIEWS),
    "01.15": ByHand(only=COUNTING | {"stride"}),
    "04.2": ByHand(),
    "06.4": ByHand(),
    "06.7": ByHand(may=frozenset({"torch.utils.data.Sampler", "torch.utils.data.sampler.Sampler"})),
    "07.1": ByHand(not_=frozenset({"ToTensor"}), may=frozenset({"numpy", "PIL"})),
    "07.2": ByHand(),
    "08.4": ByHand(),
    "08.8": ByHand(may=frozenset({"torch.nn.functional.embedding"})),
    "09.1": ByHand(not_=frozenset({"dist", "cdist", "var", "std"})),
    "09.2": ByHand(),
    "09.3": ByHand(not_=frozenset({"backward", "grad", "requires_grad_", "requires_grad"})),
    "09.4": ByHand(),
    "09.8": OPTIMIZER,
    "09.9": OPTIMIZER,
    "09.10": OPTIMIZER,
    "09.15": ByHand(),
    "09.19": ByHand(),
}


def mentions(statements: list[ast.stmt], exercise: str, without: tuple[str, ...]) -> list[str]:
    """What the code has in it and the exercise does not allow; [] for an exercise of no such kind.

    An exercise of an instructor's own that is to be done `without` something allows plain
    functions and EVERYWHERE.
    """
    rule = EXERCISES.get(exercise, ByHand() if without else None)
    if rule is None:
        return []
    imported = screening.imported_names(statements)
    nodes = [node for statement in statements for node in ast.walk(statement)]
    local = screening.local_names(nodes, imported)
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    own = defined(nodes)
    found: list[str] = []
    for node in nodes:
        names: set[str] = set()
        if isinstance(node, (ast.Attribute, ast.Name)) and id(node) not in local:
            path = screening.path_of(node, imported)
            if path and id(node) not in inner:
                names.add(path)
            elif isinstance(node, ast.Attribute) and not path and node.attr not in own:
                names.add("." + node.attr)
        elif isinstance(node, ast.Call):
            names |= {"." + name for name in screening.looked_up(node, imported)}
        found += [name for name in sorted(names) if not is_allowed(name, rule)]
    return list(dict.fromkeys(name.lstrip(".") for name in found))


def defined(nodes: list[ast.AST]) -> set[str]:
    """Names that the code gives to functions, classes and attributes of objects of its own."""
    names = {n.name for n in nodes if isinstance(n, (*screening.FUNCTIONS[:2], ast.ClassDef))}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names |= {node.attr} if getattr(node.value, "id", "") == "self" else set()
        elif isinstance(node, ast.AnnAssign):  # a field of a dataclass
            names.add(getattr(node.target, "id", ""))
    return names


def is_allowed(name: str, rule: ByHand) -> bool:
    """name: '.stride' for an attribute of anything, else a path: 'torch.nn.Linear'."""
    last = name.rsplit(".", 1)[-1]
    if name.startswith("."):
        if last in CALL_BACK | rule.not_:
            return False
        of_a_tensor = hasattr(torch.Tensor, last) and not hasattr(list, last)
        return not (rule.only and of_a_tensor and last not in rule.only)
    module, rest, thing = screening.follow(name)
    path = ".".join([module, *rest])
    if module.split(".")[0] not in LIBRARIES or not rest:
        return True
    if screening.within(path, EVERYWHERE | rule.may) or screening.within(name, rule.may):
        return True
    if path.startswith("torch.Tensor."):
        return is_allowed("." + rest[-1], rule)
    if module != "torch" or last in rule.not_ or any(part in last.lower() for part in WHOLE):
        return False
    return not (rule.only and callable(thing) and last not in rule.only)
