"""How much work is one run of a model? Count the products. For a linear layer with 3 inputs and 5
outputs and a batch of 2, there are 2 * 5 numbers, each a sum of 3 products: 30. In the check,
`Twice` is a model that uses its layer two times.
"""

import contextlib
import functools
import math

from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import after_an_error, count_hooks, forget_global_hooks
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
    batch counts, and every call of a layer that is used more than once. Classes made from
    nn.Linear and nn.Conv2d count as these. x: a float32 tensor of any strides.
    Returns a dict: full name of the layer to an int; layers of other types are not in it.
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
    facts = {"multiply-adds": answer(model, x), "hooks left behind": count_hooks(model)}
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
    "You count the weights. Each of them works more than once: for every sample, and for every "
    "position of a convolution."
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


@exercise.mistake(
    "You count multiplications and additions apart. Here a product and its addition are one."
)
def counts_both(model, x):
    def rule(layer, given, output):
        return 2 * output.numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@exercise.mistake(
    "A layer that is used twice works twice. Your second call overwrites the count of the first."
)
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
    "The counts are right, but if the model raises, your hooks stay and count for ever."
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
