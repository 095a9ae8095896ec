"""`RandomCrop(size, padding=1)` draws a place and then cuts there. Which picture comes out, once
the place is drawn? An image `[[5]]` with one pixel and `padding=1`, cut to `size=2`:

```
padded     top=0, left=0    top=1, left=0
0 0 0
0 5 0      0 0              0 5
0 0 0      0 5              0 0
```
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers
from course_utils.promises import promised

exercise = Exercise(
    "07.6",
    "Pad, then crop",
    minutes=12,
    difficulty=2,
    hints=[
        "Make a larger picture of zeros and write the image into its middle.",
        "Then cut: rows from `top` on, columns from `left` on. Where does a slice end?",
        "`nn.functional.pad` takes its numbers from the last dimension backwards: left, right, "
        "top, bottom.",
    ],
)


@exercise.reference
def pad_and_crop(image, padding, top, left, size):
    """What RandomCrop(size, padding=padding) does once it has drawn `top` and `left`.

    image: a tensor of shape (channels, height, width), any dtype. padding: how many zeros are put
    on each of the four sides. top, left: where the cut begins, counted in the padded image.
    Returns a tensor of shape (channels, size, size) and of the image's dtype; `image` is not
    changed.
    """
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, top : top + size, left : left + size]


@exercise.cases
def _(rng):
    image = torch.arange(1, 10).reshape(1, 3, 3)
    yield image, 1, 0, 1, 3
    yield image, 1, 2, 0, 3
    yield image, 0, 1, 0, 2
    yield image, 3, 0, 2, 2  # zeros only: the cut ends where the image begins, or before it
    yield image, 3, 7, 5, 2
    yield numbers(rng, 2, 4, 4, low=1, high=99, dtype=torch.float32), 2, 3, 1, 4
    yield numbers(rng, 3, 4, 4, low=1, high=99), 1, 0, 2, rng.randint(2, 3)
    yield numbers(rng, 2, 3, 5, low=1, high=99), 2, 3, 5, 4  # up to the last corner
    for image in promised(rng, "any dtype", shape=(1, 2, 3)):
        yield image, 1, 1, 0, 2
    yield numbers(rng, 3, 4, 2, low=1, high=99).permute(2, 0, 1), 1, 1, 2, 3


@exercise.mistake(
    "You cut first and pad afterwards. Then the zeros are always there, and the size has grown."
)
def crops_first(image, padding, top, left, size):
    cut = image[:, top : top + size, left : left + size]
    return nn.functional.pad(cut, (padding, padding, padding, padding))


@exercise.mistake("`top` counts rows and `left` counts columns; yours are exchanged.")
def exchanges_top_and_left(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, left : left + size, top : top + size]


@exercise.mistake(
    "A slice ends at a place, not after a number of rows: yours gets shorter the later it begins."
)
def ends_at_size(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, top:size, left:size]


@exercise.mistake(
    "Two numbers for `pad` speak of the last dimension only: you have zeros on the left and on the "
    "right, none above and below."
)
def pads_two_sides(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding))
    return padded[:, top : top + size, left : left + size]


@exercise.mistake(
    "You count `top` and `left` in the image before padding. They are drawn in the padded one."
)
def counts_in_the_image(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    top, left = top + padding, left + padding
    return padded[:, top : top + size, left : left + size]


@exercise.mistake(
    "You took a fixed piece out of the middle, as CenterCrop does. `top` and `left` have no effect."
)
def center_crop(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    top, left = (padded.shape[1] - size) // 2, (padded.shape[2] - size) // 2
    return padded[:, top : top + size, left : left + size]


@exercise.mistake(
    "A cut may lie in the padding alone. In yours, where does the slice of the image end then? An "
    "end below 0 counts from the back."
)
def slices_with_an_end_below_zero(image, padding, top, left, size):
    row, column = top - padding, left - padding
    cut = image.new_zeros(len(image), size, size)
    part = image[:, max(row, 0) : row + size, max(column, 0) : column + size]
    down, right = max(-row, 0), max(-column, 0)
    cut[:, down : down + part.shape[1], right : right + part.shape[2]] = part
    return cut


@exercise.right
def into_zeros(image, padding, top, left, size):
    channels, height, width = image.shape
    padded = image.new_zeros(channels, height + 2 * padding, width + 2 * padding)
    padded[:, padding : padding + height, padding : padding + width] = image
    return padded.narrow(1, top, size).narrow(2, left, size).clone()


exercise.equivalent(
    "padded = image.new_zeros(channels, height + 2 * padding, width + 2 * padding)",
    "padded = image.new_zeros(channels, height + 3 * padding, width + 2 * padding)",
    "padded = image.new_zeros(channels, height + 2 * padding, width + 3 * padding)",
    because="What lies beyond the last corner is never cut out.",
)


exercise.equivalent(
    "return padded.narrow(1, top, size).narrow(2, left, size).clone()",
    "return padded.narrow(1, top, size).narrow(2, left, size)",
    because="The padded picture was made here: a view of it is nobody else's.",
)
