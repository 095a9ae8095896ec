"""Figures of autograd: the graph of an expression, slopes, and descent along a curve.

Taught in notebook 03.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..texts import text
from .drawing import CELL, MARGIN, RAMP, UNUSED, Figure, Page, page, shape_label
from .optimization import Frame, check_count, legend, panels

MOST_NODES = 16
MOST_SHOWN = 3  # elements of a tensor that are written out; of a larger one, its shape
LINE = 19  # pixels, from one line of a box to the next
ACROSS = 46  # pixels, from one column of boxes to the next
DOWN = 22  # pixels, from one box to the next below it
APART_BY = 14  # pixels, between two arrows from one box to another
SLOT = 10  # pixels, the height that an arrow gets where it passes a column
PASSES = 8  # over the columns, to untangle the arrows
POINTS = 161  # of a curve

# What a box is.
LEAF, STEP, APART = "leaf", "step", "apart"


@dataclasses.dataclass(eq=False)
class Node:
    """One box: a tensor that was given, or what one operation made.

    kind: LEAF for a tensor whose gradient is wanted, STEP for an operation that autograd recorded,
    APART for what it did not record. gradient: of the result with respect to this tensor.
    parents: what it was made from, and how often that use was recorded; 0 where it was not.
    """

    name: str
    kind: str
    value: torch.Tensor | None = None
    gradient: torch.Tensor | None = None
    parents: dict[Node, int] = dataclasses.field(default_factory=dict)


class Seen:
    """A tensor as it was at one moment: writing in place gives it other values, another step."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor  # kept, so that no other one gets its id
        self.value = tensor.detach().clone()
        self.step = tensor.grad_fn
        self.wants_gradient = tensor.requires_grad


@dataclasses.dataclass
class Call:
    """One operation: its name, the tensors it was given, and the tensor it gave."""

    name: str
    given: list[Seen]
    made: Seen


