"""Remember a run and put it back later, in the middle of its schedule, more than once if need be."""  # noqa: E501

import copy

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, StepLR

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import current_rates


def run_in_progress(make_scheduler) -> tuple:
    """A model, an optimizer with momentum and a schedule for it, before their first step."""
    model = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -1.0]]))
        model[0].bias.zero_()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, make_scheduler(optimizer)


def by_steps(step_size: int, gamma: float):
    return lambda optimizer: StepLR(optimizer, step_size, gamma=gamma)


def with_restarts(first: int):
    """A schedule that also counts the steps since it began anew."""
    return lambda optimizer: CosineAnnealingWarmRestarts(optimizer, first, T_mult=2)


def as_of(scheduler):
    """What makes a schedule like this one."""
    if isinstance(scheduler, StepLR):
        return by_steps(scheduler.step_size, scheduler.gamma)
    return with_restarts(scheduler.T_0)


def train(model, optimizer, scheduler, steps: int) -> list[float]:
    """Train on two samples. Returns the rates that were used."""
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    rates = []
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) - 1).pow(2).mean().backward()
        rates += current_rates(optimizer)
        optimizer.step()
        scheduler.step()
    return rates


exercise = Exercise(
    "09.18",
    "A run that stops and goes on",
    minutes=15,
    difficulty=3,
    hints=[
        "Three objects change while you train. Each has state_dict() and load_state_dict().",
        "The tensors in a state_dict() are the living ones: training goes on changing them. What "
        "makes an independent copy of a dict with tensors in it?",
    ],
)


@exercise.reference
class Checkpoint:
    """Everything that is needed to go on training later.

    Checkpoint(model, optimizer, scheduler) remembers how the three are now; training them
    further does not change what it remembers.
    restore(model, optimizer, scheduler) puts three others, of the same kinds, into that state.
    """

    def __init__(self, model, optimizer, scheduler):
        parts = (model, optimizer, scheduler)
        self.states = [copy.deepcopy(part.state_dict()) for part in parts]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states):  # noqa: B905
            part.load_state_dict(copy.deepcopy(state))


@exercise.cases
def _(rng):
    yield run_in_progress(by_steps(2, 0.5))
    yield run_in_progress(by_steps(3, rng.randint(20, 80) / 100))
    yield run_in_progress(with_restarts(2))


@exercise.observe
def _(answer, model, optimizer, scheduler):
    """A checkpoint after three steps, another one later; two other runs go back to the first."""
    train(model, optimizer, scheduler, 3)
    kept = answer(model, optimizer, scheduler)
    train(model, optimizer, scheduler, 4)
    answer(model, optimizer, scheduler)
    facts = {}
    for name in ("restored run", "run restored after that"):
        others = run_in_progress(as_of(scheduler))
        kept.restore(*others)
        facts[f"get_last_lr() of the {name}"] = list(others[2].get_last_lr())
        facts[f"rates of the {name}"] = train(*others, 4)
        facts[f"weight of the {name}"] = others[0][0].weight.detach().clone()
        facts[f"momentum of the {name}"] = copy.deepcopy(
            [others[1].state[p].get("momentum_buffer") for p in others[0].parameters()]
        )
        facts[f"buffers of the {name}"] = [b.clone() for b in others[0].buffers()]
        facts[f"counter of the {name}"] = others[2].last_epoch
    return facts


@exercise.mistake(
    "Among the tensors that you keep there are living ones: while training goes on, your "
    "checkpoint changes with it."
)
class KeepsLivingTensors:
    def __init__(self, model, optimizer, scheduler):
        self.states = [part.state_dict() for part in (model, optimizer, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@exercise.mistake(same_as=KeepsLivingTensors)
class CopiesTheDictOfTheModel:
    def __init__(self, model, optimizer, scheduler):
        self.model = model.state_dict().copy()
        self.others = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.model)
        optimizer.load_state_dict(copy.deepcopy(self.others[0]))
        scheduler.load_state_dict(copy.deepcopy(self.others[1]))


@exercise.mistake(same_as=KeepsLivingTensors)
class CopiesTheModelOnly:
    def __init__(self, model, optimizer, scheduler):
        self.model = copy.deepcopy(model.state_dict())
        self.others = optimizer.state_dict(), copy.deepcopy(scheduler.state_dict())

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.model)
        optimizer.load_state_dict(copy.deepcopy(self.others[0]))
        scheduler.load_state_dict(copy.deepcopy(self.others[1]))


