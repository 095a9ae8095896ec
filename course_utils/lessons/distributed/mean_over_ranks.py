"""Every rank has a tensor of the same shape. Give their mean to all of them.

```
before    rank 0: [1., 2.]    rank 1: [5., 0.]    rank 2: [0., 1.]
after     rank 0: [2., 1.]    rank 1: [2., 1.]    rank 2: [2., 1.]
```
"""

import torch.distributed as dist

from course_utils.exercise import Exercise

RANKS = 3

exercise = Exercise(
    "11.1",
    "The mean over ranks",
    minutes=10,
    difficulty=1,
    ranks=RANKS,
    hints=[
        "No rank sees the tensors of the others. Which collectives leave the same on all ranks?",
        "gloo adds; a mean is a sum and one thing more. How many ranks there are is not your "
        "function's business to know: who knows it?",
        "A collective writes into the tensor that it is given, and it returns no tensor. Whose "
        "tensor should that be?",
    ],
)


@exercise.reference
def mean_over_ranks(x):
    """The mean of all ranks' x, element by element, on every rank.

    x: a contiguous float tensor of any shape, of the same shape and dtype on each rank. It stays as
    it is. All ranks call this, however many there are. Returns a new tensor of x's shape and dtype.
    """
    total = x.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()
