"""The contents page of lesson 06: datasets and dataloaders."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="06",
    name="datasets_and_dataloaders",
    title="Datasets and dataloaders",
    needs=["02"],
    knowing="Python: classes with `__len__` and `__iter__`",
    minutes=120,
    after=[
        "write a dataset for your own files, map-style or iterable",
        "say what each argument of `DataLoader` does, and which ones exclude each other",
        "choose a sampler, and balance classes with it",
        "write a `collate_fn` that pads, and one that leaves out broken samples",
        "split data without leaks, and share it between processes",
        "use workers, with random numbers that do not repeat",
    ],
    exercises={
        "06.1": "pair_dataset",
        "06.2": "table_dataset",
        "06.3": "number_stream",
        "06.4": "batch_sizes",
        "06.5": "transformed",
        "06.6": "take_batches",
        "06.7": "shuffled_sampler",
        "06.8": "sample_weights",
        "06.9": "balanced_loader",
        "06.10": "length_batches",
        "06.11": "pad_batch",
        "06.12": "collate_readable",
        "06.13": "collate_rows",
        "06.14": "split_datasets",
        "06.15": "rank_indices",
        "06.16": "orders_by_epoch",
        "06.17": "shared_range",
        "06.18": "reseed_worker",
    },
    practice=Practice(
        title="Exercises: datasets and dataloaders",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("06.1")` gives a hint, and another one each time you ask. '
            "No check starts worker processes."
        ),
        imports=[
            """\
import io
import math

import numpy
import pandas
import torch""",
            """\
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Sampler,
    Subset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

Take a dataset of your own: a folder of files, a table. Write its `Dataset` class into a Python
file, load it with two workers, and look at the first batch.""",
    ),
)
