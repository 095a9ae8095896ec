"""Every element has one place in the storage. Find it from the index, the strides and the offset."""  # noqa: E501

from course_utils.exercise import Exercise

exercise = Exercise(
    "01.2",
    "From an index to a place in the storage",
    minutes=6,
    difficulty=1,
    hints=[
        "Start at the place of element [0, 0, ...]. Which of the arguments says where that is?",
        "Each index says how many steps to take along its dimension; the stride says how long "
        "one such step is.",
    ],
)


@exercise.reference
def storage_index(index, stride, offset):
    """The position in the storage of the element at `index`.

    index, stride: tuples of ints of the same length. offset: an int. Returns an int.
    """
    position = offset
    for i, step in zip(index, stride):
        position += i * step
    return position


@exercise.cases
def _(rng):
    yield (1, 2), (3, 1), 0
    yield (1, 2), (1, 2), 0
    yield (0, 0), (3, 1), 4
    yield (), (), 7
    yield (3, 1), (0, 1), 2
    for _ in range(4):
        n = rng.randint(1, 4)
        index = tuple(rng.randint(0, 5) for _ in range(n))
        yield index, tuple(rng.randint(0, 12) for _ in range(n)), rng.randint(0, 20)


@exercise.mistake(
    "A view need not begin at the beginning of its storage. Which argument have you not used?"
)
def forgets_offset(index, stride, offset):
    return sum(i * step for i, step in zip(index, stride))


@exercise.mistake(
    "The offset is where element [0, 0, ...] lies, once for the whole tensor; yours takes part "
    "in every dimension."
)
def offset_in_every_dimension(index, stride, offset):
    return sum(i * step + offset for i, step in zip(index, stride))


@exercise.mistake(
    "You treat the offset as a number of steps. It is already a position in the storage."
)
def offset_times_stride(index, stride, offset):
    first = stride[0] if stride else 1
    return offset * first + sum(i * step for i, step in zip(index, stride))


@exercise.mistake(
    "You pair the first index with the last stride. Dimension 0 has index[0] and stride[0]."
)
def strides_from_the_back(index, stride, offset):
    return offset + sum(i * step for i, step in zip(index, reversed(stride)))


@exercise.right
def one_sum(index, stride, offset):
    return offset + sum(i * s for i, s in zip(index, stride, strict=True))


exercise.equivalent(
    "position += i * step",
    "position = position + i * step",
    because="Whole numbers cannot be changed in place: both ways give the name a new number.",
)
