"""Other right answers to the exercises of notebooks 00 and 01."""

import csv
import io
import math

import numpy
import pandas
import torch

from tests.right_answers import right


@right("00.1")
def by_sorting_a_copy(numbers):
    return sorted(numbers)[-1]


@right("01.1")
def product_of_the_rest(shape):
    return tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


@right("01.1")
def numpy_in_elements(shape):
    return tuple(s // 8 for s in numpy.empty(shape, dtype="float64").strides)


@right("01.2")
def one_sum(index, stride, offset):
    return offset + sum(i * s for i, s in zip(index, stride, strict=True))


@right("01.3")
def against_contiguous_strides(shape, stride):
    if math.prod(shape) == 0:
        return True
    wanted = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    return all(s == w for s, w, size in zip(stride, wanted, shape, strict=True) if size > 1)


@right("01.4")
def by_positions(shape, stride, dim):
    if 1 in (shape[dim], shape[dim + 1]):
        return True
    end_of_row = (shape[dim + 1] - 1) * stride[dim + 1]
    return stride[dim] - end_of_row == stride[dim + 1]


@right("01.5")
def contiguous_first(matrix):
    return matrix.T.contiguous().view(-1)


@right("01.5")
def columns_joined(matrix):
    return torch.cat([matrix[:, j] for j in range(matrix.shape[1])])


@right("01.6")
def two_transposes(image):
    return image.transpose(1, 2).transpose(0, 1)


@right("01.6")
def moved(image):
    return torch.movedim(image, -1, 0).contiguous()


@right("01.7")
def with_torch_as_strided(matrix):
    rows, columns = matrix.shape
    return torch.as_strided(
        matrix, (min(rows, columns),), (sum(matrix.stride()),), matrix.storage_offset()
    )


@right("01.8")
def stacked_by_index(x, size, step):
    count = (x.shape[0] - size + step) // step
    return torch.as_strided(
        x, (count, size), (x.stride()[0] * step, x.stride()[0]), x.storage_offset()
    )


@right("01.9")
def strides_twice(image, k):
    h, w = image.shape
    return torch.as_strided(
        image, (h - k + 1, w - k + 1, k, k), image.stride() * 2, image.storage_offset()
    )


@right("01.10")
def with_expand(a, b):
    shape = (len(a), len(b))
    return a.unsqueeze(1).expand(shape), b.unsqueeze(0).expand(shape)


@right("01.10")
def with_broadcast_tensors(a, b):
    left, right_grid = torch.broadcast_tensors(a[:, None], b[None, :])
    return left, right_grid


@right("01.10")
def with_meshgrid(a, b):
    return torch.meshgrid(a, b, indexing="ij")


@right("01.11")
def by_where_the_storage_begins(x, y):
    begins = [t.data_ptr() - t.storage_offset() * t.element_size() for t in (x, y)]
    return begins[0] == begins[1]


@right("01.11")
def by_storage_address(x, y):
    one, other = x.untyped_storage(), y.untyped_storage()
    return one.data_ptr() == other.data_ptr()


@right("01.12")
def divided_first(image):
    return image.to(torch.float32) / 128 - 1


@right("01.12")
def as_whole_numbers_first(image):
    return (image.int() - 128) / 128


@right("01.13")
def without_pandas(text, names):
    rows = list(csv.DictReader(text.splitlines()))
    kept = [row for row in rows if all(row[name] != "" for name in names)]
    return torch.tensor([[float(row[name]) for name in names] for row in kept])


@right("01.13")
def gaps_dropped_by_subset(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna(subset=names)
    return torch.from_numpy(frame[names].to_numpy()).float()


@right("01.14")
def emptied_and_filled(x):
    fresh = torch.empty(x.shape, dtype=x.dtype)
    fresh.copy_(x)
    return fresh


@right("01.14")
def contiguous_clone(x):
    return x.contiguous().clone()


@right("01.14")
def itself_where_nothing_is_hidden(x):
    whole = x.untyped_storage().nbytes() == x.numel() * x.element_size()
    return x if whole else torch.empty_like(x).copy_(x)


@right("01.15")
def by_positions_in_the_storage(shape, stride, new_shape):
    """Write down where each element lies, then look whether the new steps are even."""
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    places = numpy.zeros(shape, dtype=int)
    for dim, (size, step) in enumerate(zip(shape, stride, strict=True)):
        steps = numpy.arange(size) * step
        places += steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])
    places = places.reshape(new_shape)
    return all(
        len(numpy.unique(numpy.diff(places, axis=dim))) <= 1 for dim in range(len(new_shape))
    )
