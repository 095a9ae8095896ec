"""The helper package of the course: exercises with feedback, predictions, figures, data."""

from .checks import check, hint, solution
from .prediction import predict

__all__ = ["check", "hint", "predict", "solution"]
