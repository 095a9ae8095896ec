"""`random_split` and many other functions give you datasets without a transform. Write a dataset
that stands in front of another one and changes its inputs.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
    Subset,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import batches_of
from course_utils.observation import attempt

exercise = Exercise(
    "06.5",
    "A dataset with a transform",
    minutes=10,
    difficulty=2,
    hints=[
        "Your dataset stands in front of another one. It asks that one for everything.",
        "When should a random change be drawn: once, or each time a sample is fetched?",
        "A sample is a pair, and the transform is for its first half only.",
    ],
)


@exercise.reference
class Transformed(Dataset):
    """Another dataset with a transform on its inputs.

    dataset: a map-style dataset of pairs (x, y), such as a list or a Subset. transform: a function
    of x. Sample i is the tuple (transform(x), y). Each time it is fetched, sample i of the dataset
    is fetched once and the transform is called once; neither happens before. The dataset underneath
    is not changed.
    """

    def __init__(self, dataset, transform):
        self.dataset = dataset
        self.transform = transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), y


class Counting(Dataset):
    """Pairs of a list; counts how often one is fetched."""

    def __init__(self, pairs):
        self.pairs = pairs
        self.fetched = 0

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        pair = self.pairs[i]
        self.fetched += 1
        return pair

    def __deepcopy__(self, memo):  # what is fetched from a copy counts, too
        return self


@exercise.cases
def _(rng):
    """The labels, and what the dataset is: a list, or a Subset of these of its samples.

    Beside whole numbers, x and y are tensors; beside other labels, x is a number of Python and y
    the label as it is.
    """
    yield [1, 2, 3], None
    yield [7], None
    yield [rng.randint(1, 9) for _ in range(4)], None
    yield [1, 2, 3, 4], [2, 0, 3]
    yield ["cat", "dog", "cat"], None
    yield [0.1, 0.7], None  # float32 holds neither
    yield [rng.randint(1, 4) for _ in range(4)] + [5], [4, rng.randint(1, 3)]


@exercise.observe
def _(answer, values, taken_from):
    tensors = isinstance(values[0], int)
    everything = [
        (torch.tensor(float(value)), torch.tensor(value)) if tensors else (0.1 + place, value)
        for place, value in enumerate(values)
    ]
    underneath = everything if taken_from is None else Subset(everything, taken_from)
    calls = []

    def transform(x):
        if type(x) is not type(everything[0][0]):
            raise TypeError(f"the transform was given a {type(x).__name__}, it takes one x")
        calls.append(1)
        return x + 100 * len(calls)  # a new result each time, as a random transform gives

    dataset = answer(underneath, transform)
    other = answer(underneath, lambda x: x - 1)
    facts = {
        "calls of the transform before any sample is fetched": len(calls),
        "sample 0": attempt(lambda: dataset[0]),
        "sample 0 again": attempt(lambda: dataset[0]),
        "calls after two fetches": len(calls),
        "len(dataset)": attempt(lambda: len(dataset)),
        "batches": attempt(lambda: batches_of(dataset, batch_size=2)),
        "sample 0 of a second one, with a transform of its own": attempt(lambda: other[0]),
        "the dataset underneath": everything,
    }
    counting = Counting(list(everything))
    counted = answer(counting, lambda x: x + 1)
    before = counting.fetched
    facts["samples fetched underneath before any is asked for"] = before
    facts["samples fetched underneath for one"] = attempt(
        lambda: (counted[0], counting.fetched)[1] - before
    )
    before_again = counting.fetched
    facts["samples fetched underneath for the same one again"] = attempt(
        lambda: (counted[0], counting.fetched)[1] - before_again
    )
    before_len = counting.fetched
    facts["samples fetched underneath by len(dataset)"] = attempt(
        lambda: (len(counted), counting.fetched)[1] - before_len
    )
    return facts


@exercise.mistake(
    "You transform everything once, at the start. A random transform would be drawn once and then "
    "be the same in every epoch."
)
class TransformsAtTheStart(Dataset):
    def __init__(self, dataset, transform):
        self.samples = [(transform(x), y) for x, y in dataset]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        return self.samples[i]


@exercise.mistake("The transform was given the whole pair. It is a function of the input alone.")
class TransformsThePair(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i])


@exercise.mistake("Your labels are transformed, too. A turned picture of a 7 is still a 7.")
class TransformsTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), self.transform(y)


@exercise.mistake(
    "You write the result back into the dataset underneath. The second epoch then transforms what "
    "has been transformed already."
)
class WritesBack(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        self.dataset[i] = self.transform(x), y
        return self.dataset[i]


@exercise.mistake(
    "You keep the first result for ever. From the second epoch on, nothing is drawn any more."
)
class KeepsTheFirstResult(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform, self.kept = dataset, transform, {}

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        if i not in self.kept:
            x, y = self.dataset[i]
            self.kept[i] = self.transform(x), y
        return self.kept[i]


@exercise.mistake("The labels are lost on the way: a sample was a pair before.")
class LosesTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i][0])


class InFront(Dataset):
    """What the wrong answers below change in one place."""

    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), y


@exercise.mistake(
    "The transform is called before anybody has fetched a sample. It may be slow, or draw random "
    "numbers: who looks at it in advance?"
)
class TriesItOut(InFront):
    def __init__(self, dataset, transform):
        super().__init__(dataset, transform)
        self.first = transform(dataset[0][0])


@exercise.mistake(
    "For one sample the transform is called twice. A random one draws twice then, and the two "
    "results differ."
)
class CallsItTwice(InFront):
    def __getitem__(self, i):
        x, y = self.dataset[i]
        return (self.transform(x) if self.transform(x) is not None else x), y


@exercise.mistake(
    "What stands under the dataset that you were given has samples at other places, or more of "
    "them: a Subset of it has its own order."
)
class GoesUnderTheSubset(InFront):
    def __getitem__(self, i):
        x, y = getattr(self.dataset, "dataset", self.dataset)[i]
        return self.transform(x), y


@exercise.mistake(same_as=GoesUnderTheSubset)
class AllThatIsUnderTheSubset(InFront):
    def __init__(self, dataset, transform):
        super().__init__(getattr(dataset, "dataset", dataset), transform)


@exercise.mistake(
    "Two datasets with two transforms disturb each other: the transform is kept in one place for "
    "all objects of the class, or of the program."
)
class TransformOfTheClass(InFront):
    kept = None

    def __init__(self, dataset, transform):
        self.dataset = dataset
        TransformOfTheClass.kept = staticmethod(transform)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return TransformOfTheClass.kept(x), y


@exercise.mistake(
    "The transform was handed on to the dataset underneath. A dataset need not know an attribute "
    "of this name, and a list cannot have one."
)
class SetsAnAttribute(InFront):
    def __init__(self, dataset, transform):
        self.dataset = dataset
        self.dataset.transform = transform

    def __getitem__(self, i):
        return self.dataset[i]


@exercise.mistake("The parts of a sample are right. Which kind of container was it to be?")
class SampleIsAList(InFront):
    def __getitem__(self, i):
        return list(super().__getitem__(i))


@exercise.mistake(
    "`tensors` is an attribute of TensorDataset. Other datasets have none: ask for `dataset[i]`."
)
class NeedsTensors(InFront):
    def __getitem__(self, i):
        x, y = self.dataset.tensors[0][i], self.dataset.tensors[1][i]
        return self.transform(x), y


@exercise.mistake(
    "All samples are fetched as soon as the dataset is made. They may not fit into memory, and one "
    "that changes at random underneath stays as it was."
)
class FetchesAllAtOnce(InFront):
    def __init__(self, dataset, transform):
        super().__init__([dataset[i] for i in range(len(dataset))], transform)


@exercise.mistake(
    "For one sample, two are fetched underneath: x comes from the one and y from the other. Where "
    "samples are drawn at random, the two do not belong together."
)
class FetchesTwice(InFront):
    def __getitem__(self, i):
        return self.transform(self.dataset[i][0]), self.dataset[i][1]


@exercise.mistake(
    "To say how many samples there are, all of them are fetched. That may take as long as an epoch."
)
class LengthByFetching(InFront):
    def __len__(self):
        return sum(1 for _ in self.dataset)


@exercise.mistake(
    "The labels were turned into something else. They may be texts, or numbers that are no "
    "tensors, and are to come as they are."
)
class LabelsBecomeTensors(InFront):
    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x, torch.as_tensor(y)


@exercise.mistake(same_as=LabelsBecomeTensors)
class LabelsBecomeInts(InFront):
    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x, int(y)


@exercise.mistake(
    "The transform was given a tensor where the dataset has none. Which inputs it takes is a "
    "matter between the two: they may be pictures, or numbers of Python."
)
class InputsBecomeTensors(InFront):
    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(torch.as_tensor(x)), y


@exercise.mistake(
    "The second time, the sample comes from a store of yours, and the dataset underneath is not "
    "asked. Some datasets give another sample each time, and some do not fit into memory."
)
class KeepsWhatItFetched(InFront):
    def __init__(self, dataset, transform):
        super().__init__(dataset, transform)
        self.kept = {}

    def __getitem__(self, i):
        if i not in self.kept:
            self.kept[i] = self.dataset[i]
        x, y = self.kept[i]
        return self.transform(x), y


@exercise.right
class IndexedPair(Dataset):
    def __init__(self, dataset, transform):
        self.base, self.change = dataset, transform

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        pair = self.base[i]
        return self.change(pair[0]), pair[1]