class Watcher(TorchFunctionMode):
    """Notes for every operation its name, what it was given, and what it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.__name__ if func.__name__ != "__get__" else func.__self__.__name__
        if isinstance(result, torch.Tensor) and name != "grad":
            given = [Seen(tensor) for tensor in tensors_in([*args, *(kwargs or {}).values()])]
            self.calls.append(Call(name.strip("_"), given, Seen(result)))
        return result


def tensors_in(values: Sequence[Any]) -> list[torch.Tensor]:
    """The tensors among the values, also those in lists and tuples."""
    found: list[torch.Tensor] = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += tensors_in(value)
    return found


def autograd_graph(function: Callable[..., torch.Tensor], **tensors: torch.Tensor) -> Figure:
    """The graph that autograd records for an expression, with what it leaves out.

        figures.autograd_graph(lambda w, b: (w * 3 + b) ** 2, w=w, b=b)

    function: takes the tensors by these names and gives a tensor with one element. Boxes stand in
    the order of the computation, from left to right. Each has its value, or its shape where it has
    more than 3 elements, and the gradient of the result with respect to it. What autograd did not
    record, after `detach` or under `no_grad`, is grey. No `.grad` is changed.
    Raises ValueError if the result is no tensor with one element, or for more than 16 boxes.
    Taught in notebook 03.
    """
    with Watcher() as watcher:
        result = function(**tensors)
    if not isinstance(result, torch.Tensor) or result.numel() != 1:
        what = f"shape {tuple(result.shape)}" if isinstance(result, torch.Tensor) else repr(result)
        raise ValueError(f"autograd_graph() draws expressions with one element, not {what}.")
    last = connected(watcher, result, tensors)
    nodes = all_before(last)
    if len(nodes) > MOST_NODES:
        raise ValueError(
            f"The graph has {len(nodes)} boxes; autograd_graph() draws at most {MOST_NODES}."
        )
    with page() as draw:
        return draw_graph(draw, nodes)


# -- reading the graph -----------------------------------------------------------------------


def connected(watcher: Watcher, result: torch.Tensor, tensors: Mapping[str, torch.Tensor]) -> Node:
    """The node of the result, linked to all that it was computed from."""
    steps = steps_before(result)
    gradients = gradients_of(result, steps)
    # For each tensor the node that made it last, and for each recorded step its node.
    maker: dict[int, Node] = {}
    by_step: dict[Any, Node] = {}

    def node_of(step: Any) -> Node:
        if step not in by_step:
            by_step[step] = Node(name_of(step), STEP, gradient=gradients.get(step))
        return by_step[step]

    def given_node(seen: Seen, name: str = "") -> Node:
        if seen.step in steps:
            # Also where a call has made it: a Function gets its step after its forward.
            node = node_of(seen.step)
            node.name, node.value = name or node.name, seen.value
            maker[id(seen.tensor)] = node
        elif id(seen.tensor) not in maker:
            kind = LEAF if name and seen.wants_gradient else APART
            maker[id(seen.tensor)] = Node(
                name or text("figure.autograd.tensor", "tensor"), kind, seen.value
            )
        return maker[id(seen.tensor)]

    for name, tensor in tensors.items():
        given_node(Seen(tensor), name)
    for step in steps:
        if hasattr(step, "variable"):
            by_step[step] = given_node(Seen(step.variable), text("figure.autograd.leaf", "leaf"))
            by_step[step].gradient = gradients.get(step)
    for call in watcher.calls:
        parents = [given_node(seen) for seen in call.given]
        recorded = call.made.step in steps
        node = node_of(call.made.step) if recorded else Node(call.name, APART)
        node.value = call.made.value
        node.parents.update((parent, 0) for parent in parents if parent is not node)
        maker[id(call.made.tensor)] = node
    for step in steps:
        for before, _ in step.next_functions:
            if before is not None:
                parents_of_step = node_of(step).parents
                parent = node_of(before)
                parents_of_step[parent] = parents_of_step.get(parent, 0) + 1
    last = given_node(Seen(result))
    drop_shortcuts(last)
    return last


def drop_shortcuts(last: Node) -> None:
    """One call can be two steps; then its first input is reached through a step in between."""
    for node in all_before(last):
        recorded = {
            far
            for near, uses in node.parents.items()
            if uses and near.value is None
            for far in near.parents
        }
        for parent in recorded & set(node.parents):
            if not node.parents[parent]:
                del node.parents[parent]


def name_of(step: Any) -> str:
    """'Mul' for a MulBackward0."""
    name: str = step.name().rpartition("::")[2]
    return name.partition("Backward")[0]


def steps_before(result: torch.Tensor) -> list[Any]:
    """The recorded steps behind a tensor, the first ones first."""
    found: dict[Any, None] = {}

    def visit(step: Any) -> None:
        if step is not None and step not in found:
            for before, _ in step.next_functions:
                visit(before)
            found[step] = None

    visit(result.grad_fn)
    return list(found)


def gradients_of(result: torch.Tensor, steps: Sequence[Any]) -> dict[Any, torch.Tensor]:
    """For each recorded step the gradient of the result with respect to what it made."""
    leaves = [step.variable for step in steps if hasattr(step, "variable")]
    if not leaves:
        return {}
    gradients: dict[Any, torch.Tensor] = {}

    def keep(step: Any) -> Callable:
        def hook(arriving: tuple) -> None:
            arrived = [gradient for gradient in arriving if gradient is not None]
            if arrived:
                gradients[step] = arrived[0].detach().clone()

        return hook

    handles = [step.register_prehook(keep(step)) for step in steps if not hasattr(step, "variable")]
    try:
        at_leaves = torch.autograd.grad(result, leaves, retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    for step in steps:
        if hasattr(step, "variable"):
            place = next(i for i, leaf in enumerate(leaves) if leaf is step.variable)
            if at_leaves[place] is not None:
                gradients[step] = at_leaves[place]
    return gradients


def all_before(last: Node) -> list[Node]:
    """The node and all nodes that it was computed from, the first ones first."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for parent in node.parents:
                visit(parent)
            found[node] = None

    visit(last)
    return list(found)


