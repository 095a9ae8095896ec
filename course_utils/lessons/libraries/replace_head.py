"""A model was trained on other pictures. Its last layer gives scores of the old classes: put a new
one in its place, and get the model ready to train this layer alone.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import seeded
from course_utils.observation import attempt

exercise = Exercise(
    "12.11",
    "A new head on a frozen backbone",
    minutes=15,
    difficulty=2,
    hints=[
        "Three questions: what requires a gradient, what does the optimizer hold, and which layers "
        "behave differently while training?",
        "The order matters: what you freeze last is frozen.",
        "A layer inside a part is an attribute of that part. `get_submodule` finds the part, and "
        "setattr() takes the name of an attribute as text.",
    ],
)


@exercise.reference
def replace_head(model, name, classes):
    """Give a model a new last layer, and get it ready to train that layer alone.

    model: an nn.Module in any mode, with BatchNorm and Dropout inside, all of it trainable. name:
    where its last layer is, an nn.Linear: "fc", or "classifier.1" in a part called classifier.
    The new layer, an nn.Linear with `classes` outputs, comes to the same place. No other parameter
    requires a gradient any more, and in the next forward pass BatchNorm and Dropout work as they
    do in evaluation.
    Returns an SGD optimizer with lr 0.1 that holds the parameters of the new layer and no others.
    """
    old = model.get_submodule(name)
    model.requires_grad_(False)
    model.eval()
    head = nn.Linear(old.in_features, classes)
    path, _, last = name.rpartition(".")
    part = model.get_submodule(path)  # of no path: the model itself
    setattr(part, last, head)
    return torch.optim.SGD(head.parameters(), lr=0.1)


class Pictures(nn.Module):
    """As models of torchvision: convolutions, BatchNorm, and a layer `fc` behind them."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, width, 2), nn.BatchNorm2d(width), nn.ReLU())
        self.fc_norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (batch, 1, height, width) -> (batch, classes)"""
        features = self.features(x).mean(dim=(2, 3))  # (batch, features)
        return self.fc(self.drop(self.fc_norm(features)))


class PicturesInParts(nn.Module):
    """The last layer is the second one of a part; the first of that part learns as well."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, width, 2), nn.BatchNorm2d(width), nn.ReLU())
        self.drop = nn.Dropout(0.5)
        self.classifier = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (batch, 1, height, width) -> (batch, classes)"""
        return self.classifier(self.drop(self.features(x).mean(dim=(2, 3))))


@exercise.cases
def _(rng):
    yield seeded(rng, lambda: Pictures(3, 2)), "fc", 4
    yield seeded(rng, lambda: PicturesInParts(3, 2)), "classifier.1", 3
    yield seeded(rng, lambda: Pictures(2, 3).eval()), "fc", 3
    width, classes = rng.randint(3, 6), rng.randint(2, 5)
    yield seeded(rng, lambda: PicturesInParts(width, 2).eval()), "classifier.1", classes
    yield seeded(rng, lambda: Pictures(width, 2)), "fc", classes


def step(model, optimizer, name):
    """What one step of training does to the model: names of the tensors that are others then."""
    head = model.get_submodule(name)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.fill_(0.5)
    before = copy.deepcopy(model.state_dict())
    pictures = torch.arange(18.0).reshape(2, 1, 3, 3) / 9 - 1
    scores = model(pictures)  # (2, classes)
    scores.pow(2).sum().backward()
    optimizer.step()
    after = model.state_dict()
    return {
        "scores of two pictures": scores,
        "changed by a step": [n for n, v in after.items() if not torch.equal(v, before[n])],
        "got a gradient": [n for n, p in model.named_parameters() if p.grad is not None],
    }


@exercise.observe
def _(answer, model, name, classes):
    names = [n for n in model.state_dict() if not n.startswith(f"{name}.")]
    before = {n: v.clone() for n, v in model.state_dict().items() if n in names}
    old = model.get_submodule(name)
    optimizer = answer(model, name, classes)
    head, state = model.get_submodule(name), model.state_dict()
    facts = {
        "parts": [n for n, _ in model.named_modules()],
        "the layer at this place": type(head).__name__,
        "its inputs and outputs": attempt(lambda: (head.in_features, head.out_features)),
        "it is the old one": head is old,
        "shape of its parameters": {n: tuple(p.shape) for n, p in head.named_parameters()},
        "changed elsewhere": [n for n in names if not torch.equal(state[n], before[n])],
        "requires a gradient": [n for n, p in model.named_parameters() if p.requires_grad],
        "in training mode": [
            n
            for n, module in model.named_modules()
            if isinstance(module, (nn.BatchNorm2d, nn.Dropout)) and module.training
        ],
    }
    if not isinstance(optimizer, torch.optim.Optimizer):
        return {**facts, "returned": optimizer}
    known = {id(p): n for n, p in model.named_parameters()}
    held = [p for group in optimizer.param_groups for p in group["params"]]
    facts["held by the optimizer"] = sorted(known.get(id(p), "not of the model") for p in held)
    facts["optimizer"] = type(optimizer).__name__
    groups = optimizer.param_groups
    settings = {(float(group["lr"]), float(group.get("momentum", 0))) for group in groups}
    facts["its rate and momentum"] = sorted(settings)
    return {**facts, "a step of training": attempt(lambda: step(model, optimizer, name))}


def put(model, name, layer):
    """The layer comes to the place of this name."""
    part, _, last = name.rpartition(".")
    setattr(model.get_submodule(part), last, layer)
    return layer


def new_head(model, name, classes):
    return put(model, name, nn.Linear(model.get_submodule(name).in_features, classes))


@exercise.mistake(
    "`out_features` is a note that the layer keeps about itself. Its weight is as large as before: "
    "look at the shape of what the model gives."
)
def another_number(model, name, classes):
    model.requires_grad_(False).eval()
    head = model.get_submodule(name)
    head.out_features = classes
    return torch.optim.SGD(head.requires_grad_(True).parameters(), lr=0.1)


@exercise.mistake(
    "The optimizer holds parameters that are no longer in the model. It was given them before the "
    "new layer was there."
)
def optimizer_before_the_head(model, name, classes):
    model.requires_grad_(False).eval()
    optimizer = torch.optim.SGD(model.get_submodule(name).parameters(), lr=0.1)
    new_head(model, name, classes)
    return optimizer


@exercise.mistake(same_as=optimizer_before_the_head)
def optimizer_of_all_before(model, name, classes):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.requires_grad_(False).eval()
    new_head(model, name, classes)
    return optimizer


@exercise.mistake(
    "Nothing is left to train: the new layer is frozen as well. It came before you froze, and so "
    "it was one of 'all parameters'."
)
def frozen_too(model, name, classes):
    head = new_head(model, name, classes)
    model.requires_grad_(False).eval()
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "The optimizer leaves the rest alone, but nothing is frozen: gradients are computed for every "
    "parameter, and pile up there."
)
def nothing_frozen(model, name, classes):
    head = new_head(model, name, classes)
    model.eval()
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "No parameter of the backbone moves, and it is not the same after a step all the same: in "
    "training mode, BatchNorm goes on counting, and Dropout goes on dropping."
)
def mode_forgotten(model, name, classes):
    model.requires_grad_(False)
    return torch.optim.SGD(new_head(model, name, classes).parameters(), lr=0.1)


@exercise.mistake(same_as=mode_forgotten)
def training_mode_at_last(model, name, classes):
    model.requires_grad_(False).eval()
    head = new_head(model, name, classes)
    model.train()
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "A kind of layer is still in training mode. There are two in this model that behave "
    "differently there, and they may stand anywhere in it."
)
def batch_norm_alone(model, name, classes):
    model.requires_grad_(False).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return torch.optim.SGD(new_head(model, name, classes).parameters(), lr=0.1)


@exercise.mistake(
    "The new layer hangs at the model under a name with a dot, and nobody calls it. The dot is the "
    "way to a part inside a part."
)
def name_with_a_dot(model, name, classes):
    model.requires_grad_(False).eval()
    head = nn.Linear(model.get_submodule(name).in_features, classes)
    setattr(model, name, head)
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "An attribute has no dot in its name: 'classifier.1' is the way to a part inside a part. "
    "Python looks for one attribute that is called so."
)
def one_attribute(model, name, classes):
    model.requires_grad_(False).eval()
    head = nn.Linear(getattr(model, name).in_features, classes)
    setattr(model, name, head)
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake("You take `fc` for the last layer of every model. Where it is, `name` says.")
def always_fc(model, name, classes):
    model.requires_grad_(False).eval()
    model.fc = nn.Linear(model.fc.in_features, classes)
    return torch.optim.SGD(model.fc.parameters(), lr=0.1)


@exercise.mistake(
    "You take `fc` for the last layer of every model: where it is, `name` says. And the model "
    "stays in the mode in which it came."
)
def always_fc_in_any_mode(model, name, classes):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, classes)
    return torch.optim.SGD(model.fc.parameters(), lr=0.1)


@exercise.mistake(
    "There is a new layer, and the model still has the old one: a variable of yours is no place in "
    "the model."
)
def a_variable(model, name, classes):
    model.requires_grad_(False).eval()
    layer = model.get_submodule(name)
    layer = nn.Linear(layer.in_features, classes)
    return torch.optim.SGD(layer.parameters(), lr=0.1)


@exercise.mistake(
    "It is the old layer with other weights, and what it says of itself no longer fits. A new "
    "layer was asked for."
)
def other_weights_in_the_old_layer(model, name, classes):
    model.requires_grad_(False).eval()
    layer = model.get_submodule(name)
    layer.weight = nn.Parameter(torch.zeros(classes, layer.in_features))
    layer.bias = nn.Parameter(torch.zeros(classes))
    return torch.optim.SGD(layer.parameters(), lr=0.1)


@exercise.mistake(
    "The old layer is still there, and yours comes after it. Its scores were made for other "
    "classes: what is to go in?"
)
def on_top_of_the_old_one(model, name, classes):
    model.requires_grad_(False).eval()
    old = model.get_submodule(name)
    head = nn.Linear(old.out_features, classes)
    put(model, name, nn.Sequential(old, head))
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "Your layer has another number of inputs than the old one. What comes to this place is what "
    "came there before."
)
def inputs_from_the_outputs(model, name, classes):
    model.requires_grad_(False).eval()
    head = put(model, name, nn.Linear(model.get_submodule(name).out_features, classes))
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(
    "The optimizer holds parameters of the backbone. They get no gradient now; if somebody thaws a "
    "layer later, it begins to move without being asked."
)
def optimizer_of_all(model, name, classes):
    model.requires_grad_(False).eval()
    new_head(model, name, classes)
    return torch.optim.SGD(model.parameters(), lr=0.1)


@exercise.mistake(
    "The optimizer holds a part of the new layer only. A linear layer has two parameters."
)
def weight_alone(model, name, classes):
    model.requires_grad_(False).eval()
    return torch.optim.SGD([new_head(model, name, classes).weight], lr=0.1)


@exercise.mistake(
    "Some of the backbone can still be trained. Names that begin alike are not the same layer, and "
    "there are parameters in all kinds of layers."
)
def names_that_begin_alike(model, name, classes):
    new_head(model, name, classes)
    model.eval()
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad = parameter_name.startswith(name.split(".")[0])
    trained = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD(trained, lr=0.1)


@exercise.mistake(same_as=names_that_begin_alike)
def features_are_frozen(model, name, classes):
    head = new_head(model, name, classes)
    model.eval()
    model.features.requires_grad_(False)
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake(same_as=names_that_begin_alike)
def weights_are_frozen(model, name, classes):
    model.eval()
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.endswith("weight"):
            parameter.requires_grad_(False)
    head = new_head(model, name, classes)
    return torch.optim.SGD(head.parameters(), lr=0.1)


@exercise.mistake("A copy of the model has the new layer. The caller's model is as it was.")
def in_a_copy(model, name, classes):
    return replace_head(copy.deepcopy(model), name, classes)


@exercise.mistake(
    "The model is ready. The optimizer is another one than the docstring asks for: look at its "
    "kind and its numbers."
)
def with_adam(model, name, classes):
    head = ready(model, name, classes)
    return torch.optim.Adam(head.parameters(), lr=0.1)


def ready(model, name, classes):
    model.requires_grad_(False).eval()
    return new_head(model, name, classes)


@exercise.mistake(same_as=with_adam)
def with_momentum(model, name, classes):
    return torch.optim.SGD(ready(model, name, classes).parameters(), lr=0.1, momentum=0.9)


@exercise.mistake(same_as=with_adam)
def another_rate(model, name, classes):
    return torch.optim.SGD(ready(model, name, classes).parameters(), lr=0.01)


@exercise.mistake(
    "The model is ready, and what you give back is no optimizer. What is asked for trains the "
    "new layer."
)
def gives_the_model(model, name, classes):
    ready(model, name, classes)
    return model


@exercise.mistake(same_as=gives_the_model)
def gives_the_parameters(model, name, classes):
    return list(ready(model, name, classes).parameters())


@exercise.mistake(same_as=gives_the_model)
def gives_nothing(model, name, classes):
    ready(model, name, classes)


@exercise.mistake("Your new layer has no bias. The one that it stands for had one.")
def without_bias(model, name, classes):
    model.requires_grad_(False).eval()
    head = nn.Linear(model.get_submodule(name).in_features, classes, bias=False)
    return torch.optim.SGD(put(model, name, head).parameters(), lr=0.1)


@exercise.right
def freeze_one_by_one(model, name, classes):
    for parameter in model.parameters():
        parameter.requires_grad = False
    names = name.split(".")
    part = model
    for inner in names[:-1]:
        part = getattr(part, inner)
    width = getattr(part, names[-1]).in_features
    setattr(part, names[-1], nn.Linear(width, classes))
    model.eval()
    trained = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD(trained, lr=0.1)


@exercise.right
def freeze_after_by_identity(model, name, classes):
    *path, last = name.split(".")
    part = model.get_submodule(".".join(path))
    part.add_module(last, nn.Linear(model.get_submodule(name).weight.shape[1], classes))
    head = model.get_submodule(name)
    kept = {id(p) for p in head.parameters()}
    for p in model.parameters():
        p.requires_grad_(id(p) in kept)
    for module in model.modules():
        module.training = False
    return torch.optim.SGD([{"params": [head.weight]}, {"params": [head.bias]}], lr=0.1)


@exercise.right
def looked_for_among_the_parts(model, name, classes):
    model.eval().requires_grad_(False)
    old = model.get_submodule(name)
    head = nn.Linear(old.in_features, classes)
    for part in model.modules():
        for inner, layer in part.named_children():
            if layer is old:
                setattr(part, inner, head)
    return torch.optim.SGD(params=head.parameters(), lr=1e-1)


@exercise.right
def thawed_by_name(model, name, classes):
    path, _, last = f".{name}".rpartition(".")
    part = model.get_submodule(path.removeprefix("."))
    part._modules[last] = nn.Linear(part._modules[last].in_features, classes)
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad = parameter_name.startswith(name + ".")
    model.train(False)
    return torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1)
