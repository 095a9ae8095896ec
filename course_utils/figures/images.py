"""An image in memory: what permute and reshape make of its axes.

Taught in notebook 01.
"""

from __future__ import annotations

import torch

from ..texts import text
from .drawing import MARGIN, Figure, Page, page
from .views import layout_alt, stride_legend, title

LARGEST = 64  # rows and columns of an image
SIDE = 150  # pixels, the longer side of a drawn image
BETWEEN = 34  # pixels, from one drawn image to the next
FIRST_NUMBERS = 12  # how many cells of the storage are shown
CHANNELS = {"red": "#f6b9a8", "green": "#b9e0b4", "blue": "#b5cdf5"}

SMALL_PICTURE = """
    . . . . . . o o
    . . . r . . o o
    . . r r r . . .
    . r r r r r . .
    . . w w w . . .
    . . w d w . . g
    . . w d w . g g
    g g w d w g g g
"""
PAINTS = {
    ".": (120, 190, 245),
    "o": (255, 205, 40),
    "r": (205, 60, 45),
    "w": (250, 240, 220),
    "d": (95, 60, 40),
    "g": (80, 160, 75),
}


def small_picture() -> torch.Tensor:
    """A house under the sun, small enough to print: shape (8, 8, 3), uint8, 0 to 255."""
    rows = SMALL_PICTURE.split("\n")[1:-1]
    return torch.tensor([[PAINTS[paint] for paint in row.split()] for row in rows]).to(torch.uint8)


def axes_order(image: torch.Tensor | None = None, name: str = "image") -> Figure:
    """Why (height, width, channel) becomes (channel, height, width) by permute, not by reshape.

    Shows the image and the start of its storage, then the three channels that permute and reshape
    make of it, and the picture that those three channels are.

    image: shape (height, width, 3), height and width at most 64, uint8 or floats from 0 to 1;
    the picture of `small_picture()` if left out. name: what to call it.
    Raises ValueError for another shape or dtype.
    Taught in notebook 01.
    """
    image = small_picture() if image is None else image
    if not isinstance(image, torch.Tensor):
        raise ValueError(f"{name} is a {type(image).__name__}; axes_order() draws a tensor.")
    if image.dim() != 3 or image.shape[2] != 3 or image.numel() == 0:
        raise ValueError(f"{name} has shape {tuple(image.shape)}; axes_order() draws (H, W, 3).")
    height, width, _ = image.shape
    if max(height, width) > LARGEST:
        raise ValueError(f"{name} is {height} x {width}; axes_order() draws at most {LARGEST}.")
    if image.dtype != torch.uint8 and not image.is_floating_point():
        raise ValueError(f"{name} is {image.dtype}; axes_order() draws uint8, or floats 0 to 1.")
    image = image.detach().cpu().contiguous()
    orders = {
        f"{name}.permute(2, 0, 1)": image.permute(2, 0, 1),
        f"{name}.reshape(3, {height}, {width})": image.reshape(3, height, width),
    }
    with page() as draw:
        scale = SIDE / max(height, width)
        wide, high = width * scale, height * scale
        y: float = MARGIN
        after = MARGIN + title(draw, name, image, MARGIN, y) + 30
        stride_legend(draw, image, after, y)
        outcomes = []
        draw.picture(MARGIN, y + 16, wide, high, pixels(image))
        right = max(
            first_numbers(draw, MARGIN + wide + 40, y + 28, image),
            MARGIN + 4 * wide + 3 * BETWEEN,
            *(
                MARGIN + title(draw, label, planes) + 30 + stride_legend(draw, planes)
                for label, planes in orders.items()
            ),
        )
        y += max(high + 34, 140)
        for label, planes in orders.items():
            draw.line([(MARGIN, y), (right, y)], colour=draw.line_colour)
            x = MARGIN + title(draw, label, planes, MARGIN, y + 22) + 30
            stride_legend(draw, planes, x, y + 22)
            y += 62
            x = MARGIN
            for channel, hue in enumerate(CHANNELS):
                tinted = torch.zeros_like(image)
                tinted[..., channel] = planes[channel]
                draw.picture(x, y, wide, high, pixels(tinted))
                shown_as = text(
                    "figure.axes_order.channel",
                    "[{channel}] as {colour}",
                    channel=channel,
                    colour=colour_name(hue),
                )
                draw.text(x + wide / 2, y - 9, shown_as, size=12, ha="center")
                sign = "=" if channel == 2 else "+"
                draw.text(
                    x + wide + BETWEEN / 2, y + high / 2, sign, size=20, bold=True, ha="center"
                )
                x += wide + BETWEEN
            draw.picture(x, y, wide, high, pixels(planes.permute(1, 2, 0)))
            same = torch.equal(planes.permute(1, 2, 0), image)
            if same:
                outcomes.append(text("figure.axes_order.same", "the same picture"))
            else:
                outcomes.append(text("figure.axes_order.scrambled", "a scrambled picture"))
            hue = draw.hues[3 if same else 0]
            draw.text(
                x + wide / 2, y - 9, outcomes[-1], size=13, bold=True, ha="center", colour=hue
            )
            y += high + 18
        alt = f"{layout_alt(name, image)}."
        for (label, planes), outcome in zip(orders.items(), outcomes, strict=True):
            alt += " " + text(
                "figure.axes_order.outcome",
                "{layout}: its three channels make {outcome}.",
                layout=layout_alt(label, planes),
                outcome=outcome,
            )
        return draw.finish(right + MARGIN, y + 6, alt)


def first_numbers(draw: Page, x: float, y: float, image: torch.Tensor) -> float:
    """The start of the storage, and which of it the first channel is in each order.

    Returns where it ends on the right.
    """
    height, width, channels = image.shape
    count = min(FIRST_NUMBERS, image.numel())
    cell, hues = 27, list(CHANNELS)
    stored = text("figure.axes_order.storage", "storage")
    labels = stored, "permute [0]", "reshape [0]"
    left = x + max(draw.width_of(label, size=13) for label in labels) + 12
    right = left + count * cell
    rows = {
        stored: range(count),
        "permute [0]": range(0, count, channels),
        "reshape [0]": range(min(count, height * width)),
    }
    for label, shown in rows.items():
        draw.text(left - 12, y + 14, label, size=13, colour=draw.muted, ha="right")
        for index in shown:
            hue = hues[index % channels]
            letter = hue[0].upper()
            draw.cell(left + index * cell, y, cell, 28, letter, fill=CHANNELS[hue])
        if image.numel() > count:
            draw.text(right + 6, y + 14, "...", colour=draw.muted)
        y += 28
        if label == stored:
            for index in shown:
                at = left + (index + 0.5) * cell, y + 10
                draw.text(*at, str(index), size=12, colour=draw.muted, ha="center")
            y += 26
        y += 6
    return right + 24


def colour_name(channel: str) -> str:
    """What the picture calls one of CHANNELS."""
    return {
        "red": text("figure.axes_order.red", "red"),
        "green": text("figure.axes_order.green", "green"),
        "blue": text("figure.axes_order.blue", "blue"),
    }[channel]


def pixels(image: torch.Tensor) -> list:
    """Numbers from 0 to 1, as matplotlib wants them: nested lists of shape (rows, columns, 3)."""
    scale = 255 if image.dtype == torch.uint8 else 1
    return (image.double() / scale).clamp(0, 1).tolist()
