"""How much work is one run of a model? Count the products. For a linear layer with 3 inputs and 5
outputs and a batch of 2, there are 2 * 5 numbers, each a sum of 3 products: 30. In the check,
`Twice` is a model that uses its layer two times.
"""

import contextlib
import functools
import math

from torch import nn

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
    "05.14",
    "Count the multiply-adds",
    minutes=20,
    difficulty=3,
    hints=[
        "Look at one number of the output. How many products is it a sum of, in a linear layer? "
        "In a convolution?",
        "Then count the numbers in the output: batch, positions, channels, all of them.",
        "The weights that belong to one output feature are `layer.weight[0]`; with groups it is "
        "smaller than you may think. A layer can be called twice.",
    ],
)


@exercise.reference
def multiply_adds(model, x):
    """Multiply-adds of every nn.Linear and nn.Conv2d when the model runs on x.

    One product that is added to a sum counts as one; additions of a bias do not count. The whole
    batch counts, and every call of a layer that is used more than once; each layer is used. Classes
    made from nn.Linear and nn.Conv2d count as these. x: a float32 tensor of any strides.
    Returns a dict: full name of the layer, as in named_modules(), to an int; layers of other types
    are not in it.
    No hook is left behind, also when the model raises; its error goes on to the caller.
    """
    counts = {}

    def count_as(name):
        def hook(layer, args, output):
            products = layer.weight[0].numel()  # for one number of the output
            counts[name] = counts.get(name, 0) + output.numel() * products

        return hook

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            handles.append(layer.register_forward_hook(count_as(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return counts


@exercise.cases
def _(rng):
    yield Source("nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))"), numbers(rng, 1, 3)
    yield Source("nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))"), numbers(rng, 4, 3)
    yield Source("nn.Sequential(nn.Sequential(nn.Linear(3, 2)))"), numbers(rng, 2, 6, 3)
    size = rng.randint(6, 20)
    yield Source("nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU())"), numbers(rng, 1, 2, size, size)
    yield (
        Source("nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Flatten())"),
        numbers(rng, 2, 4, 5, 5),
    )
    yield Source("Twice()"), numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Conv2d(1, 2, (1, 3)))"), numbers(rng, 1, 1, 2, 5)
    yield Source("nn.Sequential(nn.Conv1d(1, 2, 3), nn.Linear(3, 2))"), numbers(rng, 1, 1, 5)
    yield Source("nn.Sequential(Head(3, 4), nn.Tanh())"), numbers(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield Source("nn.Sequential(nn.Linear(3, 5))"), x
    width = rng.randint(3, 20)
    source = f"nn.Linear(3, {width}), nn.Tanh(), nn.Linear({width}, {rng.randint(2, 9)})"
    yield Source(f"nn.Sequential({source})"), numbers(rng, rng.randint(2, 9), 3)


@exercise.observe
def _(answer, source, x):
    model = source.build()
    add_hooks_of_others(model)
    before = count_hooks(model)
    facts = {"multiply-adds": answer(model, x), "hooks left behind": count_hooks(model) - before}
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, x))


def counted_with(rule, model, x):
    """The counts by another rule: rule(layer, input, output) is what one call costs."""
    counts = {}

    def count_as(name):
        def hook(layer, args, output):
            counts[name] = counts.get(name, 0) + rule(layer, args[0], output)

        return hook

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            handles.append(layer.register_forward_hook(count_as(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return counts


@exercise.mistake(
    "You count weights, as if each of them worked once in a call. It works for every sample, and "
    "for every position of a convolution."
)
def counts_parameters(model, x):
    return counted_with(lambda layer, given, output: layer.weight.numel(), model, x)


@exercise.mistake("That is the cost of one sample. x is a batch.")
def one_sample(model, x):
    def rule(layer, given, output):
        return output[0].numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@exercise.mistake("In a convolution with groups, a channel does not look at all input channels.")
def forgets_groups(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        return output.numel() * layer.in_channels * math.prod(layer.kernel_size)

    return counted_with(rule, model, x)


@exercise.mistake(
    "A linear layer takes (batch, features), but also (batch, time, features): dimensions in the "
    "middle count as well."
)
def batch_times_weights(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return len(given) * layer.weight.numel()
        return output.numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@exercise.mistake("Yours is twice as much: here a product and its addition count as one.")
def counts_both(model, x):
    def rule(layer, given, output):
        return 2 * output.numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@exercise.mistake("A layer that is used twice works twice. In yours one of the calls is lost.")
def overwrites(model, x):
    counts = {}

    def count_as(name):
        def hook(layer, args, output):
            counts[name] = output.numel() * layer.weight[0].numel()

        return hook

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            handles.append(layer.register_forward_hook(count_as(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return counts


@exercise.mistake(
    "The counts are right, but when the model raises, your hooks are still on it afterwards. Which "
    "lines are not reached then?"
)
def counts_on_after_an_error(model, x):
    counts = {}

    def count_as(name):
        def hook(layer, args, output):
            counts[name] = counts.get(name, 0) + output.numel() * layer.weight[0].numel()

        return hook

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            handles.append(layer.register_forward_hook(count_as(name)))
    model(x)
    for handle in handles:
        handle.remove()
    return counts


@exercise.mistake(
    "In a convolution each weight works at every position of the output, not once for a sample."
)
def weights_times_samples(model, x):
    return counted_with(lambda layer, given, output: len(output) * layer.weight.numel(), model, x)


@exercise.mistake("Yours is too large: additions of a bias do not count.")
def counts_the_bias(model, x):
    def rule(layer, given, output):
        products = output.numel() * layer.weight[0].numel()
        return products + (output.numel() if layer.bias is not None else 0)

    return counted_with(rule, model, x)


@exercise.mistake("A kernel need not be square: its height and its width are two numbers.")
def square_kernels(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        return output.numel() * layer.in_channels // layer.groups * layer.kernel_size[0] ** 2

    return counted_with(rule, model, x)


@exercise.mistake(same_as=square_kernels)
def square_kernels_by_the_width(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        return output.numel() * layer.in_channels // layer.groups * layer.kernel_size[1] ** 2

    return counted_with(rule, model, x)


@exercise.mistake("A picture need not be square: its height and its width are two numbers.")
def square_pictures(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        return output.shape[0] * output.shape[-1] ** 2 * layer.weight.numel()

    return counted_with(rule, model, x)


@exercise.mistake(
    "A kernel often stands at fewer places than the picture has. Count the places in what the "
    "layer gives."
)
def places_of_the_input(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return given.numel() * layer.out_features
        return given[:, 0].numel() * layer.weight.numel()

    return counted_with(rule, model, x)


@exercise.mistake(
    "In a convolution, one number of the output is a sum over a window of each channel: height and "
    "width of the kernel count as well."
)
def without_the_window(model, x):
    def rule(layer, given, output):
        return output.numel() * layer.weight.shape[1]

    return counted_with(rule, model, x)


@exercise.mistake("Modules of other types stand in your dict. They were not asked for.")
def others_with_zero(model, x):
    counts = counts_of(model, x, lambda name, m: isinstance(m, (nn.Linear, nn.Conv2d)))
    return {name: counts.get(name, 0) for name, _ in model.named_modules()}


@exercise.mistake(same_as=others_with_zero)
def other_leaves_with_zero(model, x):
    counts = counts_of(model, x, lambda name, m: isinstance(m, (nn.Linear, nn.Conv2d)))
    leaves = [name for name, module in model.named_modules() if not list(module.children())]
    return {name: counts.get(name, 0) for name in leaves}


def counts_of(model, x, is_meant):
    """The right counts, of the modules that are meant."""
    counts = {}

    def count_as(name):
        def hook(layer, args, output):
            counts[name] = counts.get(name, 0) + output.numel() * layer.weight[0].numel()

        return hook

    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            if is_meant(name, module):
                stack.enter_context(module.register_forward_hook(count_as(name)))
        model(x)
    return counts


@exercise.mistake(same_as=others_with_zero)
def every_layer_with_a_weight(model, x):
    return counts_of(model, x, lambda name, module: hasattr(module, "weight"))


@exercise.mistake(
    "A layer inside a container is missing. The children of the model are not all that is in it."
)
def children_only(model, x):
    def is_meant(name, module):
        return isinstance(module, (nn.Linear, nn.Conv2d)) and name and "." not in name

    return counts_of(model, x, is_meant)


@exercise.mistake(
    "A class made from nn.Linear is a linear layer too, and yours leaves it out. Which question "
    "about a type takes it in?"
)
def exact_types_only(model, x):
    return counts_of(model, x, lambda name, module: type(module) in (nn.Linear, nn.Conv2d))


@exercise.mistake("That is one number for the whole model. Asked is a count for each layer.")
def one_total(model, x):
    def rule(layer, given, output):
        return output.numel() * layer.weight[0].numel()

    return sum(counted_with(rule, model, x).values())


@exercise.mistake(
    "All your hooks write under one name, the last one of the loop. A function looks a name up "
    "when it runs, not when it is made."
)
def all_under_the_last_name(model, x):
    counts = {}

    with contextlib.ExitStack() as stack:
        for name, layer in model.named_modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):

                def hook(layer, args, output):
                    products = output.numel() * layer.weight[0].numel()
                    counts[name] = counts.get(name, 0) + products  # noqa: B023

                stack.enter_context(layer.register_forward_hook(hook))
        model(x)
    return counts


@exercise.mistake(same_as=all_under_the_last_name)
def all_under_the_last_name_beside_zeros(model, x):
    counts = counted_with(lambda layer, given, output: 0, model, x)
    return counts | all_under_the_last_name(model, x)


@exercise.mistake(
    "The hooks of other people are gone as well. Each handle takes away one hook only: your own."
)
def clears_the_tables(model, x):
    try:
        return counts_of(model, x, lambda name, m: isinstance(m, (nn.Linear, nn.Conv2d)))
    finally:
        for module in model.modules():
            module._forward_hooks.clear()


@exercise.right
def by_the_formulas(model, x):
    counts = {}

    def hook(layer, args, output, name):
        if isinstance(layer, nn.Linear):
            cost = args[0].numel() * layer.out_features
        else:
            height, width = layer.kernel_size
            cost = output.numel() * height * width * layer.in_channels // layer.groups
        counts[name] = counts.get(name, 0) + cost

    with contextlib.ExitStack() as stack:
        for name, layer in model.named_modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                bound = functools.partial(hook, name=name)
                stack.enter_context(layer.register_forward_hook(bound))
        model(x)
    return counts


exercise.equivalent(
    "products = layer.weight[0].numel()",
    "products = layer.weight[1].numel()",
    "products = layer.weight[-1].numel()",
    because="Every row of the weight has as many numbers as the first.",
)


exercise.equivalent(
    "cost = args[0].numel() * layer.out_features",
    "cost = args[-1].numel() * layer.out_features",
    because="A layer is called with one argument.",
)
