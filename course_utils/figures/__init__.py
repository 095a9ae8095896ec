"""Pictures of what has a shape: tensors in, a Figure with alt text out.

    from course_utils import figures

    x = torch.arange(6).reshape(2, 3)
    figures.storage({"x": x, "x.t()": x.t()})

One module for each topic; `drawing` is what all of them are made with.
"""

from .drawing import Figure
from .dtypes import dtype_promotion
from .hooks import activations, hook_timeline
from .images import axes_order, small_picture
from .lessons import course_map
from .loading import class_balance, collated, epoch_time, loader_parts, sampled
from .memory_use import memory
from .modules import feature_maps, module_tree
from .views import storage, windows

__all__ = [
    "Figure",
    "activations",
    "axes_order",
    "class_balance",
    "collated",
    "course_map",
    "dtype_promotion",
    "feature_maps",
    "hook_timeline",
    "memory",
    "module_tree",
    "epoch_time",
    "loader_parts",
    "memory",
    "sampled",
    "small_picture",
    "storage",
    "windows",
]
