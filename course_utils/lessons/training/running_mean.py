"""Make a small metric object that works as those of torchmetrics do. The check gives your object
some batches, asks it in between, and resets it:

```
mean.update(torch.tensor(1.0), 4)
mean.update(torch.tensor(6.0), 1)
mean.compute()    # (4 * 1 + 1 * 6) / 5 = 2.0
```
"""

import weakref

import torch

from course_utils.exercise import Exercise


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
    # Two nodes: who keeps what lies behind the last one keeps a graph as well.
    value = WatchedGraph.apply(torch.tensor(number, requires_grad=True), mark) * 1
    return value, weakref.ref(mark)


exercise = Exercise(
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


@exercise.reference
class RunningMean:
    """The mean of a value over all samples since the last reset.

    update(value, samples): value is the mean over one batch, a float32 tensor without dimensions,
    perhaps with a graph; samples says how many samples the batch has. Nothing kept may hold that
    graph, and the caller may write into value later.
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


@exercise.cases
def _(rng):
    yield ([(1.0, 4), (6.0, 1), "compute", "compute"],)
    yield (["compute", (2.0, 3), "compute", "reset", (5.0, 1), "compute"],)
    yield ([(2.0, 3), (-2.0, 3), "compute", (0.0, 2), "compute"],)
    for _ in range(3):
        batches = [(float(rng.randint(1, 9)), rng.randint(1, 6)) for _ in range(4)]
        yield ([*batches[:2], "compute", *batches[2:3], "compute", "reset", batches[3], "compute"],)


@exercise.observe
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
            with torch.no_grad():
                value.fill_(77.0)
            neighbour.update(torch.tensor(7.0), 1)
            del value
            graphs.append(graph)
    later = []
    for _ in range(8):  # each at the place in memory of the one before, as likely as not
        passing = answer()
        later.append(passing.compute())
        passing.update(torch.tensor(3.0), 2)
        del passing
    facts = {
        "compute() each time": results,
        "compute() of another object": neighbour.compute(),
        "compute() of new objects, made when others are gone": later,
        "a graph is kept": any(graph() is not None for graph in graphs),
    }
    meter.reset()  # what all objects of a class share would be seen in the next case
    return facts


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
    "The numbers are right, but what you keep has a graph behind it: every batch since the "
    "last reset stays in memory."
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


@exercise.mistake(
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


@exercise.mistake(
    "What one object is told, another one knows. What do all objects of your class share, because "
    "it was made once, and not once for each of them?"
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


@exercise.mistake(
    "Without samples there is no mean, and 0 is a number like any other: a reader would take it "
    "for a loss of 0. What does the docstring ask for?"
)
class ZeroForNothing:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = 0.0, 0

    def update(self, value, samples):
        self.total += value.item() * samples
        self.samples += samples

    def compute(self):
        return self.total / self.samples if self.samples else 0.0


@exercise.mistake("Without samples yours is None. The docstring asks for something else there.")
class NoneForNothing(ZeroForNothing):
    def compute(self):
        return self.total / self.samples if self.samples else None


@exercise.mistake("The values are right, but compute() gives a tensor, not a Python float.")
class GivesATensor(ZeroForNothing):
    def update(self, value, samples):
        self.total = self.total + value.detach() * samples
        self.samples += samples

    def compute(self):
        return self.total / self.samples if self.samples else float("nan")


@exercise.mistake(
    "Each new value counts as much as all before it together. How many samples does each side "
    "stand for?"
)
class HalfAndHalf:
    def __init__(self):
        self.reset()

    def reset(self):
        self.mean = float("nan")

    def update(self, value, samples):
        value = value.item()
        self.mean = value if self.mean != self.mean else (self.mean + value) / 2

    def compute(self):
        return self.mean


@exercise.mistake(
    "`value` is the mean over a batch, and you add it up as if it were the sum over the batch."
)
class TakesASum(ZeroForNothing):
    def update(self, value, samples):
        self.total += value.item()
        self.samples += samples

    def compute(self):
        return self.total / self.samples if self.samples else float("nan")


@exercise.mistake(
    "compute() overwrites what update() has collected: the second time it begins from the mean."
)
class DividesTheTotal(ZeroForNothing):
    def compute(self):
        self.total = self.total / self.samples if self.samples else float("nan")
        return self.total


@exercise.mistake(
    "A mean of exactly 0 comes back as NaN. Do you ask how many samples there were, or what they "
    "add up to?"
)
class NaNForZero(ZeroForNothing):
    def compute(self):
        return self.total / self.samples if self.total else float("nan")


@exercise.mistake(
    "What you keep changes when the caller writes into a tensor that you were given before. "
    "detach() gives a tensor without the graph; whose memory does it use?"
)
class KeepsTheMemory:
    def __init__(self):
        self.reset()

    def reset(self):
        self.values, self.sizes = [], []

    def update(self, value, samples):
        self.values.append(value.detach())
        self.sizes.append(samples)

    def compute(self):
        if not self.sizes:
            return float("nan")
        pairs = zip(self.values, self.sizes, strict=True)
        return sum(value.item() * n for value, n in pairs) / sum(self.sizes)


@exercise.right
class KeepsPairs:
    def __init__(self):
        self.pairs = []

    def reset(self):
        self.pairs = []

    def update(self, value, samples):
        self.pairs.append((value.detach().item(), samples))

    def compute(self):
        samples = sum(n for _, n in self.pairs)
        return sum(v * n for v, n in self.pairs) / samples if samples else float("nan")


@exercise.right
class KeepsNoDictionary:
    __slots__ = ("samples", "total")

    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = torch.zeros(()), 0

    @torch.no_grad()
    def update(self, value, samples):
        self.total += value * samples
        self.samples += samples

    def compute(self):
        return (self.total / self.samples).item()


exercise.equivalent(
    "self.total += value.item() * samples",
    "self.total = self.total + value.item() * samples",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "self.samples += samples",
    "self.samples = self.samples + samples",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "self.pairs.append((value.detach().item(), samples))",
    "self.pairs.append((value.item(), samples))",
    "self.pairs.append((value.detach_().item(), samples))",
    because="item() reads the number, with or without a graph.",
)


exercise.equivalent(
    "__slots__ = ('samples', 'total')",
    "pass",
    because="Which attributes an object may have is no business of the exercise.",
)


exercise.equivalent(
    "self.total += value * samples",
    "self.total = self.total + value * samples",
    because="The tensor was made here: nobody else sees that it changes.",
)
