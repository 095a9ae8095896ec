"""Compute the size after a convolution along one axis. An input of 32 and a kernel of 5 give 28;
with a step of 2, they give 14. Some kernels do not fit at all.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise

exercise = Exercise(
    "04.11",
    "How large is what a convolution gives?",
    minutes=10,
    difficulty=2,
    hints=[
        "Draw seven cells and a kernel of 3. In how many places can it stand? Then with step 2.",
        "Padding is added on both sides.",
        "With dilation 2, a kernel of 3 covers 5 cells: every second one is skipped.",
        "A kernel that covers more cells than there are cannot stand anywhere.",
    ],
)


@exercise.reference
def conv_size(size, kernel, stride=1, padding=0, dilation=1):
    """The number of outputs along one axis of a convolution or of max-pooling.

    size: the number of inputs along this axis. All arguments and the result are ints.
    Raises ValueError if the kernel does not fit even once.
    """
    covered = dilation * (kernel - 1) + 1
    room = size + 2 * padding - covered
    if room < 0:
        raise ValueError(f"A kernel that covers {covered} does not fit into {size + 2 * padding}.")
    return room // stride + 1


@exercise.cases
def _(rng):
    yield 32, 5, 1, 0, 1
    yield 28, 2, 2, 0, 1
    yield 8, 3, 2, 1, 1
    yield 7, 3, 1, 0, 2
    yield 4, 5, 1, 0, 1
    yield 5, 5, 1, 0, 1
    yield 4, 3, 1, 0, 2
    yield 9, 3, 1, 2, 1
    yield 4, 5, 2, 0, 1
    yield 3, 5, 1, 1, 1
    yield 4, 2, 3, 1, 1
    yield 5, 6, 3, 0, 1
    for _ in range(3):
        kernel = rng.randint(2, 5)
        yield rng.randint(12, 40), kernel, rng.randint(1, 3), rng.randint(0, 2), rng.randint(1, 2)
    yield rng.randint(6, 40), rng.randint(2, 5)


@exercise.mistake("The padding stands on both sides of the input. Yours counts one side.")
def padding_once(size, kernel, stride=1, padding=0, dilation=1):
    room = size + padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return room // stride + 1


@exercise.mistake(
    "You count the steps the kernel can take. It also stands in one place before the first step."
)
def counts_steps(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return room // stride


@exercise.mistake("Dilation spreads the kernel over more cells. Your result does not see it.")
def ignores_dilation(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError("too small")
    return room // stride + 1


@exercise.mistake("When the last step would go over the edge, it is not taken. Yours rounds up.")
def rounds_up(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return math.ceil(room / stride) + 1


@exercise.mistake(
    "A size of 0 or less is not an answer. Say that the kernel does not fit, with the error that "
    "the docstring names."
)
def never_complains(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@exercise.mistake(
    "You compare the kernel with the input alone. With the padding around it, a kernel may fit "
    "that is larger than the input."
)
def check_without_padding(size, kernel, stride=1, padding=0, dilation=1):
    if dilation * (kernel - 1) + 1 > size:
        raise ValueError("too small")
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@exercise.mistake(
    "A kernel with dilation covers more cells than it has numbers. Whether it fits depends on "
    "all that it covers."
)
def check_without_dilation(size, kernel, stride=1, padding=0, dilation=1):
    if kernel > size + 2 * padding:
        raise ValueError("too small")
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@exercise.mistake(
    "Rounding towards 0, as `int` does it, makes one place of a little less than nothing. A "
    "kernel that is too large by one does not fit."
)
def int_towards_zero(size, kernel, stride=1, padding=0, dilation=1):
    result = int((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1
    if result < 1:
        raise ValueError("too small")
    return result


@exercise.mistake(
    "You count a gap after the last cell of the kernel as well. Draw a kernel of 3 with dilation"
    " 2: how many cells from its first to its last?"
)
def dilation_times_kernel(size, kernel, stride=1, padding=0, dilation=1):
    covered = dilation * kernel
    if covered > size + 2 * padding:
        raise ValueError("too small")
    return (size + 2 * padding - covered) // stride + 1


@exercise.mistake("A kernel that is as large as what it stands on fits, in one place.")
def exact_fit_refused(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room <= 0:
        raise ValueError("too small")
    return room // stride + 1


@exercise.mistake(
    "The number is right, and it is a float: `/` gives floats, and they stay floats. An int was "
    "asked for."
)
def gives_floats(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError("too small")
    return room / stride // 1 + 1


@exercise.mistake(
    "The one place where the kernel begins is divided by the stride together with the steps. It "
    "is there whatever the stride is."
)
def start_not_counted(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1)
    if room < 1:
        raise ValueError("too small")
    return room // stride


@exercise.mistake(
    "It ends in an error where it should, and in another one than the docstring names."
)
def asserts(size, kernel, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    assert room >= 0, "too small"
    return room // stride + 1


@exercise.mistake(
    "The steps over the input and those over the padding are counted apart, and each is rounded."
    " Add the lengths before you divide."
)
def padding_in_steps(size, kernel, stride=1, padding=0, dilation=1):
    room = size - dilation * (kernel - 1) - 1
    if room + 2 * padding < 0:
        raise ValueError("too small")
    return room // stride + 2 * padding // stride + 1


@exercise.right
def by_counting_places(size, kernel, stride=1, padding=0, dilation=1):
    padded = size + 2 * padding
    last = dilation * (kernel - 1)
    places = [start for start in range(0, padded, stride) if start + last < padded]
    if not places:
        raise ValueError("the kernel does not fit")
    return len(places)


@exercise.right
def with_a_real_convolution(size, kernel, stride=1, padding=0, dilation=1):
    try:
        layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
        return layer(torch.zeros(1, 1, size)).shape[-1]
    except RuntimeError:
        raise ValueError("does not fit") from None


exercise.equivalent(
    "layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)",
    "layer = nn.Conv1d(1, 2, kernel, stride, padding, dilation)",
    because="Only the length is read, which all channels share.",
)


exercise.equivalent(
    "return layer(torch.zeros(1, 1, size)).shape[-1]",
    "return layer(torch.zeros(1, size)).shape[-1]",
    "return layer(torch.ones(1, 1, size)).shape[-1]",
    "return layer(torch.zeros(2, 1, size)).shape[-1]",
    "return layer(torch.zeros(0, 1, size)).shape[-1]",
    because="Only a shape is read: neither the values nor the number of samples count.",
)
