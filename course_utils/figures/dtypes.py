"""Which dtype comes out where two meet.

Taught in notebook 01.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..texts import text
from .drawing import MARGIN, Figure, page

MOST_DTYPES = 12
HIGH = 30  # pixels, a row of the table
KINDS = {"bool": "#e4d7f5", "integer": "#cfe3f7", "float": "#fbe3a6", "complex": "#cdebd3"}
COMMON = (
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
)


def dtype_promotion(dtypes: Sequence[torch.dtype] = COMMON) -> Figure:
    """The dtype of a + b for tensors a and b of each pair of dtypes, asked of torch.

    Cells are coloured by the kind of the result; a frame marks a result that is neither of the
    two. A pair that this torch cannot promote holds a dash.

    dtypes: 1 to 12 of them.
    Raises ValueError if there are too many, none, or something that is no dtype.
    Taught in notebook 01.
    """
    dtypes = list(dtypes)
    if not 1 <= len(dtypes) <= MOST_DTYPES:
        raise ValueError(f"dtype_promotion() draws 1 to {MOST_DTYPES} dtypes, not {len(dtypes)}.")
    for dtype in dtypes:
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"{dtype!r} is not a dtype; pass some such as torch.float32.")
    with page() as draw:
        wide = 16 + max(draw.width_of(short(dtype), size=13, bold=True) for dtype in dtypes)
        x, y = MARGIN + wide + 4, MARGIN + HIGH + 4
        draw.text(MARGIN + wide / 2, MARGIN + HIGH / 2, "a + b", code=True, size=13, ha="center")
        surprises, kinds = [], set()
        for i, a in enumerate(dtypes):
            for left, top in ((x + i * wide, MARGIN), (MARGIN, y + i * HIGH)):
                draw.cell(left, top, wide, HIGH, short(a), size=13, bold=True, fill=KINDS[kind(a)])
            for j, b in enumerate(dtypes):
                result = promoted(a, b)
                left, top = x + j * wide, y + i * HIGH
                if result is None:
                    draw.cell(left, top, wide, HIGH, "–", size=13)
                    continue
                kinds.add(kind(result))
                draw.cell(left, top, wide, HIGH, short(result), size=13, fill=KINDS[kind(result)])
                if result not in (a, b):
                    draw.box(left + 3, top + 3, wide - 6, HIGH - 6, edge=draw.ink)
                    if i < j:
                        surprises.append(
                            text(
                                "figure.dtypes.surprise",
                                "{a} and {b} give {result}",
                                a=short(a),
                                b=short(b),
                                result=short(result),
                            )
                        )
        y += len(dtypes) * HIGH + 24
        at = x
        for name, fill in KINDS.items():
            if name in kinds:
                draw.box(at, y - 7, 14, 14, fill=fill)
                draw.text(at + 21, y, kind_label(name), size=13, colour=draw.muted)
                at += 21 + draw.width_of(kind_label(name), size=13) + 24
        if surprises:
            draw.box(at, y - 7, 20, 14, edge=draw.ink)
            neither = text("figure.dtypes.neither", "neither of the two")
            draw.text(at + 28, y, neither, size=13, colour=draw.muted)
            at += 28 + draw.width_of(neither, size=13)
        alt = text(
            "figure.dtypes.alt",
            "A table of the dtype of a + b for {dtypes}.",
            dtypes=", ".join(short(dtype) for dtype in dtypes),
        )
        if surprises:
            alt += " " + text(
                "figure.dtypes.alt_neither",
                "Neither of the two comes out where {surprises}.",
                surprises="; ".join(surprises),
            )
        right = max(at, x + len(dtypes) * wide)
        return draw.finish(right + MARGIN, y + MARGIN, alt)


def promoted(a: torch.dtype, b: torch.dtype) -> torch.dtype | None:
    """The dtype of a sum, or None where torch has no rule (for some unsigned types)."""
    try:
        return torch.promote_types(a, b)
    except RuntimeError:
        return None


def short(dtype: torch.dtype) -> str:
    """'float32'."""
    return str(dtype).removeprefix("torch.")


def kind_label(kind: str) -> str:
    """What the legend calls one of KINDS."""
    return {
        "bool": text("figure.dtypes.bool", "bool"),
        "integer": text("figure.dtypes.integer", "integer"),
        "float": text("figure.dtypes.float", "float"),
        "complex": text("figure.dtypes.complex", "complex"),
    }[kind]


def kind(dtype: torch.dtype) -> str:
    if dtype == torch.bool:
        return "bool"
    if dtype.is_complex:
        return "complex"
    return "float" if dtype.is_floating_point else "integer"
