"""Figures of views: several tensors over one storage.

Taught in notebook 01.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from .drawing import EDGE, UNUSED, Figure, Page, page

MOST_CELLS = 24
MARGIN = 24
GRID_CELL = 30  # pixels, a cell of a tensor
STRIP_CELL = 36  # pixels, the height of a cell of the storage
LOWEST_HOP, NEXT_HOP = 18, 24  # pixels, how high the arcs over the strip rise


def storage(views: Mapping[str, torch.Tensor] | None = None, /, **tensors: torch.Tensor) -> Figure:
    """Several tensors over the one storage that they share: what shape, stride and offset do.

    On the left each tensor as a grid, on the right the storage, once for each tensor. A number
    keeps its colour everywhere; cells that a tensor does not use are grey. An arc over the
    storage is one step along one dimension, and the same arc is drawn over the grid.

        figures.storage({"x": x, "x.t()": x.t(), "x[:, 1]": x[:, 1]})
        figures.storage(x=x, transposed=x.t())

    views, tensors: names and tensors of 0 to 3 dimensions and one dtype, on any device.
    Raises ValueError if they do not share one storage, or if there is too much to draw (a
    storage of more than 24 elements, a tensor of more than 24 elements or 3 dimensions).
    Taught in notebook 01.
    """
    named = dict(views or {}, **tensors)
    memory = shared_storage(named)
    with page() as draw:
        colours = draw.ramp(len(memory))
        words = [text_of(value) for value in memory.tolist()]
        widest = max(draw.width_of(word) for word in words)
        grid_cell = max(GRID_CELL, widest + 10)
        strip_cell = max(grid_cell, min(44, 520 / len(memory)))
        grids = [Grid(tensor, grid_cell) for tensor in named.values()]
        titles = [
            draw.width_of(name, bold=True, code=True)
            + draw.width_of(f"   shape {tuple(tensor.shape)}", size=13)
            for name, tensor in named.items()
        ]
        strip_x = MARGIN + max(*titles, *(grid.width for grid in grids)) + 44
        strip_width = strip_cell * len(memory)

        y = MARGIN
        for row, (name, tensor) in enumerate(named.items()):
            if row:
                draw.line(
                    [(MARGIN, y), (strip_x + strip_width, y)], colour=draw.line_colour, line=1.5
                )
                y += 20
            heading(draw, MARGIN, y + 8, name, tensor)
            bottom = grids[row].draw(draw, MARGIN, y + 24, tensor, colours, words)
            under = strip(draw, strip_x, y, strip_cell, tensor, colours, words)
            y = max(bottom, under) + 16
        return draw.finish(strip_x + strip_width + MARGIN, y, storage_alt(named, words))


def shared_storage(named: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The storage of all these tensors as one tensor of shape (cells,)."""
    if not named:
        raise ValueError("storage() needs at least one named tensor, as in storage(x=x).")
    for name, tensor in named.items():
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"{name} is a {type(tensor).__name__}; storage() draws tensors.")
    first_name, first = next(iter(named.items()))
    pool = first.untyped_storage()
    for name, tensor in named.items():
        if tensor.untyped_storage().data_ptr() != pool.data_ptr():
            raise ValueError(
                f"{name} does not share its storage with {first_name}; draw them separately."
            )
        if tensor.dtype != first.dtype:
            raise ValueError(
                f"{name} is {tensor.dtype} and {first_name} is {first.dtype}; "
                "storage() draws tensors of one dtype."
            )
        if tensor.dim() > 3:
            raise ValueError(
                f"{name} has {tensor.dim()} dimensions; storage() draws at most 3 of them."
            )
        if tensor.numel() > MOST_CELLS:
            raise ValueError(
                f"{name} has {tensor.numel()} elements; storage() draws at most {MOST_CELLS}."
            )
    cells = pool.nbytes() // first.element_size()
    if not 1 <= cells <= MOST_CELLS:
        raise ValueError(
            f"The storage of {first_name} has {cells} elements; "
            f"storage() draws 1 to {MOST_CELLS} of them."
        )
    return first.detach().as_strided((cells,), (1,), 0)  # (cells,)


