"""`[0, 0, 0, 1]`: three samples of class 0, one of class 1. Half of the draws shall be of class 1:
then the three weigh as much together as the one. Or three quarters of the draws, or a tenth: find
weights for the shares that somebody asks for.
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
        "All samples of a class together should weigh as much as the share of their class.",
        "`torch.bincount(labels)` counts the classes; counts[labels] looks up each sample's count.",
    ],
)


@exercise.reference
def sample_weights(labels, shares):
    """Weights for WeightedRandomSampler with which each class gets its share of the draws.

    labels: an int64 tensor of shape (samples,), class numbers from 0 on; some numbers may not
    occur. shares: a float32 tensor of shape (classes,), for each class number how large its share
    is to be, against those of the other classes that occur; it can be 0.
    Returns a float tensor of shape (samples,). Only the proportions of the weights matter.
    """
    counts = torch.bincount(labels)  # (classes,)
    return shares[labels] / counts[labels]


@exercise.cases
def _(rng):
    yield torch.tensor([0, 0, 0, 1]), torch.tensor([1.0, 1.0])
    yield torch.tensor([0, 0, 0, 1]), torch.tensor([1.0, 3.0])
    yield torch.tensor([1, 0, 1, 1, 1, 0]), torch.tensor([0.0, 2.0])
    yield torch.tensor([2, 0, 0, 2, 2]), torch.tensor([0.5, 0.125, 0.25])
    yield torch.tensor([0, 0, 1, 0]), torch.tensor([0.75, 0.5, 0.25])
    yield torch.tensor([0, 0, 0, 0, 1, 1, 2]), torch.tensor([0.25, 0.25, 0.5])
    labels = [0, 1, 2] + [rng.choice([0, 0, 0, 1, 2]) for _ in range(rng.randint(6, 12))]
    shares = [rng.randint(1, 9) / 8 for _ in range(6)]
    yield torch.tensor([[label, 9] for label in labels])[:, 0], torch.tensor(shares)[::2]


@exercise.observe
def _(answer, labels, shares):
    weights = plain(answer(labels, shares))
    if not isinstance(weights, torch.Tensor) or weights.shape != labels.shape:
        return {"weights": weights, "they are floats": None, "chance of each class": None}
    chances = weights.double() / weights.double().sum()
    by_class = [float(chances[labels == c].sum()) for c in range(int(labels.max()) + 1)]
    # How the weights are scaled is left open, so the chances stand for them.
    return {
        "weights": chances.float(),
        "they are floats": weights.is_floating_point(),
        "chance of each class": by_class,
    }


@exercise.mistake(
    "That is one weight for each class. The sampler would read them as the weights of samples 0, "
    "1, ... and never draw any other."
)
def one_weight_per_class(labels, shares):
    return shares / torch.bincount(labels, minlength=len(shares)).clamp(min=1)


@exercise.mistake(same_as=one_weight_per_class)
def one_weight_per_class_that_occurs(labels, shares):
    return shares / torch.bincount(labels, minlength=len(shares))


@exercise.mistake(same_as=one_weight_per_class)
def weights_of_classes_alone(labels, shares):
    return shares / torch.bincount(labels)


@exercise.mistake(same_as=one_weight_per_class)
def shares_as_weights(labels, shares):
    return shares


@exercise.mistake(
    "Here all classes are drawn equally often, whatever was asked for. What is the second "
    "argument for?"
)
def shares_ignored(labels, shares):
    return 1 / torch.bincount(labels)[labels]


@exercise.mistake(
    "Each sample has the whole share of its class here. So a class of three samples weighs three "
    "times its share."
)
def share_for_every_sample(labels, shares):
    return shares[labels]


@exercise.mistake(
    "Your weights grow with the size of the class, so the common class becomes still more common."
)
def weights_by_count(labels, shares):
    return shares[labels] * torch.bincount(labels)[labels]


@exercise.mistake(
    "Rare classes get more, but not by the right factor. Add up the weights of each class: are "
    "they as the shares?"
)
def share_of_the_others(labels, shares):
    counts = torch.bincount(labels)
    return shares[labels] * (len(labels) - counts[labels])


@exercise.mistake(same_as=share_of_the_others)
def divided_twice(labels, shares):
    counts = torch.bincount(labels)[labels]
    return shares[labels] / counts / counts


@exercise.mistake(same_as=share_of_the_others)
def root_of_the_counts(labels, shares):
    return shares[labels] / torch.bincount(labels)[labels].sqrt()


@exercise.mistake(
    "What makes up for the size of a class is rounded on the way. Add up the weights of each "
    "class: are they as the shares?"
)
def rounded_down(labels, shares):
    counts = torch.bincount(labels).clamp(min=1)
    return shares[labels] * (counts.max() // counts)[labels]


@exercise.mistake("All weights are equal: then each class comes as often as it is in the data.")
def equal_weights(labels, shares):
    return torch.ones(len(labels))


@exercise.mistake(
    "A class is looked up at the wrong place: where a class number does not occur, the others do "
    "not stand at their own numbers among those that do."
)
def counts_of_those_that_occur(labels, shares):
    _, counts = labels.unique(return_counts=True)
    return shares[labels] / counts[labels]


@exercise.mistake(same_as=counts_of_those_that_occur)
def shares_of_those_that_occur(labels, shares):
    _, where, counts = labels.unique(return_inverse=True, return_counts=True)
    return shares[where] / counts[where]


@exercise.mistake(
    "The samples of a class need not stand side by side. What you count are neighbours that are "
    "equal."
)
def counts_neighbours(labels, shares):
    _, counts = torch.unique_consecutive(labels, return_counts=True)
    return shares[labels] / torch.repeat_interleave(counts, counts)


@exercise.mistake(
    "The numbers are right, and they are in a list of Python. A tensor was asked for."
)
def a_list(labels, shares):
    labels = labels.tolist()
    return [shares[label].item() / labels.count(label) for label in labels]


@exercise.right
def counts_of_those_that_are_there(labels, shares):
    _, where, counts = labels.unique(return_inverse=True, return_counts=True)
    return shares[labels].double() / counts[where]


@exercise.right
def by_looking_at_every_sample(labels, shares):
    same = labels[:, None] == labels  # (samples, samples)
    return shares[labels] / same.sum(dim=1)


exercise.equivalent(
    "return shares[labels].double() / counts[where]",
    "return shares[labels] / counts[where]",
    because="Which float dtype the weights have is left open.",
)


exercise.equivalent(
    "return shares[labels] / same.sum(dim=1)",
    "return shares[labels] / same.sum(dim=0)",
    because="Who is compared with whom does not matter: the table is the same when it is turned.",
)
