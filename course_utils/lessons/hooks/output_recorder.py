"""A with-block is a good place for a hook: the block cannot be left without `__exit__`. Write a
class that records a layer for the length of a block.
"""

import gc
import weakref

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    add_hooks_of_others,
    after_an_error,
    count_hooks,
    forget_global_hooks,
)
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
    Neither the list nor the recorder keeps the graph of a call.
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


class Mark:
    """Something that a weak reference can be made to."""


def holds_its_graph(recorder, layer, x):
    """Whether the graph of a call is kept: inside the block, and after it."""
    mark = Mark()
    is_there = weakref.ref(mark)
    with recorder as outputs:
        given = x.clone().requires_grad_() * 1  # as behind a layer before this one
        for node in (given.grad_fn, layer(given).grad_fn):
            node.metadata["mark"] = mark  # there as long as this node of the graph
        del mark, given, node
        inside = is_kept(is_there)
    return inside, is_kept(is_there) and outputs is not None


def is_kept(is_there):
    """Whether what a weak reference was made to is still there, garbage left aside."""
    if is_there() is not None:
        gc.collect()
    return is_there() is not None


@exercise.observe
def _(answer, source, one, other):
    layer = source.build()
    add_hooks_of_others(layer)
    others = count_hooks(layer)
    recorder = answer(layer)
    facts = {"hooks before the block": count_hooks(layer) - others}
    with recorder as first:
        given = [layer(one), layer(other)]
        facts["hooks inside the block"] = count_hooks(layer) - others
    left = count_hooks(layer) - others
    facts["hooks left behind"] = max(left, 0)
    facts["hooks of others that are gone"] = max(-left, 0)
    layer(one)
    is_list = isinstance(first, list)
    facts["recorded"] = list(first) if is_list else "the name after `as` is not a list"
    facts["what is recorded requires grad"] = [o.requires_grad for o in first] if is_list else None
    facts["the layer's own outputs"] = given
    facts["gradients reach the layer"] = [output.requires_grad for output in given]

    def second_block():
        with recorder as outputs:
            layer(other)
        return [list(first), list(outputs)]

    facts["lists after a second block"] = attempt(second_block)
    facts["the graph of a call is kept: in the block, after it"] = attempt(
        lambda: holds_its_graph(recorder, layer, one)
    )

    def block_with_an_error():
        with recorder:
            layer(one)
        return "no error"

    facts |= after_an_error(layer, block_with_an_error)

    def block_that_raises(error):
        with recorder:
            raise error

    facts["other errors in a block"] = [
        attempt(lambda error=error: block_that_raises(error))
        for error in (KeyError("a"), StopIteration(), UserWarning(), EOFError())
    ]
    forget_global_hooks()
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
    "The error does not reach the caller: nobody hears that the model failed. Python takes a true "
    "value from `__exit__` as: the error is dealt with. What does yours give back?"
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
    "After the block the hook is still on the layer. Only the handle that came from registering it "
    "takes it away; registering it once more would give a second hook."
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


class Recorder:
    """As asked for: what the wrong answers below do otherwise is all that is wrong in them."""

    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        self.outputs = []
        self.handle = self.layer.register_forward_hook(self.record)
        return self.outputs

    def record(self, layer, args, output):
        self.outputs.append(output.detach().clone())

    def __exit__(self, *error):
        self.handle.remove()


@exercise.mistake(
    "When the block ends, the recorded outputs hold no graph. Until then each of them does, and a "
    "block may be long. When is the earliest moment to let go of it?"
)
class DetachesAtTheEnd(Recorder):
    def record(self, layer, args, output):
        self.outputs.append(output)

    def __exit__(self, *error):
        super().__exit__(*error)
        self.outputs[:] = [output.detach().clone() for output in self.outputs]


@exercise.mistake(
    "Inside the block the layer's outputs have lost their graph: nothing that is computed from "
    "them can train it. Recording must not change what the layer gives."
)
class CutsTheGraph(Recorder):
    def record(self, layer, args, output):
        self.outputs.append(output.detach().clone())
        return output.detach()


@exercise.mistake(
    "The hooks of other people on this layer are gone. A handle takes away its own hook, and no "
    "other one."
)
class ClearsTheTable(Recorder):
    def __exit__(self, *error):
        self.layer._forward_hooks.clear()


@exercise.mistake(
    "After a block that ended by an error, the hook is still on the layer. `__exit__` is called "
    "then as well; does it do the same?"
)
class StaysAfterAnError(Recorder):
    def __exit__(self, kind, error, trace):
        if kind is None:
            self.handle.remove()


@exercise.mistake("The name after `as` is not a list here. It gets what `__enter__` gives back.")
class GivesItself(Recorder):
    def __enter__(self):
        super().__enter__()
        return self


@exercise.mistake(
    "Behind the block the list is empty. What was recorded is wanted there, not only inside."
)
class EmptiesAtTheEnd(Recorder):
    def __exit__(self, *error):
        self.handle.remove()
        self.outputs.clear()


@exercise.mistake(
    "The second block has emptied the list of the first: both got the same list. Each block has "
    "one of its own, and the first caller still holds his."
)
class EmptiesForTheNext(Recorder):
    outputs: list

    def __init__(self, layer):
        self.layer = layer
        self.outputs = []

    def __enter__(self):
        self.outputs.clear()
        self.handle = self.layer.register_forward_hook(self.record)
        return self.outputs


@exercise.mistake("The list holds the last output only. The layer ran more than once.")
class KeepsTheLast(Recorder):
    def record(self, layer, args, output):
        self.outputs[:] = [output.detach().clone()]


@exercise.mistake(
    "In a second block nothing is recorded: no new hook was registered for it. A handle that was "
    "used to remove its hook is still a handle, and not None."
)
class OneBlockOnly(Recorder):
    handle = None

    def __enter__(self):
        self.outputs = []
        if self.handle is None:
            self.handle = self.layer.register_forward_hook(self.record)
        return self.outputs


@exercise.mistake(
    "What you record are Python lists or NumPy arrays. Tensors were asked for: whoever uses them "
    "wants to compute with them."
)
class RecordsLists(Recorder):
    def record(self, layer, args, output):
        self.outputs.append(output.tolist())


@exercise.mistake("You record what the layer was given, not what it gave.")
class RecordsTheInput(Recorder):
    def record(self, layer, args, output):
        self.outputs.append(args[0].detach().clone())


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
