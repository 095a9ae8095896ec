"""A call as it would be typed, so that a student can replay what a check did."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import sys
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType
from typing import Any

import torch
from torch import nn

from .comparison import show
from .plain import Opaque, plain, type_name
from .settings import course_settings, same_randomness
from .texts import text

WRITTEN_OUT = 24  # elements of a tensor that are typed one by one
LONGEST_LINE = 300
CALLS_SHOWN = 3


def describe_call(name: str, args: Sequence[Any]) -> str:
    """The call as a student would type it: 'strides((2, 3))'.

    Where two tensors look at one storage, that stands before it: 'x = ...; alike(x, x[1:])'.
    """
    first = ""
    typed = [*map(describe_argument, args)]
    for one in _tensors_of_memory(args):
        shared = [
            number
            for number, other in _tensors_of_memory(args).items()
            if _address(other) == _address(args[one]) and other.dtype == args[one].dtype
        ]
        base = _whole_storage(args[one].detach())
        values = None if base is None else _values(base)
        if len(shared) > 1 and base is not None and values is not None:
            first = f"x = {values}; "
            for number in shared:
                typed[number] = _part("x", len(base), args[number].detach())
            break
    return f"{first}{name}({', '.join(typed)})"


def describe_argument(arg: Any) -> str:
    """An argument as it would be typed, where that can be done on a line."""
    kind = type(arg)
    if isinstance(arg, nn.Parameter):
        return f"nn.Parameter({_tensor(arg.detach())})"
    if kind is torch.Tensor:
        return _tensor(arg)
    if isinstance(arg, nn.Module):
        line = _module(arg)
        return line if len(line) <= LONGEST_LINE else f"{kind.__name__}(...)"
    if kind is torch.Generator:
        return f"torch.Generator().manual_seed({arg.initial_seed()})"
    if isinstance(arg, torch.optim.Optimizer):
        defaults = inspect.signature(kind).parameters
        settings = [
            f"{key}={show(plain(value))}"
            for key, value in arg.defaults.items()
            if key in defaults and value != defaults[key].default
        ]
        return f"torch.optim.{kind.__name__}({', '.join(['model.parameters()', *settings])})"
    if kind in (list, tuple) and 0 < len(arg) <= WRITTEN_OUT:
        inner = ", ".join(map(describe_argument, arg))
        if kind is list:
            return f"[{inner}]"
        return f"({inner},)" if len(arg) == 1 else f"({inner})"
    if kind is dict and len(arg) <= WRITTEN_OUT:
        pairs = [f"{show(plain(key))}: {describe_argument(item)}" for key, item in arg.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(arg, (FunctionType, BuiltinFunctionType, type)) and arg.__name__.isidentifier():
        return arg.__name__
    shown = plain(arg)
    if isinstance(shown, Opaque) and shown.type_name == type_name(kind):
        return f"{kind.__name__}(...)"
    return show(shown)


# -- tensors ---------------------------------------------------------------------------------


def _tensor(tensor: torch.Tensor) -> str:
    """A call that makes this tensor, if it can be typed; else what it is in words."""
    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return show(plain(tensor))
    with torch.no_grad():
        typed = _view(tensor.detach()) or _values(tensor.detach())
    if typed is None:
        return show(plain(tensor))
    return f"{typed}.requires_grad_()" if tensor.is_leaf and tensor.requires_grad else typed


def is_view(tensor: torch.Tensor) -> bool:
    """True if the elements are not all of the storage, or do not lie in it in order."""
    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or not tensor.numel():
        return False
    whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    return not (whole and tensor.is_contiguous())


def _view(tensor: torch.Tensor) -> str | None:
    """A view as one of the tensor that it looks at; None if it is none, or too long to type."""
    if not is_view(tensor):
        return None
    for order in _orders(tensor.dim()):
        turned = tensor.permute(order)
        if not is_view(turned):
            values = _values(turned)
            back = tuple(order.index(dim) for dim in range(tensor.dim()))
            if values is None:
                return None
            return f"{values}.t()" if len(order) == 2 else f"{values}.permute{back}"
    base = _whole_storage(tensor)
    values = None if base is None else _values(base)
    return None if base is None or values is None else _part(values, len(base), tensor)


def _whole_storage(tensor: torch.Tensor) -> torch.Tensor | None:
    """All that the storage holds, in a row, as a tensor of the same dtype."""
    storage = tensor.untyped_storage()
    if storage.nbytes() % tensor.element_size():
        return None
    return torch.empty(0, dtype=tensor.dtype).set_(storage)


def _part(base: str, length: int, tensor: torch.Tensor) -> str:
    """The view `tensor` of a row of `length` elements, which is typed as `base`."""
    offset = tensor.storage_offset()
    if tensor.dim() == 1 and tensor.stride(0) > 0:
        step = tensor.stride(0)
        stop = offset + step * (len(tensor) - 1) + 1
        first = str(offset or "")
        last = "" if stop + step > length else str(stop)
        if (first, last, step) == ("", "", 1):
            return base
        return f"{base}[{first}:{last}{f':{step}' if step > 1 else ''}]"
    if not is_view(tensor):
        return f"{base}.reshape{tuple(tensor.shape)}"
    shape, stride = tuple(tensor.shape), tuple(tensor.stride())
    return f"{base}.as_strided({shape}, {stride}, {offset})"


def _orders(dims: int) -> list[tuple[int, ...]]:
    """Ways to exchange two dimensions, or to move one to the other end."""
    found = []
    for one in range(dims):
        for other in range(one + 1, dims):
            order = list(range(dims))
            order[one], order[other] = order[other], order[one]
            found.append(tuple(order))
    if dims > 2:
        found += [(*range(1, dims), 0), (dims - 1, *range(dims - 1))]
    return found


def _values(tensor: torch.Tensor) -> str | None:
    """A call that makes a tensor of these values; None where they are too many to type."""
    dtype = "" if tensor.dtype in (torch.float32, torch.int64, torch.bool) else f"{tensor.dtype}"
    last = f", dtype={dtype}" if dtype else ""
    count, shape = tensor.numel(), tuple(tensor.shape)
    if tensor.is_complex() and count > WRITTEN_OUT:
        return None
    if not count or (count > WRITTEN_OUT and tensor.unique().numel() == 1):
        if tensor.dtype not in (torch.float32, torch.float64):
            last = f", dtype={tensor.dtype}"
        value = show(tensor.reshape(-1)[0].item()) if count else "0"
        if value in ("0", "1"):
            return f"torch.{'ones' if value == '1' else 'zeros'}({shape}{last})"
        return f"torch.full({shape}, {value}{last})"
    may_be_range = count > 4 and tensor.dtype in (torch.float32, torch.float64, torch.int64)
    if may_be_range and torch.equal(tensor.reshape(-1), torch.arange(count, dtype=tensor.dtype)):
        end = f"{count}.0" if tensor.dtype == torch.float32 else f"{count}"
        arranged = f"torch.arange({end}{last})"
        return arranged if tensor.dim() == 1 else f"{arranged}.reshape{shape}"
    if count > WRITTEN_OUT:
        return None
    dotted = tensor.is_floating_point() and not dtype
    return f"torch.tensor({_nested(tensor.tolist(), dotted)}{last})"


def _nested(values: Any, dotted: bool) -> str:
    """Lists of numbers. dotted: one number has to show that they are floats."""
    if isinstance(values, list):
        return f"[{', '.join(_nested(value, dotted) for value in values)}]"
    if isinstance(values, float):
        if values != values or values in (float("inf"), float("-inf")):
            return f'float("{values}")'
        short = show(values)
        return f"{short}.0" if dotted and short.lstrip("-").isdigit() else short
    return show(values)


def _tensors_of_memory(args: Sequence[Any]) -> dict[int, torch.Tensor]:
    """The arguments that are tensors with elements in this computer's memory, by position."""
    return {
        number: arg
        for number, arg in enumerate(args)
        if isinstance(arg, torch.Tensor)
        and arg.layout is torch.strided
        and arg.device.type == "cpu"
        and arg.numel()
    }


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def about_views(args: Sequence[Any]) -> str:
    """What a typed call does not show of its tensors: strides, and who shares storage with whom."""
    tensors = [(number + 1, arg) for number, arg in _tensors_of_memory(args).items()]
    said = []
    for number, tensor in tensors:
        if is_view(tensor):
            said.append(
                text(
                    "call.view",
                    "argument {number} is a view: shape {shape}, stride {stride}, offset {offset}, "
                    "in a storage of {storage}",
                    number=number,
                    shape=tuple(tensor.shape),
                    stride=tuple(tensor.stride()),
                    offset=tensor.storage_offset(),
                    storage=tensor.untyped_storage().nbytes() // tensor.element_size(),
                )
            )
    for place, (number, one) in enumerate(tensors):
        for later, other in tensors[place + 1 :]:
            if _address(one) == _address(other):
                said.append(
                    text(
                        "call.shared",
                        "arguments {one} and {other} share one storage",
                        one=number,
                        other=later,
                    )
                )
    return "; ".join(said)


