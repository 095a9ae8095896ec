"""A convolution looks at every small patch of a picture. Make a tensor of four dimensions that
holds them all, without copying a number.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import VIEWS
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "01.9",
    "All patches of a picture (im2col)",
    minutes=20,
    difficulty=3,
    without=ByHand("Tensor.unfold", "nn.functional.unfold", not_=VIEWS),
    hints=[
        "The result has four dimensions. Name them in words: which patch down, which patch "
        "across, which row inside, which column inside.",
        "Moving to the next patch down and moving to the next row inside a patch: how far is each "
        "in the storage?",
        "You need no new strides at all: each of the picture's two strides is used twice.",
    ],
)


@exercise.reference
def patches(image, k):
    """Every k x k patch of a picture, as a view.

    image: shape (height, width), any dtype, any strides. k: an int, no larger than height and
    width. Returns shape (height - k + 1, width - k + 1, k, k), where result[i, j] is the patch
    whose upper left corner is image[i, j].
    """
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (down, across, down, across), image.storage_offset())


@exercise.cases
def _(rng):
    yield torch.arange(12.0).reshape(3, 4), 2
    yield torch.arange(9.0).reshape(3, 3), 3
    yield torch.arange(4.0).reshape(2, 2), 1
    yield whole_numbers(rng, 4, 6).t(), 2
    yield whole_numbers(rng, 7, 8)[1:6, 2:], 3
    for image in promised(rng, "any dtype", "any strides", shape=(3, 4)):
        yield image, rng.randint(1, 3)


@exercise.observe
def _(answer, image, k):
    result = answer(image, k)
    return {"result": result, "shares the storage": shares_storage(result, image)}


@exercise.mistake(
    "The last row and the last column of patches are missing. How many starting places has a "
    "patch as large as the whole picture?"
)
def one_patch_too_few(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k, width - k, k, k)
    return image.as_strided(shape, (down, across, down, across), image.storage_offset())


@exercise.mistake(
    "Your patches do not overlap: they are the tiles of a floor. Here every place where a patch "
    "fits counts."
)
def tiles(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height // k, width // k, k, k)
    return image.as_strided(shape, (down * k, across * k, down, across), image.storage_offset())


@exercise.mistake(
    "You use the strides of a contiguous picture. This one may be transposed, or a part of a "
    "larger one."
)
def contiguous_picture(image, k):
    height, width = image.shape
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (width, 1, width, 1), image.storage_offset())


@exercise.mistake(
    "You take neighbours in a row to lie side by side in the storage. In a transposed picture they "
    "do not."
)
def columns_side_by_side(image, k):
    height, width = image.shape
    down = image.stride(0)
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (down, 1, down, 1), image.storage_offset())


@exercise.mistake(
    "Your patches begin where the storage begins. The picture may be a part of a larger one, which "
    "begins later."
)
def forgets_where_it_starts(image, k):
    height, width = image.shape
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, image.stride() * 2, 0)


@exercise.mistake(
    "A picture need not be square. Which of its sizes says how many patches there are below each "
    "other, and which how many beside each other?"
)
def square_picture(image, k):
    places = image.shape[0] - k + 1
    return image.as_strided((places, places, k, k), image.stride() * 2, image.storage_offset())


@exercise.mistake(same_as=square_picture)
def height_for_width(image, k):
    width, height = image.shape
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, image.stride() * 2, image.storage_offset())


@exercise.mistake(
    "For a picture that is contiguous, yours is a view. For any other one it is a copy: which step "
    "of yours has to make one then?"
)
def contiguous_first(image, k):
    whole = image.contiguous()
    height, width = whole.shape
    shape = (height - k + 1, width - k + 1, k, k)
    return whole.as_strided(shape, (width, 1, width, 1), whole.storage_offset())


@exercise.mistake(
    "Inside each patch, rows and columns have changed places: which stride belongs to going down?"
)
def transposed_patches(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (down, across, across, down), image.storage_offset())


@exercise.mistake(
    "The values are right, but every patch is a copy: a number is written down once more for "
    "each patch that it lies in."
)
def copied_patches(image, k):
    rows = range(image.shape[0] - k + 1)
    columns = range(image.shape[1] - k + 1)
    return torch.stack([torch.stack([image[i : i + k, j : j + k] for j in columns]) for i in rows])


@exercise.right
def strides_twice(image, k):
    h, w = image.shape
    return torch.as_strided(
        image, (h - k + 1, w - k + 1, k, k), image.stride() * 2, image.storage_offset()
    )


exercise.equivalent(
    "return image.as_strided(shape, (down, across, down, across), image.storage_offset())",
    "return image.as_strided(shape, (down, across, down, across))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "return torch.as_strided(image, (h - k + 1, w - k + 1, k, k), image.stride() * 2, "
    "image.storage_offset())",
    "return torch.as_strided(image, (h - k + 1, w - k + 1, k, k), image.stride() * 2)",
    because="Without an offset, as_strided takes the tensor's own.",
)
