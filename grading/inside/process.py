"""The process that runs students' code. Inside the sandbox it is the only program there is.

It imports torch once and then forks a child for each thing to do; the child reads what to do, does
it, writes the result and ends. This process itself never reads anything of a student, so a child
finds nothing of other students in its memory. It holds no reference answers: see
course_utils/student_half.py.

What it is told comes through a socket: one byte, and for RUN two open files (what to do; where to
write the result). Whoever holds the other end decides how long a child may take.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import codeop
import contextlib
import ctypes
import dataclasses
import functools
import gc
import importlib
import itertools
import json
import linecache
import operator
import os
import random
import select
import shutil
import signal
import socket
import struct
import sys
import threading
import traceback
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

with contextlib.suppress(ImportError):  # Windows has none, and cannot fork
    import resource

from . import system_calls

READY, RUN, STOP = b"y", b"r", b"s"
# Kinds of message from a child: its result in one of two forms, why there is none, and flags,
# which cannot be taken back.
OBSERVATIONS, FACTS, FAILED, FLAG = b"O", b"R", b"E", b"F"
OBSERVATIONS_LIMIT = 16_000_000  # bytes of all of one answer together
TOKEN_BYTES = 16  # a secret before each message, so that none can be forged by just writing it
WATCH_SECONDS = 0.05
OWN_MODULES = (
    *("numpy", "IPython.core.inputtransformer2"),
    *("grading.inside.reading", "grading.inside.wire", "grading.inside.lasting_state"),
)
# The compiler's flags of `from __future__ import annotations` and its like.
FUTURES = functools.reduce(
    operator.or_, (getattr(__future__, n).compiler_flag for n in __future__.all_feature_names)
)


def main(control: int, limits: dict[str, int], alone: bool, modules: list[str]) -> None:
    """Serve until the other end of the socket is closed.

    modules: that children will need, so that none of them has to import one; the first line that
    comes names all of them, as JSON. limits: see sandbox.Limits. alone: this is process 1 of a
    sandbox of its own, so that all other processes there are children of students' code.
    """
    alone = alone and os.getpid() == 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an answer may send it
    show_memory(False)
    gc.disable()  # until a child runs: nearly all that is made here stays
    warnings.simplefilter("ignore")
    import_all([*OWN_MODULES, *modules])
    warm_up()
    with socket.socket(fileno=control) as channel:
        line = read_line(channel)
        if not line:
            return
        import_all(json.loads(line))
        warnings.resetwarnings()
        if alone:
            try_filter()
        originals = snapshot()
        gc.freeze()  # children then leave these pages alone
        channel.sendall(READY)
        for number in itertools.count():
            message, files, _, _ = socket.recv_fds(channel, 1, 2)
            if message != RUN or len(files) != 2:
                return
            if number == CHILDREN_BEFORE_LARGE_PAGES:
                use_large_pages()
            child = os.fork()
            if child == 0:
                channel.close()
                serve_child(files[0], files[1], limits, originals, alone)
            for file in files:
                os.close(file)
            report = watch(channel, child, limits, alone)
            if report is None or not tidy(Path.cwd()):
                return  # whoever needs it starts a fresh one
            channel.sendall(json.dumps(report).encode() + b"\n")


def use_large_pages() -> None:
    """Have the kernel keep this process's memory in pages of 2 MB, where it can (Linux 6.1).

    A copy of this process then takes half the time: there are 200 times fewer pages to note. What
    a child writes to is still copied in pieces of 4 kB. It costs as much as a few submissions.
    """
    MADV_COLLAPSE, size = 25, 2 * 1024**2
    if sys.platform != "linux":
        return
    advise = system_calls.libc().madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        places, rights, _, device, _, *name = line.split()
        if rights == "rw-p" and device == "00:00" and name in ([], ["[heap]"]):
            start, end = (int(place, 16) for place in places.split("-"))
            start, end = -(-start // size) * size, end // size * size
            if start < end:
                advise(start, end - start, MADV_COLLAPSE)  # where it refuses, all stays as it is


CHILDREN_BEFORE_LARGE_PAGES = 60


def import_all(modules: Iterable[str]) -> None:
    for name in modules:
        with contextlib.suppress(Exception):  # a child that needs it will say so
            importlib.import_module(name)


def read_line(channel: socket.socket) -> bytes:
    """What comes up to a line break; empty when the other end is gone."""
    text = b""
    while not text.endswith(b"\n"):
        piece = channel.recv(1 << 16)
        if not piece:
            return b""
        text += piece
    return text


def warm_up() -> None:
    """Do once, with answers of our own, what each child does for its answer.

    What is worked out at the first use, and memory that is written then, children find as it is;
    otherwise each of them would copy it. No exercise is judged and no reference is here.
    """
    import torch

    from course_utils.exercise import call
    from course_utils.observation import observe

    from . import wire

    scope: dict[str, Any] = {}
    source = "def given(x, n):\n    return [x.t() * n, x.shape, n]\n"
    part = {"cell": 0, "code": source, "statements": [0]}
    seen = []
    for _ in range(WARM_UP_CALLS):
        define(part, 1.0, scope, codeop.Compile())
        for without in ((), ("Tensor.stride",)):
            cases = ((torch.rand(2, 3)[:, 1:], 2), (torch.rand(2, 3)[:, 1:], 2))
            seen.append(observe(call, scope["given"], *cases, without=without))
    wire.write(seen)
    for thread in threading.enumerate():  # of the time limits: none may be there at a fork
        if thread is not threading.main_thread():
            thread.join()


WARM_UP_CALLS = 20


def show_memory(allowed: bool) -> None:
    """May other processes of this user read this one's memory and files? (Linux)"""
    PR_SET_DUMPABLE = 4
    if sys.platform == "linux":
        system_calls.libc().prctl(PR_SET_DUMPABLE, int(allowed), 0, 0, 0)


