# %% [markdown]
# A model wants **batches**: one tensor of inputs, one tensor of labels. Data comes as **samples**:
# a row of a table, a picture, a text. Four parts lead from the one to the other, and each has one
# question to answer.
#
# | part | question | answer |
# |---|---|---|
# | dataset | what is sample number i? | a tuple, a dictionary, a tensor |
# | sampler | which sample comes next? | an index |
# | batch sampler | which samples make a batch? | a list of indices |
# | `collate_fn` | how do samples become a batch? | tensors with one more dimension |
#
# The `DataLoader` puts them together.

# %%
from course_utils import figures, predict

figures.loader_parts()

# %% [markdown]
# ## A dataset of your own
#
# A **map-style** dataset is a class with two methods. Python calls `__len__` for `len(dataset)`
# and `__getitem__` for `dataset[i]`.

# %%
from torch.utils.data import Dataset


class Squares(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return i, i * i


squares = Squares()
len(squares), squares[3]

# %% [markdown]
# Now a class of the same kind.
#
# **Predict 06.p1.** What does `Numbered()[0]` give? Write a value, or `'error'`.


# %%
class Numbered(Dataset):
    def __len__(self):
        return 10

    def __get__item(self, i):
        return i


# %%
guess = ...
predict("06.p1", guess, lambda: Numbered()[0])

# %% [markdown]
# The names must be exact: Python looks for `__getitem__`, with two underscores on each side and
# none inside. And `__len__`: is it only there for people who ask for the length?
#
# **Predict 06.p2.** `NoLength` can give its four samples. What does `list(DataLoader(NoLength()))`
# give? Write a list, or `'error'`.

# %%
from torch.utils.data import DataLoader


class NoLength(Dataset):
    def __getitem__(self, i):
        return [0, 1, 2, 3][i]


guess = ...
predict("06.p2", guess, lambda: list(DataLoader(NoLength())))

# %% [markdown]
# ## Files as a dataset
#
# Often each sample is a file of its own. The dataset keeps the *paths*, and opens a file when its
# sample is asked for: so a folder may be larger than the memory. Here are three small files, made
# for the purpose.

# %%
import atexit
import shutil
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())  # a new, empty folder
atexit.register(shutil.rmtree, folder)  # it goes away with the kernel
for name, text in [("a", "1 2 3"), ("b", "40"), ("c", "5 6")]:
    (folder / f"{name}.txt").write_text(text)


# %%
class Files(Dataset):
    def __init__(self, folder):
        self.paths = sorted(Path(folder).glob("*.txt"))  # the system gives them in any order

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        return [int(word) for word in self.paths[i].read_text().split()]


files = Files(folder)
len(files), files[2]

# %% [markdown]
# ## A table as a dataset
#
# A real one: the penguins of lesson 01. Each row has words and numbers in it. One way seems short:
# take a row, pick the numbers, and make a tensor.
#
# **Predict 06.p3.** What does the last line of the next cell give? Write a list, or `'error'`.

# %%
import torch

from course_utils import data

columns = ["bill_length_mm", "body_mass_g"]
penguins = data.penguins().dropna(subset=columns)
guess = ...
predict("06.p3", guess, lambda: torch.tensor(penguins.iloc[0][columns].to_numpy()))

# %% [markdown]
# So do it the other way round: choose the number columns first, for all rows at once, and make
# one tensor. A sample is then one row of that tensor. This is also much faster than asking
# pandas for each row.
#
# Dtypes are decided here as well. A linear layer needs **float32** features, and a loss for classes
# needs **int64** labels. `.int()` makes int32, which neither of them takes.


# %%
class Penguins(Dataset):
    def __init__(self, table, columns):
        self.classes = sorted(table["species"].unique())
        labels = [self.classes.index(name) for name in table["species"]]
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


# %%
dataset = Penguins(penguins, columns)
features, label = dataset[0]  # (2,), ()
len(dataset), features.dtype, label.dtype, dataset.classes[label]

# %% [markdown]
# A sample may be a tuple, as here, or a dictionary. A dictionary has names, so nobody can mix up
# its parts. The loader makes a dictionary of batches from it.


# %%
class NamedPenguins(Penguins):
    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


batch = next(iter(DataLoader(NamedPenguins(penguins, columns), batch_size=4)))
batch["features"].shape, batch["label"]  # (batch, features), (batch,)

# %% [markdown]
# ## `DataLoader`: dataset, batch_size, drop_last
#
# For the next steps ten numbers are enough. Anything with `len`, and with `[0]`, `[1]` and so on,
# can be the dataset, also a list.

# %%
ten = list(range(10))
next(iter(DataLoader(ten, batch_size=4)))

# %% [markdown]
# That was the first batch.
#
# **Predict 06.p4.** What is `len(DataLoader(ten, batch_size=4, drop_last=False))`?

# %%
guess = ...
predict("06.p4", guess, lambda: len(DataLoader(ten, batch_size=4, drop_last=False)))

# %% [markdown]
# Read `drop_last` as an order: *drop the last batch* if it is short. In training that is often
# wise, since a batch of one or two samples gives a poor gradient. In validation it would leave
# samples out. `False` is the default.

