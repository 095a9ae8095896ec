"""The model may live on a GPU, and may be in another precision. Bring a batch to it. The check uses
the `meta` device, so you need no GPU.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.observation import attempt
from course_utils.promises import promised


def filled(model: nn.Module) -> nn.Module:
    fill_by_name(model)
    return model


exercise = Exercise(
    "04.17",
    "Bring a batch to the model",
    minutes=12,
    difficulty=2,
    hints=[
        "Where does the model live? Ask any one of its parameters: `next(model.parameters())`.",
        "`model.to(...)` changes the model. What does `x.to(...)` do with x?",
        "`x.is_floating_point()` tells measurements from labels.",
    ],
)


@exercise.reference
def to_model(batch, model):
    """The same batch where the model can use it.

    batch: a dict from names to tensors of any shape, any dtype, any strides; it stays as it is.
    model: an nn.Module whose parameters all have one device and one float dtype.
    Returns a new dict: all tensors on the model's device, tensors of floats with the model's
    dtype, all others (labels, masks) with their own.
    """
    like = next(model.parameters())
    moved = {}
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        moved[name] = tensor.to(device=like.device, dtype=dtype)
    return moved


@exercise.cases
def _(rng):
    batch = {"x": torch.tensor([[1.5, 2.0]]), "label": torch.tensor([1])}
    yield batch, filled(nn.Linear(2, 1)).to(torch.float64)
    yield {"x": quarters(rng, 2, 2).double()}, filled(nn.Linear(2, 1))
    yield {"x": torch.ones(1, 2), "label": torch.tensor([0])}, nn.Linear(2, 1).to("meta")
    mask = torch.tensor([True, False])
    yield {"mask": mask, "x": quarters(rng, 2, 2)}, nn.Linear(2, 1).to("meta", torch.float64)
    yield {"x": quarters(rng, 1, 2), "label": torch.tensor([2])}, filled(nn.Linear(2, 1))
    kinds = promised(rng, "any dtype", "any shape", "any strides")
    extra = {f"extra{number}": x for number, x in enumerate(kinds)}
    yield {"x": quarters(rng, 1, 2), **extra}, filled(nn.Linear(2, 1))
    yield {"x": quarters(rng, 1, 2).half(), **extra}, filled(nn.Linear(2, 1)).to(torch.float64)
    yield {"x": quarters(rng, 1, 2)}, filled(nn.Linear(2, 1, bias=False)).to(torch.float64)
    counting = filled(nn.Linear(2, 1))
    counting.register_buffer("steps", torch.tensor(3))  # a buffer has a dtype of its own
    yield {"x": quarters(rng, 1, 2).double(), "label": torch.tensor([1])}, counting
    first = nn.Identity()
    first.register_buffer("steps", torch.tensor(3))  # comes before all parameters
    yield {"x": quarters(rng, 1, 2).double()}, nn.Sequential(first, filled(nn.Linear(2, 1)))


@exercise.observe
def _(answer, batch, model):
    result = answer(batch, model)
    if not isinstance(result, dict):
        return {"returned": result}
    on_cpu = next(model.parameters()).device.type == "cpu"
    return {
        "names": list(result),
        "dtypes": {n: attempt(lambda t=t: t.dtype) for n, t in result.items()},
        "devices": {n: attempt(lambda t=t: t.device) for n, t in result.items()},
        "batch": result,
        "it is a new dict": result is not batch,
        # Not on meta: the first computation there in a process takes seconds.
        "output of the model": attempt(lambda: model(result["x"])) if on_cpu else None,
    }


@exercise.mistake(
    "No tensor was moved or converted. `.to()` of a tensor gives back another one and leaves the "
    "tensor as it was; only a model is changed by its `.to()`."
)
def moves_and_forgets(batch, model):
    like = next(model.parameters())
    for tensor in batch.values():
        tensor.to(device=like.device, dtype=like.dtype)
    return dict(batch)


@exercise.mistake("Labels and masks became floats as well. A loss for classes wants int64 labels.")
def converts_labels(batch, model):
    like = next(model.parameters())
    return {name: tensor.to(device=like.device, dtype=like.dtype) for name, tensor in batch.items()}


@exercise.mistake("You looked after the device. The model may also have another dtype.")
def only_the_device(batch, model):
    like = next(model.parameters())
    return {name: tensor.to(like.device) for name, tensor in batch.items()}


@exercise.mistake("You looked after the dtype. The model may also live on another device.")
def only_the_dtype(batch, model):
    like = next(model.parameters())
    return {n: t.to(like.dtype) if t.is_floating_point() else t for n, t in batch.items()}


@exercise.mistake(
    "You put the new tensors into the caller's own dict. The batch was to stay as it is."
)
def writes_into_the_batch(batch, model):
    like = next(model.parameters())
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        batch[name] = tensor.to(device=like.device, dtype=dtype)
    return batch


@exercise.mistake(
    "Labels and masks stayed where they were. They keep their dtype, and they have to move as well."
)
def leaves_labels_behind(batch, model):
    like = next(model.parameters())
    return {n: t.to(like) if t.is_floating_point() else t for n, t in batch.items()}


@exercise.mistake("Tensors of floats come in several dtypes: some of them kept theirs.")
def float32_only(batch, model):
    like = next(model.parameters())
    moved = {}
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.dtype == torch.float32 else tensor.dtype
        moved[name] = tensor.to(like.device, dtype)
    return moved


@exercise.mistake(same_as=float32_only)
def two_floats_only(batch, model):
    like = next(model.parameters())
    moved = {}
    for name, tensor in batch.items():
        is_float = tensor.dtype in (torch.float32, torch.float64)
        moved[name] = tensor.to(like.device, like.dtype if is_float else tensor.dtype)
    return moved


@exercise.mistake(
    "Some tensors that hold no floats became floats. Besides labels there are masks, and whole "
    "numbers of other dtypes."
)
def int64_stays(batch, model):
    like = next(model.parameters())
    return {
        n: t.to(like.device) if t.dtype == torch.int64 else t.to(like) for n, t in batch.items()
    }


@exercise.mistake(same_as=int64_stays)
def whole_numbers_stay(batch, model):
    like = next(model.parameters())
    whole = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return {n: t.to(like.device) if t.dtype in whole else t.to(like) for n, t in batch.items()}


@exercise.mistake(
    "One tensor of the batch decides for all of them. What is to happen to a tensor depends on "
    "its own dtype."
)
def first_decides(batch, model):
    like = next(model.parameters())
    first = next(iter(batch.values()))
    if first.is_floating_point():
        return {n: t.to(like) for n, t in batch.items()}
    return {n: t.to(like.device) for n, t in batch.items()}


@exercise.mistake(
    "A buffer may have another dtype than the parameters: some buffers count. Which tensors does"
    " the docstring say have one dtype?"
)
def like_a_buffer(batch, model):
    like = [*model.buffers(), *model.parameters()][0]
    moved = {}
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        moved[name] = tensor.to(device=like.device, dtype=dtype)
    return moved


@exercise.mistake(same_as=like_a_buffer)
def like_the_first_that_is_saved(batch, model):
    like = next(iter(model.state_dict().values()))
    moved = {}
    for name, tensor in batch.items():
        dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
        moved[name] = tensor.to(device=like.device, dtype=dtype)
    return moved


@exercise.mistake("The tensors are there, without their names. A dict was asked for.")
def gives_a_list(batch, model):
    like = next(model.parameters())
    return [t.to(like) if t.is_floating_point() else t.to(like.device) for t in batch.values()]


@exercise.mistake("You move the model to the batch. The batch was to go where the model is.")
def moves_the_model(batch, model):
    first = next(iter(batch.values()))
    model.to(first.device)
    dtype = next(model.parameters()).dtype
    return {n: t.to(dtype) if t.is_floating_point() else t for n, t in batch.items()}


@exercise.right
def with_two_steps(batch, model):
    parameter = list(model.parameters())[0]
    result = dict(batch)
    for name in batch:
        result[name] = result[name].to(parameter.device)
        if result[name].dtype.is_floating_point:
            result[name] = result[name].to(parameter.dtype)
    return result


exercise.equivalent(
    "parameter = list(model.parameters())[0]",
    "parameter = list(model.parameters())[-1]",
    because="All parameters of a model of the cases have one dtype and one device.",
)
