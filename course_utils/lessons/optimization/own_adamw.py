"""
A whole optimizer, as people write it who invent one: `__init__` is there, `step` is yours. It has
to work with groups, with a schedule, and with `state_dict`.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import collections
import copy

import torch
from torch import nn

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals, wake_optimizers
from course_utils.observation import attempt

exercise = Exercise(
    "09.10",
    "Your own AdamW",
    minutes=30,
    difficulty=3,
    without=ByHand(
        "optim.AdamW", "optim.Adam", may=("torch.optim.Optimizer", "torch.optim.optimizer")
    ),
    hints=[
        "Loop over `self.param_groups`, and inside over `group['params']`. A group is a dict with "
        "its own 'lr', 'betas', 'eps' and 'weight_decay'.",
        "`self.state[p]` is a dict for each parameter, empty at first. What is kept there is "
        "saved by `state_dict()`; what you keep in an attribute of your own is not.",
        "First `p` shrinks by the factor 1 - lr * weight_decay, then comes the step of exercise "
        "09.9. Write into p itself: `p.mul_(...)`, `p.sub_(...)`.",
        "A parameter whose gradient is None is left alone: not even the decay touches it.",
    ],
)


@exercise.starter
class OwnAdamW(torch.optim.Optimizer):
    """AdamW: the step of Adam, and weight decay that goes straight to the parameter.

    Works like torch.optim.AdamW with float32 parameters: with groups, parameters without a gradient
    (some get their first one later), rates that a schedule changes, and state_dict.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        raise NotImplementedError  # your answer goes here


@exercise.reference
class OwnAdamW(torch.optim.Optimizer):
    """AdamW: the step of Adam, and weight decay that goes straight to the parameter.

    Works like torch.optim.AdamW with float32 parameters: with groups, parameters without a gradient
    (some get their first one later), rates that a schedule changes, and state_dict.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            first, second = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["mean"] = torch.zeros_like(p)
                    state["square"] = torch.zeros_like(p)
                state["step"] += 1
                state["mean"] = first * state["mean"] + (1 - first) * p.grad
                state["square"] = second * state["square"] + (1 - second) * p.grad**2
                mean = state["mean"] / (1 - first ** state["step"])
                square = state["square"] / (1 - second ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * mean / (square.sqrt() + group["eps"]))


@exercise.cases
def _(rng):
    wake_optimizers()
    for lr, decay, size in ((0.1, 0.0, 1), (0.1, 0.5, 1), (0.2, 0.1, 2)):
        values = [torch.ones(size), torch.full((size,), 5.0), decimals(rng, size)]
        a, unused, b = (nn.Parameter(value) for value in values)
        first = {"params": [unused, a], "weight_decay": decay}
        yield [first, {"params": [b], "weight_decay": decay, "lr": 0.5, "eps": 0.5}], lr
    a, unused, b = (nn.Parameter(decimals(rng, 2)) for _ in range(3))
    settings = (0.5, 0.75), rng.randint(1, 5) / 10, rng.randint(1, 5) / 10
    yield [{"params": [unused, a]}, {"params": [b], "lr": 0.5}], 0.3, *settings


@exercise.observe
def _(answer, groups, lr, *settings):
    """Four steps: a and b have gradients, the other one gets its first in the third step.

    In the fourth step the gradients of a and b are 0.
    A schedule lowers the rate of the first group.
    """
    groups = copy.deepcopy(groups)
    optimizer = answer(groups, lr, *settings)
    resumed_groups = copy.deepcopy(groups)
    (unused, a), (b,) = (group["params"] for group in groups)
    touched = []

    def step(optimizer, a, b, number):
        optimizer.param_groups[0]["lr"] = lr / number
        a.grad = torch.full_like(a, [1.0, 2.0, -3.0, 0.0][number - 1])
        b.grad = torch.full_like(b, [-2.0, 0.1, 0.5, 0.0][number - 1])
        before = [a.grad.clone(), b.grad.clone()]
        optimizer.step()
        for p, gradient in zip((a, b), before, strict=True):
            if p.grad is None or not torch.equal(p.grad, gradient):
                touched.append(number)
        return [a.detach().clone(), b.detach().clone()]

    facts = {
        "a and b after the first step": step(optimizer, a, b, 1),
        "a and b after the second step": step(optimizer, a, b, 2),
        "the parameter without a gradient": unused.detach().clone(),
    }
    saved = copy.deepcopy(optimizer.state_dict())
    middle = [a.detach().clone(), b.detach().clone()]
    unused.grad = torch.full_like(unused, 0.5)
    facts["a and b after the third step"] = step(optimizer, a, b, 3)
    facts["a parameter after its first gradient, in the third step"] = unused.detach().clone()
    facts["a and b after a fourth step, with gradients of 0"] = step(optimizer, a, b, 4)
    (late, c), (d,) = (group["params"] for group in resumed_groups)
    with torch.no_grad():
        c.copy_(middle[0])
        d.copy_(middle[1])
    late.grad = torch.full_like(late, 0.5)
    resumed = answer(resumed_groups, lr, *settings)
    facts["load_state_dict"] = attempt(lambda: resumed.load_state_dict(saved))
    facts["the third step of an optimizer that was saved and loaded"] = step(resumed, c, d, 3)
    facts["step() leaves the gradients as they are"] = not touched
    default = answer([nn.Parameter(torch.ones(1))]).param_groups[0]
    for name in ("lr", "betas", "weight_decay"):
        facts[f"{name} by default"] = default.get(name)
    facts["1 / eps by default"] = attempt(lambda: 1 / default["eps"])  # two small eps look alike
    return facts


class BareAdamW(torch.optim.Optimizer):
    """What the mistakes below have in common: everything but the step."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def direction(self, p, gradient, group):
        """Adam's mean over root, from the state of p."""
        first, second = group["betas"]
        state = self.state[p]
        if not state:
            state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        state["mean"] = first * state["mean"] + (1 - first) * gradient
        state["square"] = second * state["square"] + (1 - second) * gradient**2
        return self.quotient(state["mean"], state["square"], state["step"], group)

    def quotient(self, mean, square, t, group):
        """The corrected mean over the root of the corrected square."""
        first, second = group["betas"]
        return mean / (1 - first**t) / ((square / (1 - second**t)).sqrt() + group["eps"])

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "You add the decay to the gradient: that is Adam with weight_decay. The division by the root "
    "then makes the decay small where gradients are large."
)
class DecayInTheGradient(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    gradient = p.grad + group["weight_decay"] * p
                    p.sub_(group["lr"] * self.direction(p, gradient, group))


@exercise.mistake(
    "All groups get the rate given at the beginning. Each group has its own, and a schedule "
    "changes it there."
)
class OneRateForAll(BareAdamW):
    @torch.no_grad()
    def step(self):
        lr = self.defaults["lr"]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - lr * group["weight_decay"])
                    p.sub_(lr * self.direction(p, p.grad, group))


