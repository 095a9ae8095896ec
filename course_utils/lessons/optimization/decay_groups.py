"""Sort the parameters of a model into two groups: with weight decay and without."""

import collections
import warnings

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import wake_optimizers
from course_utils.promises import promised_models

exercise = Exercise(
    "09.11",
    "Weight decay for weights only",
    minutes=10,
    difficulty=2,
    hints=[
        "Look at the number of dimensions: how many has the weight of a linear layer, a bias, "
        "the weight of a LayerNorm?",
        "parameters() and filter() can be walked through once. A list can be walked through again.",
        "A group is a dict: {'params': [...], 'weight_decay': ...}.",
    ],
)


@exercise.reference
def decay_groups(model, weight_decay):
    """Two parameter groups for an optimizer: weight decay for some, none for the rest.

    Tensors with two or more dimensions get `weight_decay`, all others (biases, the scales of
    normalisation layers) get 0. Frozen parameters are in no group. Each other one is in one group,
    once: also where a part has parts, or two layers share a parameter.
    Returns a list of two dicts, ready for torch.optim.AdamW(groups, lr=...).
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


class WithItsOwn(nn.Module):
    """Parameters of its own beside a layer, one of them a table that is called a bias."""

    def __init__(self):
        super().__init__()
        self.position_bias = nn.Parameter(torch.ones(2, 3))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.layer = nn.Linear(3, 2)
        self.layer.bias.requires_grad_(False)


@exercise.cases
def _(rng):
    wake_optimizers()
    yield nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), 0.1
    yield nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1, bias=False)), 0.1
    yield nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), 0.5
    model = nn.Sequential(nn.Embedding(4, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].requires_grad_(False)
    yield model, rng.randint(1, 99) / 100
    for model in promised_models(rng, "tied weights", "a part with parts"):
        yield model, 0.1
    yield WithItsOwn(), 0.1
    yield nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False)), 0.2
    yield nn.LayerNorm(3), 0.2  # nothing with two dimensions
    yield nn.Linear(2, 1), 0.0


@exercise.observe
def _(answer, model, weight_decay):
    groups = answer(model, weight_decay)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*duplicate parameters")
        optimizer = torch.optim.AdamW(groups, lr=0.1)
    held = collections.Counter(id(p) for group in optimizer.param_groups for p in group["params"])
    names = {id(p): name for name, p in model.named_parameters()}
    decays = {
        names.get(id(p), "a tensor that is not in the model"): float(group["weight_decay"])
        for group in optimizer.param_groups
        for p in group["params"]
    }
    return {
        "weight decay": dict(sorted(decays.items())),
        "left out": [name for name in names.values() if name not in decays],
        "groups": len(optimizer.param_groups),
        "parameters that are held more than once": sorted(
            {names.get(key, "another tensor") for key, times in held.items() if times > 1}
        ),
    }


@exercise.mistake(
    "Everything gets weight decay, as in an optimizer without groups. It pulls the scales of "
    "normalisation layers and the biases towards 0."
)
def decays_everything(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": trained, "weight_decay": weight_decay},
        {"params": [], "weight_decay": 0.0},
    ]


@exercise.mistake("You go by the name. The scale of a LayerNorm is called `weight`, too.")
def goes_by_the_name(model, weight_decay):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for n, p in named if "weight" in n], "weight_decay": weight_decay},
        {"params": [p for n, p in named if "weight" not in n], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "A table with two dimensions gets no weight decay in your function: because of its name, or of "
    "the layer that it belongs to. What does the docstring go by?"
)
def never_decays_a_bias(model, weight_decay):
    decayed, others = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            (others if p.dim() < 2 or name.endswith("bias") else decayed).append(p)
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Where a model has no parameters for one of the groups, your list is shorter. Whoever takes "
    "the two groups apart counts on two."
)
def without_empty_groups(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


@exercise.mistake(
    "The second group is empty. An iterator such as filter(...) can be walked through once; "
    "after that there is nothing left in it."
)
def walks_twice(model, weight_decay):
    trained = filter(lambda p: p.requires_grad, model.parameters())
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Frozen parameters are in a group. If an old gradient is still there, the optimizer moves them."
)
def takes_the_frozen(model, weight_decay):
    everything = list(model.parameters())
    return [
        {"params": [p for p in everything if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in everything if p.dim() < 2], "weight_decay": 0.0},
    ]


@exercise.mistake(same_as=takes_the_frozen)
def frozen_without_decay(model, weight_decay):
    decayed = [p for p in model.parameters() if p.requires_grad and p.dim() >= 2]
    others = [p for p in model.parameters() if not p.requires_grad or p.dim() < 2]
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


@exercise.mistake(
    "The group that gets no decay has no setting of its own, so it takes the optimizer's default. "
    "AdamW's is not 0."
)
def leaves_the_default(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2]},
    ]


@exercise.mistake(
    "A parameter that two layers share is held twice, and each step moves it twice. Which of the "
    "ways to walk through a model meets it only once?"
)
def walks_through_the_modules(model, weight_decay):
    parts = model.modules()
    own = [p for part in parts for p in part.parameters(recurse=False)]
    trained = [p for p in own if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Some parameters are in no group: those of parts inside of parts. No optimizer will move them."
)
def direct_children_only(model, weight_decay):
    parts = model.children()
    own = [p for part in parts for p in part.parameters(recurse=False)]
    trained = [p for p in own if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Only linear layers get weight decay from you. Which other layers have weights with two or "
    "more dimensions?"
)
def linear_layers_only(model, weight_decay):
    weights = [part.weight for part in model.modules() if isinstance(part, nn.Linear)]
    decayed = [p for p in weights if p.requires_grad]
    others = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": [p for p in others if all(p is not q for q in decayed)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "You draw the line at the wrong number of dimensions. How many has the weight of a linear "
    "layer, how many that of a convolution?"
)
def more_than_two_dimensions(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() > 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.dim() > 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(same_as=more_than_two_dimensions)
def matrices_only(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() == 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() != 2], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "A dimension of size 1 is a dimension, too. How many has the weight of a linear layer with "
    "one output?"
)
def without_sizes_of_one(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.squeeze().dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.squeeze().dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Your groups are empty. Before the first batch no parameter has a gradient: what says of a "
    "parameter that it is to be trained?"
)
def those_with_a_gradient(model, weight_decay):
    trained = [p for p in model.parameters() if p.grad is not None]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "A weight decay of 0 becomes another number, in your groups or in the optimizer that gets "
    "them. 0 is asked for, not left out."
)
def zero_is_not_given(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay or 0.01},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


@exercise.mistake("Your weight decay is the same number, whatever is asked for.")
def the_usual_decay(model, weight_decay):
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": 0.01},
        {"params": [p for p in trained if not (p.dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "Every parameter has a group of its own. It trains alike, but a setting would have to be "
    "changed in each of them: two groups were asked for."
)
def one_group_for_each(model, weight_decay):
    return [
        {"params": [p], "weight_decay": weight_decay if p.dim() >= 2 else 0.0}
        for p in model.parameters()
        if p.requires_grad
    ]


@exercise.mistake(
    "The tensors in your groups are not the model's parameters: no gradient ever arrives at them."
)
def tensors_of_the_state_dict(model, weight_decay):
    trained = [t for t in model.state_dict().values() if t.is_floating_point()]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if not (p.dim() >= 2)], "weight_decay": 0.0},
    ]


@exercise.right
def groups_by_a_loop(model, weight_decay):
    decay, rest = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (decay if parameter.ndim > 1 else rest).append(parameter)
    return [dict(params=rest, weight_decay=0), dict(params=decay, weight_decay=weight_decay)]
