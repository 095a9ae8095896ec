"""Which shape does each layer give? You cannot see it from outside. Hang a hook on every leaf, run
the model, take the hooks off.

```
nn.Sequential(nn.Linear(3, 5), nn.ReLU()), x of shape (2, 3)   ->   {"0": (2, 5), "1": (2, 5)}
```
"""

import contextlib
import functools

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import after_an_error, count_hooks, forget_global_hooks
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


@exercise.observe
def _(answer, source, x):
    model = source.build()
    result = answer(model, x)
    left = count_hooks(model)
    forget_global_hooks()
    return {
        "shapes": result,
        "hooks left behind": left,
        **after_an_error(model, lambda: answer(model, x)),
    }


@exercise.mistake(
    "The shapes are right, but your hooks are still on the model and will run for ever. Who "
    "takes them away?"
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
    "You remove the hooks after a run that went well. If the model raises, the lines below it "
    "are never reached."
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
    "Containers are modules too, and so is the model itself. Your hooks sit on all of them; only "
    "the leaves were asked for."
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
    "You look at the children of the model only. A child can be a container with layers inside."
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
