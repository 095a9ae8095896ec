"""Which wrong answers should you look at first? Those where the model believed least in the truth."""  # noqa: E501

import torch
import torch.nn.functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers

exercise = Exercise(
    "07.12",
    "The worst mistakes",
    minutes=15,
    difficulty=3,
    hints=[
        "First find the places where the prediction is wrong. Keep their numbers: you need them at "
        "the end.",
        "How sure was the model of the *true* class? `softmax` makes probabilities of logits. Very "
        "small ones become 0; `log_softmax` keeps them apart.",
        "`argsort` on the probabilities of the wrong samples gives places among the wrong ones; "
        "look up their numbers.",
    ],
)


@exercise.reference
def worst_mistakes(logits, labels, count):
    """The wrongly classified samples to look at first.

    logits: float32 of shape (samples, classes); they may lie hundreds apart. labels: int64 of
    shape (samples,). count: how many to give at most.
    Returns the indices of wrong predictions, int64 of shape (k,), with k at most `count`: first
    the sample whose true class got the smallest probability. If no prediction is wrong, k is 0.
    """
    logs = logits.log_softmax(dim=1)  # (samples, classes): logarithms are in the same order
    of_true_class = logs.gather(1, labels[:, None])[:, 0]  # (samples,)
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]  # (wrong,)
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.cases
def _(rng):
    yield (
        torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 4.0], [2.0, 0.0]]),
        torch.tensor([0, 0, 0, 1]),
        2,
    )
    yield torch.tensor([[0.0, 2.0, 1.0], [5.0, 0.0, 0.0]]), torch.tensor([1, 0]), 3
    yield (
        torch.tensor([[9.0, 8.0, 0.0], [1.0, 0.0, -1.0], [0.1, 0.0, 0.0], [6.0, 0.0, 5.5]]),
        torch.tensor([1, 2, 0, 2]),
        5,
    )
    # The first sample is right, with less confidence than the true class of the others has.
    logits = torch.tensor([[0.2, 0.1, 0.0], [1.0, 0.9, -5.0], [2.0, 1.8, -5.0]])
    yield logits, torch.tensor([0, 1, 1]), 2
    yield torch.tensor([[200.0, 0.0], [300.0, 0.0], [0.0, 9.0]]), torch.tensor([1, 1, 1]), 2
    yield torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 1]), 2  # none is wrong
    yield torch.tensor([[2.0, 1.0]]), torch.tensor([1]), 1
    yield torch.tensor([[2.0, 1.0], [3.0, 1.0]]), torch.tensor([1, 1]), 0
    wide = torch.tensor([[0.0, 3.0, 1.0], [1.5, 2.0, -1.0]])  # no two are wrong by the same
    yield wide.T, torch.tensor([[0, 9], [1, 9], [1, 9]])[:, 0], 3  # views of larger tensors
    # Sure of another class, or unsure of the true one: that is not the same.
    yield torch.tensor([[2.3, 0.0, -9.0], [2.0, 0.0, 1.9]]), torch.tensor([1, 1]), 1
    for _ in range(2):
        logits = numbers(rng, 9, 3, low=-40, high=40, dtype=torch.float32) / 10
        noise = torch.tensor([rng.random() for _ in range(27)]).reshape(9, 3) / 20
        yield logits + noise, torch.tensor([rng.randint(0, 2) for _ in range(9)]), 3


