"""A trained model wants floats between 0 and 1, and you have bytes. Teach it to take both, without
touching its code. Some models of the check have a second argument.
"""

import inspect

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import count_hooks, forget_global_hooks
from course_utils.lessons.hooks.models import Source
from course_utils.observation import attempt
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
    arguments, by place or by name, go through untouched. So it is in every call until the hook is
    removed. The tensor that the caller gave is not changed. Returns the handle of the hook.
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
    yield (
        Source("Exposure()"),
        picture.to(torch.uint8),
        gain,
        torch.tensor(float(rng.randint(2, 5))),
    )
    yield Source("OutputFirst()"), picture[:, 1:].to(torch.uint8)
    yield Source("nn.Linear(4, 2).eval()"), picture.to(torch.uint8)
    numbers = [rng.randint(0, 255) for _ in range(2 * 3 * 4 * 5)]
    batch = torch.tensor(numbers, dtype=torch.uint8).reshape(2, 3, 4, 5)
    yield Source("nn.Conv2d(3, 2, 2)"), batch
    yield Source("nn.Identity()"), torch.tensor([[0, 1], [1, 1]], dtype=torch.uint8)
    yield Source("nn.Identity()"), torch.zeros(0, 3, dtype=torch.uint8)
    for x in promised(rng, "any dtype", "any shape"):
        yield Source("nn.Identity()"), x
    for x in promised(rng, "any shape", "any strides", dtype=torch.uint8):
        yield Source("nn.Identity()"), x


@exercise.observe
def _(answer, source, *args):
    model = source.build()
    picture, *others = args
    is_bytes, is_float = picture.dtype == torch.uint8, picture.is_floating_point()
    handle = answer(model)
    facts = {"output": model(*args), "hooks on the model": count_hooks(model)}
    facts["output of a second call"] = model(*args)
    another = picture.float() if is_bytes else picture.to(torch.uint8)
    facts["output for the same picture in another dtype"] = attempt(lambda: model(another, *others))
    changed = picture.clone()
    model(changed, *others)
    changed.zero_()
    facts["output after the picture was changed"] = model(changed, *others)
    if is_float:
        leaf = picture.clone().requires_grad_()
        facts["gradient of the picture"] = attempt(
            lambda: torch.autograd.grad(model(leaf, *others).sum(), leaf)
        )
    if others:
        names = list(inspect.signature(type(model).forward).parameters)[2:]
        pairs = zip(names, others, strict=True)
        named = dict(reversed(list(pairs)))  # names have no order
        facts["output with further arguments by name"] = attempt(lambda: model(picture, **named))
    handle.remove()
    facts["hooks after handle.remove()"] = count_hooks(model)
    forget_global_hooks()
    hooked = source.build()
    before = hooked.register_forward_pre_hook(lambda module, args: None)
    answer(hooked).remove()
    facts["a hook from before is still there"] = before.id in hooked._forward_pre_hooks
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


@exercise.mistake(same_as=takes_args_for_the_tensor)
def takes_args_for_the_tensor_and_asks(model):
    def convert(module, picture):
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return picture

    return model.register_forward_pre_hook(convert)


@exercise.mistake("A model may have hooks that others registered. Which of them may you take away?")
def clears_all_hooks_first(model):
    model._forward_pre_hooks.clear()

    def convert(module, args):
        if args[0].dtype == torch.uint8:
            return (args[0].float() / 255, *args[1:])
        return None

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "Arguments by name have no order of their own. What if `model(x, b=1, a=2)` is called?"
)
def puts_named_arguments_in_place(model):
    def convert(module, args, kwargs):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return (picture, *others, *kwargs.values()), {}

    return model.register_forward_pre_hook(convert, with_kwargs=True)


@exercise.mistake(
    "The model still got bytes. Either your hook left this picture alone, or what it made was not "
    "handed over: how does a hook do that?"
)
def forgets_to_return(model):
    def convert(module, args):
        picture = args[0]
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=forgets_to_return)
def large_pictures_only(model):
    def convert(module, args):
        if args[0].dim() == 4 and args[0].dtype == torch.uint8:
            return (args[0].float() / 255, *args[1:])
        return None

    return model.register_forward_pre_hook(convert)


@exercise.mistake("You divide every picture, also one that held floats between 0 and 1 already.")
def divides_always(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=divides_always)
def divides_and_forgets_the_others(model):
    return model.register_forward_pre_hook(lambda module, args: (args[0].float() / 255,))


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
    "Only bytes are to be converted. A picture of another dtype is to arrive as it is: how do you "
    "tell the two apart?"
)
def converts_all_numbers(model):
    def convert(module, args):
        picture, *others = args
        divisor = 255 if picture.dtype == torch.uint8 else 1
        return (picture.float() / divisor, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=converts_all_numbers)
