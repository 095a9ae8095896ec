"""Write `torch.gather` with loops: `index` says for each place of the result where in `x` to read.
In two dimensions and with `dim=0`, `result[i, j]` is `x[index[i, j], j]`.
"""

import itertools

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.3",
    "`gather` with loops",
    minutes=15,
    difficulty=2,
    without=ByHand("torch.gather", "torch.take_along_dim"),
    hints=[
        "Do it for two dimensions and dim=0 first, on paper: which element of x goes to [i, j]?",
        "The loops run over the places of the result. Whose shape does it have?",
        "`itertools.product` makes one loop of several. A place is a tuple; make a list of it, "
        "change one entry, and you have the place to read.",
    ],
)


@exercise.reference
def gather_by_loops(x, dim, index):
    """What torch.gather(x, dim, index) gives.

    x: any dtype, any strides, one dimension or more. dim: an int, may be negative. index: int64,
    as many dimensions as x, in those other than dim no longer than x; may be empty.
    Returns a new tensor of index's shape and x's dtype: at each place the element of x from the
    same place, but for its position along dim, which index gives.
    Raises IndexError for a position that is not 0 to x.shape[dim] - 1.
    """
    result = torch.empty(index.shape, dtype=x.dtype)
    for place in itertools.product(*map(range, index.shape)):
        position = int(index[place])
        if not 0 <= position < x.shape[dim]:
            raise IndexError(f"{position} is no position along dimension {dim}")
        source = list(place)
        source[dim] = position
        result[place] = x[tuple(source)]
    return result


def index_for(rng, x, dim, *shape):
    """Random positions along dim of x, in this shape."""
    count = torch.Size(shape).numel()
    positions = [rng.randrange(x.shape[dim]) for _ in range(count)]
    return torch.tensor(positions, dtype=torch.int64).reshape(shape)


@exercise.cases
def _(rng):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    yield x, 0, torch.tensor([[2, 0]])
    yield x, 1, torch.tensor([[1], [0], [1]])
    yield torch.tensor([7.0, 8.0, 9.0]), 0, torch.tensor([2, 2, 0, 1])
    yield x, 1, torch.tensor([[1, 0, 0, 1]])
    yield x, 0, torch.tensor([[0, -1]])
    yield x, 1, torch.tensor([[0, 2]])
    yield x, 0, torch.zeros(0, 2, dtype=torch.int64)
    for y in promised(rng, "any dtype", "any strides", shape=(2, 3)):
        yield y, rng.choice([0, -2]), index_for(rng, y, 0, rng.randint(1, 3), rng.randint(1, 3))
    for y in promised(rng, "any strides", shape=(3, 3)):
        yield y, rng.choice([1, -1]), index_for(rng, y, 1, 3, 3).t()
    for dim in (0, 1, 2, -1, -2, -3):
        [y] = promised(rng, "a size of 1", shape=(2, 3, 1))
        y = y.expand(2, 3, 1)
        y = torch.tensor(rng.sample(range(1, 61), 12)).reshape(2, 3, 2)
        yield y, dim, index_for(rng, y, dim, 2, 2, 2)
