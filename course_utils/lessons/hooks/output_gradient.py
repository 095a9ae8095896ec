"""
Some pictures of what a network looks at need the gradient at an inner layer. In many networks the
next layer is `nn.ReLU(inplace=True)`, and full backward hooks do not work there.
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
from course_utils.promises import promised

exercise = Exercise(
    "05.10",
    "The gradient at a layer, in-place ReLU or not",
    minutes=15,
    difficulty=3,
    hints=[
        "A full backward hook and a following `nn.ReLU(inplace=True)` do not go together. Another "
        "hook meets the output as it leaves the layer.",
        "In a forward hook, `output` is a tensor, and a tensor can be given a hook of its own.",
        "Mind what your forward hook returns. `register_hook` gives back a handle.",
    ],
)


@exercise.reference
def output_gradient(model, name, x):
    """The gradient of model(x).sum() with respect to what one layer gives.

    name: full name of a layer that runs once and gives a tensor that requires grad. What runs after
    it may work in place. x: a float32 tensor of any strides.
    Returns a tensor of the shape of the layer's output. The gradients of the parameters may be
    filled on the way. No hook is left behind, also when the model raises.
    """
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(gradient.clone()))

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, "0", numbers(rng, 2, 3)
    yield flat, "2", numbers(rng, 2, 3)
    in_place = Source("nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True), nn.Linear(6, 2))")
    yield in_place, "0", numbers(rng, 3, 3)
    deep = Source(
        "nn.Sequential(nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True)), nn.Linear(6, 2))"
    )
    yield deep, "0.0", numbers(rng, 3, 3)
    # Its forward calls relu_() on what linear1 gives: no module stands for that.
    block = "nn.TransformerEncoderLayer(3, 1, 6, 0.0, nn.functional.relu_, norm_first=True)"
    yield Source(block), "linear1", numbers(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield flat, rng.choice(["0", "1"]), x


@exercise.observe
def _(answer, source, name, x):
    model = source.build()
    add_hooks_of_others(model)
    before = count_hooks(model)
    facts = {"gradient": answer(model, name, x), "hooks left behind": count_hooks(model) - before}
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, x))


@exercise.mistake(
    "A full backward hook makes the layer's output a view that must not be changed, and the next "
    "layer works in place. Is there another place to listen?"
)
def full_backward_hook(model, name, x):
    kept = []

    def watch(layer, grad_input, grad_output):
        kept.append(grad_output[0].clone())

    handle = model.get_submodule(name).register_full_backward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@exercise.mistake(
    "In a backward hook grad_output is a tuple, also when the layer gives one tensor only. And "
    "with an in-place layer behind, this kind of hook does not work at all."
)
def keeps_the_tuple(model, name, x):
    kept = []

    def watch(layer, grad_input, grad_output):
        kept.append(grad_output)

    handle = model.get_submodule(name).register_full_backward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@exercise.mistake(
    "Not everything that works in place has an `inplace` to switch off: a forward may call relu_() "
    "itself, and a full backward hook does not work there either."
)
def switches_inplace_off(model, name, x):
    kept = []
    switched = [module for module in model.modules() if getattr(module, "inplace", False)]
    layer = model.get_submodule(name)
    handle = layer.register_full_backward_hook(lambda layer, gi, go: kept.append(go[0].clone()))
    for module in switched:
        module.inplace = False
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
        for module in switched:
            module.inplace = True
    return kept[0]


@exercise.mistake(
    "That is the gradient of what came out of the in-place ReLU. A tensor that is written into "
    "stands for its new values from then on, also for retain_grad() and for autograd.grad()."
)
def retains_the_grad(model, name, x):
    kept = []

    def watch(layer, args, output):
        output.retain_grad()
        kept.append(output)

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0].grad


@exercise.mistake(
    "You register the tensor hook when backward is over. A hook only hears what comes after it."
)
def registers_after_backward(model, name, x):
    kept, outputs = [], []

    def watch(layer, args, output):
        outputs.append(output)

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    outputs[0].register_hook(kept.append)
    return kept[0] if kept else None


@exercise.mistake(
    "Your forward hook returns the handle of the tensor hook, and what a forward hook returns "
    "takes the place of the output."
)
def returns_the_handle(model, name, x):
    kept = []
    layer = model.get_submodule(name)
    handle = layer.register_forward_hook(
        lambda layer, args, output: output.register_hook(kept.append)
    )
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@exercise.mistake(
    "The gradient is right, and the forward hook stays: every later run of the model goes on "
    "listening."
)
def goes_on_listening(model, name, x):
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(gradient.clone()))

    model.get_submodule(name).register_forward_hook(watch)
    model(x).sum().backward()
    return kept[0]


def gradient_by_a_hook(model, name, x, total=torch.Tensor.sum, change=torch.Tensor.clone):
    """What a tensor hook at the output gets, changed; total: what backward begins with."""
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(change(gradient)))

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        total(model(x)).backward()
    finally:
        handle.remove()
    return kept[0]


@exercise.mistake(
    "The gradient is that of another number. Asked is the one of the sum of all that the model "
    "gives, without a mean and without a choice."
)
def of_the_mean(model, name, x):
    return gradient_by_a_hook(model, name, x, total=torch.Tensor.mean)


@exercise.mistake(same_as=of_the_mean)
def of_the_largest_scores(model, name, x):
    return gradient_by_a_hook(model, name, x, total=lambda output: output.max(dim=1).values.sum())


@exercise.mistake(
    "Your gradient has lost a dimension. It has the shape of the layer's output, the batch "
    "included."
)
def summed_over_the_batch(model, name, x):
    return gradient_by_a_hook(model, name, x, change=lambda gradient: gradient.sum(dim=0))


@exercise.mistake(
    "When the model raises, your hook is still there afterwards. Which lines are not reached then?"
)
def removes_on_a_good_day(model, name, x):
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(gradient.clone()))

    handle = model.get_submodule(name).register_forward_hook(watch)
    total = model(x).sum()
    handle.remove()
    total.backward()
    return kept[0]


@exercise.mistake(
    "The layers of the model do not work in place any more after your call. The model is not "
    "yours: leave it as it is."
)
def switches_in_place_off(model, name, x):
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return gradient_by_a_hook(model, name, x)


@exercise.mistake(
    "That is the gradient of what the layer was given. Asked is that of what it gave."
)
def of_the_input(model, name, x):
    kept = []

    def watch(layer, args):
        kept.append(args[0].detach().requires_grad_())
        return (kept[0], *args[1:])

    with model.get_submodule(name).register_forward_pre_hook(watch):
        model(x).sum().backward()
    return kept[0].grad


@exercise.mistake(
    "That is the gradient of what the layer was given, and None where nobody needs one. Asked is "
    "that of what it gave."
)
def grad_input(model, name, x):
    kept = []

    def watch(layer, grad_input, grad_output):
        kept.append(grad_input[0])

    with model.get_submodule(name).register_full_backward_hook(watch):
        model(x).sum().backward()
    return kept[0]


@exercise.mistake(
    "That is the gradient of the layer's weight. Asked is that of what the layer gave for x."
)
def of_the_weight(model, name, x):
    model(x).sum().backward()
    return model.get_submodule(name).weight.grad


@exercise.mistake(
    "The next layer writes into what your hook hands on. A leaf that requires grad must not be "
    "written into: who could get a copy?"
)
def a_leaf_between(model, name, x):
    kept = []

    def watch(layer, args, output):
        kept.append(output.detach().requires_grad_())
        return kept[0]

    with model.get_submodule(name).register_forward_hook(watch):
        model(x).sum().backward()
    return kept[0].grad


@exercise.mistake(
    "The model was in training mode, and after your call it is in eval mode. The caller did not "
    "ask for that."
)
def leaves_eval_mode(model, name, x):
    model.eval()
    return gradient_by_a_hook(model, name, x)


@exercise.mistake(
    "The full name of a layer inside a container has a dot in it. Only the children of the model "
    "have names without one."
)
def children_only(model, name, x):
    twin = copy.deepcopy(model)
    kept = []

    def watch(layer, args, output):
        output.register_hook(kept.append)

    dict(twin.named_children())[name].register_forward_hook(watch)
    twin(x).sum().backward()
    return kept[0]


@exercise.mistake(
    "The hooks of other people on this layer are gone. A handle takes away its own hook, and no "
    "other one."
)
def clears_the_table(model, name, x):
    try:
        return gradient_by_a_hook(model, name, x)
    finally:
        model.get_submodule(name)._forward_hooks.clear()


@exercise.right
def a_copy_between(model, name, x):
    # A copy of the output goes on; the layer behind writes into the copy.
    kept = []

    def hook(layer, args, output):
        kept.append(output)
        return output.clone()

    with model.get_submodule(name).register_forward_hook(hook):
        total = model(x).sum()
    return torch.autograd.grad(total, kept[0])[0]


@exercise.right
def the_hook_of_the_tensor_in_a_with(model, name, x):
    kept = []

    def hook(layer, args, output):
        output.register_hook(lambda gradient: kept.insert(0, gradient))

    with model.get_submodule(name).register_forward_hook(hook):
        model(x).sum().backward()
    return kept[0]


exercise.equivalent(
    "output.register_hook(lambda gradient: kept.append(gradient.clone()))",
    "output.register_hook(lambda gradient: kept.append(gradient))",
    because="Nobody writes into this gradient afterwards.",
)


exercise.equivalent(
    "return kept[0]",
    "return kept[-1]",
    because="The layer runs once: the list holds one tensor.",
)


exercise.equivalent(
    "return torch.autograd.grad(total, kept[0])[0]",
    "return torch.autograd.grad(total, kept[-1])[0]",
    because="The layer runs once: the list holds one tensor.",
)


exercise.equivalent(
    "return torch.autograd.grad(total, kept[0])[0]",
    "return torch.autograd.grad(total, kept[0])[-1]",
    because="There is one input, and so one gradient.",
)


exercise.equivalent(
    "output.register_hook(lambda gradient: kept.insert(0, gradient))",
    "output.register_hook(lambda gradient: kept.insert(1, gradient))",
    "output.register_hook(lambda gradient: kept.insert(-1, gradient))",
    because="The list is empty: every place is its first.",
)
