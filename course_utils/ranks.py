"""Several real processes that work together through torch.distributed. Taught in lesson 11.

`run_on_ranks` runs a function of a notebook on each rank, `run_script` a script with torchrun.
Exercises with `Exercise(..., ranks=2)` are observed on ranks: see `observations`. Nothing of
torch.distributed is replaced. The ranks talk to each other over this machine's own network alone
(gloo), and meet by a file.

Where a process can be copied (fork: Linux), ranks are copies of this one, ready in a moment.
Elsewhere they begin from nothing, import what they need, and get functions through files.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import datetime
import faulthandler
import functools
import importlib.util
import io
import linecache
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import torch
import torch.distributed as dist

from .observation import WAITED, Observation, Raised, observe
from .rank_files import write_file
from .settings import course_settings
from .texts import text

if TYPE_CHECKING:
    from .exercise import Exercise

METHOD = "fork" if sys.platform == "linux" else "spawn"
LOOPBACK = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)  # the machine's own network
START_SECONDS = 60.0  # until all ranks are there: a process may have to import torch first
WAIT_SECONDS = 4.0  # that a rank waits in a collective for the others
# That ranks may need longer than the first that is ready. On a busy machine, a rank may not run for
# seconds; one that waits in a collective says so itself, before.
LATE_SECONDS = 6.0
TRIES = 3  # for ranks to find each other, before an answer runs
HERE = "here"  # what a rank says that waits for the others to be as far
MOMENT_SECONDS = 0.3  # that a rank which is done stays there for the others
# What the process of each rank does after a case: the grader looks at what an answer left there.
AFTER_EACH_CASE: list[Callable[[], None]] = []
# How gloo says that another rank is gone, or that it did not come.
GONE = ("Connection closed by peer", "Connection reset", "Broken pipe", "Read error", "Write error")
LATE = ("Timed out", "timed out", "timeout")


class RanksFailed(RuntimeError):
    """Ranks did not come to an end: one sentence says which, and why."""


class ByRank(tuple):
    """An argument of which each rank gets its own: `ByRank((for_rank_0, for_rank_1))`."""

    def __getnewargs__(self) -> tuple[tuple]:
        return (tuple(self),)


def on_rank(args: Sequence[Any], rank: int) -> tuple:
    """The arguments of one rank."""
    return tuple(arg[rank] if isinstance(arg, ByRank) else arg for arg in args)


# -- processes -------------------------------------------------------------------------------


class _Forked:
    """A copy of this process that does one thing and ends."""

    def __init__(self, work: Callable[[], None]) -> None:
        with warnings.catch_warnings():
            # Python warns of copies of processes with threads. A rank uses none of those.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._id = os.fork()
        if self._id == 0:
            try:
                PR_SET_PDEATHSIG = 1  # when the notebook is killed, so are its ranks
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                work()
            finally:  # never back into the notebook
                os._exit(0)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._id, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._id, 0)


class _Spawned:
    """A new process that does one thing and ends."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._process = multiprocessing.get_context("spawn").Process(target=work, daemon=True)
        self._process.start()

    def end(self) -> None:
        self._process.kill()
        self._process.join()


Work = Callable[[int, "Line"], None]


