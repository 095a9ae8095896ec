"""Small changes of an answer: an operator, a number, an argument, a call, a statement.

The operators of mutation testing as cosmic-ray and mutmut have them, and those that answers in
PyTorch ask for. They work on `ast`: cosmic-ray brings 18 packages (an HTTP client and Git among
them), mutmut 6 with a user interface, and libcst alone takes a second to import, all for tables of
this size.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import torch

BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
# Not view -> reshape: where view gives anything, reshape gives the same.
NAMES = {
    "reshape": "view",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "floor": "ceil",
    "ceil": "floor",
    "argmax": "argmin",
    "argmin": "argmax",
    "sum": "mean",
    "mean": "sum",
    "float32": "float64",
    "float64": "float32",
    "int64": "int32",
    "long": "int",
    "float": "double",
}
# Functions that make another object of what they are given. A method is always tried without.
AROUND = {"bool", "copy", "deepcopy", "dict", "enumerate", "float", "frozenset", "int", "iter"}
AROUND |= {"list", "reversed", "round", "set", "sorted", "str", "tuple", "abs", "as_tensor"}
# Methods that may give the same storage.
SAME_NUMBERS = {"detach", "view", "reshape", "t", "transpose", "permute", "squeeze", "unsqueeze"}
SAME_NUMBERS |= {"flatten", "to", "float", "double", "long", "int", "contiguous", "expand", "get"}
SAME_NUMBERS |= {"narrow", "select", "diagonal", "cpu", "as_strided", "movedim", "unfold", "type"}
VIEWS_OF_ALL = {"T", "mT", "H", "data"}  # attributes that are tried without


@dataclass(frozen=True)
class Change:
    """A small change of an answer.

    line: where it stands in the file. before, after: the statement without its block, as
    `ast.unparse` writes it: they stay the same when the file is formatted anew. source: the whole
    answer with the change.
    """

    line: int
    before: str
    after: str
    source: str


def changes(answer: ast.AST, modules: Collection[str]) -> Iterator[Change]:
    """Every small change of a function or class. modules: the names that stand for modules.

    The tree is as it was when the iteration ends.
    """
    numbers, given = _numbers(answer), _given(answer)
    for place in [*_places(answer, answer)]:
        before = _header(place.statement)
        for other in [
            *_others(place.node, modules),
            *_in_place(place.node, numbers),
            *_forward(place.node, given),
        ]:
            place.put(other)
            statement = other if place.node is place.statement else place.statement
            after = _header(statement)
            # A statement that is no call any more does nothing: that it is left out is tried, too.
            idle = isinstance(place.parent, ast.Expr) and not isinstance(other, ast.Call)
            if after != before and not idle:
                yield Change(place.line, before, after, ast.unparse(answer) + "\n")
            place.put(place.node)


@dataclass(frozen=True)
class _Place:
    """Where a node stands in the tree: a field of `parent`, and in it the place in a list.

    statement: the statement that it belongs to, for it may be an expression.
    """

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.AST

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", getattr(self.statement, "lineno", 0))

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST, statement: ast.AST) -> Iterator[_Place]:
    """All that may be changed below a node: no annotations, no docstrings, no texts of errors."""
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns"):
            continue
        for index, node in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(node, ast.AST) or _is_text(node) or _is_strict(node):
                continue
            owner = node if isinstance(node, (ast.stmt, ast.ExceptHandler)) else statement
            yield _Place(parent, field, index if isinstance(value, list) else None, node, owner)
            if not isinstance(node, (ast.Raise, ast.Assert)):
                yield from _places(node, owner)


def _is_text(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else node
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_strict(node: ast.AST) -> bool:
    """The `strict=True` of a zip is said to readers: lengths that differ are an error anywhere."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _header(statement: ast.AST) -> str:
    """A statement on one line, without its block."""
    if not hasattr(statement, "body") or isinstance(statement, ast.Lambda):
        return " ".join(ast.unparse(statement).split("\n"))
    bare: Any = copy.copy(statement)
    bare.body = [ast.Pass()]
    for field in ("orelse", "finalbody"):
        if hasattr(bare, field):
            setattr(bare, field, [])
    return " ".join(line for line in ast.unparse(bare).split("\n")[:-1])


