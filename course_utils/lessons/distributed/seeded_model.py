"""All ranks begin with the same weights. Dropout and augmentation are to differ from then on."""

import random

import torch
import torch.distributed as dist
from torch import nn

from course_utils.exercise import Exercise

exercise = Exercise(
    "11.10",
    "Seeds on ranks",
    minutes=12,
    difficulty=2,
    ranks=3,
    hints=[
        "Two things are drawn: first the weights, then everything else. Which of them is the same "
        "on all ranks?",
        "When does the seed have to change, and what does each rank have that no other one has?",
        "There are two generators here: torch's and the one of Python's `random`.",
    ],
)


@exercise.reference
def seeded_model(make_model, seed):
    """Make a model with the same weights on all ranks; afterwards each rank draws other numbers.

    make_model: gives a new model, whose weights come from torch's generator. seed: an int, from 0.
    Returns the model. What torch and Python's random draw afterwards is different on each rank.
    Weights and numbers follow from `seed` alone: called again, the same; another seed, others.
    """
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed + 1 + dist.get_rank())
    random.seed(seed + 1 + dist.get_rank())
    return model