class Line:
    """A rank's connection to the process that started it. Messages are of any type."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: Any) -> None:
        # Not connection.send: torch has taught that one to share memory in place of copying.
        self.connection.send_bytes(pickle.dumps(message))

    def receive(self) -> Any:
        """Raises EOFError when the other end is gone."""
        return pickle.loads(self.connection.recv_bytes())

    def meet(self) -> None:
        """Wait until all ranks are as far: see Ranks.meet."""
        self.send(HERE)
        self.receive()


class Ranks:
    """Processes that do the same work, numbered from 0. All of them end with the `with` block."""

    def __init__(self, work: Work, count: int, method: str = METHOD) -> None:
        self.count = count
        self._processes: list[_Forked | _Spawned] = []
        self.lines: list[Line] = []
        self.whole = True
        pipes = [multiprocessing.Pipe() for _ in range(count)]
        ours = [here for here, _ in pipes]
        try:
            for rank, (_, there) in enumerate(pipes):
                if method == "fork":
                    others = [*ours, *(end for _, end in pipes if end is not there)]
                    self._processes.append(
                        _Forked(functools.partial(_begin, work, rank, there, others))
                    )
                else:
                    self._processes.append(
                        _Spawned(functools.partial(_begin, work, rank, there, []))
                    )
        except BaseException:
            self.end()
            raise
        finally:
            for _, there in pipes:
                there.close()
        self.lines = [Line(here) for here in ours]

    def __enter__(self) -> Ranks:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        for line in self.lines:
            line.connection.close()
        for process in self._processes:
            process.end()

    def tell(self, message: Any) -> None:
        """A message for every rank."""
        for line in self.lines:
            with contextlib.suppress(OSError):  # it has ended: `gather` will say so
                line.send(message)

    def meet(self) -> list[Any]:
        """Let the ranks go on once all of them are here; what each of them said in place of HERE.

        The list is empty when all came. None: a rank that ended.
        """
        said = self.gather(START_SECONDS, START_SECONDS)
        self.tell("go")
        return [] if said == [HERE] * self.count else said

    def gather(self, seconds: float, late: float, *, done: bool = False) -> list[Any]:
        """The next message of each rank; None of one that ended or is late.

        seconds: for all. late: how much longer than the first rank the others may take.
        done: this message is the last of what the ranks do together. Where some are still at it a
        moment later, those that are done end, so that nobody waits for them in vain: `whole` says
        whether all are still there.
        """
        found: dict[int, Any] = {}
        missing: dict[Any, int] = {line.connection: rank for rank, line in enumerate(self.lines)}
        deadline = time.monotonic() + seconds
        while missing:
            moment = done and found and self.whole
            left = deadline - time.monotonic()
            ready = wait([*missing], max(min(left, MOMENT_SECONDS) if moment else left, 0))
            if not ready and moment and left > MOMENT_SECONDS:
                self.whole = False
                for rank in found:
                    self._processes[rank].end()
                continue
            if not ready:
                break
            if not found:
                deadline = min(deadline, time.monotonic() + late)
            for connection in ready:
                rank = missing.pop(connection)
                try:
                    found[rank] = self.lines[rank].receive()
                except (EOFError, OSError, pickle.UnpicklingError):
                    found[rank] = None
        return [found.get(rank) for rank in range(self.count)]


def _begin(work: Work, rank: int, connection: Connection, others: Sequence[Connection]) -> None:
    """What each rank's process does."""
    try:
        for other in others:  # else a rank would never hear that the notebook is gone
            other.close()
        faulthandler.disable()  # where gloo aborts, the one who waits says so
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)  # gloo's own messages, with ports and paths
        torch.set_num_threads(1)  # those of the process that this is a copy of are not here
        work(rank, Line(connection))
    except BaseException:  # the one who waits hears that the line is closed
        pass


@contextlib.contextmanager
def process_group(rank: int, ranks: int, meeting: Path) -> Iterator[None]:
    """torch.distributed with gloo, among the ranks that name the same file."""
    if LOOPBACK is not None:
        os.environ["GLOO_SOCKET_IFNAME"] = LOOPBACK
    dist.init_process_group(
        "gloo",
        store=dist.FileStore(str(meeting), ranks),  # type: ignore[attr-defined]
        rank=rank,
        world_size=ranks,
        timeout=datetime.timedelta(seconds=WAIT_SECONDS),
    )
    _GROUPS.append(dist.group.WORLD)
    try:
        yield
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


# While two ranks close their connections at once, gloo may wait for ever. What is held here is not
# closed before the process ends.
_GROUPS: list[Any] = []


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """A group with this process as its only rank; afterwards all is as it was before."""
    # A process group puts its rank before uncaught errors; in a notebook there is none.
    hook, interface = sys.excepthook, os.environ.get("GLOO_SOCKET_IFNAME")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with process_group(0, 1, Path(folder, "meeting")):
                yield
        finally:
            _GROUPS.clear()  # nobody closes the other end
            sys.excepthook = hook
            if interface is None:
                os.environ.pop("GLOO_SOCKET_IFNAME", None)


@functools.cache
def _import_parts() -> None:
    """What torch loads at the first DistributedDataParallel: once, not in each rank."""
    if dist.is_initialized():  # the notebook's own
        return
    with alone(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1))
        model(torch.zeros(1, 1)).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()  # loads much of torch as well