# -- watching a child ------------------------------------------------------------------------


def watch(channel: socket.socket, child: int, limits: dict[str, int], alone: bool) -> dict | None:
    """Wait for STOP while the child works; end all its processes; say how it went.

    None when the other end of the socket is gone.
    """
    killed, status, usage = "", None, None
    while True:
        ready, _, _ = select.select([channel], [], [], WATCH_SECONDS)
        if ready:
            message = channel.recv(1)
            end_all(child, alone)
            if message != STOP:
                return None
            break
        # A grandchild may outlive the child: the watch goes on until STOP.
        killed = killed or (too_much(limits) if alone else "")
        if killed:  # again and again: a process may be made while all are being ended
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


def too_much(limits: dict[str, int]) -> str:
    """Why the students' processes together are too much, or ''."""
    base = own_memory(process_facts(os.getpid()))  # each of them begins with as much
    processes = students_processes()
    if len(processes) > limits["processes"]:
        return "processes"
    facts = [process_facts(process) for process in processes]
    if sum(one.get("Threads", 0) for one in facts) > limits["threads"]:
        return "processes"
    # Memory shared between processes is counted for each of them here, so it may be less ...
    if sum(map(own_memory, facts)) - base <= limits["memory"]:
        return ""
    # ... and the kernel has to look at every page to tell how much less.
    memory = -base
    for process, one in zip(processes, facts, strict=True):
        share = process_facts(process, "smaps_rollup")
        memory += share.get("Pss_Anon", 0) + share.get("Pss_Shmem", 0) if share else own_memory(one)
        # It takes long enough for a fork bomb to get out of hand.
        if len(students_processes()) > limits["processes"]:
            return "processes"
    return "memory" if memory > limits["memory"] else ""


def students_processes() -> list[int]:
    """All processes of the sandbox but this one."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]  # noqa: PTH208


def process_facts(process: int, file: str = "status") -> dict[str, int]:
    """The numbers in a file of /proc about a process, amounts in bytes; {} when it is gone."""
    try:
        lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
    except (OSError, ValueError):
        return {}
    rows = [line.replace(":", " ").split() for line in lines]
    return {
        row[0]: int(row[1]) * (1024 if row[-1] == "kB" else 1)
        for row in rows
        if len(row) > 1 and row[1].isdigit()
    }


def own_memory(facts: dict[str, int]) -> int:
    """Bytes of memory of a process that belong to no file of a disk."""
    return facts.get("RssAnon", 0) + facts.get("RssShmem", 0)


def tidy(folder: Path) -> bool:
    """Remove what a child left in the places where it could write; False if something stays."""
    for place in (str(folder), "/dev/shm") if os.getpid() == 1 else (str(folder),):
        try:
            if os.getpid() == 1:
                reset_rights(place)
            for entry in os.scandir(place):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    Path(entry.path).unlink()
        except (OSError, RecursionError):
            return False
    return True


def reset_rights(place: str) -> None:
    """A folder's rights as they were at the start, and rights to remove all folders in it."""
    for attribute in os.listxattr(place):  # such as rights for what will be made in it
        os.removexattr(place, attribute)
    Path(place).chmod(0o755)
    for folder, names, _ in os.walk(place):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o700)


# -- the child -------------------------------------------------------------------------------


