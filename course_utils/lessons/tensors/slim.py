"""`x` is a small slice of a large tensor. Give a tensor that is equal to it in shape, dtype and
values, and that weighs no more than it has to.
"""

import copy
import io

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


def saved_and_loaded(x):
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


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
    yield (torch.tensor([1.0, float("nan"), float("inf"), 2.0])[1:],)
    yield (whole_numbers(rng, 4, 3)[:0],)
    yield (torch.arange(6.0)[1:3].expand(3, 2),)  # as many elements as the storage, and not its
    yield (whole_numbers(rng, 4).to(torch.bfloat16)[1:],)
    yield (saved_and_loaded(whole_numbers(rng, 5, 2)[1:3]),)  # a storage of its own, and too large
    for x in promised(rng, "any shape", "any strides"):
        yield (x,)
    for x in promised(rng, "any dtype"):
        yield (x[1:],)


def fills_its_storage(x):
    """True if each place of the storage is an element of x, and just one."""
    places = x.untyped_storage().nbytes() // x.element_size()
    seen = torch.arange(places).as_strided(x.shape, x.stride(), x.storage_offset())
    return x.numel() == places == seen.unique().numel()


@exercise.observe
def _(answer, x):
    result = answer(x)
    facts = {"result": result}
    if isinstance(result, torch.Tensor):
        facts["attributes added"] = sorted(vars(result))
        facts["bytes in the storage"] = result.untyped_storage().nbytes()
        # Where x fills its storage there is nothing to lose, and x itself is a right answer.
        if not fills_its_storage(x):
            facts["shares x's storage"] = shares_storage(result, x)
    return facts


@exercise.mistake(
    "contiguous() gives back x itself when x is already contiguous, and a slice of the first rows "
    "is. Look at the bytes of its storage."
)
def contiguous_only(x):
    return x.contiguous()


@exercise.mistake(
    "A slice of everything is one more view: it still lies in the storage of x. And a tensor "
    "without dimensions can not be sliced at all."
)
def sliced(x):
    return x[:]


@exercise.mistake(
    "What you gave back still lies in the storage of x: it is one more view. A new name, or a "
    "new tensor object, is not yet a copy of the numbers."
)
def reshaped(x):
    return x.reshape(x.shape)


@exercise.mistake(same_as=reshaped)
def through_numpy(x):
    return torch.from_numpy(x.numpy())


@exercise.mistake(
    "A copy of the whole storage, and the same slice of it: your result is alone now, and still as "
    "heavy as before. Look at the bytes of its storage."
)
def deep_copied(x):
    return copy.deepcopy(x)


@exercise.mistake(
    "A tensor that is no view of another one can still have a storage that is too large: one that "
    "was loaded, for example. Ask the storage, not the tensor's past."
)
def views_only(x):
    return x.clone() if x._is_view() else x


@exercise.mistake(
    "As many places in the storage as elements: that is not yet the same places. A view may show "
    "one of them several times, and leave others out."
)
def counts_only(x):
    exact = x.untyped_storage().nbytes() == x.numel() * x.element_size()
    return x if exact else x.clone()


@exercise.mistake(
    "Your result has a storage of its own, and not every place of it is an element of x: there are "
    "gaps, or a rest. Look at the bytes of its storage."
)
def keeps_the_gaps(x):
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype).copy_(x)


@exercise.mistake(
    "The numbers are there, but not in the shape of x: someone will want the tensor back as it was."
)
def flattened(x):
    return x.clone().reshape(-1)


@exercise.mistake(same_as=flattened)
def squeezed(x):
    return x.squeeze().clone()


@exercise.mistake(
    "A Python list knows neither a dtype nor the sizes after a 0: both have to be given again."
)
def through_a_list(x):
    return torch.tensor(x.tolist())


@exercise.mistake(same_as=through_a_list)
def through_a_list_with_its_dtype(x):
    return torch.tensor(x.tolist(), dtype=x.dtype)


@exercise.mistake(
    "Not every dtype comes through: for some x, your result has one of torch's choice. Which of "
    "your steps makes a tensor without being told its dtype?"
)
def default_dtype(x):
    return torch.empty(x.shape).copy_(x)


@exercise.mistake(same_as=default_dtype)
def times_one(x):
    return x * 1


@exercise.mistake(same_as=default_dtype)
def plus_a_float(x):
    return x + 0.0


@exercise.mistake(
    "Yours works along the first dimension of x. A tensor without dimensions has none, and one "
    "of shape (0, 3) has no first row."
)
def stacks_the_rows(x):
    return torch.stack([row for row in x])


@exercise.mistake(same_as=stacks_the_rows)
def concatenated(x):
    return torch.cat([x])


@exercise.mistake(same_as=stacks_the_rows)
def concatenates_the_rows(x):
    return torch.cat([row[None] for row in x])


@exercise.mistake(same_as=stacks_the_rows)
def indexed(x):
    return x[torch.arange(x.shape[0])]


@exercise.mistake(
    "NaN is not equal to itself, so a comparison loses it, and with it the shape of x."
)
def picked_by_a_comparison(x):
    return x.masked_select(x == x).reshape(x.shape)


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
    exact = x.untyped_storage().nbytes() == x.numel() * x.element_size()
    whole = exact and x.is_contiguous()
    return x if whole else torch.empty_like(x).copy_(x)
