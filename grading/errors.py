"""The errors that a person reads: the message is one sentence, what is wrong and what to do.

`python -m grading` prints it and stops; nothing else of an error is shown.
"""

from __future__ import annotations


class GradingError(Exception):
    """One sentence for the person who grades."""


class AssignmentError(GradingError):
    """What is wrong with an assignment, or with a private file of exercises."""


class CollectionError(GradingError):
    """What is wrong with the folder of submissions."""


class SandboxError(GradingError):
    """Why students' code cannot be run on this machine."""


class RunError(GradingError):
    """Why nothing can be marked."""


class ReportError(GradingError):
    """Which report cannot be written, and why."""


class TableError(GradingError):
    """Which table of a person's cannot be read, the line, and what to do."""
