"""The process that runs students' code. Inside the sandbox it is the only program there is.

It imports torch once and then forks a child for each thing to do; the child reads what to do, does
it, writes the result and ends. This process itself never reads anything of a student, so a child
finds nothing of other students in its memory. It holds no reference answers: see
course_utils/student_side.py.

What it is told comes through a socket: one byte, and for RUN two open files (what to do; where to
write the result). Whoever holds the other end decides how long a child may take.
"""

from __future__ import annotations

import ast
import base64
import builtins
import contextlib
import ctypes
import dataclasses
import gc
import importlib
import json
import linecache
import os
import random
import resource
import select
import shutil
import signal
import socket
import struct
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

READY, RUN, STOP = b"y", b"r", b"s"
RESULT, FLAG, ERROR = b"R", b"F", b"E"  # kinds of message; none can be taken back
WATCH_SECONDS = 0.05
OWN_MODULES = ("numpy", "IPython.core.inputtransformer2", "grading.reading", "grading.wire")


def main(control: int, modules: list[str], limits: dict[str, int], alone: bool) -> None:
    """Serve until the other end of the socket is closed.

    modules: what children will need, so that none of them has to import it. limits: see
    sandbox.Limits. alone: this is process 1 of a sandbox of its own, so that all other processes
    there are children of students' code.
    """
    alone = alone and os.getpid() == 1
    _hide_memory()
    warnings.simplefilter("ignore")
    for name in [*modules, *OWN_MODULES]:
        with contextlib.suppress(Exception):  # a child that needs it will say so
            importlib.import_module(name)
    warnings.resetwarnings()
    originals = snapshot()
    gc.collect()
    gc.freeze()  # children then leave these pages alone
    with socket.socket(fileno=control) as channel:
        channel.sendall(READY)
        while True:
            message, files, _, _ = socket.recv_fds(channel, 1, 2)
            if message != RUN or len(files) != 2:
                return
            child = os.fork()
            if child == 0:
                channel.close()
                serve_child(*files, limits, originals)
            for file in files:
                os.close(file)
            report = watch(channel, child, limits, alone)
            if report is None or not tidy(Path.cwd()):
                return  # whoever needs it starts a fresh one
            channel.sendall(json.dumps(report).encode() + b"\n")


def _hide_memory() -> None:
    """No other process of this user may read this one's memory or files (Linux)."""
    PR_SET_DUMPABLE = 4
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


# -- watching a child ------------------------------------------------------------------------


def watch(channel: socket.socket, child: int, limits: dict[str, int], alone: bool) -> dict | None:
    """Wait for STOP while the child works; end all its processes; say how it went.

    None when the other end of the socket is gone.
    """
    killed, status, usage = "", None, None
    base = own_memory(os.getpid())
    while True:
        ready, _, _ = select.select([channel], [], [], WATCH_SECONDS)
        if ready:
            message = channel.recv(1)
            end_all(child, alone)
            if message != STOP:
                return None
            break
        # A grandchild may outlive the child: the watch goes on until STOP.
        excess = too_much(base, limits) if alone else ""
        if excess and not killed:
            killed = excess
            end_all(child, alone)
    if status is None:
        _, status, usage = os.wait4(child, 0)
    while True:  # the child's own children became ours when it ended
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    return {
        "killed": killed,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "memory": usage.ru_maxrss * 1024,
    }


def end_all(child: int, alone: bool) -> None:
    """Kill the child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        if alone and os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)  # in a sandbox of its own: everybody but this process
        else:
            os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def too_much(base: int, limits: dict[str, int]) -> str:
    """Why the students' processes together are too much, or ''."""
    processes = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]  # noqa: PTH208
    if len(processes) > limits["processes"]:
        return "processes"
    memory = sum(max(0, own_memory(process) - base) for process in processes)
    return "memory" if memory > limits["memory"] else ""


def own_memory(process: int) -> int:
    """Bytes of memory of a process that belong to no file; 0 when it is gone."""
    try:
        _, resident, of_files, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGE_SIZE")


def tidy(folder: Path) -> bool:
    """Remove what a child left in the places where it could write; False if something stays."""
    for place in {str(folder), "/tmp", "/dev/shm"} if os.getpid() == 1 else {str(folder)}:
        try:
            for entry in os.scandir(place):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    Path(entry.path).unlink()
        except (OSError, RecursionError):
            return False
    return True


# -- the child -------------------------------------------------------------------------------


def serve_child(job: int, result: int, limits: dict[str, int], originals: dict) -> None:
    """Do one job and end the process. Does not return."""
    code = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        with os.fdopen(job, "rb") as file:
            header = json.loads(file.readline())
            body = file.read()
        set_limits({**limits, "seconds": limits["seconds"] * header["results"]})
        if header["kind"] == "read":
            send(result, RESULT, read(body, header["wanted"]))
        else:
            for answer in json.loads(body):
                reseed()
                send(result, RESULT, run(answer, header["seed"], result, originals))
        code = 0
    except BaseException:
        with contextlib.suppress(BaseException):
            send(result, ERROR, traceback.format_exc()[-2000:].encode("utf-8", "replace"))
    finally:
        os._exit(code)


def send(file: int, kind: bytes, data: bytes) -> None:
    """One message: its kind, its length, its bytes."""
    message = kind + struct.pack(">Q", len(data)) + data
    while message:
        message = message[os.write(file, message) :]


def set_limits(limits: dict[str, int]) -> None:
    """What the kernel counts by itself, for this process and those it starts."""

    def limit(kind: int, amount: int) -> None:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            amount = min(amount, hard)
        resource.setrlimit(kind, (amount, amount))

    limit(resource.RLIMIT_CPU, limits["seconds"])
    limit(resource.RLIMIT_FSIZE, limits["file"])
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 256)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        now = pages * os.sysconf("SC_PAGE_SIZE")
        limit(resource.RLIMIT_AS, now + limits["memory"])


