"""Arrays for the exercises of lesson 12 with Albumentations."""

import numpy


def byte_array(rng, *shape, high=255):
    """A uint8 array of this shape with whole numbers from 0 to high."""
    count = int(numpy.prod(shape))
    return numpy.array([rng.randint(0, high) for _ in range(count)], dtype="uint8").reshape(shape)
