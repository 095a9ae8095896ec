"""Write a test for the question of this lesson: do two tensors look at the same storage?"""

import numpy
import torch

from course_utils.exercise import Exercise
from course_utils.lessons.tensors.inputs import some_of_each, whole_numbers
from course_utils.promises import promised

exercise = Exercise(
    "01.11",
    "Do two tensors share their memory?",
    minutes=8,
    difficulty=2,
    hints=[
        "Two views of one storage may begin at different places. What do they have in common?",
        "Look at what a storage can be asked: `x.untyped_storage().` and the Tab key.",
    ],
)


@exercise.reference
def share_memory(x, y):
    """True if x and y look at the same storage, also if they look at different parts of it.

    x, y: tensors with at least one element, of any number of dimensions, any dtype, any strides.
    Returns a bool.
    """
    return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


@exercise.cases
def _(rng):
    x = whole_numbers(rng, 3, 4)
    yield x, x
    yield x, x.t()
    yield x, x[1:]
    yield x, x.clone()
    yield x[0], x[2]
    yield x, x.reshape(12)
    yield x.t(), x.t().reshape(12)
    yield x[:1], torch.tensor(x[:1].tolist())
    yield x, x.detach()
    yield x, x.view(torch.int32)
    y = torch.tensor([4.0, 2.0, 3.0])  # no view of anything
    yield y, y[2:]
    for dtype in (torch.float64, torch.uint8):
        y = whole_numbers(rng, 4, dtype=dtype)
        yield y, y[rng.randint(1, 3) :]
    for x in promised(rng, "any number of dimensions", "any dtype", "any strides"):
        yield x, x.detach() if rng.random() < 0.5 else x.clone()
    for y in promised(rng, "any number of dimensions", "any dtype", "any strides"):
        yield (y[None], y) if rng.random() < 0.5 else (y.clone(), y)
    for shared in some_of_each(rng):
        x = whole_numbers(rng, rng.randint(2, 4), 3)
        views, copies = [x[:, 1:], x.t(), x.view(-1), x[0]], [x.clone(), x + 0, x.t().contiguous()]
        yield x, rng.choice(views if shared else copies)
    yield x[1:], x


@exercise.mistake(
    "You compare where the first elements lie. Two views of one storage may begin at different "
    "places."
)
def same_first_element(x, y):
    return x.data_ptr() == y.data_ptr()


@exercise.mistake(
    "You ask whether the two overlap in memory. Two rows of one matrix do not, and still they are "
    "saved, and kept alive, together."
)
def common_numbers(x, y):
    return numpy.shares_memory(x.numpy(), y.numpy())


@exercise.mistake("Equal values say nothing about the memory: a copy has equal values, too.")
def equal_values(x, y):
    return x.shape == y.shape and torch.equal(x, y)


@exercise.mistake(
    "`is` asks whether two names mean one Python object. Two tensors can look at one storage."
)
def same_object(x, y):
    return x is y


@exercise.mistake(
    "Yours counts every element as 4 bytes long. Those of float64 have 8, and those of uint8 one."
)
def counts_in_four_bytes(x, y):
    return x.data_ptr() - 4 * x.storage_offset() == y.data_ptr() - 4 * y.storage_offset()


@exercise.mistake(
    "Your answer writes into a tensor to find out, and the caller's numbers are others afterwards."
)
def tries_by_writing(x, y):
    before = y.clone()
    x.add_(1)
    return not torch.equal(before, y)


@exercise.mistake(same_as=tries_by_writing)
def tries_by_writing_zeros(x, y):
    x.zero_()
    return bool((y == 0).all())


@exercise.mistake(
    "A view remembers the tensor that it was made of, but not always: detach() and a tensor that "
    "is no view have nothing to remember. Which thing do all of them have?"
)
def same_base(x, y):
    return x._base is not None and x._base is y._base


@exercise.mistake(same_as=same_base)
def same_base_or_itself(x, y):
    bases = [t if t._base is None else t._base for t in (x, y)]
    return bases[0] is bases[1]


@exercise.mistake(
    "Equal storages are not one storage: that of a copy can hold the same numbers, too."
)
def equal_storages(x, y):
    return x.untyped_storage().tolist() == y.untyped_storage().tolist()


@exercise.mistake("Yours says no to every pair of tensors. What is it that it asks them?")
def shared_with_processes(x, y):
    return x.is_shared() and y.is_shared()


@exercise.mistake(
    "Yours asks for the same shape and strides as well. A transposed view lies in the same storage."
)
def set_to_the_same(x, y):
    return x.is_set_to(y)


@exercise.right
def by_where_the_storage_begins(x, y):
    begins = [t.data_ptr() - t.storage_offset() * t.element_size() for t in (x, y)]
    return begins[0] == begins[1]


@exercise.right
def same_storage_object(x, y):
    return x.untyped_storage() is y.untyped_storage()


@exercise.right
def by_storage_address(x, y):
    one, other = x.untyped_storage(), y.untyped_storage()
    return one.data_ptr() == other.data_ptr()