def reseed() -> None:
    """Random numbers of its own: a forked process would go on with its parent's."""
    import numpy
    import torch

    random.seed()
    numpy.random.seed(int.from_bytes(os.urandom(4), "big"))
    torch.default_generator.manual_seed(int.from_bytes(os.urandom(8), "big"))


def read(notebook: bytes, wanted: dict[str, Any]) -> bytes:
    """The programs of a notebook, as JSON; or why there are none."""
    from . import reading

    try:
        cells, notes = reading.read_notebook(notebook)
    except reading.NotANotebook as problem:
        return json.dumps({"problem": str(problem)}).encode()
    programs = reading.find_programs(cells, wanted)
    found = {id: dataclasses.asdict(program) for id, program in programs.items()}
    return json.dumps({"problem": "", "notes": notes, "programs": found}).encode()


def run(answer: dict, seed: int, result: int, originals: dict) -> bytes:
    """Define an answer and observe it on the cases: observations, or why there are none.

    answer: its exercise's `id`, its `name`, and the `parts` of cells that define it.
    """
    from course_utils.exercise import find
    from course_utils.observation import describe_exception

    from . import wire

    exercise = find(answer["id"])
    name = answer["name"]
    scope = notebook_scope(result)
    failure = None
    for part in answer["parts"]:
        raised = define(part, scope)
        if raised is not None:
            failure = describe_exception(raised)
    if name not in scope:
        facts = failure and dataclasses.asdict(failure)
        return json.dumps({"undefined": facts}).encode()
    function = scope[name]
    if not callable(function):
        return json.dumps({"not callable": type(function).__qualname__}).encode()
    observations = exercise.observations(function, seed)
    for name in changes(originals):
        send(result, FLAG, f"changes `{name}` while it runs".encode("utf-8", "replace"))
    data = base64.b64encode(wire.write(observations)).decode("ascii")
    return json.dumps({"observations": data}).encode()


def define(part: dict, scope: dict[str, Any]) -> BaseException | None:
    """Run some statements of a cell, as a notebook does, up to the first that raises."""
    from course_utils.observation import TimeLimit

    file = f"cell {part['cell']}"
    code = part["code"]
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    statements = ast.parse(code).body
    try:
        with TimeLimit(part["seconds"]):
            for place in part["statements"]:
                module = ast.Module([statements[place]], type_ignores=[])
                exec(compile(module, file, "exec", dont_inherit=True), scope)
    except BaseException as error:  # sys.exit() in a cell, or the time limit
        return error
    return None


def notebook_scope(result: int) -> dict[str, Any]:
    """The names that a cell finds: as in a notebook, with a watch on names made while it runs."""
    from . import screening

    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    scope = vars(main)
    watched = ModuleType("builtins")
    vars(watched).update(vars(builtins))

    def watch_name(real: Any) -> Any:
        def guarded(thing: Any, name: str, *rest: Any) -> Any:
            if isinstance(name, str) and screening.is_private(name):
                send(result, FLAG, f"reaches for `{name}`".encode("utf-8", "replace"))
            return real(thing, name, *rest)

        return guarded

    for function in (getattr, setattr, delattr):
        setattr(watched, function.__name__, watch_name(function))
    scope["__builtins__"] = watched
    scope["get_ipython"] = NotebookShell
    scope["display"] = lambda *things, **how: None
    return scope


class NotebookShell:
    """What `get_ipython()` gives: %magics and !commands do nothing when an answer is marked."""

    def run_line_magic(self, *_: object, **__: object) -> None: ...

    def run_cell_magic(self, *_: object, **__: object) -> None: ...

    def system(self, *_: object) -> None: ...

    def getoutput(self, *_: object, **__: object) -> list[str]:
        return []


# -- was torch changed? ----------------------------------------------------------------------


def snapshot() -> dict[str, tuple[Any, dict[str, Any]]]:
    """What stands under each name of the modules and classes that observations rely on.

    Not more than those: looking at an object copies its page of memory in a forked child.
    """
    import torch
    import torch.nn.functional
    import torch.utils.data

    places: dict[str, Any] = {
        name: module
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in ("course_utils", "grading") or name in PLACES
    }
    for name in CLASSES:
        thing: Any = torch
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)
        places[name] = thing
    return {name: (place, dict(vars(place))) for name, place in places.items()}


PLACES = {"builtins", "torch", "torch.nn.functional", "torch.overrides", "torch.testing", "json"}
CLASSES = (
    *("torch.Tensor", "torch.nn.Module", "torch.nn.Parameter", "torch.nn.Linear"),
    *("torch.optim.Optimizer", "torch.utils.data.DataLoader", "torch.utils.data.Dataset"),
    *("torch.overrides.TorchFunctionMode", "torch.autograd.Function"),
)


def changes(originals: dict[str, tuple[Any, dict[str, Any]]]) -> list[str]:
    """Names that stand for something else than in the snapshot, or are new in a class."""
    found = []
    for place_name, (place, before) in originals.items():
        now = vars(place)
        # Modules get new names when torch loads a part of itself; classes do not.
        new = now.keys() - before.keys() if isinstance(place, type) else ()
        other = [name for name, thing in before.items() if now.get(name) is not thing]
        found += [f"{place_name}.{name}" for name in [*other, *new] if name not in CACHES]
    return found[:5]


# These change by themselves.
CACHES = {"__warningregistry__", "__slotnames__", "_abc_impl", "__doc__", "_inst"}


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    main(options["control"], options["modules"], options["limits"], options["alone"])
