"""Sums by group: what a GROUP BY does in a database, and what a graph network does at each of its
nodes. The groups come in any order.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted
from course_utils.promises import promised

exercise = Exercise(
    "02.14",
    "Sums by segment",
    minutes=15,
    difficulty=2,
    hints=[
        "An indexed `+=` counts one of several equal indices. Which functions count all of them?",
        "index_add adds whole rows; scatter_add wants one index for each element.",
        "-1 is a place like any other for some functions, and an error for others. What could be "
        "done with those rows before?",
    ],
)


@exercise.reference
def segment_sum(values, segments, count):
    """The sum of all values of each segment, without a Python loop.

    values: shape (n, ...), any int or float dtype, any strides. segments: int64, shape (n,), in any
    order: from 0 to count - 1, or -1 for a value that belongs to no segment. n may be 0.
    Returns a tensor of shape (count, ...) and of the dtype of values: 0 for a segment without any.
    """
    kept = segments >= 0
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments[kept], values[kept])


def _segments(rng, n, count):
    """Segments in any order, -1 among them where there is room; some segments come twice."""
    drawn = [rng.randrange(count) for _ in range(n)]
    if n > 2:
        one, other, outside = rng.sample(range(n), 3)
        drawn[other], drawn[outside] = drawn[one], -1
    return torch.tensor(drawn, dtype=torch.int64)


def _numbers(rng, *shape):
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-18, 18) / 2 for _ in range(count)]).reshape(shape)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, 1, 0]), 2
    yield torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([1, 0, 1]), 2
    yield torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, 1, 0]), 4
    yield torch.tensor([1.0, 2.0, 4.0]), torch.tensor([3, 1, 3]), 4
    yield torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, -1, 0]), 2
    yield torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1, -1, 1]), 2
    yield torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([-1, 2, -1]), 3
    yield torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([-1, -1]), 2
    # What belongs to no segment, or to another one, may be anything.
    yield torch.tensor([1.0, float("nan"), 4.0]), torch.tensor([0, -1, 0]), 2
    yield torch.tensor([[1.0, 2.0], [float("inf"), 4.0]]), torch.tensor([0, 1]), 2
    yield torch.tensor([[float("inf"), 1.0], [2.0, 4.0]]), torch.tensor([0, 1]), 2
    yield torch.tensor([3.0, 5.0]), torch.tensor([0, 0]), 1
    yield torch.tensor([2**53, 1, 1]), torch.tensor([1, 1, 1]), 2
    yield torch.zeros(0), torch.zeros(0, dtype=torch.int64), 2
    yield torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), 2
    yield _numbers(rng, 3, 3), torch.tensor([2, 0, 2]), 3
    yield _numbers(rng, 4, 2, 3), _segments(rng, 4, 3), 3
    for x in promised(rng, "any float dtype", "any strides", shape=(5, 2)):
        yield x, _segments(rng, len(x), 3), 3
    for dtype in (torch.int64, torch.int32, torch.uint8):
        values = torch.tensor([[rng.randint(1, 9) for _ in range(2)] for _ in range(5)])
        yield values.to(dtype), torch.stack([_segments(rng, 5, 3)] * 2, dim=1)[:, 0], 3
    for _ in range(4):
        n, count = rng.randint(4, 9), rng.randint(2, 5)
        yield _numbers(rng, n, rng.randint(1, 3)), _segments(rng, n, count), count
        yield _numbers(rng, n), _segments(rng, n, count), count


@exercise.observe
def _(answer, values, segments, count):
    with noted() as effort:
        result = answer(values, segments, count)
    facts = {"sums": result}
    if len(values):
        more = (values.repeat(*[2] * values.dim()), segments.repeat(2), 2 * count)
        with noted() as effort_for_more:
            answer(*more)
        loop = effort_for_more.shows_a_loop(effort)
        facts["calls for more values, columns and segments"] = "more" if loop else "as many"
    return facts


@exercise.mistake(
    "Where a segment comes more than once, one of its values is there and the others are lost. An "
    "indexed `+=` reads all places first and writes them afterwards: what does the second write do?"
)
def indexed_plus(values, segments, count):
    kept = segments >= 0
    sums = values.new_zeros(count, *values.shape[1:])
    sums[segments[kept]] += values[kept]
    return sums


@exercise.mistake(same_as=indexed_plus)
def indexed_plus_with_minus_one(values, segments, count):
    sums = values.new_zeros(count, *values.shape[1:])
    sums[segments] += values
    return sums


@exercise.mistake(
    "The values with -1 are added to the last segment: as an index, -1 counts from the end. They "
    "belong to none."
)
def minus_one_is_the_last(values, segments, count):
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments % count, values)


@exercise.mistake("The values with -1 are added to the first segment. They belong to none.")
def minus_one_is_the_first(values, segments, count):
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments.clamp(min=0), values)


@exercise.mistake(
    "-1 is no place for this function: its places begin at 0. What can be done with the values "
    "that belong to no segment, before?"
)
def minus_one_is_forgotten(values, segments, count):
    return values.new_zeros(count, *values.shape[1:]).index_add(0, segments, values)


@exercise.mistake(same_as=minus_one_is_forgotten)
def counts_with_minus_one(values, segments, count):
    if values.dim() == 1 and values.is_floating_point():
        sums = torch.bincount(segments, weights=values, minlength=count)
        return sums.to(values.dtype)
    return segment_sum(values, segments, count)


@exercise.mistake(
    "Only a part of each row is added. scatter_add goes by the shape of its index: where the index "
    "has one column, how many columns are read?"
)
def index_of_one_column(values, segments, count):
    kept = segments >= 0
    index = segments[kept].reshape(-1, *[1] * (values.dim() - 1))
    return values.new_zeros(count, *values.shape[1:]).scatter_add(0, index, values[kept])


@exercise.mistake(
    "Your result has a row for each segment that comes, or up to the largest one. `count` says how "
    "many there are, also those without any value."
)
def only_segments_that_come(values, segments, count):
    found, place = segments[segments >= 0].unique(return_inverse=True)
    sums = values.new_zeros(len(found), *values.shape[1:])
    return sums.index_add(0, place, values[segments >= 0])


@exercise.mistake(same_as=only_segments_that_come)
def up_to_the_largest(values, segments, count):
    kept = segments >= 0
    rows = int(segments.max()) + 1 if len(segments) else 0
    sums = values.new_zeros(rows, *values.shape[1:])
    return sums.index_add(0, segments[kept], values[kept])


@exercise.mistake("The segments come in any order. Yours takes equal ones for neighbours.")
def neighbours_only(values, segments, count):
    kept, values = segments[segments >= 0], values[segments >= 0]
    found, counts = kept.unique_consecutive(return_counts=True)
    sums = values.new_zeros(count, *values.shape[1:])
    ends = counts.cumsum(0)
    running = torch.cat([values.new_zeros(1, *values.shape[1:]), values.cumsum(0).to(values.dtype)])
    sums[found] = running[ends] - running[ends - counts]
    return sums


@exercise.mistake(
    "Infinity minus infinity is NaN. In yours, what belongs to one segment takes part in the sums "
    "of others."
)
def differences_of_running_sums(values, segments, count):
    kept = segments >= 0
    values, segments = values[kept], segments[kept]
    running = values[segments.argsort(stable=True)].cumsum(0).to(values.dtype)
    running = torch.cat([values.new_zeros(1, *values.shape[1:]), running])
    ends = torch.bincount(segments, minlength=count).cumsum(0)
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    return running[ends] - running[starts]


@exercise.mistake("Your sums come out in another dtype. The values say which one.")
def float32_sums(values, segments, count):
    kept = segments >= 0
    sums = torch.zeros(count, *values.shape[1:])
    return sums.index_add(0, segments[kept], values[kept].float())


@exercise.mistake(
    "That takes a loop: with more values, columns or segments, Python goes round more often. And "
    "`sum` makes int64 of small ints, where the dtype of the values was asked for."
)
def sum_of_ints_is_int64(values, segments, count):
    rows = [values[segments == segment].sum(0) for segment in range(count)]
    return torch.stack(rows)


@exercise.mistake("On the way your ints were floats: large ones do not come back whole.")
def through_floats(values, segments, count):
    kept = segments >= 0
    sums = torch.zeros(count, *values.shape[1:], dtype=torch.float64)
    return sums.index_add(0, segments[kept], values[kept].double()).to(values.dtype)


@exercise.mistake(
    "The sums are right, and they take a loop: with more values, columns or segments, Python goes "
    "round more often."
)
def segment_by_segment(values, segments, count):
    rows = [values[segments == i].sum(0, dtype=values.dtype) for i in range(count)]
    return torch.stack(rows)


@exercise.mistake(same_as=segment_by_segment)
def column_by_column(values, segments, count):
    kept = segments >= 0
    columns = values[..., None].flatten(1)
    sums = []
    for j in range(columns.shape[1]):
        sums.append(values.new_zeros(count).index_add(0, segments[kept], columns[kept, j]))
    return torch.stack(sums, 1).reshape(count, *values.shape[1:])


@exercise.mistake(
    "NaN times 0 is NaN, and so is infinity times 0. One such value, in another segment or in "
    "none, is in your sums."
)
def times_zero(values, segments, count):
    kept = (segments >= 0).reshape(-1, *[1] * (values.dim() - 1))
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments.clamp(min=0), values * kept)


@exercise.mistake(same_as=times_zero)
def one_hot_times_values(values, segments, count):
    belongs = (segments == torch.arange(count)[:, None]).to(values.dtype)
    return torch.einsum("cn,n...->c...", belongs, values)


@exercise.mistake(same_as=times_zero)
def one_hot_product(values, segments, count):
    belongs = (segments == torch.arange(count)[:, None]).to(values.dtype)
    flat = values.reshape(len(values), values[:1].numel() or 1)
    return (belongs @ flat).reshape(count, *values.shape[1:])


@exercise.mistake(
    "The sums are right, and what you were given has changed: an indexed write goes into the "
    "caller's tensor."
)
def writes_into_segments(values, segments, count):
    segments[segments < 0] = count
    sums = values.new_zeros(count + 1, *values.shape[1:])
    return sums.index_add(0, segments, values)[:count]


@exercise.mistake(same_as=writes_into_segments)
def writes_into_values(values, segments, count):
    values[segments < 0] = 0
    sums = values.new_zeros(count, *values.shape[1:])
    return sums.index_add(0, segments.clamp(min=0), values)


@exercise.mistake("These are means. Each segment's sum was asked for.")
def means(values, segments, count):
    kept = segments >= 0
    counts = torch.bincount(segments[kept], minlength=count).clamp(min=1)
    counts = counts.reshape(-1, *[1] * (values.dim() - 1))
    return (segment_sum(values, segments, count) / counts).to(values.dtype)


@exercise.mistake("You count the values of a segment. Asked for is their sum.")
def counts_values(values, segments, count):
    return segment_sum(torch.ones_like(values), segments, count)


@exercise.right
def scatter_add_with_a_whole_index(values, segments, count):
    kept, rest = values[segments != -1], values.shape[1:]
    index = segments[segments != -1].view(-1, *[1] * len(rest)).expand(-1, *rest)
    return torch.zeros((count, *rest), dtype=values.dtype).scatter_add_(0, index, kept)


@exercise.right
def one_row_more(values, segments, count):
    sums = torch.zeros(count + 1, *values.shape[1:], dtype=values.dtype)
    sums.index_add_(0, torch.where(segments < 0, count, segments), values)
    return sums[:-1]


@exercise.right
def put_and_accumulate(values, segments, count):
    kept = segments != -1
    sums = values.new_zeros((count, *values.size()[1:]))
    return sums.index_put((segments[kept],), values[kept], accumulate=True)


@exercise.right
def by_a_mask_of_pairs(values, segments, count):
    belongs = segments == torch.arange(count)[:, None]  # (count, n)
    shaped = belongs[(..., *[None] * (values.dim() - 1))]
    return torch.where(shaped, values, 0).sum(1, dtype=values.dtype)


exercise.equivalent(
    "return sums.index_add(0, segments[kept], values[kept])",
    "return sums.index_add_(0, segments[kept], values[kept])",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "return torch.zeros((count, *rest), dtype=values.dtype).scatter_add_(0, index, kept)",
    "return torch.zeros((count, *rest), dtype=values.dtype).scatter_add(0, index, kept)",
    because="The tensor was made here: whether it changes itself, nobody else sees.",
)


exercise.equivalent(
    "return sums.index_put((segments[kept],), values[kept], accumulate=True)",
    "return sums.index_put_((segments[kept],), values[kept], accumulate=True)",
    because="The tensor was made here: nobody else sees that it changes.",
)