# %%
list(DataLoader(ten, batch_size=4)), len(list(DataLoader(ten, batch_size=4, drop_last=True)))

# %% [markdown]
# With `batch_size=None` nothing is put together: you get sample after sample, as they are. Only
# NumPy's numbers, and its arrays of numbers, become tensors, and a plain tuple becomes a list.

# %%
list(DataLoader([[1, 2], [3, 4]], batch_size=None))

# %% [markdown]
# ## One epoch, and the next
#
# A `for` loop over the loader is one epoch. The next `for` loop is the next epoch.
#
# **Predict 06.p5.** What does `next(DataLoader(ten, batch_size=4))` give? A batch may be written
# as a list.

# %%
guess = ...
predict("06.p5", guess, lambda: next(DataLoader(ten, batch_size=4)))

# %% [markdown]
# So people write `next(iter(loader))`. For a look at one batch that is right. In a training loop
# it is a trap.
#
# **Predict 06.p6.** Three steps, each takes `next(iter(loader))`. What are the first numbers of
# the three batches? Write a list.

# %%
guess = ...


def three_steps():
    loader = DataLoader(ten, batch_size=4)
    return [next(iter(loader))[0].item() for step in range(3)]


predict("06.p6", guess, three_steps)

# %% [markdown]
# With `shuffle=True` this mistake hides: each step takes another random batch, but some samples
# may never be seen. Make the iterator once, or use `for`.

# %%
iterator = iter(DataLoader(ten, batch_size=4))
[next(iterator)[0].item() for step in range(3)]

# %% [markdown]
# ## shuffle and generator
#
# `shuffle=True` draws a new order for each epoch. Where do the random numbers come from? From
# torch's global generator, which also serves dropout and the starting weights. With a `generator`
# of its own, the order does not depend on who else draws numbers. (A look with `next(iter(loader))`
# is an epoch that was begun: the next one has another order.)


# %%
def order(loader):
    return torch.cat(list(loader)).tolist()


loader = DataLoader(ten, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(1))
order(loader), order(loader)

# %% [markdown]
# Two epochs, two orders; and each time you run this cell, the same two. Now make a new loader
# with the same seed, after random numbers were used elsewhere:

# %%
torch.rand(1000)
again = DataLoader(ten, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(1))
order(again)

# %% [markdown]
# ## collate_fn: from samples to a batch
#
# `collate_fn` gets a list of samples and gives back a batch (with `batch_size=None`, one sample).
# It **always** runs; it is not only there for samples of different sizes. Without one of your own
# batches are made by `default_collate`, and that already separates inputs from labels, and keeps
# dictionaries.

# %%
from torch.utils.data import default_collate

samples = [(torch.tensor([1.0, 2.0]), 0), (torch.tensor([3.0, 4.0]), 1)]
default_collate(samples)

# %%
figures.collated(samples, default_collate(samples))

# %% [markdown]
# Tensors are stacked along a new first dimension. Numbers become a tensor, too. Of which dtype?
#
# **Predict 06.p7.** A sample is the Python number 0.5. What is the dtype of the batch?

# %%
guess = ...
predict("06.p7", guess, lambda: str(default_collate([0.5, 1.5]).dtype).removeprefix("torch."))

# %% [markdown]
# As an input, float64 is an error in the first float32 layer. As the target of a regression loss it
# may be an error in `backward`, or go on in silence in float64: that depends on the loss and on the
# version of torch. So let samples be float32 tensors.
#
# **Predict 06.p8.** A sample is a *list* of three numbers: `[1, 2, 3]` and `[4, 5, 6]`. What is
# the batch? Write lists.

# %%
guess = ...
rows = [[1, 2, 3], [4, 5, 6]]
predict("06.p8", guess, lambda: [field.tolist() for field in default_collate(rows)])

# %%
figures.collated(rows, default_collate(rows))

# %% [markdown]
# The colours show it: the numbers of one sample are no longer together. Give tensors, and the
# rows stay rows. These are the rules of `default_collate` for samples of one kind. (If the kinds
# differ, the first sample chooses the rule. But an int and then a float make float32.)
#
# | a sample is | a batch is |
# |---|---|
# | a tensor, a NumPy array of numbers | the samples stacked: (batch, ...) |
# | a float, an int, a bool | a tensor of float64, of int64, of bool |
# | a NumPy number | a tensor of its dtype |
# | a string, a bytes object | a list of them; as a field of a tuple or a list: a tuple of them |
# | a tuple, a list | a list with a batch of each field; a named tuple stays one |
# | a dictionary | a dictionary with a batch of each value |
# | `None`, or any other object | a TypeError |

# %%
default_collate([torch.tensor(row) for row in rows])  # (batch, 3)

# %% [markdown]
# ## Your own collate_fn: padding
#
# A **transform** is a function that changes **one** sample: it can crop a picture, but it does not
# know the other samples. What needs to know them all belongs in `collate_fn`. **Padding** does: it
# fills up short rows, here with 0, until they are as long as the longest one in the batch.
# `pad_sequence` does it; with `batch_first=True` the result has shape (batch, longest).