def try_filter() -> None:
    """Raise OSError, before there is any student's code, if its system calls cannot be filtered."""
    system_calls.prepared_filter()  # once: children find it
    child = os.fork()
    if child == 0:
        try:
            system_calls.forbid()
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if failed:
        raise OSError(failed, f"no filter of system calls: {os.strerror(failed)}")


def serve_child(
    job: int, result: int, limits: dict[str, int], originals: dict[str, Original], alone: bool
) -> None:
    """Do one job and end the process. Does not return."""
    code = 1
    messages: Messages | None = None
    try:
        gc.enable()
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        show_memory(True)  # to the process that watches; there is nobody else
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        with os.fdopen(job, "rb") as file:
            header = json.loads(file.readline())
            body = file.read()
        set_limits(limits)
        if alone:
            system_calls.forbid()
        messages = Messages(result, bytes.fromhex(header["token"]))
        if header["kind"] == "read":
            messages.send(FACTS, read(body, header["wanted"]))
        else:
            watch_events(messages)
            reseed()
            run(json.loads(body), header["seed"], messages, originals)
        code = 0
    except (KeyboardInterrupt, SystemExit, MemoryError):
        pass  # the answer's doing: its process ends without a result
    except BaseException:
        with contextlib.suppress(BaseException):
            if messages is not None:
                messages.send(FAILED, traceback.format_exc()[-2000:].encode("utf-8", "replace"))
    finally:
        os._exit(code)


class Messages:
    """The way out of a child: each message is the token, a kind, a length, and its bytes."""

    def __init__(self, file: int, token: bytes) -> None:
        self._file = file
        self._token = token

    def send(self, kind: bytes, data: bytes) -> None:
        message = self._token + struct.pack(">cQ", kind, len(data)) + data
        while message:
            message = message[os.write(self._file, message) :]

    def flag(self, text: str) -> None:
        """Something a person should know of."""
        self.send(FLAG, text[:1000].encode("utf-8", "replace"))


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
    """The programs of a notebook, or why there are none, for wire.read_reading."""
    from . import reading, wire

    return wire.write_reading(reading.read(notebook, wanted))


def run(answer: dict, seed: int, messages: Messages, originals: dict[str, Original]) -> None:
    """Define an answer, observe it on the cases, send observations or why there are none.

    answer: sandbox.Answer as a dict.
    """
    from course_utils import rank_observation
    from course_utils.exercise import load
    from course_utils.observation import describe_exception

    from . import lasting_state, wire

    exercise = load(answer["id"])
    name = answer["name"]
    scope = notebook_scope(messages, exercise.without)
    failure = None
    futures = codeop.Compile()  # it remembers `from __future__ import ...`, as a notebook does
    for part in answer["parts"]:
        raised = define(part, answer["part_seconds"], scope, futures)
        if raised is not None:
            failure = describe_exception(raised)
    if name not in scope:
        facts = failure and dataclasses.asdict(failure)
        messages.send(FACTS, json.dumps({"undefined": facts}).encode())
        return

    def flag_changes() -> None:
        for changed in changes(originals):
            messages.flag(f"changes `{changed}` while it runs")

    rank_observation.AFTER_EACH_CASE.append(flag_changes)
    function = scope[name]
    if not callable(function):
        facts = {"not callable": type(function).__qualname__}
        messages.send(FACTS, json.dumps(facts).encode())
        return
    before = lasting_state.LastingState(function, scope, name)
    observations = exercise.observations(function, seed, again=answer["again"])
    flag_changes()
    for kept in before.changed_to(lasting_state.LastingState(function, scope, name)):
        messages.flag(f"keeps something from call to call in `{kept}`")
    messages.send(OBSERVATIONS, wire.write(observations))


def define(
    part: dict, seconds: float, scope: dict[str, Any], futures: codeop.Compile
) -> BaseException | None:
    """Run some statements of a cell, as a notebook does, up to the first that raises.

    part: reading.Part as a dict. seconds: on the clock. futures: knows those of the cells before.
    """
    from course_utils.settings import TimeLimit

    file = f"cell {part['cell']}"
    code = part["code"]
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    statements = ast.parse(code).body
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            futures(ast.unparse(statement), file, "exec")
    try:
        with TimeLimit(seconds):
            for place in part["statements"]:
                module = ast.Module([statements[place]], type_ignores=[])
                exec(compile(module, file, "exec", futures.flags & FUTURES, True), scope)
    except BaseException as error:  # sys.exit() in a cell, or the time limit
        return error
    return None


