"""The contents page of lesson 02: indexing, gather and broadcasting."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="02",
    name="indexing_gather_broadcasting",
    title="Indexing, gather and broadcasting",
    needs=["01"],
    knowing="Python: lists, slices, loops",
    minutes=120,
    after=[
        "say the shape of a broadcast, or why there is none, before running it",
        "say which index gives a view and which a copy, and what writing through it does",
        "pick one element a row, what a mask says, a row for each id",
        "read `gather` and `scatter` as loops, and undo one with the other",
        "count and sum by group without a loop, also where an index comes twice",
        "write sums of products as named loops with `einsum`",
    ],
    exercises={
        "02.1": "one_per_row",
        "02.2": "one_hot",
        "02.3": "gather_by_loops",
        "02.4": "scatter_add_by_loops",
        "02.5": "last_steps",
        "02.6": "look_up",
        "02.7": "top_k_accuracy",
        "02.8": "confusion_matrix",
        "02.9": "broadcast_shape",
        "02.10": "can_add_in_place",
        "02.11": "masked_mean",
        "02.12": "pairwise_distances",
        "02.13": "keep_valid",
        "02.14": "segment_sum",
        "02.15": "undo_sort",
        "02.16": "batch_report",
    },
    practice=Practice(
        title="Exercises: indexing, gather and broadcasting",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("02.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import itertools

import torch

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("02.1")` shows one right answer after you have tried. Compare it with yours.""",
    ),
)
