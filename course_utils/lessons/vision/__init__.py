"""The contents page of lesson 07: the vision pipeline."""

from course_utils.contents import Contents, Practice

contents = Contents(
    __name__,
    number="07",
    name="vision_pipeline",
    title="The vision pipeline",
    needs=["06", "04", "02"],
    minutes=100,
    after=[
        "read image files with `torchvision.datasets.MNIST`",
        "say what each transform does to shape, dtype and values, and put them in order",
        "find the mean and the standard deviation of a training set",
        "augment training images, and only those",
        "split off a real validation set",
        "train a small network on digits, and look at its mistakes",
    ],
    exercises={
        "07.1": "image_to_tensor",
        "07.2": "normalize",
        "07.3": "to_picture",
        "07.4": "mean_and_std",
        "07.5": "resized",
        "07.6": "pad_and_crop",
        "07.7": "random_mirror",
        "07.8": "make_transforms",
        "07.9": "split",
        "07.10": "transform_pair",
        "07.11": "digit_net",
        "07.12": "worst_mistakes",
    },
    practice=Practice(
        title="Exercises: the vision pipeline",
        lead=(
            "Write each answer in its cell, run it, then run the check below it. A check never "
            'stops the notebook. `hint("07.1")` gives a hint, and another one each time you ask.'
        ),
        imports=[
            """\
import torch
from torch import nn
from torch.utils.data import Subset, random_split""",
            """\
from torchvision import transforms, tv_tensors
from torchvision.transforms import v2

from course_utils import check, hint, solution""",
        ],
    ),
)
