"""A batch is sorted, worked on, and then has to be in its old order again. `x.sort(dim)` gives the
sorted values and the places that they come from: these are enough to go back.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.15",
    "Undo a sort",
    minutes=15,
    difficulty=2,
    hints=[
        "Sort three numbers by hand and write down `order`. Which value goes to place order[0]?",
        "gather reads at an index. Here you know where each value is to be written.",
        "Or turn `order` round: which order of `order` is 0, 1, 2, ...?",
    ],
)


@exercise.reference
def undo_sort(values, order, dim):
    """The values, back at the places where they were before a sort.

    order: int64, as `x.sort(dim)` gives it: along dim, the value at place i came from place
    order[i]. values: of order's shape, any dtype, any strides; they need not be in sorted order any
    more. dim: an int; may be negative.
    Returns a new tensor of the shape and dtype of values.
    """
    return torch.empty_like(values).scatter(dim, order, values)


def _order(rng, shape, dim):
    """The order of a sort along dim of numbers that are all different."""
    count = torch.Size(shape).numel()
    return torch.tensor(rng.sample(range(count), count)).reshape(shape).sort(dim).indices


@exercise.cases
def _(rng):
    # Three that go round: the way there and the way back are not the same.
    yield torch.tensor([1.0, 5.0, 7.0]), torch.tensor([1, 2, 0]), 0
    yield torch.tensor([1.0, 5.0, 7.0]), torch.tensor([2, 1, 0]), 0
    yield torch.tensor([1.0, 5.0, 7.0]), torch.tensor([0, 1, 2]), 0
    yield torch.tensor([30.0, 10.0, 20.0, 10.0]), torch.tensor([3, 0, 1, 2]), -1
    yield torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([[1, 2, 0], [2, 0, 1]]), 1
    yield torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([[1, 2], [2, 0], [0, 1]]), 0
    square = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    yield square, torch.tensor([[1, 2, 0], [2, 0, 1], [0, 2, 1]]), 1
    yield square, torch.tensor([[1, 2, 0], [2, 0, 1], [0, 1, 2]]), 0
    yield square, torch.tensor([[1, 2, 0], [2, 0, 1], [0, 2, 1]]), -1
    for x in promised(rng, "any dtype", "any strides", shape=(3, 4)):
        dim = rng.choice([0, 1, -1, -2])
        yield x, _order(rng, x.shape, dim), dim
    for values in promised(rng, "negative too", "NaN inside", shape=(5,)):
        yield values, _order(rng, (5,), 0).flip(0), 0
    for dim in (0, 1, 2, -1, -2, -3):
        shape = [rng.randint(3, 4) for _ in range(3)]
        values = torch.tensor([rng.randint(-9, 9) / 2 for _ in range(torch.Size(shape).numel())])
        yield values.reshape(shape), _order(rng, shape, dim), dim
    order = _order(rng, (4, 3), 1)
    yield torch.tensor([rng.randint(1, 9) for _ in range(12)]).reshape(3, 4), order.T, 0


@exercise.observe
def _(answer, values, order, dim):
    result = answer(values, order, dim)
    return {"result": result, "shares storage with values": shares_storage(result, values)}


@exercise.mistake(
    "You read at the places in `order` once more, as the sort did, instead of going back. What "
    "is known of value i is where it belongs."
)
def gathers(values, order, dim):
    return values.gather(dim, order)


@exercise.mistake(same_as=gathers)
def flipped(values, order, dim):
    return values.gather(dim, order).flip(dim)


@exercise.mistake(
    "Values may have been changed since they were sorted, and may be in any order: sorting them "
    "says nothing about where they came from."
)
def sorts_the_values(values, order, dim):
    return values.sort(dim).values.gather(dim, order.argsort(dim))


@exercise.mistake(same_as=sorts_the_values)
def sorts_the_values_again(values, order, dim):
    return values.gather(dim, values.argsort(dim).argsort(dim))


@exercise.mistake("`order` plays no part in yours, and it alone says where each value came from.")
def gives_them_back(values, order, dim):
    return values.clone()


@exercise.mistake(same_as=gives_them_back)
def turns_them_round(values, order, dim):
    return values.flip(dim)


@exercise.mistake("Yours moves whole rows or columns. Each number in `order` speaks of one value.")
def whole_rows(values, order, dim):
    first = order.select(1 - dim % 2, 0) if order.dim() == 2 else order.flatten()
    if order.dim() > 2:
        return values.gather(dim, order.argsort(dim))
    return values.index_select(dim, first.argsort())


@exercise.mistake(same_as=whole_rows)
def order_as_an_index(values, order, dim):
    if values.dim() == 1:
        return values[order.argsort()]
    return values[order.argsort(dim)]


@exercise.mistake(same_as=whole_rows)
def written_by_the_index(values, order, dim):
    result = torch.zeros_like(values)
    result[order] = values
    return result


@exercise.mistake(
    "Yours is right only where one certain dimension was sorted: in one of your steps, dim is not "
    "asked for. It says which dimension it was."
)
def always_the_last(values, order, dim):
    return torch.zeros_like(values).scatter(-1, order, values)


@exercise.mistake(same_as=always_the_last)
def always_the_first(values, order, dim):
    return values.gather(0, order.argsort(0))


@exercise.mistake(same_as=always_the_last)
def argsort_without_dim(values, order, dim):
    return values.gather(dim, order.argsort())


@exercise.mistake(
    "The result is right, and the tensor that you were given has changed. Written to a place where "
    "an old value is still needed, even the result would be wrong."
)
def writes_into_values(values, order, dim):
    return values.scatter_(dim, order, values.clone())


@exercise.mistake(
    "Where dim is negative, yours does something else. -1 is a name for the last dimension, and no "
    "dimension is equal to it when they are counted from 0."
)
def negative_dim_is_never_met(values, order, dim):
    places = torch.meshgrid(*[torch.arange(size) for size in values.shape], indexing="ij")
    result = torch.zeros_like(values)
    result[tuple(order if d == dim else place for d, place in enumerate(places))] = values
    return result


@exercise.mistake("The values are right, and in float32. They were given in another dtype.")
def in_float32(values, order, dim):
    return torch.zeros(values.shape).scatter(dim, order, values.float())


@exercise.mistake(
    "The order of the order is not its inverse when it is turned round from back to front."
)
def sorted_downwards(values, order, dim):
    return values.gather(dim, order.argsort(dim, descending=True))


@exercise.mistake(
    "Yours is the place of each value, not the value. What is to be read at these places?"
)
def gives_the_places(values, order, dim):
    return order.argsort(dim)


@exercise.right
def order_of_the_order(values, order, dim):
    return values.gather(dim, order.argsort(dim))


@exercise.right
def by_sorting_the_order(values, order, dim):
    _, back = torch.sort(order, dim=dim)
    return torch.take_along_dim(values, back, dim)


@exercise.right
def along_the_last(values, order, dim):
    values, order = values.movedim(dim, -1), order.movedim(dim, -1)
    return torch.zeros_like(values).scatter(-1, order, values).movedim(-1, dim)


@exercise.right
def with_grids_of_indices(values, order, dim):
    places = list(torch.meshgrid(*[torch.arange(size) for size in values.shape], indexing="ij"))
    places[dim] = order
    return values.index_put(places, values)


exercise.equivalent(
    "return torch.empty_like(values).scatter(dim, order, values)",
    "return torch.empty_like(values).scatter_(dim, order, values)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "return torch.zeros_like(values).scatter(-1, order, values).movedim(-1, dim)",
    "return torch.zeros_like(values).scatter_(-1, order, values).movedim(-1, dim)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "places = list(torch.meshgrid(*[torch.arange(size) for size in values.shape], indexing='ij'))",
    "places = list(torch.meshgrid(*[torch.arange(size) for size in values.shape]))",
    because="Without indexing, meshgrid takes 'ij', and warns.",
)