@exercise.mistake(
    "The decay does not follow the learning rate: in each step the parameter loses the same "
    "share, even when the rate is nearly 0."
)
class DecayWithoutTheRate(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "A parameter without a gradient takes part in your step. None means: not part of this "
    "step. Not even the decay may touch it."
)
class TouchesTheUnused(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                if p.grad is not None:
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(same_as=TouchesTheUnused)
class ZeroForNone(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    p.grad = torch.zeros_like(p)
        super().step()


@exercise.mistake(
    "Your step, or a part of it, does not arrive in the model. Which line writes into the "
    "parameter itself, and which one only gives a name to a new tensor?"
)
class GivesTheNameAway(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    direction = self.direction(p, p.grad, group)
                    p = p * (1 - group["lr"] * group["weight_decay"])
                    p = p - group["lr"] * direction


@exercise.mistake(
    "Your running means live outside `self.state`, so `state_dict()` does not save them: after "
    "loading, the optimizer begins from nothing."
)
class StateOfItsOwn(BareAdamW):
    @torch.no_grad()
    def step(self):
        if not hasattr(self, "kept"):
            self.kept = collections.defaultdict(dict)
        self.state = self.kept
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))
        self.state = collections.defaultdict(dict)


@exercise.mistake(same_as=GivesTheNameAway)
class OnlyTheDecayArrives(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    direction = self.direction(p, p.grad, group)
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p = p - group["lr"] * direction


@exercise.mistake(
    "The decay comes after the step in your optimizer, so it takes its share of the step as well. "
    "Which value of the parameter should it shrink?"
)
class DecayAfterTheStep(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))
                    p.mul_(1 - group["lr"] * group["weight_decay"])


@exercise.mistake(
    "The running means begin at 0, and nothing makes up for that: your first steps have the wrong "
    "length."
)
class NoCorrection(BareAdamW):
    def quotient(self, mean, square, t, group):
        return mean / (square.sqrt() + group["eps"])


@exercise.mistake(
    "The epsilon stands under the root in your step. There a small epsilon becomes a larger one, "
    "and a large one a smaller one."
)
class EpsilonUnderTheRoot(BareAdamW):
    def quotient(self, mean, square, t, group):
        first, second = group["betas"]
        return mean / (1 - first**t) / (square / (1 - second**t) + group["eps"]).sqrt()


@exercise.mistake(
    "One parameter without a gradient ends your step, and the parameters behind it stay where they "
    "are."
)
class EndsAtTheFirstWithout(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    return
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "Where the gradient is 0, your step leaves the parameter where it is. It is a gradient all the "
    "same: the running means and the decay go on with it."
)
class ZeroIsNoGradient(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None and p.grad.any():
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "The steps fit for the usual betas only. Each group has its own settings: read all four of "
    "them there."
)
class UsualBetas(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            usual = {**group, "betas": (0.9, 0.999)}
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, usual))


