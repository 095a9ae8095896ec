"""All ranks have rows, each another number of them: predictions for its part of the test set, say.
Every rank needs all of them, and `all_gather` wants equal shapes.

```
rank 0: 2 rows    rank 1: 1 row    ->    3 rows on both ranks
```
"""

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.inputs import halves
from course_utils.observation import shares_storage
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.2",
    "Gather rows of unequal number",
    minutes=20,
    difficulty=3,
    ranks=RANKS,
    hints=[
        "What has to be known of the other ranks before any row is sent? A number has the same "
        "shape on all of them.",
        "Tensors of equal shape can be gathered. Which shape has room for the rows of any rank?",
        "The filling has to go again. The rows themselves do not say which of them are filling: "
        "what does?",
    ],
)


@exercise.reference
def gather_rows(rows):
    """The rows of all ranks in one tensor, on every rank: those of rank 0 first, then of rank 1.

    rows: a contiguous float32 or int64 tensor of shape (n, features), any numbers inside. n may
    differ from rank to rank and be 0; features and dtype are the same. It stays as it is.
    Returns a new tensor with all rows, also where that is none, of the dtype of `rows`.
    """
    count = torch.tensor([len(rows)])
    counts = [torch.zeros_like(count) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, count)
    padded = rows.new_zeros(int(max(counts)), rows.shape[1])
    padded[: len(rows)] = rows
    every = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(every, padded)
    return torch.cat([part[: int(n)] for part, n in zip(every, counts, strict=True)])


def _ints(rng, *shape):
    return (2 * halves(rng, *shape)).to(torch.int64)


@exercise.cases
def _(rng):
    yield (ByRank((torch.tensor([[1.0, 2.0], [3.0, 4.0]]), halves(rng, 1, 2))),)
    nan = float("nan")
    unusual = torch.tensor([[0.0, 0.0], [nan, nan], [-1.0, -1.0]])
    yield (ByRank((halves(rng, 1, 2), unusual)),)
    yield (ByRank((torch.tensor([[2**53 + 1], [-1]]), torch.zeros(0, 1).long())),)
    yield (ByRank(torch.zeros(0, 2).long() for _ in range(RANKS)),)
    counts = rng.sample(range(1, 5), RANKS)
    features = rng.randint(1, 3)
    yield (ByRank(_ints(rng, n, features) for n in counts),)


@exercise.observe
def _(answer, rows):
    result = answer(rows)
    # All tensors without elements lie at the same place: nowhere.
    shares = len(rows) > 0 and shares_storage(result, rows)
    return {"result": result, "shares memory with rows": result is rows or shares}


def _counts(rows):
    """How many rows each rank has, as ints."""
    counts = [None] * dist.get_world_size()
    dist.all_gather_object(counts, len(rows))
    return counts


def _gathered(rows, filling=0):
    """What all ranks have, filled up to the most rows, as a list of tensors; and the counts."""
    counts = _counts(rows)
    padded = rows.new_full((max(counts), rows.shape[1]), filling)
    padded[: len(rows)] = rows
    every = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(every, padded)
    return every, counts


@exercise.mistake(
    "Your list has room for as many rows of each rank as this rank has. The others have more or "
    "fewer, and `all_gather` does not look: it needs one shape on all ranks."
)
def room_for_its_own_number(rows):
    every = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(every, rows)
    return torch.cat(every)


@exercise.mistake("The filling is still among the rows. How many rows of each rank are its own?")
def filling_stays(rows):
    every, _ = _gathered(rows)
    return torch.cat(every)


@exercise.mistake(same_as=filling_stays)
def filling_stays_at_the_end(rows):
    every, counts = _gathered(rows)
    all_rows = torch.cat([part[:n] for part, n in zip(every, counts, strict=True)])
    missing = max(counts) * len(counts) - len(all_rows)
    return torch.cat([all_rows, rows.new_zeros(missing, rows.shape[1])])


@exercise.mistake(
    "Rows are missing, and they were no filling: a row may hold any numbers, those that you fill "
    "with as well. What else tells filling from rows?"
)
def drops_rows_of_zeros(rows):
    every, _ = _gathered(rows)
    all_rows = torch.cat(every)
    return all_rows[(all_rows != 0).any(dim=1)]


@exercise.mistake(same_as=drops_rows_of_zeros)
def drops_rows_of_minus_one(rows):
    every, _ = _gathered(rows, -1)
    all_rows = torch.cat(every)
    return all_rows[(all_rows != -1).any(dim=1)]


@exercise.mistake(same_as=drops_rows_of_zeros)
def drops_rows_of_nan(rows):
    if not rows.is_floating_point():
        return gather_rows(rows)
    every, _ = _gathered(rows, float("nan"))
    all_rows = torch.cat(every)
    return all_rows[~all_rows.isnan().any(dim=1)]


@exercise.mistake(
    "All parts are cut to one length. Each rank has its own number of rows: whose number goes "
    "with which part?"
)
def cut_to_its_own_number(rows):
    every, _ = _gathered(rows)
    return torch.cat([part[: len(rows)] for part in every])


@exercise.mistake(same_as=cut_to_its_own_number)
def cut_to_the_shortest(rows):
    shortest = min(_counts(rows))
    every = [rows.new_empty(shortest, rows.shape[1]) for _ in range(dist.get_world_size())]
    dist.all_gather(every, rows[:shortest])
    return torch.cat(every)