def _made(node: Any, **fields: Any) -> Any:
    """The same node, with other fields."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _each_left_out(nodes: list[Any]) -> Iterator[list[Any]]:
    for number in range(len(nodes)):
        yield nodes[:number] + nodes[number + 1 :]


def _others(node: Any, modules: Collection[str]) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    if isinstance(node, ast.Call):
        yield from _of_a_call(node, modules)
    elif isinstance(node, ast.stmt):
        yield from _of_a_statement(node)
    else:
        yield from _of_an_expression(node)


def _of_an_expression(node: Any) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=float(value)):
            yield ast.Constant(2 * value or 1.0)
        case ast.BinOp(left=left, op=op, right=right):
            yield _made(node, op=BINARY[type(op)]())
            yield from (left, right)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.BoolOp(op=op, values=values):
            yield _made(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for kept in _each_left_out(values):
                yield _made(node, values=kept) if len(kept) > 1 else kept[0]
        case ast.Compare(left=left, ops=[op], comparators=[other]):
            yield _made(node, ops=[COMPARED[type(op)]()])
            if isinstance(other, ast.Constant) and other.value is None:
                yield left if isinstance(op, ast.IsNot) else ast.UnaryOp(ast.Not(), left)
        case ast.Compare(ops=[*ops]):
            for number, op in enumerate(ops):
                other_op = COMPARED[type(op)]()
                yield _made(node, ops=[*ops[:number], other_op, *ops[number + 1 :]])
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Attribute(attr=name) if isinstance(node.ctx, ast.Load):
            if name in VIEWS_OF_ALL:
                yield node.value
            if name in NAMES:
                yield _made(node, attr=NAMES[name])
        case ast.Name(id=name) if isinstance(node.ctx, ast.Load) and name in NAMES:
            yield _made(node, id=NAMES[name])
        case ast.Slice():
            for part in ("lower", "upper", "step"):
                if getattr(node, part) is not None:
                    yield _made(node, **{part: None})
        case ast.Dict(keys=[*keys], values=[*values]):
            for kept in _each_left_out(list(zip(keys, values, strict=True))):
                pairs = [list(part) for part in zip(*kept, strict=True)] or [[], []]
                yield _made(node, keys=pairs[0], values=pairs[1])
        case ast.comprehension(ifs=[*ifs]):
            for kept in _each_left_out(ifs):
                yield _made(node, ifs=kept)
        case ast.Lambda():
            yield _made(node, body=ast.Constant(None))
        case ast.ExceptHandler(type=ast.AST()):
            yield _made(node, type=ast.Tuple([], ast.Load()), name=node.name)


def _of_a_call(call: ast.Call, modules: Collection[str]) -> Iterator[ast.AST]:
    func = call.func
    owner = func.value if isinstance(func, ast.Attribute) else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    is_method = owner is not None and _root(owner) not in modules
    for word in call.keywords:
        if not _is_strict(word):
            yield _made(call, keywords=[other for other in call.keywords if other is not word])
    if is_method or len(call.args) > 1:
        for kept in _each_left_out(call.args):
            yield _made(call, args=kept)
    if owner is not None and is_method and not _is_super(owner):
        yield owner
    if name in AROUND and call.args:
        yield call.args[0]
    if name == "isinstance":
        yield ast.Constant(True)
    if is_method and not name.startswith("__"):
        other = name.removesuffix("_") if name.endswith("_") else f"{name}_"
        known = hasattr(torch.Tensor, other) and hasattr(torch.Tensor, name)
        if known and (name.endswith("_") or not _is_new(owner)):
            yield _made(call, func=_made(func, attr=other))


def _is_new(node: ast.AST | None) -> bool:
    """True for a tensor that was made right here: nobody sees that it is changed in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = node.func.attr
        return name not in SAME_NUMBERS and not name.endswith("_") and hasattr(torch.Tensor, name)
    return isinstance(node, (ast.BinOp, ast.UnaryOp))


def _root(node: ast.AST) -> str:
    """The name that 'torch.nn.functional' begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", "")


def _is_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def _of_a_statement(node: Any) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        for kept in _each_left_out(node.decorator_list):
            yield _made(node, decorator_list=kept)
    match node:
        case (
            ast.Expr() | ast.Assign() | ast.AugAssign() | ast.Delete() | ast.Raise() | ast.Assert()
        ):
            yield ast.Pass()
        case ast.Return(value=ast.AST()):
            yield _made(node, value=ast.Constant(None))
        case ast.If():
            yield from (_made(node, test=ast.Constant(value)) for value in (True, False))
        case ast.While():
            yield _made(node, test=ast.Constant(False))
        case ast.For():
            yield _made(node, iter=ast.List([], ast.Load()))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield from (ast.Break(), ast.Pass())
        case ast.With(items=[_]):
            yield ast.If(ast.Constant(True), node.body, [])
        case ast.With(items=items):
            for kept in _each_left_out(items):
                yield _made(node, items=kept)
    if isinstance(node, ast.AugAssign):
        yield _made(node, op=BINARY[type(node.op)]())


def _numbers(answer: ast.AST) -> set[str]:
    """The names that begin as a number: these cannot be changed in place."""
    return {
        node.targets[0].id
        for node in ast.walk(answer)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def _in_place(node: Any, numbers: Collection[str]) -> Iterator[ast.AST]:
    """`a += b` for `a = a + b`, and the other way round."""
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            if getattr(target, "id", "") not in numbers:
                read: Any = copy.copy(target)
                read.ctx = ast.Load()
                # `ast.unparse` asks an assignment where it stands.
                yield ast.copy_location(ast.Assign([target], ast.BinOp(read, op, value)), node)
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=op, right=right)):
            same = ast.unparse(target) == ast.unparse(left)
            if (
                same
                and isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))
                and (getattr(target, "id", "") not in numbers)
            ):
                yield ast.AugAssign(target, op, right)


def _given(answer: ast.AST) -> set[str]:
    """The names of the arguments of an answer."""
    return {node.arg for node in ast.walk(answer) if isinstance(node, ast.arg)}


def _forward(node: Any, given: Collection[str]) -> Iterator[ast.AST]:
    """`model.forward(x)` for `model(x)`, where the model came from the caller, with its hooks.

    What is no module has no forward, and raises. Nobody hangs a hook on a loss function.
    """
    given = {name for name in given if "loss" not in name and "criterion" not in name}
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in given:
            yield _made(node, func=ast.Attribute(node.func, "forward", ast.Load()))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name in given:
            yield _made(node, func=ast.Attribute(node.func, "forward", ast.Load()))