# -- functions of a notebook -----------------------------------------------------------------


def run_on_ranks(
    function: Callable[..., Any],
    *args: Any,
    ranks: int = 2,
    seconds: float = 30.0,
    method: str = METHOD,
) -> list[Any]:
    """Run `function(*args)` in `ranks` new processes of one group, and print what they print.

    function: of this notebook. What runs is the file that `rank_files.write_file` makes of it.
    args: the same for every rank, but a `ByRank` has one for each. seconds: after which all ranks
    are ended. Returns what each rank's call gave back, in the order of ranks.
    Raises RanksFailed, with one sentence, if a rank fails or waits for what never comes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = write_file(function, Path(folder))
        meeting = Path(folder, "meeting")
        work = functools.partial(_run_file, path, function.__name__, args, ranks, meeting)
        if method == "fork":
            _import_parts()
        with Ranks(work, ranks, method) as group:
            # Before the group is made, and once it is: a rank that ended before another one has
            # found it would be waited for in vain.
            said = group.meet() or group.meet() or group.gather(seconds, LATE_SECONDS, done=True)
        reports = [one if isinstance(one, Report) else None for one in said]
    _show(reports)
    failed = _why_failed(reports)
    if failed:
        raise RanksFailed(failed)
    return [report.result for report in reports if report is not None]  # None has failed above


@dataclasses.dataclass
class Report:
    """What a rank did. where: the line that raised."""

    printed: list[str]
    result: Any = None
    raised: tuple[str, str] | None = None
    where: str = ""


def _show(reports: Sequence[Report | None]) -> None:
    """Print what the ranks printed, in the order of ranks."""
    for rank, report in enumerate(reports):
        for line in report.printed if report is not None else []:
            print(f"rank {rank} | {line}")


def _run_file(
    path: Path, name: str, args: tuple, ranks: int, meeting: Path, rank: int, line: Line
) -> None:
    """Run a function of a file as one rank."""
    printed = io.StringIO()
    report = Report([])
    with contextlib.redirect_stdout(printed):
        try:
            _import_parts()
            module = _imported(path)
            line.meet()
            with process_group(rank, ranks, meeting):
                line.meet()
                report.result = getattr(module, name)(*on_rank(args, rank))
        except Exception as error:
            report.raised = (type(error).__name__, str(error))
            report.where = _line_of(error, path)
    report.printed = printed.getvalue().splitlines()
    try:
        message = pickle.dumps(report)
    except Exception as error:
        report.result, report.raised = None, (type(error).__name__, str(error))
        report.where = "return"
        message = pickle.dumps(report)
    line.connection.send_bytes(message)


def _line_of(error: BaseException, path: Path) -> str:
    """The last line of the file that the error came from."""
    found, step = "", error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == str(path):
            found = linecache.getline(str(path), step.tb_lineno).strip()
        step = step.tb_next
    return found


def _waits(raised: tuple[str, str] | None) -> bool:
    """True if gloo raised it because another rank is gone or did not come."""
    return raised is not None and any(part in raised[1] for part in (*GONE, *LATE))


def _why_failed(reports: Sequence[Report | None]) -> str:
    """One sentence if a rank failed; '' if none did."""
    for rank, report in enumerate(reports):
        if report is not None and report.raised is not None and not _waits(report.raised):
            return text(
                "ranks.raised",
                "Rank {rank} raised {error}, in the line `{line}`. All other ranks were ended.",
                rank=rank,
                error=": ".join(filter(None, report.raised)),
                line=report.where,
            )
    waiting = [rank for rank, one in enumerate(reports) if one is None or one.raised is not None]
    if not waiting:
        return ""
    if len(waiting) == len(reports):
        return text(
            "ranks.all_wait",
            "No rank came to its end: each waits for something that another one never does. "
            "All of them were ended.",
        )
    report = reports[waiting[0]]
    where = report.where if report is not None else ""
    if where:
        return text(
            "ranks.waits_in",
            "Rank {rank} waits in the line `{line}` for a rank that has come to its end: every "
            "rank has to call a collective, or none. It was ended.",
            rank=waiting[0],
            line=where,
        )
    return text(
        "ranks.waits",
        "Rank {rank} did not come to its end, when the others had. It was ended.",
        rank=waiting[0],
    )


# -- scripts ---------------------------------------------------------------------------------


def run_script(path: str | Path, ranks: int = 2, seconds: float = 100.0) -> None:
    """Run a script with torchrun in `ranks` processes of this machine, and print what they print.

    The same as `torchrun --nproc-per-node=2 path` in a terminal, where the lines of all ranks are
    mixed. The script runs in its own folder. seconds: after which all processes are ended.
    Raises RanksFailed, with one sentence, if a rank fails or waits for what never comes.
    """
    # Where processes meet: this machine alone, whatever its name is.
    here = {} if LOOPBACK is None else {"GLOO_SOCKET_IFNAME": LOOPBACK}
    if sys.platform == "win32":  # torch for Windows is built without libuv
        here["USE_LIBUV"] = "0"
    with tempfile.TemporaryDirectory() as folder:
        torchrun = subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={ranks}"),
                "--monitor-interval=0.5",
                # On this machine, at a port that torchrun finds itself.
                *("--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1"),
                *(f"--log-dir={folder}", "--redirects=3", str(Path(path).resolve())),
            ],
            cwd=Path(path).resolve().parent,
            env={**os.environ, "OMP_NUM_THREADS": "1", **here},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the stop button is for this process, which ends the others
        )
        try:
            code: int | None = torchrun.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end_all(torchrun)
        reports = [_script_report(Path(folder), rank) for rank in range(ranks)]
    _show(reports)
    failed = _why_failed(reports if code is not None else [None] * ranks)
    if code and not failed:
        failed = text(
            "ranks.script", "The script did not run: torchrun ended with {code}.", code=code
        )
    if failed:
        raise RanksFailed(failed)


def _end_all(process: subprocess.Popen) -> None:
    """End a process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    process.kill()
    process.wait()


