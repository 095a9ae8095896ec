"""Before a trained model is trained further on new data, a part of it is often frozen. Freeze the
part with the given name, and say what is left for the optimizer.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import go_back
from course_utils.lessons.modules.inputs import Scaled, frozen
from course_utils.promises import promised_models


def layered(**layers: nn.Module) -> nn.Sequential:
    """A Sequential whose layers have names."""
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model


exercise = Exercise(
    "04.14",
    "Freeze a part of a model",
    minutes=12,
    difficulty=2,
    hints=[
        "`get_submodule` finds a part by its name, also one deep inside: 'body.0'.",
        "Freezing is a property of each parameter. Look for a method of Module that sets it for "
        "a whole part.",
        "Which parameters of the whole model are still to be trained afterwards?",
    ],
)


@exercise.reference
def freeze(model, name):
    """Freeze one part of a model, and give back what is left to train.

    model: an nn.Module, in any mode; some of it may be frozen already.
    name: the name of a part of it, such as 'body' or 'body.0'; a part may have parts.
    All parameters of this part stop requiring gradients, also those that are shared with another
    part; everything else stays as it is.
    Returns the list of the model's parameters that still require gradients, for an optimizer.
    """
    model.get_submodule(name).requires_grad_(False)
    return [p for p in model.parameters() if p.requires_grad]


@exercise.cases
def _(rng):
    yield layered(body=nn.Linear(2, 2), head=nn.Linear(2, 1)), "body"
    yield layered(body=Scaled(nn.Linear(2, 2), 2), head=nn.Linear(2, 1)), "body"
    yield layered(layer1=nn.Linear(2, 2), layer10=nn.Linear(2, 1)), "layer1"
    inner = layered(first=nn.Linear(2, 2), second=nn.Linear(2, 2, bias=False))
    yield layered(body=inner, head=nn.Linear(2, 1)), "body.first"
    inner = layered(first=nn.Linear(2, 2), second=layered(third=nn.Linear(2, 2)))
    yield layered(body=inner, head=nn.Linear(2, 1)), "body"
    [tied] = promised_models(rng, "tied weights", inputs=2)
    for name in ("last", "first", "second"):
        yield copy.deepcopy(tied), name
    for model in promised_models(rng, "frozen parameters", "any mode", inputs=2):
        yield model, "0"
    old = frozen(nn.Linear(2, 2))
    yield layered(old=old, norm=nn.BatchNorm1d(2), head=nn.Linear(2, 1)), "norm"
    trained = layered(body=nn.Linear(2, 2), head=nn.Linear(2, 1))
    trained(torch.ones(1, 2)).sum().backward()
    yield trained, "body"
    names = rng.sample("abcdefgh", 4)
    yield layered(**{name: nn.Linear(2, 2) for name in names}), rng.choice(names)


@exercise.observe
def _(answer, model, name):
    before = copy.deepcopy(model)
    result = answer(model, name)
    names = {id(p): n for n, p in model.named_parameters()}
    returned = result
    if isinstance(result, (list, tuple)):
        returned = [names.get(id(item), "not a parameter of the model") for item in result]
    facts = {
        "requires_grad": {n: p.requires_grad for n, p in model.named_parameters()},
        "returned": returned,
        "values changed": [
            n for n, v in model.state_dict().items() if not torch.equal(v, before.state_dict()[n])
        ],
        "mode of each module": {n: m.training for n, m in model.named_modules()},
    }
    go_back(model(torch.tensor([[1.0, 2.0], [3.0, -1.0]])).sum())
    facts["got a gradient"] = [n for n, p in model.named_parameters() if p.grad is not None]
    return facts


@exercise.mistake(
    "Nothing is frozen: each parameter requires gradients as before. Which attribute has to "
    "change, and on which objects? Tensors and modules take new ones without a word."
)
def freezes_misspelled(model, name):
    for parameter in model.get_submodule(name).parameters():
        parameter.required_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(same_as=freezes_misspelled)
def freezes_the_module(model, name):
    part = model.get_submodule(name)
    part.requires_grad = False
    kept = {id(p) for p in part.parameters()}
    return [p for p in model.parameters() if id(p) not in kept]


@exercise.mistake(
    "You froze more than the part. Names that look alike are not the same part: 'layer10' is none "
    "of 'layer1'."
)
def freezes_by_prefix(model, name):
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.startswith(name):
            parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "eval() changes how some layers behave. It does not freeze: gradients and steps go on."
)
def freezes_with_eval(model, name):
    model.get_submodule(name).eval()
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "The part is frozen, but your list still holds all parameters. Only what is to be trained "
    "was asked for."
)
def returns_everything(model, name):
    model.get_submodule(name).requires_grad_(False)
    return list(model.parameters())


@exercise.mistake(
    "Some parameters were frozen before you came. You gave back all that lies outside the named "
    "part, those included."
)
def returns_all_others(model, name):
    part = model.get_submodule(name).requires_grad_(False)
    kept = {id(p) for p in part.parameters()}
    return [p for p in model.parameters() if id(p) not in kept]


@exercise.mistake("The part is frozen, and it is in eval mode, too. The mode was to stay as it is.")
def freezes_and_evals(model, name):
    model.get_submodule(name).requires_grad_(False).eval()
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "What was frozen before is learned again after your call. Everything outside the part was to"
    " stay as it is."
)
def thaws_the_rest(model, name):
    model.requires_grad_(True)
    model.get_submodule(name).requires_grad_(False)
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake("You give back something that can be walked through once. A list was asked for.")
def returns_filter(model, name):
    model.get_submodule(name).requires_grad_(False)
    return filter(lambda p: p.requires_grad, model.parameters())


@exercise.mistake("Your list holds names. An optimizer wants the parameters themselves.")
def returns_names(model, name):
    model.get_submodule(name).requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


@exercise.mistake(
    "A shared parameter has two names, and `named_parameters()` gives one of them. Look for the "
    "part, not for names."
)
def freezes_first_names(model, name):
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.startswith(name + "."):
            parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "A name with dots, as 'body.0', is the name of no attribute: each dot is a step into a part."
)
def freezes_attribute(model, name):
    for parameter in getattr(model, name).parameters():
        parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "You look for the name among the parts of the model alone. A part may stand deeper inside, "
    "as 'body.0' does."
)
def freezes_top_parts(model, name):
    for part_name, part in model.named_children():
        if part_name == name:
            part.requires_grad_(False)
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "You freeze what the part holds by itself. A part may have parts, and their parameters "
    "belong to it."
)
def freezes_own_only(model, name):
    for parameter in model.get_submodule(name).parameters(recurse=False):
        parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "Not all parameters of the part are frozen. A part may hold some beside its layers, and under "
    "other names than `weight` and `bias`."
)
def freezes_weight_and_bias(model, name):
    for part in model.get_submodule(name).modules():
        for attribute in ("weight", "bias"):
            parameter = getattr(part, attribute, None)
            if isinstance(parameter, nn.Parameter):
                parameter.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@exercise.mistake("A shared parameter stands twice in your list. An optimizer wants each once.")
def returns_each_place(model, name):
    model.get_submodule(name).requires_grad_(False)
    return [p for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad]


@exercise.right
def parameter_by_parameter(model, name):
    part = dict(model.named_modules())[name]
    for parameter in part.parameters():
        parameter.requires_grad = False
    return list(filter(lambda p: p.requires_grad, model.parameters()))


@exercise.right
def by_name_with_a_dot(model, name):
    for parameter_name, parameter in model.named_parameters(remove_duplicate=False):
        if parameter_name.startswith(name + "."):
            parameter.requires_grad_(False)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
