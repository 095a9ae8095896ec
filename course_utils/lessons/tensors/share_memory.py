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
    """True if x and y lie in the same memory, also if they look at different parts of it.

    x, y: tensors with at least one element, of any number of dimensions, any dtype, any strides.
    torch.from_numpy(x.numpy()) lies in the memory of x, although torch makes a second storage
    object for it. Returns a bool.
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
    yield x, torch.from_numpy(x.numpy())
    yield x[:1], torch.tensor(x[:1].tolist())
    yield x, x.detach()
    yield x, x.view(torch.int32)
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
    "You ask whether the two have numbers in common. Two rows of one matrix have none, and still "
    "they are saved, and kept alive, together."
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
    "Storage objects are made new each time you ask for one. Which property of the storage is "
    "its place in memory?"
)
def same_storage_object(x, y):
    return x.untyped_storage() is y.untyped_storage()


@exercise.right
def by_where_the_storage_begins(x, y):
    begins = [t.data_ptr() - t.storage_offset() * t.element_size() for t in (x, y)]
    return begins[0] == begins[1]


@exercise.right
def by_storage_address(x, y):
    one, other = x.untyped_storage(), y.untyped_storage()
    return one.data_ptr() == other.data_ptr()
