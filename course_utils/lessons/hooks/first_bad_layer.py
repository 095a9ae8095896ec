"""The loss is NaN. Name the module where it began. An infinity counts as bad, too: it is often NaN
one layer later. In the check, `Log` and `LogOf` are small modules that take a logarithm; `log(0)`
is -inf. `LogLast` registers its layers in another order than it runs them.
"""

import contextlib

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    add_hooks_of_others,
    after_an_error,
    count_hooks,
    forget_global_hooks,
)
from course_utils.lessons.hooks.models import Source, some_activations
from course_utils.promises import promised

exercise = Exercise(
    "05.7",
    "Where does the first NaN come from?",
    minutes=20,
    difficulty=3,
    hints=[
        "`tensor.isfinite()` is False for NaN and for both infinities. An infinity often becomes "
        "NaN one or two layers later.",
        "Put a forward hook on every module, containers as well. The hooks fire in the order in "
        "which modules finish: the first bad one in this order is the one to name.",
        "`nn.GRU` gives a tuple of tensors. Make a tuple of a single tensor, and treat both alike.",
    ],
)


@exercise.reference
def first_bad_layer(model, x):
    """The full name of the first module whose output holds a NaN or an infinity, or None.

    First: in the order in which the modules finish as the model runs on x. Any module can be the
    one, also a container and the model itself, whose name is ''. An output is a float tensor or a
    tuple of them, and counts as it is when its module finishes: a later one may write into it.
    x: a float32 tensor of any strides.
    No hook is left behind, also when the model raises; its error goes on to the caller.
    """
    bad = []

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(tensor.isfinite().all() for tensor in tensors):
                bad.append(name)

        return hook

    handles = []
    for name, module in model.named_modules():
        handles.append(module.register_forward_hook(look_at(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None


@exercise.cases
def _(rng):
    good = torch.tensor([[1.0, 2.0, float(rng.randint(1, 9))]])
    zero = torch.tensor([[1.0, 0.0, 2.0]])
    negative = torch.tensor([[float(-rng.randint(1, 9)), 2.0, 3.0]])
    yield Source("nn.Sequential(nn.ReLU(), Log(), nn.Linear(3, 2))"), negative
    yield Source("nn.Sequential(nn.ReLU(), Log(), nn.Linear(3, 2))"), good
    yield (
        Source("nn.Sequential(nn.Tanh(), nn.Sequential(nn.Tanh(), Log()), nn.Linear(3, 2))"),
        negative,
    )
    yield Source("nn.Sequential(Log(), nn.Identity(), nn.Tanh())"), zero
    yield Source("LogLast()"), negative
    yield Source("nn.Sequential(nn.Identity(), LogOf(nn.ReLU()), nn.Linear(3, 2))"), zero
    yield Source("nn.Sequential(nn.Linear(3, 3), nn.GRU(3, 2))"), good
    yield Source("nn.Sequential(Log(), nn.GRU(3, 2))"), negative
    yield Source("LogOf(nn.ReLU())"), zero
    yield Source("nn.Sequential(nn.Identity(), Log(), nn.ReLU(inplace=True))"), zero
    yield Source("nn.Sequential(nn.Sequential(Log()), nn.Sigmoid(), nn.ReLU(inplace=True))"), zero
    yield Source("nn.Sequential(nn.Identity(), nn.ReLU())"), torch.tensor([[3e38, 3e38]])
    for x in promised(rng, "any strides"):
        x[rng.randint(0, 1), rng.randint(0, 2)] = 0
        yield Source("nn.Sequential(nn.Identity(), LogOf(nn.ReLU()), nn.Tanh())"), x
    yield Source("nn.Sequential(nn.Identity(), WithLog())"), negative
    yield Source("nn.Sequential(WithLog())"), torch.tensor([[1.0, float("inf"), 2.0]])
    yield Source("nn.Sequential(nn.Linear(3, 2), Total(), Log(), Log())"), negative
    for _ in range(2):
        outer, inner = some_activations(rng, 2, 9), some_activations(rng, 1, 5)
        inner.insert(rng.randint(1, len(inner)), "Log()")
        outer.insert(rng.randint(1, len(outer)), f"nn.Sequential({', '.join(inner)})")
        yield Source(f"nn.Sequential({', '.join(outer)})"), negative


@exercise.observe
def _(answer, source, x):
    model = source.build()
    add_hooks_of_others(model)
    before = count_hooks(model)
    result = answer(model, x)
    facts = {"first bad layer": result, "hooks left behind": count_hooks(model) - before}
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, x))


@exercise.mistake(
    "An infinity is bad as well, and there are two of them. The trouble often begins as one, a "
    "layer before the first NaN."
)
def only_nan(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            if any(tensor.isnan().any() for tensor in tensors):
                bad.append(name)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None


@exercise.mistake(
    "After the first bad layer, the ones behind it are bad as well. You name the last of them."
)
def the_last_one(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(tensor.isfinite().all() for tensor in tensors):
                bad.append(name)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[-1] if bad else None


@exercise.mistake(
    "The module that you name comes first in named_modules(), which goes from the outside in and "
    "as registered. The order in which modules finish is another one."
)
def in_registered_order(model, x):
    bad = {}

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            bad[name] = not all(tensor.isfinite().all() for tensor in tensors)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return next((name for name, _ in model.named_modules() if bad.get(name)), None)


@exercise.mistake(
    "A container's own forward can compute something as well, and go wrong there. Yours names "
    "leaves only."
)
def leaves_only(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(tensor.isfinite().all() for tensor in tensors):
                bad.append(name)

        return hook

    handles = []
    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(look_at(name)))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None


@exercise.mistake("The layer that you name received the bad numbers. Which one made them?")
def names_the_victim(model, x):
    bad = []

    def look_at(name):
        def hook(module, args):
            if not all(tensor.isfinite().all() for tensor in args):
                bad.append(name)

        return hook

    handles = [m.register_forward_pre_hook(look_at(name)) for name, m in model.named_modules()]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None


@exercise.mistake("Not every module gives a tensor: `nn.GRU` gives a tuple of tensors.")
def expects_one_tensor(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            if not output.isfinite().all():
                bad.append(name)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None


@exercise.mistake(
    "When the model raises half-way, your hooks are still on it afterwards. Which lines are not "
    "reached then?"
)
def no_cleaning_after_an_error(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            tensors = output if isinstance(output, tuple) else (output,)
            if not all(tensor.isfinite().all() for tensor in tensors):
                bad.append(name)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    model(x)
    for handle in handles:
        handle.remove()
    return bad[0] if bad else None


def finite(output):
    tensors = output if isinstance(output, tuple) else (output,)
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


def bad_ones(model, x, is_good=finite, named=None):
    """The names of the modules that give something bad, in the order in which they finish."""
    bad = []

    def look_at(name):
        def hook(module, args, output):
            if not is_good(output):
                bad.append(name)

        return hook

    named = model.named_modules() if named is None else named
    handles = [module.register_forward_hook(look_at(name)) for name, module in named]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return bad


@exercise.mistake(
    "The model itself went bad, and its name is ''. Is there a hook on it, and what does your code "
    "make of an empty name? For Python an empty string is as good as no."
)
def an_empty_name_counts_as_none(model, x):
    return next(iter(bad_ones(model, x)), None) or None


@exercise.mistake("A module can give several tensors, and the bad numbers may be in any of them.")
def first_of_a_tuple(model, x):
    def is_good(output):
        return finite(output[0] if isinstance(output, tuple) else output)

    return next(iter(bad_ones(model, x, is_good)), None)


@exercise.mistake(same_as=first_of_a_tuple)
def skips_tuples(model, x):
    def is_good(output):
        return isinstance(output, tuple) or finite(output)

    return next(iter(bad_ones(model, x, is_good)), None)


@exercise.mistake(
    "Large numbers can have an infinite sum, though each of them is finite. Look at every number, "
    "not at what is computed from them."
)
def looks_at_the_sum(model, x):
    def is_good(output):
        tensors = output if isinstance(output, tuple) else (output,)
        return bool(sum(tensor.sum() for tensor in tensors).isfinite())

    return next(iter(bad_ones(model, x, is_good)), None)


@exercise.mistake("One bad number is enough. Your code waits until all of them are bad.")
def all_numbers_bad(model, x):
    def is_good(output):
        tensors = output if isinstance(output, tuple) else (output,)
        return all(bool(tensor.isfinite().any()) for tensor in tensors)

    return next(iter(bad_ones(model, x, is_good)), None)


@exercise.mistake(same_as=only_nan)
def nan_and_one_infinity(model, x):
    def is_good(output):
        tensors = output if isinstance(output, tuple) else (output,)
        return not any((t.isnan() | (t == float("inf"))).any() for t in tensors)

    return next(iter(bad_ones(model, x, is_good)), None)


@exercise.mistake(
    "When the model itself fails, the caller hears nothing of it. The errors of a model have to go "
    "on, whatever else stops the run."
)
def swallows_the_error(model, x):
    bad = []

    def look_at(name):
        def hook(module, args, output):
            if not finite(output):
                bad.append(name)
                raise ValueError(name)

        return hook

    handles = [m.register_forward_hook(look_at(name)) for name, m in model.named_modules()]
    with contextlib.suppress(Exception):
        model(x)
    for handle in handles:
        handle.remove()
    return bad[0] if bad else None


@exercise.mistake(
    "A later module worked in place and wrote over the bad numbers, so you find them no more. Look "
    "when the module finishes, not when the whole run is over."
)
def looks_after_the_run(model, x):
    outputs = []
    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():

            def hook(module, args, output, name=name):
                outputs.append((name, output))

            stack.enter_context(module.register_forward_hook(hook))
        model(x)
    return next((name for name, output in outputs if not finite(output)), None)


@exercise.mistake(same_as=expects_one_tensor)
def gives_a_tuple_to_torch(model, x):
    return next(iter(bad_ones(model, x, lambda output: torch.isfinite(output).all())), None)


@exercise.mistake(
    "The hooks of other people are gone as well. Each handle takes away one hook only: your own."
)
def clears_the_tables(model, x):
    try:
        return next(iter(bad_ones(model, x)), None)
    finally:
        for module in model.modules():
            module._forward_hooks.clear()


@exercise.right
def stops_at_the_first(model, x):
    class Found(Exception):
        pass

    names = {module: name for name, module in model.named_modules()}

    def hook(module, args, output):
        tensors = [output] if isinstance(output, torch.Tensor) else list(output)
        if any((tensor.isnan() | tensor.isinf()).any() for tensor in tensors):
            raise Found(names[module])

    handles = [module.register_forward_hook(hook) for module in names]
    try:
        model(x)
    except Found as found:
        return found.args[0]
    finally:
        for handle in handles:
            handle.remove()


exercise.equivalent(
    "tensors = [output] if isinstance(output, torch.Tensor) else list(output)",
    "tensors = [output] if isinstance(output, torch.Tensor) else output",
    because="A tuple can be gone through as it is.",
)


exercise.equivalent(
    "return found.args[0]",
    "return found.args[-1]",
    because="The exception carries one value.",
)
