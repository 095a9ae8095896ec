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
    because="The second argument is `min`; `max` stays None, so there is no upper bound.",
    beliefs=(
        Belief([-3, 0, 0], "As an upper bound it would do that. Which argument comes second?"),
        Belief([0, 0, 0], "`max` has a default: without it, large numbers stay as they are."),
        Belief([-3, 0, 8], "The 0 is an argument, too: in the first line, find its name."),
        Belief("error", "`min` may be given by its place. Only `out` needs its name."),
    ),
)

Prediction(
    "00.p4",
    because="Without the `_` the result is a new tensor, and that line did not give it a name.",
    beliefs=(
        Belief([-3, 0, 5], "That is the result of the call. Did anything write it into `x`?"),
        Belief("error", "A result that nobody uses is no error. It is lost."),
    ),
)
