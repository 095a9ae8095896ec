"""The contents page of lesson 09: losses, optimizers and schedules."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="09",
    name="losses_optimizers_schedulers",
    title="Losses, optimizers and schedules",
    needs=["04", "03", "02"],
    minutes=120,
    after=[
        "give each loss the shape and the dtype it expects, and say what it returns",
        "compute a loss and its gradient by hand, and check both against torch",
        "say what `backward`, `step` and `zero_grad` each change",
        "write down the rule of each optimizer, and choose its groups and settings",
        "predict the learning rate that a schedule gives to any step",
        "stop a run and go on later as if nothing had happened",
    ],
    exercises={
        "09.1": "mse",
        "09.2": "cross_entropy",
        "09.3": "cross_entropy_gradient",
        "09.4": "bce_with_logits",
        "09.5": "fit_labels",
        "09.6": "sequence_loss",
        "09.7": "classifier",
        "09.8": "sgd_step",
        "09.9": "adam",
        "09.10": "own_adamw",
        "09.11": "decay_groups",
        "09.12": "freeze",
        "09.13": "accumulated_step",
        "09.14": "what_changed",
        "09.15": "multi_step_rates",
        "09.16": "warmup_cosine",
        "09.17": "used_rates",
        "09.18": "checkpoint",
        "09.19": "plateau_rates",
    },
    practice=Practice(
        title="Exercises: losses, optimizers and schedules",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. Some begin with "
            'code that runs and is wrong. `hint("09.1")` gives a hint, and another one each time '
            "you ask."
        ),
        imports=[
            """\
import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("09.1")` shows one right answer after you have tried. Compare it with yours.""",
    ),
)