# %%
texts = [
    (torch.tensor([5, 2]), 1),
    (torch.tensor([7, 4, 9, 1]), 0),
    (torch.tensor([3]), 1),
]
try:
    default_collate(texts)
except RuntimeError:
    print("These cannot be stacked: their lengths differ.")

# %%
from torch.nn.utils.rnn import pad_sequence


def pad_batch(samples):
    words = [words for words, _ in samples]
    lengths = torch.tensor([len(w) for w in words])  # (batch,)
    labels = torch.tensor([label for _, label in samples])  # (batch,)
    return pad_sequence(words, batch_first=True), lengths, labels


# %% [markdown]
# Three tensors leave this function. Which of them could be made one sample at a time, and which has
# to see all samples first? How many zeros are added? Guess, then open the steps one by one.


# %%
def after(**made):  # the parts made so far, each from which field of a sample
    names = ["words", "lengths", "labels"]
    return figures.collated(texts, pad_batch(texts), names, made=made)


figures.steps(
    {
        "The function is given a list of three samples.": after(),
        "The words of each text are counted.": after(lengths=0),
        "The labels become one tensor.": after(lengths=0, labels=1),
        "The texts become the rows of one tensor.": after(lengths=0, labels=1, words=0),
    }
)

# %% [markdown]
# A length and a label come from one sample. A row of `words` needs to know the longest text: its
# grey cells are zeros that stand for no word. The same as numbers:

# %%
pad_batch(texts)

# %% [markdown]
# **Predict 06.p9.** Could one find the lengths in the padded batch, by counting what is not 0? A
# text is `[5, 0, 2]`, and the batch is 4 wide. What does `(padded != 0).sum()` give for its row?

# %%
guess = ...


def count_words():
    batch = [torch.tensor([5, 0, 2]), torch.tensor([7, 4, 9, 1])]
    padded = pad_sequence(batch, batch_first=True)  # (2, 4)
    return (padded[0] != 0).sum().item()


predict("06.p9", guess, count_words)

# %% [markdown]
# So the lengths travel with the batch: nobody can see afterwards which zeros are words. The loader
# takes the function as an argument:

# %%
loader = DataLoader(texts, batch_size=2, collate_fn=pad_batch)
[words.shape for words, lengths, labels in loader]

# %% [markdown]
# ## Dropping broken samples, splitting pairs
#
# A file cannot be read, and the dataset gives `None` for it. `collate_fn` is the place to leave
# it out. The batch is smaller then, and may be empty: the training loop has to skip such a batch.


# %%
def collate_readable(samples):
    readable = [sample for sample in samples if sample is not None]
    return default_collate(readable) if readable else None


readable = DataLoader([1, None, 3, 4, None, None], batch_size=2, collate_fn=collate_readable)

# %% [markdown]
# **Predict 06.p10.** The six samples make three batches of two. What are the *sizes* of the batches
# that arrive? Write a list of numbers; a batch that is `None` has size 0.

# %%
guess = ...
predict("06.p10", guess, lambda: [0 if batch is None else len(batch) for batch in readable])

# %% [markdown]
# Sometimes one sample is to become two. Here each sample is a pair of pictures of the same thing,
# and the model is to see both as samples of their own.


# %%
def split_pairs(samples):
    return torch.tensor([number for pair in samples for number in pair])


next(iter(DataLoader([(1, 10), (2, 20), (3, 30)], batch_size=3, collate_fn=split_pairs)))

# %% [markdown]
# ## Samplers: which sample comes next?
#
# A sampler is an object that yields indices. `shuffle` only chooses between two of them:
# `SequentialSampler` and `RandomSampler`. With `sampler=` you choose yourself.

# %%
from torch.utils.data import RandomSampler, SequentialSampler

generator = torch.Generator().manual_seed(0)
one_by_one = SequentialSampler(ten)
each_once = list(RandomSampler(ten, generator=generator))
with_replacement = list(RandomSampler(ten, replacement=True, generator=generator))
each_once, with_replacement

# %% [markdown]
# With `replacement=True` an index goes back into the bag after each draw: some come twice, others
# not at all. Without it, each comes once.
#
# A sampler of your own is a class with `__iter__`, which is called for each epoch, and usually
# `__len__`. (Do not count epochs there: with workers, it may be called twice for one epoch.)

# %%
from torch.utils.data import Sampler


class EvenFirst(Sampler):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        yield from range(0, self.count, 2)
        yield from range(1, self.count, 2)

    def __len__(self):
        return self.count


list(DataLoader(ten, batch_size=5, sampler=EvenFirst(10)))

# %% [markdown]
# `SubsetRandomSampler` visits a fixed list of indices in random order. The list is yours; only the
# order is random. `BatchSampler` is made of another sampler, a size and `drop_last`, and yields
# lists.

# %%
from torch.utils.data import BatchSampler, SubsetRandomSampler

some = list(SubsetRandomSampler([1, 3, 5, 7], generator=generator))
in_batches = list(BatchSampler(one_by_one, batch_size=4, drop_last=False))
some, in_batches

# %% [markdown]
# `WeightedRandomSampler` draws with weights. `DistributedSampler` gives one of several processes
# its part. We come back to both.

