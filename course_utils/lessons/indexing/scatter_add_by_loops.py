"""Write `torch.scatter_add` with loops: `index` says for each element of `source` where it is added
in `x`. In two dimensions and with `dim=0`, `source[i, j]` goes to row `index[i, j]`, column `j`.
Where several go to one place, all count.
"""

import itertools

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.4",
    "`scatter_add` with loops",
    minutes=15,
    difficulty=2,
    without=ByHand("torch.scatter_add", "torch.scatter_reduce", "torch.index_add"),
    hints=[
        "`gather` reads along an index, `scatter_add` writes along it. Which side of the `=` does "
        "the index belong to?",
        "Begin with a copy of x. The loops run over the places of `index`.",
        "A place that is written twice has to remember what was there after the first time.",
    ],
)


@exercise.reference
def scatter_add_by_loops(x, dim, index, source):
    """What torch.scatter_add(x, dim, index, source) gives.

    x: any float dtype, any strides, one dimension or more. dim: an int, may be negative. index:
    int64, as many dimensions as x, in none longer than source; may be empty. source: x's dtype.
    Returns a new tensor, x with source[place] added for each place of index: at the same place of
    x, but for the position along dim, which index gives.
    """
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] += source[place]
    return result


def index_for(rng, x, dim, *shape):
    """Random positions along dim of x, in this shape."""
    count = torch.Size(shape).numel()
    positions = [rng.randrange(x.shape[dim]) for _ in range(count)]
    return torch.tensor(positions, dtype=torch.int64).reshape(shape)


@exercise.cases
def _(rng):
    yield torch.zeros(3), 0, torch.tensor([2, 0]), torch.tensor([5.0, 7.0])
    yield torch.zeros(3), 0, torch.tensor([1, 1, 1]), torch.tensor([1.0, 2.0, 4.0])
    yield torch.tensor([10.0, 20.0]), 0, torch.tensor([0]), torch.tensor([3.0, 4.0])
    x = torch.tensor([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]])
    yield x, 0, torch.tensor([[2, 0], [2, 1]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    yield x, 1, torch.tensor([[1], [0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    yield x, 0, torch.zeros(0, 2, dtype=torch.int64), torch.tensor([[1.0, 2.0]])
    for y in promised(rng, "any float dtype", "any strides", shape=(2, 3)):
        index = index_for(rng, y, 0, 3, 2)
        [source] = itertools.islice(promised(rng, "any strides", shape=(4, 3), dtype=y.dtype), 1)
        yield y, rng.choice([0, -2]), index, source
    for source in promised(rng, "any strides", shape=(3, 4)):
        [y] = promised(rng, "empty too", shape=(3, 3))
        y = torch.tensor(rng.sample(range(1, 61), 9), dtype=torch.float32).reshape(3, 3)
        yield y, rng.choice([1, -1]), index_for(rng, y, 1, 4, 3).t(), source
    for dim in (0, 1, 2, -1, -2, -3):
        y = torch.tensor(rng.sample(range(1, 61), 12), dtype=torch.float32).reshape(2, 3, 2)
        source = torch.tensor(rng.sample(range(1, 61), 8), dtype=torch.float32).reshape(2, 2, 2)
        yield y, dim, index_for(rng, y, dim, 2, 2, 2), source
