"""Put the weights to use: a loader in whose epochs a rare class comes up as often as a common one."""  # noqa: E501

import torch
import torch.utils.data
from torch.utils.data import (
    DataLoader,
    TensorDataset,
    WeightedRandomSampler,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import taken
from course_utils.observation import plain


def in_words(number: float, low: float, high: float) -> str:
    """Random draws are compared as words, so that right answers need not draw alike."""
    return "too few" if number < low else "too many" if number > high else "about right"


exercise = Exercise(
    "06.9",
    "A loader that balances classes",
    minutes=10,
    difficulty=2,
    hints=[
        "The sampler from the lesson takes weights, a number of samples, and `replacement`.",
        "To see the rare class often, its samples have to be drawn several times in an epoch.",
        "A sampler decides the order. What is left for `shuffle` to decide?",
    ],
)


@exercise.reference
def balanced_loader(dataset, labels, batch_size):
    """A DataLoader that draws every class about equally often, with WeightedRandomSampler.

    dataset: a map-style dataset. labels: an int64 tensor of shape (samples,), the class of each
    sample. batch_size: an int. One epoch has as many draws as the dataset has samples.
    Returns a DataLoader.
    """
    weights = 1 / torch.bincount(labels)[labels]  # (samples,)
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.cases
def _(rng):
    yield [180, 20], 32
    yield [30, 150, 120], 50
    yield [rng.randint(150, 190), rng.randint(20, 30)], rng.randint(25, 60)


@exercise.observe
def _(answer, counts, batch_size):
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    dataset = TensorDataset(torch.arange(len(labels)), labels)
    loader = answer(dataset, labels, batch_size)
    drawn = [plain(batch) for batch in taken(loader)]
    indices = torch.cat([batch[0] for batch in drawn])
    classes = torch.bincount(torch.cat([batch[1] for batch in drawn]), minlength=len(counts))
    shares = (classes / len(indices)).tolist()
    fair = 1 / len(counts)
    distinct = len(indices.unique())
    return {
        # A loader that is given a batch sampler has no sampler of its own to show.
        "sampler": type(getattr(loader.batch_sampler, "sampler", loader.sampler)).__name__,
        "size of the batches": [len(batch[0]) for batch in drawn],
        "draws of each class": [in_words(share, fair - 0.15, fair + 0.15) for share in shares],
        "different samples drawn": "few"
        if distinct < 20
        else "all"
        if distinct == len(labels)
        else "many",
    }


@exercise.mistake(
    "`shuffle=True` means: use a RandomSampler. You already gave a sampler, and there can be only "
    "one."
)
def shuffle_and_sampler(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, shuffle=True)


@exercise.mistake(
    "You gave one weight for each class. The sampler takes them for the weights of the first few "
    "samples, and draws nothing but those. No error says so."
)
def weight_of_each_class(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "Without replacement each sample comes once, whatever its weight: the weights only decide who "
    "comes early. Over the epoch nothing is balanced."
)
def without_replacement(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels), replacement=False)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "Your epoch ends after one batch: `num_samples` counts the draws of an epoch, not of a batch."
)
def epoch_of_one_batch(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=batch_size)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "Your weights are the sizes of the classes. The common class is drawn still more often now."
)
def counts_as_weights(dataset, labels, batch_size):
    sampler = WeightedRandomSampler(torch.bincount(labels)[labels], num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake("Shuffling changes the order. It does not change how often a class comes up.")
def only_shuffled(dataset, labels, batch_size):
    return DataLoader(dataset, batch_size=batch_size, shuffle=True)


@exercise.right
def weights_as_a_list(dataset, labels, batch_size):
    share = torch.bincount(labels) / len(labels)
    weights = [1 / share[label].item() for label in labels]
    sampler = WeightedRandomSampler(weights, len(dataset), replacement=True)
    return DataLoader(dataset, batch_size, sampler=sampler, drop_last=False)


@exercise.right
def with_a_batch_sampler(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, len(dataset))
    batches = torch.utils.data.BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches)


exercise.equivalent(
    "weights = 1 / torch.bincount(labels)[labels]",
    "weights = 2 / torch.bincount(labels)[labels]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "share = torch.bincount(labels) / len(labels)",
    "share = torch.bincount(labels) * len(labels)",
    "share = torch.bincount(labels)",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "weights = [1 / share[label].item() for label in labels]",
    "weights = [2 / share[label].item() for label in labels]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "weights = [1 / share[label].item() for label in labels]",
    "weights = [1 / share[label] for label in labels]",
    because="The sampler takes the number out of a tensor of one number.",
)


exercise.equivalent(
    "sampler = WeightedRandomSampler(weights, len(dataset), replacement=True)",
    "sampler = WeightedRandomSampler(weights, len(dataset))",
    because="That is what it is without the argument.",
)


exercise.equivalent(
    "return DataLoader(dataset, batch_size, sampler=sampler, drop_last=False)",
    "return DataLoader(dataset, batch_size, sampler=sampler)",
    because="That is what it is without the argument.",
)