# %%
from torch.utils.data import DistributedSampler, WeightedRandomSampler

heavy = [9.0] + [1.0] * 9
weighted = list(WeightedRandomSampler(heavy, num_samples=10, generator=generator))
rank_one = list(DistributedSampler(ten, num_replicas=2, rank=1, shuffle=False))
weighted, rank_one

# %%
figures.sampled(
    {
        "SequentialSampler": list(one_by_one),
        "RandomSampler": each_once,
        "RandomSampler, replacement=True": with_replacement,
        "SubsetRandomSampler, [1, 3, 5, 7]": some,
        "WeightedRandomSampler, 0 is heavy": weighted,
        "BatchSampler, batch_size=4": in_batches,
        "DistributedSampler, rank 1 of 2": rank_one,
    },
    count=10,
)

# %% [markdown]
# Each square is one draw, in the order of the draws. The same index has the same colour
# everywhere.
#
# **Predict 06.p11.** You have a sampler, and you want the data to be shuffled as well. What does
# `DataLoader(ten, sampler=one_by_one, shuffle=True)` give? Write the first four indices, or
# `'error'`.

# %%
guess = ...
predict("06.p11", guess, lambda: order(DataLoader(ten, sampler=one_by_one, shuffle=True))[:4])

# %% [markdown]
# A `batch_sampler` decides even more: the order and the batches. So it excludes `batch_size`,
# `shuffle`, `sampler` and `drop_last`. Any list of lists of indices can be one.

# %%
list(DataLoader(ten, batch_sampler=[[0, 9], [1, 2, 3]]))

# %%
try:
    DataLoader(ten, batch_sampler=[[0, 9]], batch_size=2)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Rare classes
#
# Eight samples of class 0, two of class 1. A model that always says 0 is right in 8 of 10 cases.
# Drawing the rare class more often helps. `WeightedRandomSampler` draws with weights; whose?
#
# **Predict 06.p12.** Someone gives one weight for each class: 1/8 and 1/2. Which *indices* are
# drawn, in many draws? Write a sorted list, or `'error'`.

