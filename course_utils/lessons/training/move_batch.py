"""Training code often moves `x` and forgets `y`, or moves the training batch and forgets the
validation batch. Write it once, for every batch. The check uses the device `"meta"`: its tensors
have a shape and no numbers, and every computer has it.
"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "10.6",
    "Move a whole batch to a device",
    minutes=12,
    difficulty=2,
    hints=[
        "Write it first for one tensor. Then for a tuple of tensors.",
        "A function that meets a box in a box can call itself for what is inside.",
        "What should happen to a file name that travels with the batch?",
    ],
)


@exercise.reference
def move_batch(batch, device):
    """The batch with every tensor in it on the device.

    batch: a tensor; or a tuple, list or dict whose items are batches themselves; or anything
    else, such as a string, which is given back as it is.
    Returns the same structure with the same types of containers. dtypes stay as they are.
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: move_batch(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(move_batch(item, device) for item in batch)
    return batch


@exercise.cases
def _(rng):
    # The meta device is there on every computer; its tensors have shapes but no numbers.
    samples = rng.randint(2, 30)
    x, y = torch.zeros(samples, rng.randint(2, 9)), torch.zeros(samples, dtype=torch.int64)
    yield x, "meta"
    yield (x, y), "meta"
    yield (x, y), "cpu"
    yield [x, y, "a.png"], "meta"
    yield {"image": x, "label": y, "file": "a.png"}, "meta"
    yield {"inputs": (x, [x, y]), "label": y}, "meta"


@exercise.mistake(
    "The first tensor moved and the labels stayed where they were. The loss needs both on one "
    "device."
)
def inputs_only(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        first = next(iter(batch))
        return {**batch, first: inputs_only(batch[first], device)}
    if isinstance(batch, (tuple, list)):
        return type(batch)([inputs_only(batch[0], device), *batch[1:]])
    return batch


@exercise.mistake(
    "A tensor's .to() moves nothing: it gives back a tensor that is there. You threw that away."
)
def result_thrown_away(batch, device):
    if isinstance(batch, torch.Tensor):
        batch.to(device)
    elif isinstance(batch, dict):
        for item in batch.values():
            result_thrown_away(item, device)
    elif isinstance(batch, (tuple, list)):
        for item in batch:
            result_thrown_away(item, device)
    return batch


@exercise.mistake(
    "Some things in a batch are no tensors and have no .to(); your code asks them all the same."
)
def everything_has_to(batch, device):
    if isinstance(batch, dict):
        return {name: everything_has_to(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(everything_has_to(item, device) for item in batch)
    return batch.to(device)


@exercise.mistake(
    "A tuple went in and a list came out. Code that asks for a tuple later will be surprised."
)
def always_a_list(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: always_a_list(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return [always_a_list(item, device) for item in batch]
    return batch


@exercise.mistake(
    "You moved what lies directly in the batch. A batch may hold a tuple that holds tensors."
)
def one_level_only(batch, device):
    def move(item):
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(batch, dict):
        return {name: move(item) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(move(item) for item in batch)
    return move(batch)


@exercise.right
def by_type(batch, device):
    if torch.is_tensor(batch):
        return batch.to(device=device)
    if isinstance(batch, tuple):
        return tuple(by_type(item, device) for item in batch)
    if isinstance(batch, list):
        return [by_type(item, device) for item in batch]
    if isinstance(batch, dict):
        return dict((key, by_type(batch[key], device)) for key in batch)
    return batch
