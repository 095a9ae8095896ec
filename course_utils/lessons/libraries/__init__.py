"""The contents page of lesson 12: the libraries around torch."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="12",
    name="libraries_around_torch",
    title="The libraries around torch",
    needs=["07", "08", "10"],
    minutes=120,
    extras=["libraries"],
    after=[
        "put an Albumentations transform into a Dataset, with masks and boxes that follow",
        "read local files with Hugging Face's `datasets`, and hand their rows to a DataLoader",
        "train a tokenizer, and say what a collator adds to a batch",
        "say what a transformer returns, and compute its loss by hand",
        "save a model to a folder and load it without a network",
        "put a new head on a backbone, and say what is frozen",
    ],
    exercises={
        "12.1": "picture_set",
        "12.2": "follow_boxes",
        "12.3": "albumented",
        "12.4": "seeded_pictures",
        "12.5": "sentence_rows",
        "12.6": "torch_batches",
        "12.7": "word_tokenizer",
        "12.8": "pad_rows",
        "12.9": "causal_loss",
        "12.10": "text_vectors",
        "12.11": "replace_head",
        "12.12": "compare_weights",
        "12.13": "train_on",
    },
    practice=Practice(
        title="Exercises: the libraries around torch",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("12.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import math

import albumentations as A
import datasets
import numpy
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset, default_collate""",
            """\
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torchvision import tv_tensors
from torchvision.transforms import v2
from transformers import AutoModelForSequenceClassification

from course_utils import check, hint, solution""",
        ],
        closing="""\
## Done?

`solution("12.1")` shows one right answer after you have tried. Compare it with yours.""",
    ),
)
