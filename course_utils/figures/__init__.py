"""Pictures of what has a shape: tensors in, a Figure with alt text out.

    from course_utils import figures

    x = torch.arange(6).reshape(2, 3)
    figures.storage({"x": x, "x.t()": x.t()})

One module for each topic; `drawing` is what all of them are made with.
"""

from .drawing import Figure
from .views import storage

__all__ = ["Figure", "storage"]