# -- placing and drawing it ------------------------------------------------------------------


@dataclasses.dataclass(eq=False)
class Stop:
    """A place in a column: a node, or, without one, where an arrow passes."""

    node: Node | None
    before: list[Stop] = dataclasses.field(default_factory=list)
    y: float = 0.0  # the middle

    def height(self) -> int:
        return SLOT if self.node is None else box_height(self.node)


def columns_of(nodes: Sequence[Node]) -> tuple[list[list[Stop]], list[tuple[list[Stop], int]]]:
    """The stops of each column, and the arrows as (stops from parent to child, recorded uses)."""
    depth: dict[Node, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth[parent] for parent in node.parents), default=-1)
    for node in reversed(nodes):  # what is given stands right before its first use
        children = [depth[other] for other in nodes if node in other.parents]
        if not node.parents and children:
            depth[node] = min(children) - 1
    columns: list[list[Stop]] = [[] for _ in range(max(depth.values()) + 1)]
    stop_of = {node: Stop(node) for node in nodes}
    for node in nodes:
        columns[depth[node]].append(stop_of[node])
    arrows = []
    for node in nodes:
        for parent, uses in node.parents.items():
            way = [stop_of[parent]]
            for column in range(depth[parent] + 1, depth[node]):
                way.append(Stop(None, [way[-1]]))
                columns[column].append(way[-1])
            way.append(stop_of[node])
            way[-1].before.append(way[-2])
            arrows.append((way, uses))
    return columns, arrows


def place(columns: Sequence[Sequence[Stop]]) -> float:
    """Gives each stop its y; neighbours in a column do not touch. Returns the height of all."""
    after: dict[Stop, list[Stop]] = {}
    for column in columns:
        for stop in column:
            for other in stop.before:
                after.setdefault(other, []).append(stop)
    orders = [list(column) for column in columns]
    for column in orders:
        stack(column)
    for number in range(PASSES):
        forward = number % 2 == 0
        for column in orders if forward else reversed(orders):
            wanted = {}
            for stop in column:
                near = stop.before if forward else after.get(stop, [])
                wanted[stop] = sum(o.y for o in near) / len(near) if near else stop.y
            column.sort(key=lambda stop: wanted[stop])
            settle(column, wanted)
    top = min(stop.y - stop.height() / 2 for column in orders for stop in column)
    for column in orders:
        for stop in column:
            stop.y = round(stop.y - top)
    return max(stop.y + stop.height() / 2 for column in orders for stop in column)


def stack(column: Sequence[Stop]) -> None:
    """One below the other, with their middle at 0."""
    total = sum(stop.height() for stop in column) + DOWN * (len(column) - 1)
    y = -total / 2
    for stop in column:
        stop.y = y + stop.height() / 2
        y += stop.height() + DOWN


def settle(column: Sequence[Stop], wanted: Mapping[Stop, float]) -> None:
    """As near to the wanted places as the heights allow, and in this order."""
    for index, stop in enumerate(column):
        stop.y = wanted[stop]
        if index:
            above = column[index - 1]
            stop.y = max(stop.y, above.y + (above.height() + stop.height()) / 2 + DOWN)
    moved = sum(stop.y - wanted[stop] for stop in column) / len(column)
    for stop in column:
        stop.y -= moved


def lines_of(node: Node) -> list[str]:
    """What stands in a box below its name."""
    value = described(node.value)
    if node.gradient is not None:
        value = value or shape_label(node.gradient.shape)
        return [value, f"grad {described(node.gradient)}"]
    return [line for line in (value,) if line] + (["grad None"] if node.kind == LEAF else [])


def described(tensor: torch.Tensor | None) -> str:
    """'2.5', '[1, 2]', or for a larger one 'shape (2, 3)'."""
    if tensor is None:
        return ""
    if tensor.numel() > MOST_SHOWN or tensor.ndim > 1:
        return shape_label(tensor.shape)
    numbers = [number_of(value) for value in tensor.reshape(-1).tolist()]
    return f"[{', '.join(numbers)}]" if tensor.ndim else numbers[0]


