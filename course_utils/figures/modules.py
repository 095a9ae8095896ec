"""Figures of modules: the tree of what is registered where, and sizes through a CNN.

Taught in notebook 04.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ..texts import all_of, counted, text
from .drawing import MARGIN, Figure, Page, page

MOST_ROWS = 60
ROW, INDENT = 26, 26  # pixels: from row to row, from a module to what is inside it
MOVED = 2  # the place of this mark in Row.marks
COLUMN = 74  # pixels, the width of one of them

MOST_STEPS = 12
LARGEST_MAP = 76  # pixels, the longest side of a feature map
SHEETS, SHEET = 5, 4  # at most so many channels are hinted at, so many pixels apart


# The tree -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the tree.

    path: the name as in the state dict; '' for the root. kind: 'module', 'parameter', 'frozen
    parameter', 'buffer', 'unsaved buffer', 'plain tensor', or 'hidden module' for one in a
    Python list or dict. shape: of a tensor, or None. marks: learned, saved, moved.
    """

    path: str
    name: str
    kind: str
    depth: int
    type_name: str = ""
    shape: tuple[int, ...] | None = None
    marks: tuple[bool, bool, bool] | None = None
    shared_with: str = ""


def module_tree(module: nn.Module) -> Figure:
    """The module as a tree: what is inside it, and what each tensor is registered as.

    Each tensor has a row with its kind (parameter, buffer, plain tensor) and three marks: does
    an optimizer that gets `module.parameters()` change it, is it in `state_dict()`, does
    `.to()` move it. The marks are found by asking the module. Modules and tensors in plain
    lists, tuples and dicts are drawn as well; they are not registered.

        figures.module_tree(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))

    Raises ValueError if `module` is not an nn.Module, or has more than 60 rows to draw.
    Taught in notebook 04.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"module_tree() draws an nn.Module, not a {type(module).__name__}.")
    rows = tree_rows(module)
    if len(rows) > MOST_ROWS:
        raise ValueError(
            f"The tree has {len(rows)} rows; module_tree() draws at most {MOST_ROWS}. "
            "Draw one of its parts."
        )
    with page() as draw:
        looks = kind_looks(draw)
        words = [row_words(row) for row in rows]
        lefts = [MARGIN + row.depth * INDENT for row in rows]
        ends = [
            left + 22 + draw.width_of(name, size=14, bold=True, code=True) + 10
            for left, (name, _) in zip(lefts, words, strict=True)
        ]
        detail_x = max(ends)
        marks_x = detail_x + 24 + max(draw.width_of(detail, size=13) for _, detail in words)

        top = MARGIN + 18
        columns = (
            text("figure.module_tree.learned", "learned"),
            text("figure.module_tree.saved", "saved"),
            text("figure.module_tree.moved", "moved"),
        )
        yes, no = text("figure.module_tree.yes", "yes"), text("figure.module_tree.no", "no")
        for column, title in enumerate(columns):
            x = marks_x + (column + 0.5) * COLUMN
            draw.text(x, MARGIN, title, size=13, colour=draw.muted, ha="center")
        for number, (row, left, (name, detail)) in enumerate(zip(rows, lefts, words, strict=True)):
            y = top + (number + 0.5) * ROW
            draw_branch(draw, rows, number, left, y)
            colour, fill, dashed, radius = looks[row.kind]
            if row.marks is not None and not row.marks[MOVED]:  # not in the module's register
                fill, dashed = draw.panel, True
            draw.box(
                left, y - 7, 14, 14, fill=fill, edge=colour, line=2, radius=radius, dashed=dashed
            )
            draw.text(left + 22, y, name, bold=True, code=True, colour=colour)
            draw.text(detail_x, y, detail, size=13, colour=draw.muted)
            for column, mark in enumerate(row.marks or ()):
                x = marks_x + (column + 0.5) * COLUMN
                draw.text(
                    x,
                    y,
                    yes if mark else no,
                    size=13,
                    bold=mark,
                    colour=draw.ink if mark else draw.muted,
                    ha="center",
                )
        height = top + len(rows) * ROW + 16
        return draw.finish(marks_x + 3 * COLUMN + MARGIN, height, tree_alt(module, rows))


def tree_rows(module: nn.Module) -> list[Row]:
    """The rows of the tree, from the top down."""
    learned = {id(p) for p in module.parameters() if p.requires_grad}
    moved = {id(tensor) for tensor in (*module.parameters(), *module.buffers())}
    saved = set(module.state_dict())
    first_place: dict[int, str] = {}
    open_modules: set[int] = set()

    def tensor_row(path: str, name: str, kind: str, depth: int, tensor: torch.Tensor) -> Row:
        lazy = nn.parameter.is_lazy(tensor)
        marks = (id(tensor) in learned, path in saved, id(tensor) in moved)
        shared_with = first_place.get(id(tensor), "")
        first_place.setdefault(id(tensor), path)
        shape = None if lazy else tuple(tensor.shape)
        return Row(path, name, kind, depth, "", shape, marks, shared_with)

    def visit(inside: nn.Module, path: str, name: str, depth: int, kind: str) -> Iterator[Row]:
        yield Row(path, name, kind, depth, type(inside).__name__)
        if id(inside) in open_modules:  # a module may keep itself, or its parent, in a list
            return
        open_modules.add(id(inside))
        start = f"{path}." if path else ""
        own = set(inside.state_dict())
        for child, parameter in inside.named_parameters(recurse=False, remove_duplicate=False):
            what = "parameter" if parameter.requires_grad else "frozen parameter"
            yield tensor_row(start + child, child, what, depth + 1, parameter)
        for child, tensor in inside.named_buffers(recurse=False, remove_duplicate=False):
            what = "buffer" if child in own else "unsaved buffer"
            yield tensor_row(start + child, child, what, depth + 1, tensor)
        for child, value in plain_attributes(inside):
            yield from hidden(value, start + child, child, depth + 1)
        for child, part in inside.named_children():
            yield from visit(part, start + child, child, depth + 1, kind)
        open_modules.remove(id(inside))

    def hidden(value: Any, path: str, name: str, depth: int) -> Iterator[Row]:
        if isinstance(value, torch.Tensor):
            yield tensor_row(path, name, "plain tensor", depth, value)
        elif isinstance(value, nn.Module):
            yield from visit(value, path, name, depth, "hidden module")
        elif isinstance(value, Mapping):
            for key, item in value.items():
                yield from hidden(item, f"{path}[{key!r}]", f"{name}[{key!r}]", depth)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for number, item in enumerate(value):
                yield from hidden(item, f"{path}[{number}]", f"{name}[{number}]", depth)

    return list(visit(module, "", "", 0, "module"))


def plain_attributes(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """What stands in the module beside the register; the register's own names begin with '_'."""
    for name, value in vars(module).items():
        if not name.startswith("_"):
            yield name, value


