"""Write `torch.scatter_add` by hand: `index` says for each element of `source` where it is added in
`x`. In two dimensions and with `dim=0`, `source[i, j]` goes to row `index[i, j]`, column `j`. Where
several go to one place, all count. Loops will do.
"""

import itertools
import math

import numpy
import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.4",
    "`scatter_add` by hand",
    minutes=15,
    difficulty=2,
    without=ByHand(
        *("torch.scatter_add", "torch.scatter_reduce", "torch.index_add", "torch.index_put"),
    ),
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
    int64, from 0 to x.shape[dim] - 1, as many dimensions as x, in none longer than source; may be
    empty. source: x's dtype.
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


def numbers(rng, *shape):
    """Small whole numbers, all different."""
    count = torch.Size(shape).numel()
    return torch.tensor(rng.sample(range(1, 61), count), dtype=torch.float32).reshape(shape)


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
        source = numbers(rng, 4, 3).to(y.dtype)
        yield y, rng.choice([0, -2]), index_for(rng, y, 0, 3, 2), source
    for source in promised(rng, "any strides", shape=(3, 4)):
        y = numbers(rng, 3, 3)
        yield y, rng.choice([1, -1]), index_for(rng, y, 1, 4, 3).t(), source
    for dim in (0, 1, 2, -1, -2, -3):
        y = numbers(rng, 2, 3, 2)
        yield y, dim, index_for(rng, y, dim, 2, 2, 2), numbers(rng, 2, 2, 3)
    y = numbers(rng, 2, 3, 2, 2)
    yield y, 2, index_for(rng, y, 2, 1, 2, 3, 2), numbers(rng, 2, 2, 3, 2)
    large = torch.tensor([1e200, 2e200], dtype=torch.float64)
    yield large, -1, torch.tensor([1, 1]), large * rng.randint(2, 9)


def add_along(result, dim, index, source):
    """For mistakes that are wrong elsewhere: add source to result, which is changed."""
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] += source[place]
    return result


@exercise.observe
def _(answer, x, dim, index, source):
    result = answer(x, dim, index, source)
    return {"result": result, "shares storage with x": shares_storage(result, x)}


@exercise.mistake(
    "Where a place comes twice, only one of the two has arrived. All that is written there counts."
)
def writes_over(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] = x[tuple(target)] + source[place]
    return result


@exercise.mistake(
    "What stood in x is gone, or what was added before: a place keeps what it has, and gets more."
)
def assigns(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] = source[place]
    return result


@exercise.mistake(same_as=assigns)
def clears_the_place_first(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] = 0
    return add_along(result, dim, index, source)


@exercise.mistake(
    "The result is right, and the caller's x has become it, for some x at least. What you wrote "
    "into was no copy then, but x under another name."
)
def adds_to_x_itself(x, dim, index, source):
    result = x
    return add_along(result, dim, index, source)


@exercise.mistake(same_as=adds_to_x_itself)
def adds_to_what_may_be_x(x, dim, index, source):
    return add_along(x.contiguous(), dim, index, source)


@exercise.mistake("The sums are there, but x is not: they are to be added to what x holds.")
def begins_with_zeros(x, dim, index, source):
    return add_along(torch.zeros_like(x), dim, index, source)


@exercise.mistake("What x holds has been counted twice.")
def x_twice(x, dim, index, source):
    return x + add_along(x.clone(), dim, index, source)


@exercise.mistake(
    "source may be longer than index: what has no place in index is added nowhere. Which "
    "element of source belongs to a place of index?"
)
def loops_over_source(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, source.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] += source[place]
    return result


@exercise.mistake(same_as=loops_over_source)
def element_after_element(x, dim, index, source):
    result = x.clone()
    places = itertools.product(*map(range, index.shape))
    for place, value in zip(places, source.reshape(-1)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] += value
    return result


@exercise.mistake("index may be smaller, or larger, than x. Over whose places do your loops run?")
def loops_over_x(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, x.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] += source[place]
    return result


