"""A with-block is a good place for a hook: the block cannot be left without `__exit__`. Write a
class that records a layer for the length of a block.
"""

import contextlib

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import after_an_error, count_hooks
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source
from course_utils.observation import attempt

exercise = Exercise(
    "05.3",
    "Record as long as a with-block lasts",
    minutes=15,
    difficulty=2,
    hints=[
        "`__enter__` runs when the block begins; what it returns is the name after `as`. "
        "`__exit__` runs when the block ends, also when it ends by an error.",
        "Where is the hook registered, so that a second block works as well as the first?",
        "`__exit__` that returns True says: the error is dealt with. Do you want that?",
    ],
)


@exercise.reference
class OutputRecorder:
    """Records what one layer gives, for as long as a with-block lasts.

        recorder = OutputRecorder(model[0])
        with recorder as outputs:
            model(x)
        outputs  # a list with one tensor for each call of the layer, detached

    The layer computes as it always does. When the block ends, the hook is removed, also when it
    ends by an error; the error goes on to the caller. One recorder can be used for several
    blocks, one after the other: each block has a list of its own.
    """

    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        outputs = []

        def record(layer, args, output):
            outputs.append(output.detach().clone())

        self.handle = self.layer.register_forward_hook(record)
        return outputs

    def __exit__(self, *error):
        self.handle.remove()


@exercise.cases
def _(rng):
    for _ in range(3):
        a, b = rng.randint(2, 3), rng.randint(2, 4)
        yield Source(f"nn.Linear({a}, {b})"), numbers(rng, 2, a), numbers(rng, 2, a) + 0.5


@exercise.observe
def _(answer, source, one, other):
    layer = source.build()
    recorder = answer(layer)
    facts = {"hooks before the block": count_hooks(layer)}
    with recorder as first:
        given = [layer(one), layer(other)]
        facts["hooks inside the block"] = count_hooks(layer)
    facts["hooks left behind"] = count_hooks(layer)
    layer(one)
    first_list = first
    facts["recorded"] = list(first) if isinstance(first, list) else first
    with contextlib.suppress(TypeError):
        facts["what is recorded requires grad"] = [output.requires_grad for output in first]
    facts["the layer's own outputs"] = given
    facts["gradients reach the layer"] = [output.requires_grad for output in given]

    def second_block():
        with recorder as outputs:
            layer(other)
        return [list(first_list), list(outputs)]

    facts["lists after a second block"] = attempt(second_block)

    def block_with_an_error():
        with recorder:
            layer(one)
        return "no error"

    facts |= after_an_error(layer, block_with_an_error)
    return facts


@exercise.mistake(
    "The hook is registered when the recorder is made. So it records before the block begins, and "
    "a second block has no hook at all."
)
class RegistersTooEarly:
    def __init__(self, layer):
        self.outputs = []
        self.handle = layer.register_forward_hook(self.record)

    def record(self, layer, args, output):
        self.outputs.append(output.detach().clone())

    def __enter__(self):
        self.outputs = []
        return self.outputs

    def __exit__(self, *error):
        self.handle.remove()


@exercise.mistake(
    "Your `__exit__` returns True, and Python takes that as: the error is dealt with. The caller "
    "never hears that the model failed."
)
class SwallowsErrors:
    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        outputs = []
        self.handle = self.layer.register_forward_hook(
            lambda layer, args, output: outputs.append(output.detach().clone())
        )
        return outputs

    def __exit__(self, *error):
        self.handle.remove()
        return True


@exercise.mistake(
    "Your hook returns something, and what a forward hook returns takes the place of the output. "
    "Every later batch gets the first one, without its graph."
)
class ReplacesTheOutput:
    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        outputs = []

        def record(layer, args, output):
            outputs.append(output.detach().clone())
            return outputs[0]

        self.handle = self.layer.register_forward_hook(record)
        return outputs

    def __exit__(self, *error):
        self.handle.remove()


@exercise.mistake(
    "The hook is still there. Registering the function once more gives a second hook with a "
    "handle of its own; removing that one leaves the first."
)
class RegistersAgainToRemove:
    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        self.outputs = []
        self.layer.register_forward_hook(self.record)
        return self.outputs

    def record(self, layer, args, output):
        self.outputs.append(output.detach().clone())

    def __exit__(self, *error):
        self.layer.register_forward_hook(self.record).remove()


@exercise.mistake(
    "All blocks share one list, so the second block begins with what the first one recorded."
)
class OneListForAll:
    def __init__(self, layer):
        self.layer = layer
        self.outputs = []

    def __enter__(self):
        self.handle = self.layer.register_forward_hook(
            lambda layer, args, output: self.outputs.append(output.detach().clone())
        )
        return self.outputs

    def __exit__(self, *error):
        self.handle.remove()


@exercise.mistake(
    "Each recorded output still holds its whole graph. A long recording then keeps everything "
    "alive that backward would need."
)
class RecordsGraphs:
    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        outputs = []
        self.handle = self.layer.register_forward_hook(
            lambda layer, args, output: outputs.append(output)
        )
        return outputs

    def __exit__(self, *error):
        self.handle.remove()


@exercise.right
class KeepsItsHandle:
    def __init__(self, layer):
        self.layer = layer
        self.handle = None
        self.outputs = None

    def hook(self, layer, args, output):
        self.outputs.append(output.detach())

    def __enter__(self):
        self.outputs = []
        self.handle = self.layer.register_forward_hook(self.hook)
        return self.outputs

    def __exit__(self, kind, error, trace):
        self.handle.remove()
        return False


exercise.equivalent(
    "outputs.append(output.detach().clone())",
    "outputs.append(output.detach())",
    because="What is promised is a tensor without a graph; whether it shares memory with "
    "the output is left open.",
)


exercise.equivalent(
    "self.handle = None",
    "pass",
    because="Both names are set when the block begins.",
)


exercise.equivalent(
    "self.outputs = None",
    "pass",
    because="Both names are set when the block begins.",
)


exercise.equivalent(
    "return False",
    "return None",
    because="`__exit__` without a value and with False mean the same: the error goes on.",
)
