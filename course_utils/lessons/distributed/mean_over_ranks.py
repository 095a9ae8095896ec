"""Every rank has a tensor of the same shape. Give their mean, on every rank."""

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise
from course_utils.ranks import ByRank

exercise = Exercise(
    "11.1",
    "The mean over ranks",
    minutes=10,
    difficulty=1,
    ranks=2,
    hints=["a", "b", "c"],
)


@exercise.reference
def mean_over_ranks(x):
    """The mean of all ranks' `x`, element by element, on every rank; `x` stays as it is.

    x: a float tensor, of the same shape on each rank.
    """
    total = x.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


@exercise.cases
def _(rng):
    yield (ByRank((torch.tensor([1.0, 2.0]), torch.tensor([5.0, 0.0]))),)
    yield (ByRank([torch.tensor([[rng.random()]]) for _ in range(2)]),)


@exercise.mistake("sum")
def total(x):
    total = x.clone()
    dist.all_reduce(total)
    return total


@exercise.mistake("in place")
def in_place(x):
    dist.all_reduce(x)
    return x / dist.get_world_size()


@exercise.mistake("one rank")
def one_rank(x):
    total = x.clone()
    dist.reduce(total, 0)
    return total / dist.get_world_size()


@exercise.right
def gathered(x):
    every = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(every, x)
    return torch.stack(every).mean(0)