def row_words(row: Row) -> tuple[str, str]:
    """The name of a row, and what stands beside it."""
    if row.kind == "module":
        return row.name or row.type_name, row.type_name if row.name else ""
    if row.kind == "hidden module":
        return row.name, text(
            "figure.module_tree.hidden", "{type}, not registered", type=row.type_name
        )
    if row.shape is None:
        detail = text("figure.module_tree.no_shape", "shape not known yet")
    else:
        detail = f"{kind_label(row.kind)} {row.shape}"
    if row.shared_with:
        detail = text(
            "figure.module_tree.shared",
            "{tensor}, the same as {other}",
            tensor=detail,
            other=row.shared_with,
        )
    return row.name, detail


def kind_label(kind: str) -> str:
    """What a kind of tensor is called."""
    return {
        "parameter": text("figure.module_tree.parameter", "parameter"),
        "frozen parameter": text("figure.module_tree.frozen", "frozen parameter"),
        "buffer": text("figure.module_tree.buffer", "buffer"),
        "unsaved buffer": text("figure.module_tree.unsaved", "unsaved buffer"),
        "plain tensor": text("figure.module_tree.plain", "plain tensor"),
    }[kind]


def kind_alt(path: str, kind: str) -> str:
    """One sentence without its full stop: what a tensor is."""
    return {
        "parameter": text("figure.module_tree.is_parameter", "{path} is a parameter", path=path),
        "frozen parameter": text(
            "figure.module_tree.is_frozen", "{path} is a frozen parameter", path=path
        ),
        "buffer": text("figure.module_tree.is_buffer", "{path} is a buffer", path=path),
        "unsaved buffer": text(
            "figure.module_tree.is_unsaved", "{path} is an unsaved buffer", path=path
        ),
        "plain tensor": text("figure.module_tree.is_plain", "{path} is a plain tensor", path=path),
    }[kind]