# -- modules ---------------------------------------------------------------------------------


def _module(module: nn.Module) -> str:
    """The layers of torch as they are made; others as torch prints them, on one line."""
    kind = type(module)
    named = list(module.named_children())
    is_torch_s = kind.__module__.startswith("torch.nn.") and not hasattr(module, "parametrizations")
    if kind is nn.Sequential and is_torch_s:
        if [name for name, _ in named] == [str(number) for number in range(len(named))]:
            return f"nn.Sequential({', '.join(_module(part) for _, part in named)})"
        pairs = ", ".join(f'("{name}", {_module(part)})' for name, part in named)
        return f"nn.Sequential(OrderedDict([{pairs}]))"
    if is_torch_s and not named and getattr(nn, kind.__name__, None) is kind:
        return f"nn.{kind.__name__}({module.extra_repr()})"
    return " ".join(repr(module).split()).replace("( ", "(").replace(" )", ")")


# -- classes ---------------------------------------------------------------------------------


def calls_of_class(look: Callable[..., Any], kind: type, args: tuple, seed: int) -> tuple[str, ...]:
    """How an observation makes and uses objects of this class, as typed; () if it does not.

    `kind` is the reference: it is run once more, and Python's profiler tells what is called.
    """
    codes: dict[CodeType, str] = {
        part.__code__: name for name, part in vars(kind).items() if isinstance(part, FunctionType)
    }
    calls: list[tuple[str, str]] = []
    first: list[Any] = []  # the object that is made first: its calls are shown
    profiler = sys.getprofile()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code not in codes:
            return
        outer = frame.f_back
        while outer is not None:  # what its own methods call is not the caller's business
            if outer.f_code in codes:
                return
            outer = outer.f_back
        name = codes[frame.f_code]
        thing = frame.f_locals.get(frame.f_code.co_varnames[0])
        if not first:
            first.append(thing)
        if thing is not first[0]:
            return
        if len(calls) <= CALLS_SHOWN + 1:
            calls.append((name, _given(frame, vars(kind)[name])))
        else:
            sys.setprofile(profiler)

    with (
        contextlib.redirect_stdout(io.StringIO()),
        course_settings(),
        same_randomness(seed),
        contextlib.suppress(Exception),  # one that the reference is meant to raise
    ):
        sys.setprofile(note)
        try:
            look(kind, *args)
        finally:
            sys.setprofile(profiler)
    return _as_typed(kind.__name__, calls)