@exercise.mistake(
    "The first run that you restore goes on well, and the next one does not begin where it did. "
    "load_state_dict() may keep the tensors it is given, and training writes into them."
)
class CopiesOnlyOnce:
    def __init__(self, model, optimizer, scheduler):
        parts = (model, optimizer, scheduler)
        self.states = [copy.deepcopy(part.state_dict()) for part in parts]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@exercise.mistake(
    "The optimizer is missing: its momentum begins from nothing, and its rate is that of a new "
    "run, although the scheduler knows better."
)
class ForgetsTheOptimizer:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@exercise.mistake(
    "The scheduler is missing: the rate is right at first, but its counter begins again at 0."
)
class ForgetsTheScheduler:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, optimizer)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer), self.states, strict=True):
            part.load_state_dict(state)


@exercise.mistake(same_as=ForgetsTheScheduler)
class CopiesAndForgetsTheScheduler:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, optimizer)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer), self.states, strict=True):
            part.load_state_dict(copy.deepcopy(state))


@exercise.mistake("Only the model comes back. What the optimizer and the scheduler know is lost.")
class OnlyTheModel:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)


@exercise.mistake(
    "The rate comes back, and the momentum of the optimizer does not: it begins from nothing."
)
class StepsTheSchedule:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())
        self.counter = scheduler.last_epoch

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)
        for _ in range(self.counter):
            scheduler.step()


@exercise.mistake(
    "Stepping a scheduler writes into the optimizer: on top of the rate that came back, it is "
    "lowered once more."
)
class StepsAfterTheOptimizer:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, optimizer)]
        self.counter = scheduler.last_epoch

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer), self.states, strict=True):
            part.load_state_dict(copy.deepcopy(state))
        for _ in range(self.counter):
            scheduler.step()


@exercise.mistake(
    "The counter of the scheduler comes back, and the rest of its state does not: what it gives "
    "as its last rate is still that of a new run."
)
class OnlyTheCounter:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (model, optimizer)]
        self.counter = scheduler.last_epoch

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer), self.states, strict=True):
            part.load_state_dict(copy.deepcopy(state))
        scheduler.last_epoch = self.counter


@exercise.mistake(
    "The parameters of the model come back, and its buffers do not. A BatchNorm keeps its running "
    "mean in one."
)
class ForgetsTheBuffers:
    def __init__(self, model, optimizer, scheduler):
        self.parameters = [p.detach().clone() for p in model.parameters()]
        self.states = [copy.deepcopy(part.state_dict()) for part in (optimizer, scheduler)]

    def restore(self, model, optimizer, scheduler):
        with torch.no_grad():
            for p, kept in zip(model.parameters(), self.parameters, strict=True):
                p.copy_(kept)
        for part, state in zip((optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(copy.deepcopy(state))


@exercise.mistake(
    "Nothing changes in the run that is to be restored. A name inside a function can be given to "
    "another object; the caller's object stays as it is."
)
class GivesTheNamesAway:
    def __init__(self, model, optimizer, scheduler):
        self.kept = copy.deepcopy((model, optimizer, scheduler))

    def restore(self, model, optimizer, scheduler):
        model, optimizer, scheduler = self.kept


@exercise.mistake(
    "The parameters do not come back. The state of an optimizer holds what it knows about them, "
    "not the parameters themselves."
)
class ForgetsTheModel:
    def __init__(self, model, optimizer, scheduler):
        self.states = [copy.deepcopy(part.state_dict()) for part in (optimizer, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(copy.deepcopy(state))


@exercise.mistake(
    "A second checkpoint writes over the first: what you keep is in one place that all objects "
    "share, such as the class."
)
class KeepsItInTheClass:
    states = {}  # noqa: RUF012

    def __init__(self, model, optimizer, scheduler):
        for name, part in zip("mos", (model, optimizer, scheduler), strict=True):
            self.states[name] = copy.deepcopy(part.state_dict())

    def restore(self, model, optimizer, scheduler):
        for name, part in zip("mos", (model, optimizer, scheduler), strict=True):
            part.load_state_dict(copy.deepcopy(self.states[name]))


@exercise.right
class CheckpointByNames:
    def __init__(self, model, optimizer, scheduler):
        self.saved = copy.deepcopy(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
            }
        )

    def restore(self, model, optimizer, scheduler):
        saved = copy.deepcopy(self.saved)
        scheduler.load_state_dict(saved["scheduler"])
        optimizer.load_state_dict(saved["optimizer"])
        model.load_state_dict(saved["model"])
