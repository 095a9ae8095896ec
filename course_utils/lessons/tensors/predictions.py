"""Predictions of notebook 01: tensors, storage and stride."""

import torch

from course_utils.prediction import Belief, Prediction

Prediction(
    "01.p1",
    because="One decimal number is enough: the tensor becomes float32, torch's default for floats.",
    beliefs=(
        Belief(torch.int64, "A tensor has one dtype for all elements; int64 would lose the .5."),
        Belief(torch.int32, "Whole numbers become int64 in torch, and here one is not whole."),
        Belief(torch.float64, "Python and NumPy use float64. torch's default is half of that."),
        Belief(torch.float16, "Half precision is only used where you ask for it."),
    ),
)

Prediction(
    "01.p2",
    because="`torch.Tensor(5)` makes room for five float32 numbers and does not set them.",
    beliefs=(
        Belief(
            (), "`torch.tensor(5)`, with a small t, is the number 5. The class reads 5 as a size."
        ),
        Belief((1,), "That would be `torch.tensor([5])`. The class reads 5 as a size."),
    ),
)

Prediction(
    "01.p3",
    because="A byte holds 0 to 255. After 255 it begins again at 0: 300 - 256.",
    beliefs=(
        Belief(255, "Pixels in a drawing program stop at 255. Bytes in torch do not stop."),
        Belief(300, "A whole Python number such as 100 does not change the dtype uint8."),
        Belief(45, "Nearly: there are 256 different bytes, 0 to 255."),
        Belief("error", "No error: the number silently begins again at 0."),
    ),
)

Prediction(
    "01.p4",
    because="Two tensors with dimensions: the result gets a dtype that holds both, int64.",
    beliefs=(
        Belief(44, "A whole Python number keeps the uint8. Here the 100 is a tensor of int64."),
        Belief(255, "Pixels in a drawing program stop at 255. Numbers in torch do not stop."),
        Belief("error", "torch chooses a dtype for the result, and goes on."),
    ),
)

Prediction(
    "01.p5",
    because="The division gives floats, and `/=` refuses to cut them down to whole numbers.",
    beliefs=(
        Belief([1, 2, 3], "The numbers would fit, but the result of `/` is a float tensor."),
        Belief(
            [2, 4, 6],
            "That is no change at all, but `/=` has to do something. Which dtype does `/` give?",
        ),
    ),
)

Prediction(
    "01.p6",
    because="`array + 1` allocates a new array; the tensor still looks at the old one.",
    beliefs=(
        Belief(
            2.0,
            "The tensor shares its memory with the first array. Was that array changed, or was "
            "the name given to a new one?",
        ),
    ),
)

Prediction(
    "01.p7",
    because="torch has no negative strides: a slice steps forward only.",
    beliefs=(
        Belief([3, 2, 1, 0], "So it is in Python and NumPy. As a view, it needs a stride of -1."),
        Belief([0, 1, 2, 3], "In Python and NumPy a step of -1 turns the order round."),
    ),
)

Prediction(
    "01.p8",
    because="One column is a row of 342 numbers: one dimension.",
    beliefs=(
        Belief((342, 1), "That is what the two pairs of brackets are for."),
        Belief((1, 342), "A single column has one dimension, not two."),
        Belief((344,), "Two rows had no body mass and were dropped."),
    ),
)

Prediction(
    "01.p9",
    because="The last index steps by 1; the middle one over a row of 4; the first over 3 rows.",
    beliefs=(
        Belief((48, 16, 4), "Strides in bytes are NumPy's. torch counts elements."),
        Belief(
            (24, 12, 4), "A stride skips what comes after its dimension, not the dimension itself."
        ),
        Belief((3, 4, 1), "From x[0, 0, 0] to x[1, 0, 0] there are all the rows of one matrix."),
        Belief((1, 2, 6), "`torch.zeros` lays neighbours along the last index side by side."),
        Belief((2, 3, 4), "That is the shape. The stride says how far one step goes."),
    ),
)

Prediction(
    "01.p10",
    because="Going down in the transpose is going to the right in `x`, and the other way round.",
    beliefs=(
        Belief((3, 1), "With these strides and shape (3, 2), you would not see the transpose."),
        Belief((2, 1), "These are the strides of `torch.zeros(3, 2)`. Nothing was copied here."),
    ),
)

Prediction(
    "01.p11",
    because="Row 1 begins at place 4. One row down is still 4 places; every second column is 2.",
    beliefs=(
        Belief((0, (2, 1)), "These belong to a copy. A slice moves no number."),
        Belief(
            (4, (2, 1)), "The offset is right. The rows of the slice are as far apart as before."
        ),
        Belief((4, (4, 1)), "The offset is right. `::2` takes every second column."),
        Belief((1, (4, 2)), "The offset counts elements, not rows."),
        Belief((0, (4, 2)), "The strides are right. But where does the slice begin?"),
        Belief((32, (32, 16)), "NumPy counts bytes; torch counts elements."),
    ),
)

Prediction(
    "01.p12",
    because="All rows are the same three places; the new dimension has stride 0.",
    beliefs=(Belief(3000, "That is how many elements you can see. How many are written down?"),),
)

Prediction(
    "01.p13",
    because="`contiguous()` returns a tensor. The line threw it away.",
    beliefs=(Belief(True, "The method does not change its tensor. Its result needs a name."),),
)

Prediction(
    "01.p14",
    because="No single stride walks through these numbers in reading order.",
    beliefs=(
        Belief(
            [0, 3, 1, 4, 2, 5],
            "That is the order you want. It needs a copy, and a view never copies.",
        ),
        Belief([0, 1, 2, 3, 4, 5], "That would be the order of the storage, not of the transpose."),
    ),
)

Prediction(
    "01.p15",
    because="Splitting the first dimension joins nothing: the strides become (8, 4, 1).",
    beliefs=(Belief("error", "It is not contiguous, but nothing has to be joined here."),),
)

Prediction(
    "01.p16",
    because="No view is possible, so `reshape` copied. The 99 went into the copy.",
    beliefs=(
        Belief(99, "True if `flat` were a view. Could it be one? See 01.p14."),
        Belief("error", "`view` would raise. `reshape` copies where it has to."),
    ),
    choices=(),
)

Prediction(
    "01.p17",
    because="The slice is a view: its storage is the storage of `big`.",
    beliefs=(
        Belief(40, "Ten numbers of 4 bytes can be seen. But the slice has no storage of its own."),
        Belief(80, "float32 has 4 bytes; and the slice has no storage of its own."),
        Belief(10, "The question is about bytes, and about the storage behind the slice."),
    ),
)
