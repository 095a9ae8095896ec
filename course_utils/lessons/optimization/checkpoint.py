"""Remember a run and put it back later, in the middle of its schedule, more than once if need be."""  # noqa: E501

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import current_rates


def run_in_progress(step_size: int, gamma: float) -> tuple:
    """A model, an optimizer with momentum and a schedule, before their first step."""
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -1.0]]))
        model.bias.zero_()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma=gamma)
    return model, optimizer, scheduler


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
    """Everything that is needed to go on training later, kept in memory.

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
    yield run_in_progress(2, 0.5)
    yield run_in_progress(3, rng.randint(20, 80) / 100)


@exercise.observe
def _(answer, model, optimizer, scheduler):
    """A checkpoint after three steps; training goes on; two other runs are restored from it."""
    train(model, optimizer, scheduler, 3)
    kept = answer(model, optimizer, scheduler)
    train(model, optimizer, scheduler, 4)
    facts = {}
    for name in ("restored run", "run restored after that"):
        others = run_in_progress(scheduler.step_size, scheduler.gamma)
        kept.restore(*others)
        facts[f"rates of the {name}"] = train(*others, 4)
        facts[f"weight of the {name}"] = others[0].weight.detach().clone()
        facts[f"momentum of the {name}"] = [
            others[1].state[p].get("momentum_buffer") for p in others[0].parameters()
        ]
        facts[f"counter of the {name}"] = others[2].last_epoch
    return facts


@exercise.mistake(
    "The tensors you keep are the living ones: while training goes on, your checkpoint changes "
    "with it."
)
class KeepsLivingTensors:
    def __init__(self, model, optimizer, scheduler):
        self.states = [part.state_dict() for part in (model, optimizer, scheduler)]

    def restore(self, model, optimizer, scheduler):
        for part, state in zip((model, optimizer, scheduler), self.states, strict=True):
            part.load_state_dict(state)


@exercise.mistake(
    "The optimizer is missing: its momentum begins from nothing, and its rate too, although the "
    "scheduler knows better."
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


@exercise.mistake(
    "Only the parameters come back. What the optimizer and the scheduler know is lost."
)
class OnlyTheModel:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)


@exercise.mistake(
    "You bring the schedule up to date by calling it again and again. The rate is right, but the "
    "optimizer's momentum is lost."
)
class StepsTheSchedule:
    def __init__(self, model, optimizer, scheduler):
        self.state = copy.deepcopy(model.state_dict())
        self.counter = scheduler.last_epoch

    def restore(self, model, optimizer, scheduler):
        model.load_state_dict(self.state)
        for _ in range(self.counter):
            scheduler.step()


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
