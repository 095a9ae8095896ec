"""Freeze a part of a model between two batches, so that no optimizer moves it any more. Its
gradients of the last batch are still there when your function is called.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import set_numbers, wake_optimizers


def freeze_and_train(
    answer, part: nn.Module, momentum: float, decay: float, begun: bool = False
) -> dict:
    """Two batches, then the answer freezes the part, then three more steps.

    begun: the first parameter of the part is frozen already, and its gradient is still there.
    """
    rest = nn.Linear(2, 1)
    model = nn.Sequential(part, rest)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum, weight_decay=decay)
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])

    def batch(clear):
        if clear:
            optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()

    batch(clear=True)
    batch(clear=True)
    if begun:
        next(part.parameters()).requires_grad_(False)
    given = answer(part)
    frozen, before = copy.deepcopy(part.state_dict()), rest.weight.detach().clone()
    optimizer.step()
    facts = {
        "freeze returns": given if given is None else type(given).__name__,
        "the part moves in the next step": moved(part, frozen),
        "the rest still moves": not torch.equal(before, rest.weight.detach()),
    }
    batch(clear=True)
    batch(clear=False)
    facts["the part moves later"] = moved(part, frozen)
    facts["requires_grad of its parameters"] = [p.requires_grad for p in part.parameters()]
    still = [p.numel() for p in part.parameters() if not p.requires_grad]
    facts["how many numbers are frozen"] = sum(still)
    facts["the part is in training mode"] = part.training
    facts["attributes added to the module"] = "requires_grad" in vars(part)
    facts["the rest requires a gradient"] = [p.requires_grad for p in rest.parameters()]
    return facts


def moved(part: nn.Module, before: dict) -> bool:
    """True if any tensor of the state dict is different from before."""
    now = part.state_dict()
    return any(not torch.equal(now[name], before[name]) for name in before)


exercise = Exercise(
    "09.12",
    "Freeze a part in the middle of training",
    minutes=10,
    difficulty=2,
    hints=[
        "The optimizer does not look at requires_grad. What does it look at?",
        "A gradient of zero is still a gradient: momentum and weight decay go on.",
        "`module.requires_grad_(False)`, with the underscore, reaches every parameter.",
    ],
)


@exercise.reference
def freeze(part):
    """Freeze a module at once: no optimizer moves it any more, and no gradient is computed for it.

    part: an nn.Module in the middle of training, with gradients of the last batch. Its parameters
    stay in the optimizer, which may have momentum and weight decay. The module stays in training
    mode. Returns nothing.
    """
    for parameter in part.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None


class Scaled(nn.Module):
    """A part of no kind that torch knows: a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.5, 2.0]))

    def forward(self, x):
        """x: shape (n, 2). Returns the same shape."""
        return x * self.scale


@exercise.cases
def _(rng):
    wake_optimizers()
    yield (set_numbers(nn.Linear(2, 2), rng),)
    yield (set_numbers(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)), rng),)
    inner = nn.Sequential(set_numbers(nn.Linear(2, 2), rng), Scaled())
    yield (nn.Sequential(inner, set_numbers(nn.Linear(2, 2), rng)),)
    width = rng.randint(2, 40)
    yield (nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 2)),)


@exercise.observe
def _(answer, part):
    facts = {}
    for momentum, decay in ((0.0, 0.0), (0.9, 0.0), (0.9, 0.1)):
        setting = f"momentum {momentum}, weight decay {decay}"
        facts[setting] = freeze_and_train(answer, copy.deepcopy(part), momentum, decay)
    begun = freeze_and_train(answer, copy.deepcopy(part), 0.0, 0.0, begun=True)
    facts["its first parameter requires no gradient any more, but still has one"] = begun
    return facts


@exercise.mistake(
    "No new gradients are computed now, but the last ones are still there, and the optimizer "
    "uses them."
)
def leaves_the_gradient(part):
    part.requires_grad_(False)


@exercise.mistake(
    "The gradients are zero now. To the optimizer that is a gradient like any other: momentum "
    "and weight decay go on."
)
def zero_gradients(part):
    for parameter in part.parameters():
        parameter.requires_grad_(False)
        parameter.grad.zero_()


