"""What observations of hooks note: every kind of hook is counted before and after.

An answer that works and leaves a hook behind does not pass.
"""

import contextlib
import sys
from types import FrameType
from typing import Any

import torch
from torch import nn

from course_utils.observation import LIBRARIES, attempt

HOOK_TABLES = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


GLOBAL_TABLES = (
    "_global_forward_pre_hooks",
    "_global_forward_hooks",
    "_global_backward_pre_hooks",
    "_global_backward_hooks",
)


TENSOR_TABLES = ("_backward_hooks", "_post_accumulate_grad_hooks")


def count_hooks(model: nn.Module) -> int:
    """Hooks of every kind on a model's modules and parameters, and on all modules of torch.

    Counted by dict itself: a table that an answer put in its place may say any length.
    """
    tables = [getattr(module, table) for module in model.modules() for table in HOOK_TABLES]
    tables += [getattr(p, table, None) for p in model.parameters() for table in TENSOR_TABLES]
    tables += [getattr(nn.modules.module, table) for table in GLOBAL_TABLES]
    return sum(dict.__len__(table) for table in tables if table is not None)


def forget_global_hooks() -> None:
    """Global hooks that an answer left behind must not reach the next check."""
    for table in GLOBAL_TABLES:
        getattr(nn.modules.module, table).clear()


def add_hooks_of_others(model: nn.Module) -> None:
    """Hooks that somebody else has on every module, and that have to stay there."""
    for module in model.modules():
        module.register_forward_pre_hook(lambda module, args: None)
        module.register_forward_hook(lambda module, args, output: None)


@contextlib.contextmanager
def broken(model: nn.Module, error: type[Exception] = RuntimeError):
    """As long as this lasts, every layer of the model raises when it is called."""

    def fail(layer, args):
        raise error("this layer is broken")

    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [leaf.register_forward_pre_hook(fail) for leaf in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def after_an_error(model: nn.Module, action) -> dict:
    """`action()` runs the model while it is broken: what comes out, and what stays behind.

    Also whether the model's own hooks run: they do when it is called, and not by its forward.
    """
    called = []
    own = model.register_forward_pre_hook(lambda module, args: called.append(True))
    before = count_hooks(model)
    with broken(model):
        outcome = attempt(action)
    left = count_hooks(model) - before
    own.remove()
    forget_global_hooks()
    return {
        "what a model that raises gives": outcome,
        "hooks left behind after an error": left,
        "the model's own hook is called": bool(called),
    }


def of_somebody_else(gradient: torch.Tensor) -> None:
    """A hook on a tensor that was there before the answer's."""


def functions_in_backward(loss: torch.Tensor) -> list[str]:
    """loss.backward(), and the names of the functions that ran in it and are of no library.

    Hooks of every kind are among them, also those on nodes of the graph, which no table shows;
    `of_somebody_else` is left out.
    """
    names = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        ours = code is of_somebody_else.__code__ or code.co_filename.startswith(LIBRARIES)
        if event == "call" and not ours:
            names.append(code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        loss.backward()
    finally:
        sys.setprofile(before)
    return names


def note_calls(model: nn.Module) -> list:
    """From now on, the names of the leaf modules are listed in the order in which they run."""
    calls = []

    def note(name):
        return lambda module, args: calls.append(name)

    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_pre_hook(note(name))
    return calls
