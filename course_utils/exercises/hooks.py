"""Exercises of notebook 05: hooks and apply.

A case gives the source of its model, and the observation builds it, so that the message a
student reads says which model to type. The observations count every kind of hook
before and after: an answer that works and leaves a hook behind does not pass.
"""

import contextlib
import math
import random
from collections import OrderedDict

import torch
from torch import nn

from ..exercise import Exercise
from ..observation import attempt

HOOK_TABLES = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
GLOBAL_TABLES = (
    "_global_forward_pre_hooks",
    "_global_forward_hooks",
    "_global_backward_pre_hooks",
    "_global_backward_hooks",
)
TENSOR_TABLES = ("_backward_hooks", "_post_accumulate_grad_hooks")


def numbers(rng: random.Random, *shape: int) -> torch.Tensor:
    """Small whole numbers from -4 to 4 as float32."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-4, 4) for _ in range(count)]).float().reshape(shape)


class Source(nn.Module):
    """Stands for a model in a case. It is a module so that a message shows it as it is typed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def build(self) -> nn.Module:
        """The model itself; its weights come from the seed of the check."""
        scope = {"nn": nn, "OrderedDict": OrderedDict}
        scope.update({kind.__name__: kind for kind in OWN_MODULES})
        return eval(self.text, scope)


def some_activations(rng: random.Random, least: int, most: int) -> list[str]:
    """Sources of layers that take any shape and keep a negative number or turn it into 0."""
    kinds = ["nn.Tanh()", "nn.ReLU()", "nn.Identity()"]
    return [rng.choice(kinds) for _ in range(rng.randint(least, most))]


def count_hooks(model: nn.Module) -> int:
    """Hooks of every kind on a model's modules and parameters, and on all modules of torch."""
    total = 0
    for module in model.modules():
        total += sum(len(getattr(module, table)) for table in HOOK_TABLES)
    for parameter in model.parameters():
        total += sum(len(getattr(parameter, table, None) or ()) for table in TENSOR_TABLES)
    total += sum(len(getattr(nn.modules.module, table)) for table in GLOBAL_TABLES)
    return total


def forget_global_hooks() -> None:
    """Global hooks that an answer left behind must not reach the next check."""
    for table in GLOBAL_TABLES:
        getattr(nn.modules.module, table).clear()