@exercise.mistake(
    "`part.requires_grad = False` only puts a new attribute on the module. Nothing reads it, and "
    "Python does not complain."
)
def an_attribute_of_the_module(part):
    part.requires_grad = False


@exercise.mistake(same_as=an_attribute_of_the_module)
def attribute_and_no_gradients(part):
    part.requires_grad = False
    part.zero_grad()


@exercise.mistake(
    "eval() changes what Dropout and BatchNorm do. It has nothing to do with gradients or the "
    "optimizer."
)
def evaluation_mode(part):
    part.eval()


@exercise.mistake(same_as=evaluation_mode)
def evaluation_and_no_gradients(part):
    part.eval()
    part.zero_grad()


@exercise.mistake(
    "The part is frozen, and in evaluation mode now. Dropout and BatchNorm inside it work "
    "differently from here on; the docstring says which mode it stays in."
)
def evaluation_as_well(part):
    part.eval()
    for parameter in part.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None


@exercise.mistake(
    "The next step leaves the part alone, but the batch after that computes gradients for it again."
)
def only_clears(part):
    for parameter in part.parameters():
        parameter.grad = None


@exercise.mistake(
    "Not every part that is given is frozen as a whole. It may be a single layer or have parts "
    "inside, and a layer has more than one parameter."
)
def own_parameters_only(part):
    for parameter in part.parameters(recurse=False):
        parameter.requires_grad_(False)
        parameter.grad = None


@exercise.mistake(same_as=own_parameters_only)
def weights_only(part):
    for module in part.modules():
        if hasattr(module, "weight"):
            module.weight.requires_grad_(False)
            module.weight.grad = None


@exercise.mistake(same_as=own_parameters_only)
def direct_children_only(part):
    for module in part.children():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)
            parameter.grad = None


@exercise.mistake(
    "A parameter in a layer that someone else has written is not frozen. Whether you go by kinds "
    "of layers or by names: how do you reach them all?"
)
def linear_layers_only(part):
    for module in part.modules():
        if isinstance(module, nn.Linear):
            module.requires_grad_(False)
            module.zero_grad()


@exercise.mistake(
    "A parameter that requires no gradient is left out by you. Whether it has an old one is "
    "another question, and the optimizer asks only that."
)
def leaves_out_the_frozen(part):
    for parameter in part.parameters():
        if parameter.requires_grad:
            parameter.requires_grad_(False)
            parameter.grad = None


@exercise.mistake(
    "The part has other parameters now. Its own are still in the optimizer, which moves tensors "
    "that no model uses any more."
)
def other_parameters(part):
    for module in part.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(parameter.detach().clone(), requires_grad=False))


@exercise.mistake(
    "The gradients of the part are 0 from here on. To the optimizer that is a gradient like any "
    "other: momentum and weight decay go on."
)
def hook_of_zeros(part):
    for parameter in part.parameters():
        parameter.grad = None
        parameter.register_hook(torch.zeros_like)


@exercise.mistake(
    "No gradients are recorded any more, anywhere: that switch belongs to the whole program, and "
    "the rest of the model is to go on learning."
)
def off_for_everyone(part):
    part.zero_grad()
    torch.set_grad_enabled(False)


@exercise.mistake(
    "The part is frozen, and your function gives something back. The docstring says it returns "
    "nothing, as functions that change their argument do."
)
def gives_the_part_back(part):
    part.zero_grad()
    return part.requires_grad_(False)


@exercise.right
def freeze_with_zero_grad(part):
    part.requires_grad_(False)
    part.zero_grad(set_to_none=True)


@exercise.right
def freeze_module_by_module(part):
    for module in part.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
            parameter.grad = None


exercise.equivalent(
    "part.zero_grad(set_to_none=True)",
    "part.zero_grad()",
    because="Since torch 2.0 zero_grad sets gradients to None without being told.",
)


exercise.equivalent(
    "for parameter in module.parameters(recurse=False):",
    "for parameter in module.parameters():",
    "for parameter in module.parameters(recurse=True):",
    because="The parameters of parts are met more than once then, and frozen again.",
)
