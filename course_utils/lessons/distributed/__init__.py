"""The contents page of lesson 11: more than one process."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="11",
    name="more_than_one_process",
    title="More than one process",
    needs=["06", "10"],
    minutes=120,
    after=[
        "start two processes that work together, and end them when one of them fails",
        "say what each rank holds before and after a collective",
        "average gradients by hand, and say when `DistributedDataParallel` does it",
        "give each rank its part of the data, and say what `set_epoch` changes",
        "say where two ranks and one process do not take the same step",
        "save once, load everywhere, and start a script with `torchrun`",
    ],
    exercises={
        "11.1": "mean_over_ranks",
        "11.2": "gather_rows",
        "11.3": "average_gradients",
        "11.4": "same_start",
        "11.5": "epoch_indices",
        "11.6": "accuracy_over_ranks",
        "11.7": "save_and_load",
        "11.8": "accumulate",
        "11.9": "train_uneven",
        "11.10": "seeded_model",
        "11.11": "step_of_all",
        "11.12": "train_together",
    },
    practice=Practice(
        title="Exercises: more than one process",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check starts "
            'two or three real processes and takes a few seconds. `hint("11.1")` gives a hint, '
            "and another one each time you ask."
        ),
        imports=[
            """\
import random

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.join import Join
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, Subset

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("11.1")` shows one right answer after you have tried. Compare it with yours.""",
    ),
)