def all_whole_numbers(model):
    def convert(module, args):
        picture, *others = args
        if not picture.is_floating_point():
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=converts_all_numbers)
def all_but_float32(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype != torch.float32:
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=converts_all_numbers)
def bools_as_well(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype in (torch.uint8, torch.bool):
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=converts_all_numbers)
def by_large_values(model):
    def convert(module, args):
        picture, *others = args
        if picture.max() > 1:
            picture = picture.float() / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "You convert further arguments as well, where they hold bytes. Only the first one is the "
    "picture; the others are the model's own affair."
)
def converts_the_others(model):
    def convert(module, args):
        return tuple(x.float() / 255 if x.dtype == torch.uint8 else x for x in args)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "What you return takes the place of all arguments. Some that the model was called with are "
    "lost, or are not where they were."
)
def drops_the_others(model):
    def convert(module, args):
        picture = args[0]
        return picture.float() / 255 if picture.dtype == torch.uint8 else picture

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=drops_the_others)
def drops_the_others_of_bytes(model):
    def convert(module, args):
        if args[0].dtype == torch.uint8:
            return args[0].float() / 255
        return None

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=drops_the_others)
def keeps_two(model):
    def convert(module, args):
        picture = args[0]
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return (picture, args[1]) if len(args) > 1 else (picture,)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=drops_the_others)
def drops_named_ones(model):
    def convert(module, args, named):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return (picture, *others), {}

    return model.register_forward_pre_hook(convert, with_kwargs=True)


@exercise.mistake(
    "What you return is no tuple, so that torch takes all of it for the first argument. Which "
    "type do the arguments have when your hook is given them?"
)
def hands_over_a_list(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / 255
        return [picture, *others]

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "A model may be called with more than one argument, and your hook is given all of them at once."
)
def expects_one(model):
    def convert(module, args):
        (picture,) = args
        return picture.float() / 255 if picture.dtype == torch.uint8 else picture

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=expects_one)
def if_alone(model):
    def convert(module, args):
        if len(args) == 1 and args[0].dtype == torch.uint8:
            return (args[0].float() / 255,)
        return None

    return model.register_forward_pre_hook(convert)


@exercise.mistake("The dtype is right, but the numbers still go from 0 to 255.")
def does_not_scale(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake("There are 256 different bytes. Which of them is to become 1?")
def divides_by_256(model):
    def convert(module, args):
        picture, *others = args
        return (picture / 256 if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "You divide by a number of this picture. Then a dark picture becomes as bright as any other."
)
def divides_by_the_largest(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.float() / picture.max()
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "The numbers were rounded before, or while, they became floats. A byte divided as a byte has "
    "nothing after the point."
)
def divides_bytes(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = (picture // 255).float()
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "A forward hook comes after forward: you divide what the model gives. The input is to be "
    "changed before the model sees it."
)
def hooks_the_output(model):
    def convert(module, args, output):
        return output.float() / 255 if args[0].dtype == torch.uint8 else output

    return model.register_forward_hook(convert)


@exercise.mistake(
    "Whose arguments does your hook see? A part of the model is not called with what the model is "
    "called with, and not always first."
)
def hooks_the_first_part(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    return next(model.children(), model).register_forward_pre_hook(convert)


@exercise.mistake(same_as=hooks_the_first_part)
def hooks_every_part(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    return [module.register_forward_pre_hook(convert) for module in model.modules()][-1]


@exercise.mistake(
    "The dtype that is asked for does not depend on the model's weights, and some models have none."
)
def dtype_of_the_weights(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = picture.to(next(module.parameters()).dtype) / 255
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=dtype_of_the_weights)
def dtype_of_the_weights_at_once(model):
    dtype = next(model.parameters()).dtype

    def convert(module, args):
        picture, *others = args
        return (picture.to(dtype) / 255 if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "Half precision has about three digits. The bytes are to become float32, which keeps all of "
    "what the division gives."
)
def half_precision(model):
    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            picture = (picture.half() / 255).float()
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "Your hook takes itself off. It is to work in every call, until whoever has the handle "
    "removes it."
)
def removes_itself(model):
    def convert(module, args):
        handle.remove()
        picture, *others = args
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    handle = model.register_forward_pre_hook(convert)
    return handle


@exercise.mistake(
    "The hook goes by an earlier call. Every call brings a picture of its own, and the same tensor "
    "may hold other numbers."
)
def remembers_the_first(model):
    first = []

    def convert(module, args):
        picture, *others = args
        first.append(picture.dtype == torch.uint8)
        return (picture.float() / 255 if first[0] else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(same_as=remembers_the_first)
def remembers_by_address(model):
    known = {}

    def convert(module, args):
        picture, *others = args
        if picture.dtype == torch.uint8:
            key = picture.data_ptr(), picture.shape
            picture = known.setdefault(key, picture.float() / 255)
        return (picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "A picture of floats is to arrive as it is. After detach(), or in new wrapping, no gradient "
    "comes back to it."
)
def detaches(model):
    def convert(module, args):
        picture, *others = args
        picture = picture.detach().clone()
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    return model.register_forward_pre_hook(convert)


@exercise.mistake(
    "What is asked for is the handle of the hook: without it, nobody can take the hook off again."
)
def gives_the_model_back(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    model.register_forward_pre_hook(convert)
    return model


@exercise.mistake(same_as=gives_the_model_back)
def gives_nothing_back(model):
    def convert(module, args):
        picture, *others = args
        return (picture.float() / 255 if picture.dtype == torch.uint8 else picture, *others)

    model.register_forward_pre_hook(convert)


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
