"""`[0, 0, 0, 1]`: three samples of class 0, one of class 1. Find weights with which both classes
are drawn equally often. The weights of the three have to be as large together as that of the one.
"""

import torch
import torch.utils.data

from course_utils.exercise import Exercise
from course_utils.observation import plain

exercise = Exercise(
    "06.8",
    "A weight for each sample",
    minutes=8,
    difficulty=2,
    hints=[
        "How many weights does WeightedRandomSampler want: one for each class, or one for each "
        "sample?",
        "All samples of a class together should weigh as much as all samples of any other class.",
        "`torch.bincount(labels)` counts the classes; counts[labels] looks up each sample's count.",
    ],
)


@exercise.reference
def sample_weights(labels):
    """Weights for WeightedRandomSampler that make every class equally likely.

    labels: an int64 tensor of shape (samples,), class numbers from 0 on; some numbers may not
    occur. Returns a float tensor of shape (samples,). Only the proportions of the weights matter.
    """
    counts = torch.bincount(labels)  # (classes,)
    return 1 / counts[labels]


@exercise.cases
def _(rng):
    yield (torch.tensor([0, 0, 0, 1]),)
    yield (torch.tensor([1, 0, 1, 1, 1, 0]),)
    yield (torch.tensor([2, 0, 0, 2, 2]),)
    yield (torch.tensor([0, 0, 0, 0, 1, 1, 2]),)
    labels = [0, 1, 2] + [rng.choice([0, 0, 0, 1, 2]) for _ in range(rng.randint(6, 12))]
    yield (torch.tensor(labels),)


@exercise.observe
def _(answer, labels):
    weights = plain(answer(labels))
    if not isinstance(weights, torch.Tensor) or weights.shape != labels.shape:
        return {"weights": weights, "chance of each class": None}
    chances = weights.double() / weights.double().sum()
    by_class = [float(chances[labels == c].sum()) for c in range(int(labels.max()) + 1)]
    # How the weights are scaled is left open, so the chances stand for them.
    return {"weights": chances, "chance of each class": by_class}


@exercise.mistake(
    "That is one weight for each class. The sampler would read them as the weights of samples 0, "
    "1, ... and never draw any other."
)
def one_weight_per_class(labels):
    counts = torch.bincount(labels).clamp(min=1)
    return 1 / counts


@exercise.mistake(
    "Your weights grow with the size of the class, so the common class becomes still more common."
)
def weights_by_count(labels):
    return torch.bincount(labels)[labels].float()


@exercise.mistake(
    "You subtract where you should divide: rare classes get more, but not so much that all come "
    "equally often. Add up the weights of each class."
)
def share_of_the_others(labels):
    counts = torch.bincount(labels)
    return (len(labels) - counts[labels]).float()


@exercise.mistake("All weights are equal: then each class comes as often as it is in the data.")
def equal_weights(labels):
    return torch.ones(len(labels))


@exercise.mistake(
    "The number of a class says nothing about its size. You used the labels themselves as weights."
)
def labels_as_weights(labels):
    return 1 / (labels + 1)


@exercise.right
def shares_that_add_up_to_one(labels):
    classes, where, counts = labels.unique(return_inverse=True, return_counts=True)
    return (1.0 / (counts * len(classes)))[where]


@exercise.right
def by_looking_at_every_sample(labels):
    return torch.tensor([100 / labels.eq(label).sum().item() for label in labels])


exercise.equivalent(
    "return 1 / counts[labels]",
    "return 2 / counts[labels]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "return (1.0 / (counts * len(classes)))[where]",
    "return (2.0 / (counts * len(classes)))[where]",
    "return (1.0 / (counts / len(classes)))[where]",
    "return (1.0 / counts)[where]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "return torch.tensor([100 / labels.eq(label).sum().item() for label in labels])",
    "return torch.tensor([101 / labels.eq(label).sum().item() for label in labels])",
    "return torch.tensor([99 / labels.eq(label).sum().item() for label in labels])",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "return torch.tensor([100 / labels.eq(label).sum().item() for label in labels])",
    "return torch.tensor([100 / labels.eq(label).sum() for label in labels])",
    because="torch.tensor takes the number out of a tensor of one number.",
)
