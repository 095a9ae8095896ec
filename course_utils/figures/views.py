"""Figures of views: several tensors over one storage.

Taught in notebook 01.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch

from ..texts import counted, text
from .drawing import MARGIN, UNUSED, Figure, Page, page, ramp, shape_label

MOST_CELLS = 24
MOST_WINDOWS = 12
STRIP = 36  # pixels, the height of the drawn storage
FIRST_HOP, NEXT_HOP = 20, 25  # pixels, how high the arcs over the storage rise


def storage(views: Mapping[str, torch.Tensor] | None = None, /, **tensors: torch.Tensor) -> Figure:
    """Several tensors over the one storage that they share: what shape, stride and offset do.

    On the left each tensor as a grid, on the right the storage, once for each tensor. A number
    keeps its colour everywhere; cells that a tensor does not use are grey. An arc over the
    storage is one step along one dimension; the same step has the same colour over the grid.

        figures.storage({"x": x, "x.t()": x.t(), "x[:, 1]": x[:, 1]})
        figures.storage(x=x, transposed=x.t())

    views, tensors: names and tensors of 0 to 3 dimensions and one dtype, on any device.
    Raises ValueError if they do not share one storage, or if there is too much to draw: a
    storage or a tensor of more than 24 elements, or more than 3 dimensions.
    Taught in notebook 01.
    """
    named = dict(views or {}, **tensors)
    numbers = shared_storage(named, "storage()")
    with page() as draw:
        strip = Strip(draw, numbers)
        grids = [Grid(draw, tensor, strip) for tensor in named.values()]
        titles = [title(draw, name, tensor) for name, tensor in named.items()]
        legends = [stride_legend(draw, tensor) for tensor in named.values()]
        stored = counted(len(numbers), "number")
        caption = text(
            "figure.storage.shared", "their one storage: {numbers} in a row", numbers=stored
        )
        if len(named) == 1:
            caption = text("figure.storage.own", "its storage: {numbers} in a row", numbers=stored)
        x = MARGIN + max(*titles, *(grid.width for grid in grids)) + 50
        right = x + max(strip.width, draw.width_of(caption, size=13), *legends)

        y: float = MARGIN
        draw.text(MARGIN, y, text("figure.storage.tensor", "tensor"), size=13, colour=draw.muted)
        draw.text(x, y, caption, size=13, colour=draw.muted)
        y += 18
        for (name, tensor), grid in zip(named.items(), grids, strict=True):
            draw.line([(MARGIN, y), (right, y)], colour=draw.line_colour)
            title(draw, name, tensor, MARGIN, y + 22)
            stride_legend(draw, tensor, x, y + 22)
            y = 14 + max(grid.draw(MARGIN, y + 38), strip.draw(x, y + 38, tensor, right))
        alt = text(
            "figure.storage.alt",
            "{tensors} over one storage that holds {numbers}. {layouts}.",
            tensors=counted(len(named), "tensor"),
            numbers=strip.alt,
            layouts="; ".join(layout_alt(name, tensor) for name, tensor in named.items()),
        )
        return draw.finish(right + MARGIN, y, alt)


def windows(x: torch.Tensor, size: int | None = None, step: int = 1, name: str = "x") -> Figure:
    """Sliding windows over the storage that they read: how they overlap.

        figures.windows(signal, size=3, step=2)
        figures.windows(matrix.as_strided((3, 2, 2), (1, 4, 1)), name="patches")

    x: with a size, any tensor, and x.unfold(0, size, step) is drawn; without, the windows
    themselves, shape (windows, ...), 1 to 3 dimensions, any strides. On any device; 1 to 12
    windows over a storage of at most 24 elements. name: what to call x in the picture.
    Raises ValueError if there is more to draw than that, or nothing, or if no window fits.
    Taught in notebook 01.
    """
    view = x
    if size is not None and isinstance(x, torch.Tensor):
        if x.dim() == 0 or not 1 <= size <= len(x) or step < 1:
            raise ValueError(
                f"No window of size {size} with step {step} fits into {name}, "
                f"whose shape is {tuple(x.shape)}."
            )
        view, name = x.unfold(0, size, step), f"{name}.unfold(0, {size}, {step})"
    numbers = shared_storage({name: view}, "windows()", most_elements=MOST_WINDOWS * MOST_CELLS)
    if view.dim() == 0 or view.numel() == 0 or len(view) > MOST_WINDOWS:
        raise ValueError(
            f"{name} has shape {tuple(view.shape)}; "
            f"windows() draws 1 to {MOST_WINDOWS} windows along dimension 0."
        )
    with page() as draw:
        strip = Strip(draw, numbers)
        shown = counted(view.numel(), "number")
        stored = len(set(positions(view).flatten().tolist()))
        note = text(
            "figure.windows.note", "shows {numbers}, stores {stored}", numbers=shown, stored=stored
        )
        left = MARGIN + 60
        right = max(
            MARGIN + title(draw, name, view),
            left + max(strip.width, stride_legend(draw, view), draw.width_of(note, size=13)),
        )
        title(draw, name, view, MARGIN, MARGIN + 4)
        stride_legend(draw, view, left, MARGIN + 32)
        y = strip.draw(left, MARGIN + 46, view, right) + 12
        for number, window in enumerate(view):
            label = f"[{number}]"
            draw.text(
                left - 12, y + 15, label, code=True, bold=True, ha="right", colour=draw.hues[0]
            )
            strip.draw_cells(left, y, 30, window)
            y += 34
        draw.text(left, y + 14, note, size=13, colour=draw.muted)
        alt = text(
            "figure.windows.alt",
            "{windows} over one storage that holds {numbers}. {layout}; it shows {shown}, stores "
            "{stored}.",
            windows=counted(len(view), "window"),
            numbers=strip.alt,
            layout=layout_alt(name, view),
            shown=shown,
            stored=stored,
        )
        return draw.finish(right + MARGIN, y + 14 + MARGIN, alt)


def shared_storage(
    named: Mapping[str, torch.Tensor], caller: str, most_elements: int = MOST_CELLS
) -> list[bool | int | float]:
    """The numbers in the one storage of all these tensors; ValueError where it cannot be drawn."""
    if not named:
        raise ValueError(f"{caller} needs at least one named tensor, as in {caller[:-1]}x=x).")
    first_name, first = next(iter(named.items()))
    for name, tensor in named.items():
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"{name} is a {type(tensor).__name__}; {caller} draws tensors.")
        if tensor.layout != torch.strided or tensor.is_meta or tensor.is_complex():
            raise ValueError(
                f"{name} is complex, sparse or on the meta device; {caller} cannot draw it."
            )
        if tensor.untyped_storage().data_ptr() != first.untyped_storage().data_ptr():
            raise ValueError(
                f"{name} does not share its storage with {first_name}; draw them separately."
            )
        if tensor.dtype != first.dtype:
            raise ValueError(
                f"{name} is {tensor.dtype} and {first_name} is {first.dtype}; "
                f"{caller} draws tensors of one dtype."
            )
        if tensor.dim() > 3:
            raise ValueError(f"{name} has {tensor.dim()} dimensions; {caller} draws at most 3.")
        if tensor.numel() > most_elements:
            raise ValueError(
                f"{name} has {tensor.numel()} elements; {caller} draws at most {most_elements}."
            )
    count = first.untyped_storage().nbytes() // first.element_size()
    if not 1 <= count <= MOST_CELLS:
        raise ValueError(
            f"The storage of {first_name} has {counted(count, 'element')}; "
            f"{caller} draws 1 to {MOST_CELLS}."
        )
    return first.detach().as_strided((count,), (1,), 0).tolist()


def positions(tensor: torch.Tensor) -> torch.Tensor:
    """For each element its index in the storage: int64, the shape of the tensor."""
    found = torch.full(tensor.shape, tensor.storage_offset())
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        steps = torch.arange(size) * stride
        found += steps.reshape([-1 if other == dim else 1 for other in range(tensor.dim())])
    return found


class Strip:
    """A storage as a row of cells; every number has its own colour."""

    def __init__(self, draw: Page, numbers: list[bool | int | float]) -> None:
        self.page = draw
        self.words = [word_of(number) for number in numbers]
        self.colours = ramp(len(numbers))
        self.alt = ", ".join(self.words)
        self.widest = max(draw.width_of(word) for word in self.words)
        self.cell = max(26, self.widest + 8, min(44, 480 / len(numbers)))
        self.width = self.cell * len(numbers)

    def draw(self, x: float, y: float, tensor: torch.Tensor, right: float) -> float:
        """The storage under a tensor: its cells, one arc for each dimension, its offset.

        Words may run to `right`. Returns where it ends below.
        """
        draw = self.page
        # A dimension of size 1 has no next element to step to.
        stepped = [dim for dim, size in enumerate(tensor.shape) if size > 1 and tensor.numel()]
        stepped.sort(key=lambda dim: (tensor.stride(dim), -dim))
        top = y + 20 + (FIRST_HOP + NEXT_HOP * (len(stepped) - 1) if stepped else 0)
        first = x + (tensor.storage_offset() + 0.5) * self.cell
        spread = 0  # arcs start side by side, the wider ones outside
        for rank, dim in enumerate(stepped):
            stride, rise = tensor.stride(dim), FIRST_HOP + NEXT_HOP * rank
            spread += 8 if rank or stride == 0 else 0
            then = first + stride * self.cell
            ends = (first - spread, top - 1), (then + spread, top - 1)
            draw.hop(*ends, rise, colour=draw.hues[dim])
            at = (first + then) / 2, top - rise - 11
            draw.text(*at, f"+{stride}", size=13, bold=True, ha="center", colour=draw.hues[dim])

        self.draw_cells(x, top, STRIP, tensor, unused=True)
        below = top + STRIP + 11
        word = text("figure.storage.index", "index")
        draw.text(x - 8, below, word, size=12, colour=draw.muted, ha="right")
        for index in range(len(self.words)):
            at = x + (index + 0.5) * self.cell, below
            draw.text(*at, str(index), size=12, colour=draw.muted, ha="center")
        if tensor.numel():
            below += 11
            draw.arrow([(first, below + 15), (first, below)], line=1.5)
            offset = tensor.storage_offset()
            label = text("figure.storage.offset", "offset = {offset}", offset=offset)
            fits = first + 9 + draw.width_of(label, size=13, bold=True) <= right
            beside, ha = (first + 9, "left") if fits else (first - 9, "right")
            draw.text(beside, below + 11, label, size=13, bold=True, ha=ha)
        return below + 20

    def draw_cells(
        self, x: float, y: float, height: float, tensor: torch.Tensor, *, unused: bool = False
    ) -> None:
        """The cells that a tensor uses, at their places; with `unused`, the others in grey."""
        used = set(positions(tensor).flatten().tolist())
        for index, word in enumerate(self.words):
            place = x + index * self.cell, y, self.cell, height
            if index in used:
                self.page.cell(*place, word, fill=self.colours[index])
            elif unused:
                self.page.cell(*place, word, fill=UNUSED, colour=self.page.muted)


class Grid:
    """A tensor of 0 to 3 dimensions as a row of matrices, in the colours of its storage."""

    def __init__(self, draw: Page, tensor: torch.Tensor, strip: Strip) -> None:
        self.page, self.tensor, self.strip = draw, tensor, strip
        self.high = 26 if tensor.dim() == 3 else 30
        self.wide = max(self.high, strip.widest + 8)
        self.shape = (1,) * (3 - tensor.dim()) + tuple(tensor.shape)
        self.apart = self.shape[2] * self.wide + 20  # from one matrix to the next
        # Room for the arcs: to the left of the first column, and over the first row.
        self.left = 20 if tensor.dim() >= 2 else 0
        self.top = (4, 20, 20, 36)[tensor.dim()]
        self.width = self.left + self.shape[0] * self.apart - 20

    def draw(self, x: float, y: float) -> float:
        """Its top left corner is at (x, y). Returns where it ends below."""
        draw, tensor, wide, high = self.page, self.tensor, self.wide, self.high
        if tensor.numel() == 0:
            words = text("figure.no_elements", "no elements")
            draw.text(x, y + 14, words, size=13, colour=draw.muted)
            return y + 28
        x, y = x + self.left, y + self.top
        where = positions(tensor).reshape(self.shape).tolist()
        for matrix, row, column in itertools.product(*map(range, self.shape)):
            index = where[matrix][row][column]
            place = x + matrix * self.apart + column * wide, y + row * high, wide, high
            draw.cell(*place, self.strip.words[index], fill=self.strip.colours[index])
        centre, middle = x + wide / 2, y + high / 2
        for dim, size in enumerate(tensor.shape):
            hue = draw.hues[dim]
            match tensor.dim() - dim:
                case _ if size == 1:
                    pass
                case 1:  # to the next column
                    draw.hop((centre, y - 1), (centre + wide, y - 1), 16, colour=hue)
                case 2:  # to the next row
                    draw.side_hop((x - 1, middle), (x - 1, middle + high), 16, colour=hue)
                case 3:  # to the next matrix
                    draw.hop((centre - 7, y - 1), (centre + self.apart, y - 1), 32, colour=hue)
        return y + self.shape[1] * high


def title(
    draw: Page, name: str, tensor: torch.Tensor, x: float | None = None, y: float = 0
) -> float:
    """The name and the shape of a tensor, drawn if x is given. Returns its width."""
    shape = shape_label(tensor.shape)
    shape_x = draw.width_of(name, bold=True, code=True) + 12
    if x is not None:
        draw.text(x, y, name, bold=True, code=True)
        draw.text(x + shape_x, y, shape, size=13, colour=draw.muted)
    return shape_x + draw.width_of(shape, size=13)


def stride_legend(draw: Page, tensor: torch.Tensor, x: float | None = None, y: float = 0) -> float:
    """'stride[0] = 3' for each dimension, drawn if x is given. Returns its width."""
    width = 0.0
    for dim, stride in enumerate(tensor.stride()):
        width += 22 if dim else 0
        label = text("figure.storage.stride", "stride[{dim}] = {stride}", dim=dim, stride=stride)
        if x is not None:
            colour = draw.hues[dim] if tensor.shape[dim] > 1 else draw.muted
            draw.text(x + width, y, label, bold=True, colour=colour)
        width += draw.width_of(label, bold=True)
    return width


def word_of(number: bool | int | float) -> str:
    """A number, short enough for a cell."""
    if isinstance(number, bool):
        return "T" if number else "F"
    return str(number) if isinstance(number, int) else f"{number:.3g}"


def layout_alt(name: str, tensor: torch.Tensor) -> str:
    return text(
        "figure.storage.layout",
        "{name} has shape {shape}, stride {stride} and offset {offset}",
        name=name,
        shape=tuple(tensor.shape),
        stride=tensor.stride(),
        offset=tensor.storage_offset(),
    )
