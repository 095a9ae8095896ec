"""Which unit of a layer does what? One way to find out: switch a single unit off and look at what
the model gives now.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import after_an_error, count_hooks, forget_global_hooks
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
        "The units of a linear layer and the channels of a convolution are both dimension 1.",
        "The output may be needed unchanged by backward: change a copy.",
    ],
)


@exercise.reference
def output_without_unit(model, name, unit, x):
    """What the model gives when one unit of one layer always gives 0.

    name: full name of a layer whose output has shape (batch, units, ...). unit: an int.
    x: a float32 tensor of any strides.
    Returns the output of the model; backward through it works. Weights are not changed, and no
    hook is left behind, also when the model raises.
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
    for x in promised(rng, "any strides"):
        yield flat, "1", rng.randint(0, 3), x


@exercise.observe
def _(answer, source, name, unit, x):
    model = source.build()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    x = x.detach().requires_grad_()
    output = answer(model, name, unit, x)
    changed = [
        not torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True)
    ]
    facts = {
        "output": output,
        "gradient of the input": attempt(lambda: torch.autograd.grad(output.sum(), x)[0]),
        "parameters were changed": changed,
        "hooks left behind": count_hooks(model),
    }
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, unit, x))


@exercise.mistake(
    "Inside your hook a new tensor gets a zero, and then it is gone. The model goes on with the "
    "old one, because the hook returns None."
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


@exercise.mistake("Dimension 0 is the batch: you silenced one sample, not one unit.")
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
    "When the model raises, the line that removes your hook is not reached: the next run, on a "
    "good input, would be silenced as well."
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