@exercise.mistake(
    "A rank without rows goes home, and the others wait for it in the collective. It has nothing "
    "to give, but does it have nothing to do?"
)
def empty_rank_goes_home(rows):
    if len(rows) == 0:
        return rows
    return gather_rows(rows)


@exercise.mistake("One rank has all rows, and the others do not. Every rank is to have them.")
def on_rank_0_only(rows):
    every = [None] * dist.get_world_size() if dist.get_rank() == 0 else None
    dist.gather_object(rows, every, dst=0)
    return torch.cat(every) if every is not None else rows.clone()


@exercise.mistake(same_as=on_rank_0_only)
def none_on_the_others(rows):
    every = [None] * dist.get_world_size() if dist.get_rank() == 0 else None
    dist.gather_object(rows, every, dst=0)
    return torch.cat(every) if every is not None else None


@exercise.mistake(
    "Each rank has its own rows in front. The order is that of ranks, and it is the same on all "
    "of them."
)
def own_rows_first(rows):
    every, counts = _gathered(rows)
    rank = dist.get_rank()
    others = [part[:n] for i, (part, n) in enumerate(zip(every, counts, strict=True)) if i != rank]
    return torch.cat([rows, *others])


@exercise.mistake(
    "The numbers were floats on the way, or still are: large whole numbers do not come back. The "
    "dtype of the rows is that of the result."
)
def through_float32(rows):
    every, counts = _gathered(rows.float())
    return torch.cat([part[:n] for part, n in zip(every, counts, strict=True)])


@exercise.mistake(same_as=through_float32)
def through_float32_and_back(rows):
    every, counts = _gathered(rows.float())
    all_rows = torch.cat([part[:n] for part, n in zip(every, counts, strict=True)])
    return all_rows.to(rows.dtype)


@exercise.mistake(
    "`torch.zeros` without a dtype makes floats. What the ranks write has to fit into what they "
    "get it in."
)
def float32_filling(rows):
    counts = _counts(rows)
    padded = torch.zeros(max(counts), rows.shape[1])
    padded[: len(rows)] = rows
    every = [torch.empty(max(counts), rows.shape[1], dtype=rows.dtype) for _ in counts]
    dist.all_gather(every, padded)
    return torch.cat([part[:n] for part, n in zip(every, counts, strict=True)])


@exercise.mistake(
    "A list times a number holds the same tensor several times: whatever comes last is in all of "
    "its places."
)
def one_tensor_for_all(rows):
    counts = _counts(rows)
    padded = rows.new_zeros(max(counts), rows.shape[1])
    padded[: len(rows)] = rows
    every = [torch.empty_like(padded)] * len(counts)
    dist.all_gather(every, padded)
    return torch.cat([part[:n] for part, n in zip(every, counts, strict=True)])


@exercise.mistake(same_as=one_tensor_for_all)
def one_count_for_all(rows):
    counts = [torch.tensor([0])] * dist.get_world_size()
    dist.all_gather(counts, torch.tensor([len(rows)]))
    every, _ = _gathered(rows)
    return torch.cat([part[: int(n)] for part, n in zip(every, counts, strict=True)])


@exercise.mistake(
    "These are the parts of the ranks, one after another. One tensor was asked for, with all rows."
)
def a_list_of_parts(rows):
    every, counts = _gathered(rows)
    return [part[:n] for part, n in zip(every, counts, strict=True)]


@exercise.mistake("Nothing came from the other ranks: these are this rank's rows.")
def its_own_rows(rows):
    return rows.clone()


@exercise.right
def as_objects(rows):
    every = [None] * dist.get_world_size()
    dist.all_gather_object(every, rows)
    return torch.cat(every, dim=0)


@exercise.right
def rank_after_rank(rows):
    parts = []
    for source in range(dist.get_world_size()):
        mine = source == dist.get_rank()
        count = torch.tensor(len(rows))
        dist.broadcast(count, source)
        part = rows.clone() if mine else rows.new_empty(int(count), rows.size(1))
        dist.broadcast(part, source)
        parts.append(part)
    return torch.cat(parts)


@exercise.right
def as_bytes_of_the_longest(rows):
    most = torch.tensor([len(rows)])
    dist.all_reduce(most, op=dist.ReduceOp.MAX)
    marked = torch.zeros(int(most), 1, dtype=torch.int64)
    marked[: len(rows)] = 1
    filling = rows.new_full((int(most) - len(rows), rows.shape[1]), 7)
    padded = torch.cat([rows, filling])
    marks = [torch.empty_like(marked) for _ in range(dist.get_world_size())]
    parts = [torch.empty_like(padded) for _ in range(dist.get_world_size())]
    dist.all_gather(marks, marked)
    dist.all_gather(parts, padded)
    return torch.cat(parts)[torch.cat(marks)[:, 0] == 1]


@exercise.right
def by_way_of_rank_0(rows):
    rank, size = dist.get_rank(), dist.get_world_size()
    parts = [None] * size if rank == 0 else None
    dist.gather_object(rows.tolist(), parts)
    box = [sum(parts, []) if rank == 0 else None]
    dist.broadcast_object_list(box, src=0)
    return torch.tensor(box[0], dtype=rows.dtype).reshape(-1, rows.shape[1])
