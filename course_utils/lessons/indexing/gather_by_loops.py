"""Write `torch.gather` by hand: `index` says for each place of the result where in `x` to read. In
two dimensions and with `dim=0`, `result[i, j]` is `x[index[i, j], j]`. Loops will do.
"""

import itertools

import numpy
import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.3",
    "`gather` by hand",
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
    # A view of x, or x itself, would hold the same numbers.
    yield x, 0, torch.tensor([[0, 0], [1, 1], [2, 2]])
    yield x, 0, torch.tensor([[1], [2]])
    yield x, 0, torch.tensor([[0, -1]])
    yield torch.tensor([7.0, 8.0]), 0, torch.tensor([-1])
    yield torch.tensor([[7.0, 8.0]]), 1, torch.tensor([[0, -2, 1]])
    yield x, 1, torch.tensor([[0, 2]])
    yield x.long(), 0, torch.zeros(0, 2, dtype=torch.int64)
    yield torch.tensor([2**62, 2**62 + rng.randint(1, 9)]), 0, torch.tensor([1, 0])
    yield torch.tensor([1, 1 + 1j * rng.randint(1, 9)]), 0, torch.tensor([1, 0])
    for y in promised(rng, "any dtype", "any strides", shape=(2, 3)):
        yield y, rng.choice([0, -2]), index_for(rng, y, 0, rng.randint(1, 3), rng.randint(1, 3))
    for y in promised(rng, "any strides", shape=(3, 3)):
        yield y, rng.choice([1, -1]), index_for(rng, y, 1, 3, 3).t()
    for dim in (0, 1, 2, -1, -2, -3):
        y = torch.tensor(rng.sample(range(1, 61), 12)).reshape(2, 3, 2)
        yield y, dim, index_for(rng, y, dim, 2, 2, 2)
    y = torch.tensor(rng.sample(range(1, 61), 24)).reshape(2, 3, 2, 2)
    yield y, 2, index_for(rng, y, 2, 1, 2, 3, 2)
    yield torch.tensor([7.0, 8.0, 9.0]), -1, torch.tensor([1, 0])


@exercise.observe
def _(answer, x, dim, index):
    result = answer(x, dim, index)
    return {"result": result, "shares storage with x": shares_storage(result, x)}


@exercise.mistake(
    "A position of -1 got an element: in Python it counts from the end. Which positions are there?"
)
def takes_negative_positions(x, dim, index):
    result = torch.empty(index.shape, dtype=x.dtype)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=takes_negative_positions)
