"""Functions and scripts of a notebook on several real ranks. Taught in lesson 11.

`run_on_ranks` runs a function of a notebook on each rank, `run_script` a script with torchrun.
Where ranks are not copies of this process, they get the function through a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import linecache
import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from .rank_files import imported, write_file
from .rank_processes import (
    LATE_SECONDS,
    LOOPBACK,
    METHOD,
    Line,
    Ranks,
    import_parts,
    process_group,
    waits,
)
from .texts import text


class RanksFailed(RuntimeError):
    """Ranks did not come to an end: one sentence says which, and why."""


class ByRank(tuple):
    """An argument of which each rank gets its own: `ByRank((for_rank_0, for_rank_1))`."""

    def __getnewargs__(self) -> tuple[tuple]:
        return (tuple(self),)


def ranks_of(args: Sequence[Any], most: int) -> int:
    """On how many ranks a case is run: one for each value of its ByRanks, or `most`."""
    return next((len(arg) for arg in args if isinstance(arg, ByRank)), most)


def on_rank(args: Sequence[Any], rank: int) -> tuple:
    """The arguments of one rank."""
    return tuple(arg[rank] if isinstance(arg, ByRank) else arg for arg in args)


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
            import_parts()
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
    """What a rank did. where: the line that raised. aborted: by C++ at the end of the process."""

    printed: list[str]
    result: Any = None
    raised: tuple[str, str] | None = None
    where: str = ""
    aborted: bool = False


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
            import_parts()
            module = imported(path)
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


def _why_failed(reports: Sequence[Report | None]) -> str:
    """One sentence if a rank failed; '' if none did."""
    for rank, report in enumerate(reports):
        if report is not None and report.raised is not None and not waits(report.raised):
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


# The last line of a process whose group still stands when Python ends, now and then: with torch
# 2.15 on a busy machine one of 106 runs of a script of one all_reduce, all lines of it done.
ABORTED = "terminate called without an active exception"


def run_script(path: str | Path, ranks: int = 2, seconds: float = 100.0) -> None:
    """Run a script with torchrun in `ranks` processes of this machine, and print what they print.

    The same as `torchrun --nproc-per-node=2 path` in a terminal, where the lines of all ranks are
    mixed. The script runs in its own folder. seconds: after which all processes are ended.
    Raises RanksFailed, with one sentence, if a rank fails or waits for what never comes.
    """
    path = Path(path).resolve()
    for tries in range(1, 6):
        code, reports = _torchrun(path, ranks, seconds)
        # A process may break down although no line of the script raised anything. A script that is
        # wrong does so again.
        again = tries < 2 or any(report.aborted for report in reports)
        if not (code and not _why_failed(reports) and again):
            break
    failed = _why_failed(reports if code is not None else [None] * ranks)
    _show(reports)
    if code and not failed:
        failed = text(
            "ranks.script", "The script did not run: torchrun ended with {code}.", code=code
        )
    if failed:
        raise RanksFailed(failed)


def _torchrun(path: Path, ranks: int, seconds: float) -> tuple[int | None, list[Report]]:
    """How torchrun ended, None if its time ran out, and what each rank did."""
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
                *(f"--log-dir={folder}", "--redirects=3", str(path)),
            ],
            cwd=path.parent,
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
    return code, reports


def _end_all(process: subprocess.Popen) -> None:
    """End a process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    process.kill()
    # Not for ever: an interrupt at the wrong moment leaves the lock of Popen.wait locked.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)


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
        report.aborted = ABORTED in lines
    return report
