"""Every rank has a tensor of the same shape. Give their mean to all of them.

```
before    rank 0: [1., 2.]    rank 1: [5., 0.]    rank 2: [0., 1.]
after     rank 0: [2., 1.]    rank 1: [2., 1.]    rank 2: [2., 1.]
```
"""

import tempfile
from pathlib import Path

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.inputs import halves
from course_utils.observation import attempt, shares_storage
from course_utils.rank_processes import process_group
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.1",
    "The mean over ranks",
    minutes=10,
    difficulty=1,
    ranks=RANKS,
    hints=[
        "No rank sees the tensors of the others. Which collectives leave the same on all ranks?",
        "A collective can add up. A mean is a sum and one thing more: who knows how many ranks "
        "there are?",
        "A collective writes into the tensor that it is given, and gives none back. Whose tensor "
        "should that be?",
    ],
)


@exercise.reference
def mean_over_ranks(x):
    """The mean of all ranks' x, element by element, on every rank.

    x: a contiguous tensor of any shape, float32 or float64; shape and dtype are the same on each
    rank. It stays as it is. All ranks call this, however many there are.
    Returns a new tensor of x's shape and dtype.
    """
    total = x.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


@exercise.cases
def _(rng):
    yield (ByRank((torch.tensor([1.0, 2.0]), torch.tensor([5.0, 0.0]), torch.tensor([0.0, 1.0]))),)
    yield (ByRank(halves(rng, 2, 1, 3) for _ in range(RANKS)),)
    large = (3.0 * (2**24 + 1), -3.0 * 2**24, 0.0)  # in float32 the mean is another one
    yield (ByRank(torch.tensor(number, dtype=torch.float64) for number in large),)
    yield (ByRank(torch.zeros(0, 2) for _ in range(RANKS)),)
    thirds = torch.tensor([1.0, 0.1, 1e4]) / 3  # not the same any more once it was divided
    yield (ByRank((thirds, thirds * 0.7, thirds * 1.1)),)
    rows = rng.randint(1, 3)
    yield (ByRank(halves(rng, rows, 2) for _ in range(RANKS)),)


@exercise.observe
def _(answer, x):
    alone = x.clone()
    result = answer(x)
    facts = {"result": result, "shares memory with x": _shares(result, x)}
    # The group of all ranks has done its work; what follows is a group of this rank alone.
    dist.destroy_process_group()
    with tempfile.TemporaryDirectory() as folder, process_group(0, 1, Path(folder, "meeting")):
        of_one = attempt(lambda: answer(alone))
    facts["with one rank alone, the result"] = of_one
    facts["with one rank alone, shares memory with x"] = _shares(of_one, alone)
    return facts


def _shares(result, x):
    # All tensors without elements lie at the same place: nowhere.
    return result is x or (x.numel() > 0 and shares_storage(result, x))


@exercise.mistake("This is the sum. What makes a mean of it?")
def sum_of_all(x):
    total = x.clone()
    dist.all_reduce(total)
    return total


@exercise.mistake(
    "Two ranks are not the only number there is: the check has three. The group knows how many "
    "ranks it has."
)
def half_of_the_sum(x):
    total = x.clone()
    dist.all_reduce(total)
    return total / 2


@exercise.mistake(
    "The mean is right, and the tensor that each rank gave you holds something else now. A "
    "collective writes its result into the tensor it gets."
)
def in_place(x):
    dist.all_reduce(x)
    return x / dist.get_world_size()


@exercise.mistake(
    "One rank has the mean, and the others have something else. Everybody is to have it: where "
    "does this collective leave its result?"
)
def on_rank_0_only(x):
    total = x.clone()
    dist.reduce(total, dst=0)
    return total / dist.get_world_size()


@exercise.mistake(same_as=on_rank_0_only)
def own_numbers_elsewhere(x):
    total = x.clone()
    dist.reduce(total, 0)
    return total / dist.get_world_size() if dist.get_rank() == 0 else x.clone()


