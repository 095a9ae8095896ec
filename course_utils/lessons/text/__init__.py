"""The contents page of lesson 08: the text pipeline."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="08",
    name="text_pipeline",
    title="The text pipeline",
    needs=["06", "04", "02"],
    knowing="Python: dictionaries, `collections.Counter`, `str.split`",
    minutes=110,
    after=[
        "turn texts into tokens, a vocabulary and ids, with torchtext and without it",
        "pad a batch, and make the mask that tells padding from words",
        "pack a batch for a recurrent network, and take the last real output",
        "put texts into bags with offsets instead of padding",
        "check that a text gets the same answer alone and in a batch",
        "train a classifier of news, and say what to use now that torchtext has ended",
    ],
    exercises={
        "08.1": "tokenize",
        "08.2": "build_vocab",
        "08.3": "encode",
        "08.4": "pad_batch",
        "08.5": "real_tokens",
        "08.6": "mean_over_tokens",
        "08.7": "bag_offsets",
        "08.8": "bag_means",
        "08.9": "last_output",
        "08.10": "run_packed",
        "08.11": "attend",
        "08.12": "collate_news",
    },
    practice=Practice(
        title="Exercises: the text pipeline",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("08.1")` gives a hint, and another one each time you ask. '
            "No exercise needs torchtext: all of them are the same in both lanes."
        ),
        imports=[
            """\
import re
from collections import Counter

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils import check, hint, solution""",
        ],
    ),
)
