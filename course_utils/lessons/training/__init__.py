"""The contents page of lesson 10: the training loop."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="10",
    name="training_loop",
    title="The training loop",
    needs=["09", "06", "03", "02"],
    knowing="Python: loops, functions, dictionaries",
    minutes=130,
    after=[
        "write a training loop, and say what each of its lines changes",
        "measure a loss and an accuracy that can be compared between epochs",
        "validate without teaching the model, with `eval()` and `no_grad()`",
        "log a run with TensorBoard and a progress bar",
        "save a checkpoint and resume from it, bit for bit",
        "find the bug in a loop that runs and does not learn",
    ],
    exercises={
        "10.1": "train_step",
        "10.2": "evaluate",
        "10.3": "accuracy",
        "10.4": "running_mean",
        "10.5": "confusion_matrix",
        "10.6": "move_batch",
        "10.7": "log_losses",
        "10.8": "early_stopping",
        "10.9": "make_checkpoint",
        "10.10": "resume",
        "10.11": "fit",
        "10.12": "train_flat",
        "10.13": "train_jumping",
        "10.14": "train_leaking",
        "10.15": "train_once_only",
        "10.16": "measure_too_good",
        "10.17": "train_two_losses",
        "10.18": "fine_tune",
        "10.19": "train_clipped",
        "10.20": "train_fading",
        "10.21": "train_keep_best",
    },
    practice=Practice(
        title="Exercises: the training loop",
        lead=(
            "The first eleven exercises build a training loop from its parts. The other ten are a "
            "debug clinic: scripts that run, raise no error, and are wrong. A check never stops "
            'the notebook. `hint("10.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import copy

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import check, hint, solution""",
        ],
        sections={
            "10.12": """\
## The debug clinic

The patients: each function below runs without an error, and each has **one** bug that was found
in a real program or in real lecture notes. Read the complaint, look for the place, and mend it
in its cell. You are judged by what your version does, not by how it looks.

A good order: read the docstring, which says what the script is meant to do. Guess. Then *print*
something that would prove your guess wrong.""",
        },
        closing="""\
## Done?

`solution("10.1")` shows one right answer after you have tried. For the clinic, compare line by
line: how many characters was the bug?""",
    ),
)
