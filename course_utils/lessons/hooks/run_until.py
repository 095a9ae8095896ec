"""You need the output of the second layer of a large model. Running the other ninety-eight would be
a waste. Leave the model as soon as the layer has finished.
"""

import contextlib

from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    add_hooks_of_others,
    after_an_error,
    broken,
    count_hooks,
    forget_global_hooks,
    note_calls,
)
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source
from course_utils.observation import attempt
from course_utils.parameter_uses import ParameterUses
from course_utils.promises import promised

# With which of these would you get out of a model? It may raise them itself.
ERRORS = (
    ValueError,
    StopIteration,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
)
ERRORS += (NameError, LookupError, ArithmeticError, OSError, EOFError, Exception)

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

    name: full name of the layer, which is reached. x: a float32 tensor of any strides. Returns the
    output of the layer, a tensor. An error of the model, of whatever type, goes on to the caller as
    it is. No hook is left behind, also when the model raises.
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


def parameters_behind(source, model, name, x):
    """The parameters of those layers of the model that do not run until this one has."""
    twin = source.build()
    ran = note_calls(twin)
    run_and_stop(twin, twin.get_submodule(name), x)
    layers = model.named_modules()
    return [p for n, m in layers if n not in ran for p in m.parameters(recurse=False)]


@exercise.observe
def _(answer, source, name, x):
    model = source.build()
    add_hooks_of_others(model)
    calls = note_calls(model)
    before = count_hooks(model)
    with ParameterUses(parameters_behind(source, model, name, x)) as uses:
        output = answer(model, name, x)
    facts = {
        "output": output,
        "layers that ran": list(calls),
        "weights of layers behind it are used": bool(uses.names),
        "hooks left behind": count_hooks(model) - before,
    }
    forget_global_hooks()
    facts |= after_an_error(model, lambda: answer(model, name, x))
    outcomes = {}
    for error in ERRORS:
        with broken(model, error):
            outcomes[error.__name__] = attempt(lambda: answer(model, name, x))
    facts["what a model that raises another error gives"] = outcomes
    forget_global_hooks()
    return facts


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
    "When the model itself fails, the caller may get no error and no output. Its errors have to go "
    "on: which exceptions does your code stop, and is a `return` in `finally` one that stops them?"
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
    "After the call your hook is still there, and the model stops at this layer for everybody. "
    "Which line removes it, and is it reached when you leave the model?"
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
    "The layers ran in the order in which they are registered. The forward method of a model may "
    "run them in another order: call the model, and let it do this."
)
def runs_layers_by_hand(model, name, x):
    for layer_name, layer in model.named_modules():
        if list(layer.children()):
            continue
        x = layer(x)
        if layer_name == name:
            return x
    return None


def run_and_stop(model, layer, x):
    """The output of a layer, as asked for: what the answers below do otherwise is wrong in them."""

    class Reached(Exception):
        """Carries the output out of the model."""

    def stop(layer, args, output):
        raise Reached(output)

    handle = layer.register_forward_hook(stop)
    try:
        model(x)
    except Reached as reached:
        return reached.args[0]
    finally:
        handle.remove()


@exercise.mistake(same_as=catches_everything)
def stops_by_a_common_error(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise ValueError

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except ValueError:
        pass
    finally:
        handle.remove()
    return kept[0] if kept else None


@exercise.mistake(same_as=catches_everything)
def stops_by_the_end_of_an_iteration(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise StopIteration

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except (StopIteration, ValueError):
        pass
    finally:
        handle.remove()
    return kept[0] if kept else None


@exercise.mistake(same_as=catches_everything)
def stops_by_the_end_of_an_iteration_only(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise StopIteration

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except StopIteration:
        pass
    finally:
        handle.remove()
    return kept[0] if kept else None


@exercise.mistake(same_as=catches_everything)
def stops_by_a_runtime_error(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise RuntimeError("reached")

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except RuntimeError:
        pass
    finally:
        handle.remove()
    return kept[0] if kept else None


@exercise.mistake(
    "When the model raises before the layer is reached, your hook is still there afterwards. "
    "Removing it belongs to every way out of your function."
)
def removes_it_when_reached(model, name, x):
    class Reached(Exception):
        pass

    def stop(layer, args, output):
        raise Reached(output)

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except Reached as reached:
        handle.remove()
        return reached.args[0]


@exercise.mistake(same_as=removes_it_when_reached)
def removes_it_when_reached_only(model, name, x):
    kept = []

    def stop(layer, args, output):
        kept.append(output)
        raise RuntimeError("reached")

    handle = model.get_submodule(name).register_forward_hook(stop)
    try:
        model(x)
    except Exception:
        if not kept:
            return None
    handle.remove()
    return kept[0]


@exercise.mistake(
    "When the model fails, the caller gets another error than the model raised. Its own one has "
    "to go on as it is."
)
def wraps_the_error(model, name, x):
    try:
        return run_and_stop(model, model.get_submodule(name), x)
    except Exception as error:
        raise ValueError("not reached") from error


@exercise.mistake(same_as=wraps_the_error)
def another_runtime_error(model, name, x):
    try:
        return run_and_stop(model, model.get_submodule(name), x)
    except Exception as error:
        raise RuntimeError("not reached") from error


@exercise.mistake(
    "The layer got x itself. What it is given in the model is what the layers before it have made "
    "of x."
)
def the_layer_alone(model, name, x):
    return model.get_submodule(name)(x)


@exercise.mistake(same_as=runs_layers_by_hand)
def runs_the_children(model, name, x):
    for child_name, child in model.named_children():
        x = child(x)
        if child_name == name:
            return x
    return None


@exercise.mistake(same_as=runs_layers_by_hand)
def runs_layers_to_the_name(model, name, x):
    for layer_name, layer in model.named_modules():
        if list(layer.children()):
            continue
        x = layer(x)
        if layer_name == name:
            break
    return x


@exercise.mistake(
    "What is registered behind the layer was taken out of the model, and it is still missing "
    "after your call. It need not be what runs behind it, either: leave the model as it is, and "
    "leave it early."
)
def takes_layers_out(model, name, x):
    is_behind = False
    for child_name, _ in list(model.named_children()):
        if is_behind:
            setattr(model, child_name, nn.Identity())
        is_behind = is_behind or child_name == name
    return model(x)


@exercise.mistake(
    "That is the output of another layer, whose name ends in the same way. A full name has dots "
    "in it, and all of its parts count."
)
def by_the_last_part_of_the_name(model, name, x):
    last = name.split(".")[-1]
    layer = next(m for n, m in model.named_modules() if n.split(".")[-1] == last)
    return run_and_stop(model, layer, x)


@exercise.mistake(
    "The layer ran, but the model around it was not called: its hooks did not run, nor anything "
    "else that belongs to a call of it. Call the model itself."
)
def calls_forward(model, name, x):
    layer = model.get_submodule(name)
    return run_and_stop(model.forward, layer, x)


@exercise.mistake(
    "The hooks of other people on this layer are gone. A handle takes away its own hook, and no "
    "other one."
)
def clears_the_table(model, name, x):
    layer = model.get_submodule(name)
    try:
        return run_and_stop(model, layer, x)
    finally:
        layer._forward_hooks.clear()


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
