"""A mean of what counts, and only of that. What does not count may be anything, also NaN."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.11",
    "A mean of the elements that count",
    minutes=15,
    difficulty=2,
    hints=[
        "A mean is a sum divided by a number. Neither of the two may see what does not count.",
        "NaN times 0 is NaN. Is there a function that puts a 0 there instead, without arithmetic?",
        "A mask that broadcasts has fewer elements than x. How many elements of x does one True of "
        "it stand for?",
    ],
)


@exercise.reference
def masked_mean(x, mask, dim):
    """The mean along dim of the elements of x for which mask is True.

    x: any float dtype, any strides; where mask is False, it may hold NaN or infinity. mask: bool,
    of a shape that broadcasts to that of x. dim: an int; may be negative.
    Returns a tensor of x's dtype and of its shape without dim: 0 where no element counts, and NaN
    where one that counts is NaN.
    """
    mask = mask.expand(x.shape)
    total = torch.where(mask, x, 0).sum(dim)
    return total / mask.sum(dim).clamp(min=1)


def _mask(rng, *shape):
    """A mask in which at least one element is True and, where there is room, one is False."""
    count = torch.Size(shape).numel()
    kinds = [True, False, *(rng.random() < 0.6 for _ in range(count))][:count]
    rng.shuffle(kinds)
    return torch.tensor(kinds).reshape(shape)


def _numbers(rng, *shape):
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-9, 9) / 2 for _ in range(count)]).reshape(shape)


@exercise.cases
def _(rng):
    x = torch.tensor([[1.0, 2.0, 6.0], [4.0, 5.0, 9.0]])
    mask = torch.tensor([[True, True, False], [True, False, True]])
    yield x, mask, 1
    yield x, mask, 0
    yield x, mask, -1
    yield torch.tensor([0.0, 4.0, 8.0]), torch.tensor([True, True, False]), 0
    # Where no element counts.
    yield x, torch.tensor([[False, False, False], [True, True, True]]), 1
    yield x, torch.tensor([[True, False, False], [True, True, False]]), 0
    # What does not count may be anything.
    nan, inf = float("nan"), float("inf")
    yield torch.tensor([[1.0, nan], [3.0, 4.0]]), torch.tensor([[True, False], [True, True]]), 1
    yield torch.tensor([[1.0, -inf], [inf, 4.0]]), torch.tensor([[True, False], [False, True]]), 0
    yield torch.tensor([[nan, inf], [3.0, 5.0]]), torch.tensor([[False, False], [True, True]]), 1
    # A NaN that counts has to show.
    yield torch.tensor([[1.0, nan], [3.0, 4.0]]), torch.tensor([[True, True], [True, False]]), 1
    yield torch.tensor([[nan, 2.0], [3.0, 4.0]]), torch.tensor([True, False]), 0
    # Masks that broadcast.
    yield x, torch.tensor([True, False, True]), 1
    yield x, torch.tensor([True, False, True]), 0
    yield x, torch.tensor([[True], [False]]), 0
    yield x, torch.tensor([[True], [False]]), 1
    yield x, torch.tensor(True), 1
    yield x, torch.tensor(False), 0
    square = _numbers(rng, 3, 3)
    yield square, torch.tensor([True, True, False]), 0
    steps = _numbers(rng, 2, 4, 3)
    yield steps, _mask(rng, 2, 4, 1), 1
    yield steps, _mask(rng, 2, 4, 1), -1
    yield steps, _mask(rng, 4, 1), -2
    yield steps, _mask(rng, 2, 1, 3), 0
    for x in promised(rng, "any float dtype", "any strides"):
        yield x, _mask(rng, *x.shape[::-1]).t(), rng.choice([0, 1])
        yield x, _mask(rng, 1, x.shape[1]), rng.choice([-1, -2])
    tall = torch.full((300, 2), 3.0, dtype=torch.float16)
    yield tall, torch.ones(300, 2, dtype=torch.bool), 0
    for _ in range(4):
        shape = [rng.randint(2, 4) for _ in range(3)]
        x, dim = _numbers(rng, *shape), rng.randint(-3, 2)
        mask = _mask(rng, *shape)
        yield x.masked_fill(~mask, rng.choice([nan, inf])), mask, dim
        smaller = [rng.choice([1, size]) for size in shape]
        yield x, _mask(rng, *smaller), dim


@exercise.mistake(
    "NaN times 0 is NaN, and so is infinity times 0. A product does not take away what must not "
    "count."
)
def by_a_product(x, mask, dim):
    mask = mask.expand(x.shape)
    return (x * mask).sum(dim) / mask.sum(dim).clamp(min=1).to(x.dtype)


@exercise.mistake(
    "Where a NaN counts, yours gives a number, and nobody will notice the NaN. Only what does not "
    "count is to be taken out."
)
def hides_all_nan(x, mask, dim):
    means = torch.where(mask, x, float("nan")).nanmean(dim)
    return means.nan_to_num(0.0)


@exercise.mistake(same_as=hides_all_nan)
def no_nan_before_the_product(x, mask, dim):
    mask = mask.expand(x.shape)
    return (x.nan_to_num() * mask).sum(dim) / mask.sum(dim).clamp(min=1)


@exercise.mistake(same_as=hides_all_nan)
def no_nan_after_the_mean(x, mask, dim):
    mask = mask.expand(x.shape)
    return (x.masked_fill(~mask, 0).sum(dim) / mask.sum(dim)).nan_to_num(0.0)


@exercise.mistake("What does not count is still in the number that you divide by.")
def divides_by_all(x, mask, dim):
    return torch.where(mask, x, 0).mean(dim)


@exercise.mistake(same_as=divides_by_all)
def product_and_mean(x, mask, dim):
    return (x * mask).mean(dim)


@exercise.mistake("Where nothing counts, 0 / 0 gives NaN. What was asked for there?")
def nan_for_none(x, mask, dim):
    mask = mask.expand(x.shape)
    return torch.where(mask, x, 0).sum(dim) / mask.sum(dim)


@exercise.mistake("Your means are too near to 0: more was divided by than the elements that count.")
def plus_a_little(x, mask, dim):
    mask = mask.expand(x.shape)
    return (torch.where(mask, x, 0).sum(dim) / (mask.sum(dim) + 1e-3)).to(x.dtype)


@exercise.mistake(same_as=plus_a_little)
def plus_one(x, mask, dim):
    mask = mask.expand(x.shape)
    return torch.where(mask, x, 0).sum(dim) / (mask.sum(dim) + 1)


@exercise.mistake(
    "You count the True values of the mask as it came. Where a mask broadcasts, one True of it "
    "stands for several elements of x."
)
def counts_before_broadcasting(x, mask, dim):
    mask = mask.reshape((1,) * (x.dim() - mask.dim()) + tuple(mask.shape))
    return torch.where(mask, x, 0).sum(dim) / mask.sum(dim).clamp(min=1)


@exercise.mistake(same_as=counts_before_broadcasting)
def counts_the_mask_alone(x, mask, dim):
    return torch.where(mask, x, 0).sum(dim) / mask.sum(dim).clamp(min=1)


@exercise.mistake("You divide by one number for the whole tensor. Each row along dim has its own.")
def one_number_for_all(x, mask, dim):
    mask = mask.expand(x.shape)
    return torch.where(mask, x, 0).sum(dim) / mask.sum().clamp(min=1)


@exercise.mistake(
    "Yours adds up everything that counts in the whole tensor. dim says which dimension is to "
    "go away, and the others stay."
)
def one_mean_for_all(x, mask, dim):
    return x[mask.expand(x.shape)].mean()


@exercise.mistake(same_as=one_mean_for_all)
def sum_of_all_that_counts(x, mask, dim):
    mask = mask.expand(x.shape)
    return x[mask].sum() / mask.sum(dim).clamp(min=1)


@exercise.mistake("dim is to go away, and in yours it is still there with a size of 1.")
def keeps_dim(x, mask, dim):
    mask = mask.expand(x.shape)
    total = torch.where(mask, x, 0).sum(dim, keepdim=True)
    return total / mask.sum(dim, keepdim=True).clamp(min=1)


@exercise.mistake("You take the mean along one dimension whatever dim says.")
def always_the_last(x, mask, dim):
    return masked_mean(x, mask, -1)


@exercise.mistake(same_as=always_the_last)
def always_the_first(x, mask, dim):
    return masked_mean(x, mask, 0)


@exercise.mistake(
    "You ask the values whether they count. A 0 may count as well; only the mask knows."
)
def zeros_do_not_count(x, mask, dim):
    kept = torch.where(mask, x, 0)
    return kept.sum(dim) / (kept != 0).sum(dim).clamp(min=1)


@exercise.mistake("That is the sum. A mean is divided by how many there are.")
def sum_not_mean(x, mask, dim):
    return torch.where(mask, x, 0).sum(dim)


@exercise.mistake("In your mean are those elements that are not to count, and the others are not.")
def the_others(x, mask, dim):
    return masked_mean(x, ~mask, dim)


@exercise.mistake("The means are right, and the tensor of the caller has other values now.")
def writes_into_x(x, mask, dim):
    mask = mask.expand(x.shape)
    x[~mask] = 0
    return x.sum(dim) / mask.sum(dim).clamp(min=1)


@exercise.mistake("Shape and numbers are right, and the dtype is not that of x.")
def in_float32(x, mask, dim):
    return masked_mean(x.float(), mask, dim)


@exercise.mistake("dim may be negative: it counts from the end then.")
def negative_dim_forgotten(x, mask, dim):
    mask = mask.expand(x.shape)
    index = [slice(None)] * x.dim()
    total, count = 0, 0
    for place in range(x.size(dim)):
        index[dim if dim >= 0 else 0] = place
        total = total + torch.where(mask, x, 0)[tuple(index)]
        count = count + mask[tuple(index)].to(x.dtype)
    return total / count.clamp(min=1)


@exercise.right
def with_masked_fill(x, mask, dim):
    x, mask = torch.broadcast_tensors(x, mask)
    return x.masked_fill(~mask, 0).sum(dim) / mask.sum(dim).clamp_min(1)


@exercise.right
def sum_over_count_where_there_is_one(x, mask, dim):
    mask = mask.broadcast_to(x.shape)
    count = mask.count_nonzero(dim)
    total = torch.zeros_like(x).masked_scatter(mask, x[mask]).sum(dim)
    return torch.where(count == 0, 0, total / count)


@exercise.right
def dim_moved_to_the_front(x, mask, dim):
    mask = torch.ones_like(x, dtype=torch.bool) & mask
    rows = list(zip(x.movedim(dim, 0), mask.movedim(dim, 0), strict=True))
    total = sum(torch.where(counts, row, torch.zeros_like(row)) for row, counts in rows)
    count = sum(counts.int() for _, counts in rows)
    return torch.where(count > 0, total / count, 0)


@exercise.right
def row_by_row(x, mask, dim):
    rows = x.movedim(dim, -1).flatten(0, -2) if x.dim() > 1 else x[None]
    masks = mask.expand(x.shape).movedim(dim, -1).reshape(rows.shape)
    means = [
        row[m].mean() if m.any() else row.new_zeros(()) for row, m in zip(rows, masks, strict=True)
    ]
    return torch.stack(means).reshape(x.movedim(dim, -1).shape[:-1])


exercise.equivalent(
    "return torch.stack(means).reshape(x.movedim(dim, -1).shape[:-1])",
    "return torch.stack(means).view(x.movedim(dim, -1).shape[:-1])",
    because="stack makes its result here, and it is contiguous.",
)


exercise.equivalent(
    "total = torch.zeros_like(x).masked_scatter(mask, x[mask]).sum(dim)",
    "total = torch.zeros_like(x).masked_scatter_(mask, x[mask]).sum(dim)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "count = sum((counts.int() for _, counts in rows))",
    "count = sum((counts for _, counts in rows))",
    because="The sum begins with the int 0, so that bools are counted as well.",
)