def _script_report(logs: Path, rank: int) -> Report:
    """What one rank printed, and the error on which it ended, from torchrun's files."""
    report = Report([])
    for path in logs.glob(f"**/{rank}/stdout.log"):
        report.printed = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for path in logs.glob(f"**/{rank}/stderr.log"):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [re.sub(r"^\[rank\d+\]:\s?", "", line) for line in lines]
        for before, line in zip(lines, lines[1:], strict=False):
            if before.startswith("  File ") and not line.startswith("  File "):
                own = "site-packages" not in before
                report.where = line.strip() if own else report.where
            error = re.match(r"([\w.]*(?:Error|Exception|Interrupt))(?:: (.*))?$", line)
            if error:
                report.raised = (error[1], error[2] or "")
    return report


# -- exercises -------------------------------------------------------------------------------


def observations(
    exercise: Exercise, answer: Callable[..., Any], seed: int, method: str = METHOD
) -> list[Observation]:
    """What `answer` does on each case, on `exercise.ranks` ranks; see Exercise.observations.

    The ranks go through all cases, with a process group for each. Once they did not come to the end
    of a case together, new ones go on with the next. Raises RanksFailed if ranks do not find each
    other, which is not the answer's doing.
    """
    if method == "fork":
        _import_parts()
    count = len(list(exercise.cases_twice(seed)))
    seen: list[Observation] = []
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        if method != "fork":
            answer = _portable(answer, Path(folder))
        while len(seen) < count:
            first, meeting = len(seen), Path(folder, f"meeting-{len(seen)}-{failures}")
            work = functools.partial(_observe_cases, exercise, answer, seed, first, meeting)
            with Ranks(work, exercise.ranks, method) as group:
                while len(seen) < count:
                    if group.meet() or group.meet():
                        failures += 1
                        break
                    limit = exercise.seconds + LATE_SECONDS
                    found = group.gather(limit, LATE_SECONDS, done=True)
                    seen.append(merged(found))
                    if exercise.ends_at(seen[-1]) or len(_waiting(found)) == len(found):
                        return seen  # the next case would take as long
                    if None in found or not group.whole:
                        break
            if failures == TRIES:
                raise RanksFailed(
                    text(
                        "ranks.apart",
                        "{count} processes did not find each other in {tries} tries. The machine "
                        "may have too much else to do.",
                        count=exercise.ranks,
                        tries=TRIES,
                    )
                )
    return seen


