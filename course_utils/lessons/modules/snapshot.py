"""During training you want to remember the best state so far. Take a snapshot that stays as it is
while the model goes on learning.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import one_step
from course_utils.lessons.modules.inputs import fill_by_name
from course_utils.observation import attempt
from course_utils.promises import promised_models

exercise = Exercise(
    "04.16",
    "Remember the best weights",
    minutes=10,
    difficulty=2,
    hints=[
        "Take `before = model.state_dict()`, change the model, and look at `before`.",
        "The tensors in a state dict share their memory with the model. Which method makes a "
        "tensor with memory of its own?",
    ],
)


@exercise.reference
def snapshot(model):
    """The state of a model as it is now, untouched by whatever happens to the model later.

    model: an nn.Module, which may have buffers and frozen parameters; no two of its names stand for
    one tensor. Returns a dict with the names of its state dict. The tensors share no memory with
    the model and do not require gradients.
    """
    return {name: value.clone() for name, value in model.state_dict().items()}


@exercise.cases
def _(rng):
    yield (nn.Linear(2, 1),)
    yield (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),)
    for model in promised_models(rng, "buffers", "frozen parameters", inputs=2, outputs=1):
        yield (model,)
    masked = nn.Linear(2, 1)
    masked.register_buffer("mask", torch.ones(2), persistent=False)  # the state dict leaves it out
    yield (masked,)
    width = rng.randint(2, 9)
    last = nn.Linear(width, rng.randint(1, 9))
    yield (nn.Sequential(nn.Linear(2, width), nn.Sigmoid(), last),)


@exercise.observe
def _(answer, model):
    fill_by_name(model)
    result = answer(model)
    at_once = sorted(result) if isinstance(result, dict) else result
    loss = model(torch.tensor([[1.0, 2.0], [3.0, -1.0]])).square().sum()
    one_step(model, loss)
    with torch.no_grad():  # frozen ones are left out by a step, and may change all the same
        for parameter in model.parameters():
            if not parameter.requires_grad:
                parameter.add_(1)
    facts = {"names": at_once, "snapshot after one more step": result}
    if isinstance(result, dict):
        facts["requires_grad"] = [getattr(v, "requires_grad", None) for v in result.values()]
        facts["state of the model that loads it back"] = attempt(
            lambda: (model.load_state_dict(result), dict(model.state_dict()))[1]
        )
    return facts


@exercise.mistake(
    "Your tensors share their memory with those of the model: as the model is trained on, your "
    "snapshot is trained on with it."
)
def snapshot_itself(model):
    return model.state_dict()


@exercise.mistake(
    "The parameters are there, the buffers are not: a BatchNorm would forget what it has seen."
)
def snapshot_parameters(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@exercise.mistake(
    "The tensors in your snapshot require gradients, as the parameters of the model do. Only the "
    "numbers are to be kept."
)
def snapshot_with_graph(model):
    result = {name: p.clone() for name, p in model.named_parameters()}
    result.update({name: b.clone() for name, b in model.named_buffers()})
    return result


@exercise.mistake(
    "You give back a whole model. What was asked for is its state: a dict that can be loaded."
)
def snapshot_of_the_model(model):
    return copy.deepcopy(model)


@exercise.mistake("Lists of numbers cannot be loaded back: shape and dtype belong to the state.")
def snapshot_as_lists(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


@exercise.mistake(same_as=snapshot_with_graph)
def snapshot_with_keep_vars(model):
    return copy.deepcopy(model.state_dict(keep_vars=True))


@exercise.mistake(
    "Your snapshot has names that are not in the state dict. Some buffers are left out there, by"
    " request."
)
def snapshot_with_unsaved(model):
    tensors = list(model.named_parameters()) + list(model.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in tensors}


@exercise.mistake(
    "A frozen parameter is left out by the optimizer. Nothing else in a program has to leave it "
    "alone: it can be loaded anew, or unfrozen later."
)
def snapshot_of_the_trained(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    state = model.state_dict()
    return {name: t if name in frozen else t.clone() for name, t in state.items()}


@exercise.mistake(
    "All tensors became float32. Some count, and their dtype is another: it belongs to the state."
)
def snapshot_of_floats(model):
    return {name: value.float().clone() for name, value in model.state_dict().items()}


@exercise.mistake(
    "Your dict holds arrays of numpy. Tensors were asked for, so that a model can load them."
)
def snapshot_as_arrays(model):
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


@exercise.mistake(
    "The tensors are there, and their names are lost. A dict was asked for, with the names of "
    "the state dict."
)
def snapshot_of_values(model):
    return [value.clone() for value in model.state_dict().values()]


@exercise.right
def deep_copied(model):
    return copy.deepcopy(model.state_dict())


@exercise.right
def parameters_and_buffers(model):
    with torch.no_grad():
        tensors = dict(model.named_parameters()) | dict(model.named_buffers())
        return {name: tensors[name].clone() for name in model.state_dict()}
