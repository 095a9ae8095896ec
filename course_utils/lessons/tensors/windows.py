"""Cut a signal into windows that may overlap. With `size=3` and `step=2`, the signal
`[0, 1, 2, 3, 4, 5, 6]` has the windows `[0, 1, 2]`, `[2, 3, 4]`, `[4, 5, 6]`. Nothing is copied.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import VIEWS
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "01.8",
    "Sliding windows without copying",
    minutes=15,
    difficulty=2,
    without=ByHand("Tensor.unfold", "nn.functional.unfold", not_=VIEWS),
    hints=[
        "Draw the windows of size 3 and step 2 over seven numbers. How many fit?",
        "The result has two dimensions. How far is it from one window to the next? How far from "
        "one element of a window to the next?",
        "Both distances are counted in steps of x; x may itself be a view with stride 2.",
    ],
)


@exercise.reference
def windows(x, size, step):
    """All complete windows of a 1-D tensor, as a view.

    x: shape (n,), any dtype, any strides. size: length of a window. step: from one window's start
    to the next.
    Returns shape (number of windows, size) over the same storage. n >= size.
    """
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@exercise.cases
def _(rng):
    yield torch.arange(6.0), 3, 1
    yield torch.arange(7.0), 3, 2
    yield torch.arange(8.0), 3, 2
    yield torch.arange(5.0), 5, 1
    yield torch.arange(12.0)[:8], 3, 3
    yield whole_numbers(rng, 12)[2:], 4, 3
    yield whole_numbers(rng, 16)[1::2], 3, 2
    yield whole_numbers(rng, 4, 5).t()[1], 2, 1
    for x in promised(rng, "any dtype", "any strides", shape=(9,)):
        yield x, rng.randint(2, 4), rng.randint(1, 3)


@exercise.observe
def _(answer, x, size, step):
    result = answer(x, size, step)
    return {"result": result, "shares the storage": shares_storage(result, x)}


@exercise.mistake(
    "One window is missing at the end: if exactly one window fits, how many are there?"
)
def one_too_few(x, size, step):
    count = (len(x) - size) // step
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@exercise.mistake(
    "Your windows do not know that x may be a view itself: between its neighbours in the storage "
    "there can be a gap, and it need not start at 0."
)
def assumes_plain_x(x, size, step):
    count = (len(x) - size) // step + 1
    return x.as_strided((count, size), (step, 1), 0)


@exercise.mistake(
    "You take the elements of a window to lie side by side. x may be every other element of a "
    "longer tensor: then there are gaps in the storage."
)
def assumes_no_gaps(x, size, step):
    count = (len(x) - size) // step + 1
    return x.as_strided((count, size), (step, 1), x.storage_offset())


@exercise.mistake(
    "Your windows begin where the storage begins. x may be a part of it that begins later."
)
def forgets_where_x_starts(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), 0)


@exercise.mistake(
    "`step` is the distance between windows. In yours it is the distance inside a window."
)
def step_inside(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (stride, step * stride), x.storage_offset())


@exercise.mistake(same_as=step_inside)
def step_inside_and_between(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, step * stride), x.storage_offset())


@exercise.mistake(
    "In yours each window begins one element after the one before, whatever `step` says."
)
def step_of_one(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (stride, stride), x.storage_offset())


@exercise.mistake("A window that does not fit at the end is left out: only complete ones count.")
def rounds_the_count_up(x, size, step):
    count = -(-(len(x) - size) // step) + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@exercise.mistake(same_as=rounds_the_count_up)
def rounds_the_count(x, size, step):
    count = round((len(x) - size) / step) + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@exercise.mistake(same_as=rounds_the_count_up)
def a_window_for_each_step(x, size, step):
    stride = x.stride(0)
    return x.as_strided((len(x) // step, size), (step * stride, stride), x.storage_offset())


@exercise.mistake("Rows and columns have changed places: each row has to be one window.")
def windows_in_columns(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((size, count), (stride, step * stride), x.storage_offset())


@exercise.mistake(
    "Where x is contiguous, yours is a view. Where x has gaps it is a copy: which step of yours "
    "has to make one then?"
)
def contiguous_first(x, size, step):
    whole = x.contiguous()
    count = (len(x) - size) // step + 1
    return whole.as_strided((count, size), (step, 1), whole.storage_offset())


@exercise.mistake(
    "The values are right, but each window is a copy. The storage already holds all of them."
)
def copies_windows(x, size, step):
    return torch.stack([x[i : i + size] for i in range(0, len(x) - size + 1, step)])


@exercise.mistake(
    "Your windows lie side by side without overlapping: the next one starts where the last one "
    "ended, whatever `step` says."
)
def no_overlap(x, size, step):
    count = len(x) // size
    stride = x.stride(0)
    return x.as_strided((count, size), (size * stride, stride), x.storage_offset())


@exercise.right
def stacked_by_index(x, size, step):
    count = (x.shape[0] - size + step) // step
    return torch.as_strided(
        x, (count, size), (x.stride()[0] * step, x.stride()[0]), x.storage_offset()
    )


exercise.equivalent(
    "stride = x.stride(0)",
    "stride = x.stride(-1)",
    because="The tensor has one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return x.as_strided((count, size), (step * stride, stride), x.storage_offset())",
    "return x.as_strided((count, size), (step * stride, stride))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "count = (x.shape[0] - size + step) // step",
    "count = (x.shape[-1] - size + step) // step",
    because="The tensor has one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return torch.as_strided(x, (count, size), (x.stride()[0] * step, x.stride()[0]), "
    "x.storage_offset())",
    "return torch.as_strided(x, (count, size), (x.stride()[0] * step, x.stride()[0]))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "return torch.as_strided(x, (count, size), (x.stride()[0] * step, x.stride()[0]), "
    "x.storage_offset())",
    "return torch.as_strided(x, (count, size), (x.stride()[-1] * step, x.stride()[0]), "
    "x.storage_offset())",
    "return torch.as_strided(x, (count, size), (x.stride()[0] * step, x.stride()[-1]), "
    "x.storage_offset())",
    because="The tensor has one dimension, so that first and last are the same.",
)
