"""Exercises of notebook 10: the training loop.

The last ten exercises of the notebook, the debug clinic, are in debug_clinic.py.
"""

import copy
import io
import random
import weakref

import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ..exercise import Exercise
from ..observation import attempt


def seeded(rng: random.Random, make):
    """What make() builds, with torch's random numbers fixed by rng and left alone outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return make()


class SmallNet(nn.Sequential):
    """Shown by its name in messages: how layers are printed differs between versions of torch."""

    def __repr__(self) -> str:
        return "SmallNet()"


def normed_net() -> nn.Module:
    """From 3 features to 3 scores; its BatchNorm shows in which mode the model was run."""
    return SmallNet(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))


def labelled_batch(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random features (samples, 3) and labels (samples,) of three classes."""
    return torch.randn(samples, 3), torch.randint(0, 3, (samples,))


def labelled_loader(samples: int, batch_size: int) -> DataLoader:
    """The same as a loader that keeps its order; the last batch may be shorter."""
    return DataLoader(TensorDataset(*labelled_batch(samples)), batch_size=batch_size)


# 10.1 -------------------------------------------------------------------------------------

step_exercise = Exercise(
    "10.1",
    "One training step",
    minutes=10,
    difficulty=1,
    hints=[
        "Write the five steps of the lesson as five comments, in order. Then one line under each.",
        "The gradients of the step before may still be there when your function begins.",
        "A loss is a tensor with a graph behind it. Which method gives the bare number?",
    ],
)


@step_exercise.reference
def train_step(model, loss_fn, optimizer, x, y):
    """One training step on one batch, with the model in training mode.

    model: a Module, in any mode. loss_fn: called as loss_fn(output, y). optimizer: holds the
    model's parameters; their gradients of an earlier step may still be there.
    x: features, shape (batch, features). y: labels, shape (batch,).
    Returns the loss of this batch, measured before the step, as a Python float.
    """
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@step_exercise.cases
def _(rng):
    for samples, training in ((4, True), (5, False), (3, True)):
        model = seeded(rng, normed_net).train(training)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        x, y = seeded(rng, lambda n=samples: labelled_batch(n))
        yield model, nn.CrossEntropyLoss(), optimizer, x, y


@step_exercise.observe
def _(answer, model, loss_fn, optimizer, x, y):
    losses = [answer(model, loss_fn, optimizer, x, y) for _ in range(3)]
    return {
        "losses of three steps": losses,
        "model.training afterwards": model.training,
        "parameters and buffers afterwards": model.state_dict(),
    }


