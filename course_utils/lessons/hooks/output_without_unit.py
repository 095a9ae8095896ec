"""Which unit of a layer does what? One way to find out: switch a single unit off and look at what
the model gives now.
"""

import copy

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    add_hooks_of_others,
    after_an_error,
    count_hooks,
    forget_global_hooks,
)
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "05.5",
    "What if this unit were silent?",
    minutes=12,
    difficulty=2,
    hints=[
        "What a forward hook returns (if it is not None) takes the place of the layer's output.",
        "Here the units of a linear layer and the channels of a convolution are both dimension 1.",
        "The output may be needed unchanged by backward: change a copy.",
    ],
)


@exercise.reference
def output_without_unit(model, name, unit, x):
    """What the model gives when one unit of one layer always gives 0.

    name: full name of a layer whose output has shape (batch, units, ...) and is finite; it may run
    more than once. unit: an int from 0. x: a float32 tensor of any strides.
    Returns the output of the model; backward through it works, for x and for the parameters.
    Weights are not changed, and no hook is left behind, also when the model raises.
    """

    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, "1", 0, numbers(rng, 2, 3)
    yield flat, "0", rng.randint(1, 3), numbers(rng, 4, 3)
    nested = Source("nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Sigmoid()), nn.Linear(4, 2))")
    yield nested, "0.1", rng.randint(0, 3), numbers(rng, 4, 3)
    convolution = Source(
        "nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 2))"
    )
    yield convolution, "0", 1, numbers(rng, 2, 1, 4, 4)
    yield Source("Twice()"), "layer", rng.randint(0, 2), numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))"), "0", 3, numbers(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield flat, "1", rng.randint(0, 3), x


@exercise.observe
def _(answer, source, name, unit, x):
    model = source.build()
    add_hooks_of_others(model)
    others = count_hooks(model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    x = x.detach().requires_grad_()
    output = answer(model, name, unit, x)
    changed = [
        not torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True)
    ]

    def gradients(*of):
        return torch.autograd.grad((output**2).sum(), of, retain_graph=True, allow_unused=True)

    facts = {
        "output": output,
        "gradient of the input": attempt(lambda: gradients(x)[0]),
        "gradients of the parameters": attempt(lambda: gradients(*model.parameters())),
        "parameters were changed": changed,
        "hooks left behind": count_hooks(model) - others,
    }
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, unit, x))


