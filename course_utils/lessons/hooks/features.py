"""Get the outputs of some layers of a model that you did not write, as a small library would do it:
nobody can see afterwards that you were there. A layer behind yours may work in place.
"""

import contextlib

import torch
from torch import nn

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
from course_utils.observation import shares_storage
from course_utils.promises import promised, promised_sources

exercise = Exercise(
    "05.2",
    "A feature extractor that leaves nothing behind",
    minutes=15,
    difficulty=2,
    hints=[
        "`model.get_submodule('1.0')` finds a layer by its full name.",
        "What you keep should hold no graph. Which method of a tensor lets go of it?",
        "A layer after yours may write into the very memory that you kept: think of "
        "`nn.ReLU(inplace=True)`. Keep something that nobody else can write into.",
        "Handles in a list, the run in `try`, the removing in `finally`.",
    ],
)


@exercise.reference
def features(model, names, x):
    """Run the model once on x and give the outputs of the named layers.

    model: some parameters may be frozen. names: full names of layers, as in named_modules(); each
    of them runs once and gives one tensor. x: a float32 tensor of any strides. Returns a dict: name
    to tensor.
    The tensors hold the values that the layers gave (even if a later layer writes in place), do
    not require grad and share no memory with the model. Nothing else about the model changes:
    hooks that were there before stay, none is added, also when the model raises.
    """
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    handles = [model.get_submodule(name).register_forward_hook(keep_as(name)) for name in names]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return kept


@exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, ["0", "2"], numbers(rng, 2, 3)
    nested = Source("nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Sigmoid(), nn.Linear(4, 2)))")
    yield nested, ["1.0", "1"], numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True))"), ["0"], numbers(rng, 4, 3)
    yield Source("OutputFirst()"), ["output", "hidden"], numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))"), ["0", "1"], numbers(rng, 3, 3)
    for source in promised_sources(rng, "frozen parameters"):
        yield Source(source), ["0", "2"], numbers(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield flat, ["1"], x
    yield Source("nn.Sequential(Rows(), nn.Linear(3, 2))"), ["0"], numbers(rng, 4, 3)
    evaluated = Source("nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)).eval()")
    yield evaluated, ["1", "0"], numbers(rng, 2, 3)
    twins = "nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Sequential(nn.Linear(4, 2), nn.Tanh())"
    yield Source(f"nn.Sequential({twins})"), ["1.1", "0.1", "0"], numbers(rng, 2, 3)


@exercise.observe
def _(answer, source, names, x):
    model = source.build()
    add_hooks_of_others(model)
    calls = note_calls(model)
    layer = model.get_submodule(names[0])
    seen = []
    layer.register_forward_hook(lambda layer, args, output: seen.append("called"))
    before = count_hooks(model)
    result = answer(model, names, x)
    in_dict = result if isinstance(result, dict) else {}
    facts = {
        "features": result,
        "they require grad": {
            str(name): value.requires_grad
            for name, value in in_dict.items()
            if isinstance(value, torch.Tensor)
        },
        "they share memory with parameters of the model": [
            str(name)
            for name, value in in_dict.items()
            if any(shares_storage(value, parameter) for parameter in model.parameters())
        ],
        "layers that ran": list(calls),
        "the model is in training mode": [module.training for module in model.modules()],
        "parameters that require grad": [p.requires_grad for p in model.parameters()],
        "hooks left behind": max(count_hooks(model) - before, 0),
    }
    forget_global_hooks()
    facts |= after_an_error(model, lambda: answer(model, names, x))
    seen.clear()
    model(x)
    facts["the hook that was there before is called"] = seen
    return facts


@exercise.mistake(
    "The features are right, but your hooks stay on the model: the next caller pays for them."
)
def leaves_hooks(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    for name in names:
        model.get_submodule(name).register_forward_hook(keep_as(name))
    model(x)
    return kept


@exercise.mistake(
    "On a good day nothing is left behind. But when the model raises, your hooks are still on it. "
    "Which lines are never reached then?"
)
def removes_on_a_good_day(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    handles = [model.get_submodule(name).register_forward_hook(keep_as(name)) for name in names]
    model(x)
    for handle in handles:
        handle.remove()
    return kept


@exercise.mistake(
    "What you keep still holds its graph, and with it every tensor that backward would need. "
    "Storing outputs like this fills the memory."
)
def keeps_the_graph(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.clone()

        return hook

    handles = [model.get_submodule(name).register_forward_hook(keep_as(name)) for name in names]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return kept


@exercise.mistake(
    "What you keep shares its memory with the model: with a parameter, or with a tensor that a "
    "later layer writes into. Was yours a copy, made as soon as the layer was done, and known to "
    "nobody else? detach() alone copies nothing."
)
def detached_but_shared(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach()

        return hook

    handles = [model.get_submodule(name).register_forward_hook(keep_as(name)) for name in names]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return kept


@exercise.mistake(
    "Hooks of other people were on the layers, and they are gone. Each handle takes away one hook "
    "only: your own."
)
def clears_everything(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    for name in names:
        model.get_submodule(name).register_forward_hook(keep_as(name))
    try:
        model(x)
    finally:
        for name in names:
            model.get_submodule(name)._forward_hooks.clear()
    return kept


@exercise.mistake(
    "The model was in training mode, and after your call it is in eval mode. The caller did not "
    "ask for that: dropout and batch norm now behave in another way."
)
def switches_to_eval(model, names, x):
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    model.eval()
    handles = [model.get_submodule(name).register_forward_hook(keep_as(name)) for name in names]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return kept


def features_with(model, layers, x):
    """What these layers give, copied, under these names; all hooks are removed again."""
    kept = {}

    def keep_as(name):
        def hook(layer, args, output):
            kept[name] = output.detach().clone()

        return hook

    handles = [layer.register_forward_hook(keep_as(name)) for name, layer in layers]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return kept


@exercise.mistake(
    "The model did not run in the mode in which the caller has it: where it has dropout, your "
    "features are other ones. Asked is what the layers give in this mode."
)
def runs_in_eval_mode(model, names, x):
    model.eval()
    try:
        with torch.no_grad():
            return features_with(model, [(n, model.get_submodule(n)) for n in names], x)
    finally:
        model.train()


@exercise.mistake(same_as=runs_in_eval_mode)
def eval_for_the_run(model, names, x):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        return features_with(model, [(n, model.get_submodule(n)) for n in names], x)
    finally:
        for module, mode in modes:
            module.training = mode


@exercise.mistake(
    "A layer inside a container is missing. Its full name has a dot in it, and only the children "
    "of the model have names without one."
)
def children_only(model, names, x):
    return features_with(model, [(n, m) for n, m in model.named_children() if n in names], x)


@exercise.mistake(
    "All outputs come under one name, the last of the loop. A function looks a name up when it "
    "runs, not when it is made."
)
def all_under_one_name(model, names, x):
    kept = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            layer = model.get_submodule(name)
            stack.enter_context(
                layer.register_forward_hook(
                    lambda layer, args, output: kept.update({name: output.detach().clone()})  # noqa: B023
                )
            )
        model(x)
    return kept


@exercise.mistake(
    "Your dict has more layers than were named: those inside a named container, whose names begin "
    "in the same way."
)
def names_that_begin_so(model, names, x):
    named = model.named_modules()
    return features_with(model, [(n, m) for n, m in named if n.startswith(tuple(names))], x)


@exercise.mistake(
    "Your dict has all layers of the model. Only those were asked for whose names are given."
)
def every_layer(model, names, x):
    return features_with(model, [(n, m) for n, m in model.named_modules() if n], x)


@exercise.mistake(
    "The model ran once for each name. One run is enough: several hooks can be there at a time. "
    "With dropout, two runs would not even belong together."
)
def one_run_for_each(model, names, x):
    kept = {}
    for name in names:
        kept |= features_with(model, [(name, model.get_submodule(name))], x)
    return kept


@exercise.mistake(
    "After your call the parameters of the model do not require grad any more: nobody can train "
    "it. There are ways to let go of a graph that leave the parameters alone."
)
def freezes_the_model(model, names, x):
    model.requires_grad_(False)
    return features_with(model, [(name, model.get_submodule(name)) for name in names], x)


@exercise.mistake(
    "The recording of gradients is still switched off after your call, for the whole program. "
    "Who switches it on again?"
)
def gradients_off_for_good(model, names, x):
    torch.set_grad_enabled(False)
    return features_with(model, [(name, model.get_submodule(name)) for name in names], x)


@exercise.right
def without_gradients(model, names, x):
    wanted = dict(model.named_modules())
    kept = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for name in names:

            def hook(layer, args, output, name=name):
                kept[name] = output.clone()

            stack.enter_context(wanted[name].register_forward_hook(hook))
        model(x)
    return kept


@exercise.right
def with_a_global_hook(model, names, x):
    kept = {}
    wanted = {model.get_submodule(name): name for name in names}

    def hook(layer, args, output):
        if layer in wanted:
            kept[wanted[layer]] = output.detach().clone()

    handle = nn.modules.module.register_module_forward_hook(hook)
    try:
        model(x)
    finally:
        handle.remove()
    return kept
