"""Figures of pictures as data: what transforms make of an image, and which ones a model misreads.

Taught in notebook 07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ..texts import all_of, counted, text
from .drawing import MARGIN, Figure, page

TILE = 76  # pixels, the side of a drawn image
GAP = 8  # pixels, from one image to the next in a row
MOST_ROWS, MOST_COLUMNS = 12, 10
STEP = 150  # pixels, the place of one step
CAPTION = 22  # pixels, under an image


def image_rows(rows: Mapping[str, Sequence[Any]]) -> Figure:
    """Rows of images, each with a name: what a transform makes of an image, again and again.

        figures.image_rows({"original": [image], "RandomRotation(30)": [turn(image)] * 8})

    rows: for each name 1 to 10 images; an image is a PIL image or a tensor, as for image_grid.
    All images are drawn at the same scale, 76 pixels for the largest side of all.
    Raises ValueError for no rows or more than 12, an empty or too long row, and for what is not
    an image. Taught in notebook 07.
    """
    if not 1 <= len(rows) <= MOST_ROWS:
        raise ValueError(f"image_rows() draws 1 to {MOST_ROWS} rows, not {len(rows)}.")
    for name, images in rows.items():
        if not 1 <= len(images) <= MOST_COLUMNS:
            raise ValueError(
                f"image_rows() draws 1 to {MOST_COLUMNS} images in a row; {name!r} has "
                f"{len(images)}."
            )
    shown = {name: [picture_of(image) for image in images] for name, images in rows.items()}
    largest = max(max(p.shape[:2]) for pictures in shown.values() for p in pictures)
    with page() as draw:
        left = MARGIN + max(draw.width_of(name, size=13, code=True) for name in rows) + 18
        y = MARGIN
        for name, pictures in shown.items():
            draw.text(left - 18, y + TILE / 2, name, size=13, code=True, ha="right")
            for column, picture in enumerate(pictures):
                x = left + column * (TILE + GAP)
                high, wide = (TILE * side / largest for side in picture.shape[:2])
                draw.picture(
                    x + (TILE - wide) / 2, y + (TILE - high) / 2, wide, high, picture.tolist()
                )
            y += TILE + GAP
        longest = max(map(len, shown.values()))
        alt = text(
            "figure.image_rows.alt",
            "{count} of images: {rows}.",
            count=counted(len(shown), "row"),
            rows="; ".join(f"{name}: {row_alt(pictures)}" for name, pictures in shown.items()),
        )
        right = left + longest * (TILE + GAP) - GAP + MARGIN
        return draw.finish(right, y - GAP + MARGIN, alt)


def row_alt(pictures: Sequence[torch.Tensor]) -> str:
    """'8 images of 28 x 28, 5 of them different'."""
    sizes = list(dict.fromkeys(f"{p.shape[0]} x {p.shape[1]}" for p in pictures))
    different = len({str(picture.tolist()) for picture in pictures})
    if len(pictures) == 1:
        return text("figure.image_rows.one", "1 image of {size}", size=sizes[0])
    return text(
        "figure.image_rows.row",
        "{images} of {sizes}, {different} of them different",
        images=counted(len(pictures), "image"),
        sizes=all_of(sizes),
        different=different,
    )


def image_grid(images: Sequence[Any], captions: Sequence[str], columns: int = 8) -> Figure:
    """Images with a line of words under each, such as '3, read as 8'.

    images: PIL images (grey or RGB), or tensors of shape (height, width), (1, height, width) or
    (3, height, width), uint8 or floats from 0 to 1. captions: one for each image.
    columns: how many in a row.
    Raises ValueError for no images or more than 40, captions that are not one for each image,
    columns below 1 or above 10, and for what is not an image. Taught in notebook 07.
    """
    if not 1 <= len(images) <= 40 or not 1 <= columns <= MOST_COLUMNS:
        raise ValueError(
            f"image_grid() draws 1 to 40 images in 1 to {MOST_COLUMNS} columns, not "
            f"{len(images)} in {columns}."
        )
    if len(captions) != len(images):
        raise ValueError(
            f"image_grid() needs a caption for each of the {len(images)} images; there are "
            f"{len(captions)}."
        )
    pictures = [picture_of(image) for image in images]
    largest = max(max(picture.shape[:2]) for picture in pictures)
    with page() as draw:
        wide = max(TILE, *(draw.width_of(caption, size=13) for caption in captions)) + 14
        for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            row, column = divmod(number, columns)
            x, y = MARGIN + column * wide, MARGIN + row * (TILE + CAPTION + GAP)
            height, width = (TILE * side / largest for side in picture.shape[:2])
            draw.picture(
                x + (wide - width) / 2, y + (TILE - height) / 2, width, height, picture.tolist()
            )
            draw.text(x + wide / 2, y + TILE + 13, caption, size=13, ha="center")
        rows = -(-len(pictures) // columns)
        alt = text(
            "figure.image_grid.alt",
            "{images}, with these words under them: {captions}.",
            images=counted(len(images), "image"),
            captions="; ".join(captions),
        )
        return draw.finish(
            2 * MARGIN + min(columns, len(images)) * wide,
            2 * MARGIN + rows * (TILE + CAPTION + GAP) - GAP,
            alt,
        )


def transform_steps(image: Any, steps: Sequence[Callable[[Any], Any]]) -> Figure:
    """What each step of a pipeline makes of an image: type, dtype, shape and range of values.

    image: a PIL image. steps: 1 to 6 transforms, called one after the other; random ones draw.
    Numbers are drawn from the darkest to the brightest, so a picture after Normalize still shows.
    Raises ValueError for no steps or more than 6. Taught in notebook 07.
    """
    if not 1 <= len(steps) <= 6:
        raise ValueError(f"transform_steps() draws 1 to 6 steps, not {len(steps)}.")
    stages = [(text("figure.transform_steps.image", "image"), image)]
    for step in steps:
        stages.append((type(step).__name__, step(stages[-1][1])))
    with page() as draw:
        parts = []
        for number, (name, thing) in enumerate(stages):
            x, y = MARGIN + number * STEP, MARGIN + 8
            draw.text(x + TILE / 2 + 20, y, name, size=13, bold=True, ha="center")
            lines = described(thing)
            draw.picture(x + 20, y + 18, TILE, TILE, stretched(thing).tolist())
            for line, words in enumerate(lines):
                at = x + TILE / 2 + 20, y + TILE + 36 + 20 * line
                draw.text(*at, words, size=12.5, ha="center", colour=draw.ink)
            if number:
                middle = y + 18 + TILE / 2
                draw.arrow([(x - STEP + TILE + 32, middle), (x + 10, middle)])
            if number:
                parts.append(
                    text(
                        "figure.transform_steps.gives",
                        "{step} gives {image}",
                        step=name,
                        image=", ".join(lines),
                    )
                )
            else:
                parts.append(
                    text(
                        "figure.transform_steps.start",
                        "The image is {image}",
                        image=", ".join(lines),
                    )
                )
        width = 2 * MARGIN + (len(stages) - 1) * STEP + TILE + 40
        alt, *others = parts
        for other in others:
            alt = text(
                "figure.transform_steps.then", "{before}; then {after}", before=alt, after=other
            )
        return draw.finish(width, MARGIN + TILE + 118, alt + ".")


def described(thing: Any) -> list[str]:
    """Type, shape and range of an image, in three short lines."""
    if isinstance(thing, torch.Tensor):
        low, high = (round(value, 2) for value in (thing.min().item(), thing.max().item()))
        shape = ", ".join(map(str, thing.shape))
        dtype = str(thing.dtype).removeprefix("torch.")
        kind = text("figure.transform_steps.tensor", "tensor, {dtype}", dtype=dtype)
        return [kind, f"({shape})", values_label(f"{low:g}", f"{high:g}")]
    low, high = thing.getextrema()
    kind = text("figure.transform_steps.pil", "PIL image")
    return [kind, f"{thing.width} x {thing.height}", values_label(low, high)]


def values_label(low: object, high: object) -> str:
    return text("figure.transform_steps.values", "{low} to {high}", low=low, high=high)


def stretched(thing: Any) -> torch.Tensor:
    """The picture of a thing whose darkest value is drawn black and whose brightest is white."""
    if not isinstance(thing, torch.Tensor):
        return picture_of(thing)
    low, high = thing.min(), thing.max()
    return picture_of(((thing - low) / (high - low).clamp(min=1e-6)).float())


def picture_of(image: Any) -> torch.Tensor:
    """Any image as floats from 0 to 1 of shape (height, width, 3). Raises ValueError."""
    from PIL import Image

    if isinstance(image, Image.Image):
        rgb = image.convert("RGB")
        pixels = torch.frombuffer(bytearray(rgb.tobytes()), dtype=torch.uint8)
        return pixels.reshape(rgb.height, rgb.width, 3) / 255
    if not isinstance(image, torch.Tensor):
        raise ValueError(f"A {type(image).__name__} is not an image: give a PIL image or a tensor.")
    if image.dim() == 2:
        image = image[None]
    if image.dim() != 3 or image.shape[0] not in (1, 3) or image.numel() == 0:
        raise ValueError(
            f"A tensor of shape {tuple(image.shape)} is not an image: its shape should be "
            "(height, width), (1, height, width) or (3, height, width)."
        )
    image = image.detach().cpu()
    if image.dtype == torch.uint8:
        image = image / 255
    if not image.is_floating_point() or image.min() < 0 or image.max() > 1:
        raise ValueError(
            "An image should be uint8, or floats from 0 to 1; this one has other numbers. After "
            "Normalize, undo it first."
        )
    return image.double().expand(3, -1, -1).permute(1, 2, 0)