@exercise.mistake(same_as=on_rank_0_only)
def none_elsewhere(x):
    total = x.clone()
    dist.reduce(total, 0)
    return total / dist.get_world_size() if dist.get_rank() == 0 else None


@exercise.mistake(
    "A rank calls a collective that others never call, so it waits in vain. What belongs under "
    "an `if` on the rank, and what does not?"
)
def rank_0_alone_calls(x):
    total = x.clone()
    if dist.get_rank() == 0:
        dist.all_reduce(total)
        total /= dist.get_world_size()
    return total


@exercise.mistake(
    "What you go on with is what the collective gave back, and that is no tensor. Where does it "
    "leave its result?"
)
def uses_what_is_given_back(x):
    return dist.all_reduce(x.clone()) / dist.get_world_size()


@exercise.mistake(
    "You give the numbers of one rank to all of them. The mean needs something of each rank."
)
def rank_0_for_all(x):
    result = x.clone()
    dist.broadcast(result, src=0)
    return result


@exercise.mistake(
    "Nothing went from one rank to another: each has its own numbers still, divided or not."
)
def divides_its_own(x):
    return x / dist.get_world_size()


@exercise.mistake(same_as=divides_its_own)
def its_own(x):
    return x.clone()


@exercise.mistake(
    "The elements of each tensor were averaged too. The mean is over ranks: element by element, "
    "in the shape of x."
)
def one_number(x):
    mean = x.mean()
    dist.all_reduce(mean)
    return mean / dist.get_world_size()


@exercise.mistake(same_as=one_number)
def one_number_everywhere(x):
    every = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(every, x)
    return torch.full_like(x, torch.stack(every).mean().item())


@exercise.mistake(
    "A list times a number holds the same tensor several times, and all ranks were written into "
    "that one. What is left in it?"
)
def one_tensor_for_all(x):
    every = [torch.empty_like(x)] * dist.get_world_size()
    dist.all_gather(every, x)
    return torch.stack(every).mean(0)


@exercise.mistake(
    "The largest of all ranks came through, or the smallest. How does the collective put the "
    "tensors together?"
)
def the_largest(x):
    total = x.clone()
    dist.all_reduce(total, op=dist.ReduceOp.MAX)
    return total


@exercise.mistake("It is right in float32, and a float64 tensor lost its dtype on the way.")
def in_float32(x):
    total = x.to(torch.float32, copy=True)
    dist.all_reduce(total)
    return total / dist.get_world_size()


@exercise.mistake(same_as=in_float32)
def float_zeros_to_add_to(x):
    total = torch.zeros(x.shape)
    total += x
    dist.all_reduce(total)
    return (total / dist.get_world_size()).to(x.dtype)


@exercise.mistake(
    "On three ranks this is right. A rank that is alone gets its own tensor back, and was to have "
    "a new one."
)
def nothing_to_do_alone(x):
    if dist.get_world_size() == 1:
        return x
    return mean_over_ranks(x)


@exercise.right
def gathered(x):
    every = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(every, x)
    return torch.stack(every).mean(0)


@exercise.right
def divided_before(x):
    share = x / dist.get_world_size()
    dist.all_reduce(share, op=dist.ReduceOp.SUM)
    return share


@exercise.right
def to_rank_0_and_back(x):
    total = x.detach().clone()
    dist.reduce(total, dst=0)
    if dist.get_rank() == 0:
        total /= dist.get_world_size()
    dist.broadcast(total, src=0)
    return total


@exercise.right
def rank_after_rank(x):
    total = torch.zeros_like(x)
    for source in range(dist.get_world_size()):
        part = x.clone() if source == dist.get_rank() else torch.empty_like(x)
        dist.broadcast(part, source)
        total += part
    return total.div(dist.get_world_size())


@exercise.right
def waited_for(x):
    total = x.new_tensor(x.tolist()).reshape(x.shape)
    work = dist.all_reduce(total, async_op=True)
    work.wait()
    return torch.true_divide(total, dist.get_world_size())
