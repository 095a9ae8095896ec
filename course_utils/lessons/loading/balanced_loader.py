"""Put the weights to use, for training on one part of a dataset: a loader in whose epochs a rare
class comes up as often as a common one. The samples of the other part must not come up.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    DataLoader,
    Subset,
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
    minutes=12,
    difficulty=2,
    hints=[
        "`Subset(dataset, indices)` has the samples of the part, and no others. Which labels "
        "belong to them?",
        "To see the rare class often, its samples have to be drawn several times in an epoch.",
        "The sampler draws places in the dataset that the loader was given: one weight for each of "
        "them. A sampler decides the order; what is left for `shuffle` to decide?",
    ],
)


@exercise.reference
def balanced_loader(dataset, labels, indices, batch_size):
    """A DataLoader of a part of a dataset that draws every class about equally often.

    dataset: a map-style dataset. labels: an int64 tensor of shape (samples,), the class of each
    sample of the dataset. indices: a list of ints, which samples are the part; a class may have
    none there. batch_size: an int. A WeightedRandomSampler draws anew in each epoch, as many
    samples as the part has; all of them are in batches. Returns a DataLoader.
    """
    own = labels[indices]  # (indices,)
    weights = 1 / torch.bincount(own)[own]  # (indices,)
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.cases
def _(rng):
    """The sizes of the classes in the part and outside; of a batch; a seed for their order."""
    yield [180, 20], [20, 180], 32, rng.randrange(1000)
    yield [10, 160, 130], [0, 40, 60], 50, rng.randrange(1000)
    yield [150, 0, 30], [10, 20, 30], 45, rng.randrange(1000)
    # So many that chance cannot hide which weights they are, of shares that lie near each other.
    yield [1200, 800], [0, 100], 100, rng.randrange(1000)
    sizes = [rng.randint(150, 190), rng.randint(20, 30)]
    yield sizes, [rng.randint(5, 20), 0], rng.randint(25, 60), rng.randrange(1000)


@exercise.observe
def _(answer, counts, others, batch_size, seed):
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate([*counts, *others])])
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    of_part = (order < sum(counts)).nonzero()[:, 0]
    indices = of_part[torch.randperm(len(of_part), generator=generator)].tolist()  # in no order
    table = torch.stack([torch.arange(len(labels)), labels[order] % len(counts)], dim=1)
    dataset = TensorDataset(table[:, 0], table[:, 1])
    loader = answer(dataset, table[:, 1], indices, batch_size)
    drawn = [plain(batch) for batch in taken(loader)]
    places = torch.cat([batch[0] for batch in drawn])
    again = torch.cat([batch[0] for batch in taken(loader)])
    found = torch.bincount(torch.cat([batch[1] for batch in drawn]), minlength=len(counts))
    shares = (found / len(places)).tolist()
    fair = [1 / sum(map(bool, counts)) if n else 0 for n in counts]
    distinct = len(places.unique())
    # A loader that is given a batch sampler has no sampler of its own to show.
    sampler = getattr(loader.batch_sampler, "sampler", loader.sampler)
    # A class made from it may do something else.
    draws = getattr(type(sampler), "__iter__", None) is WeightedRandomSampler.__iter__
    return {
        "a WeightedRandomSampler draws": draws,
        "samples outside of the part are drawn": not set(places.tolist()) <= set(indices),
        "size of the batches": [len(batch[0]) for batch in drawn],
        "draws of each class": [
            in_words(share, want - 0.15, want + 0.15 if want else 0)
            for share, want in zip(shares, fair, strict=True)
        ],
        "different samples drawn": "few"
        if distinct < 20
        else "all"
        if distinct == len(indices)
        else "many",
        # Chance does that to two draws less than once in 10**50.
        "the next epoch draws the same samples": places.sort().values.equal(again.sort().values),
    }


@exercise.mistake(
    "Samples outside of the part come up: those kept for validation would be trained on."
)
def all_samples(dataset, labels, indices, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(same_as=all_samples)
def all_samples_in_epochs_of_the_part(dataset, labels, indices, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "The sampler draws places of the dataset that the loader has, and those end with the part. "
    "How many weights are there, and how many samples?"
)
def weights_of_all_samples(dataset, labels, indices, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "What your sampler draws are places in the part, and they are taken for places in the whole "
    "dataset. Which samples come up?"
)
def places_of_the_part_in_the_whole(dataset, labels, indices, batch_size):
    own = labels[indices]
    weights = 1 / torch.bincount(own)[own]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "Each class comes about as often as it is in the part, as if there were no weights. Does each "
    "weight differ with the class, and stand at the place of the sample that it was made for?"
)
def samples_sorted_weights_not(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, sorted(indices)), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "The classes were counted in the whole dataset. In the part they have other sizes, and only "
    "its samples are drawn."
)
def counted_in_the_whole(dataset, labels, indices, batch_size):
    weights = (1 / torch.bincount(labels))[labels[indices]]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "The draws of an epoch are as many as the whole dataset has samples, and the part is smaller."
)
def epoch_of_the_whole(dataset, labels, indices, batch_size):
    own = labels[indices]
    weights = 1 / torch.bincount(own)[own]
    sampler = WeightedRandomSampler(weights, num_samples=len(dataset))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "A weight for each class is taken for the weights of the first few samples, and nothing but "
    "those is drawn. No error says so."
)
def weight_of_each_class(dataset, labels, indices, batch_size):
    weights = 1 / torch.bincount(labels[indices]).clamp(min=1)
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "Without replacement each sample comes once, whatever its weight: the weights only decide who "
    "comes early. Over the epoch nothing is balanced."
)
def without_replacement(dataset, labels, indices, batch_size):
    own = labels[indices]
    weights = 1 / torch.bincount(own)[own]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices), replacement=False)
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "An epoch of yours ends after one batch: `num_samples` counts the draws of an epoch, not of a "
    "batch."
)
def epoch_of_one_batch(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=batch_size)
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "There are as many draws in an epoch of yours as there should be batches. `num_samples` counts "
    "samples."
)
def draws_for_batches(dataset, labels, indices, batch_size):
    own = labels[indices]
    draws = -(-len(indices) // batch_size)
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=draws)
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "The common class comes too often, and the rare one too seldom. Which samples are to have the "
    "large weights?"
)
def counts_as_weights(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake("Shuffling changes the order. It does not change how often a class comes up.")
def only_shuffled(dataset, labels, indices, batch_size):
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, shuffle=True)


@exercise.mistake(
    "A loader takes a sampler, or `shuffle=True`: both would decide the order. torch refuses."
)
def sampler_and_shuffle(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size, shuffle=True, sampler=sampler)


@exercise.mistake(
    "A `batch_sampler` has to yield lists of indices. This sampler yields single ones."
)
def as_batch_sampler(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_sampler=sampler)


@exercise.mistake("The batches of your loader hold one sample each. Who tells it their size?")
def batches_of_one(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), sampler=sampler)


@exercise.mistake("The short batch at the end is missing. Nobody asked to drop it.")
def last_batch_dropped(dataset, labels, indices, batch_size):
    own = labels[indices]
    sampler = WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size, sampler=sampler, drop_last=True)


@exercise.mistake(
    "With two classes the draws are even, with three they are not. Are the weights of each class "
    "equal, when you add them up?"
)
def one_minus_the_share(dataset, labels, indices, batch_size):
    own = labels[indices]
    share = torch.bincount(own) / len(own)
    sampler = WeightedRandomSampler(1 - share[own], num_samples=len(indices))
    return DataLoader(Subset(dataset, indices), batch_size=batch_size, sampler=sampler)


@exercise.mistake(
    "What was drawn once comes again in each epoch, in another order. The draws are to be new."
)
def drawn_once(dataset, labels, indices, batch_size):
    own = labels[indices]
    draws = list(WeightedRandomSampler(1 / torch.bincount(own)[own], num_samples=len(indices)))
    chosen = [indices[i] for i in draws]
    return DataLoader(Subset(dataset, chosen), batch_size=batch_size, shuffle=True)


@exercise.right
def weights_as_a_list(dataset, labels, indices, batch_size):
    own = [int(labels[i]) for i in indices]
    weights = [100 / own.count(label) for label in own]
    sampler = WeightedRandomSampler(weights, len(indices), replacement=True)
    part = torch.utils.data.Subset(dataset, indices)
    return DataLoader(part, batch_size, sampler=sampler)


@exercise.right
def with_a_batch_sampler(dataset, labels, indices, batch_size):
    class Balanced(WeightedRandomSampler):
        """The same with another name."""

    own = labels[indices]
    sampler = Balanced(1 / torch.bincount(own)[own], len(own))
    batches = torch.utils.data.BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(Subset(dataset, indices), batch_sampler=batches)


@exercise.right
def no_weight_outside(dataset, labels, indices, batch_size):
    weights = torch.zeros(len(labels))
    own = labels[indices]
    weights[indices] = 1 / torch.bincount(own)[own]
    sampler = WeightedRandomSampler(weights, num_samples=len(indices))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


exercise.equivalent(
    "weights = 1 / torch.bincount(own)[own]",
    "weights = 2 / torch.bincount(own)[own]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "weights = [100 / own.count(label) for label in own]",
    "weights = [101 / own.count(label) for label in own]",
    "weights = [99 / own.count(label) for label in own]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "sampler = WeightedRandomSampler(weights, len(indices), replacement=True)",
    "sampler = WeightedRandomSampler(weights, len(indices))",
    because="That is what it is without the argument.",
)


exercise.equivalent(
    "sampler = Balanced(1 / torch.bincount(own)[own], len(own))",
    "sampler = Balanced(2 / torch.bincount(own)[own], len(own))",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)


exercise.equivalent(
    "weights[indices] = 1 / torch.bincount(own)[own]",
    "weights[indices] = 2 / torch.bincount(own)[own]",
    because="Weights count by their ratio: the same factor for all of them changes nothing.",
)
