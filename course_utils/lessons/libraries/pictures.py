"""Arrays for the exercises of lesson 12 with Albumentations."""

import numpy
import torch


def byte_array(rng, *shape, high=255):
    """A uint8 array of this shape with whole numbers from 0 to high."""
    count = int(numpy.prod(shape))
    return numpy.array([rng.randint(0, high) for _ in range(count)], dtype="uint8").reshape(shape)


def look_into_arrays(value):
    """The same, with {"array": a tensor} for each array of numbers: plain data that a check sees.

    value: an array, anything else, or a tuple, list or dict of them.
    """
    if type(value) in (tuple, list):
        return type(value)(map(look_into_arrays, value))
    if type(value) is dict:
        return {name: look_into_arrays(one) for name, one in value.items()}
    if type(value) is numpy.ndarray and value.dtype.kind in "biuf":
        return {"array": torch.tensor(value.copy())}
    return value