@exercise.mistake(
    "After your step the gradients are gone, or others than before. Whoever reads them then, "
    "to print their size, needs them as they were; clearing has a method of its own."
)
class ClearsTheGradients(BareAdamW):
    @torch.no_grad()
    def step(self):
        super().step()
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None


@exercise.mistake(
    "Your running mean and the gradient are one tensor: what the step writes into the one stands "
    "in the other as well."
)
class MeanIsTheGradient(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            first, second = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, mean=p.grad, square=torch.zeros_like(p))
                state["step"] += 1
                state["mean"].mul_(first).add_(p.grad, alpha=1 - first)
                state["square"].mul_(second).addcmul_(p.grad, p.grad, value=1 - second)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                quotient = self.quotient(state["mean"], state["square"], state["step"], group)
                p.sub_(group["lr"] * quotient)


@exercise.mistake(
    "The number of steps does not come back with `state_dict()`: after loading, your correction "
    "begins anew while the running means go on."
)
class CounterOfItsOwn(BareAdamW):
    @torch.no_grad()
    def step(self):
        self.t = getattr(self, "t", 0) + 1
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.state[p]["step"] = self.t - 1
                    self.state[p].setdefault("mean", torch.zeros_like(p))
                    self.state[p].setdefault("square", torch.zeros_like(p))
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "A parameter may get its first gradient late. It takes its own first step then: what do you "
    "count for each parameter, and what for all of them together?"
)
class CounterOfTheGroup(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            group["t"] = group.get("t", 0) + 1
            for p in group["params"]:
                if p.grad is not None:
                    self.state[p]["step"] = group["t"] - 1
                    self.state[p].setdefault("mean", torch.zeros_like(p))
                    self.state[p].setdefault("square", torch.zeros_like(p))
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake("Only the parameters of the first group move. There may be more groups.")
class FirstGroupOnly(BareAdamW):
    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            if p.grad is not None:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.mistake(
    "All parameters move with the settings of the first group. Each group has settings of its own."
)
class SettingsOfTheFirstGroup(BareAdamW):
    @torch.no_grad()
    def step(self):
        first = self.param_groups[0]
        for p in (p for group in self.param_groups for p in group["params"]):
            if p.grad is not None:
                p.mul_(1 - first["lr"] * first["weight_decay"])
                p.sub_(first["lr"] * self.direction(p, p.grad, first))


@exercise.mistake("Your optimizer ignores weight_decay: that is Adam without any decay.")
class NoDecay(BareAdamW):
    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * self.direction(p, p.grad, group))


@exercise.not_by_hand
class AdamWOfTorch(torch.optim.AdamW):
    """torch's own has to pass, too."""


@exercise.right
class AdamWInPlace(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        for group in self.param_groups:
            one, two = group["betas"]
            for p in (p for p in group["params"] if p.grad is not None):
                state, g = self.state[p], p.grad
                state["t"] = t = state.get("t", 0) + 1
                state["m"] = state.get("m", torch.zeros_like(g)).mul(one).add(g, alpha=1 - one)
                state["v"] = state.get("v", torch.zeros_like(g)).mul(two).add(g * g, alpha=1 - two)
                root = (state["v"] / (1 - two**t)).sqrt().add(group["eps"])
                p.data -= group["lr"] * group["weight_decay"] * p.data
                p.data -= group["lr"] * (state["m"] / (1 - one**t)) / root


exercise.equivalent(
    "state['step'] += 1",
    "state['step'] = state['step'] + 1",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "p.sub_(group['lr'] * mean / (square.sqrt() + group['eps']))",
    "p.sub_(group['lr'] * mean / (square.sqrt_() + group['eps']))",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "state['m'] = state.get('m', torch.zeros_like(g)).mul(one).add(g, alpha=1 - one)",
    "state['m'] = state.get('m', torch.zeros_like(g)).mul_(one).add(g, alpha=1 - one)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "state['v'] = state.get('v', torch.zeros_like(g)).mul(two).add(g * g, alpha=1 - two)",
    "state['v'] = state.get('v', torch.zeros_like(g)).mul_(two).add(g * g, alpha=1 - two)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "p.data -= group['lr'] * group['weight_decay'] * p.data",
    "p.data = p.data - group['lr'] * group['weight_decay'] * p.data",
    because="`p.data` may be written into or replaced: the parameter is the same.",
)


exercise.equivalent(
    "p.data -= group['lr'] * group['weight_decay'] * p.data",
    "p.data -= group['lr'] * group['weight_decay'] * p",
    because="What is written into `p.data` is not recorded.",
)


exercise.equivalent(
    "p.data -= group['lr'] * (state['m'] / (1 - one ** t)) / root",
    "p.data = p.data - group['lr'] * (state['m'] / (1 - one ** t)) / root",
    because="`p.data` may be written into or replaced: the parameter is the same.",
)
