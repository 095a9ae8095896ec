"""Figures of indexing: which cells are read or written, stretched or picked, and which axes meet.

Taught in notebook 02.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..texts import all_of, counted, text
from .drawing import CELL, MARGIN, UNUSED, Figure, Page, page, ramp, shape_label
from .views import word_of

SIDE = 34  # pixels, a cell
LOW = 24  # pixels, the height of a cell that holds an index
APART = 34  # pixels between two parts of a picture
ARROWS = 58  # pixels, the height of the space for arrows
HEAD = 52  # pixels over a grid, for its name and shape
MOST = 8  # cells each way

Fill = str | tuple[float, float, float]
Fills = list[list[Fill]]
Part = tuple[str, torch.Tensor, Fills]


def gathered(x: torch.Tensor, dim: int, index: torch.Tensor, name: str = "x") -> Figure:
    """What `x.gather(dim, index)` reads: an arrow from each cell that is read to its result.

        figures.gathered(x, 1, torch.tensor([[2, 0], [3, 3]]))

    Above the three tensors, below one line along `dim` after the other: an arrow never leaves its
    line. Cells that nobody reads are grey. x, index: 1 or 2 dimensions, at most 8 each way.
    Raises ValueError if there is more to draw, or gather refuses. name: what to call x.
    Taught in notebook 02.
    """
    dim = _checked({name: x, "index": index}, dim, "gathered()")
    try:
        result = x.gather(dim, index)
    except RuntimeError as error:
        raise ValueError(_refused("gather", error)) from error
    lines = _lines(x, dim), _lines(index, dim), _lines(result, dim)
    kind = "row" if x.dim() == 2 and dim == 1 else "column" if x.dim() == 2 else ""
    title = f"{name}.gather({dim}, index)"
    with page() as draw:
        side = _width(draw, x, index, result)
        colours = ramp(len(lines[0]))
        reads: list[set[int]] = [set(line) for line in lines[1]] + [set()] * (
            len(lines[0]) - len(lines[1])
        )
        fills_x: Fills = [
            [colours[i] if j in reads[i] else UNUSED for j in range(len(line))]
            for i, line in enumerate(lines[0])
        ]
        fills: Fills = [[colours[i]] * len(line) for i, line in enumerate(lines[2])]
        parts: list[Part] = [
            (name, x, fills_x),
            ("index", index, _plain(lines[1])),
            (title, result, fills),
        ]
        right, y = _three(draw, parts, side, dim)

        made = text("figure.result", "result")
        gutter = MARGIN + max(draw.width_of(word, size=13) for word in (name, made, "index"))
        left, y, end = gutter + 14, y + (APART if kind else 16), y
        for i, line in enumerate(lines[0]):
            wide = side * max(len(line), *(len(one) for one in lines[1]))
            if kind:
                draw.text(left, y, _line_label(kind, i), size=13, bold=True)
            top = y + 16
            _row(draw, left, top, _words(line), fills_x[i], wide=side)
            below = top + SIDE + ARROWS
            for k, place in enumerate(lines[1][i] if i < len(lines[1]) else []):
                start = left + (place + 0.5) * side, top + SIDE + 3
                stop = left + (k + 0.5) * side, below - 3
                draw.arrow([start, stop], colour=draw.hues[k % len(draw.hues)])
            if i < len(lines[1]):
                _row(draw, left, below, _words(lines[2][i]), fills[i], wide=side)
                _row(draw, left, below + SIDE + 3, _words(lines[1][i]), high=LOW, wide=side)
            end = below + SIDE + 3 + LOW
            right, left = max(right, left + wide), left + wide + APART
        for word, middle in ((name, SIDE / 2), (made, 1.5 * SIDE + ARROWS)):
            draw.text(gutter, y + 16 + middle, word, size=13, colour=draw.muted, ha="right")
        draw.text(gutter, end - LOW / 2, "index", size=13, colour=draw.muted, ha="right")
        alt = text(
            "figure.gathered.alt",
            "{call} of shape {shape}: {name} is {x}, index is {index}, the result is {result}.",
            call=title,
            shape=tuple(result.shape),
            name=name,
            x=x.tolist(),
            index=index.tolist(),
            result=result.tolist(),
        )
        places = _places(lines[1], kind)
        if kind:
            alt += " " + text(
                "figure.gathered.moves_in_lines",
                "The arrows lead from these places {places}.",
                places=places,
            )
        else:
            alt += " " + text(
                "figure.gathered.moves",
                "The arrows lead from these places: {places}.",
                places=places,
            )
        return draw.finish(right + MARGIN, end + MARGIN, alt)


def scattered(
    target: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    source: torch.Tensor,
    *,
    add: bool = False,
    name: str = "target",
) -> Figure:
    """Where `target.scatter(dim, index, source)` writes: an arrow from each cell to its place.

        figures.scattered(torch.zeros(2, 3), 1, index, source)
        figures.scattered(torch.zeros(4), 0, index, source, add=True)  # scatter_add

    Below, the lines along `dim`: an arrow never leaves its line. Cells that nobody writes to are
    grey and keep what was there. All of 1 or 2 dimensions, at most 8 each way, source as large as
    index. name: what to call the target.
    Raises ValueError if there is more to draw, or scatter refuses.
    Taught in notebook 02.
    """
    dim = _checked({name: target, "index": index, "source": source}, dim, "scattered()")
    if source.shape != index.shape:
        raise ValueError(
            f"source has shape {tuple(source.shape)} and index {tuple(index.shape)}; "
            "scattered() draws one arrow for each cell of both."
        )
    what = "scatter_add" if add else "scatter"
    try:
        result = getattr(target, what)(dim, index, source)
    except RuntimeError as error:
        raise ValueError(_refused(what, error)) from error
    lines = _lines(source, dim), _lines(index, dim), _lines(result, dim)
    kind = "row" if target.dim() == 2 and dim == 1 else "column" if target.dim() == 2 else ""
    title = f"{name}.{what}({dim}, index, source)"
    with page() as draw:
        side = _width(draw, index, source, result)
        colours = ramp(len(lines[2]))
        writes: list[set[int]] = [set(line) for line in lines[1]] + [set()] * (
            len(lines[2]) - len(lines[1])
        )
        fills_source: Fills = [[colours[i]] * len(line) for i, line in enumerate(lines[0])]
        fills: Fills = [
            [colours[i] if j in writes[i] else UNUSED for j in range(len(line))]
            for i, line in enumerate(lines[2])
        ]
        parts: list[Part] = [
            ("index", index, _plain(lines[1])),
            ("source", source, fills_source),
            (title, result, fills),
        ]
        right, y = _three(draw, parts, side, dim)

        made = text("figure.result", "result")
        gutter = MARGIN + max(draw.width_of(word, size=13) for word in ("source", made))
        left, y, end = gutter + 14, y + (APART if kind else 16), y
        for i, line in enumerate(lines[2]):
            wide = side * max(len(line), *(len(one) for one in lines[1]))
            if kind:
                draw.text(left, y, _line_label(kind, i), size=13, bold=True)
            top = y + 16 + LOW + 3
            below = top + SIDE + ARROWS
            if i < len(lines[1]):
                _row(draw, left, y + 16, _words(lines[1][i]), high=LOW, wide=side)
                _row(draw, left, top, _words(lines[0][i]), fills_source[i], wide=side)
            for k, place in enumerate(lines[1][i] if i < len(lines[1]) else []):
                start = left + (k + 0.5) * side, top + SIDE + 3
                stop = left + (place + 0.5) * side, below - 3
                draw.arrow([start, stop], colour=draw.hues[k % len(draw.hues)])
            _row(draw, left, below, _words(line), fills[i], wide=side)
            end = below + SIDE
            right, left = max(right, left + wide), left + wide + APART
        for word, middle in (("index", LOW / 2), ("source", LOW + 3 + SIDE / 2)):
            draw.text(gutter, y + 16 + middle, word, size=13, colour=draw.muted, ha="right")
        draw.text(gutter, end - SIDE / 2, made, size=13, colour=draw.muted, ha="right")
        alt = text(
            "figure.scattered.alt",
            "{call} of shape {shape}: index is {index}, source is {source}, the result is "
            "{result}.",
            call=title,
            shape=tuple(result.shape),
            index=index.tolist(),
            source=source.tolist(),
            result=result.tolist(),
        )
        places = _places(lines[1], kind)
        if kind:
            alt += " " + text(
                "figure.scattered.moves_in_lines",
                "The arrows lead to these places {places}.",
                places=places,
            )
        else:
            alt += " " + text(
                "figure.scattered.moves",
                "The arrows lead to these places: {places}.",
                places=places,
            )
        return draw.finish(right + MARGIN, end + MARGIN, alt)


def broadcast(
    a: torch.Tensor, b: torch.Tensor, sign: str = "+", names: Sequence[str] = ("a", "b")
) -> Figure:
    """Two tensors stretched to one shape: real cells are filled, ghost cells are not stored.

        figures.broadcast(column, row)
        figures.broadcast(prices, counts, "*", names=["prices", "counts"])

    a, b: 0 to 2 dimensions, at most 8 each way once stretched. sign: one of + - *.
    Raises ValueError if they cannot be broadcast, or there is more to draw.
    Taught in notebook 02.
    """
    named = dict(zip(names, (a, b), strict=True))
    _checked(named, None, "broadcast()")
    compute = {"+": "add", "-": "sub", "*": "mul"}
    if sign not in compute:
        raise ValueError(f"broadcast() draws the signs + - *, not {sign!r}.")
    try:
        shape = torch.broadcast_shapes(a.shape, b.shape)
    except RuntimeError as error:
        raise ValueError(
            f"The shapes {tuple(a.shape)} and {tuple(b.shape)} cannot be broadcast together."
        ) from error
    if max(shape, default=1) > MOST or 0 in shape:
        raise ValueError(f"The result has shape {tuple(shape)}; broadcast() draws 1 to {MOST}.")
    result: torch.Tensor = getattr(torch, compute[sign])(a, b)
    with page() as draw:
        hues = ramp(5)
        fills = dict(zip(named, (hues[1], hues[3]), strict=True))
        x, end, stretched = float(MARGIN), 0.0, []
        for place, (name, tensor) in enumerate({**named, "result": result}.items()):
            view = tensor.expand(shape)
            table = _table(view)
            side = _width(draw, tensor)
            heads = [shape_label(tensor.shape)]
            if name in named:
                stride = view.stride()
                heads.append(
                    text("figure.broadcast.stride", "seen with stride {stride}", stride=stride)
                )
                stretched.append(
                    text(
                        "figure.broadcast.operand",
                        "{name} of shape {shape}, stride {stride}",
                        name=name,
                        shape=tuple(tensor.shape),
                        stride=stride,
                    )
                )
            if place:
                middle = MARGIN + HEAD + 20 + len(table) * SIDE / 2
                mark = sign.replace("-", "\N{MINUS SIGN}").replace("*", "\N{MULTIPLICATION SIGN}")
                draw.text(x, middle, (mark, "=")[place - 1], size=22, bold=True, ha="center")
                x += APART
            title = f"{names[0]} {sign} {names[1]}" if name == "result" else name
            draw.text(x, MARGIN + 6, title, bold=True, code=True)
            for place_below, head in enumerate(heads):
                draw.text(x, MARGIN + 28 + 19 * place_below, head, size=13, colour=draw.muted)
            real = [1 if view.stride(d) == 0 else view.shape[d] for d in range(view.dim())]
            rows, columns = [1, 1, *real][-2:]
            for i, line in enumerate(table):
                for j, number in enumerate(line):
                    at = x + j * side, MARGIN + HEAD + 20 + i * SIDE
                    word = word_of(number)
                    if name == "result" or (i < rows and j < columns):
                        draw.cell(*at, side, SIDE, word, fill=fills.get(name, CELL))
                    else:
                        _ghost(draw, *at, side, word)
            end = MARGIN + HEAD + 20 + len(table) * SIDE
            heads_wide = [draw.width_of(head, size=13) for head in heads]
            wide = max(*heads_wide, draw.width_of(title, bold=True, code=True))
            x += max(len(table[0]) * side, wide) + APART
        alt = text(
            "figure.broadcast.alt",
            "{operands} are stretched to shape {shape}; where a stride is 0, only the first cell "
            "along that dimension is stored and the others are drawn dashed. The result of {sign} "
            "is {result}.",
            operands=all_of(stretched),
            shape=tuple(shape),
            sign=sign,
            result=result.tolist(),
        )
        return draw.finish(x - APART + MARGIN, end + MARGIN, alt)


def masked(x: torch.Tensor, mask: torch.Tensor, name: str = "x") -> Figure:
    """What `x[mask]` picks: the cells where the mask is True, in reading order.

        figures.masked(x, x > 5)
        figures.masked(x, x[:, 0] > 3)  # a mask of rows

    x: 1 or 2 dimensions, at most 8 each way. mask: bool, of x's shape or of its first dimension.
    Raises ValueError if there is more to draw, or the mask does not fit.
    Taught in notebook 02.
    """
    _checked({name: x}, 0, "masked()")
    if mask.dtype != torch.bool or mask.shape not in (x.shape, x.shape[:1]):
        raise ValueError(
            f"The mask has shape {tuple(mask.shape)} and dtype {mask.dtype}; {name} of shape "
            f"{tuple(x.shape)} needs a bool mask of its shape, or of its first dimension."
        )
    result = x[mask]
    with page() as draw:
        side = _width(draw, x)
        whole = mask.reshape(*mask.shape, *[1] * (x.dim() - mask.dim())).expand(x.shape)
        order = iter(ramp(int(whole.sum())))
        fills: Fills = [[next(order) if real else UNUSED for real in row] for row in _table(whole)]
        picked = [fill for row in fills for fill in row if fill != UNUSED]
        of_rows = mask.dim() < x.dim()
        drawn_mask = mask[:, None] if of_rows else mask
        of_each: Fills = [[CELL if row[0] != UNUSED else UNUSED] for row in fills]
        columns = max(1, x.shape[1] if result.dim() == 2 else len(picked))
        fills_result = [picked[i : i + columns] for i in range(0, len(picked), columns)]
        parts: list[Part] = [(name, x, fills), ("mask", drawn_mask, of_each if of_rows else fills)]
        right, y = _three(draw, parts, side, 1, shapes={"mask": mask.shape})
        y += APART - 12
        draw.text(MARGIN, y, f"{name}[mask]", bold=True, code=True)
        at = MARGIN + draw.width_of(f"{name}[mask]", bold=True, code=True) + 12
        shape = shape_label(result.shape)
        draw.text(at, y, shape, size=13, colour=draw.muted)
        words = [[word_of(n) for n in line] for line in _table(result)] if picked else []
        for line, (row, line_fills) in enumerate(zip(words, fills_result, strict=True)):
            _row(draw, MARGIN, y + 16 + line * SIDE, row, line_fills, wide=side)
        if not picked:
            nothing = text("figure.no_elements", "no elements")
            draw.text(MARGIN, y + 30, nothing, size=13, colour=draw.muted)
        end = y + 16 + SIDE * max(1, len(words))
        wide = max((side * len(row) for row in words), default=0)
        right = max(right, MARGIN + wide, at + draw.width_of(shape, size=13))
        alt = text(
            "figure.masked.alt",
            "{name} of shape {shape} is {x}, and a mask of shape {mask_shape} is True at {true} of "
            "{places} places. {name}[mask] has shape {result_shape} and is {result}.",
            name=name,
            shape=tuple(x.shape),
            x=x.tolist(),
            mask_shape=tuple(mask.shape),
            true=int(mask.sum()),
            places=mask.numel(),
            result_shape=tuple(result.shape),
            result=result.tolist(),
        )
        return draw.finish(right + MARGIN, end + MARGIN, alt)


def einsum_axes(equation: str, *tensors: torch.Tensor, names: Sequence[str] = ()) -> Figure:
    """The axes of `torch.einsum(equation, *tensors)`: which stay, and which meet and are summed.

        figures.einsum_axes("ij,jk->ik", a, b, names=["a", "b"])

    equation: with an arrow, letters only. tensors: 1 to 4, as many dimensions as letters, no
    size-1 dimension stretched. names: what to call them.
    Raises ValueError if the equation has no arrow, or einsum refuses.
    Taught in notebook 02.
    """
    before, arrow, kept = equation.replace(" ", "").partition("->")
    axes = before.split(",")
    if not arrow or not (before + kept).replace(",", "").isalpha():
        raise ValueError(f"einsum_axes() draws letters and an arrow, not {equation!r}.")
    if not 1 <= len(tensors) <= 4:
        raise ValueError(f"einsum_axes() draws 1 to 4 tensors, not {len(tensors)}.")
    try:
        result = torch.einsum(equation, *tensors)
    except (RuntimeError, ValueError) as error:
        raise ValueError(_refused("einsum", error)) from error
    size = {
        letter: tensor.shape[d]
        for letters, tensor in zip(axes, tensors, strict=True)
        for d, letter in enumerate(letters)
    }
    summed = [letter for letter in size if letter not in kept]
    names = list(names) or [
        text("figure.einsum_axes.tensor", "tensor {number}", number=number)
        for number in range(1, 1 + len(tensors))
    ]
    made = text("figure.result", "result")
    gone = text("figure.einsum_axes.summed", "summed")
    with page() as draw:
        hue = {letter: draw.hues[i % len(draw.hues)] for i, letter in enumerate(size)}
        top, bottom = MARGIN + 26, MARGIN + 150
        starts, x = [], float(MARGIN)
        for name, letters, tensor in zip(names, axes, tensors, strict=True):
            starts += _axes(draw, x, top, name, letters, tuple(tensor.shape), hue)
            x += _axes_width(draw, name, letters) + APART
        ends: dict[str, tuple[float, float]] = {}
        right, x = x - APART, float(MARGIN)
        stops = _axes(draw, x, bottom, made, kept, tuple(result.shape), hue, below=True)
        ends.update((letter, (at, bottom)) for letter, at, _ in stops)
        x += _axes_width(draw, made, kept) + APART
        if summed:
            sizes = tuple(size[letter] for letter in summed)
            letters = "".join(summed)
            stops = _axes(draw, x, bottom, gone, letters, sizes, hue, below=True, dashed=True)
            ends.update((letter, (at, bottom)) for letter, at, _ in stops)
            x += _axes_width(draw, gone, letters) + APART
        for letter, at, y in starts:
            x1, y1 = ends[letter]
            draw.arrow([(at, y + AXIS + 4), (x1, y1 - 4)], colour=hue[letter])
        no_axes = text("figure.einsum_axes.no_axes", "none")
        places = ", ".join(
            text(
                "figure.einsum_axes.operand",
                "{name} has the axes {axes}",
                name=name,
                axes=" ".join(letters) or no_axes,
            )
            for name, letters in zip(names, axes, strict=True)
        )
        alt = text(
            "figure.einsum_axes.alt",
            "torch.einsum({equation!r}): {operands}. The result has shape {shape} and the axes "
            "{axes}; summed away: {summed}.",
            equation=equation,
            operands=places,
            shape=tuple(result.shape),
            axes=" ".join(kept) or no_axes,
            summed=" ".join(summed) or text("figure.einsum_axes.nothing_summed", "nothing"),
        )
        return draw.finish(max(right, x - APART) + MARGIN, bottom + AXIS + 26 + MARGIN, alt)


AXIS = 46  # pixels, the box of one axis


def _axes(
    draw: Page,
    x: float,
    y: float,
    name: str,
    letters: str,
    shape: tuple[int, ...],
    hue: dict[str, str],
    *,
    below: bool = False,
    dashed: bool = False,
) -> list[tuple[str, float, float]]:
    """A tensor as a row of its axes, each a box with a letter and a size. Gives their middles.

    below: its name stands under it, where no arrow arrives.
    """
    draw.text(x, y + AXIS + 18 if below else y - 16, name, bold=True)
    found = []
    for d, letter in enumerate(letters):
        left = x + d * (AXIS + 4)
        draw.box(left, y, AXIS, AXIS, fill=CELL, edge=hue[letter], line=2, radius=5, dashed=dashed)
        draw.text(left + AXIS / 2, y + 17, letter, size=17, bold=True, code=True, ha="center")
        draw.text(left + AXIS / 2, y + 36, str(shape[d]), size=12, colour=draw.muted, ha="center")
        found.append((letter, left + AXIS / 2, y))
    if not letters:
        draw.text(x, y + AXIS / 2, _one_number(), size=13, colour=draw.muted)
    return found


def _axes_width(draw: Page, name: str, letters: str) -> float:
    words = max(draw.width_of(name, bold=True), 0 if letters else draw.width_of(_one_number()))
    return max(words, len(letters) * (AXIS + 4) - 4)


def _one_number() -> str:
    return text("figure.einsum_axes.one_number", "one number")


def _three(
    draw: Page,
    parts: Sequence[Part],
    side: float,
    dim: int,
    shapes: dict[str, torch.Size] | None = None,
) -> tuple[float, float]:
    """Tensors side by side under their names and shapes. Gives the right and the lower end.

    fills: by lines along `dim`. side: the width of a cell.
    """
    x, right, end = float(MARGIN), 0.0, 0.0
    for name, tensor, fills in parts:
        shape = shape_label((shapes or {}).get(name, tensor.shape))
        draw.text(x, MARGIN + 6, name, bold=True, code=True)
        draw.text(x, MARGIN + 28, shape, size=13, colour=draw.muted)
        table = _table(tensor)
        if tensor.dim() == 2 and dim == 0:
            fills = [list(row) for row in zip(*fills, strict=True)]
        for i, (line, line_fills) in enumerate(zip(table, fills, strict=True)):
            _row(draw, x, MARGIN + 42 + i * SIDE, _words(line), line_fills, wide=side)
        wide = max(
            side * len(table[0]) if table else 0,
            draw.width_of(name, bold=True, code=True),
            draw.width_of(shape, size=13),
        )
        right, x = x + wide, x + wide + APART
        end = max(end, MARGIN + 42 + SIDE * len(table))
    return right, end


def _row(
    draw: Page,
    x: float,
    y: float,
    words: Sequence[str],
    fills: Sequence[Fill] | None = None,
    high: float = SIDE,
    wide: float = SIDE,
) -> None:
    """A row of cells; without fills, those of an index."""
    for i, word in enumerate(words):
        fill = fills[i] if fills else CELL
        colour = draw.muted if fill == UNUSED or not fills else None
        size = 14 if high == SIDE else 12
        draw.cell(x + i * wide, y, wide, high, word, fill=fill, colour=colour, size=size)


def _width(draw: Page, *tensors: torch.Tensor) -> float:
    """How wide a cell has to be for all numbers of these tensors."""
    words = [word for tensor in tensors for line in _table(tensor) for word in _words(line)]
    return max(SIDE, *(draw.width_of(word) + 10 for word in words))


def _ghost(draw: Page, x: float, y: float, wide: float, word: str) -> None:
    """A cell that can be seen and is not stored."""
    draw.box(x + 3, y + 3, wide - 6, SIDE - 6, edge=draw.muted, line=1, radius=3, dashed=True)
    middle = x + wide / 2, y + SIDE / 2
    draw.text(*middle, word, size=13, colour=draw.muted, ha="center")


def _table(tensor: torch.Tensor) -> list[list[bool | int | float]]:
    """The numbers of a tensor of 0 to 2 dimensions, row by row."""
    return tensor.reshape(-1, tensor.shape[-1] if tensor.dim() else 1).tolist()


def _lines(tensor: torch.Tensor, dim: int) -> list[list[int]]:
    """The numbers along `dim`: rows for the last dimension, columns for the first of two."""
    return _table(tensor if tensor.dim() < 2 or dim == 1 else tensor.t())  # type: ignore[return-value]


def _words(numbers: Sequence[bool | int | float]) -> list[str]:
    return [word_of(number) for number in numbers]


def _plain(lines: Sequence[Sequence[int]]) -> Fills:
    return [[CELL] * len(line) for line in lines]


def _line_label(kind: str, number: int) -> str:
    """'row 0' or 'column 0'."""
    if kind == "row":
        return text("figure.line.row", "row {number}", number=number)
    return text("figure.line.column", "column {number}", number=number)


def _places(lines: Sequence[Sequence[int]], kind: str) -> str:
    """'in row 0: 2, 0; in row 1: 3, 3', or the numbers alone where there is one line."""
    told = []
    for i, line in enumerate(lines):
        listed = ", ".join(map(str, line))
        if kind:
            listed = text(
                "figure.line.places",
                "in {line}: {places}",
                line=_line_label(kind, i),
                places=listed,
            )
        told.append(listed)
    return "; ".join(told)


def _refused(what: str, error: Exception) -> str:
    """One sentence for what torch does not do."""
    return f"{what} refuses: {str(error).splitlines()[0].rstrip('.')}."


def _checked(named: dict[str, torch.Tensor], dim: int | None, caller: str) -> int:
    """The dimension counted from the front; ValueError where a tensor cannot be drawn."""
    for name, tensor in named.items():
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"{name} is a {type(tensor).__name__}; {caller} draws tensors.")
        fewest = 0 if dim is None else 1
        if not fewest <= tensor.dim() <= 2 or not all(1 <= n <= MOST for n in tensor.shape):
            raise ValueError(
                f"{name} has shape {tuple(tensor.shape)}; {caller} draws {fewest} to 2 dimensions "
                f"of 1 to {MOST} cells."
            )
    dims = next(iter(named.values())).dim()
    if dim is None:
        return 0
    if not -dims <= dim < dims:
        raise ValueError(f"dim={dim} does not exist; there are {counted(dims, 'dimension')}.")
    return dim % dims
