"""You need the output of the second layer of a large model. Running the other ninety-eight would be
a waste. Leave the model as soon as the layer has finished.
"""

import contextlib

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    after_an_error,
    count_hooks,
    forget_global_hooks,
    note_calls,
)
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source
from course_utils.promises import promised

exercise = Exercise(
    "05.6",
    "Run only as far as you need",
    minutes=15,
    difficulty=3,
    hints=[
        "A hook cannot say “stop”. But there is one thing in Python that leaves any number of "
        "functions at once: an exception.",
        "Raise an exception of a class of your own, and let it carry the output.",
        "Catch this class only. Every other error of the model belongs to the caller.",
    ],
)


@exercise.reference
def run_until(model, name, x):
    """The output of one layer, without running the layers that come after it.

    name: full name of the layer. x: a float32 tensor of any strides. Returns the output of the
    layer, a tensor. An error of the model goes on to the caller. No hook is left behind, also
    when the model raises.
    """

    class Reached(Exception):
        """Carries the output out of the model."""

    def stop(layer, args, output):
        raise Reached(output)

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except Reached as reached:
        return reached.args[0]
    finally:
        handle.remove()


@exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Sigmoid())")
    yield flat, "1", numbers(rng, 2, 3)
    yield flat, "0", numbers(rng, 2, 3)
    nested = Source(
        "nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)), nn.ReLU())"
    )
    yield nested, "1.0", numbers(rng, 2, 3)
    yield Source("OutputFirst()"), "hidden", numbers(rng, 2, 3)
    for x in promised(rng, "any strides"):
        yield nested, rng.choice(["0", "1.0", "1"]), x


@exercise.observe
def _(answer, source, name, x):
    model = source.build()
    calls = note_calls(model)
    before = count_hooks(model)
    output = answer(model, name, x)
    facts = {
        "output": output,
        "layers that ran": list(calls),
        "hooks left behind": count_hooks(model) - before,
    }
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, x))


@exercise.mistake(
    "The output is right, but the whole model ran. Nothing in your code stops it at the layer."
)
def runs_to_the_end(model, name, x):
    kept = []
    layer = model.get_submodule(name)
    handle = layer.register_forward_hook(lambda layer, args, output: kept.append(output))
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


@exercise.mistake(
    "You catch every exception. When the model itself fails, the caller gets no error and no "
    "output."
)
def catches_everything(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise RuntimeError("reached")

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except Exception:
        pass
    finally:
        handle.remove()
    return kept[0] if kept else None


@exercise.mistake(
    "You raise to get out of the model, and the same jump skips the line that removes your hook. "
    "From now on the model stops there for everybody."
)
def jumps_over_the_removal(model, name, x):
    class Reached(Exception):
        pass

    def stop(layer, args, output):
        raise Reached(output)

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
        handle.remove()
    except Reached as reached:
        return reached.args[0]


@exercise.mistake(
    "A pre-hook comes before the layer: that is what the layer was given, not what it gave."
)
def stops_one_step_early(model, name, x):
    class Reached(Exception):
        pass

    def stop(layer, args):
        raise Reached(args[0])

    handle = model.get_submodule(name).register_forward_pre_hook(stop)
    try:
        model(x)
    except Reached as reached:
        return reached.args[0]
    finally:
        handle.remove()


@exercise.mistake(
    "You run the layers yourself, in the order in which they are registered. A forward method may "
    "run them in another order."
)
def runs_layers_by_hand(model, name, x):
    for layer_name, layer in model.named_modules():
        if list(layer.children()):
            continue
        x = layer(x)
        if layer_name == name:
            return x
    return None


@exercise.right
def with_a_with_block(model, name, x):
    class Enough(BaseException):
        pass

    kept = []

    def hook(layer, args, output):
        kept.append(output)
        raise Enough

    layer = dict(model.named_modules())[name]
    with contextlib.suppress(Enough), layer.register_forward_hook(hook):
        model(x)
    return kept.pop()


exercise.equivalent(
    "return reached.args[0]",
    "return reached.args[-1]",
    because="The exception carries one value.",
)