@contextlib.contextmanager
def broken(model: nn.Module):
    """As long as this lasts, every layer of the model raises when it is called."""

    def fail(layer, args):
        raise RuntimeError("this layer is broken")

    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [leaf.register_forward_pre_hook(fail) for leaf in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def after_an_error(model: nn.Module, action) -> dict:
    """`action()` runs the model while it is broken: what comes out, and what stays behind."""
    before = count_hooks(model)
    with broken(model):
        outcome = attempt(action)
    left = count_hooks(model) - before
    forget_global_hooks()
    return {"what a model that raises gives": outcome, "hooks left behind after an error": left}


def note_calls(model: nn.Module) -> list:
    """From now on, the names of the leaf modules are listed in the order in which they run."""
    calls = []

    def note(name):
        return lambda module, args: calls.append(name)

    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_pre_hook(note(name))
    return calls


class OutputFirst(nn.Module):
    """Registers its output layer first; forward runs it last."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(3, 2)
        self.hidden = nn.Tanh()

    def forward(self, x):
        return self.output(self.hidden(x))


class Log(nn.Module):
    """The logarithm: -inf at 0, NaN below."""

    def forward(self, x):
        return torch.log(x)


class LogOf(nn.Module):
    """Takes the logarithm of what its layer gives."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.log(self.layer(x))


class LogLast(nn.Module):
    """Registers its logarithm last; forward runs it first."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(3, 2)
        self.log = Log()

    def forward(self, x):
        return self.output(self.log(x))


class Brightness(nn.Module):
    """A model with a second argument."""

    def forward(self, image, gain):
        return image * gain


class Shift(nn.Module):
    """Adds its parameter to the input: both get the same gradient."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def forward(self, x):
        return self.shift + x


class Twice(nn.Module):
    """Uses its layer two times."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(self.layer(x))


class TwoPaths(nn.Module):
    """One activation, reached on two paths."""

    def __init__(self):
        super().__init__()
        shared = nn.Tanh()
        self.left = nn.Sequential(nn.Linear(2, 2), shared)
        self.right = nn.Sequential(nn.Linear(2, 2), shared)

    def forward(self, x):
        return self.left(x) + self.right(x)


class Head(nn.Linear):
    """A linear layer under another name, as libraries have them."""


OWN_MODULES = (OutputFirst, Log, LogOf, LogLast, Brightness, Shift, Twice, TwoPaths, Head)


# 05.1 -------------------------------------------------------------------------------------

shapes_exercise = Exercise(
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


@shapes_exercise.reference
def output_shapes(model, x):
    """Run the model once on x and tell the shape of what each leaf module gave.

    A leaf is a module without children. Every layer of `model` gives one tensor and runs once.
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


@shapes_exercise.cases
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


@shapes_exercise.observe
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


@shapes_exercise.mistake(
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


@shapes_exercise.mistake(
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


@shapes_exercise.mistake(
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


@shapes_exercise.mistake(
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


@shapes_exercise.mistake(
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


@shapes_exercise.mistake(
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


# 05.2 -------------------------------------------------------------------------------------

features_exercise = Exercise(
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


@features_exercise.reference
def features(model, names, x):
    """Run the model once on x and give the outputs of the named layers.

    names: full names of layers; each of them gives one tensor. Returns a dict: name to tensor.
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


@features_exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, ["0", "2"], numbers(rng, 2, 3)
    nested = Source("nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Sigmoid(), nn.Linear(4, 2)))")
    yield nested, ["1.0", "1"], numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True))"), ["0"], numbers(rng, 4, 3)
    yield Source("OutputFirst()"), ["output", "hidden"], numbers(rng, 2, 3)
    yield Source("nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))"), ["0", "1"], numbers(rng, 3, 3)


@features_exercise.observe
def _(answer, source, names, x):
    model = source.build()
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
        "layers that ran": list(calls),
        "the model is in training mode": [module.training for module in model.modules()],
        "hooks left behind": max(count_hooks(model) - before, 0),
    }
    forget_global_hooks()
    facts |= after_an_error(model, lambda: answer(model, names, x))
    seen.clear()
    model(x)
    facts["the hook that was there before is called"] = seen
    return facts


@features_exercise.mistake(
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


@features_exercise.mistake(
    "On a good day nothing is left behind. But when the model raises, your removing is skipped."
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


@features_exercise.mistake(
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


@features_exercise.mistake(
    "detach() does not copy. A later layer that works in place wrote into the tensor you kept."
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


@features_exercise.mistake(
    "You emptied the layers' tables of hooks. Hooks of other people were in there as well; a "
    "handle takes away only its own."
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


@features_exercise.mistake(
    "You switched the model to evaluation and left it so. The caller did not ask for that: its "
    "dropout and batch norm now behave in another way."
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


# 05.3 -------------------------------------------------------------------------------------

recorder_exercise = Exercise(
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


@recorder_exercise.reference
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


@recorder_exercise.cases
def _(rng):
    for _ in range(3):
        a, b = rng.randint(2, 3), rng.randint(2, 4)
        yield Source(f"nn.Linear({a}, {b})"), numbers(rng, 2, a), numbers(rng, 2, a) + 0.5


@recorder_exercise.observe
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


@recorder_exercise.mistake(
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


@recorder_exercise.mistake(
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


@recorder_exercise.mistake(
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


@recorder_exercise.mistake(
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


@recorder_exercise.mistake(
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


@recorder_exercise.mistake(
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


# 05.4 -------------------------------------------------------------------------------------

bytes_exercise = Exercise(
    "05.4",
    "A model that also takes bytes",
    minutes=12,
    difficulty=2,
    hints=[
        "A forward pre-hook is called as `hook(module, args)`, before forward. What type does "
        "`args` have? Print it.",
        "What a forward pre-hook returns takes the place of the arguments. All of them.",
        "A picture that already holds floats has to come through as it is.",
    ],
)


@bytes_exercise.reference
def accept_bytes(model):
    """Let the model take pictures of bytes, by a forward pre-hook.

    If the first argument of a call has dtype uint8, the model gets it as float32 divided by 255.
    A first argument of another dtype, and all further positional arguments, stay as they are.
    The tensor that the caller gave is not changed. Returns the handle of the hook.
    """

    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@bytes_exercise.cases
def _(rng):
    yield Source("nn.ReLU()"), torch.tensor([0, 51, 255], dtype=torch.uint8)
    yield Source("nn.ReLU()"), torch.tensor([0.0, 51.0, 255.0])
    picture = torch.tensor([[rng.randint(0, 255) for _ in range(4)] for _ in range(2)])
    yield Source("nn.Linear(4, 2)"), picture.to(torch.uint8)
    yield Source("nn.Linear(4, 2)"), picture / 2
    yield Source("Brightness()"), picture.to(torch.uint8), torch.tensor(float(rng.randint(2, 5)))


@bytes_exercise.observe
def _(answer, source, *args):
    model = source.build()
    handle = answer(model)
    facts = {"output": model(*args), "hooks on the model": count_hooks(model)}
    handle.remove()
    facts["hooks after handle.remove()"] = count_hooks(model)
    forget_global_hooks()
    return facts


@bytes_exercise.mistake(
    "In a pre-hook the second argument is the tuple of all positional arguments, also when there "
    "is only one. A tuple has no dtype and cannot be divided."
)
def takes_args_for_the_tensor(model):
    def convert(module, picture):
        return picture.float() / 255

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake(
    "Your hook makes a new tensor and gives it a name inside the hook. The model never sees it: "
    "how does a hook hand something over?"
)
def forgets_to_return(model):
    def convert(module, args):
        picture = args[0]
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake(
    "You divide every picture, also one that held floats between 0 and 1 already."
)
def divides_always(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255, *others)

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake(
    "You divide every picture, also one that held floats between 0 and 1 already. And float() "
    "does not copy a float tensor: dividing it in place changes the caller's."
)
def divides_in_place(model):
    def convert(module, args):
        picture, *others = args
        picture = picture.float()
        picture /= 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake(
    "What you return takes the place of all arguments. A model with two of them has lost its "
    "second one."
)
def drops_the_others(model):
    def convert(module, args):
        picture = args[0]
        return picture.float() / 255 if picture.dtype == torch.uint8 else picture

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake("The dtype is right, but the numbers still go from 0 to 255.")
def does_not_scale(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@bytes_exercise.mistake(
    "A forward hook comes after forward: you divide what the model gives. The input is to be "
    "changed before the model sees it."
)
def hooks_the_output(model):
    def convert(module, args, output):
        return output.float() / 255 if args[0].dtype == torch.uint8 else output

    return model.register_forward_hook(convert)


# 05.5 -------------------------------------------------------------------------------------

silence_exercise = Exercise(
    "05.5",
    "What if this unit were silent?",
    minutes=12,
    difficulty=2,
    hints=[
        "What a forward hook returns (if it is not None) takes the place of the layer's output.",
        "The units of a linear layer and the channels of a convolution are both dimension 1.",
        "The output may be needed unchanged by backward: change a copy.",
    ],
)


@silence_exercise.reference
def output_without_unit(model, name, unit, x):
    """What the model gives when one unit of one layer always gives 0.

    name: full name of a layer whose output has shape (batch, units, ...). unit: an int.
    Returns the output of the model; backward through it works. Weights are not changed, and no
    hook is left behind, also when the model raises.
    """

    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@silence_exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, "1", 0, numbers(rng, 2, 3)
    yield flat, "0", rng.randint(1, 3), numbers(rng, 4, 3)
    nested = Source("nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Sigmoid()), nn.Linear(4, 2))")
    yield nested, "0.1", rng.randint(0, 3), numbers(rng, 4, 3)
    convolution = Source(
        "nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 2))"
    )
    yield convolution, "0", 1, numbers(rng, 2, 1, 4, 4)


@silence_exercise.observe
def _(answer, source, name, unit, x):
    model = source.build()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    x = x.clone().requires_grad_()
    output = answer(model, name, unit, x)
    changed = [
        not torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True)
    ]
    facts = {
        "output": output,
        "gradient of the input": attempt(lambda: torch.autograd.grad(output.sum(), x)[0]),
        "parameters were changed": changed,
        "hooks left behind": count_hooks(model),
    }
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, unit, x))


@silence_exercise.mistake(
    "Inside your hook a new tensor gets a zero, and then it is gone. The model goes on with the "
    "old one, because the hook returns None."
)
def zero_without_return(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@silence_exercise.mistake(
    "The output is right, but backward is broken: you wrote into a tensor that the layer has "
    "saved for its backward."
)
def writes_into_the_output(model, name, unit, x):
    def silence(layer, args, output):
        output[:, unit] = 0

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@silence_exercise.mistake("Dimension 0 is the batch: you silenced one sample, not one unit.")
def silences_a_sample(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[unit % len(changed)] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    try:
        return model(x)
    finally:
        handle.remove()


@silence_exercise.mistake(
    "The unit stays silent for ever: your hook is still on the model after the call."
)
def stays_silent(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    model.get_submodule(name).register_forward_hook(silence)
    return model(x)


@silence_exercise.mistake(
    "When the model raises, the line that removes your hook is not reached: the next run, on a "
    "good input, would be silenced as well."
)
def silent_after_an_error(model, name, unit, x):
    def silence(layer, args, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handle = model.get_submodule(name).register_forward_hook(silence)
    output = model(x)
    handle.remove()
    return output


# 05.6 -------------------------------------------------------------------------------------

until_exercise = Exercise(
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


@until_exercise.reference
def run_until(model, name, x):
    """The output of one layer, without running the layers that come after it.

    name: full name of the layer. Returns its output, a tensor. An error of the model goes on to
    the caller. No hook is left behind, also when the model raises.
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


@until_exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Sigmoid())")
    yield flat, "1", numbers(rng, 2, 3)
    yield flat, "0", numbers(rng, 2, 3)
    nested = Source(
        "nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)), nn.ReLU())"
    )
    yield nested, "1.0", numbers(rng, 2, 3)
    yield Source("OutputFirst()"), "hidden", numbers(rng, 2, 3)


@until_exercise.observe
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


@until_exercise.mistake(
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


@until_exercise.mistake(
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


@until_exercise.mistake(
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


@until_exercise.mistake(
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


@until_exercise.mistake(
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


# 05.7 -------------------------------------------------------------------------------------

nan_exercise = Exercise(
    "05.7",
    "Where does the first NaN come from?",
    minutes=20,
    difficulty=3,
    hints=[
        "`tensor.isfinite()` is False for NaN and for both infinities. An infinity becomes NaN "
        "one or two layers later.",
        "Put a forward hook on every module, containers as well. The hooks fire in the order in "
        "which modules finish: the first bad one in this order is the one to name.",
        "`nn.GRU` gives a tuple of tensors. Make a tuple of a single tensor, and treat both alike.",
    ],
)


@nan_exercise.reference
def first_bad_layer(model, x):
    """The full name of the first module whose output holds a NaN or an infinity, or None.

    First: in the order in which the modules finish as the model runs on x. Any module can be the
    one, also a container. An output is a tensor or a tuple of tensors.
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


@nan_exercise.cases
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
    for _ in range(2):
        outer, inner = some_activations(rng, 2, 9), some_activations(rng, 1, 5)
        inner.insert(rng.randint(1, len(inner)), "Log()")
        outer.insert(rng.randint(1, len(outer)), f"nn.Sequential({', '.join(inner)})")
        yield Source(f"nn.Sequential({', '.join(outer)})"), negative


@nan_exercise.observe
def _(answer, source, x):
    model = source.build()
    result = answer(model, x)
    facts = {"first bad layer": result, "hooks left behind": count_hooks(model)}
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, x))


@nan_exercise.mistake(
    "You look for NaN only. The trouble often begins one layer earlier, as an infinity."
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


@nan_exercise.mistake(
    "After the first bad layer, the ones behind it are bad as well. You keep the last of them."
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


@nan_exercise.mistake(
    "You go through the modules in the order of named_modules(), from the outside in and as "
    "registered. The order in which they finish is another one."
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


@nan_exercise.mistake(
    "You put hooks on leaves only. A container's own forward can compute something as well, and "
    "go wrong there."
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


@nan_exercise.mistake(
    "You look at what the layers were given. The layer you name received the bad numbers; which "
    "one made them?"
)
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


@nan_exercise.mistake(
    "Not every module gives a tensor: a recurrent layer gives a tuple of tensors."
)
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


@nan_exercise.mistake(
    "You find the layer and remove the hooks, as long as the model runs to its end. And if it "
    "raises half-way?"
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


# 05.8 -------------------------------------------------------------------------------------

clip_exercise = Exercise(
    "05.8",
    "Clip gradients with hooks",
    minutes=12,
    difficulty=2,
    hints=[
        "`parameter.register_hook(hook)` calls `hook(gradient)` in every backward, before the "
        "gradient is added to `.grad`.",
        "A tensor hook changes the gradient by returning a new one.",
        "A parameter that does not require grad takes no hook. Look at `requires_grad` first.",
    ],
)


@clip_exercise.reference
def clip_gradients(model, limit):
    """Clip the gradient of every parameter that requires grad, value by value, with tensor hooks.

    From now on, what a backward pass adds to `.grad` lies between -limit and limit. No other
    gradient changes. limit: a positive float.
    Returns the list of handles: when all of them are removed, nothing is clipped any more.
    """

    def clip(gradient):
        return gradient.clamp(-limit, limit)

    return [
        parameter.register_hook(clip) for parameter in model.parameters() if parameter.requires_grad
    ]


@clip_exercise.cases
def _(rng):
    yield Source("nn.Linear(3, 2)"), 5.0, torch.tensor([[1.0, -2.0, 3.0]])
    yield Source("Shift()"), 5.0, torch.tensor([[1.0, -2.0, 3.0]])[0]
    frozen = Source(
        "nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 2))"
    )
    yield frozen, 2.0, numbers(rng, 2, 3)
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, 1.0, numbers(rng, 5, 3)


@clip_exercise.observe
def _(answer, source, limit, x):
    model = source.build()
    handles = list(answer(model, limit))
    x = x.clone().requires_grad_()

    def backward():
        loss = (10 * model(x) ** 2).sum()
        loss.backward()
        return {name: parameter.grad for name, parameter in model.named_parameters()}

    facts = {"gradients": {k: v if v is None else v.clone() for k, v in backward().items()}}
    facts["gradient of the input"] = x.grad.clone()
    second = {k: v if v is None else v.clone() for k, v in backward().items()}
    facts["gradients after a second backward"] = second
    for handle in handles:
        handle.remove()
    facts["hooks after the handles were removed"] = count_hooks(model)
    forget_global_hooks()
    return facts


@clip_exercise.mistake(
    "Your hook gives the clipped gradient a name and forgets it. To change a gradient, a hook has "
    "to hand something back."
)
def assigns_and_forgets(model, limit):
    def clip(gradient):
        gradient = gradient.clamp(-limit, limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@clip_exercise.mistake(
    "You clip in place. The same tensor can be the gradient of something else: here the gradient "
    "of the input was clipped as well. The documentation forbids it."
)
def clips_in_place(model, limit):
    def clip(gradient):
        gradient.clamp_(-limit, limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@clip_exercise.mistake("A gradient can be too large in two directions. You look at one of them.")
def clips_one_side(model, limit):
    def clip(gradient):
        return gradient.clamp(max=limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@clip_exercise.mistake(
    "You scale the whole gradient by its norm. That is another kind of clipping; here each value "
    "is limited by itself."
)
def clips_the_norm(model, limit):
    def clip(gradient):
        return gradient * (limit / gradient.norm()).clamp(max=1)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@clip_exercise.mistake(
    "Not every parameter takes a hook: a frozen one does not require grad, and torch says so."
)
def hooks_frozen_ones_too(model, limit):
    return [p.register_hook(lambda g: g.clamp(-limit, limit)) for p in model.parameters()]


@clip_exercise.mistake(
    "You clip `.grad` after it was added up. After two backward passes the sum is clipped, not "
    "what each of them adds."
)
def clips_the_sum(model, limit):
    def clip(parameter):
        parameter.grad.clamp_(-limit, limit)

    trained = [p for p in model.parameters() if p.requires_grad]
    return [p.register_post_accumulate_grad_hook(clip) for p in trained]


# 05.9 -------------------------------------------------------------------------------------

logger_exercise = Exercise(
    "05.9",
    "A gradient logger",
    minutes=20,
    difficulty=3,
    hints=[
        "Each parameter needs a hook of its own, which knows where to write. A small function "
        "that takes the list and gives back the hook does that.",
        "In a tensor hook, `.grad` does not hold this gradient yet. The hook's argument does.",
        "A tensor hook that returns None changes nothing. `list.append` returns None.",
    ],
)


@logger_exercise.reference
class GradientLogger:
    """Logs the norm of every parameter's gradient in each backward pass.

    norms: a dict, the parameter's full name to a list of floats, one for each backward pass: the
    norm of the gradient that this pass computed, whatever `.grad` held before. A parameter that
    does not require grad has no entry. The gradients themselves do not change.
    close() removes every hook; norms stay readable.
    """

    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            def hook(gradient):
                norms.append(gradient.norm().item())

            return hook

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.cases
def _(rng):
    yield Source("nn.Linear(3, 2)"), torch.tensor([[1.0, -2.0, 3.0]]), torch.ones(1, 3)
    frozen = Source(
        "nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 2))"
    )
    yield frozen, numbers(rng, 2, 3), numbers(rng, 4, 3)
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, numbers(rng, 2, 3), numbers(rng, 2, 3)


@logger_exercise.observe
def _(answer, source, one, other):
    model = source.build()
    logger = answer(model)
    (model(one) ** 2).sum().backward()
    (model(other) ** 2).sum().backward()  # no zero_grad: `.grad` holds the sum of both
    facts = {"norms": {name: list(norms) for name, norms in dict(logger.norms).items()}}
    facts["gradients"] = {name: parameter.grad for name, parameter in model.named_parameters()}
    logger.close()
    facts["hooks after close()"] = count_hooks(model)
    (model(one) ** 2).sum().backward()
    facts["entries after close()"] = {name: len(norms) for name, norms in logger.norms.items()}
    forget_global_hooks()
    return facts


@logger_exercise.mistake(
    "All your hooks write under the last name of the loop: a function looks a name up when it "
    "runs, and by then the loop is over."
)
class WritesUnderTheLastName:
    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                handle = parameter.register_hook(
                    lambda gradient: self.norms[name].append(gradient.norm().item())  # noqa: B023
                )
                self.handles.append(handle)

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.mistake(
    "Your hook returns the norm, and what a tensor hook returns takes the place of the gradient."
)
class ReturnsTheNorm:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            def hook(gradient):
                norms.append(gradient.norm().item())
                return gradient.norm()

            return hook

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.mistake(
    "You read `.grad`, where the passes are added up. This pass alone was asked for."
)
class LogsTheSum:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda parameter: norms.append(parameter.grad.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                hook = write_into(self.norms[name])
                self.handles.append(parameter.register_post_accumulate_grad_hook(hook))

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.mistake(
    "In a tensor hook `.grad` is not written yet: at the first pass it is None. The gradient is "
    "what the hook is called with."
)
class ReadsGradTooEarly:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms, parameter):
            return lambda gradient: norms.append(parameter.grad.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                hook = write_into(self.norms[name], parameter)
                self.handles.append(parameter.register_hook(hook))

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.mistake(
    "A frozen parameter has no gradient to log, and torch refuses a hook on it."
)
class HooksFrozenOnesToo:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda gradient: norms.append(gradient.norm().item())

        for name, parameter in model.named_parameters():
            self.norms[name] = []
            self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@logger_exercise.mistake(
    "close() forgets the handles, but forgetting a handle does not remove its hook."
)
class ForgetsTheHandles:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda gradient: norms.append(gradient.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        self.handles = []


# 05.10 ------------------------------------------------------------------------------------

gradient_exercise = Exercise(
    "05.10",
    "The gradient at a layer, in-place ReLU or not",
    minutes=15,
    difficulty=3,
    hints=[
        "A full backward hook and a following `nn.ReLU(inplace=True)` do not go together. Another "
        "hook meets the output as it leaves the layer.",
        "In a forward hook, `output` is a tensor, and a tensor can be given a hook of its own.",
        "Mind what your forward hook returns. `register_hook` gives back a handle.",
    ],
)


@gradient_exercise.reference
def output_gradient(model, name, x):
    """The gradient of model(x).sum() with respect to what one layer gives.

    name: full name of a layer whose output is a tensor. The layer after it may work in place.
    Returns a tensor of the shape of the layer's output. The gradients of the parameters may be
    filled on the way. No hook is left behind, also when the model raises.
    """
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(gradient.clone()))

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@gradient_exercise.cases
def _(rng):
    flat = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield flat, "0", numbers(rng, 2, 3)
    yield flat, "2", numbers(rng, 2, 3)
    in_place = Source("nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True), nn.Linear(6, 2))")
    yield in_place, "0", numbers(rng, 3, 3)
    deep = Source(
        "nn.Sequential(nn.Sequential(nn.Linear(3, 6), nn.ReLU(inplace=True)), nn.Linear(6, 2))"
    )
    yield deep, "0.0", numbers(rng, 3, 3)


@gradient_exercise.observe
def _(answer, source, name, x):
    model = source.build()
    facts = {"gradient": answer(model, name, x), "hooks left behind": count_hooks(model)}
    forget_global_hooks()
    return facts | after_an_error(model, lambda: answer(model, name, x))


@gradient_exercise.mistake(
    "A full backward hook makes the layer's output a view that must not be changed, and the next "
    "layer works in place. Is there another place to listen?"
)
def full_backward_hook(model, name, x):
    kept = []

    def watch(layer, grad_input, grad_output):
        kept.append(grad_output[0].clone())

    handle = model.get_submodule(name).register_full_backward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@gradient_exercise.mistake(
    "In a backward hook grad_output is a tuple, also when the layer gives one tensor only. And "
    "with an in-place layer behind, this kind of hook does not work at all."
)
def keeps_the_tuple(model, name, x):
    kept = []

    def watch(layer, grad_input, grad_output):
        kept.append(grad_output)

    handle = model.get_submodule(name).register_full_backward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@gradient_exercise.mistake(
    "retain_grad() follows the tensor when it is written into: after an in-place ReLU you get the "
    "gradient of what came out of the ReLU."
)
def retains_the_grad(model, name, x):
    kept = []

    def watch(layer, args, output):
        output.retain_grad()
        kept.append(output)

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0].grad


@gradient_exercise.mistake(
    "You register the tensor hook when backward is over. A hook only hears what comes after it."
)
def registers_after_backward(model, name, x):
    kept, outputs = [], []

    def watch(layer, args, output):
        outputs.append(output)

    handle = model.get_submodule(name).register_forward_hook(watch)
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    outputs[0].register_hook(kept.append)
    return kept[0] if kept else None


@gradient_exercise.mistake(
    "Your forward hook returns the handle of the tensor hook, and what a forward hook returns "
    "takes the place of the output."
)
def returns_the_handle(model, name, x):
    kept = []
    layer = model.get_submodule(name)
    handle = layer.register_forward_hook(
        lambda layer, args, output: output.register_hook(kept.append)
    )
    try:
        model(x).sum().backward()
    finally:
        handle.remove()
    return kept[0]


@gradient_exercise.mistake(
    "The gradient is right, and the forward hook stays: every later run of the model goes on "
    "listening."
)
def goes_on_listening(model, name, x):
    kept = []

    def watch(layer, args, output):
        output.register_hook(lambda gradient: kept.append(gradient.clone()))

    model.get_submodule(name).register_forward_hook(watch)
    model(x).sum().backward()
    return kept[0]


# 05.11 ------------------------------------------------------------------------------------

rename_exercise = Exercise(
    "05.11",
    "Old checkpoints into a new model",
    minutes=20,
    difficulty=3,
    hints=[
        "The hook gets the state dict as its second and the prefix as its third argument. Print "
        "both for a model inside another one.",
        "torch goes on with the very dict that the hook was given. Making a new one changes "
        "nothing; put in and take out.",
        "Loop over `list(state_dict)`, since you change the dict on the way. Compare whole parts "
        "of a name: `fc2.weight` also begins with `fc`.",
    ],
)


@rename_exercise.reference
def accept_old_names(model, renames):
    """Let `model.load_state_dict` take checkpoints that were saved under old names.

    renames: a dict, old name of a layer to its new name: {"fc": "hidden"} makes "fc.weight" load
    as "hidden.weight", and leaves "fc2.weight" alone. Names are those inside `model`; the model
    itself may be a part of a larger one. New checkpoints still load, and saving is not changed.
    Done with a load_state_dict pre-hook. Returns its handle.
    """

    def rename(module, state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{old}."
                if key.startswith(beginning):
                    rest = key.removeprefix(beginning)
                    state_dict[f"{prefix}{new}.{rest}"] = state_dict.pop(key)
                    break

    if hasattr(model, "register_load_state_dict_pre_hook"):
        return model.register_load_state_dict_pre_hook(rename)
    # torch 2.3 has this hook under a private name only.
    return model._register_load_state_dict_pre_hook(rename, with_module=True)


NAMED = Source(
    "nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3), act=nn.Tanh(), output=nn.Linear(3, 1)))"
)
NESTED = Source(
    "nn.Sequential(OrderedDict(body=nn.Sequential(nn.Linear(2, 3)), output=nn.Linear(3, 1)))"
)


@rename_exercise.cases
def _(rng):
    yield NAMED, {"fc": "hidden"}
    yield NAMED, {"fc": "hidden", "fc2": "output"}
    yield NESTED, {"backbone": "body"}
    first, last = rng.sample(["encoder", "trunk", "mixer", "top", "scores", "lift", "stage"], 2)
    source = f"{first}=nn.Linear(2, 3), act=nn.Tanh(), {last}=nn.Linear(3, 1)"
    renames = {f"layer{rng.randint(1, 9)}": first, rng.choice(["head", "fc"]): last}
    yield Source(f"nn.Sequential(OrderedDict({source}))"), renames


@rename_exercise.observe
def _(answer, source, renames):
    saved = {name: value + 1 for name, value in source.build().state_dict().items()}
    model = source.build()
    old_names = {new: old for old, new in renames.items()}
    old = {}
    for key, value in saved.items():
        layer, _, rest = key.partition(".")
        old[f"{old_names.get(layer, layer)}.{rest}"] = value
    untouched = list(old)

    def load(target, checkpoint):
        """The parameters after loading; the model starts from zeros, so what is loaded shows."""
        with torch.no_grad():
            for parameter in target.parameters():
                parameter.zero_()
        target.load_state_dict(checkpoint)
        return dict(target.named_parameters())

    handle = answer(model, dict(renames))
    larger = nn.ModuleDict({"part": model, "fc": nn.Linear(1, 1)})
    checkpoint = {f"part.{key}": value for key, value in old.items()}
    checkpoint |= {"fc.weight": torch.ones(1, 1), "fc.bias": torch.ones(1)}
    facts = {
        "after an old checkpoint": attempt(lambda: load(model, old)),
        "after a new checkpoint": attempt(lambda: load(model, saved)),
        "as a part of a larger model": attempt(lambda: load(larger, checkpoint)),
        "a checkpoint with an unknown name": attempt(
            lambda: load(model, saved | {"stray.weight": torch.ones(1)})
        ),
        "missing and unexpected names, if not strict": attempt(
            lambda: [list(names) for names in model.load_state_dict(dict(old), strict=False)]
        ),
        "names that the model saves": list(model.state_dict()),
        "the checkpoint that was given": list(old) == untouched,
    }
    handle.remove()
    facts["hooks after handle.remove()"] = count_hooks(model)
    facts["an old checkpoint after handle.remove()"] = attempt(lambda: load(model, old))
    return facts


@rename_exercise.mistake(
    "Your hook builds a new dict and leaves the given one as it was. torch goes on with the one "
    "it gave you."
)
def builds_a_new_dict(model, renames):
    def rename(state_dict, prefix, *others):
        renamed = {}
        for key, value in state_dict.items():
            for old, new in renames.items():
                if key.startswith(f"{prefix}{old}."):
                    key = prefix + new + key.removeprefix(prefix + old)
                    break
            renamed[key] = value
        state_dict = renamed

    return model._register_load_state_dict_pre_hook(rename)


@rename_exercise.mistake(
    "Alone the model loads. As a part of a larger model its names begin with a prefix, and yours "
    "are not found."
)
def ignores_the_prefix(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                if key.startswith(f"{old}."):
                    state_dict[new + key.removeprefix(old)] = state_dict.pop(key)
                    break

    return model._register_load_state_dict_pre_hook(rename)


@rename_exercise.mistake(
    "The weights arrive under the new names, but the old names are still in the dict: torch "
    "reports them as unexpected."
)
def copies_instead_of_moving(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{old}."
                if key.startswith(beginning):
                    state_dict[f"{prefix}{new}." + key.removeprefix(beginning)] = state_dict[key]
                    break

    return model._register_load_state_dict_pre_hook(rename)


@rename_exercise.mistake(
    "You replace the letters wherever they stand. The old name of one layer can be the beginning "
    "of another one's."
)
def replaces_letters(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            renamed = key.removeprefix(prefix)
            for old, new in renames.items():
                renamed = renamed.replace(old, new)
            state_dict[prefix + renamed] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


@rename_exercise.mistake(
    "Your hook runs when the model saves. Loading does not call it: a state_dict hook and a "
    "load_state_dict hook are two different things."
)
def hooks_the_saving(model, renames):
    def rename(module, state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{new}."
                if key.startswith(beginning):
                    rest = key.removeprefix(beginning)
                    state_dict[f"{prefix}{old}.{rest}"] = state_dict.pop(key)
                    break

    return model._register_state_dict_hook(rename)


@rename_exercise.mistake(
    "You expect every old name to be there. A checkpoint that was saved yesterday has none of "
    "them, and it does not load any more."
)
def expects_old_names(model, renames):
    def rename(state_dict, prefix, *others):
        for old, new in renames.items():
            inside = [k for k in state_dict if k.startswith(f"{prefix}{old}.")]
            if not inside:
                raise KeyError(old)
            for key in inside:
                rest = key.removeprefix(f"{prefix}{old}.")
                state_dict[f"{prefix}{new}.{rest}"] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


# 05.12 ------------------------------------------------------------------------------------

apply_exercise = Exercise(
    "05.12",
    "Write apply yourself",
    minutes=10,
    difficulty=2,
    hints=[
        "Only the children are needed: for each of them, the same job is to be done again.",
        "A function may call itself. What comes first, the children or the module itself?",
    ],
)


@apply_exercise.reference
def apply_to_all(module, function):
    """Do by hand what module.apply(function) does.

    function(m) is called for the module and for everything inside it, in the order in which
    `apply` does it. A module that is reached on two paths is visited twice, as `apply` does.
    What function returns is ignored. Returns the module itself.
    """
    for child in module.children():
        apply_to_all(child, function)
    function(module)
    return module


@contextlib.contextmanager
def watched_apply():
    """Counts the calls of nn.Module.apply, whoever makes them."""
    original = nn.Module.apply
    used = []

    def apply(module, function):
        used.append("apply")
        return original(module, function)

    nn.Module.apply = apply
    try:
        yield used
    finally:
        nn.Module.apply = original


@apply_exercise.cases
def _(rng):
    yield (Source("nn.Sequential(nn.Linear(2, 3), nn.ReLU())"),)
    yield (Source("nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh(), nn.Linear(2, 2)))"),)
    yield (Source("nn.Linear(2, 2)"),)
    yield (Source("TwoPaths()"),)
    inner = ", ".join(some_activations(rng, 2, 3))
    parts = [f"nn.Sequential({inner})", "nn.Sequential(nn.Sequential(nn.Tanh()))"]
    for _ in range(rng.randint(2, 5)):
        place = rng.randint(0, len(parts))
        parts.insert(place, f"nn.Sequential({', '.join(some_activations(rng, 1, 4))})")
    yield (Source(f"nn.Sequential({', '.join(parts)})"),)


@apply_exercise.observe
def _(answer, source):
    model = source.build()
    names = {id(module): name or "the model itself" for name, module in model.named_modules()}
    visited = []

    def note(module):
        visited.append(names.get(id(module), "not a module of this model"))
        return "something that has to be ignored"

    with watched_apply() as used:
        result = answer(model, note)
    return {
        "modules in the order of their visits": visited,
        "the module itself is returned": result is model,
        "calls of nn.Module.apply": len(used),
    }


@apply_exercise.mistake(
    "You begin with the outermost module. apply works from the inside to the outside."
)
def outermost_first(module, function):
    function(module)
    for child in module.children():
        outermost_first(child, function)
    return module


@apply_exercise.mistake(
    "Everything inside is visited. “All submodules”, say many notes, and forget one module."
)
def without_itself(module, function):
    for child in module.children():
        without_itself(child, function)
        function(child)
    return module


@apply_exercise.mistake("You visit the leaves only. Containers are modules as well.")
def only_the_leaves(module, function):
    for child in module.children():
        only_the_leaves(child, function)
    if not list(module.children()):
        function(module)
    return module


@apply_exercise.mistake("You go one level down. A child may have children of its own.")
def one_level(module, function):
    for child in module.children():
        function(child)
    function(module)
    return module


@apply_exercise.mistake(
    "Turning round the list of modules() puts the last layer first, and a shared module comes "
    "only once in it."
)
def modules_turned_round(module, function):
    for inner in reversed(list(module.modules())):
        function(inner)
    return module


@apply_exercise.mistake(
    "The visits are right. apply gives the module back, so that one can go on with it in the same "
    "line; yours gives None."
)
def gives_none(module, function):
    for child in module.children():
        gives_none(child, function)
    function(module)


# 05.13 ------------------------------------------------------------------------------------

kaiming_exercise = Exercise(
    "05.13",
    "Kaiming, by type of layer",
    minutes=12,
    difficulty=2,
    hints=[
        "Your function is called once for every module, containers included. Decide with "
        "`isinstance` whether it is one to be changed.",
        "`nn.init` has a function with the name of the method. Those with `_` at the end write "
        "into the parameter that is there.",
        "A layer made with `bias=False` has `bias` None.",
    ],
)


@kaiming_exercise.reference
def init_kaiming(module):
    """Initialise one module; to be used as model.apply(init_kaiming).

    nn.Linear and nn.Conv2d, and classes made from them: weights drawn by Kaiming's rule for ReLU
    with fan_in, normal or uniform; the bias, if there is one, set to 0. All other modules are
    left alone. Parameters stay the same objects, so that an optimizer made earlier still holds
    them. Returns None.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@kaiming_exercise.cases
def _(rng):
    # At least 4000 weights each: fewer scatter so much that a right spread may round to 0.9.
    wide = rng.choice([192, 256])
    yield (Source(f"nn.Sequential(nn.Linear({wide}, 64), nn.ReLU(), nn.Linear(64, 64))"),)
    yield (Source("nn.Sequential(nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32), nn.ReLU())"),)
    yield (Source("nn.Sequential(nn.Embedding(50, 128), nn.Linear(128, 32, bias=False))"),)
    yield (Source("nn.Sequential(nn.Sequential(Head(128, 32)), nn.LayerNorm(32))"),)
    layers = ["nn.Linear(128, 32)", "nn.Conv2d(16, 32, 3)", "nn.BatchNorm2d(8)", "nn.LayerNorm(8)"]
    layers += some_activations(rng, 1, 4)
    rng.shuffle(layers)
    yield (Source(f"nn.Sequential({', '.join(layers)})"),)


@kaiming_exercise.observe
def _(answer, source):
    model = source.build()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(mean=1.0, std=0.5)  # so that what is left alone shows
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    objects = [id(parameter) for parameter in model.parameters()]
    model.apply(answer)
    spread, biases, changed = {}, {}, {}
    for layer_name, layer in model.named_modules():
        for name, parameter in layer.named_parameters(recurse=False):
            full = f"{layer_name}.{name}"
            if not isinstance(layer, (nn.Linear, nn.Conv2d)):
                changed[full] = full not in before or not torch.equal(parameter, before[full])
            elif name == "bias":
                biases[full] = [parameter.min().item(), parameter.max().item()]
            else:
                wanted = math.sqrt(2 / layer.weight[0].numel())
                spread[full] = round(parameter.std().item() / wanted, 1)
                spread[f"mean of {full}"] = abs(parameter.mean().item()) < wanted / 5
    return {
        "spread of weights (1 is Kaiming's)": spread,
        "biases, smallest and largest": biases,
        "parameters of other modules were changed": changed,
        "parameters are the same objects": [id(p) for p in model.parameters()] == objects,
    }


@kaiming_exercise.mistake(
    "You ask for a weight, not for a type. Normalisation layers and embeddings have a weight as "
    "well, and for some of them a fan cannot even be computed."
)
def asks_for_a_weight(module):
    if hasattr(module, "weight"):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


@kaiming_exercise.mistake(
    "A layer can have been made with `bias=False`. Then there is none to fill."
)
def expects_a_bias(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


@kaiming_exercise.mistake("The weights are right. The biases still hold what they held before.")
def forgets_the_bias(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


@kaiming_exercise.mistake(
    "That is Xavier's rule, made for activations like tanh. Behind a ReLU half of the signal is "
    "cut away, and the weights have to be larger."
)
def xavier_instead(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@kaiming_exercise.mistake(
    "You keep the spread on the way back (fan_out). Here it is to be kept on the way forward."
)
def fan_out(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@kaiming_exercise.mistake(
    "The numbers are right, but they stand in new parameters. An optimizer that was made before "
    "still holds the old ones, and nothing learns."
)
def makes_new_parameters(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        weight = torch.empty_like(module.weight)
        module.weight = nn.Parameter(nn.init.kaiming_normal_(weight, nonlinearity="relu"))
        if module.bias is not None:
            module.bias = nn.Parameter(torch.zeros_like(module.bias))


@kaiming_exercise.mistake(
    "You compare the type exactly. A class made from nn.Linear is a linear layer too."
)
def exact_type_only(module):
    if type(module) in (nn.Linear, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


# 05.14 ------------------------------------------------------------------------------------

cost_exercise = Exercise(
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


@cost_exercise.reference
def multiply_adds(model, x):
    """Multiply-adds of every nn.Linear and nn.Conv2d when the model runs on x.

    One product that is added to a sum counts as one; additions of a bias do not count. The whole
    batch counts, and every call of a layer that is used more than once.
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


@cost_exercise.cases
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
    width = rng.randint(3, 20)
    source = f"nn.Linear(3, {width}), nn.Tanh(), nn.Linear({width}, {rng.randint(2, 9)})"
    yield Source(f"nn.Sequential({source})"), numbers(rng, rng.randint(2, 9), 3)


@cost_exercise.observe
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


@cost_exercise.mistake(
    "You count the weights. Each of them works more than once: for every sample, and for every "
    "position of a convolution."
)
def counts_parameters(model, x):
    return counted_with(lambda layer, given, output: layer.weight.numel(), model, x)


@cost_exercise.mistake("That is the cost of one sample. x is a batch.")
def one_sample(model, x):
    def rule(layer, given, output):
        return output[0].numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@cost_exercise.mistake(
    "In a convolution with groups, a channel does not look at all input channels."
)
def forgets_groups(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        return output.numel() * layer.in_channels * math.prod(layer.kernel_size)

    return counted_with(rule, model, x)


@cost_exercise.mistake(
    "A linear layer takes (batch, features), but also (batch, time, features): dimensions in the "
    "middle count as well."
)
def batch_times_weights(model, x):
    def rule(layer, given, output):
        if isinstance(layer, nn.Linear):
            return len(given) * layer.weight.numel()
        return output.numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@cost_exercise.mistake(
    "You count multiplications and additions apart. Here a product and its addition are one."
)
def counts_both(model, x):
    def rule(layer, given, output):
        return 2 * output.numel() * layer.weight[0].numel()

    return counted_with(rule, model, x)


@cost_exercise.mistake(
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


@cost_exercise.mistake(
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
