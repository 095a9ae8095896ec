"""A trained model wants floats between 0 and 1, and you have bytes. Teach it to take both, without
touching its code. Some models of the check have a second argument.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import count_hooks, forget_global_hooks
from course_utils.lessons.hooks.models import Source
from course_utils.promises import promised

exercise = Exercise(
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


@exercise.reference
def accept_bytes(model):
    """Let the model take pictures of bytes, by a forward pre-hook.

    If the first argument of a call, a tensor of any shape and any strides, has dtype uint8, the
    model gets it as float32 divided by 255. A first argument of another dtype, and all further
    positional arguments, stay as they are. So it is in every call until the hook is removed.
    The tensor that the caller gave is not changed. Returns the handle of the hook.
    """

    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.cases
def _(rng):
    yield Source("nn.ReLU()"), torch.tensor([0, 51, 255], dtype=torch.uint8)
    yield Source("nn.ReLU()"), torch.tensor([0.0, 51.0, 255.0])
    picture = torch.tensor([[rng.randint(0, 255) for _ in range(4)] for _ in range(2)])
    yield Source("nn.Linear(4, 2)"), picture.to(torch.uint8)
    yield Source("nn.Linear(4, 2)"), picture / 2
    yield Source("Brightness()"), picture.to(torch.uint8), torch.tensor(float(rng.randint(2, 5)))
    gain = torch.tensor(rng.randint(100, 200), dtype=torch.uint8)
    yield Source("Brightness()"), picture.to(torch.uint8), gain
    yield Source("Brightness()"), picture / 2, gain
    yield Source("OutputFirst()"), picture[:, 1:].to(torch.uint8)
    yield Source("nn.Identity()"), torch.tensor([[0, 1], [1, 1]], dtype=torch.uint8)
    for x in promised(rng, "any dtype", "any shape"):
        yield Source("nn.Identity()"), x
    for x in promised(rng, "any shape", "any strides", dtype=torch.uint8):
        yield Source("nn.Identity()"), x


@exercise.observe
def _(answer, source, *args):
    model = source.build()
    handle = answer(model)
    facts = {"output": model(*args), "hooks on the model": count_hooks(model)}
    facts["output of a second call"] = model(*args)
    handle.remove()
    facts["hooks after handle.remove()"] = count_hooks(model)
    forget_global_hooks()
    return facts


@exercise.mistake(
    "In a pre-hook the second argument is the tuple of all positional arguments, also when there "
    "is only one. A tuple has no dtype and cannot be divided."
)
def takes_args_for_the_tensor(model):
    def convert(module, picture):
        return picture.float() / 255

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "Your hook makes a new tensor and gives it a name inside the hook. The model never sees it: "
    "how does a hook hand something over?"
)
def forgets_to_return(model):
    def convert(module, args):
        picture = args[0]
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255

    return model.register_forward_pre_hook(convert)


@exercise.mistake("You divide every picture, also one that held floats between 0 and 1 already.")
def divides_always(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
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


@exercise.mistake(
    "What you return takes the place of all arguments. A model with two of them has lost its "
    "second one."
)
def drops_the_others(model):
    def convert(module, args):
        picture = args[0]
        return picture.float() / 255 if picture.dtype == torch.uint8 else picture

    return model.register_forward_pre_hook(convert)


@exercise.mistake("The dtype is right, but the numbers still go from 0 to 255.")
def does_not_scale(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "A forward hook comes after forward: you divide what the model gives. The input is to be "
    "changed before the model sees it."
)
def hooks_the_output(model):
    def convert(module, args, output):
        return output.float() / 255 if args[0].dtype == torch.uint8 else output

    return model.register_forward_hook(convert)


@exercise.right
def a_list_of_arguments(model):
    def to_float(module, args):
        args = list(args)
        if args[0].dtype is torch.uint8:
            args[0] = args[0].to(torch.float32).div(255)
        return tuple(args)

    return model.register_forward_pre_hook(to_float)


@exercise.right
def none_if_nothing_is_to_do(model):
    def to_float(module, args):
        if args[0].dtype != torch.uint8:
            return None
        return (args[0] / 255.0, *args[1:])

    return model.register_forward_pre_hook(to_float)