def text_of(value: bool | int | float | complex) -> str:
    """A number, short enough for a cell."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}"


def positions(tensor: torch.Tensor) -> torch.Tensor:
    """For each element its index in the storage: same shape as the tensor, int64."""
    found = torch.full(tensor.shape, tensor.storage_offset())
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        along = [1] * tensor.dim()
        along[dim] = size
        found = found + (torch.arange(size) * stride).reshape(along)
    return found


class Grid:
    """A tensor of 0 to 3 dimensions as a row of matrices."""

    def __init__(self, tensor: torch.Tensor, cell: float) -> None:
        self.cell = cell
        shape = (1,) * (3 - tensor.dim()) + tuple(tensor.shape)
        self.matrices, self.rows, self.columns = shape
        self.step = self.columns * cell + 22  # from one matrix to the next
        # Room for the arcs on the left of the first column and over the first row.
        self.left = 18 if tensor.dim() >= 2 else 0
        self.top = {0: 0, 1: 18, 2: 18, 3: 34}[tensor.dim()]
        self.width = self.left + self.matrices * self.step - 22

    def draw(
        self,
        draw: Page,
        x: float,
        y: float,
        tensor: torch.Tensor,
        colours: list[tuple],
        words: list[str],
    ) -> float:
        """Draw it with its top left corner at (x, y). Returns where it ends below."""
        x, y = x + self.left, y + self.top
        cell = self.cell
        where = positions(tensor).reshape(self.matrices, self.rows, self.columns)
        for matrix, row, column in torch.cartesian_prod(*map(torch.arange, where.shape)).tolist():
            index = where[matrix, row, column]
            left, top = x + matrix * self.step + column * cell, y + row * cell
            draw.box(left, top, cell, cell, fill=colours[index], edge=EDGE, line=1.5)
            draw.text(left + cell / 2, top + cell / 2, words[index], ha="center")
        middle = cell / 2
        for dim in range(tensor.dim()):
            if tensor.shape[dim] < 2 or tensor.numel() == 0:
                continue
            colour = draw.colours[dim]
            match tensor.dim() - dim:
                case 1:
                    draw.hop((x + middle, y - 1), (x + middle + cell, y - 1), 15, colour=colour)
                case 2:
                    draw.hop(
                        (x - 1, y + middle),
                        (x - 1, y + middle + cell),
                        15,
                        colour=colour,
                        sideways=True,
                    )
                case 3:
                    draw.hop(
                        (x + middle - 8, y - 1),
                        (x + middle + self.step, y - 1),
                        28,
                        colour=colour,
                    )
        return y + self.rows * cell


def heading(draw: Page, x: float, y: float, name: str, tensor: torch.Tensor) -> None:
    draw.text(x, y, name, bold=True, code=True)
    x += draw.width_of(name + " ", bold=True, code=True)
    draw.text(x + 4, y, f"shape {tuple(tensor.shape)}", size=13, colour=draw.muted)


def strip(
    draw: Page,
    x: float,
    y: float,
    cell: float,
    tensor: torch.Tensor,
    colours: list[tuple],
    words: list[str],
) -> float:
    """The storage under one tensor. Returns where it ends below."""
    used = set(positions(tensor).flatten().tolist())
    offset = tensor.storage_offset()
    # A dimension of size 1 has no next element, and its stride no meaning.
    stepped = [dim for dim, size in enumerate(tensor.shape) if size > 1 and used]
    by_stride = sorted(stepped, key=lambda dim: (tensor.stride(dim), -dim))

    right = x
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        colour = draw.colours[dim] if dim in stepped else draw.muted
        label = f"stride[{dim}] = {stride}"
        draw.text(right, y + 8, label, size=14, bold=True, colour=colour)
        right += draw.width_of(label, size=14, bold=True) + 22

    top = y + 24
    if by_stride:
        top += LOWEST_HOP + NEXT_HOP * (len(by_stride) - 1) + 18
    for rank, dim in enumerate(by_stride):
        rise = LOWEST_HOP + NEXT_HOP * rank
        spread = 5 * rank if tensor.stride(dim) else 6 + 5 * rank
        first = x + (offset + 0.5) * cell
        then = first + tensor.stride(dim) * cell
        colour = draw.colours[dim]
        draw.hop((first - spread, top - 1), (then + spread, top - 1), rise, colour=colour)
        middle = (first + then) / 2
        draw.text(
            middle,
            top - 1 - rise - 9,
            f"+{tensor.stride(dim)}",
            size=13,
            bold=True,
            colour=colour,
            ha="center",
        )

    for index, word in enumerate(words):
        left = x + index * cell
        fill = colours[index] if index in used else UNUSED
        colour = draw.ink if index in used else draw.muted
        draw.box(left, top, cell, STRIP_CELL, fill=fill, edge=EDGE, line=1.5)
        draw.text(left + cell / 2, top + STRIP_CELL / 2, word, size=15, ha="center", colour=colour)
        draw.text(
            left + cell / 2,
            top + STRIP_CELL + 10,
            str(index),
            size=11,
            colour=draw.muted,
            ha="center",
        )
    if not used:
        return top + STRIP_CELL + 20
    mark = x + (offset + 0.5) * cell
    draw.arrow([(mark, top + STRIP_CELL + 34), (mark, top + STRIP_CELL + 18)], head=10, line=1.5)
    label = f"offset = {offset}"
    fits = mark + 9 + draw.width_of(label, size=13, bold=True) < x + cell * len(words)
    draw.text(
        mark + (9 if fits else -9),
        top + STRIP_CELL + 30,
        label,
        size=13,
        bold=True,
        ha="left" if fits else "right",
    )
    return top + STRIP_CELL + 40


def storage_alt(named: Mapping[str, torch.Tensor], words: list[str]) -> str:
    parts = []
    for name, tensor in named.items():
        parts.append(
            f"{name} has shape {tuple(tensor.shape)}, stride {tensor.stride()} "
            f"and offset {tensor.storage_offset()}"
        )
    count = "A tensor" if len(named) == 1 else f"{len(named)} tensors"
    return f"{count} over one storage that holds {', '.join(words)}. {'; '.join(parts)}."