def number_of(value: float) -> str:
    return f"{value + 0.0:.3g}" if isinstance(value, float) else str(value)


def box_height(node: Node) -> int:
    return 18 + LINE * (1 + len(lines_of(node)))


def draw_graph(draw: Page, nodes: Sequence[Node]) -> Figure:
    columns, arrows = columns_of(nodes)
    wide = [
        max((box_width(draw, stop.node) for stop in column if stop.node), default=0)
        for column in columns
    ]
    left = [MARGIN + sum(wide[:i]) + ACROSS * i for i in range(len(columns))]
    high = place(columns)
    column_of = {stop: i for i, column in enumerate(columns) for stop in column}
    for way, uses in arrows:
        points = []
        for stop in way:
            x, y = left[column_of[stop]], MARGIN + stop.y
            if stop is not way[0]:
                points.append((x, y))
            if stop is not way[-1]:
                points.append((x + wide[column_of[stop]], y))
        for use in range(uses):
            down = APART_BY * (use - (uses - 1) / 2)
            spread = [points[0], *((x, y + down) for x, y in points[1:])]
            draw.arrow(spread, colour=draw.ink, line=1.8)
        if not uses:
            draw.line(points, colour=draw.muted, line=1.4, dashed=True)
    for column, x, width in zip(columns, left, wide, strict=True):
        for stop in column:
            if stop.node:
                draw_node(draw, stop.node, x, MARGIN + stop.y - stop.height() / 2, width)
    right = left[-1] + wide[-1]
    bottom, key_end = draw_key(draw, nodes, MARGIN + high + 30)
    return draw.finish(max(right, key_end) + MARGIN, bottom + MARGIN - 6, graph_alt(nodes))


def box_width(draw: Page, node: Node) -> float:
    words = [draw.width_of(line, size=13, bold=True) for line in lines_of(node)]
    return round(max(draw.width_of(node.name, bold=True, code=True), *words, 44) + 20)


FILLS = {LEAF: RAMP[1], STEP: CELL, APART: UNUSED}


def draw_node(draw: Page, node: Node, x: float, y: float, width: float) -> None:
    apart = node.kind == APART
    edge = draw.muted if apart else draw.ink
    draw.box(
        x, y, width, box_height(node), fill=FILLS[node.kind], edge=edge, radius=6, dashed=apart
    )
    middle, line = x + width / 2, y + 9 + LINE / 2
    colour = draw.muted if apart else draw.ink
    draw.text(middle, line, node.name, bold=True, code=True, ha="center", colour=colour)
    for words in lines_of(node):
        line += LINE
        shade = draw.ink if node.kind == LEAF else draw.hues[0]
        is_grad = words.startswith("grad")
        draw.text(
            middle, line, words, size=13, ha="center", bold=is_grad,
            colour=shade if is_grad else colour,
        )  # fmt: skip


def draw_key(draw: Page, nodes: Sequence[Node], y: float) -> tuple[float, float]:
    """What the colours mean. Returns where it ends: (y, x)."""
    words = {
        LEAF: text("figure.autograd.key_leaf", "leaf that requires grad"),
        STEP: text("figure.autograd.key_step", "step on record"),
        APART: text("figure.autograd.key_apart", "not reached"),
    }
    x, end = float(MARGIN), 0.0
    for kind, meaning in words.items():
        if any(node.kind == kind for node in nodes):
            dashed = kind == APART
            draw.box(x, y - 7, 14, 14, fill=FILLS[kind], edge=draw.muted, dashed=dashed, radius=3)
            draw.text(x + 22, y, meaning, size=13)
            end = x + 22 + draw.width_of(meaning, size=13)
            x = end + 24
    return y + 8, end