def _given(frame: FrameType, function: FunctionType) -> str:
    """The arguments of a call that begins, without `self` and without those left at defaults."""
    found = inspect.getargvalues(frame)
    parameters = inspect.signature(function).parameters
    typed = []
    by_name = False
    for name in found.args[1:]:
        value, default = found.locals[name], parameters[name].default
        if default is not inspect.Parameter.empty and value is default:
            by_name = True
            continue
        shown = describe_argument(value)
        is_keyword = by_name or parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        typed.append(f"{name}={shown}" if is_keyword else shown)
    typed += [describe_argument(value) for value in found.locals.get(found.varargs or "", ())]
    more = found.locals.get(found.keywords or "", {})
    typed += [f"{key}={describe_argument(value)}" for key, value in more.items()]
    return ", ".join(typed)


def _as_typed(name: str, calls: list[tuple[str, str]]) -> tuple[str, ...]:
    """'Net()(images)' for one use; 'counter = Counter(2)', 'counter.step(1)' for several."""
    made = [given for called, given in calls if called == "__init__"] or [""]
    uses = [(called, given) for called, given in calls if called not in ("__init__", "__exit__")]
    if not calls:
        return ()
    construction = f"{name}({made[0]})"
    if len(uses) == 1:
        return (_use(construction, *uses[0]),)
    if not uses:
        return (construction,)
    variable = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    shown = [_use(variable, *use) for use in uses[:CALLS_SHOWN]]
    return (f"{variable} = {construction}", *shown, *["..."] * (len(uses) > CALLS_SHOWN))


def _use(thing: str, method: str, given: str) -> str:
    special = {
        "forward": f"{thing}({given})",
        "__call__": f"{thing}({given})",
        "__getitem__": f"{thing}[{given}]",
        "__len__": f"len({thing})",
        "__iter__": f"list({thing})",
        "__next__": f"next({thing})",
        "__enter__": f"with {thing}: ...",
    }
    return special.get(method, f"{thing}.{method}({given})")
