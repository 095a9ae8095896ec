"""Write the tool behind the table of this lesson: it runs something and tells what that changed.
For `loss.backward` the answer is `['gradients']`.
"""

import copy
import functools

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals, set_numbers
from course_utils.promises import promised_models

exercise = Exercise(
    "09.14",
    "Who changed what?",
    minutes=15,
    difficulty=2,
    hints=[
        "Take a picture before, run the action, take a picture after, compare.",
        "A picture has to be a copy. Parameters are changed in place: a second name for the same "
        "tensor always looks equal.",
        "A gradient may be None before and a tensor after, or the other way round.",
    ],
)


@exercise.reference
def what_changed(model, optimizer, action):
    """Run action() once and find out what it changed.

    model: some parameters may be frozen, and weights may be tied; its buffers do not count.
    optimizer: an SGD that holds all parameters of the model. Its state is a momentum buffer for
    each parameter, once there is one.
    action: a function without arguments, such as optimizer.step.
    Returns a list with those of 'parameters', 'gradients', 'optimizer state' that are different
    afterwards, in this order. A single number that differs is a change, and so is a gradient or
    a momentum buffer that was None before or is None afterwards.
    """

    def picture():
        parameters = list(model.parameters())
        buffers = [optimizer.state.get(p, {}).get("momentum_buffer") for p in parameters]
        return {
            "parameters": [copy_of(p.detach()) for p in parameters],
            "gradients": [copy_of(p.grad) for p in parameters],
            "optimizer state": [copy_of(buffer) for buffer in buffers],
        }

    def copy_of(tensor):
        return None if tensor is None else tensor.clone()

    def equal(one, other):
        if one is None or other is None:
            return one is other
        return torch.equal(one, other)

    before = picture()
    action()
    after = picture()
    return [name for name in before if not all(map(equal, before[name], after[name]))]


@exercise.cases
def _(rng):
    model = set_numbers(nn.Linear(2, 1), rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    x = decimals(rng, 3, 2)

    def backward():
        model(x).pow(2).mean().backward()

    def zeros():
        optimizer.zero_grad(set_to_none=False)

    def forward():
        model(x)

    # In this order on one model: each action starts from what the one before left.
    for action in (forward, backward, optimizer.step, backward, optimizer.step, zeros):
        yield model, optimizer, action
    for action in (optimizer.step, optimizer.zero_grad, optimizer.step):
        yield model, optimizer, action
    for _ in range(6):
        any_action = [forward, backward, optimizer.step, zeros, optimizer.zero_grad]
        yield model, optimizer, rng.choice(any_action)

    promises = ("buffers", "BatchNorm and Dropout inside", "frozen parameters", "tied weights")
    for model in promised_models(rng, *promises, inputs=2, outputs=1):
        momentum = rng.choice([0.0, 0.9])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=momentum)
        for action in actions_on(model, optimizer, x):
            yield model, optimizer, action


def actions_on(model, optimizer, x):
    """In this order, each starts from what the one before left."""

    def forward():
        model(x)

    def backward():
        model(x).pow(2).mean().backward()

    def change_one_number():
        with torch.no_grad():
            list(model.parameters())[-1][0] += 1

    def swap_two_numbers():  # sum and norm stay as they are
        with torch.no_grad():
            weight = list(model.parameters())[-2]
            weight.copy_(weight.flip(-1))

    return forward, backward, optimizer.step, change_one_number, swap_two_numbers, backward


@exercise.observe
def _(answer, model, optimizer, action):
    calls = []

    @functools.wraps(action)
    def counted():
        calls.append(action())

    changed = answer(model, optimizer, counted)
    return {f"changed by {action.__name__}": changed, "times that action ran": len(calls)}


@exercise.mistake(
    "Before and after are two names for the same tensors, and those are changed in place. So they "
    "always look equal."
)
def keeps_no_copy(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach() for p in parameters],
            "gradients": [p.grad for p in parameters],
            "optimizer state": [dict(optimizer.state.get(p, {})) for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    return [name for name in before if str(before[name]) != str(after[name])]


@exercise.mistake("You skip gradients that are None. From None to a tensor, or back, is a change.")
def skips_none(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "gradients": [p.grad.clone() for p in parameters if p.grad is not None],
            "optimizer state": [copy.deepcopy(optimizer.state.get(p)) for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    if not before["gradients"] or not after["gradients"]:
        before["gradients"] = after["gradients"]
    return [name for name in before if str(before[name]) != str(after[name])]


@exercise.mistake(
    "You look at the parameters and the gradients. The optimizer remembers something, too."
)
def forgets_the_state(model, optimizer, action):
    def picture():
        parameters = list(model.parameters())
        return {
            "parameters": [p.detach().clone() for p in parameters],
            "gradients": [None if p.grad is None else p.grad.clone() for p in parameters],
        }

    before = picture()
    action()
    after = picture()
    return [name for name in before if str(before[name]) != str(after[name])]


@exercise.mistake("You never ran the action, so of course nothing changed.")
def never_runs_it(model, optimizer, action):
    before = [p.detach().clone() for p in model.parameters()]
    after = [p.detach().clone() for p in model.parameters()]
    return [] if all(map(torch.equal, before, after)) else ["parameters"]


@exercise.right
def changes_by_bytes(model, optimizer, action):
    def picture():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        things = {
            "parameters": parameters,
            "gradients": [p.grad for p in parameters],
            "optimizer state": [dict(optimizer.state.get(p, {})) for p in parameters],
        }
        return {name: repr([numbers(item) for item in listed]) for name, listed in things.items()}

    def numbers(item):
        if isinstance(item, dict):
            return {key: numbers(value) for key, value in item.items() if value is not None}
        return item.tolist() if isinstance(item, torch.Tensor) else item

    before = picture()
    action()
    after = picture()
    return [name for name in before if before[name] != after[name]]
