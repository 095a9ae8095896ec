"""The contents page of lesson 01: tensors, storage and stride."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="01",
    name="tensors_storage_stride",
    title="Tensors, storage and stride",
    needs=["00"],
    knowing="Python: lists, functions, slices",
    minutes=90,
    after=[
        "create a tensor with the dtype, shape and device you mean",
        "tell which tensors share their memory, and which are copies",
        "read shape, stride and offset, and find any element in the storage with them",
        "predict when `view` works, when it does not, and what `reshape` does then",
        "choose between `view`, `reshape`, `permute` and `contiguous`",
        "turn columns of a CSV file into a float tensor",
    ],
    exercises={
        "01.1": "contiguous_strides",
        "01.2": "storage_index",
        "01.3": "is_contiguous",
        "01.4": "can_merge",
        "01.5": "column_major",
        "01.6": "to_chw",
        "01.7": "diagonal",
        "01.8": "windows",
        "01.9": "patches",
        "01.10": "grids",
        "01.11": "share_memory",
        "01.12": "centre_bytes",
        "01.13": "columns_to_tensor",
        "01.14": "slim",
        "01.15": "can_view",
    },
    practice=Practice(
        title="Exercises: tensors, storage and stride",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("01.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import io

import pandas
import torch

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("01.1")` shows one right answer after you have tried. Compare it with yours: which of
the two would you rather read in a year?""",
    ),
)