def notebook_scope(messages: Messages, without: tuple[str, ...]) -> dict[str, Any]:
    """The names that a cell finds: as in a notebook, with a watch on names made while it runs.

    without: functions that the exercise is to be done without.
    """
    from course_utils.by_hand import named

    from . import screening

    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    scope = vars(main)
    watched = ModuleType("builtins")
    vars(watched).update(vars(builtins))

    by_hand = named(without)

    def is_ours(thing: Any) -> bool:
        """A module, or a class that was not made in the notebook."""
        module = type.__dict__["__module__"]
        foreign = isinstance(thing, type) and module.__get__(thing) != "__main__"
        return foreign or isinstance(thing, ModuleType)

    def watch_name(real: Any) -> Any:
        def guarded(thing: Any, name: str, *rest: Any) -> Any:
            if isinstance(name, str):
                # As a plain str: a class of the answer's own may compare and hash as it likes.
                name = str.__str__(name)
                if screening.is_internal(name) or name in by_hand | screening.INTERPRETER:
                    messages.flag(f"reaches for `{name}`")
            if real is not getattr and is_ours(thing):
                messages.flag(f"changes `{name}` of what it did not make")
            found = real(thing, name, *rest)
            if isinstance(found, ModuleType):
                messages.flag(f"reaches for the module `{name}`")
            return found

        return guarded

    def guarded_vars(*things: Any) -> dict[str, Any]:
        if not things or is_ours(things[0]):
            messages.flag("uses `vars` on what it did not make")
        return vars(*things) if things else {}

    for function in (getattr, setattr, delattr):
        setattr(watched, function.__name__, watch_name(function))
    vars(watched).update(vars=guarded_vars)
    scope["__builtins__"] = watched
    scope["get_ipython"] = NotebookShell
    scope["display"] = lambda *things, **how: None
    return scope


def watch_events(messages: Messages) -> None:
    """Flag what no answer does and Python itself reports, whatever name it was called by.

    This cannot be switched off again in a process. Libraries may do such things; code of a cell
    may not.
    """
    from course_utils.observation import WatchFunctions

    inside = False
    unwatched = WatchFunctions.UNWATCHED
    realpath, getframe = os.path.realpath, sys._getframe

    @functools.cache  # Python reports thousands of events of a few kinds
    def is_watched(event: str) -> bool:
        return event in ("open", unwatched) or event.startswith(EVENTS)

    def hook(event: str, arguments: tuple) -> None:
        nonlocal inside
        if inside or not is_watched(event):
            return
        inside = True  # what is done here is reported as well
        try:
            if event == unwatched:
                messages.flag("takes off the watch for what it is to do by hand")
            elif event in STARTS:
                if not started_by_the_course(getframe(1)):
                    messages.flag("starts a process of its own, and what that does is not seen")
            elif event != "open":
                if getframe(1).f_code.co_filename.startswith("cell "):
                    messages.flag(f"calls what Python reports as `{event}`")
            elif isinstance(arguments[0], (str, bytes)):
                path = os.fsdecode(realpath(arguments[0]))
                if path.startswith("/proc/"):
                    messages.flag(f"opens {path}")
            elif getframe(1).f_code.co_filename.startswith("cell "):
                messages.flag("opens a file by its number")
        finally:
            inside = False

    sys.addaudithook(hook)