# %%
labels = torch.tensor([0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
drawn = WeightedRandomSampler([1 / 8, 1 / 2], num_samples=1000)
guess = ...
predict("06.p12", guess, lambda: sorted(set(drawn)))

# %% [markdown]
# Nothing warned. The sampler wants one weight for each **sample**: look up the weight of its class.
# Lesson 02 has both steps: `bincount`, and an index that holds the labels.

# %%
counts = torch.bincount(labels)  # (classes,)
weights = 1 / counts[labels]  # (samples,)
weights

# %% [markdown]
# **Predict 06.p13.** Two samples have the weights 1 and 4. How large is the share of sample 1 in
# many draws? Write a number such as 0.3, or `'error'`.

# %%
torch.manual_seed(0)
guess = ...
many = torch.tensor(list(WeightedRandomSampler([1, 4], num_samples=20_000))).float()
predict("06.p13", guess, lambda: round(many.mean().item(), 1))

# %% [markdown]
# Now a real table: 400 tumours, of which 43 are malignant. (Malignant ones were left out to make
# the table uneven. So it says nothing about medicine.) `TensorDataset` makes a dataset of tensors
# with the same first dimension; a sample is a tuple of one row of each.

# %%
from torch.utils.data import TensorDataset

tumours = data.tumours()
labels = torch.tensor(tumours["diagnosis"].eq("malignant").to_numpy()).long()  # (samples,)
measured = tumours.drop(columns="diagnosis").to_numpy()
dataset = TensorDataset(torch.tensor(measured, dtype=torch.float32), labels)
dataset[0], torch.bincount(labels)

# %%
weights = 1 / torch.bincount(labels)[labels]  # (samples,)
sampler = WeightedRandomSampler(weights, num_samples=len(dataset), generator=generator)
shuffled = DataLoader(dataset, batch_size=20, shuffle=True, generator=generator)
balanced = DataLoader(dataset, batch_size=20, sampler=sampler)
len(shuffled), len(balanced)

# %% [markdown]
# Each column is a batch of 20. On the left the data is only shuffled, on the right it is drawn
# with weights.

# %%
epochs = {
    "shuffled": [labels for _, labels in shuffled],
    "with weights": [labels for _, labels in balanced],
}
figures.class_balance(epochs, classes=["benign", "malignant"])

# %% [markdown]
# The price: rare samples are seen several times in an epoch, and some of the common ones not at
# all. So balance only the training data. Validation shows the world as it is.

# %% [markdown]
# ## Sharing between processes: `DistributedSampler`
#
# Training on several GPUs runs one process for each. Every process has the whole dataset and a
# sampler that picks its part. You can try it with no GPU at all: give `num_replicas`, the number of
# processes, and `rank`, the number of this one, yourself.
#
# **Predict 06.p14.** Ten samples, three replicas. How many indices do ranks 0, 1 and 2 get? Write
# a list of three numbers.


# %%
def ranks(samples, epoch=0, **options):
    samplers = [DistributedSampler(samples, num_replicas=3, rank=r, **options) for r in range(3)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    return [list(sampler) for sampler in samplers]


guess = ...
predict("06.p14", guess, lambda: [len(indices) for indices in ranks(ten)])

# %% [markdown]
# First without shuffling. The indices are dealt out like cards. To make the parts equal, some
# samples are repeated from the beginning; with `drop_last=True` some are left out instead.


# %%
def by_rank(parts):
    return {f"rank {r}": indices for r, indices in enumerate(parts)}


figures.sampled(by_rank(ranks(ten, shuffle=False)), count=10, together=True)

# %%
parts = ranks(ten, shuffle=False, drop_last=True)
figures.sampled(by_rank(parts), count=10, together=True)

# %% [markdown]
# Is every sample covered? Count how often each index is drawn, by all ranks together. Nine samples
# can be shared evenly by three: each is drawn exactly once, with and without `drop_last`.


# %%
def times_drawn(parts):
    indices = torch.tensor([i for part in parts for i in part])
    return torch.bincount(indices).tolist()


nine = range(9)
times_drawn(ranks(nine)), times_drawn(ranks(nine, drop_last=True))

# %% [markdown]
# Ten cannot. Without `drop_last` two samples come twice; with it one is missing.

# %%
missing = set(ten) - {i for part in ranks(ten, drop_last=True) for i in part}
times_drawn(ranks(ten)), missing

# %% [markdown]
# `shuffle=True` is the default of this sampler, and all ranks shuffle in the same way.
#
# **Predict 06.p15.** The same sampler is walked through twice, for two epochs. Are the two orders
# the same? Write `True` or `False`.

# %%
sampler = DistributedSampler(ten, num_replicas=3, rank=0)
guess = ...
predict("06.p15", guess, lambda: list(sampler) == list(sampler))

# %% [markdown]
# All ranks must shuffle alike without talking to each other, so the order is made from the seed
# and the number of the epoch. `set_epoch` tells the sampler that number. Call it at the beginning
# of each epoch.

# %%
[ranks(ten, epoch=epoch)[0] for epoch in range(3)]

# %% [markdown]
# ## Iterable datasets
#
# Some data has no index: a stream from a network, a file too large to jump around in. An
# **iterable** dataset is made from `IterableDataset`, and needs only `__iter__`: no `__getitem__`,
# and no length. (A plain generator, without that class, is an error.)

# %%
from torch.utils.data import IterableDataset


class Countdown(IterableDataset):
    def __iter__(self):
        yield from [3, 2, 1]


list(DataLoader(Countdown(), batch_size=2))

# %% [markdown]
# **Predict 06.p16.** What does `len(list(DataLoader(stream, shuffle=True)))` give for a stream of
# five numbers? Write a number, or `'error'`.

# %%
from course_utils.worker_datasets import Numbers

stream = Numbers(0, 5)
guess = ...
predict("06.p16", guess, lambda: len(list(DataLoader(stream, shuffle=True))))

# %% [markdown]
# To shuffle a stream, its own `__iter__` has to do it. It can keep some samples back and give out
# a random one of them.

# %% [markdown]
# ## Splitting, and how splits leak
#
# `random_split` cuts a dataset into parts that have nothing in common. With a new generator of
# the same seed, it is the same split again.

# %%
from torch.utils.data import random_split

train, valid = random_split(ten, [7, 3], generator=torch.Generator().manual_seed(0))
list(train), list(valid)

# %% [markdown]
# Training pictures are often changed at random, validation pictures never. So people make two
# datasets of the same pictures, split *both*, and take training from the one and validation from
# the other.
#
# **Predict 06.p17.** 100 samples, of which 20 are for validation. How many of these 20 are also in
# the training part? Write `'none'`, `'some'` (1 to 10), `'most'` (11 to 19) or `'all'`.


# %%
def shared_samples():
    torch.manual_seed(0)
    train, _ = random_split(range(100), [80, 20])  # the set with random changes
    _, valid = random_split(range(100), [80, 20])  # the set without
    both = len(set(train.indices) & set(valid.indices))
    return {0: "none", 20: "all"}.get(both, "some" if both <= 10 else "most")


guess = ...
predict("06.p17", guess, shared_samples)

# %% [markdown]
# About 80 % of them: each sample falls into the training part with this chance. Nothing fails, and
# the validation looks wonderful. Split **indices** once, and use them for both
# datasets. `Subset` is a dataset of some samples of another one.

# %%
from torch.utils.data import Subset

indices = torch.randperm(100, generator=torch.Generator().manual_seed(0)).tolist()
train = Subset(range(100), indices[20:])
valid = Subset(range(100), indices[:20])
len(train), len(valid), set(train.indices) & set(valid.indices)

# %% [markdown]
# A `Subset` has the samples of its dataset, but not its attributes. Many datasets keep all labels
# in `targets`.
#
# **Predict 06.p18.** `part = Subset(whole, [0, 1, 2])`, and `whole` has ten samples. What is
# `len(part.dataset.targets)`?


# %%
class WithTargets(Dataset):
    targets = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]

    def __len__(self):
        return 10

    def __getitem__(self, i):
        return i, self.targets[i]


guess = ...
part = Subset(WithTargets(), [0, 1, 2])
predict("06.p18", guess, lambda: len(part.dataset.targets))

# %% [markdown]
# The labels of a part are `[whole.targets[i] for i in part.indices]`. With them you can also split
# so that every class has the same share in both parts: split the indices of each class for itself.
# That is a **stratified** split.

# %%
class_of = torch.tensor(WithTargets.targets)  # (samples,)
order_in_class = [(class_of == c).nonzero()[:, 0] for c in range(2)]  # 8 and 2 indices
valid_indices = torch.cat([indices[: len(indices) // 2] for indices in order_in_class])
class_of[valid_indices].bincount() / len(valid_indices), class_of.bincount() / 10

# %% [markdown]
# The other way round, `ConcatDataset` makes one dataset of several: first all samples of the one,
# then all of the next. And `random_split` takes fractions as well, as `[0.7, 0.3]`.

# %%
from torch.utils.data import ConcatDataset

both = ConcatDataset([ten, ten])
len(both), both[12], [len(part) for part in random_split(ten, [0.7, 0.3])]

# %% [markdown]
# ## Workers
#
# With `num_workers=0` your own process loads each batch, and the model waits. With
# `num_workers=2` two other processes load batches while the model computes.
#
# On macOS and Windows a worker is a new Python; from Python 3.14 on, also on Linux. It imports what
# it needs, and it cannot import a class or a function from a notebook. (On Linux with an older
# Python, a worker is a copy of your process.) So the next class comes from a module of the course.
# Do the same with yours: put datasets and what you write for them, such as a `collate_fn`, into a
# file. In a script, what starts workers has to stand under `if __name__ == "__main__":`. A worker
# imports that script, and without this line it would try to start workers of its own, and stop with
# an error.

# %%
import inspect

from course_utils.worker_datasets import Traced

print(inspect.getsource(Traced))

# %%
list(DataLoader(Traced(8), batch_size=2, num_workers=2))

# %% [markdown]
# Each batch is a tensor of indices and a tensor of workers. A worker loads whole batches, and the
# two take turns. The batches come back in order, however fast each worker was. Now a stream, as
# above.
#
# **Predict 06.p19.** The stream yields 0 and 1 and so on up to 3. Two workers load it. Which
# numbers arrive? Write a sorted list.

# %%
arrived = list(DataLoader(Numbers(0, 4), batch_size=None, num_workers=2))
guess = ...
predict("06.p19", guess, lambda: sorted(arrived))

# %% [markdown]
# Every worker has its own **copy** of the dataset. (Where a worker is a new Python, the tensors in
# it are not copied: all processes share their memory.) With a map-style dataset the sampler, in the
# main process, hands out indices. A stream has no sampler, so its copies have to share the work
# themselves. `get_worker_info()` tells a copy which worker it is in. `worker_init_fn` is a function
# that each worker calls once, when it starts: a good place to give each copy its part.

# %%
from course_utils.worker_datasets import take_a_part

print(inspect.getsource(take_a_part))

# %%
parts = DataLoader(Numbers(0, 4), batch_size=None, num_workers=2, worker_init_fn=take_a_part)
sorted(parts)

# %% [markdown]
# `Traced` counts in `fetched` how many samples it has loaded.
#
# **Predict 06.p20.** Two workers load all 8 samples. What is `traced.fetched` afterwards?

# %%
traced = Traced(8)
batches = list(DataLoader(traced, batch_size=2, num_workers=2))
guess = ...
predict("06.p20", guess, lambda: traced.fetched)

# %% [markdown]
# ## Random numbers in workers
#
# `Noisy` gives two random numbers for each sample: one from NumPy's global generator, one from a
# generator that the dataset made in its `__init__`. Each worker loads one sample.

# %%
from course_utils.worker_datasets import Noisy

noise = list(DataLoader(Noisy(2), batch_size=None, num_workers=2))
len(noise)

# %% [markdown]
# **Predict 06.p21.** Are the two numbers from NumPy's *global* generator the same? Write `True`
# or `False`.

# %%
guess = ...
predict("06.p21", guess, lambda: noise[0][0] == noise[1][0])

# %% [markdown]
# **Predict 06.p22.** And the two numbers from the dataset's *own* generator?

# %%
guess = ...
predict("06.p22", guess, lambda: noise[0][1] == noise[1][1])

# %% [markdown]
# Workers seed `random`, torch and NumPy's global generator, each worker differently. A generator of
# your own needs a new seed in each worker. `get_worker_info().seed` differs from worker to worker
# and from epoch to epoch. (Workers that stay keep theirs.)

# %%
from course_utils.worker_datasets import own_generator

print(inspect.getsource(own_generator))

# %%
seeded = list(DataLoader(Noisy(2), batch_size=None, num_workers=2, worker_init_fn=own_generator))
seeded[0][1] == seeded[1][1]

# %% [markdown]
# ## The other arguments
#
# **`pin_memory`**. A copy to a GPU is faster from memory that the system promises not to move.
#
# **Predict 06.p23.** You have a GPU, or you imagine one. On which device is a batch of a loader
# with `pin_memory=True`? Write `"cpu"` or `"cuda"`.

# %%
import warnings


def pinned_batch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without a GPU, newer versions of torch say so
        return next(iter(DataLoader(ten, batch_size=4, pin_memory=True)))


guess = ...
predict("06.p23", guess, lambda: pinned_batch().device.type)

# %% [markdown]
# **`prefetch_factor`**. Workers load ahead, so that a batch is ready when you ask. The next
# dataset writes down which samples were loaded, in memory that all processes share.
#
# **Predict 06.p24.** 40 samples in batches of 4, 2 workers, `prefetch_factor=3`. The loop has
# begun, but no batch was taken yet. How many *samples* are loaded?

# %%
from course_utils.worker_datasets import Ticked, samples_loaded_ahead

watched = Ticked(torch.zeros(40))
loader = DataLoader(watched, batch_size=4, num_workers=2, prefetch_factor=3)
loaded = samples_loaded_ahead(loader)
guess = ...
predict("06.p24", guess, lambda: loaded)

# %% [markdown]
# **`persistent_workers`**. Workers end after each epoch and start again for the next one. Starting
# takes time: seconds where a worker is a new Python. With `persistent_workers=True` the same
# processes stay. (They also keep their old copy of the dataset: a change you make in between does
# not reach them, unless you write into a tensor that they share.)

# %%
from course_utils.worker_datasets import Processes

loader = DataLoader(Processes(2), batch_size=None, num_workers=2, persistent_workers=True)
set(loader) == set(loader)

# %% [markdown]
# **`timeout`**. How many seconds to wait for a batch from a worker; 0 means for ever. A disk that
# hangs becomes an error that you can see. (The first wait includes the start of the worker.) A
# sample of `Slow` takes as long as you say.

# %%
from course_utils.worker_datasets import Slow

try:
    list(DataLoader(Slow(1, seconds=1.5), num_workers=1, timeout=0.3))
except RuntimeError as error:
    print(error)

# %% [markdown]
# **`multiprocessing_context`**. How a worker is started: `"fork"` copies your process (fast, but
# not on Windows), `"spawn"` starts a new Python (everywhere, slow). From a notebook, `"forkserver"`
# is as slow: it copies a small new Python that does not have torch yet (not on Windows). If you say
# nothing, macOS and Windows use spawn, and Linux uses fork, or forkserver from Python 3.14 on. Here
# the loader is only made, not used, so no process starts.

# %%
loader = DataLoader(ten, num_workers=2, multiprocessing_context="spawn")
loader.multiprocessing_context.get_start_method()

# %% [markdown]
# All but `pin_memory` are for workers, and are refused without them; `timeout` only when the loop
# begins. Two examples:

# %%
refused = []
for option in [{"prefetch_factor": 2}, {"persistent_workers": True}]:
    try:
        DataLoader(ten, num_workers=0, **option)
    except ValueError:
        refused += option
refused

# %% [markdown]
# Newer versions of torch have one more argument, `in_order`. With `in_order=False` a batch is given
# out as soon as it is ready, and a slow worker holds nobody up. But then the order of the batches
# depends on chance. torch 2.3 does not know it. `pin_memory_device` names the device to pin memory
# for; newer versions find it themselves and call the argument deprecated.

# %% [markdown]
# ## How many workers?
#
# Workers cost: they have to be started, and each batch travels from process to process. They pay
# when samples are slow. We measure one epoch of 100 samples, twice: once a sample takes no time,
# once 15 milliseconds of waiting. The times are those of the computer that built this page; run
# the cell to see yours. (Where a worker is a new Python, starting it takes much longer.)

# %% tags=["nbval-ignore-output"]
# Not compared: times are different in every run and on every computer.
import time


def epoch_seconds(dataset, workers):
    start = time.perf_counter()
    for _ in DataLoader(dataset, batch_size=10, num_workers=workers):
        pass
    return time.perf_counter() - start


kinds = {"quick samples": Slow(100, seconds=0), "slow samples": Slow(100, seconds=0.015)}
times = {kind: {n: epoch_seconds(d, n) for n in (0, 1, 2)} for kind, d in kinds.items()}
figures.epoch_time(times)

# %% [markdown]
# For quick samples, workers make it slower: starting them takes longer than all the work. For
# slow samples two workers do help. Start with `num_workers=0`. If the model waits for data, try
# two, then as many as the computer has cores, and measure.

# %% [markdown]
# ## Summary
#
# The whole signature, as of torch 2.3:
#
# | argument | what it does |
# |---|---|
# | `dataset` | map-style: `__len__`, `__getitem__`; `IterableDataset`: `__iter__` is enough |
# | `batch_size=1` | samples in a batch; `None`: no batches |
# | `shuffle=None` | `True`: use a RandomSampler. Not with a sampler, not with a stream |
# | `sampler` | yields indices |
# | `batch_sampler` | yields lists; excludes `batch_size`, `shuffle`, `sampler`, `drop_last` |
# | `num_workers=0` | processes that load batches; each has a copy of the dataset |
# | `collate_fn` | makes a batch of a list of samples; always runs |
# | `pin_memory=False` | batches in memory that is fast to copy to a GPU; does not copy there |
# | `drop_last=False` | `True`: drop a short last batch |
# | `timeout=0` | seconds to wait for a worker; 0: for ever |
# | `worker_init_fn` | called once in each worker, with its number |
# | `multiprocessing_context` | how workers start: fork, spawn, forkserver |
# | `generator` | where the order of `shuffle=True` and the seeds of workers come from |
# | `prefetch_factor=None` | batches that each worker loads ahead; None means 2 |
# | `persistent_workers=False` | `True`: workers stay after an epoch |
# | `pin_memory_device=""` | the device to pin memory for |
#
# | sampler | yields |
# |---|---|
# | `SequentialSampler` | 0, 1, 2, ... |
# | `RandomSampler` | all, in random order; with `replacement=True` some twice |
# | `SubsetRandomSampler` | a fixed list of indices, in random order |
# | `WeightedRandomSampler` | by weight: one for each sample, in any scale |
# | `BatchSampler` | lists, from another sampler |
# | `DistributedSampler` | one process's part; `set_epoch` for a new order |

# %% [markdown]
# ## What people get wrong
#
# - "`__get__item__`, `__getitem()__`, `__get_item__`: something like that." One name is right:
#   [a repair of it](https://github.com/xapharius/pytorch-nyuv2/issues/6).
# - "`__len__` is only for `len`." Samplers need it:
#   [thread](https://github.com/PaddlePaddle/Paddle/pull/25558). And "a Dataset must have a length":
#   only a map-style one, and only for samplers that ask for it; a stream needs none.
# - "`shuffle=True` and a sampler." One of the two:
#   [thread](https://github.com/ultralytics/yolov3/issues/231).
# - "`WeightedRandomSampler` wants a weight for each class." For each sample, and no error tells
#   you: [thread](https://github.com/loicland/superpoint_graph/issues/175). Weights need not add up
#   to 1. (And it is not called `WeigthRandomSampler`, nor the argument `replacemetn`.)
# - "`SubsetRandomSampler` takes a random list." The list is fixed; the order is random.
# - "`DistributedSampler` shuffles anew each epoch." Only after `set_epoch`:
#   [thread](https://github.com/pytorch/pytorch/issues/31771).
# - "NumPy's numbers repeat in all workers, and `worker_init_fn` cures it." Since 1.9 the global
#   generator does not repeat; one that the dataset owns still does:
#   [thread](https://github.com/pytorch/pytorch/issues/5059).
# - "A stream can be shuffled by the loader." It refuses:
#   [thread](https://github.com/pytorch/pytorch/pull/19228).
# - "Python floats become float32." They become float64:
#   [thread](https://github.com/pytorch/pytorch/issues/69446).
# - "A list as sample stays a row." It is taken apart, field by field:
#   [thread](https://github.com/pytorch/pytorch/issues/50272).
# - "`next(iter(loader))` steps on." It begins again each time:
#   [thread](https://github.com/leohsuofnthu/Pytorch-IterativeFCN/issues/7).
# - "A DataLoader is a generator." It can be walked through again and again:
#   [thread](https://github.com/pytorch/tutorials/pull/2963).
# - "Two `random_split` calls match." Each draws its own split:
#   [thread](https://github.com/hearai/hearai/pull/50).
# - "`pin_memory=True` puts batches on the GPU." It only prepares the copy:
#   [thread](https://github.com/pytorch/pytorch/issues/40985).
# - "`drop_last=False`: do not use the last batch." It keeps it.
# - "`batch_sampler` only excludes `shuffle`." It also excludes `batch_size`, `sampler` and
#   `drop_last`.
# - "`collate_fn` is for different sizes, and to separate data and labels." It always runs, and
#   the default one separates already.
# - "`torch.tensor(table.iloc[i, 0:3])`." A row is a pandas object; with words in it, it cannot
#   become a tensor. And "`.int()` for samples and labels": int32 suits neither.
# - "A Subset has the attributes of its dataset." It has its samples:
#   [thread](https://github.com/pytorch/pytorch/issues/97944).
# - "Workers need nothing but `num_workers`." In a script they need `if __name__ == "__main__":`
#   wherever a worker is a new Python: [thread](https://github.com/pytorch/tutorials/issues/1661).

# %% [markdown]
# ## Further reading
#
# - [`torch.utils.data`](https://pytorch.org/docs/stable/data.html): one long page with
#   `Dataset`, `IterableDataset`, `DataLoader`, all samplers, `Subset`, `random_split`,
#   `default_collate` and `get_worker_info`. Read the part *Multi-process data loading* when you
#   begin to use workers.
# - [`pad_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html),
#   [`torch.bincount`](https://pytorch.org/docs/stable/generated/torch.bincount.html),
#   [`torch.randperm`](https://pytorch.org/docs/stable/generated/torch.randperm.html),
#   [`torch.Generator`](https://pytorch.org/docs/stable/generated/torch.Generator.html)
# - [reproducibility](https://pytorch.org/docs/stable/notes/randomness.html): seeds, also in workers
# - [`torch.multiprocessing`](https://pytorch.org/docs/stable/multiprocessing.html): how tensors are
#   shared between processes
