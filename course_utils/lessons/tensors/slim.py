"""`x` is a small slice of a large tensor. Give a tensor that is equal to it in shape, dtype and
values, and that weighs no more than it has to.
"""

import copy

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "01.14",
    "Save a slice without its whole storage",
    minutes=8,
    difficulty=2,
    hints=[
        "Compare x.numel() * x.element_size() with x.untyped_storage().nbytes() for your result.",
        "A slice of the first rows is contiguous already: what does contiguous() do then?",
    ],
)


@exercise.reference
def slim(x):
    """A tensor equal to x whose storage holds the elements of x and nothing else.

    x: a tensor of any shape, any dtype and any strides, often a slice of a large one. Where its
    own storage holds nothing else, x itself may be given back.
    """
    return x.clone()


@exercise.cases
def _(rng):
    yield (torch.arange(100.0)[:3],)
    yield (torch.arange(100.0).reshape(10, 10)[:, 4],)
    yield (whole_numbers(rng, 6, 6)[1:3, ::2],)
    yield (whole_numbers(rng, 3, 5),)
    yield (whole_numbers(rng, 4, 5)[2:].t(),)
    yield (torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)[1:],)
    yield (whole_numbers(rng, 5)[2],)
    yield (whole_numbers(rng, 5)[:0],)
    for x in promised(rng, "any shape", "any strides"):
        yield (x,)
    for x in promised(rng, "any dtype"):
        yield (x[1:],)


@exercise.observe
def _(answer, x):
    result = answer(x)
    facts = {"result": result}
    if isinstance(result, torch.Tensor):
        facts["bytes in the storage"] = result.untyped_storage().nbytes()
        # Where x fills its storage there is nothing to lose, and x itself is a right answer.
        if x.untyped_storage().nbytes() > x.numel() * x.element_size():
            facts["shares x's storage"] = shares_storage(result, x)
    return facts


@exercise.mistake(
    "contiguous() gives back x itself when x is already contiguous, and a slice of the first rows "
    "is. Look at the bytes of its storage."
)
def contiguous_only(x):
    return x.contiguous()


@exercise.mistake("In Python, `[:]` copies a list. Of a tensor it makes one more view.")
def sliced(x):
    return x[:]


@exercise.mistake(
    "The storage is small now, but the shape is gone: someone will want the tensor back as it was."
)
def flattened(x):
    return x.clone().reshape(-1)


@exercise.mistake(
    "On the way through a Python list the dtype is forgotten: what comes back is torch's default."
)
def through_a_list(x):
    return torch.tensor(x.tolist())


@exercise.mistake(
    "A deep copy of a view copies all that lies behind it, so that views which shared before share "
    "afterwards. Look at the bytes of its storage."
)
def deep_copied(x):
    return copy.deepcopy(x)


@exercise.right
def emptied_and_filled(x):
    fresh = torch.empty(x.shape, dtype=x.dtype)
    fresh.copy_(x)
    return fresh


@exercise.right
def contiguous_clone(x):
    return x.contiguous().clone()


@exercise.right
def itself_where_nothing_is_hidden(x):
    whole = x.untyped_storage().nbytes() == x.numel() * x.element_size()
    return x if whole else torch.empty_like(x).copy_(x)