@step_exercise.mistake(
    "The loss of the first step is right. Then the gradients of the first step take part in the "
    "second: backward() adds to what is there."
)
def without_zero_grad(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@step_exercise.mistake(
    "The parameters never change: when the optimizer came to look, there were no gradients. Which "
    "line makes them, which one throws them away, and in which order?"
)
def zero_grad_too_late(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@step_exercise.mistake(
    "You give back a tensor. It looks like a number, but it holds its whole graph alive; a list "
    "of a thousand of them holds a thousand graphs."
)
def returns_the_tensor(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@step_exercise.mistake(
    "Somebody may have called eval() before you are called: then BatchNorm and Dropout work in "
    "the wrong mode during your step."
)
def trusts_the_mode(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@step_exercise.mistake(
    "The loss you give back belongs to the model after the step. It costs a second forward, and "
    "it is not the loss whose gradient was used."
)
def loss_after_the_step(model, loss_fn, optimizer, x, y):
    model.train()
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    optimizer.step()
    return loss_fn(model(x), y).item()


# 10.2 -------------------------------------------------------------------------------------

evaluate_exercise = Exercise(
    "10.2",
    "The loss on a validation set",
    minutes=15,
    difficulty=2,
    hints=[
        "Two switches: one for the layers, one for the recording of gradients. Neither of them "
        "turns the other.",
        "loss_fn gives the mean over one batch. What do you multiply it by to get a sum over "
        "its samples?",
        "Remember model.training before you change it; model.train(mode) takes True or False.",
    ],
)


@evaluate_exercise.reference
def evaluate(model, loss_fn, loader):
    """The mean loss over all samples of a loader, as a Python float.

    model: a Module. While it runs it is in eval mode and no gradients are recorded; afterwards it
    is in the mode it was in before, and none of its parameters and buffers has changed.
    loss_fn(output, y) gives the mean over one batch.
    loader: gives batches (x, y); the last one may be shorter than the others.
    """
    was_training = model.training
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    model.train(was_training)
    return total / samples


@evaluate_exercise.cases
def _(rng):
    for samples, batch_size, training in ((7, 5, True), (10, 4, False), (8, 4, True)):
        model = seeded(rng, normed_net).train(training)
        loader = seeded(rng, lambda n=samples, b=batch_size: labelled_loader(n, b))
        yield model, nn.CrossEntropyLoss(), loader


@evaluate_exercise.observe
def _(answer, model, loss_fn, loader):
    modes, recording = set(), set()

    def note(module, inputs):
        modes.add(module.training)
        recording.add(torch.is_grad_enabled())

    handle = model.register_forward_pre_hook(note)
    result = answer(model, loss_fn, loader)
    handle.remove()
    return {
        "mean loss": result,
        "model.training while it ran": sorted(modes),
        "gradients recorded while it ran": sorted(recording),
        "model.training afterwards": model.training,
        "parameters and buffers afterwards": model.state_dict(),
    }


@evaluate_exercise.mistake(
    "You take the mean of the batches' means. A sample of the short last batch then counts more "
    "than a sample of a full one."
)
def mean_of_means(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(losses)


@evaluate_exercise.mistake(
    "Your result is too small, by about the size of a batch: each loss you add up is a mean "
    "already, and then you divide by the number of samples."
)
def divides_twice(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(loader.dataset)


@evaluate_exercise.mistake(
    "no_grad() only stops the recording. In training mode BatchNorm has learned from your "
    "validation data: look at its buffers."
)
def no_grad_only(model, loss_fn, loader):
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


@evaluate_exercise.mistake(
    "eval() changes what some layers do. It does not stop the recording of gradients, which "
    "costs memory and time here."
)
def eval_only(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    total, samples = 0.0, 0
    for x, y in loader:
        total += loss_fn(model(x), y).item() * len(y)
        samples += len(y)
    model.train(was_training)
    return total / samples


@evaluate_exercise.mistake(
    "The number is right, but you leave the model in eval mode. The next epoch would train "
    "without its Dropout, and BatchNorm would stop learning."
)
def stays_in_eval(model, loss_fn, loader):
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


@evaluate_exercise.mistake(
    "You always leave the model in training mode. Whoever evaluates a model that was in eval "
    "mode gets it back in another one."
)
def always_back_to_training(model, loss_fn, loader):
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    model.train()
    return total / samples


# 10.3 -------------------------------------------------------------------------------------

accuracy_exercise = Exercise(
    "10.3",
    "Accuracy, whatever the shape of the labels",
    minutes=8,
    difficulty=1,
    hints=[
        "Print the shapes of both sides of your == before you compare.",
        "Shapes (4,) and (4, 1) broadcast to (4, 4): sixteen comparisons for four samples.",
        "Bring the labels to one dimension first. What does that need for a batch of one?",
    ],
)


@accuracy_exercise.reference
def accuracy(logits, labels):
    """The share of samples whose largest score belongs to the right class, as a Python float.

    logits: floats, shape (batch, classes). labels: int64, shape (batch,) or (batch, 1).
    """
    predicted = logits.argmax(dim=1)
    hits = predicted == labels.reshape(-1)
    return hits.float().mean().item()


@accuracy_exercise.cases
def _(rng):
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 2.0, 0.0], [0.0, 1.0, 5.0]])
    yield scores, torch.tensor([0, 1, 0, 2])
    yield scores, torch.tensor([[0], [1], [0], [2]])
    yield scores[:1], torch.tensor([[0]])
    yield scores[1:2], torch.tensor([1])
    for n in (7, 11, 13):
        logits = torch.tensor([rng.sample(range(9), 3) for _ in range(n)], dtype=torch.float32)
        labels = logits.argmax(dim=1)
        missed = rng.sample(range(n), rng.randint(1, n - 1))
        labels[missed] = (labels[missed] + 1) % 3
        yield logits, labels.reshape(n, 1)


@accuracy_exercise.mistake(
    "Look at the shapes around your ==. Predictions of shape (4,) and labels of shape (4, 1) are "
    "compared each with each, and a sum of sixteen answers is divided by four."
)
def compares_each_with_each(logits, labels):
    return (logits.argmax(dim=1) == labels).sum().item() / len(labels)


@accuracy_exercise.mistake(
    "The result looks possible, but with labels of shape (4, 1) it is a mean over sixteen "
    "comparisons: every prediction met every label."
)
def mean_over_a_square(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean().item()


@accuracy_exercise.mistake(
    "max(dim) gives a pair: the largest scores and their places. You compared the scores with "
    "the labels."
)
def compares_scores(logits, labels):
    return (logits.max(dim=1).values == labels.reshape(-1)).float().mean().item()


@accuracy_exercise.mistake(
    "You look for the best sample of each class. The question is which class is best for each "
    "sample, so another dimension has to go."
)
def argmax_over_the_batch(logits, labels):
    predicted = logits.argmax(dim=0)
    count = min(len(predicted), len(labels))
    return (predicted[:count] == labels.reshape(-1)[:count]).sum().item() / len(labels)


@accuracy_exercise.mistake(
    "You counted the hits. Accuracy is a share, so that batches of different size can be compared."
)
def counts_hits(logits, labels):
    return float((logits.argmax(dim=1) == labels.reshape(-1)).sum())


# 10.4 -------------------------------------------------------------------------------------

meter_exercise = Exercise(
    "10.4",
    "A mean that is updated, computed and reset",
    minutes=12,
    difficulty=2,
    hints=[
        "Two numbers are enough: a sum over samples and how many samples there were.",
        "Let __init__ call reset(), and each number has one home.",
        "value may have a graph behind it. Take the bare number as it comes in.",
    ],
)


@meter_exercise.reference
class RunningMean:
    """The mean of a value over all samples since the last reset.

    update(value, samples): value is the mean over one batch, a tensor without dimensions, perhaps
    with a graph; samples says how many samples the batch has. Nothing kept may hold that graph.
    compute(): the mean over all samples so far, as a Python float; NaN if there were none.
    It changes nothing. reset(): forget everything. Two objects know nothing of each other.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.total = 0.0
        self.samples = 0

    def update(self, value, samples):
        self.total += value.item() * samples
        self.samples += samples

    def compute(self):
        if self.samples == 0:
            return float("nan")
        return self.total / self.samples


@meter_exercise.cases
def _(rng):
    yield ([(1.0, 4), (6.0, 1), "compute", "compute"],)
    yield (["compute", (2.0, 3), "compute", "reset", (5.0, 1), "compute"],)
    for _ in range(3):
        batches = [(float(rng.randint(1, 9)), rng.randint(1, 6)) for _ in range(4)]
        yield ([*batches[:2], "compute", *batches[2:3], "compute", "reset", batches[3], "compute"],)


class WatchedGraph(torch.autograd.Function):
    """Gives its input as it is. Its node in the graph holds `mark`, as long as the graph lives."""

    @staticmethod
    def forward(ctx, x, mark):
        ctx.mark = mark
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class Mark:
    """Something that a weak reference can point to."""


def with_a_graph(number: float) -> tuple[torch.Tensor, weakref.ref]:
    """A tensor with a graph, and a reference that is dead when the graph is."""
    mark = Mark()
    value = WatchedGraph.apply(torch.tensor(number, requires_grad=True), mark)
    return value, weakref.ref(mark)


@meter_exercise.observe
def _(answer, actions):
    meter, neighbour = answer(), answer()
    results, graphs = [], []
    for action in actions:
        if action == "compute":
            results.append(meter.compute())
        elif action == "reset":
            meter.reset()
        else:
            value, graph = with_a_graph(action[0])
            meter.update(value, action[1])
            neighbour.update(torch.tensor(7.0), 1)
            del value
            graphs.append(graph)
    return {
        "compute() each time": results,
        "compute() of another object": neighbour.compute(),
        "a graph is kept": any(graph() is not None for graph in graphs),
    }


@meter_exercise.mistake(
    "You take the mean of the values, as if all batches had the same size. What is the second "
    "argument of update for?"
)
class MeanOfValues:
    def __init__(self):
        self.reset()

    def reset(self):
        self.values = []

    def update(self, value, samples):
        self.values.append(value.item())

    def compute(self):
        return sum(self.values) / len(self.values) if self.values else float("nan")


@meter_exercise.mistake(
    "Your compute() forgets everything as it goes. Asked twice in a row, it should say the same "
    "thing twice."
)
class ForgetsOnCompute:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = 0.0, 0

    def update(self, value, samples):
        self.total += value.item() * samples
        self.samples += samples

    def compute(self):
        mean = self.total / self.samples if self.samples else float("nan")
        self.reset()
        return mean


@meter_exercise.mistake(
    "Only the last batch is left: an assignment replaced what had been collected before it."
)
class LastBatchOnly:
    def __init__(self):
        self.reset()

    def reset(self):
        self.last = float("nan")

    def update(self, value, samples):
        self.last = value.item()

    def compute(self):
        return self.last


@meter_exercise.mistake(
    "After a reset the samples of the time before are still counted, so the mean comes out too "
    "small."
)
class ResetsTheSumOnly:
    def __init__(self):
        self.total, self.samples = 0.0, 0

    def reset(self):
        self.total = 0.0

    def update(self, value, samples):
        self.total += value.item() * samples
        self.samples += samples

    def compute(self):
        return self.total / self.samples if self.samples else float("nan")


@meter_exercise.mistake(
    "The numbers are right, but the sum is a tensor with a graph: every batch since the last "
    "reset stays in memory."
)
class KeepsTheGraph:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = torch.tensor(0.0), 0

    def update(self, value, samples):
        self.total = self.total + value * samples
        self.samples += samples

    def compute(self):
        return (self.total / self.samples).item() if self.samples else float("nan")


@meter_exercise.mistake(
    "Before the first update there is nothing to divide by, and your code stops with an error."
)
class DividesByZero:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = 0.0, 0

    def update(self, value, samples):
        self.total += value.item() * samples
        self.samples += samples

    def compute(self):
        return self.total / self.samples


@meter_exercise.mistake(
    "All objects of your class share one list: it belongs to the class, because it was made in "
    "the class body."
)
class SharedByAll:
    batches = []

    def __init__(self):
        self.reset()

    def reset(self):
        self.batches.clear()

    def update(self, value, samples):
        self.batches.append((value.item(), samples))

    def compute(self):
        samples = sum(n for _, n in self.batches)
        return sum(v * n for v, n in self.batches) / samples if samples else float("nan")


# 10.5 -------------------------------------------------------------------------------------

confusion_exercise = Exercise(
    "10.5",
    "A confusion matrix",
    minutes=12,
    difficulty=2,
    hints=[
        "Give each pair (true class, predicted class) a number of its own, so that pairs can be "
        "counted like single numbers.",
        "With 3 classes, the pair (2, 1) could be number 2 * 3 + 1.",
        "torch.bincount counts numbers, and minlength says how many different ones there are.",
    ],
)


@confusion_exercise.reference
def confusion_matrix(predicted, labels, classes):
    """How often each class was taken for each class.

    predicted, labels: int64 tensors of shape (n,), with values from 0 to classes - 1.
    Returns an int64 tensor of shape (classes, classes): row i, column j counts the samples of
    class i that were predicted to be class j.
    """
    pairs = labels * classes + predicted
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@confusion_exercise.cases
def _(rng):
    yield torch.tensor([0, 1, 1, 1]), torch.tensor([0, 1, 1, 0]), 2
    yield torch.tensor([0, 0, 2]), torch.tensor([1, 1, 2]), 4
    yield torch.tensor([], dtype=torch.int64), torch.tensor([], dtype=torch.int64), 2
    for _ in range(3):
        labels = [rng.randint(0, 2) for _ in range(12)] + [0, 0, 0]
        predicted = [rng.randint(0, 2) for _ in range(12)] + [1, 1, 1]
        yield torch.tensor(predicted), torch.tensor(labels), 4


@confusion_exercise.mistake(
    "Rows and columns have changed places: the rows belong to the true classes. Much software "
    "does it the other way round, so it has to be said, and read."
)
def rows_are_predictions(predicted, labels, classes):
    return torch.bincount(predicted * classes + labels, minlength=classes**2).reshape(
        classes, classes
    )


@confusion_exercise.mistake(
    "No cell of yours is larger than 1. When an index appears several times in an indexed +=, it "
    "is counted once."
)
def counts_each_pair_once(predicted, labels, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    matrix[labels, predicted] += 1
    return matrix


@confusion_exercise.mistake("Counts are whole numbers; yours are floats.")
def as_floats(predicted, labels, classes):
    matrix = torch.zeros(classes, classes)
    for p, t in zip(predicted, labels, strict=True):
        matrix[t, p] += 1
    return matrix


@confusion_exercise.mistake(
    "Your matrix grows with the classes that happen to appear. A class without a single sample "
    "has its row too, full of zeros."
)
def only_classes_that_appear(predicted, labels, classes):
    size = int(max([-1, *predicted.tolist(), *labels.tolist()])) + 1
    matrix = torch.zeros(size, size, dtype=torch.int64)
    for p, t in zip(predicted, labels, strict=True):
        matrix[t, p] += 1
    return matrix


@confusion_exercise.mistake(
    "You count only the hits. The point of this matrix is what lies beside its diagonal."
)
def diagonal_only(predicted, labels, classes):
    hits = labels[labels == predicted]
    return torch.diag(torch.bincount(hits, minlength=classes))


# 10.6 -------------------------------------------------------------------------------------

move_exercise = Exercise(
    "10.6",
    "Move a whole batch to a device",
    minutes=12,
    difficulty=2,
    hints=[
        "Write it first for one tensor. Then for a tuple of tensors.",
        "A function that meets a box in a box can call itself for what is inside.",
        "What should happen to a file name that travels with the batch?",
    ],
)


@move_exercise.reference
def move_batch(batch, device):
    """The batch with every tensor in it on the device.

    batch: a tensor; or a tuple, list or dict whose items are batches themselves; or anything
    else, such as a string, which is given back as it is.
    Returns the same structure with the same types of containers. dtypes stay as they are.
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: move_batch(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(move_batch(item, device) for item in batch)
    return batch


@move_exercise.cases
def _(rng):
    # The meta device is there on every computer; its tensors have shapes but no numbers.
    samples = rng.randint(2, 30)
    x, y = torch.zeros(samples, rng.randint(2, 9)), torch.zeros(samples, dtype=torch.int64)
    yield x, "meta"
    yield (x, y), "meta"
    yield (x, y), "cpu"
    yield [x, y, "a.png"], "meta"
    yield {"image": x, "label": y, "file": "a.png"}, "meta"
    yield {"inputs": (x, [x, y]), "label": y}, "meta"


@move_exercise.mistake(
    "The first tensor moved and the labels stayed where they were. The loss needs both on one "
    "device."
)
def inputs_only(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        first = next(iter(batch))
        return {**batch, first: inputs_only(batch[first], device)}
    if isinstance(batch, (tuple, list)):
        return type(batch)([inputs_only(batch[0], device), *batch[1:]])
    return batch


@move_exercise.mistake(
    "A tensor's .to() moves nothing: it gives back a tensor that is there. You threw that away."
)
def result_thrown_away(batch, device):
    if isinstance(batch, torch.Tensor):
        batch.to(device)
    elif isinstance(batch, dict):
        for item in batch.values():
            result_thrown_away(item, device)
    elif isinstance(batch, (tuple, list)):
        for item in batch:
            result_thrown_away(item, device)
    return batch


@move_exercise.mistake(
    "Some things in a batch are no tensors and have no .to(); your code asks them all the same."
)
def everything_has_to(batch, device):
    if isinstance(batch, dict):
        return {name: everything_has_to(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(everything_has_to(item, device) for item in batch)
    return batch.to(device)


@move_exercise.mistake(
    "A tuple went in and a list came out. Code that asks for a tuple later will be surprised."
)
def always_a_list(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: always_a_list(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return [always_a_list(item, device) for item in batch]
    return batch


@move_exercise.mistake(
    "You moved what lies directly in the batch. A batch may hold a tuple that holds tensors."
)
def one_level_only(batch, device):
    def move(item):
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(batch, dict):
        return {name: move(item) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(move(item) for item in batch)
    return move(batch)


# 10.7 -------------------------------------------------------------------------------------

logging_exercise = Exercise(
    "10.7",
    "Log batches and epochs",
    minutes=12,
    difficulty=2,
    hints=[
        "Two curves, two counters: one goes up with every batch and never goes back.",
        "The point of an epoch can only be written when its last batch is known.",
        "Which mean is the loss of an epoch when the last batch is shorter?",
    ],
)


class Recorder:
    """Stands in for TensorBoard's SummaryWriter: keeps the points instead of writing a file."""

    def __init__(self) -> None:
        self.points: dict[str, list] = {}

    def add_scalar(self, tag, scalar_value, global_step=None):
        point = (self._number(global_step), self._number(scalar_value))
        self.points.setdefault(str(tag), []).append(point)

    @staticmethod
    def _number(value):
        """Numbers of NumPy and tensors of one element count, as with SummaryWriter."""
        return value.item() if isinstance(value, (torch.Tensor, numpy.generic)) else value

    def flush(self):
        """As SummaryWriter has it; there is nothing to write."""

    def close(self):
        """As SummaryWriter has it; there is no file."""


@logging_exercise.reference
def log_losses(writer, epochs):
    """Write two curves: "loss/batch", a point for each batch, "loss/epoch", one for each epoch.

    writer: has add_scalar(tag, value, step), like SummaryWriter. epochs: a list of epochs, each a
    list of pairs (mean loss of a batch, number of its samples).
    The step of a batch is its number in the whole run, the step of an epoch is its number; both
    count from 0. The value of an epoch is the mean over its samples. Returns nothing.
    """
    step = 0
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@logging_exercise.cases
def _(rng):
    yield Recorder(), [[(4.0, 2), (1.0, 1)], [(2.0, 2), (0.5, 1)]]
    yield Recorder(), [[(3.0, 2)]]
    for _ in range(3):
        sizes = [4, 4, rng.randint(1, 2)]
        yield Recorder(), [[(float(rng.randint(1, 9)), n) for n in sizes] for _ in range(3)]


@logging_exercise.observe
def _(answer, writer, epochs):
    answer(writer, epochs)
    return {f"points (step, value) of {tag}": points for tag, points in writer.points.items()}


@logging_exercise.mistake(
    "All batches of an epoch have the same step. TensorBoard draws them above each other, as a "
    "vertical line."
)
def epoch_as_step(writer, epochs):
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, epoch)
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@logging_exercise.mistake(
    "In every epoch your batches are counted from 0 again, so the curve jumps back and draws "
    "over itself."
)
def counter_starts_again(writer, epochs):
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for step, (loss, n) in enumerate(batches):
            writer.add_scalar("loss/batch", loss, step)
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@logging_exercise.mistake(
    "The value you write for an epoch is the loss of its last batch. Nothing was collected on "
    "the way."
)
def last_batch_for_the_epoch(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
        writer.add_scalar("loss/epoch", loss, epoch)


@logging_exercise.mistake(
    "Your epochs are means of means: the samples of the short last batch count more than others."
)
def epoch_as_mean_of_means(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
        writer.add_scalar("loss/epoch", sum(loss for loss, _ in batches) / len(batches), epoch)


@logging_exercise.mistake(
    "You divide by the samples of the whole run so far. Each epoch stands for itself: what has "
    "to begin again with it?"
)
def never_starts_again(writer, epochs):
    step, total, samples = 0, 0.0, 0
    for epoch, batches in enumerate(epochs):
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


# 10.8 -------------------------------------------------------------------------------------

stopping_exercise = Exercise(
    "10.8",
    "Early stopping that keeps the best model",
    minutes=15,
    difficulty=2,
    hints=[
        "Keep three things: the best loss, a counter of bad epochs, and the parameters of the "
        "best epoch.",
        "A better loss sets the counter back to 0.",
        "model.state_dict() holds the parameters themselves, not copies. What will they be after "
        "the next epoch?",
    ],
)


@stopping_exercise.reference
class EarlyStopping:
    """Says when to stop: after `patience` epochs in a row without a new lowest loss.

    EarlyStopping(patience): patience is an int of at least 1.
    step(loss, model): called once after each epoch with its validation loss, a float. Returns
    True if training should stop now, else False; after a True it is not called again. An equal
    loss is not a better one.
    best_loss: the lowest loss so far, a float; infinity at the beginning.
    best_state: the model's state dict as it was after the best epoch; None at the beginning.
    """

    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = copy.deepcopy(model.state_dict())
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        return self.bad_epochs >= self.patience


@stopping_exercise.cases
def _(rng):
    yield 2, [3.0, 2.0, 2.5, 2.25, 1.0]
    yield 2, [3.0, 4.0, 2.0, 3.0, 2.5, 5.0]
    yield 1, [2.0, 2.0, 1.0]
    yield 3, []
    for _ in range(3):
        first = [float(n) for n in rng.sample(range(10, 20), 3)]
        yield 2, [*first, 5.0, 5.0, 4.5, 9.0, 7.0, 6.0]
        losses = [rng.randint(2, 40) / 2 for _ in range(rng.randint(5, 9))]
        yield rng.randint(1, 3), losses


@stopping_exercise.observe
def _(answer, patience, losses):
    model = nn.Linear(1, 1, bias=False)
    stopper = answer(patience)
    decisions = []
    for epoch, loss in enumerate(losses):
        nn.init.constant_(model.weight, float(epoch))
        decisions.append(stopper.step(loss, model))
        if decisions[-1] is True:  # nobody goes on after that
            break
    nn.init.constant_(model.weight, -1.0)
    return {
        "step() after each epoch": decisions,
        "best_loss": stopper.best_loss,
        "best_state (the weight is the number of the epoch)": stopper.best_state,
    }


@stopping_exercise.mistake(
    "The decisions are right, but your best state is the state of the last epoch: it looks at "
    "the model's own memory, which training goes on writing to."
)
class KeepsAView:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = model.state_dict()
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        return self.bad_epochs >= self.patience


@stopping_exercise.mistake(
    "You count bad epochs over the whole run. A good epoch in between shows that there is still "
    "something to learn."
)
class NotInARow:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = copy.deepcopy(model.state_dict())
        else:
            self.bad_epochs += 1
        return self.bad_epochs >= self.patience


@stopping_exercise.mistake(
    "You compare with the epoch before. A loss that goes up a lot and then down a little is not "
    "better than the best."
)
class AgainstTheEpochBefore:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_state = copy.deepcopy(model.state_dict())
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        self.best_loss = loss
        return self.bad_epochs >= self.patience


@stopping_exercise.mistake(
    "You stop one epoch late: with a patience of 1, one bad epoch is enough."
)
class OneEpochLate:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = copy.deepcopy(model.state_dict())
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        return self.bad_epochs > self.patience


@stopping_exercise.mistake(
    "An equal loss counts as progress in yours. A model that stands still would train for ever."
)
class EqualIsBetter:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss <= self.best_loss:
            self.best_loss = loss
            self.best_state = copy.deepcopy(model.state_dict())
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        return self.bad_epochs >= self.patience


# 10.9 -------------------------------------------------------------------------------------

checkpoint_exercise = Exercise(
    "10.9",
    "Everything a run needs to go on",
    minutes=12,
    difficulty=2,
    hints=[
        "Ask of each object of the run: would the next step be the same without its memory?",
        "Shuffling and dropout draw from torch's random generator; torch.get_rng_state() tells "
        "where it is.",
        "A state dict holds the tensors themselves. Copy the whole dict, deeply.",
    ],
)


class Checkpoint(dict):
    """A dict; a message shows its name instead of all its tensors."""


def noisy_run() -> tuple:
    """A model with dropout, its optimizer with momentum, and a schedule."""
    model = SmallNet(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def train_epochs(model, optimizer, scheduler, epochs) -> dict[str, list]:
    """Train on fixed random data; one batch an epoch. Gives losses and learning rates."""
    data = torch.Generator().manual_seed(7)
    x = torch.randn(6, 3, generator=data)
    y = torch.randint(0, 3, (6,), generator=data)
    losses, rates = [], []
    model.train()
    for _ in epochs:
        order = torch.randperm(6)
        loss = nn.functional.cross_entropy(model(x[order]), y[order])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    return {"losses": losses, "learning rates": rates}


@checkpoint_exercise.reference
def make_checkpoint(model, optimizer, scheduler, epoch):
    """A dict with all that a run needs to go on exactly where it is.

    epoch: the number of the epoch that has just ended, an int.
    The keys are "model", "optimizer", "scheduler" (their state dicts), "epoch" and
    "random state" (torch's, as a tensor). The dict must stay as it is when training goes on, and
    torch.load(..., weights_only=True) has to accept it from a file.
    """
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
            "random state": torch.get_rng_state(),
        }
    )


@checkpoint_exercise.cases
def _(rng):
    for epochs in (1, 3, 0):
        model, optimizer, scheduler = seeded(rng, noisy_run)
        seeded(
            rng, lambda n=epochs, run=(model, optimizer, scheduler): train_epochs(*run, range(n))
        )
        yield model, optimizer, scheduler, epochs - 1


@checkpoint_exercise.observe
def _(answer, model, optimizer, scheduler, epoch):
    kept = answer(model, optimizer, scheduler, epoch)
    train_epochs(model, optimizer, scheduler, range(2))

    def through_a_file():
        file = io.BytesIO()
        torch.save(kept, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    return {"checkpoint, saved later and loaded": attempt(through_a_file)}


@checkpoint_exercise.mistake(
    "The parameters alone are enough to use a model, but not to go on training it: what do the "
    "optimizer and the schedule remember?"
)
def parameters_only(model, optimizer, scheduler, epoch):
    return {"model": copy.deepcopy(model.state_dict())}


@checkpoint_exercise.mistake(
    "Your checkpoint changes while training goes on: a state dict holds the tensors of the "
    "model, not copies of them."
)
def not_copied(model, optimizer, scheduler, epoch):
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": epoch,
        "random state": torch.get_rng_state(),
    }


@checkpoint_exercise.mistake(
    "You put whole objects into the checkpoint. Loading them means running code from the file, "
    "and weights_only=True refuses that."
)
def whole_objects(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model,
            "optimizer": optimizer,
            "scheduler": scheduler,
            "epoch": epoch,
            "random state": torch.get_rng_state(),
        }
    )


@checkpoint_exercise.mistake(
    "After loading, shuffling and dropout would draw other numbers than the run that was not "
    "interrupted."
)
def without_random_state(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
        }
    )


@checkpoint_exercise.mistake(
    "A seed is where a generator began. The run has drawn from it since then, and has to go on "
    "from where the generator is now."
)
def seed_instead_of_state(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
            "random state": torch.tensor(torch.initial_seed()),
        }
    )


# 10.10 ------------------------------------------------------------------------------------

resume_exercise = Exercise(
    "10.10",
    "Go on as if nothing had happened",
    minutes=15,
    difficulty=2,
    hints=[
        "Three objects have load_state_dict. The two other parts of the checkpoint need "
        "something else.",
        "torch.set_rng_state is the opposite of torch.get_rng_state.",
        "The epoch in the checkpoint has ended. Which one comes next?",
    ],
)


@resume_exercise.reference
def resume(checkpoint, model, optimizer, scheduler):
    """Bring a fresh model, optimizer and scheduler to the state of a checkpoint.

    checkpoint: a dict as in exercise 10.9: "model", "optimizer", "scheduler", "epoch" (the epoch
    that had just ended) and "random state".
    Afterwards training goes on exactly as it would have without the interruption.
    Returns the number of the epoch to go on with, an int.
    """
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@resume_exercise.cases
def _(rng):
    for epochs in (3, 1, 4):
        run = seeded(rng, noisy_run)

        def interrupted(run=run, epochs=epochs):
            model, optimizer, scheduler = run
            train_epochs(*run, range(epochs))
            return Checkpoint(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "scheduler": scheduler.state_dict(),
                    "epoch": epochs - 1,
                    "random state": torch.get_rng_state(),
                }
            )

        checkpoint = seeded(rng, interrupted)
        yield checkpoint, *seeded(rng, noisy_run)


@resume_exercise.observe
def _(answer, checkpoint, model, optimizer, scheduler):
    epoch = answer(checkpoint, model, optimizer, scheduler)
    facts = dict.fromkeys(("epoch to go on with", "the next four epochs", "parameters after them"))
    facts["epoch to go on with"] = epoch
    if type(epoch) is int:
        # The number of epochs is the same for every answer, so that the numbers can be compared.
        facts["the next four epochs"] = train_epochs(model, optimizer, scheduler, range(4))
        facts["parameters after them"] = model.state_dict()
    return facts


@resume_exercise.mistake("You go on with the epoch that had just ended, and train on it twice.")
def repeats_the_epoch(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"]


@resume_exercise.mistake(
    "The parameters are there, but the optimizer has lost its momentum and its learning rate."
)
def forgets_the_optimizer(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@resume_exercise.mistake(
    "The learning rate is right at first, and then it falls at the wrong epochs: the schedule "
    "counts from 0 again."
)
def forgets_the_scheduler(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@resume_exercise.mistake(
    "Everything is loaded, and yet the losses are a little different: dropout and shuffling draw "
    "other random numbers than they would have."
)
def forgets_the_random_state(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    return checkpoint["epoch"] + 1


@resume_exercise.mistake(
    "The parameters are those of a model that has never been trained. Which part of the "
    "checkpoint did you not use?"
)
def forgets_the_model(checkpoint, model, optimizer, scheduler):
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


# 10.11 ------------------------------------------------------------------------------------

fit_exercise = Exercise(
    "10.11",
    "The whole loop",
    minutes=25,
    difficulty=3,
    hints=[
        "An epoch has two halves: train on all batches of one loader, then measure on all "
        "batches of the other. Each half begins with its own mode.",
        "Your answers to 10.1 and 10.2 are two thirds of it. You may copy them into your cell.",
        "The training loss is collected on the way, sample by sample, while the model changes.",
    ],
)


@fit_exercise.reference
def fit(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    """Train for some epochs; after each one measure the loss on the validation data.

    loss_fn(output, y) gives the mean over one batch. The loaders give batches (x, y) of unequal
    sizes. epochs: an int. The model learns from train_loader alone, in training mode; on
    valid_loader it runs in eval mode.
    Returns {"train": [...], "valid": [...]}, one Python float for each epoch: the mean over the
    samples, for "train" as it was measured before each step.
    """
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)

        model.eval()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += loss_fn(model(x), y).item() * len(y)
                samples += len(y)
        history["valid"].append(total / samples)
    return history


@fit_exercise.cases
def _(rng):
    for epochs in (2, 3, 1):
        model = seeded(rng, normed_net)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        train = seeded(rng, lambda: labelled_loader(14, 6))
        valid = seeded(rng, lambda: labelled_loader(7, 4))
        yield model, nn.CrossEntropyLoss(), optimizer, train, valid, epochs


@fit_exercise.observe
def _(answer, model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = answer(model, loss_fn, optimizer, train_loader, valid_loader, epochs)
    return {"history": history, "parameters and buffers afterwards": model.state_dict()}


def one_pass(model, loss_fn, loader, optimizer=None) -> float:
    """The mean loss over the samples of a loader; with an optimizer, a step for each batch."""
    total, samples = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(y)
        samples += len(y)
    return total / samples


@fit_exercise.mistake("Your loop runs one epoch too many: count what range() gives.")
def one_epoch_too_many(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs + 1):
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@fit_exercise.mistake(
    "The first epoch is right. From the second on, the model trains in eval mode: where is it "
    "switched back?"
)
def train_mode_once(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    model.train()
    for _ in range(epochs):
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@fit_exercise.mistake(
    "The model runs over the validation data in training mode, so BatchNorm learns from data "
    "that it should never have seen."
)
def never_in_eval(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    model.train()
    for _ in range(epochs):
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@fit_exercise.mistake(
    "You also take optimizer steps on the validation data. Then it is training data, and nobody "
    "knows how good the model is."
)
def trains_on_both(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader, optimizer))
    return history


@fit_exercise.mistake(
    "The gradients are never cleared: each step uses the sum of all gradients so far."
)
def gradients_pile_up(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@fit_exercise.mistake(
    "The batches are not all of one size, and you divide by their number: the short last batch "
    "counts too much."
)
def divides_by_batches(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        losses = []
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train"].append(sum(losses) / len(losses))
        model.eval()
        losses = [loss_fn(model(x), y).item() for x, y in valid_loader]
        history["valid"].append(sum(losses) / len(losses))
    return history
