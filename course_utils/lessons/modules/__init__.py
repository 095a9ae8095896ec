"""The contents page of lesson 04: modules and parameters."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="04",
    name="modules_and_parameters",
    title="Modules and parameters",
    needs=["03"],
    knowing="Python: classes, `self`, `super()`",
    minutes=110,
    after=[
        "write a module, and say what `__init__`, `__setattr__`, `__call__` and `forward` each do",
        "choose between a parameter, a buffer and a plain tensor",
        "keep layers in containers that the module looks into",
        "work out the sizes in a CNN by hand, for any input",
        "share, freeze and replace parts of a model",
        "save, load and copy a model's state",
    ],
    exercises={
        "04.1": "layer_scale",
        "04.2": "my_linear",
        "04.3": "kinds_of_tensors",
        "04.4": "standardize",
        "04.5": "running_centre",
        "04.6": "count_parameters",
        "04.7": "mlp",
        "04.8": "stack",
        "04.9": "heads",
        "04.10": "classifier",
        "04.11": "conv_size",
        "04.12": "conv_net",
        "04.13": "tied_model",
        "04.14": "freeze",
        "04.15": "load_what_fits",
        "04.16": "snapshot",
        "04.17": "to_model",
    },
    practice=Practice(
        title="Exercises: modules and parameters",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check looks at "
            "more than outputs: what is registered, what is saved, what an optimizer would get. "
            '`hint("04.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import copy
import math

import torch
from torch import nn
from torch.nn import functional

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("04.1")` shows one right answer after you have tried. Then take a model of your own and
run your `kinds_of_tensors` on it: is there a plain tensor that should have been a buffer?""",
    ),
)