@dataclasses.dataclass(frozen=True)
class _InFile:
    """A function of a notebook, as a new process finds it."""

    path: Path
    name: str

    def load(self) -> Any:
        return getattr(_imported(self.path), self.name)


def _portable(answer: Any, folder: Path) -> Any:
    """An answer as a new process can get it: by its module, or through a file."""
    if getattr(answer, "__module__", "__main__") != "__main__":
        return answer
    return _InFile(write_file(answer, folder), answer.__name__)


def _imported(path: Path) -> ModuleType:
    """The module that a file is."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # what the file defines can be sent to others
    spec.loader.exec_module(module)
    return module


def _observe_cases(
    exercise: Exercise,
    answer: Any,
    seed: int,
    first: int,
    meeting: Path,
    rank: int,
    line: Line,
) -> None:
    """Observe the cases from `first` on, as one rank."""
    _import_parts()  # a new process has to load them before anybody waits for it
    if isinstance(answer, _InFile):
        answer = answer.load()
    tempfile.tempdir = str(meeting.parent)  # its files are gone with the group, also if it is ended
    with course_settings():
        for number, (args, before) in enumerate(exercise.cases_twice(seed)):
            if number < first:
                continue
            line.meet()
            with process_group(rank, exercise.ranks, Path(f"{meeting}-{number}")):
                line.meet()
                seen = observe(
                    exercise.look,
                    answer,
                    on_rank(args, rank),
                    on_rank(before, rank),
                    without=exercise.without,
                    seconds=exercise.seconds,
                    seed=seed,
                )
            for action in AFTER_EACH_CASE:
                action()
            line.send(seen)


def merged(found: Sequence[Observation | None]) -> Observation:
    """What all ranks did with one case, as one observation. None: a rank that was lost or late.

    Facts are named by rank: {'sum': 3} of two ranks is {'sum on rank 0': 3, 'sum on rank 1': 3}.
    """
    there = [one for one in found if one is not None]
    whole = Observation(
        gave=next((one.gave for one in there if one.gave), ()),
        changed=_all(one.changed for one in there),
        left=_all(one.left for one in there),
        used=_all(one.used for one in there),
        printed="".join(dict.fromkeys(one.printed for one in there)),
        warned=_all(one.warned for one in there),
        errors=_all(one.errors for one in there),
    )
    raised = [one.raised for one in there if one.raised is not None]
    own = [one for one in raised if not _waits((one.type_name, one.message))]
    if own:
        whole.raised = own[0]
    elif any(one.timed_out for one in there):
        whole.timed_out = True
    elif raised or not there or len(there) < len(found):
        where = raised[0] if raised else Raised(WAITED, "", through_answer=True)
        whole.raised = dataclasses.replace(
            where, type_name=WAITED, message=_wait_of(found), by_answer=False, through_answer=True
        )
    else:
        whole.value = _by_rank([one.value for one in there])
    return whole


def _waiting(found: Sequence[Observation | None]) -> list[int]:
    """Ranks that waited in vain, or were lost or late."""
    return [
        rank
        for rank, one in enumerate(found)
        if one is None or (one.raised and _waits((one.raised.type_name, one.raised.message)))
    ]


def _wait_of(found: Sequence[Observation | None]) -> str:
    """Which rank waits for what."""
    waiting = _waiting(found)
    if len(waiting) == len(found):
        return text(
            "ranks.each_waits",
            "each rank waits in a collective that another one does not call, or not with this size",
        )
    return text(
        "ranks.one_waits",
        "rank {rank} waits in a collective that another rank does not call, or not with this size",
        rank=waiting[0],
    )


def _by_rank(values: Sequence[Any]) -> dict[str, Any]:
    """One dict of facts, each with its rank; a rank that gave no facts has a 'result'."""
    facts = [
        value
        if type(value) is dict and value and all(isinstance(name, str) for name in value)
        else {"result": value}
        for value in values
    ]
    names = dict.fromkeys(name for one in facts for name in one)
    return {
        f"{name} on rank {rank}": one[name]
        for name in names
        for rank, one in enumerate(facts)
        if name in one
    }


def _all(parts: Iterator[Sequence[Any]]) -> tuple:
    """Each thing once, in the order in which ranks have them."""
    found: list[Any] = []
    for part in parts:
        found += [one for one in part if one not in found]
    return tuple(found)
