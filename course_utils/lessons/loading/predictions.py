"""Predictions of notebook 06: datasets and dataloaders."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "06.p1",
    because="`dataset[0]` looks for `__getitem__`, and finds only the one of the base class. That "
    "one raises an error.",
    beliefs=(
        Belief(0, "It would be 0 if the method had the right name. Count the underscores."),
        Belief(None, "Python does not answer None when a method is missing."),
    ),
)

Prediction(
    "06.p2",
    because="The sampler draws from `range(len(dataset))`, so it has to ask for the length.",
    beliefs=(
        Belief(
            [0, 1, 2, 3],
            "`dataset[i]` would work, but how should the loader know where to stop?",
        ),
        Belief([], "Nothing says that the dataset is empty: its length is not known at all."),
    ),
)

Prediction(
    "06.p3",
    because="A row with words and numbers in it is an array of Python objects, and torch refuses "
    "such an array.",
    beliefs=(
        Belief(
            [39.1, 3750.0],
            "The two values are numbers, but they were cut out of a row that holds words, too.",
        ),
    ),
)

Prediction(
    "06.p4",
    because="Two full batches and a short one: `drop_last=False` keeps it.",
    beliefs=(
        Belief(2, "That is `drop_last=True`: the order to drop the last, short batch."),
        Belief(2.5, "There are no half batches, but one may be short."),
        Belief(10, "That is the number of samples. `len(loader)` counts batches."),
        Belief(4, "That is the size of a batch. `len(loader)` counts batches."),
    ),
)

Prediction(
    "06.p5",
    because="A loader can be walked through again and again; `next` needs one of these walks.",
    beliefs=(
        Belief(
            [0, 1, 2, 3],
            "That is what `next(iter(loader))` gives. The loader itself has no place where it "
            "stands.",
        ),
        Belief(0, "Not one sample, and not a batch either: a loader is not a generator."),
    ),
)

Prediction(
    "06.p6",
    because="Each `iter(loader)` begins a new walk, and `next` takes the first batch of it.",
    beliefs=(
        Belief([0, 4, 8], "`next` moves on only if it is given the same iterator each time."),
        Belief(
            [0, 1, 2],
            "A batch holds four samples, and only its first number counts here. Which batch comes "
            "each time?",
        ),
        Belief("error", "It runs without any error, and that is why nobody notices."),
    ),
)

Prediction(
    "06.p7",
    because="A Python float has 64 bits, and `default_collate` keeps them.",
    beliefs=(
        Belief(
            "float32",
            "`torch.tensor([0.5])` would be float32. `default_collate` asks for float64 by name.",
        ),
        Belief("float16", "Half precision is only used where you ask for it."),
        Belief("int64", "The numbers are not whole, and no number is changed on the way."),
    ),
    choices=("float16", "float32", "float64", "int64"),
)

Prediction(
    "06.p8",
    because="A list counts as fields, like a tuple: first all firsts, then all seconds.",
    beliefs=(
        Belief(
            [[1, 2, 3], [4, 5, 6]],
            "That is what tensors as samples would give. A list is taken apart, field by field.",
        ),
        Belief([1, 2, 3, 4, 5, 6], "Samples are never joined end to end."),
        Belief("error", "No error, which makes it hard to find."),
    ),
)

Prediction(
    "06.p9",
    because="Of 5, 0, 2 and one 0 of padding, two are not 0. The text has three words.",
    beliefs=(
        Belief(3, "That is the length. But one of the three words is the number 0."),
        Belief(4, "That is the width of the batch. The padding is 0, too."),
    ),
)

Prediction(
    "06.p10",
    because="One of two was readable, then both, then none of them: that batch is None.",
    beliefs=(
        Belief([1, 2], "The loader gives out what `collate_fn` returns, also when it is None."),
        Belief([2, 2, 2], "`collate_fn` leaves out what is None, and nothing takes its place."),
        Belief([2, 1, 0], "The batches are made of the six samples first, None or not."),
        Belief([2, 1], "The batches are made of the six samples first, None or not."),
        Belief("error", "Does `default_collate` ever see one of the `None`s?"),
    ),
)

Prediction(
    "06.p11",
    because="`shuffle=True` means: use a RandomSampler. There can be only one sampler.",
    beliefs=(
        Belief(
            [0, 1, 2, 3],
            "The sampler would give this order. But which of the two should decide?",
        ),
    ),
)

Prediction(
    "06.p12",
    because="Weight number i belongs to sample number i. The third sample has no weight at all.",
    beliefs=(
        Belief(
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            "The sampler knows nothing of classes. How many weights does it have?",
        ),
        Belief([8, 9], "It cannot know which samples are in the rare class."),
        Belief("error", "It does not know how many samples there are, so it cannot complain."),
    ),
)

Prediction(
    "06.p13",
    because="The weights 1 and 4 make the chances 1 in 5 and 4 in 5: proportions matter.",
    beliefs=(
        Belief("error", "Weights are not probabilities: they need not add up to 1."),
        Belief(1.0, "Sample 0 has a weight too, so it is drawn now and then."),
        Belief(0.5, "Equal weights would give that. Here one is four times the other."),
        Belief(0.4, "There are two samples, and their chances add up to 1."),
    ),
)

Prediction(
    "06.p14",
    because="All ranks get equally many: 4 + 4 + 4 is 12, so two samples are repeated.",
    beliefs=(
        Belief([4, 3, 3], "Then ranks 1 and 2 would finish early, and rank 0 would wait in vain."),
        Belief(
            [3, 3, 3], "That is `drop_last=True`: one sample is left out. It is not the default."
        ),
        Belief([10, 10, 10], "Without the sampler, yes. The sampler shares the samples out."),
    ),
)

Prediction(
    "06.p15",
    because="The order comes from seed + epoch, and nobody has told the sampler its epoch.",
    beliefs=(
        Belief(
            False,
            "A RandomSampler would draw anew. This one has to draw the same on all processes, so "
            "it waits to be told.",
        ),
    ),
)

Prediction(
    "06.p16",
    because="A stream has no indices, so there is nothing that a sampler could shuffle.",
    beliefs=(
        Belief(
            [0, 1, 2, 3, 4],
            "It does not ignore the argument: it refuses.",
        ),
        Belief(5, "No loader is made: shuffling needs indices, and a stream has none."),
    ),
)

Prediction(
    "06.p17",
    because="Each call shuffles anew, so a validation sample is in the training part of the other "
    "call with a chance of 80 in 100.",
    beliefs=(
        Belief(
            "none",
            "That would need the same permutation twice. The generator moves on with each call.",
        ),
        Belief("some", "How large is the training part? Any sample is in it with that chance."),
        Belief("all", "About 20 % fall into the validation part of both splits."),
        Belief("error", "There is no error, only a validation that looks too good."),
    ),
)

Prediction(
    "06.p18",
    because="`part.dataset` is the whole dataset, and its `targets` are all ten.",
    beliefs=(
        Belief(3, "The part has three samples. But `part.dataset` is something else."),
        Belief("error", "`part.targets` would be an error. Here the whole dataset is asked."),
    ),
)

Prediction(
    "06.p19",
    because="Every worker has a copy of the dataset, and each copy yields everything.",
    beliefs=(
        Belief([0, 1, 2, 3], "Who would tell the copies to share? There is no sampler here."),
        Belief([0, 0, 1, 1], "Each copy goes on to the end: all four numbers, twice."),
    ),
)

Prediction(
    "06.p20",
    because="The copies in the workers counted. The one in this process was never asked.",
    beliefs=(
        Belief(8, "All samples were loaded, but not by this copy of the dataset."),
        Belief(4, "Each worker's copy counted 4. Which copy do you look at?"),
        Belief(16, "Each sample is loaded once, by one worker."),
    ),
)

Prediction(
    "06.p21",
    because="PyTorch gives every worker its own seed for NumPy, too, since version 1.9.",
    beliefs=(
        Belief(
            True,
            "True before PyTorch 1.9, and still in many notes. Workers now have their own seeds.",
        ),
    ),
)

Prediction(
    "06.p22",
    because="The generator was copied into each worker together with the dataset, state and all.",
    beliefs=(
        Belief(
            False,
            "Workers have seeds of their own for the global generators. This one belongs to the "
            "dataset.",
        ),
    ),
)

Prediction(
    "06.p23",
    because="Pinned memory is ordinary memory that is never moved away, ready to be copied.",
    beliefs=(
        Belief(
            "cuda",
            "Pinning only prepares the copy. The copy itself is `batch.to(device)`, later.",
        ),
    ),
    choices=("cpu", "cuda"),
)

Prediction(
    "06.p24",
    because="Each of the 2 workers loads 3 batches of 4 ahead.",
    beliefs=(
        Belief(0, "Workers do not wait until they are asked: they start at once."),
        Belief(3, "3 batches, not samples, and for each worker."),
        Belief(12, "12 for each worker: `prefetch_factor` counts per worker."),
        Belief(4, "One batch would be 4. Workers load several ahead."),
        Belief(6, "6 is the number of batches. How many samples are those?"),
        Belief(40, "Not everything: the rest waits until you have taken a batch."),
    ),
)
