"""Which shape does each layer give? You cannot see it from outside. A hook on a leaf sees it, as
long as it hangs there.

```
nn.Sequential(nn.Linear(3, 5), nn.ReLU()), x of shape (2, 3)   ->   {"0": (2, 5), "1": (2, 5)}
```
"""

import contextlib
import functools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    add_hooks_of_others,
    after_an_error,
    count_hooks,
    forget_global_hooks,
    note_calls,
)
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source
from course_utils.promises import promised

exercise = Exercise(
    "05.1",
    "The shape that every layer gives",
    minutes=12,
    difficulty=1,
    hints=[
        "A forward hook is called as `hook(module, args, output)`. `named_modules()` gives every "
        "module with its full name; a module without children is a leaf.",
        "Each hook has to know a name of its own. A small function that takes the name and gives "
        "back the hook does that.",
        "Keep the handles in a list. Where do you put the removing, so that it also happens when "
        "the model raises? Python has a word for it: `finally`.",
    ],
)


@exercise.reference
def output_shapes(model, x):
    """Run the model once on x and tell the shape of what each leaf module gave.

    x: a float32 tensor of any strides. A leaf is a module without children; the model itself may be
    one. Every layer of `model` gives one tensor and runs once.
    Returns a dict: full name of the leaf, as in named_modules(), to shape (a tuple of ints).
    No hook is left behind, also when the model raises; its error goes on to the caller.
    """
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    handles = []
    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(keep_shape_of(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


@exercise.cases
def _(rng):
    n, wide = rng.randint(2, 5), rng.randint(4, 9)
    yield (
        Source(f"nn.Sequential(nn.Linear(3, {wide}), nn.ReLU(), nn.Linear({wide}, 2))"),
        numbers(rng, n, 3),
    )
    nested = Source(
        f"nn.Sequential(nn.Linear(3, {wide}), nn.Sequential(nn.Tanh(), nn.Linear({wide}, 2)))"
    )
    yield nested, numbers(rng, n, 3)
    convolution = Source("nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Flatten())")
    yield convolution, numbers(rng, 2, 1, 8, 8)
    yield Source("OutputFirst()"), numbers(rng, n, 3)
    yield Source(f"nn.Linear(3, {wide})"), numbers(rng, n, 3)
    for x in promised(rng, "any strides"):
        yield nested, x
    yield Source("nn.Sequential(nn.Sequential(), nn.Linear(3, 2))"), numbers(rng, n, 3)
    twins = "nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Sequential(nn.Linear(4, 2), nn.Tanh())"
    yield Source(f"nn.Sequential({twins})"), numbers(rng, n, 3)


@exercise.observe
def _(answer, source, x):
    model = source.build()
    add_hooks_of_others(model)
    calls = note_calls(model)  # a copy has the hook as well
    given = []
    own = model.register_forward_pre_hook(
        lambda model, args, named: given.extend([*args, *named.values()]), with_kwargs=True
    )
    before = count_hooks(model)
    result = answer(model, x)
    left = count_hooks(model) - before
    own.remove()
    forget_global_hooks()
    return {
        "shapes": result,
        "layers that ran": list(calls),
        "what the model got is x": [
            one.device == x.device and torch.equal(one, x) for one in given
        ],
        "hooks left behind": left,
        **after_an_error(model, lambda: answer(model, x)),
    }


@exercise.mistake(
    "The shapes are right, but your hooks are still on the model after the call and will run for "
    "ever. Who takes them away?"
)
def never_removes(model, x):
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(keep_shape_of(name))
    model(x)
    return shapes


@exercise.mistake(
    "After a run that went well, no hook is left. After one in which the model raises, your hooks "
    "are still there: which lines are never reached then?"
)
def removes_only_after_success(model, x):
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    handles = []
    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(keep_shape_of(name)))
    model(x)
    for handle in handles:
        handle.remove()
    return shapes


@exercise.mistake(
    "All your hooks write under the same name, the last one of the loop. A function looks a name "
    "up when it runs, not when it is made."
)
def all_under_the_last_name(model, x):
    shapes = {}
    handles = []
    for name, module in model.named_modules():
        if not list(module.children()):

            def hook(module, args, output):
                shapes[name] = tuple(output.shape)  # noqa: B023 - this is the mistake

            handles.append(module.register_forward_hook(hook))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


@exercise.mistake(
    "You use the type as the name. Two layers of one type then share one entry, and one shape is "
    "lost."
)
def named_by_type(model, x):
    shapes = {}

    def hook(module, args, output):
        shapes[type(module).__name__] = tuple(output.shape)

    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [module.register_forward_hook(hook) for module in leaves]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


@exercise.mistake(
    "Containers are in your dict as well. They are modules too, but only the leaves were asked "
    "for: how do you see that a module is one?"
)
def containers_too(model, x):
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    named = model.named_modules()
    handles = [module.register_forward_hook(keep_shape_of(name)) for name, module in named]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


@exercise.mistake(
    "You have an entry for each child of the model. A child can be a container with leaves "
    "inside, and a model without children is a leaf itself."
)
def first_level_only(model, x):
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    named = model.named_children()
    handles = [module.register_forward_hook(keep_shape_of(name)) for name, module in named]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


def is_leaf(module):
    return not list(module.children())


def shapes_of(model, x, named, run=None):
    """The shapes by hooks on these modules, under these names; all hooks are removed again."""
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    handles = [module.register_forward_hook(keep_shape_of(name)) for name, module in named]
    try:
        (run or model)(x)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


@exercise.mistake(
    "You leave out the model itself, and nothing else. A model without children is a leaf, and a "
    "container inside it is none."
)
def containers_but_for_the_model(model, x):
    return shapes_of(model, x, [(name, m) for name, m in model.named_modules() if name])


@exercise.mistake(
    "A model can be a leaf itself: a single linear layer has no children. Then it belongs into the "
    "dict, under the name that named_modules() gives it."
)
def without_the_model_itself(model, x):
    named = [(name, m) for name, m in model.named_modules() if is_leaf(m) and name]
    return shapes_of(model, x, named)


@exercise.mistake(
    "A hook on the model itself does not run in your code, and neither does anybody else's there. "
    "How do you call the model, so that its hooks run?"
)
def calls_forward(model, x):
    named = [(name, m) for name, m in model.named_modules() if is_leaf(m)]
    return shapes_of(model, x, named, run=model.forward)


@exercise.mistake(
    "A layer without parameters, such as an activation, is a leaf as well: no children is all "
    "that counts."
)
def with_parameters_only(model, x):
    named = model.named_modules()
    return shapes_of(model, x, [(n, m) for n, m in named if list(m.parameters(recurse=False))])


@exercise.mistake(
    "Your keys are the last parts of the names. Layers in two containers can share such a name; "
    "the full one is asked for, with its dots."
)
def last_parts_of_the_names(model, x):
    named = [(name, m) for name, m in model.named_modules() if is_leaf(m)]
    return shapes_of(model, x, [(name.split(".")[-1], m) for name, m in named])


@exercise.mistake("That is the shape of what each leaf was given. Asked is what it gave.")
def shapes_of_the_inputs(model, x):
    shapes = {}

    def keep_shape_of(name):
        return lambda module, args: shapes.update({name: tuple(args[0].shape)})

    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            if is_leaf(module):
                stack.enter_context(module.register_forward_pre_hook(keep_shape_of(name)))
        model(x)
    return shapes


@exercise.mistake(
    "The model raised, and whoever called your function hears nothing of it. An error has to go "
    "on after the hooks were removed."
)
def swallows_the_error(model, x):
    named = [(name, m) for name, m in model.named_modules() if is_leaf(m)]
    kept = {}
    with contextlib.suppress(Exception):
        kept = shapes_of(model, x, named)
    return kept


@exercise.mistake(
    "The hooks of other people are gone as well. Each handle takes away one hook only: your own."
)
def clears_everything(model, x):
    shapes = shapes_of(model, x, [(name, m) for name, m in model.named_modules() if is_leaf(m)])
    for module in model.modules():
        module._forward_hooks.clear()
    return shapes


@exercise.mistake(same_as=clears_everything)
def clears_the_leaves(model, x):
    try:
        return never_removes(model, x)
    finally:
        for module in filter(is_leaf, model.modules()):
            module._forward_hooks.clear()


@exercise.mistake(
    "One of your hooks is gone after the call, and the others are still there. What does a name "
    "hold after a loop has given it one handle after the other?"
)
def removes_the_last_one(model, x):
    shapes = {}

    def keep_shape_of(name):
        def hook(module, args, output):
            shapes[name] = tuple(output.shape)

        return hook

    for name, module in model.named_modules():
        if is_leaf(module):
            handle = module.register_forward_hook(keep_shape_of(name))
    try:
        model(x)
    finally:
        handle.remove()
    return shapes


@exercise.mistake(
    "The shapes are right. The model was in training mode, and after your call it is in eval mode: "
    "who puts it back?"
)
def leaves_eval_mode(model, x):
    model.eval()
    return shapes_of(model, x, [(name, m) for name, m in model.named_modules() if is_leaf(m)])


@exercise.mistake(
    "The layers ran in the order in which they are registered. The forward method of a model may "
    "run them in another order, or give them something else."
)
def runs_the_layers(model, x):
    shapes = {}
    for name, module in model.named_modules():
        if is_leaf(module):
            x = module(x)
            shapes[name] = tuple(x.shape)
    return shapes


@exercise.right
def with_an_exit_stack(model, x):
    shapes = {}

    def keep(name, module, args, output):
        shapes[name] = output.shape

    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            if next(module.children(), None) is None:
                hook = functools.partial(keep, name)
                stack.enter_context(module.register_forward_hook(hook))
        model(x)
    return shapes


@exercise.right
def by_a_table_of_names(model, x):
    names = {module: name for name, module in model.named_modules()}
    leaves = [module for module in names if not len(list(module.children()))]
    shapes = {}

    def hook(module, args, output):
        shapes[names[module]] = tuple(output.size())

    handles = [leaf.register_forward_hook(hook) for leaf in leaves]
    try:
        model(x)
    finally:
        [handle.remove() for handle in handles]
    return shapes


exercise.equivalent(
    "shapes[name] = tuple(output.shape)",
    "shapes[name] = output.shape",
    because="torch.Size is a tuple.",
)


exercise.equivalent(
    "shapes[names[module]] = tuple(output.size())",
    "shapes[names[module]] = output.size()",
    because="torch.Size is a tuple.",
)
