"""Count what a model learns. `nn.Linear(3, 2)` has 6 weights and 2 biases, so the answer is
`(8, 0)`.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.inputs import Scaled, frozen
from course_utils.promises import promised_models


def used_twice(layer: nn.Module) -> nn.Module:
    return nn.Sequential(layer, nn.ReLU(), layer)


exercise = Exercise(
    "04.6",
    "How many numbers are learned?",
    minutes=8,
    difficulty=1,
    hints=[
        "`parameters()` walks through the whole tree, and gives each parameter once.",
        "A parameter of shape (2, 3) holds six numbers. Which method counts them?",
    ],
)


@exercise.reference
def count_parameters(model):
    """How many numbers are learned, and how many are frozen.

    model: an nn.Module, in any mode, on any device, with parts in its parts. A part may have
    parameters of its own beside its layers. Returns a tuple of two ints (learned, frozen). A
    parameter that is used in several places counts once, also where two layers are tied. Buffers
    do not count.
    """
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    everything = sum(p.numel() for p in model.parameters())
    return learned, everything - learned


@exercise.cases
def _(rng):
    yield (nn.Linear(3, 2),)
    yield (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),)
    yield (nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 1)),)
    yield (used_twice(nn.Linear(2, 2)),)
    yield (nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3)), frozen(nn.BatchNorm2d(2))),)
    yield (nn.ReLU(),)
    yield (Scaled(nn.Linear(2, 3), 3),)
    yield (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).to("meta"),)
    promises = ("a part with parts", "any mode", "buffers", "frozen parameters", "tied weights")
    for model in promised_models(rng, *promises):
        yield (model,)
    width = rng.randint(2, 5)
    yield (nn.Sequential(nn.Linear(width, 4, bias=False), nn.Linear(4, rng.randint(2, 5))),)


@exercise.mistake("You count tensors. A weight of shape (2, 3) is one tensor and six numbers.")
def counts_tensors(model):
    learned = sum(1 for p in model.parameters() if p.requires_grad)
    return learned, sum(1 for p in model.parameters()) - learned


@exercise.mistake(
    "The state dict holds more than parameters: buffers are in it, and a shared weight stands "
    "there under each of its names."
)
def counts_state_dict(model):
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return learned, sum(v.numel() for v in model.state_dict().values()) - learned


@exercise.mistake(
    "`parameters()` of the whole model already walks through the whole tree. You count what a "
    "part holds once more at each level above it, so most parameters are counted several times."
)
def counts_every_level(model):
    parameters = [p for m in model.modules() for p in m.parameters()]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake("You count all parameters as learned. Some of them may be frozen.")
def counts_frozen_as_learned(model):
    return sum(p.numel() for p in model.parameters()), 0


@exercise.mistake(
    "A model without parameters has nothing to count, and that is a fine answer: zero."
)
def counts_with_stack(model):
    sizes = torch.stack([torch.tensor([p.numel(), p.requires_grad]) for p in model.parameters()])
    learned = int(sizes[sizes[:, 1] == 1, 0].sum())
    return learned, int(sizes[:, 0].sum()) - learned


@exercise.mistake(
    "A weight that two layers share is counted once for each of them by you. It is one parameter."
)
def counts_in_each_module(model):
    parameters = [p for m in model.modules() for p in m.parameters(recurse=False)]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake(same_as=counts_in_each_module)
def counts_every_name(model):
    parameters = [p for _, p in model.named_parameters(remove_duplicate=False)]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake(
    "You count what the parts of the model hold. A model can also hold parameters by itself, as "
    "a single layer does."
)
def counts_children_only(model):
    parameters = [p for child in model.children() for p in child.parameters()]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake(
    "You count what the innermost layers hold. A part that has parts may hold parameters by "
    "itself as well."
)
def counts_leaves_only(model):
    leaves = [m for m in model.modules() if not list(m.children())]
    parameters = {p for m in leaves for p in m.parameters()}
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake(same_as=counts_leaves_only)
def counts_leaves_each(model):
    leaves = [m for m in model.modules() if not list(m.children())]
    parameters = [p for m in leaves for p in m.parameters()]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return learned, sum(p.numel() for p in parameters) - learned


@exercise.mistake("Your second number is that of all parameters. How many of them are frozen?")
def counts_total(model):
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return learned, sum(p.numel() for p in model.parameters())


@exercise.mistake("You give back one number. Two were asked for, in a tuple.")
def counts_learned_only(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@exercise.mistake(
    "eval mode is not frozen: it changes how some layers compute, and gradients go on. Each "
    "parameter says for itself whether it is learned."
)
def counts_by_mode(model):
    total = sum(p.numel() for p in model.parameters())
    return (total, 0) if model.training else (0, total)


@exercise.mistake("The numbers are right, and they are tensors. Two ints were asked for.")
def counts_in_tensors(model):
    learned = sum(torch.tensor(p.numel()) for p in model.parameters() if p.requires_grad)
    everything = sum(torch.tensor(p.numel()) for p in model.parameters())
    return learned, everything - learned


@exercise.mistake("The two numbers have changed places. Which one comes first?")
def counts_turned(model):
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return sum(p.numel() for p in model.parameters()) - learned, learned


@exercise.right
def counted_in_a_loop(model):
    counts = {True: 0, False: 0}
    for _, parameter in model.named_parameters():
        counts[parameter.requires_grad] += math.prod(parameter.shape)
    return counts[True], counts[False]


exercise.equivalent(
    "counts[parameter.requires_grad] += math.prod(parameter.shape)",
    "counts[parameter.requires_grad] = counts[parameter.requires_grad] + "
    "math.prod(parameter.shape)",
    because="Whole numbers cannot be changed in place: both ways give the name a new number.",
)
