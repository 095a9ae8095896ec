"""Pictures of what has a shape: tensors in, a Figure with alt text out.

    from course_utils import figures

    x = torch.arange(6).reshape(2, 3)
    figures.storage({"x": x, "x.t()": x.t()})

One module for each topic; `drawing` is what all of them are made with.
"""

from .autograd import autograd_graph, curve_descent, tangents
from .distributed import collectives, rank_epochs, ranks_in_a_step
from .drawing import Figure
from .dtypes import dtype_promotion
from .hooks import activations, hook_timeline
from .images import axes_order, small_picture
from .indexing import broadcast, einsum_axes, gathered, masked, scattered
from .lessons import course_map
from .libraries import conventions, text_batch
from .loading import class_balance, collated, epoch_time, loader_parts, sampled
from .memory_use import memory
from .modules import feature_maps, module_tree
from .optimization import descent_paths, loss_curves, schedule_sheet, step_table
from .stills import Steps, steps
from .text import bags, packing, padding
from .training import confusion, resumed_run, training_run
from .views import storage, windows
from .vision import image_grid, image_rows, transform_steps

__all__ = [
    "Figure",
    "Steps",
    "activations",
    "autograd_graph",
    "axes_order",
    "bags",
    "broadcast",
    "class_balance",
    "collated",
    "collectives",
    "confusion",
    "conventions",
    "course_map",
    "curve_descent",
    "descent_paths",
    "dtype_promotion",
    "einsum_axes",
    "epoch_time",
    "feature_maps",
    "gathered",
    "hook_timeline",
    "image_grid",
    "image_rows",
    "loader_parts",
    "loss_curves",
    "masked",
    "memory",
    "module_tree",
    "packing",
    "padding",
    "rank_epochs",
    "ranks_in_a_step",
    "resumed_run",
    "sampled",
    "scattered",
    "schedule_sheet",
    "small_picture",
    "step_table",
    "steps",
    "storage",
    "tangents",
    "text_batch",
    "training_run",
    "transform_steps",
    "windows",
]