def started_by_the_course(frame: Any) -> bool:
    """True if an observation stands nearer to what happens than any code of a cell.

    It may go through a DataLoader with workers that an answer gave; an answer that does so itself
    has its work done where nothing is watched.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("cell "):
            return False
        if file.startswith(COURSE):
            return True
        frame = frame.f_back
    return False


COURSE = str(Path(__file__).resolve().parents[2] / "course_utils")
STARTS = {"os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "subprocess.Popen"}
# Beginnings of the names in Python's table of audit events.
EVENTS = (
    *("code.", "compile", "cpython.", "ctypes.", "exec", "function.", "gc.", "marshal."),
    *("object.", "os.exec", "os.fork", "os.kill", "os.posix", "os.spawn", "os.system"),
    *("pickle.", "resource.", "signal.", "socket.", "subprocess.", "sys._", "sys.set"),
)


class NotebookShell:
    """What `get_ipython()` gives: %magics and !commands do nothing when an answer is marked."""

    def run_line_magic(self, *_: object, **__: object) -> None: ...

    def run_cell_magic(self, *_: object, **__: object) -> None: ...

    def system(self, *_: object) -> None: ...

    def getoutput(self, *_: object, **__: object) -> list[str]:
        return []


# -- was torch changed? ----------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Original:
    """A module, class or exercise, and what stood under its names.

    version: of the dict that holds them, as it is at any time. before: what it was; where it still
    is, no name was touched. Both None where there is nothing of the kind.
    """

    place: Any
    names: dict[str, Any]
    version: ctypes.c_uint64 | None
    before: int | None


def snapshot() -> dict[str, Original]:
    """What stands under each name of the modules, classes and exercises that marks rely on.

    Not more than those: looking at an object copies its page of memory in a forked child.
    """
    import torch
    import torch.nn.functional
    import torch.utils.data

    from course_utils.exercise import catalogue

    places: dict[str, Any] = {}
    for name, module in list(sys.modules.items()):
        ours = name.split(".")[0] in ("course_utils", "grading")
        if ours or name in PLACES:
            places[name] = module
        if ours:
            own = [c for c in vars(module).values() if isinstance(c, type)]
            places |= {f"{name}.{c.__name__}": c for c in own if c.__module__ == name}
    for name in CLASSES:
        thing: Any = torch
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)
        places[name] = thing
    places["random.Random"] = random.Random
    places |= {f"exercise-{id}": one for id, one in catalogue._declared.items()}
    return {name: original(place) for name, place in places.items()}


def original(place: Any) -> Original:
    """What stands under the names of a module, class or exercise now."""
    names: Any = vars(place)
    version = None
    # Of these two the dict stays the same one; an exercise might get another.
    if isinstance(place, (type, ModuleType)) and versions_are_told():
        inside = names if isinstance(names, dict) else gc.get_referents(names)[0]  # of its proxy
        version = version_of(inside)
    return Original(place, dict(names), version, version.value if version else None)


def version_of(names: dict[str, Any]) -> ctypes.c_uint64:
    """Where CPython counts the changes of a dict (PEP 509; from 3.14 on it does not)."""
    return ctypes.c_uint64.from_address(id(names) + VERSION_PLACE)


VERSION_PLACE = 3 * ctypes.sizeof(ctypes.c_void_p)  # after references, type and length


@functools.cache
def versions_are_told() -> bool:
    """Does this Python count each change of a dict, and nothing else, where it is looked for?"""
    names: dict[str, Any] = {"kept": 1, "changed": 1}
    version = version_of(names)
    seen = [version.value, version.value]
    for change in (lambda: names.update(changed=2), lambda: names.pop("kept")):
        change()
        seen.append(version.value)
    return len(set(seen)) == 3 and seen[0] == seen[1]


PLACES = {"builtins", "torch", "torch.nn.functional", "torch.overrides", "torch.testing", "json"}
PLACES |= {"copy", "copyreg", "random", "math", "operator", "functools", "itertools", "collections"}
PLACES |= {"torch.nn", "torch.nn.init", "torch.nn.utils.rnn", "torch.optim", "torch.utils.data"}
PLACES |= {"torch.autograd", "torch.optim.lr_scheduler", "torch.linalg", "torch.random"}
CLASSES = (
    *("torch.Tensor", "torch.nn.Module", "torch.nn.Parameter", "torch.nn.Linear"),
    *("torch.nn.Sequential", "torch.nn.Conv2d", "torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d"),
    *("torch.nn.Dropout", "torch.nn.Embedding", "torch.nn.ReLU", "torch.nn.LSTM", "torch.nn.GRU"),
    *("torch.optim.Optimizer", "torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW"),
    *("torch.optim.lr_scheduler.LRScheduler", "torch.optim.lr_scheduler.LambdaLR"),
    *("torch.utils.data.DataLoader", "torch.utils.data.Dataset", "torch.utils.data.Subset"),
    *("torch.utils.data.Sampler", "torch.Generator"),
    *("torch.overrides.TorchFunctionMode", "torch.autograd.Function"),
)


def changes(originals: dict[str, Original]) -> list[str]:
    """Names that stand for something else than in the snapshot, or are new in a class."""
    found = []
    for place_name, one in originals.items():
        if one.version is not None and one.version.value == one.before:
            continue  # nearly all, and no object in there is looked at
        place, before = one.place, one.names
        now = vars(place)
        # Modules get new names when torch loads a part of itself; classes do not.
        new = now.keys() - before.keys() if isinstance(place, type) else ()
        other = [
            name
            for name, thing in before.items()
            if now.get(name) is not thing and not is_hooked(name, now.get(name), thing)
        ]
        found += [f"{place_name}.{name}" for name in [*other, *new] if name not in CACHES]
    return found[:5]


def is_hooked(name: str, now: Any, before: Any) -> bool:
    """True for an optimizer's `step`, which torch wraps when the first one of a class is made."""
    return name == "step" and getattr(now, "__wrapped__", None) is before


# These change by themselves.
CACHES = {"__warningregistry__", "__slotnames__", "_abc_impl", "__doc__", "_inst"}


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