@exercise.mistake(
    "That is reading along the index, as gather does: it says here where an element goes, not "
    "where it comes from."
)
def reads_along(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        origin = list(place)
        origin[dim] = int(index[place])
        result[place] += source[tuple(origin)]
    return result


@exercise.mistake(
    "Along which dimension the index speaks, `dim` says. In yours it is the same one whatever "
    "`dim` is."
)
def always_the_first(x, dim, index, source):
    return add_along(x.clone(), 0, index, source)


@exercise.mistake(same_as=always_the_first)
def always_the_last(x, dim, index, source):
    return add_along(x.clone(), -1, index, source)


@exercise.mistake(
    "A negative `dim` counts from the last dimension. What does yours do with a `dim` of -1?"
)
def looks_for_dim(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        target = [int(index[place]) if d == dim else p for d, p in enumerate(place)]
        result[tuple(target)] += source[place]
    return result


@exercise.mistake(same_as=looks_for_dim)
def cuts_the_place_at_dim(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        result[(*place[:dim], int(index[place]), *place[dim + 1 :])] += source[place]
    return result


@exercise.mistake(
    "x may have any number of dimensions from one on, and `dim` may count from the end. Yours "
    "knows only some of these."
)
def a_matrix_only(x, dim, index, source):
    result = x.clone()
    rows, columns = index.shape
    for i in range(rows):
        for j in range(columns):
            if dim in (0, -2):
                result[index[i, j], j] += source[i, j]
            else:
                result[i, index[i, j]] += source[i, j]
    return result


@exercise.mistake(same_as=a_matrix_only)
def a_matrix_and_no_negative_dim(x, dim, index, source):
    result = x.clone()
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            if dim == 0:
                result[index[i, j], j] += source[i, j]
            else:
                result[i, index[i, j]] += source[i, j]
    return result


@exercise.mistake(
    "In yours a number of the index changes a whole row or column. It belongs to one element of "
    "source, and that goes to one place."
)
def whole_rows(x, dim, index, source):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        result.select(dim, int(index[place])).add_(source[place])
    return result


@exercise.mistake("What is added are the numbers of source, not how often a place comes.")
def counts(x, dim, index, source):
    return add_along(x.clone(), dim, index, torch.ones_like(source))


@exercise.mistake(
    "The dtype of x has got lost, on the way or in the result. Where does yours choose another?"
)
def always_float32(x, dim, index, source):
    return add_along(torch.zeros(x.shape) + x.float(), dim, index, source.float())


@exercise.mistake(same_as=a_matrix_only)
def one_or_two_dimensions(x, dim, index, source):
    result = x.clone()
    for i in range(index.shape[0]):
        if x.dim() == 1:
            result[index[i]] += source[i]
            continue
        for j in range(index.shape[1]):
            if dim == 0:
                result[index[i, j], j] += source[i, j]
            else:
                result[i, index[i, j]] += source[i, j]
    return result


@exercise.mistake(same_as=always_float32)
def sums_in_float32(x, dim, index, source):
    return x + add_along(torch.zeros(x.shape), dim, index, source)


@exercise.mistake(
    "x is what is added to, and source what is added. In yours it is the other way round."
)
def adds_x_to_source(x, dim, index, source):
    result = source.clone()
    for place in itertools.product(*map(range, index.shape)):
        origin = list(place)
        origin[dim] = int(index[place])
        result[place] += x[tuple(origin)]
    return result


@exercise.mistake(same_as=x_twice)
def assigns_and_adds_x(x, dim, index, source):
    return x + assigns(x, dim, index, source)


@exercise.right
def sum_by_sum(x, dim, index, source):
    out = torch.empty_like(x).copy_(x)
    for place in itertools.product(*[range(n) for n in index.shape]):
        where = list(place)
        where[dim] = index[place].item()
        where = tuple(where)
        out[where] = out[where] + source[place]
    return out


@exercise.right
def by_what_arrives(x, dim, index, source):
    """For each place of the result, look who goes there."""
    sums = {}
    for place in numpy.ndindex(*index.shape):
        target = list(place)
        target[dim] = int(index[place])
        sums.setdefault(tuple(target), []).append(source[place])
    result = x.clone()
    for place, values in sums.items():
        result[place] += torch.stack(values).sum()
    return result


@exercise.right
def recursive(x, dim, index, source):
    result = x.clone()

    def add(out, i, s, d):
        if out.dim() == 1:
            for k in range(len(i)):
                out[i[k]] += s[k]
            return
        if d == 0:
            out, i, s, d = out.transpose(0, 1), i.transpose(0, 1), s.transpose(0, 1), 1
        for k in range(len(i)):
            add(out[k], i[k], s[k], d - 1)

    add(result, index, source, dim % x.dim())
    return result


@exercise.right
def on_a_flat_copy(x, dim, index, source):
    strides = [math.prod(x.shape[d + 1 :]) for d in range(x.dim())]
    flat = x.reshape(-1).clone()
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        flat[sum(t * s for t, s in zip(target, strides))] += source[place]
    return flat.reshape(x.shape)


@exercise.not_by_hand
def by_the_function(x, dim, index, source):
    return x.scatter_add(dim, index, source)


@exercise.not_by_hand
def by_reducing(x, dim, index, source):
    return x.scatter_reduce(dim, index, source, "sum")


@exercise.not_by_hand
def by_accumulating(x, dim, index, source):
    result = x.clone()
    places = list(torch.meshgrid(*map(torch.arange, index.shape), indexing="ij"))
    values = source[tuple(places)]
    places[dim] = index
    return result.index_put_(tuple(places), values, accumulate=True)


exercise.equivalent(
    "target[dim] = int(index[place])",
    "target[dim] = index[place]",
    because="A tensor that holds one whole number is used as an index like an int.",
)


exercise.equivalent(
    "where[dim] = index[place].item()",
    "where[dim] = index[place]",
    because="A tensor that holds one whole number is used as an index like an int.",
)


exercise.equivalent(
    "result[tuple(target)] += source[place]",
    "result[tuple(target)] = result[tuple(target)] + source[place]",
    because="The sum is written back to the same place, whichever way it was worked out.",
)


exercise.equivalent(
    "out[where] = out[where] + source[place]",
    "out[where] += source[place]",
    because="The sum is written back to the same place, whichever way it was worked out.",
)


exercise.equivalent(
    "result[place] += torch.stack(values).sum()",
    "result[place] = result[place] + torch.stack(values).sum()",
    because="The sum is written back to the same place, whichever way it was worked out.",
)


exercise.equivalent(
    "out[i[k]] += s[k]",
    "out[i[k]] = out[i[k]] + s[k]",
    because="The sum is written back to the same place, whichever way it was worked out.",
)


exercise.equivalent(
    "flat[sum((t * s for t, s in zip(target, strides)))] += source[place]",
    "flat[sum((t * s for t, s in zip(target, strides)))] = "
    "flat[sum((t * s for t, s in zip(target, strides)))] + source[place]",
    because="The sum is written back to the same place, whichever way it was worked out.",
)


exercise.equivalent(
    "return flat.reshape(x.shape)",
    "return flat.view(x.shape)",
    because="flat is contiguous, so that every shape is a view of it.",
)
