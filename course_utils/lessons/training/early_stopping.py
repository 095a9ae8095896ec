"""The check makes one object with the patience it shows, and calls `step` with one loss of the
list after the other, until it says stop. Between the calls the model changes, as it does in
training.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise


class OneWeight(nn.Module):
    """A parameter and buffers, whose values show when a state was taken; one of whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight

    def number(self, epoch: int) -> None:
        """Fills all of them, in place as training does."""
        with torch.no_grad():
            self.weight.fill_(epoch)
            self.mean.fill_(epoch)
            self.batches.fill_(epoch)

    def numbers(self) -> list[float]:
        return [self.weight.item(), self.mean.item(), self.batches.item()]


exercise = Exercise(
    "10.8",
    "Early stopping that keeps the best model",
    minutes=15,
    difficulty=2,
    hints=[
        "Keep three things: the best loss, a counter of bad epochs, and the state of the model "
        "after the best epoch.",
        "A better loss sets the counter back to 0.",
        "The tensors in model.state_dict() share the model's memory. What will they hold after "
        "the next epoch?",
    ],
)


@exercise.reference
class EarlyStopping:
    """Says when to stop: after `patience` epochs in a row without a new lowest loss.

    EarlyStopping(patience): patience is an int of at least 1.
    step(loss, model): called once after each epoch with its validation loss, a float. Returns
    True if training should stop now, else False; after a True it is not called again. An equal
    loss is not a better one, nor is NaN.
    best_loss: the lowest loss so far, a float; infinity at the beginning.
    best_state: the model's state dict, buffers included, as it was after the best epoch; None at
    the beginning. The model itself stays as it is. Any smaller loss is better, however little.
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


@exercise.cases
def _(rng):
    yield 2, [3.0, 2.0, 2.5, 2.25, 1.0]
    yield 2, [3.0, 4.0, 2.0, 3.0, 2.5, 5.0]
    yield 1, [2.0, 2.0, 1.0]
    yield 3, []
    yield 1, [2.0, 1.9999999, 2.5]
    yield 3, [2.0, 1.0, 1.5]
    yield 2, [3.0, float("nan"), 2.0, float("nan"), float("nan")]
    yield 2, [float("nan"), 3.0, 2.0]
    yield 2, [float("nan"), float("nan"), 1.0]
    for _ in range(3):
        first = [float(n) for n in rng.sample(range(10, 20), 3)]
        yield 2, [*first, 5.0, 5.0, 4.5, 9.0, 7.0, 6.0]
        losses = [rng.randint(2, 40) / 2 for _ in range(rng.randint(5, 9))]
        yield rng.randint(1, 3), losses


@exercise.observe
def _(answer, patience, losses):
    model = OneWeight()
    stopper = answer(patience)
    decisions, changed = [], False
    for epoch, loss in enumerate(losses):
        model.number(epoch)
        decisions.append(stopper.step(loss, model))
        changed = changed or model.numbers() != [epoch] * 3
        if decisions[-1] is True:  # nobody goes on after that
            break
    model.number(-1)
    return {
        "step() after each epoch": decisions,
        "best_loss": stopper.best_loss,
        "best_state (weight and buffers are the number of the epoch)": stopper.best_state,
        "step() changes the model": changed,
    }


@exercise.mistake(
    "The decisions are right, but your best state does not stay the one of the best epoch: it "
    "looks at the model's own memory, which training goes on writing to."
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake("You stop one epoch late: with a patience of 1, one bad epoch is enough.")
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


@exercise.mistake(
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


class Counting:
    """What the wrong answers below have in common."""

    def __init__(self, patience):
        self.patience = patience
        self.best_loss = float("inf")
        self.best_state = None
        self.bad_epochs = 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = self.state_of(model)
            self.bad_epochs = 0
        else:
            self.bad_epochs += 1
        return self.bad_epochs >= self.patience

    def state_of(self, model):
        return copy.deepcopy(model.state_dict())


@exercise.mistake(same_as=AgainstTheEpochBefore)
class AgainstTheEpochBeforeToStop(Counting):
    def __init__(self, patience):
        super().__init__(patience)
        self.last = float("inf")

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_state = self.state_of(model)
        self.bad_epochs = 0 if loss < self.last else self.bad_epochs + 1
        self.last = loss
        return self.bad_epochs >= self.patience


@exercise.mistake(
    "A state dict holds more than parameters: BatchNorm keeps its means in buffers. Yours lacks "
    "them."
)
class ParametersOnly(Counting):
    def state_of(self, model):
        return {name: value.detach().clone() for name, value in model.named_parameters()}


@exercise.mistake(
    "Not all in a state dict are floats: BatchNorm counts its batches in whole numbers. Yours keep "
    "counting after the best epoch."
)
class CopiesFloatsOnly(Counting):
    def state_of(self, model):
        return {
            name: value.clone() if value.is_floating_point() else value
            for name, value in model.state_dict().items()
        }


@exercise.mistake("best_state is a whole model. Its state dict was asked for.")
class KeepsTheModel(Counting):
    def state_of(self, model):
        return copy.deepcopy(model)


@exercise.mistake(
    "A loss that is lower by very little is lower. The docstring names no smallest step."
)
class SmallStepsDoNotCount(Counting):
    def step(self, loss, model):
        return super().step(loss if loss < self.best_loss - 1e-3 else float("inf"), model)


@exercise.mistake(
    "step() changes the model that it was given. It is to say when to stop, and to keep a state; "
    "what is done with that state is up to the caller."
)
class LoadsTheBest(Counting):
    def step(self, loss, model):
        stop = super().step(loss, model)
        if stop and self.best_state is not None:
            model.load_state_dict(self.best_state)
        return stop


@exercise.mistake("While training goes on, step() gives None. The docstring asks for a False.")
class NoneForGoOn(Counting):
    def step(self, loss, model):
        return True if super().step(loss, model) else None


@exercise.mistake(
    "Before the first epoch best_loss is not what the docstring says. Which number is larger than "
    "every loss?"
)
class NoneAtTheBeginning(Counting):
    def __init__(self, patience):
        super().__init__(patience)
        self.best_loss = None

    def step(self, loss, model):
        if self.best_loss is None:
            self.best_loss = float("inf")
        return super().step(loss, model)


@exercise.mistake(same_as=NoneAtTheBeginning)
class ALargeNumberAtTheBeginning(Counting):
    def __init__(self, patience):
        super().__init__(patience)
        self.best_loss = 1e9


@exercise.mistake(
    "When the training stops, best_state is that of the last epoch. Which one was the best?"
)
class KeepsTheLast(Counting):
    def step(self, loss, model):
        stop = super().step(loss, model)
        if stop:
            self.best_state = self.state_of(model)
        return stop


@exercise.mistake(same_as=KeepsTheLast)
class KeepsEveryState(Counting):
    def step(self, loss, model):
        stop = super().step(loss, model)
        self.best_state = self.state_of(model)
        return stop


@exercise.mistake(
    "A loss that is NaN becomes the best one. NaN is neither smaller nor larger than a number, nor "
    "equal to one: what does your code do then?"
)
class NaNIsBetter(Counting):
    def step(self, loss, model):
        if loss >= self.best_loss:
            self.bad_epochs += 1
            return self.bad_epochs >= self.patience
        self.best_loss, self.bad_epochs = loss, 0
        self.best_state = self.state_of(model)
        return False


@exercise.mistake(
    "The first loss is the best one in yours, even if it is NaN. Which loss is smaller than NaN?"
)
class FirstIsBest(Counting):
    def step(self, loss, model):
        if self.best_state is not None:
            return super().step(loss, model)
        self.best_loss, self.best_state = loss, self.state_of(model)
        return False


@exercise.right
class ByHistory:
    def __init__(self, patience):
        self.patience = patience
        self.losses = [float("inf")]
        self.best_state = None

    @property
    def best_loss(self):
        return min(self.losses)

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.losses.append(loss)
        since = len(self.losses) - 1 - self.losses.index(min(self.losses))
        return since >= self.patience


@exercise.right
class StaysStopped:
    def __init__(self, patience):
        self.left = self.patience = patience
        self.best_loss, self.best_state, self.stop = float("inf"), None, False

    def step(self, loss, model):
        self.left -= 1
        if loss < self.best_loss:
            self.best_loss, self.left = loss, self.patience
            self.best_state = copy.deepcopy(model).state_dict()
        self.stop = self.stop or self.left == 0
        return self.stop


exercise.equivalent(
    "self.bad_epochs += 1",
    "self.bad_epochs = self.bad_epochs + 1",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "self.best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}",
    "self.best_state = {k: v.clone() for k, v in model.state_dict().items()}",
    "self.best_state = {k: v.detach_().clone() for k, v in model.state_dict().items()}",
    because="The tensors of a state dict have no graph.",
)


exercise.equivalent(
    "self.left -= 1",
    "self.left = self.left - 1",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "self.stop = self.stop or self.left == 0",
    "self.stop = self.left == 0",
    because="After a True it is not called again.",
)