def counts_round(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place]) % x.shape[dim]
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(
    "A position that does not exist is to be an IndexError. Yours ends in something else there."
)
def another_error(x, dim, index):
    if index.numel() and (index.min() < 0 or index.max() >= x.shape[dim]):
        raise ValueError("no such position")
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=another_error)
def nearest_position(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = min(max(int(index[place]), 0), x.shape[dim] - 1)
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=another_error)
def skips_what_is_not_there(x, dim, index):
    result = x.new_zeros(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if 0 <= source[dim] < x.shape[dim]:
            result[place] = x[tuple(source)]
    return result


@exercise.mistake(
    "Whether a position exists depends on the size of x along dim. You look at the size of "
    "another dimension."
)
def size_of_the_first_dimension(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < len(x):
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(
    "Along which dimension the index speaks, `dim` says. In yours it is the same one whatever "
    "`dim` is."
)
def always_the_first(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        position = int(index[place])
        if not 0 <= position < x.shape[0]:
            raise IndexError(position)
        result[place] = x[(position, *place[1:])]
    return result


@exercise.mistake(same_as=always_the_first)
def always_the_last(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        position = int(index[place])
        if not 0 <= position < x.shape[-1]:
            raise IndexError(position)
        result[place] = x[(*place[:-1], position)]
    return result


@exercise.mistake(
    "That is writing along the index: where an element goes. Here the index says where it comes "
    "from."
)
def writes_along(x, dim, index):
    result = torch.zeros(index.shape, dtype=x.dtype)
    for place in itertools.product(*map(range, index.shape)):
        target = list(place)
        target[dim] = int(index[place])
        result[tuple(target)] = x[place]
    return result


@exercise.mistake(
    "The result has the shape of index, not that of x. Where do you go by the shape of x?"
)
def loops_over_x(x, dim, index):
    result = torch.empty_like(x)
    for place in itertools.product(*map(range, x.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=loops_over_x)
def a_result_like_x(x, dim, index):
    result = torch.zeros_like(x)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=loops_over_x)
def writes_over_a_copy_of_x(x, dim, index):
    result = x.clone()
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result[tuple(map(slice, index.shape))]


@exercise.mistake(
    "The result is to have the dtype of x, and each element is to come through as it is. In yours "
    "another dtype comes into play, for some x at least: where is it chosen?"
)
def always_float(x, dim, index):
    result = torch.zeros(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=always_float)
def dtype_of_the_index(x, dim, index):
    result = torch.zeros_like(index)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=always_float)
def from_numbers(x, dim, index):
    values = []
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        values.append(x[tuple(source)].item())
    return torch.tensor(values).reshape(index.shape)


@exercise.mistake(same_as=always_float)
def from_elements(x, dim, index):
    values = []
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        values.append(x[tuple(source)])
    return torch.tensor(values).reshape(index.shape)


@exercise.mistake(same_as=always_float)
def by_way_of_floats(x, dim, index):
    values = []
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        values.append(float(x[tuple(source)]))
    return torch.tensor(values).to(x.dtype).reshape(index.shape)


@exercise.mistake(
    "x may have any number of dimensions from one on, and `dim` may count from the end. Yours "
    "knows only some of these."
)
def a_matrix_only(x, dim, index):
    rows, columns = index.shape
    result = x.new_empty(rows, columns)
    for i in range(rows):
        for j in range(columns):
            position = int(index[i, j])
            if not 0 <= position < x.shape[dim]:
                raise IndexError(position)
            result[i, j] = x[position, j] if dim in (0, -2) else x[i, position]
    return result


@exercise.mistake(same_as=a_matrix_only)
def rows_and_columns(x, dim, index):
    result = x.new_empty(index.shape)
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            position = int(index[i, j])
            if not 0 <= position < x.shape[dim]:
                raise IndexError(position)
            result[i, j] = x[position, j] if dim in (0, -2) else x[i, position]
    return result


@exercise.mistake(same_as=a_matrix_only)
def a_matrix_and_no_negative_dim(x, dim, index):
    result = x.new_empty(index.shape)
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            position = int(index[i, j])
            if not 0 <= position < x.shape[dim]:
                raise IndexError(position)
            result[i, j] = x[position, j] if dim == 0 else x[i, position]
    return result


@exercise.mistake(
    "A negative `dim` counts from the last dimension. What does yours do with a `dim` of -1?"
)
def looks_for_dim(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        position = int(index[place])
        if not 0 <= position < x.shape[dim]:
            raise IndexError(position)
        source = [position if d == dim else p for d, p in enumerate(place)]
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=looks_for_dim)
def cuts_the_place_at_dim(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        position = int(index[place])
        if not 0 <= position < x.shape[dim]:
            raise IndexError(position)
        result[place] = x[(*place[:dim], position, *place[dim + 1 :])]
    return result


@exercise.mistake(
    "Yours takes whole rows or columns for each number of the index. Each number asks for one "
    "element."
)
def whole_rows(x, dim, index):
    if index.numel() and (index.min() < 0 or index.max() >= x.shape[dim]):
        raise IndexError("index out of range")
    return x.index_select(dim, index.reshape(-1))


@exercise.mistake("An index without elements has no smallest and no largest position.")
def smallest_of_nothing(x, dim, index):
    if index.min() < 0 or index.max() >= x.shape[dim]:
        raise IndexError("index out of range")
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=a_matrix_only)
def a_matrix_and_no_check(x, dim, index):
    result = x.new_zeros(index.shape)
    for i in range(index.shape[0]):
        for j in range(index.shape[1]):
            if dim == 0:
                result[i, j] = x[index[i, j], j]
            else:
                result[i, j] = x[i, index[i, j]]
    return result


@exercise.mistake(same_as=takes_negative_positions)
def up_to_three_dimensions(x, dim, index):
    result = x.new_zeros(index.shape)
    for i in range(index.shape[0]):
        if x.dim() == 1:
            result[i] = x[index[i]]
            continue
        for j in range(index.shape[1]):
            if x.dim() == 2:
                result[i, j] = x[index[i, j], j] if dim == 0 else x[i, index[i, j]]
                continue
            for k in range(index.shape[2]):
                place = [i, j, k]
                place[dim] = index[i, j, k]
                result[i, j, k] = x[tuple(place)]
    return result


@exercise.mistake(same_as=another_error)
def the_error_that_torch_raises(x, dim, index):
    result = x.new_empty(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise RuntimeError("index out of bounds")
        result[place] = x[tuple(source)]
    return result


@exercise.mistake(same_as=always_float)
def float_until_the_end(x, dim, index):
    result = torch.zeros(index.shape)
    for place in itertools.product(*map(range, index.shape)):
        source = list(place)
        source[dim] = int(index[place])
        if not 0 <= source[dim] < x.shape[dim]:
            raise IndexError(source[dim])
        result[place] = x[tuple(source)]
    return result.to(x.dtype)


@exercise.right
def two_checks(x, dim, index):
    if index.numel() > 0 and (index.min() < 0 or index.max() >= x.shape[dim]):
        raise IndexError("index out of range")
    out = x.new_zeros(index.shape)
    for place in itertools.product(*[range(n) for n in index.shape]):
        where = list(place)
        where[dim] = index[place].item()
        out[place] = x[tuple(where)]
    return out


@exercise.right
def one_value_after_another(x, dim, index):
    size = x.size(dim)
    picked = []
    for place in numpy.ndindex(*index.shape):
        position = index[place]
        assert_exists(position, size)
        source = list(place)
        source[dim] = position
        picked.append(x[tuple(source)])
    return torch.stack(picked).reshape(index.shape) if picked else x.new_empty(index.shape)


def assert_exists(position, size):
    if position < 0 or position >= size:
        raise IndexError("no such position")


@exercise.right
def count_through(x, dim, index):
    size = x.shape[dim]
    values = torch.zeros(index.numel(), dtype=x.dtype)
    for n in range(index.numel()):
        rest, place = n, []
        for length in reversed(index.shape):
            place.insert(0, rest % length)
            rest //= length
        position = int(index[tuple(place)])
        if position < 0 or position >= size:
            raise IndexError(f"{position} is not from 0 to {size - 1}")
        place[dim] = position
        values[n] = x[tuple(place)]
    return values.view(index.shape)


@exercise.right
def index_tensors_for_all_dimensions(x, dim, index):
    if ((index < 0) | (index >= x.size(dim))).any():
        raise IndexError
    places = list(torch.meshgrid(*[torch.arange(n) for n in index.shape], indexing="ij"))
    places[dim] = index
    return x[tuple(places)]


@exercise.not_by_hand
def by_the_function(x, dim, index):
    if ((index < 0) | (index >= x.size(dim))).any():
        raise IndexError
    return x.gather(dim, index)


@exercise.not_by_hand
def by_take_along_dim(x, dim, index):
    if ((index < 0) | (index >= x.size(dim))).any():
        raise IndexError
    cut = tuple(slice(n if d != dim % x.dim() else None) for d, n in enumerate(index.shape))
    return torch.take_along_dim(x[cut], index, dim)


exercise.equivalent(
    "position = int(index[place])",
    "position = index[place]",
    because="A tensor that holds one whole number is compared and used as an index like an int.",
)


exercise.equivalent(
    "where[dim] = index[place].item()",
    "where[dim] = index[place]",
    because="A tensor that holds one whole number is used as an index like an int.",
)


exercise.equivalent(
    "position = int(index[tuple(place)])",
    "position = index[tuple(place)]",
    because="A tensor that holds one whole number is compared and used as an index like an int.",
)


exercise.equivalent(
    "if not 0 <= position < x.shape[dim]:",
    "if not 0 <= position <= x.shape[dim]:",
    because="For a position that is too large, torch raises IndexError itself.",
)


exercise.equivalent(
    "if index.numel() > 0 and (index.min() < 0 or index.max() >= x.shape[dim]):",
    "if index.numel() > 0 and index.min() < 0:",
    "if index.numel() > 0 and (index.min() < 0 or index.max() > x.shape[dim]):",
    "if index.numel() > 0 and (index.min() < 0 or index.min() >= x.shape[dim]):",
    because="For a position that is too large, torch raises IndexError itself.",
)


exercise.equivalent(
    "if position < 0 or position >= size:",
    "if position < 0:",
    "if position < 0 or position > size:",
    because="For a position that is too large, torch raises IndexError itself.",
)


exercise.equivalent(
    "if ((index < 0) | (index >= x.size(dim))).any():",
    "if (index < 0).any():",
    "if ((index < 0) | (index > x.size(dim))).any():",
    because="For a position that is too large, torch raises IndexError itself.",
)


exercise.equivalent(
    "values = torch.zeros(index.numel(), dtype=x.dtype)",
    "values = torch.ones(index.numel(), dtype=x.dtype)",
    because="Every value is written over.",
)


exercise.equivalent(
    "rest //= length",
    "rest = rest // length",
    because="A number cannot be changed in place: both give the name to another one.",
)


exercise.equivalent(
    "places = list(torch.meshgrid(*[torch.arange(n) for n in index.shape], indexing='ij'))",
    "places = list(torch.meshgrid(*[torch.arange(n) for n in index.shape]))",
    because="The same order is the default, with a warning.",
)


exercise.equivalent(
    "return x[tuple(places)]",
    "return x[places]",
    because="torch still reads a list of index tensors as a tuple; it warns that this will end.",
)


exercise.equivalent(
    "picked.append(x[tuple(source)])",
    "picked.append(x[source])",
    because="torch still reads a list with a tensor in it as a tuple; it warns that this will end.",
)


exercise.equivalent(
    "return torch.stack(picked).reshape(index.shape) if picked else x.new_empty(index.shape)",
    "return torch.stack(picked).view(index.shape) if picked else x.new_empty(index.shape)",
    because="What stack makes is contiguous, so that every shape is a view of it.",
)