def graph_alt(nodes: Sequence[Node]) -> str:
    """In words: the operations in order, the gradients, and what was left out."""
    steps = ", ".join(node.name for node in nodes if node.kind == STEP)
    none = text("figure.autograd.no_gradient", "no gradient")
    leaves = [
        f"{node.name} {none if node.gradient is None else described(node.gradient)}"
        for node in nodes
        if node.kind == LEAF
    ]
    apart = [node.name for node in nodes if node.kind == APART]
    if steps:
        alt = text("figure.autograd.alt", "A graph, from left to right: {steps}.", steps=steps)
    else:
        alt = text(
            "figure.autograd.alt_no_step", "A graph, from left to right: no step is recorded."
        )
    if leaves:
        alt += " " + text(
            "figure.autograd.alt_leaves",
            "Gradients at the leaves: {leaves}.",
            leaves="; ".join(leaves),
        )
    if apart:
        alt += " " + text(
            "figure.autograd.alt_apart", "Not recorded: {names}.", names=", ".join(apart)
        )
    return alt


# -- curves ----------------------------------------------------------------------------------

Curve = Callable[[torch.Tensor], torch.Tensor]


def curve_points(function: str, curve: Curve, across: tuple[float, float]) -> torch.Tensor:
    """Points of the curve, shape (points, 2), float64."""
    x = torch.linspace(*across, POINTS, dtype=torch.float64)
    y = curve(x).detach()
    if y.shape != x.shape or not y.isfinite().all():
        raise ValueError(
            f"{function}() draws a curve with one finite height for each place; "
            f"{POINTS} places gave shape {tuple(y.shape)}."
        )
    return torch.stack([x, y], dim=1)


def curve_frame(points: torch.Tensor, box: tuple[float, float, float, float]) -> Frame:
    """The part of the page that shows the points, with a little room above and below."""
    low, high = points[:, 1].min().item(), points[:, 1].max().item()
    room = 0.06 * (high - low or 1.0)
    return Frame(box, (points[0, 0].item(), points[-1, 0].item()), (low - room, high + room))


def draw_curve(draw: Page, frame: Frame, points: torch.Tensor) -> None:
    frame.draw_scales(draw)
    draw.line([frame.place(*point) for point in points.tolist()], colour=draw.hues[1], line=2.5)


def dot(draw: Page, place: tuple[float, float], radius: float, *, fill: str, edge: str) -> None:
    """As in `optimization`, but over the curve."""
    (x, y), size = place, 2 * radius
    draw.box(
        x - radius, y - radius, size, size, fill=fill, edge=edge, line=2, radius=radius, over=True
    )


def tangents(
    curve: Curve, places: Sequence[float], across: tuple[float, float] = (-2.0, 2.0)
) -> Figure:
    """A curve with its tangent at each place, a panel for each: the gradient is the slope.

    curve: gives a height for each place: a tensor of shape (points,) to one of that shape.
    places: where to draw a tangent. The slope comes from autograd. across: the part drawn.
    Raises ValueError for no places or more than 12, and for a curve with gaps.
    Taught in notebook 03.
    """
    check_count("tangents", places, "places")
    points = curve_points("tangents", curve, across)
    wide, high = 216, 150
    told = []
    with page() as draw:
        corners = panels(len(places), 3, wide + 34, high + 46)
        for at, (left, top) in zip(places, corners, strict=True):
            x = torch.tensor(float(at), dtype=torch.float64, requires_grad=True)
            y = curve(x)
            (slope,) = torch.autograd.grad(y, x)
            frame = curve_frame(points, (left + 34, top + 28, wide, high))
            where, steep = number_of(float(at)), number_of(slope.item())
            words = text("figure.tangents.title", "x = {x}, slope {slope}", x=where, slope=steep)
            draw.text(frame.x, top + 10, words, bold=True)
            draw_curve(draw, frame, points)
            ends = tangent_ends(float(at), y.item(), slope.item(), frame)
            draw.line([frame.place(*end) for end in ends], colour=draw.hues[0], line=2.5)
            dot(draw, frame.place(float(at), y.item()), 5, fill=draw.hues[0], edge=CELL)
            told.append(text("figure.tangents.slope", "{slope} at {x}", slope=steep, x=where))
        bottom = corners[-1][1] + high + 46 + 22
        entries = {
            text("figure.tangents.curve", "curve"): (1, False),
            text("figure.tangents.tangent", "tangent"): (0, False),
        }
        legend(draw, MARGIN + 34, bottom, entries)
        right = max(left for left, _ in corners) + 34 + wide
        alt = text(
            "figure.tangents.alt",
            "One curve with its tangent at {count} places. The slopes: {slopes}.",
            count=len(places),
            slopes=", ".join(told),
        )
        return draw.finish(max(right, MARGIN + 260) + MARGIN, bottom + MARGIN, alt)


