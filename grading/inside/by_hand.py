"""What may be used where an exercise asks for something to be done by hand.

torch.Tensor's and torch's own plain functions are free, and so is Python; of everything else of a
library, an exercise names what an answer may have in it, where it is declared. What it does not
name is not forbidden: a person looks at it, for it may be the very thing that was to be written.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping, Sequence

import torch

from . import screening

LIBRARIES = {"torch", "torchvision", "torchtext", "torchmetrics", "numpy", "pandas", "scipy", "PIL"}
LIBRARIES |= {"albumentations", "datasets", "pyarrow", "safetensors", "tokenizers", "transformers"}

# Of libraries' modules, in every exercise.
EVERYWHERE = {
    *("torch.nn.Module", "torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.version"),
    *("torch.nn.functional.one_hot", "torch.nn.functional.pad", "torch.nn.functional.relu"),
    *("torch.nn.functional.softmax", "torch.nn.functional.log_softmax", "torch.random"),
    *("torch.nn.functional.logsigmoid", "torch.nn.functional.softplus"),
    *("torch.nn.functional.sigmoid", "torch.testing.assert_close", "torch.nn.init"),
    *("numpy.arange", "numpy.exp", "numpy.log", "numpy.prod", "numpy.sqrt", "numpy.array"),
    *("numpy.asarray", "numpy.float32", "numpy.float64", "numpy.int64"),
    *("numpy.cumprod", "numpy.uint8", "numpy.newaxis", "numpy.inf", "numpy.ascontiguousarray"),
    "numpy.ndindex",  # places to loop over: nothing is computed
}
# Where an answer is about strides, this makes an array of any: then it can be asked about itself.
OF_ANY_STRIDES = "numpy.ndarray"
# Functions of torch itself that are a whole answer of some exercise; parts of their names.
WHOLE = (
    *("loss", "entropy", "embedding", "kl_div", "vmap", "cond", "compile", "jit", "func"),
    *("conv", "_norm", "pool", "rnn", "lstm", "gru", "dropout", "attention", "bilinear"),
    *("histogram", "sparse", "pairwise", "cdist", "pdist", "cosine"),
)
# Methods that call back, or hand the same memory to others, and the way to a node of the graph,
# which is a function that can be called.
CALL_BACK = {"apply_", "map_", "map2_", "register_hook", "__array__", "grad_fn", "next_functions"}


@dataclasses.dataclass(frozen=True)
class Rule:
    """What one exercise allows: course_utils.by_hand.ByHand, as it comes over the wire.

    forms: names of what is not to be used, with those of its other forms.
    """

    may: frozenset[str]
    not_: frozenset[str]
    only: frozenset[str]
    forms: frozenset[str]


def mentions(statements: list[ast.stmt], facts: Mapping[str, Sequence[str]]) -> list[str]:
    """What the code has in it and the exercise does not allow; [] where nothing is by hand.

    facts: what ByHand.facts() gives. Where they say no more than `without`, plain functions and
    EVERYWHERE are allowed.
    """
    if not facts.get("without"):
        return []
    rule = Rule(
        *(frozenset(facts.get(name, ())) for name in ("may", "not_", "only", "forms")),
    )
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
                if node.attr == "shape" and isinstance(node.ctx, ast.Store):
                    names.add(".view")  # what numpy makes of it
        elif isinstance(node, ast.Call):
            names |= {"." + name for name in screening.looked_up(node, imported)}
        elif isinstance(node, ast.MatchClass):
            names |= {"." + name for name in node.kwd_attrs}
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


def is_allowed(name: str, rule: Rule) -> bool:
    """name: '.stride' for an attribute of anything, else a path: 'torch.nn.Linear'."""
    last = name.rsplit(".", 1)[-1]
    if name.startswith("."):
        if last in CALL_BACK | rule.not_ | rule.forms:
            return False
        of_a_tensor = hasattr(torch.Tensor, last) and not hasattr(list, last)
        return not (rule.only and of_a_tensor and last not in rule.only)
    module, rest, thing = screening.follow(name)
    path = ".".join([module, *rest])
    if module.split(".")[0] not in LIBRARIES or not rest:
        return True
    if screening.within(path, EVERYWHERE | rule.may) or screening.within(name, rule.may):
        return True
    if path == OF_ANY_STRIDES:
        return not rule.only
    if path.startswith("torch.Tensor."):
        return is_allowed("." + rest[-1], rule)
    if module != "torch" or last in rule.not_ or any(part in last.lower() for part in WHOLE):
        return False
    return not (rule.only and callable(thing) and last not in rule.only)