@exercise.mistake(
    "Your numbers count among the wrong samples only. The caller wants to look up the images in "
    "the whole set."
)
def places_among_the_wrong(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = logits.argmax(dim=1) != labels
    return of_true_class[wrong].argsort()[:count]


@exercise.mistake(
    "Some of your samples were classified rightly, only without much confidence. They are not "
    "mistakes."
)
def unsure_ones_too(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    return of_true_class.argsort()[:count]


@exercise.mistake("You begin with the mistakes that were almost right. The worst ones come first.")
def mildest_first(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort(descending=True)[:count]]


@exercise.mistake(
    "You compare logits of different samples. Only differences inside one row mean something: make "
    "probabilities of them first."
)
def by_logits(logits, labels, count):
    of_true_class = logits.gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.mistake(
    "Your list of mistakes is right, but it stands in the order of the data set: nothing says "
    "which of them is the worst."
)
def as_they_come(logits, labels, count):
    return (logits.argmax(dim=1) != labels).nonzero()[:, 0][:count]


@exercise.mistake(
    "`nonzero` gives one row for each place it finds, so your result has one dimension too many."
)
def a_column(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()
    return wrong[of_true_class[wrong[:, 0]].argsort()[:count]]


@exercise.mistake(
    "Where the logits lie far apart, the probabilities of the true classes come out as 0, and "
    "their order is lost. Small numbers can be compared by their logarithms."
)
def by_probabilities(logits, labels, count):
    of_true_class = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.mistake(
    "You begin where the model was surest of its own answer. Asked for is where it believed "
    "least in the true class."
)
def surest_first(logits, labels, count):
    surest = logits.softmax(dim=1).max(dim=1).values
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[surest[wrong].argsort(descending=True)[:count]]


@exercise.mistake(
    "You measure how far the true class is behind the best one. What counts is its probability: "
    "it depends on all classes."
)
def by_the_distance(logits, labels, count):
    behind = logits.max(dim=1).values - logits.gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[behind[wrong].argsort(descending=True)[:count]]


@exercise.mistake(
    "Your probabilities add up to 1 over the samples. Each sample has its own, over the classes."
)
def softmax_over_the_samples(logits, labels, count):
    of_true_class = logits.log_softmax(dim=0).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.mistake("With fewer mistakes than `count` it raises. It says how many to give *at most*.")
def wants_as_many(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].topk(count, largest=False).indices]


@exercise.mistake(
    "Some mistakes are missing: you took `count` samples first, and asked afterwards which of "
    "them are wrong."
)
def takes_count_first(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    worst = of_true_class.argsort()[:count]
    return worst[logits[worst].argmax(dim=1) != labels[worst]]


@exercise.mistake(
    "Where only one sample is wrong, a dimension is gone: `squeeze` takes away every size of 1."
)
def squeezes(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero().squeeze()
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.mistake("Yours is a list. Indices into tensors are asked for as a tensor.")
def a_list(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]].tolist()


@exercise.mistake(
    "Where nothing is wrong you return float32: that is the dtype of a tensor made of an empty "
    "list."
)
def float_when_none(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = [i for i in range(len(labels)) if logits[i].argmax() != labels[i]]
    wrong.sort(key=lambda i: float(of_true_class[i]))
    return torch.tensor(wrong[:count])


@exercise.mistake(
    "A true class below one half is not a mistake yet: with three classes it may still be the "
    "largest."
)
def below_one_half(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (of_true_class.exp() < 0.5).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]]


@exercise.mistake(
    "Your list is filled up with samples that were classified rightly. It may be shorter than "
    "`count`."
)
def fills_up(logits, labels, count):
    losses = F.cross_entropy(logits, labels, reduction="none")
    losses[logits.argmax(dim=1) == labels] = 0
    return losses.argsort(descending=True)[:count]


@exercise.mistake(
    "With `count` 0 yours gives every mistake. Where does a slice begin that is to take the last 0 "
    "items of a list?"
)
def counts_from_the_end(logits, labels, count):
    losses = F.cross_entropy(logits, labels, reduction="none")
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[losses[wrong].argsort()][-count:].flip(0)


@exercise.mistake("Those are losses or probabilities. Which samples have them?")
def values_not_places(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return of_true_class[wrong].sort().values[:count]


@exercise.mistake("You give all mistakes: `count` has no effect.")
def all_of_them(logits, labels, count):
    of_true_class = logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()]


@exercise.right
def by_the_loss(logits, labels, count):
    losses = F.cross_entropy(logits, labels, reduction="none")
    losses[logits.argmax(1) == labels] = -1
    order = losses.argsort(descending=True)
    return order[losses[order] >= 0][:count]


@exercise.right
def with_topk(logits, labels, count):
    logs = torch.log_softmax(logits, dim=1)
    wrong = logs.argmax(dim=1) != labels
    of_true_class = logs[torch.arange(len(labels)), labels]
    of_true_class[~wrong] = 1.0
    return of_true_class.topk(min(count, int(wrong.sum())), largest=False).indices


@exercise.right
def with_sorted(logits, labels, count):
    logs = logits.log_softmax(1)
    wrong = [i for i in range(len(labels)) if logits[i].argmax() != labels[i]]
    wrong.sort(key=lambda i: logs[i, labels[i]].item())
    return torch.tensor(wrong[:count], dtype=torch.int64)


exercise.equivalent(
    "of_true_class = logs.gather(1, labels[:, None])[:, 0]",
    "of_true_class = logs.gather(1, labels[:, None])[:, -1]",
    because="There is one column: first and last are the same.",
)


exercise.equivalent(
    "wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]",
    "wrong = (logits.argmax(dim=1) != labels).nonzero()[:, -1]",
    because="There is one column: first and last are the same.",
)


exercise.equivalent(
    "losses[logits.argmax(1) == labels] = -1",
    "losses[logits.argmax(1) == labels] = -2",
    because="No loss is below 0: any such number marks what is not wanted.",
)


exercise.equivalent(
    "return order[losses[order] >= 0][:count]",
    "return order[losses[order] > 0][:count]",
    because="A wrong prediction has a loss above 0, and the others have -1.",
)


exercise.equivalent(
    "of_true_class[~wrong] = 1.0",
    "of_true_class[~wrong] = 2.0",
    because="No logarithm of a probability is above 0: any such number comes last.",
)


exercise.equivalent(
    "return of_true_class.topk(min(count, int(wrong.sum())), largest=False).indices",
    "return of_true_class.topk(min(count, wrong.sum()), largest=False).indices",
    because="topk takes a tensor of one whole number as well.",
)


exercise.equivalent(
    "wrong.sort(key=lambda i: logs[i, labels[i]].item())",
    "wrong.sort(key=lambda i: logs[i, labels[i]])",
    because="Tensors of one number are compared like numbers.",
)