def tangent_ends(
    x: float, y: float, slope: float, frame: Frame
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the tangent leaves the frame, or after a third of its width on each side."""
    reach = (frame.across[1] - frame.across[0]) / 3
    ends = []
    for side in (-1, 1):
        step = min(reach, frame.across[1] - x) if side > 0 else min(reach, x - frame.across[0])
        rise = side * slope
        if rise > 0:
            step = min(step, (frame.up[1] - y) / rise)
        elif rise < 0:
            step = min(step, (y - frame.up[0]) / -rise)
        ends.append((x + side * step, y + side * step * slope))
    return ends[0], ends[1]


def curve_descent(
    curve: Curve, paths: Mapping[str, Sequence[float]], across: tuple[float, float] = (-2.0, 2.0)
) -> Figure:
    """Gradient descent along a curve, a panel for each path: where it starts, and where it ends.

    A ring marks the start, small dots the steps, a large dot the end. A step beyond the part that
    is drawn stands at its edge.

    curve: gives a height for each place: a tensor of shape (points,) to one of that shape.
    paths: for each name the places, in order. across: the part drawn.
    Raises ValueError for no paths or more than 12, one without places, and a curve with gaps.
    Taught in notebook 03.
    """
    check_count("curve_descent", paths, "paths")
    for name, xs in paths.items():
        if not len(xs):
            raise ValueError(f"The path {name!r} has no places.")
    points = curve_points("curve_descent", curve, across)
    wide, high = 200, 140
    told = []
    with page() as draw:
        corners = panels(len(paths), 3, wide + 34, high + 46)
        for (name, xs), (left, top) in zip(paths.items(), corners, strict=True):
            frame = curve_frame(points, (left + 34, top + 28, wide, high))
            draw.text(frame.x, top + 10, name, bold=True)
            draw_curve(draw, frame, points)
            places = [min(max(float(x), across[0]), across[1]) for x in xs]
            heights = curve(torch.tensor(places, dtype=torch.float64)).tolist()
            way = [frame.place(*p) for p in zip(places, heights, strict=True)]
            draw.line(way, colour=draw.hues[0], line=1.2)
            for point in way[1:-1]:
                dot(draw, point, 2.5, fill=draw.hues[0], edge=draw.hues[0])
            dot(draw, way[0], 5, fill=CELL, edge=draw.hues[0])
            dot(draw, way[-1], 5.5, fill=draw.hues[0], edge=CELL)
            told.append(
                text(
                    "figure.curve_descent.path",
                    "{name} from {start} to {end}",
                    name=name,
                    start=number_of(float(xs[0])),
                    end=number_of(float(xs[-1])),
                )
            )
        bottom = corners[-1][1] + high + 46 + 18
        key = text("figure.curve_descent.key", "ring: start    small dots: steps    large dot: end")
        draw.text(MARGIN + 34, bottom, key, size=13, colour=draw.muted)
        right = max(left for left, _ in corners) + 34 + wide
        right = max(right, MARGIN + 34 + draw.width_of(key, size=13))
        alt = text(
            "figure.curve_descent.alt",
            "Descent along one curve, {count} times: {paths}.",
            count=len(paths),
            paths=", ".join(told),
        )
        return draw.finish(right + MARGIN, bottom + MARGIN, alt)
