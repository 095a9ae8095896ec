"""Pictures of what has a shape: tensors in, a Figure with alt text out.

    from course_utils import figures

    x = torch.arange(6).reshape(2, 3)
    figures.storage({"x": x, "x.t()": x.t()})

One module for each topic; `drawing` is what all of them are made with.
"""

from .drawing import Figure
from .dtypes import dtype_promotion
from .images import axes_order, small_picture
from .lessons import course_map
from .memory_use import memory
from .training import confusion, resumed_run, training_run
from .views import storage, windows

__all__ = [
    "Figure",
    "axes_order",
    "confusion",
    "course_map",
    "dtype_promotion",
    "memory",
    "resumed_run",
    "small_picture",
    "storage",
    "training_run",
    "windows",
]
