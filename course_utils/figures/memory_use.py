"""What a tensor keeps in memory.

Taught in notebook 01.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ..texts import text
from .drawing import MARGIN, Figure, page, shape_label

MOST_TENSORS = 12
LONGEST = 380  # pixels, the longest bar
ELEMENTS, HELD = "#6aaef0", "#c9c2b2"  # blue for what is used, grey for what is kept


def memory(tensors: Mapping[str, torch.Tensor] | None = None, /, **named: torch.Tensor) -> Figure:
    """For each tensor the bytes that its elements need, and those of the storage it keeps alive.

        figures.memory({"big": big, "big[0]": big[0], "big[0].clone()": big[0].clone()})

    tensors, named: names and tensors of any shape and dtype, on any device; at most 12. Sizes
    are in bytes, 1 kB = 1000 bytes, and all bars have one scale.
    Raises ValueError for something that has no storage, or if there are too many tensors.
    Taught in notebook 01.
    """
    named = dict(tensors or {}, **named)
    if not 1 <= len(named) <= MOST_TENSORS:
        raise ValueError(f"memory() draws 1 to {MOST_TENSORS} tensors, not {len(named)}.")
    for name, tensor in named.items():
        if not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
            raise ValueError(f"{name} has no storage of its own; memory() draws dense tensors.")
    needs = {name: tensor.numel() * tensor.element_size() for name, tensor in named.items()}
    holds = {name: tensor.untyped_storage().nbytes() for name, tensor in named.items()}
    scale = LONGEST / max(1, *needs.values(), *holds.values())
    first_with: dict[int, str] = {}  # the address of a storage -> the first tensor that uses it

    with page() as draw:
        x = (
            MARGIN
            + 20
            + max(
                max(draw.width_of(name, bold=True, code=True) for name in named),
                max(draw.width_of(shape_label(t.shape), size=13) for t in named.values()),
            )
        )
        draw.box(x, MARGIN - 6, 14, 14, fill=ELEMENTS)
        draw.text(x + 22, MARGIN + 1, text("figure.memory.elements", "its elements"), size=13)
        draw.box(x + 140, MARGIN - 6, 14, 14, fill=HELD)
        kept_alive = text("figure.memory.storage", "the storage that it keeps alive")
        draw.text(x + 162, MARGIN + 1, kept_alive, size=13)
        y, right, parts = MARGIN + 30, x + 380, []
        for name, tensor in named.items():
            held = size_of(holds[name])
            first = first_with.setdefault(tensor.untyped_storage().data_ptr(), name)
            if first != name and holds[name]:
                held = text(
                    "figure.memory.shared", "{size}, shared with {first}", size=held, first=first
                )
            draw.text(MARGIN, y + 8, name, bold=True, code=True)
            draw.text(MARGIN, y + 27, shape_label(tensor.shape), size=13, colour=draw.muted)
            for bar_y, size, fill, label in (
                (y, needs[name], ELEMENTS, size_of(needs[name])),
                (y + 19, holds[name], HELD, held),
            ):
                length = max(size * scale, 2 if size else 0)
                draw.box(x, bar_y, length, 16, fill=fill)
                draw.text(x + length + 8, bar_y + 8, label, size=13)
                right = max(right, x + length + 8 + draw.width_of(label, size=13))
            parts.append(
                text(
                    "figure.memory.tensor",
                    "{name} needs {needed} and keeps {held}",
                    name=name,
                    needed=size_of(needs[name]),
                    held=held,
                )
            )
            y += 52
        alt = text(
            "figure.memory.alt",
            "Bytes that the elements of a tensor need, and bytes of the storage it keeps alive: "
            "{tensors}.",
            tensors="; ".join(parts),
        )
        return draw.finish(right + MARGIN, y + MARGIN - 16, alt)


def size_of(count: int) -> str:
    """'400 B', '4 kB', '1.23 MB'."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"
