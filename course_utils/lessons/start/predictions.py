"""Predictions of notebook 00."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "00.p1",
    because="`//` divides and rounds down to a whole number.",
    beliefs=(
        Belief(3.5, "`/` gives decimal numbers; `//` is another operator."),
        Belief(4, "`//` rounds down, not to the nearest number."),
    ),
)

Prediction(
    "00.p2",
    because="Two tensors can be added when their shapes fit together; 2 and 3 do not.",
    beliefs=(
        Belief([0, 0, 0, 0, 0], "`+` joins lists in Python. Of tensors it adds the numbers."),
        Belief([0, 0, 0], "torch does not fill up the shorter tensor."),
        Belief([0, 0], "torch does not cut the longer tensor."),
    ),
)

Prediction(
    "00.p3",
    because="The output has the shape of index: two rows, one column. Row 0 takes column 2, row 1 "
    "takes column 0.",
    beliefs=(
        Belief([12, 20], "The right numbers; but the output has the shape of index, (2, 1)."),
        Belief([[12], [10]], "Each row of index reads from its own row of the table."),
        Belief(
            [[20, 21, 22], [10, 11, 12]],
            "With dim=1 the numbers in index are columns, not rows.",
        ),
        Belief([[12, 10], [22, 20]], "Each row of index belongs to one row of the table only."),
    ),
)
