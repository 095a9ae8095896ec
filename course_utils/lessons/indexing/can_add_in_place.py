"""`x += y` keeps x's memory, so it can do less than `x + y`. Say beforehand whether torch does it.
Three things count: the shapes, the dtypes, and whether each element of x has a place of its own.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing import effort
from course_utils.promises import promised

exercise = Exercise(
    "02.10",
    "Can this be added in place?",
    minutes=15,
    difficulty=2,
    hints=[
        "Which shape would x + y have? x cannot grow.",
        "Which dtype would x + y have? x keeps its own: an int cannot hold a half. "
        "torch.result_type and torch.can_cast know the rules.",
        "What would it mean to add 1 and 2 to two elements that are the same place in memory? "
        "Which stride says that neighbours are one place?",
    ],
)


@exercise.reference
def can_add_in_place(x, y):
    """True if `x += y` works, False if torch refuses it. Writes to neither of them.

    x, y: tensors of any shape, any strides, any dtype but float8, uint16, uint32 and
    uint64; an x with elements may come from expand. They share no memory. Returns a bool.
    """
    try:
        fits = torch.broadcast_shapes(x.shape, y.shape) == x.shape
    except RuntimeError:
        return False
    holds = torch.can_cast(torch.result_type(x, y), x.dtype)
    own_places = all(step != 0 for size, step in zip(x.shape, x.stride(), strict=True) if size > 1)
    return fits and holds and own_places


DTYPES = [torch.float32, torch.float64, torch.float16, torch.int64, torch.uint8, torch.bool]


def _spread(rng, shape):
    """A tensor of this shape in which all elements along one dimension are one place."""
    dim = rng.randrange(len(shape))
    return torch.ones([1 if d == dim else size for d, size in enumerate(shape)]).expand(shape)


@exercise.cases
def _(rng):
    yield torch.zeros(2, 3), torch.ones(2, 3)
    yield torch.zeros(2, 3), torch.ones(3)
    yield torch.zeros(2, 3), torch.ones(2)
    yield torch.zeros(3), torch.ones(2, 3)
    yield torch.zeros(3), torch.ones(1, 3)
    yield torch.zeros(1, 3), torch.ones(2, 3)
    yield torch.zeros(2, 1), torch.ones(3)
    yield torch.zeros(2, 3), torch.ones(1, 2, 3)
    yield torch.zeros(2, 3, 1), torch.ones(3, 1)
    yield torch.zeros(()), torch.ones(1)
    yield torch.zeros(1), torch.ones(())
    yield torch.zeros(0, 3), torch.ones(3)
    yield torch.zeros(0, 3), torch.ones(2, 3)
    yield torch.zeros(1), torch.ones(0)
    yield torch.zeros(0), torch.ones(1)
    # The dtype of x has to hold the sum; the values do not count.
    yield torch.tensor([1, 2]), torch.tensor([0.5, 1.5])
    yield torch.tensor([1, 2]), torch.tensor([1.0, 2.0])
    yield torch.tensor([1, 2]), torch.tensor(0.5)
    yield torch.tensor([0.5, 1.5]), torch.tensor([1, 2])
    yield torch.tensor([0.5, 1.5]), torch.tensor([1.0, 2.0], dtype=torch.float64)
    yield torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([300, 1])
    yield torch.tensor([True, False]), torch.tensor([1, 0])
    yield torch.tensor([True, False]), torch.tensor([True, True])
    yield torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([True, True])
    # Several elements of x in one place.
    yield torch.zeros(3).expand(2, 3), torch.ones(3)
    yield torch.zeros(3).expand(2, 3), torch.ones(())
    yield torch.zeros(2, 1).expand(2, 3), torch.ones(2, 3)
    yield torch.zeros(()).expand(2), torch.ones(2)
    yield torch.zeros(3).expand(2, 3)[:1], torch.ones(3)
    yield torch.zeros(2, 3), torch.zeros(3).expand(2, 3)
    for x in promised(rng, "any strides", "any shape", "any dtype"):
        yield x, torch.ones(x.shape[-1:], dtype=x.dtype)
        yield x[None], x + 0
        yield x, torch.ones(2, *x.shape, dtype=x.dtype)
    for y in promised(rng, "any strides", "any shape", "any dtype"):
        yield torch.zeros(2, *y.shape), y
    for _ in range(8):
        shape = tuple(rng.randint(2, 4) for _ in range(rng.randint(1, 3)))
        smaller = [rng.choice([1, size]) for size in shape][rng.randint(0, len(shape) - 1) :]
        yield torch.zeros(shape), torch.ones(smaller)
        yield torch.ones(smaller), torch.zeros(shape)
        yield _spread(rng, shape), torch.ones(smaller)
        one, other = rng.sample(DTYPES, 2)
        yield torch.zeros(shape, dtype=one), torch.ones(smaller, dtype=other)


@exercise.observe
def _(answer, x, y):
    with effort.writes_to(x) as writes, effort.writes_to(y) as others:
        says = answer(x, y)
    return {"says": says, "x was written to": bool(writes), "y was written to": bool(others)}


@exercise.mistake(
    "The shapes broadcast, and still torch refuses: an x that would have to grow cannot stay "
    "where it is."
)
def asks_whether_they_broadcast(x, y):
    try:
        torch.broadcast_shapes(x.shape, y.shape)
    except RuntimeError:
        return False
    own_places = all(step != 0 for size, step in zip(x.shape, x.stride(), strict=True) if size > 1)
    return torch.can_cast(y.dtype, x.dtype) and own_places


@exercise.mistake(same_as=asks_whether_they_broadcast)
def tries_the_sum(x, y):
    try:
        x + y
    except RuntimeError:
        return False
    return True


@exercise.mistake(same_as=asks_whether_they_broadcast)
def counts_elements(x, y):
    return y.numel() <= x.numel() and tries_the_sum(x, y)


@exercise.mistake(
    "y need not have the shape of x: it is stretched to it, as in x + y, if it can be."
)
def same_shape_only(x, y):
    return x.shape == y.shape and can_add_in_place(x, y)


@exercise.mistake(
    "Yours looks at shapes, and not at what x can hold. A sum with halves in it does not go into "
    "ints, and torch rounds nothing behind your back here."
)
def any_dtype(x, y):
    return can_add_in_place(x, y.to(x.dtype))


@exercise.mistake(same_as=any_dtype)
def shape_alone(x, y):
    try:
        return torch.broadcast_shapes(x.shape, y.shape) == x.shape
    except RuntimeError:
        return False


@exercise.mistake(
    "Yours says no to dtypes that torch takes. In place, the sum is put into x's dtype: where "
    "is that allowed although the dtype of y is another one?"
)
def same_dtype(x, y):
    return x.dtype == y.dtype and can_add_in_place(x, y)


@exercise.mistake(same_as=same_dtype)
def dtype_of_the_sum(x, y):
    try:
        total = x + y
    except RuntimeError:
        return False
    own_places = all(step != 0 for size, step in zip(x.shape, x.stride(), strict=True) if size > 1)
    return total.shape == x.shape and total.dtype == x.dtype and own_places


@exercise.mistake(same_as=same_dtype)
def no_smaller_dtype(x, y):
    return x.element_size() >= y.element_size() and can_add_in_place(x, y)


@exercise.mistake(
    "Whether the values fit does not count. torch looks at the dtypes alone: 1.0 is a float."
)
def looks_at_the_values(x, y):
    if not x.is_floating_point() and y.is_floating_point() and bool((y == y.round()).all()):
        y = y.to(x.dtype)
    return can_add_in_place(x, y)


@exercise.mistake(
    "Your answer is the same whether x comes from expand or not. How many places in memory do its "
    "elements have, and what should stand there after adding different numbers?"
)
def expand_is_no_matter(x, y):
    try:
        fits = torch.broadcast_shapes(x.shape, y.shape) == x.shape
    except RuntimeError:
        return False
    return fits and torch.can_cast(torch.result_type(x, y), x.dtype)


@exercise.mistake(
    "An x that is not contiguous can be written to like any other: a transpose has a place for "
    "each element, only in another order."
)
def contiguous_only(x, y):
    return x.is_contiguous() and can_add_in_place(x, y)


@exercise.mistake(
    "A stride of 0 does harm only where there is more than one element along that dimension."
)
def no_stride_of_zero(x, y):
    return 0 not in x.stride() and can_add_in_place(x, y)


@exercise.mistake(
    "Yours is right for ints and floats. A bool can hold fewer things still: what becomes of a sum "
    "of a bool and an int?"
)
def forgets_bools(x, y):
    if x.dtype == torch.bool and not y.is_floating_point():
        y = y.bool()
    return can_add_in_place(x, y)


@exercise.mistake(
    "x and y have changed places: x is the one that is written to, so y has to fit into it."
)
def the_other_way_round(x, y):
    return can_add_in_place(y, x)


@exercise.mistake(same_as=same_dtype)
def both_floats_or_both_not(x, y):
    return x.is_floating_point() == y.is_floating_point() and can_add_in_place(x, y)


@exercise.mistake("Only x is written to. What y looks like in memory does not count.")
def neither_from_expand(x, y):
    own_places = all(step != 0 for size, step in zip(y.shape, y.stride(), strict=True) if size > 1)
    return own_places and can_add_in_place(x, y)


@exercise.mistake(
    "You tried it on x itself: where it worked, x has been written to. Say it before it is done."
)
def tries_it(x, y):
    try:
        x += y
    except RuntimeError:
        return False
    return True


@exercise.mistake(same_as=tries_it)
def tries_it_and_takes_it_back(x, y):
    before = x.clone()
    try:
        x += y
    except RuntimeError:
        return False
    x.copy_(before)
    return True


@exercise.mistake(same_as=tries_it)
def tries_it_and_subtracts_again(x, y):
    try:
        x += y
    except RuntimeError:
        return False
    x -= y
    return True


@exercise.mistake(same_as=tries_it)
def tries_it_through_numpy(x, y):
    before, same_memory = x.clone(), torch.from_numpy(x.numpy())
    try:
        same_memory += y
    except RuntimeError:
        return False
    same_memory.copy_(before)
    return True


@exercise.right
def rule_by_rule(x, y):
    if y.dim() > x.dim():
        return False
    for size, wanted in zip(reversed(y.shape), reversed(x.shape)):  # noqa: B905
        if size not in (1, wanted):
            return False
    for size, step in zip(x.shape, x.stride(), strict=True):
        if size > 1 and step == 0:
            return False
    return torch.can_cast(torch.promote_types(x.dtype, y.dtype), x.dtype)


@exercise.right
def tries_it_on_memory_of_its_own(x, y):
    again = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype)
    try:
        again.add_(y)
    except RuntimeError:
        return False
    return True


@exercise.right
def expands_y(x, y):
    try:
        y.expand(x.shape)
    except RuntimeError:
        return False

    def rank(dtype):
        return (dtype != torch.bool) + dtype.is_floating_point

    return rank(y.dtype) <= rank(x.dtype) and 0 not in x.squeeze().stride()


@exercise.right
def by_the_sum(x, y):
    try:
        total = x + y
    except RuntimeError:
        return False
    if total.shape != x.shape or not torch.can_cast(total.dtype, x.dtype):
        return False
    return not any(x.stride(d) == 0 and x.size(d) > 1 for d in range(x.dim()))
