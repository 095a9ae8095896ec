"""The contents page of lesson 05: hooks and apply."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="05",
    name="hooks_and_apply",
    title="Hooks and apply",
    needs=["04", "03"],
    knowing="Python: functions that make functions, `try` and `finally`",
    minutes=90,
    after=[
        "look at the outputs and gradients inside a model without rewriting it",
        "change an input, an output or a gradient on its way",
        "say in which order hooks fire, forward and backward",
        "leave no hook behind, also when the model raises",
        "load a checkpoint whose names have changed",
        "initialise a model by type of layer with `apply`",
    ],
    exercises={
        "05.1": "output_shapes",
        "05.2": "features",
        "05.3": "output_recorder",
        "05.4": "accept_bytes",
        "05.5": "output_without_unit",
        "05.6": "run_until",
        "05.7": "first_bad_layer",
        "05.8": "clip_gradients",
        "05.9": "gradient_logger",
        "05.10": "output_gradient",
        "05.11": "accept_old_names",
        "05.12": "apply_to_all",
        "05.13": "init_kaiming",
        "05.14": "multiply_adds",
    },
    practice=Practice(
        title="Exercises: hooks and apply",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("05.1")` gives a hint, and another one each time you ask. '
            "Most checks of this notebook also count the hooks that are left on the model, after a "
            "good run and after one that raised."
        ),
        imports=[
            """\
import torch
from torch import nn

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("05.1")` shows one right answer after you have tried. You have written a small set of
tools that you can take to every model: keep them.""",
    ),
)
