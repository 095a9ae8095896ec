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
    "`.to()` of a tensor does not change the tensor. It gives back another one, and your line "
    "lets it go. Only a model is changed by its `.to()`."
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
