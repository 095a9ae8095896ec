"""Other right answers to the exercises of notebook 06."""

import csv
import io
import itertools
import random

import numpy
import pandas
import torch
import torch.nn.functional as F
import torch.utils.data
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Sampler,
    WeightedRandomSampler,
    default_collate,
    random_split,
)

from tests.right_answers import right


@right("06.1")
class ConvertsOnAccess(Dataset):
    def __init__(self, features, labels):
        self.rows = list(zip(features, labels, strict=True))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        features, label = self.rows[i]
        return torch.tensor([float(value) for value in features]), label


@right("06.2")
class WithPandasCategories(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text))[[*columns, label]].dropna()
        kinds = pandas.Categorical(table[label])
        self.classes = kinds.categories.tolist()
        self.labels = torch.tensor(kinds.codes, dtype=torch.long)
        self.features = torch.from_numpy(table[columns].to_numpy(dtype="float32"))

    def __len__(self):
        return self.features.shape[0]

    def __getitem__(self, i):
        return dict(features=self.features[i], label=self.labels[i])


@right("06.2")
class WithoutPandas(Dataset):
    def __init__(self, text, columns, label):
        rows = csv.DictReader(text.splitlines())
        self.rows = [row for row in rows if all(row[c] for c in [*columns, label])]
        self.classes = sorted({row[label] for row in self.rows})
        self.columns, self.label = columns, label

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        features = torch.tensor([float(row[column]) for column in self.columns])
        return {"features": features, "label": self.classes.index(row[self.label])}


@right("06.3")
class IteratorOfAList(IterableDataset):
    def __init__(self, text):
        self.numbers = torch.tensor([float(word) for word in text.split()])

    def __iter__(self):
        return iter(self.numbers)


@right("06.4")
def counted_down(samples, batch_size, drop_last):
    sizes = []
    while samples >= batch_size:
        sizes.append(batch_size)
        samples -= batch_size
    if samples > 0 and not drop_last:
        sizes += [samples]
    return sizes


@right("06.4")
def asked_of_a_loader(samples, batch_size, drop_last):
    loader = DataLoader(range(samples), batch_size=batch_size, drop_last=drop_last)
    return [len(batch) for batch in loader]


@right("06.5")
class IndexedPair(Dataset):
    def __init__(self, dataset, transform):
        self.base, self.change = dataset, transform

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        pair = self.base[i]
        return self.change(pair[0]), pair[1]


@right("06.6")
def with_an_iterator(loader, steps):
    batches, iterator = [], iter(loader)
    for _ in range(steps):
        try:
            batches.append(next(iterator))
        except StopIteration:
            iterator = iter(loader)
            batches.append(next(iterator))
    return batches


@right("06.6")
def with_a_generator(loader, steps):
    epochs = (batch for _ in itertools.count() for batch in loader)
    return list(itertools.islice(epochs, steps))


@right("06.7")
class SortsRandomNumbers(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        keys = torch.rand(self.count, generator=self.generator)
        return iter(keys.argsort().tolist())


@right("06.7")
class SeedsPythonsGenerator:
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        seed = torch.randint(2**40, (), generator=self.generator).item()
        order = list(range(self.count))
        random.Random(seed).shuffle(order)
        return iter(order)


@right("06.8")
def shares_that_add_up_to_one(labels):
    classes, where, counts = labels.unique(return_inverse=True, return_counts=True)
    return (1.0 / (counts * len(classes)))[where]


@right("06.8")
def by_looking_at_every_sample(labels):
    return torch.tensor([100 / labels.eq(label).sum().item() for label in labels])


@right("06.9")
def weights_as_a_list(dataset, labels, batch_size):
    share = torch.bincount(labels) / len(labels)
    weights = [1 / share[label].item() for label in labels]
    sampler = WeightedRandomSampler(weights, len(dataset), replacement=True)
    return DataLoader(dataset, batch_size, sampler=sampler, drop_last=False)


@right("06.9")
def with_a_batch_sampler(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, len(dataset))
    batches = torch.utils.data.BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches)


@right("06.10")
class YieldsBatchAfterBatch(Sampler):
    def __init__(self, lengths, batch_size):
        self.lengths, self.batch_size = lengths, batch_size

    def __len__(self):
        return (len(self.lengths) + self.batch_size - 1) // self.batch_size

    def __iter__(self):
        batch = []
        for i in torch.tensor(self.lengths).argsort(stable=True).tolist():
            batch.append(i)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch:
            yield batch


@right("06.11")
def padded_row_by_row(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    rows = [F.pad(sequence, (0, longest - len(sequence))) for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    return torch.stack(rows), lengths, torch.tensor([label for _, label in samples])


@right("06.12")
def with_filter(samples):
    readable = list(filter(lambda sample: sample is not None, samples))
    return default_collate(readable) if len(readable) > 0 else None


@right("06.13")
def by_matching(samples):
    match samples[0]:
        case dict():
            return {k: by_matching([s[k] for s in samples]) for k in samples[0]}
        case tuple():
            width = range(len(samples[0]))
            return tuple(by_matching([s[i] for s in samples]) for i in width)
        case str():
            return list(samples)
        case torch.Tensor():
            return torch.stack(samples, dim=0)
    return torch.tensor(samples)


@right("06.14")
def random_split_of_indices(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    count = len(plain_set)
    sizes = [count - validation_size, validation_size]
    train, validation = random_split(range(count), sizes, generator=generator)
    return (
        torch.utils.data.Subset(augmented_set, train.indices),
        torch.utils.data.Subset(plain_set, validation.indices),
    )


@right("06.14")
def same_seed_twice(plain_set, augmented_set, validation_size, seed):
    def split(dataset):
        generator = torch.Generator().manual_seed(seed)
        sizes = [len(dataset) - validation_size, validation_size]
        return random_split(dataset, sizes, generator=generator)

    return split(augmented_set)[0], split(plain_set)[1]


@right("06.15")
def by_remainders(count, num_replicas, rank, drop_last):
    each, rest = divmod(count, num_replicas)
    if rest and not drop_last:
        each += 1
    return [(rank + turn * num_replicas) % count for turn in range(each)]


@right("06.16")
def new_samplers_each_epoch(dataset, num_replicas, epochs):
    result = []
    for epoch in range(epochs):
        result.append([])
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas=num_replicas, rank=rank)
            sampler.set_epoch(epoch)
            result[-1].append([index for index in sampler])
    return result


@right("06.17")
class InBlocks(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        first, last = self.start, self.stop
        worker = torch.utils.data.get_worker_info()
        if worker is not None:
            size = (last - first + worker.num_workers - 1) // worker.num_workers
            first = first + worker.id * size
            last = min(first + size, last)
        yield from range(first, last)


@right("06.18")
def from_torchs_seed(worker_id):
    info = torch.utils.data.get_worker_info()
    info.dataset.rng = numpy.random.default_rng([torch.initial_seed(), worker_id])


@right("06.18")
def from_a_drawn_number(worker_id):
    seed = torch.randint(2**62, ()).item()
    torch.utils.data.get_worker_info().dataset.rng = numpy.random.Generator(
        numpy.random.PCG64(seed)
    )


@right("06.18")
def from_pythons_generator(worker_id):
    # A worker process seeds Python's generator as well.
    rng = numpy.random.default_rng(random.getrandbits(64))
    torch.utils.data.get_worker_info().dataset.rng = rng
