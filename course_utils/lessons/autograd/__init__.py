"""The contents page of lesson 03: autograd."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="03",
    name="autograd",
    title="Autograd",
    needs=["01", "02"],
    knowing="the slope of a curve, the chain rule",
    minutes=150,
    after=[
        "say which tensors of a computation are leaves, and where `.grad` arrives",
        "read the graph of an expression, and see where it was cut",
        "keep `detach`, `no_grad`, `inference_mode` and `eval` apart",
        "compute products with Jacobians and Hessians without building them",
        "write a `torch.autograd.Function` and check it against numbers",
        "find what a graph keeps alive, and stop memory that grows",
    ],
    exercises={
        "03.1": "gradients_by_hand",
        "03.2": "accumulate",
        "03.3": "vector_jacobian",
        "03.4": "run_frozen",
        "03.5": "first_cut",
        "03.6": "safe_divide",
        "03.7": "descend",
        "03.8": "normalisation_gradient",
        # 03.9 to 03.16
        "03.9": "clip_backward",
        "03.10": "log_cosh",
        "03.11": "hessian_vector",
        "03.12": "gradient_penalty",
        "03.13": "per_sample_gradients",
        "03.14": "quantize",
        "03.15": "numerical_gradient",
        "03.16": "outside_band",
    },
    practice=Practice(
        title="Exercises: autograd",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("03.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import math

import torch
from torch import nn

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("03.1")` shows one right answer after you have tried. Compare it with yours.""",
    ),
)
