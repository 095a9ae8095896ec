"""How far is each point of x from each point of y? Subtracting all pairs makes a tensor of
n * m * d numbers. There is a way without so large a middle, and without a loop. All of it is done
by torch.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted
from course_utils.promises import promised

exercise = Exercise(
    "02.12",
    "All distances, without a large middle",
    minutes=20,
    difficulty=3,
    without=["torch.cdist"],
    hints=[
        "Write out the square of (a - b) for numbers. Now for points: which of its three parts "
        "need both x and y?",
        "One part is a product of matrices; the other two are a column and a row that broadcast.",
        "A difference of two equal floats that were rounded on different ways can be a little "
        "below 0. What is its square root?",
    ],
)


@exercise.reference
def pairwise_distances(x, y):
    """The Euclidean distance of each point of x from each point of y.

    x: shape (n, d), float32 or float64. y: shape (m, d), the same dtype. Both of any strides.
    Returns shape (n, m), the same dtype, never NaN. There is no Python loop, and no tensor made on
    the way has more elements than x, y and the result together. The numbers stay in tensors: none
    goes to numpy, or to a list.
    """
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T  # (n, m)
    return squares.clamp(min=0).sqrt()


def _points(rng, count, dims, digits=0):
    """Points whose coordinates have so many digits after the point."""
    scale = 10**digits
    numbers = [
        [rng.randint(-9 * scale, 9 * scale) / scale for _ in range(dims)] for _ in range(count)
    ]
    return torch.tensor(numbers)


@exercise.cases
def _(rng):
    yield torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0]])
    yield torch.tensor([[1.0, 0.0], [4.0, 4.0]]), torch.tensor([[1.0, 0.0], [1.0, 4.0]])
    yield torch.tensor([[5.0], [1.0], [2.0]]), torch.tensor([[2.0], [7.0]])
    yield torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[0.3, 0.4]], dtype=torch.float64)
    square = _points(rng, 3, 3)
    yield square, _points(rng, 3, 3)
    yield square, square
    near = _points(rng, 20, 3, digits=2)
    yield near, near
    fine = near.double().mul(100).round() / 100  # all bits of float64 are used
    yield fine, fine.flip(0)
    for x in promised(rng, "any strides", "the same dtype", shape=(2, 3)):
        yield x, _points(rng, 4, 3).to(x.dtype)
    for y in promised(rng, "any strides", "the same dtype", shape=(2, 3)):
        yield _points(rng, 3, 3).to(y.dtype), y
    yield _points(rng, 10, 20), _points(rng, 8, 20)
    yield _points(rng, 30, 40), _points(rng, 30, 40)  # also some columns at a time are too large
    yield _points(rng, 25, 2), _points(rng, 2, 2)
    yield _points(rng, 2, 2), _points(rng, 25, 2)
    for _ in range(3):
        dims = rng.randint(1, 5)
        yield _points(rng, rng.randint(2, 5), dims), _points(rng, rng.randint(2, 5), dims)


@exercise.observe
def _(answer, x, y):
    with noted() as effort:
        result = answer(x, y)
    # One or two columns more than those of the points do no harm.
    limit = x.numel() + y.numel() + len(x) * len(y) + 2 * (len(x) + len(y))
    facts = {"distances": _rounded(result, x, y)}
    facts["too large a tensor on the way"] = effort.largest > limit
    facts["numbers leave torch on the way"] = effort.left_torch
    if len(x) * len(y) < 20:
        more_x, more_y = x.repeat(2, 2), y.repeat(2, 2)
        with noted() as more:
            answer(more_x, more_y)
        facts["calls for more points and coordinates"] = (
            "more" if more.shows_a_loop(effort) else "as many"
        )
    return facts


def _rounded(result, x, y):
    """The result; where it is as near to what is right as its dtype allows, what is right."""
    wanted = isinstance(result, torch.Tensor) and result.shape == (len(x), len(y))
    if not wanted or result.dtype != x.dtype:
        return result
    right = (x.double()[:, None] - y.double()).square().sum(2).sqrt()
    near = (result.double() - right).abs() < (2e-2 if x.dtype == torch.float32 else 1e-5)
    return torch.where(near, right.to(x.dtype), result)


@exercise.mistake(
    "The distances are right, and on the way there was a tensor with far more elements than the "
    "result. Which of your steps makes it?"
)
def subtracts_all_pairs(x, y):
    return (x[:, None] - y[None]).square().sum(-1).sqrt()


@exercise.mistake(same_as=subtracts_all_pairs)
def squares_from_a_large_product(x, y):
    squares = (x @ x.T).diagonal()[:, None] + (y @ y.T).diagonal() - 2 * x @ y.T
    return squares.clamp(min=0).sqrt()


@exercise.mistake(
    "The distances are right, and numpy worked them out. torch has all that is needed here, and "
    "only in tensors can you see how large the middle is."
)
def subtracts_in_numpy(x, y):
    gaps = x.numpy()[:, None] - y.numpy()
    return torch.from_numpy((gaps**2).sum(-1) ** 0.5)


@exercise.mistake(
    "The distances are right, and they take a loop: with more points, or more coordinates, Python "
    "goes round more often."
)
def point_by_point(x, y):
    return torch.stack([(point - y).square().sum(1).sqrt() for point in x])


@exercise.mistake(
    "There is NaN in yours where two points are the same, or nearly. With floats, a sum that is "
    "0 on paper may be a little less: what does the root of that give?"
)
def nan_for_equal_points(x, y):
    return ((x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T).sqrt()


@exercise.mistake(
    "Two equal points have the distance 0. In yours something is always left between them."
)
def a_little_more(x, y):
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return (squares.clamp(min=0) + 1e-6).sqrt()


@exercise.mistake(same_as=a_little_more)
def never_below_a_little(x, y):
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T
    return squares.clamp(min=1e-4).sqrt()


@exercise.mistake("Yours are squares of distances. For (3, 4) and (0, 0) the distance is 5.")
def without_the_root(x, y):
    return ((x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T).clamp(min=0)


@exercise.mistake("Rows and columns have changed places: a row belongs to one point of x.")
def rows_are_points_of_y(x, y):
    return pairwise_distances(y, x)


@exercise.mistake(
    "The squared lengths are added along the wrong dimension: which of the two has to be the "
    "column, that of x or that of y?"
)
def lengths_along_the_wrong_dimension(x, y):
    squares = (x * x).sum(1) + (y * y).sum(1)[:, None] - 2 * x @ y.T
    return squares.clamp(min=0).sqrt()


@exercise.mistake(same_as=lengths_along_the_wrong_dimension)
def both_lengths_as_rows(x, y):
    squares = (x * x).sum(1) + (y * y).sum(1) - 2 * x @ y.T
    return squares.clamp(min=0).sqrt()


@exercise.mistake(
    "One distance for each pair of rows came out. Each point of x is asked about all points of y."
)
def row_with_row(x, y):
    return (x - y).square().sum(1).sqrt()


@exercise.mistake(
    "Write out (a - b) * (a - b) once more, for two numbers. A part of it is missing in yours, or "
    "has the wrong sign or factor."
)
def once_the_product(x, y):
    return ((x * x).sum(1)[:, None] + (y * y).sum(1) - x @ y.T).clamp(min=0).sqrt()


@exercise.mistake(same_as=once_the_product)
def adds_the_product(x, y):
    return ((x * x).sum(1)[:, None] + (y * y).sum(1) + 2 * x @ y.T).sqrt()


@exercise.mistake(same_as=once_the_product)
def lengths_of_x_alone(x, y):
    return ((x * x).sum(1)[:, None] - 2 * x @ y.T).clamp(min=0).sqrt()


@exercise.mistake(same_as=once_the_product)
def difference_of_lengths(x, y):
    return ((x * x).sum(1)[:, None] - (y * y).sum(1)).abs().sqrt()


@exercise.mistake("The numbers are right, and in float64 points they come out as float32.")
def always_float32(x, y):
    return pairwise_distances(x.float(), y.float())


@exercise.right
def with_norms(x, y):
    lengths = x.norm(dim=1, keepdim=True).square() + y.norm(dim=1).square()
    return torch.relu(lengths - 2 * (x @ y.mT)).sqrt()


@exercise.right
def one_product_of_longer_points(x, y):
    ones = x.new_ones
    left = torch.cat([-2 * x, x.pow(2).sum(1, keepdim=True), ones(len(x), 1)], dim=1)
    right = torch.cat([y, ones(len(y), 1), y.pow(2).sum(1, keepdim=True)], dim=1)
    return torch.maximum(left @ right.T, x.new_zeros(())).sqrt()


@exercise.right
def with_einsum(x, y):
    inner = torch.einsum("nd,md->nm", x, y)
    of_x, of_y = torch.einsum("nd,nd->n", x, x), torch.einsum("md,md->m", y, y)
    squares = of_x[:, None] - 2 * inner + of_y
    return torch.where(squares < 0, 0, squares) ** 0.5


@exercise.right
def in_float64_and_back(x, y):
    a, b = x.double(), y.double()
    squares = torch.einsum("id,id->i", a, a)[:, None] + torch.einsum("jd,jd->j", b, b)[None]
    return (squares - 2 * torch.einsum("id,jd->ij", a, b)).relu().sqrt().to(x.dtype)


@exercise.right
def with_addmm(x, y):
    squares = torch.addmm((y**2).sum(1), x, y.t(), alpha=-2) + (x**2).sum(1)[:, None]
    return torch.sqrt(torch.relu(squares))


exercise.equivalent(
    "return squares.clamp(min=0).sqrt()",
    "return squares.clamp_(min=0).sqrt()",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "return torch.where(squares < 0, 0, squares) ** 0.5",
    "return torch.where(squares <= 0, 0, squares) ** 0.5",
    because="A square of 0 becomes 0.",
)
