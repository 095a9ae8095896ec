"""One step for several micro-batches: gradients add up, and the ranks talk to each other only once.
The check counts how often they do.
"""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import regression_batches, seeded, small_net
from course_utils.ranks import ByRank

exercise = Exercise(
    "11.8",
    "Communicate once",
    minutes=15,
    difficulty=2,
    ranks=2,
    hints=[
        "When does `DistributedDataParallel` average gradients? For how many of your micro-batches "
        "is that of use?",
        "`model.no_sync()` is used in a `with`. For which micro-batches, and for which not?",
        "Whether a backward communicates is decided when the model is called. What has to stand "
        "inside the `with`?",
    ],
    may_change=["model.gradients"],
)


@exercise.reference
def accumulate(model, optimizer, batches):
    """One step of the optimizer for several micro-batches; gradients from before do not count.

    model: a DistributedDataParallel. batches: a list of pairs (x, y), at least one, as many on each
    rank and all of the same size. The loss is the mean squared error over all micro-batches of all
    ranks. The ranks communicate once, at the last micro-batch.
    """
    optimizer.zero_grad()
    for x, y in batches[:-1]:
        with model.no_sync():
            (F.mse_loss(model(x), y) / len(batches)).backward()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()