def kind_looks(draw: Page) -> dict[str, tuple[str, str, bool, float]]:
    """For each kind of row: colour, filling, dashed or not, how round the corners are."""
    vermilion, blue, *_, grey = draw.hues
    return {
        "module": (draw.ink, draw.panel, False, 0),
        "hidden module": (grey, draw.panel, True, 0),
        "parameter": (vermilion, vermilion, False, 0),
        "frozen parameter": (vermilion, draw.panel, False, 0),
        "buffer": (blue, blue, False, 6),
        "unsaved buffer": (blue, draw.panel, False, 6),
        "plain tensor": (grey, draw.panel, True, 6),
    }


def draw_branch(draw: Page, rows: list[Row], number: int, left: float, y: float) -> None:
    """The line from a row to the module that it is in."""
    depth = rows[number].depth
    if not depth:
        return
    above = next(n for n in range(number - 1, -1, -1) if rows[n].depth == depth - 1)
    trunk = left - INDENT + 7
    start = y - (number - above) * ROW + 9
    draw.line([(trunk, start), (trunk, y), (left - 3, y)], colour=draw.line_colour, under=True)


def tree_alt(module: nn.Module, rows: list[Row]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
    tensors = []
    for row in rows:
        if row.marks is None:
            continue
        told = kind_alt(row.path, row.kind)
        if row.shared_with:
            told = text(
                "figure.module_tree.alt_shared",
                "{tensor} shared with {other}",
                tensor=told,
                other=row.shared_with,
            )
        tensors.append(told)
    if len(tensors) > 12:
        kinds = [kind for kind in counts if "module" not in kind]
        tensors = [counted(counts[kind], kind) for kind in kinds]
    listed = "; ".join(tensors) or text("figure.module_tree.no_tensors", "it holds no tensors")
    hidden = [row.path for row in rows if row.kind == "hidden module"]
    alt = text(
        "figure.module_tree.alt",
        "The tree of a {type}: {tensors}.",
        type=type(module).__name__,
        tensors=listed,
    )
    if hidden:
        names = ", ".join(hidden)
        alt += " " + text("figure.module_tree.alt_hidden", "Not registered: {names}.", names=names)
    return alt


# Sizes through a CNN ------------------------------------------------------------------------


@dataclasses.dataclass
class Step:
    """One stage of the way through a model: the layers that led to it, and its shape."""

    layers: list[str]
    shape: tuple[int, ...]


def feature_maps(model: nn.Module, input_shape: tuple[int, ...]) -> Figure:
    """The sizes of the feature maps on their way through a model.

    The sizes are measured: a batch of one, filled with zeros, goes through the model in eval
    mode, watched by hooks that are removed again. A layer that keeps the shape shares the arrow
    of the layer before it.

        figures.feature_maps(cnn, (3, 32, 32))

    input_shape: without the batch, (channels, height, width) or (features,).
    Raises ValueError if the model does not take this input, or has more than 12 steps.
    Taught in notebook 04.
    """
    steps = measured_steps(model, tuple(input_shape))
    if len(steps) > MOST_STEPS:
        raise ValueError(
            f"The model has {len(steps)} steps that change the shape; "
            f"feature_maps() draws at most {MOST_STEPS}. Draw a part of it."
        )
    sides = [side for step in steps for side in step.shape[1:]]
    scale = LARGEST_MAP / max(sides, default=1)
    with page() as draw:
        lines = max(sum(layer.count(" ") + 1 for layer in step.layers) for step in steps)
        middle = MARGIN + max(LARGEST_MAP / 2 + SHEETS * SHEET, 17 * lines + 4)
        below = middle + LARGEST_MAP / 2 + 22
        x: float = MARGIN
        for number, step in enumerate(steps):
            label = " × ".join(map(str, step.shape))
            if number:
                words = [word for layer in step.layers for word in layer.split(" ", 1)]
                length = max(54, 12 + max(draw.width_of(word, size=13) for word in words))
                draw.arrow([(x + 5, middle), (x + length - 3, middle)], colour=draw.muted)
                for line, word in enumerate(reversed(words)):
                    y = middle - 16 - 17 * line
                    draw.text(x + length / 2 - 2, y, word, size=13, ha="center")
                x += length
            width = max(map_width(step.shape, scale), draw.width_of(label, size=13, bold=True))
            draw_map(draw, step.shape, scale, x + width / 2, middle)
            draw.text(x + width / 2, below, label, size=13, bold=True, ha="center")
            x += width
        return draw.finish(x + MARGIN, below + 26, maps_alt(steps))


def measured_steps(model: nn.Module, input_shape: tuple[int, ...]) -> list[Step]:
    """The input and each new shape on the way, from one run of the model."""
    steps = [Step([], input_shape)]

    def arrived(shape: tuple[int, ...], layer: str) -> None:
        if shape == steps[-1].shape and len(steps) > 1:
            steps[-1].layers.append(layer)
        else:
            steps.append(Step([layer], shape))

    def before(_: nn.Module, inputs: tuple) -> None:
        shape = tuple(inputs[0].shape[1:])
        if shape != steps[-1].shape:  # a function in forward changed it, not a layer
            steps.append(Step([in_forward()], shape))

    def after(layer: nn.Module, _: tuple, output: torch.Tensor) -> None:
        arrived(tuple(output.shape[1:]), layer_name(layer))

    like = next(model.parameters(), torch.zeros(1))
    zeros = torch.zeros(1, *input_shape, device=like.device, dtype=like.dtype)
    modes = {module: module.training for module in model.modules()}
    leaves = [module for module in modes if next(module.children(), None) is None]
    handles = [leaf.register_forward_pre_hook(before) for leaf in leaves]
    handles += [leaf.register_forward_hook(after) for leaf in leaves]
    try:
        with torch.no_grad():
            output = model.eval()(zeros)
    except RuntimeError as error:
        shape = " x ".join(map(str, input_shape))
        reason = str(error).splitlines()[0]
        raise ValueError(f"The model does not take an input of {shape}: {reason}") from None
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    if tuple(output.shape[1:]) != steps[-1].shape:
        steps.append(Step([in_forward()], tuple(output.shape[1:])))
    return steps


def in_forward() -> str:
    """In place of a layer's name, where a function changed the shape."""
    return text("figure.feature_maps.in_forward", "in forward")


def layer_name(layer: nn.Module) -> str:
    """'Conv2d 5×5', 'MaxPool2d 2×2', 'ReLU'."""
    name = type(layer).__name__
    kernel = getattr(layer, "kernel_size", None)
    if kernel is None:
        return name
    sides = kernel if isinstance(kernel, tuple) else (kernel,) * (1 if name.endswith("1d") else 2)
    return f"{name} {'×'.join(map(str, sides))}"


def map_width(shape: tuple[int, ...], scale: float) -> float:
    if len(shape) < 2:
        return 16
    return shape[-1] * scale + (min(shape[0], SHEETS) - 1) * SHEET


def draw_map(draw: Page, shape: tuple[int, ...], scale: float, x: float, middle: float) -> None:
    """One feature map with its middle at (x, middle): sheets for channels, a bar for a vector."""
    blue = draw.hues[1]
    if len(shape) < 2:
        high = LARGEST_MAP if shape and shape[0] > 24 else 24 + 2 * (shape[0] if shape else 1)
        draw.box(x - 8, middle - high / 2, 16, high, fill="#fffdf8", edge=blue, line=2)
        return
    tall, wide = shape[-2] * scale, shape[-1] * scale
    sheets = min(shape[0], SHEETS)
    spread = (sheets - 1) * SHEET
    for sheet in reversed(range(sheets)):
        left = x - (wide + spread) / 2 + sheet * SHEET
        top = middle - (tall - spread) / 2 - sheet * SHEET
        draw.box(left, top, wide, tall, fill="#fffdf8", edge=blue, line=1.5)


def maps_alt(steps: list[Step]) -> str:
    first, *others = (" × ".join(map(str, step.shape)) for step in steps)
    parts = [
        text(
            "figure.feature_maps.step",
            "after {layers} {size}",
            layers=all_of(step.layers),
            size=size,
        )
        for step, size in zip(steps[1:], others, strict=True)
    ]
    return text(
        "figure.feature_maps.alt",
        "Sizes through a model: input {size}; {steps}.",
        size=first,
        steps="; ".join(parts),
    )