@exercise.mistake(
    "The model gives what it always gives: it went on with the output as it was. How does a "
    "forward hook hand over another one?"
)
def zero_without_return(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@exercise.mistake(
    "The output is right, but backward is broken: you wrote into a tensor that the layer has "
    "saved for its backward."
)
def writes_into_the_output(model, name, unit, x):
    def silence(layer, args, output):
        output[:, unit] = 0

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@exercise.mistake(
    "Dimension 0 is the batch: a place in it is that of a sample, not of a unit. Where are the "
    "units?"
)
def silences_a_sample(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[unit % len(changed)] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@exercise.mistake("The unit stays silent for ever: your hook is still on the model after the call.")
def stays_silent(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    model.get_submodule(name).register_forward_hook(silence)
    return model(x)


@exercise.mistake(
    "When the model raises, your hook is still there afterwards: the next run, on a good input, "
    "would be silenced as well. Which lines are not reached then?"
)
def silent_after_an_error(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    output = model(x)
    handle.remove()
    return output


def output_with(hook, model, name, x):
    """What the model gives with this forward hook on one layer; the hook is removed again."""
    handle = model.get_submodule(name).register_forward_hook(hook)
    try:
        return model(x)
    finally:
        handle.remove()


@exercise.mistake(
    "The output is right, and the gradients are not: backward goes through the unit as if it were "
    "not silent. What does it know of what you did?"
)
def behind_the_back_of_autograd(model, name, unit, x):
    def silence(layer, args, output):
        output.data[:, unit] = 0

    return output_with(silence, model, name, x)


@exercise.mistake(same_as=behind_the_back_of_autograd)
def in_place_without_grad(model, name, unit, x):
    def silence(layer, args, output):
        with torch.no_grad():
            output[:, unit] = 0

    return output_with(silence, model, name, x)


@exercise.mistake(
    "The output is right, but backward does not get from it all the way back to x: somewhere in "
    "between the graph was cut."
)
def cuts_the_graph(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.detach().clone()
        changed[:, unit] = 0
        return changed

    return output_with(silence, model, name, x)


@exercise.mistake(same_as=cuts_the_graph)
def runs_without_gradients(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    with torch.no_grad():
        return output_with(silence, model, name, x)


@exercise.mistake(
    "The output is right, but the parameters of this model get no gradients from it. Which model "
    "did you run?"
)
def runs_a_copy(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    return output_with(silence, copy.deepcopy(model), name, x)


@exercise.mistake(
    "Where the output has more than two dimensions, the units are not the last one. In a "
    "convolution, a unit is a channel."
)
def in_the_last_dimension(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[..., unit] = 0
        return changed

    return output_with(silence, model, name, x)


@exercise.mistake(same_as=silences_a_sample)
def silences_this_sample(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[unit] = 0
        return changed

    return output_with(silence, model, name, x)


@exercise.mistake(
    "The layer can run more than once, and the unit gives 0 each time. Yours is silent in the "
    "first run only."
)
def silent_once(model, name, unit, x):
    handles = []

    def silence(layer, args, output):
        handles.pop().remove()
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handles.append(model.get_submodule(name).register_forward_hook(silence))
    try:
        return model(x)
    finally:
        for handle in handles:
            handle.remove()


@exercise.mistake(
    "A layer without weights, such as an activation, has units as well. What a layer gives can be "
    "changed without a hand on the weights."
)
def zeroes_the_weights(model, name, unit, x):
    layer = model.get_submodule(name)
    with torch.no_grad():
        layer.weight[unit] = 0
        if layer.bias is not None:
            layer.bias[unit] = 0
    return model(x)


@exercise.mistake(same_as=zeroes_the_weights)
def zeroes_weights_and_puts_them_back(model, name, unit, x):
    layer = model.get_submodule(name)
    old = {key: value.clone() for key, value in layer.state_dict().items()}
    for parameter in layer.parameters():
        parameter.data[unit] = 0
    try:
        return model(x)
    finally:
        layer.load_state_dict(old)


@exercise.mistake(
    "What the layer was given is changed, not what it gave: something in front of the layer is "
    "silent."
)
def silences_the_input(model, name, unit, x):
    def silence(layer, args):
        changed = args[0].clone()
        changed[:, unit] = 0
        return (changed, *args[1:])

    with model.get_submodule(name).register_forward_pre_hook(silence):
        return model(x)


@exercise.mistake(
    "The hooks of other people on this layer are gone. A handle takes away its own hook, and no "
    "other one."
)
def clears_the_table(model, name, unit, x):
    try:
        return stays_silent(model, name, unit, x)
    finally:
        model.get_submodule(name)._forward_hooks.clear()


@exercise.mistake(
    "All units but this one are silent in yours. Asked is the model without this one unit."
)
def keeps_only_this_unit(model, name, unit, x):
    def silence(layer, args, output):
        changed = torch.zeros_like(output)
        changed[:, unit] = output[:, unit]
        return changed

    return output_with(silence, model, name, x)


@exercise.right
def with_a_mask(model, name, unit, x):
    def hook(layer, args, output):
        mask = torch.ones(output.shape[1], dtype=output.dtype)
        mask[unit] = 0
        return output * mask.reshape(1, -1, *[1] * (output.dim() - 2))

    with model.get_submodule(name).register_forward_hook(hook):
        return model(x)


exercise.equivalent(
    "mask = torch.ones(output.shape[1], dtype=output.dtype)",
    "mask = torch.ones(output.shape[1])",
    because="The models of the cases are float32, as ones are.",
)


exercise.equivalent(
    "return output * mask.reshape(1, -1, *[1] * (output.dim() - 2))",
    "return output * mask.reshape(-1, *[1] * (output.dim() - 2))",
    because="A dimension of size 1 in front is added by broadcasting.",
)


exercise.equivalent(
    "return output * mask.reshape(1, -1, *[1] * (output.dim() - 2))",
    "return output * mask.view(1, -1, *[1] * (output.dim() - 2))",
    because="The mask was made here and is contiguous.",
)
