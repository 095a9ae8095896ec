"""Training code often moves `x` and forgets `y`, or moves the training batch and forgets the
validation batch. Write it once, for every batch. The check uses the device `"meta"`: its tensors
have a shape and no numbers, and every computer has it.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

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

    batch: a tensor; or a plain tuple, list or dict whose items are batches themselves; or anything
    else, such as a string or a number, which is given back as it is.
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
    yield ["a.png", x], "meta"
    yield {"image": x, "label": y, "file": "a.png"}, "meta"
    yield {"inputs": (x, [x, y]), "label": y}, "meta"
    yield (x, rng.randint(2, 30), None, 0.5), "meta"
    yield [{"image": x}, (), {"size": (samples, 3)}], "meta"
    yield torch.zeros(2, dtype=torch.float64), "cpu"
    for tensor in promised(rng, "any shape", "any dtype", "any strides"):
        yield {"x": tensor}, rng.choice(["meta", "cpu"])


@exercise.mistake(
    "Some tensors moved, and others stayed where they were. A loss needs scores and labels on one "
    "device."
)
def inputs_only(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict) and batch:
        first = next(iter(batch))
        return {**batch, first: inputs_only(batch[first], device)}
    if isinstance(batch, (tuple, list)) and batch:
        return type(batch)([inputs_only(batch[0], device), *batch[1:]])
    return batch


@exercise.mistake(
    "Nothing has moved. A tensor's .to() leaves the tensor itself where it is: what does it give "
    "back?"
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


@exercise.mistake("What is no tensor stays as it is, numbers too. Yours come back as tensors.")
def numbers_become_tensors(batch, device):
    if isinstance(batch, (int, float)):
        return torch.tensor(batch).to(device)
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: numbers_become_tensors(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(numbers_become_tensors(item, device) for item in batch)
    return batch


@exercise.mistake(
    "A dict came back as it was given. What is done with each kind of container that the docstring "
    "names?"
)
def dicts_stay(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, (tuple, list)):
        return type(batch)(dicts_stay(item, device) for item in batch)
    return batch


@exercise.mistake("Some things come back as None. What happens to what is neither tensor nor box?")
def others_become_none(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: others_become_none(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(others_become_none(item, device) for item in batch)
    return None


@exercise.mistake(
    "Your code writes into the container that it was given. The caller still has the same one, and "
    "finds other things in it."
)
def writes_into_the_dict(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        for name in batch:
            batch[name] = writes_into_the_dict(batch[name], device)
        return batch
    if isinstance(batch, (tuple, list)):
        return type(batch)(writes_into_the_dict(item, device) for item in batch)
    return batch


@exercise.mistake(same_as=writes_into_the_dict)
def writes_into_the_list(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: writes_into_the_list(item, device) for name, item in batch.items()}
    if isinstance(batch, tuple):
        return tuple(writes_into_the_list(item, device) for item in batch)
    if isinstance(batch, list):
        for place, item in enumerate(batch):
            batch[place] = writes_into_the_list(item, device)
    return batch


@exercise.mistake(same_as=writes_into_the_dict)
def writes_into_both(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, tuple):
        return tuple(writes_into_both(item, device) for item in batch)
    if isinstance(batch, (dict, list)):
        for place in batch if isinstance(batch, dict) else range(len(batch)):
            batch[place] = writes_into_both(batch[place], device)
    return batch


@exercise.mistake(
    "The dtype changes on the way. A move to another device keeps it: labels stay int64."
)
def everything_as_float(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.float().to(device)
    if isinstance(batch, dict):
        return {name: everything_as_float(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(everything_as_float(item, device) for item in batch)
    return batch


@exercise.mistake(
    "A tuple or a list may have any number of items. For how many does your code ask?"
)
def pairs_only(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: pairs_only(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        x, y = batch
        return type(batch)([pairs_only(x, device), pairs_only(y, device)])
    return batch


@exercise.mistake(
    "Whole numbers stay where they are in yours. What else than floats has to be on the device?"
)
def floats_only(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device) if batch.is_floating_point() else batch
    if isinstance(batch, dict):
        return {name: floats_only(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(floats_only(item, device) for item in batch)
    return batch


@exercise.mistake(
    "In some lists nothing moved. What does the first item of a list tell about the others?"
)
def by_the_first_item(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {name: by_the_first_item(item, device) for name, item in batch.items()}
    boxes = (torch.Tensor, tuple, list, dict)
    if isinstance(batch, (tuple, list)) and batch and isinstance(batch[0], boxes):
        return type(batch)(by_the_first_item(item, device) for item in batch)
    return batch


@exercise.mistake(
    "float64 comes back as float32. Not every device has the one; what does the docstring say of "
    "dtypes?"
)
def doubles_as_floats(batch, device):
    if isinstance(batch, torch.Tensor):
        return (batch.float() if batch.dtype == torch.float64 else batch).to(device)
    if isinstance(batch, dict):
        return {name: doubles_as_floats(item, device) for name, item in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(doubles_as_floats(item, device) for item in batch)
    return batch


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
