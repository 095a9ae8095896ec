"""Start the process for students' code, give it work, and read what comes back.

On Linux it runs under bubblewrap: no network, no processes but its own, nothing of the file system
but Python and the students' half of the course, read-only; a small folder in memory to write to.
Without bubblewrap it is an ordinary process, for submissions that are trusted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import json
import os
import platform
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import course_utils
from course_utils.extras import SETTINGS
from course_utils.student_half import CannotBeCut, private_half, student_half

from .. import inside
from ..errors import SandboxError
from ..inside import system_calls
from ..inside.process import (
    FACTS,
    FAILED,
    FLAG,
    OBSERVATIONS,
    OBSERVATIONS_LIMIT,
    READY,
    RUN,
    STOP,
    TOKEN_BYTES,
)
from .temporary_folders import TemporaryFolder, remove_abandoned

if TYPE_CHECKING:  # it imports torch
    from ..inside.reading import Part

BUBBLEWRAP, TRUSTED = "bubblewrap", "none: submissions were trusted"
START_SECONDS = 120  # importing torch from a cold disk
TIDY_SECONDS = 20
# Bytes of one message from a child. What a notebook's reader sends holds the answers' code.
MESSAGE_LIMITS = {OBSERVATIONS: OBSERVATIONS_LIMIT, FACTS: 40_000_000, FLAG: 10_000, FAILED: 10_000}
FLAGS_LIMIT = 20
COURSE = Path(course_utils.__file__).parent
INSIDE = Path(inside.__file__).parent
NOT_COPIED = shutil.ignore_patterns("full", "__pycache__")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one answer may use. memory, file: bytes. seconds: of processor time.

    memory is for one process beyond what torch takes, and for all of an answer's processes
    together; a DataLoader's workers are processes of the answer. disk: bytes in /tmp.
    wall: seconds that an answer may take on the clock; None: what the exercise says.
    """

    memory: int = 2 * 1024**3
    processes: int = 48
    threads: int = 256
    seconds: int = 60
    wall: float | None = None
    file: int = 64 * 1024**2
    disk: int = 64 * 1024**2


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came back from one child.

    message: its result, None when there is none. kind: OBSERVATIONS (see wire.py) or FACTS (JSON).
    flags: what it told on its way.
    ended: why there is no result: 'time', 'memory', 'processes', 'output', 'died', 'killed', or
    'failed': what runs and observes the answer raised an error.
    detail: more about it, for the lecturer. memory: the most that the process held, in bytes.
    """

    message: bytes | None
    flags: tuple[str, ...] = ()
    kind: bytes = b""
    ended: str = ""
    detail: str = ""
    memory: int = 0


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer to be run.

    id: its exercise's. name: the answer's. parts: of cells, that define it.
    part_seconds: that each part may take on the clock. seconds: that all may take, with the cases;
    limits.wall comes first. again: cases that are made in other surroundings, too; see
    course_utils.exercise.Exercise.observations.
    """

    id: str
    name: str
    parts: tuple[Part, ...]
    part_seconds: float
    seconds: float
    again: tuple[tuple[str, int], ...] = ()


def problem() -> str:
    """Why students' code cannot be kept in a sandbox on this machine; '' if it can."""
    if not sys.platform.startswith("linux"):
        return "The sandbox needs Linux; on Windows, WSL 2 is one."
    if not shutil.which("bwrap"):
        return "The sandbox needs bubblewrap: install your system's package 'bubblewrap'."
    if platform.machine() not in system_calls.ARCHITECTURES:
        known = " and ".join(system_calls.ARCHITECTURES)
        return f"The sandbox knows processors of the kinds {known}, not {platform.machine()}."
    tried = subprocess.run(
        [*isolation(), *("--ro-bind", "/", "/", "true")], capture_output=True, text=True
    )
    if tried.returncode:
        return f"bubblewrap does not work here: {tried.stderr.strip()[-300:]}"
    return ""


def isolation() -> list[str]:
    """bubblewrap's options, without the files that are shown inside."""
    return [
        *("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
        *("--uid", "65534", "--gid", "65534", "--as-pid-1", "--new-session", "--die-with-parent"),
        *("--hostname", "sandbox", "--clearenv"),
    ]


def visible_files() -> list[str]:
    """Options that show Python and its libraries inside, and no other files of this machine."""
    options: list[str] = []
    for place in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        options += ["--ro-bind-try", place, place]
    for place in ("/lib", "/lib64"):
        if Path(place).is_symlink():
            options += ["--symlink", str(Path(place).readlink()), place]
        else:
            options += ["--ro-bind-try", place, place]
    options += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for place in map(str, python_places()):
        options += ["--ro-bind", place, place]
    # A course that was installed and not only linked would show its answers.
    for root in dict.fromkeys(Path(sysconfig.get_path(n)) for n in ("purelib", "platlib")):
        for name in ("course_utils", "grading"):
            if (root / name).is_dir():
                options += ["--tmpfs", str(root / name)]
    return options


def python_places() -> list[Path]:
    """An installed Python outside /usr, the environment, and where their links lead."""
    executable = Path(sys.executable).resolve()
    roots = [Path(sys.base_prefix), Path(sys.prefix)]
    roots += [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    # Of /usr not all.
    places = [executable if place == Path("/usr") else place for place in roots]
    return list(dict.fromkeys([*places, executable]))


def scratch() -> str:
    """The folder inside that an answer may write to: /tmp, unless the course itself lies there."""
    return "/scratch" if any(p.is_relative_to("/tmp") for p in python_places()) else "/tmp"


def student_folder(
    place: Path,
    private: dict[str, str],
    exercises: Collection[str] | None = None,
    lessons: frozenset[str] | None = None,
) -> None:
    """Write the students' half of the course into an empty folder.

    private: module names and sources of topics outside the course. exercises: ids; of private
    files nothing is there that only other exercises need. lessons: names of their folders; the
    exercises of others are not there. None: all.
    Raises CannotBeCut.
    """
    package = place / "course_utils"
    package.mkdir(parents=True)
    for path in COURSE.glob("*.py"):
        shutil.copy2(path, package)
        copy_compiled(path, package)
    alone = {f"{name}.py": source for name, source in private.items()}
    for name, half in {**half_of_lessons(lessons), **private_half(alone, exercises)}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(half, encoding="utf-8")
    shutil.copytree(INSIDE, place / "grading" / "inside", ignore=NOT_COPIED)
    for path in INSIDE.glob("*.py"):
        copy_compiled(path, place / "grading" / "inside")
    (place / "grading" / "__init__.py").touch()
    shutil.copytree(COURSE.parent / "data", place / "data", ignore=NOT_COPIED)


def copy_compiled(source: Path, folder: Path) -> None:
    """What Python made of a file when it was last imported, beside a copy of the file.

    Python compiles the copy itself where there is none, or where the file has changed since.
    """
    compiled = Path(importlib.util.cache_from_source(source))
    with contextlib.suppress(OSError):
        (folder / compiled.parent.name).mkdir(exist_ok=True)
        shutil.copy(compiled, folder / compiled.parent.name)


@functools.cache
def half_of_lessons(lessons: frozenset[str] | None = None) -> dict[str, str]:
    """The students' half of the lessons' folders: path, from course_utils/ on, and source.

    lessons: folders; of others only the contents pages are there. Cutting all takes a second.
    """
    place = COURSE / "lessons"
    paths = [
        path
        for path in sorted(place.rglob("*.py"))
        if lessons is None or path.name == "__init__.py" or path.parent.name in lessons
    ]
    sources = {p: p.read_text(encoding="utf-8") for p in paths}
    return student_half(
        {p.relative_to(COURSE.parent).as_posix(): text for p, text in sources.items()}
    )


def lessons_of(modules: Collection[str]) -> frozenset[str]:
    """The folders of lessons in which modules lie: 'tensors' for course_utils.lessons.tensors.x."""
    begins = f"{course_utils.__name__}.lessons."
    return frozenset(
        name.removeprefix(begins).partition(".")[0] for name in modules if name.startswith(begins)
    )


@dataclasses.dataclass(frozen=True)
class FolderOfAnother:
    """The folder of a sandbox whose process another one began, and which that one will remove."""

    path: Path

    def remove(self) -> None: ...


class ProcessOfAnother:
    """A process that another one started and waits for: what Sandbox does with its own (Linux)."""

    def __init__(self, id: int) -> None:
        self._file = os.pidfd_open(id)

    def wait(self, seconds: float) -> None:
        """Raises subprocess.TimeoutExpired."""
        if not select.select([self._file], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired([], seconds)

    def poll(self) -> int | None:
        return 0 if select.select([self._file], [], [], 0)[0] else None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._file, signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._file)


class Sandbox:
    """A process for students' code, started when it is first needed and again when it is lost.

    modules: what answers and exercises need, imported once; may grow until the first job. private:
    names and sources of topics outside the course. exercises: ids of those that will be marked, and
    `modules` has their files; None: any of the course. folder: where the files lie already.
    Use it in a `with` block, or call close().
    """

    def __init__(
        self,
        modules: list[str],
        private: dict[str, str] | None = None,
        exercises: Collection[str] | None = None,
        *,
        trusted: bool = False,
        limits: Limits = Limits(),  # noqa: B008 - never changed
        folder: FolderOfAnother | None = None,
    ) -> None:
        self.modules = list(modules)
        self.limits = limits
        self.trusted = trusted
        self.name = TRUSTED if trusted else BUBBLEWRAP
        self._process: subprocess.Popen | ProcessOfAnother | None = None
        self._channel: socket.socket | None = None
        self._said: IO[bytes] | None = None
        self._folder: TemporaryFolder | FolderOfAnother
        if folder is not None:
            self._folder = folder
            return
        remove_abandoned()
        try:
            self._folder = TemporaryFolder()
            # A private file may import from any lesson.
            lessons = None if exercises is None or private else lessons_of(modules)
            student_folder(self._folder.path / "course", private or {}, exercises, lessons)
            (self._folder.path / "work").mkdir()
        except CannotBeCut as error:
            raise SandboxError(str(error)) from None
        except OSError as error:
            raise SandboxError(
                f"The files for students' code cannot be written: {error.strerror}. Make room in "
                f"{tempfile.gettempdir()}, then run this again."
            ) from None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its files."""
        self._end()
        self._folder.remove()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._folder.path

    # -- the process -----------------------------------------------------------------------

    def begin(self) -> None:
        """Start the process without waiting for it: it takes seconds to import torch."""
        ours, theirs = socket.socketpair()
        options = {
            "control": theirs.fileno(),
            "limits": dataclasses.asdict(self.limits),
            "alone": not self.trusted,
            "modules": self.modules,
        }
        inside = self._folder.path / "course" if self.trusted else Path("/course")
        # -I: nothing of the user's own settings and folders. _exit: taking torch apart takes longer
        # than a submission.
        program = (
            f"import sys; sys.path.insert(0, {str(inside)!r}); import json, os; "
            "from grading.inside import process; o = json.loads(sys.argv[1]); "
            "process.main(**o); os._exit(0)"
        )
        command = [sys.executable, "-I", "-B", "-c", program, json.dumps(options)]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - until it has started
        with theirs:
            self._channel = ours
            self._process = subprocess.Popen(
                command if self.trusted else [*self._bubblewrap(), *command],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                cwd=self._folder.path / "work",
                env=self._environment() if self.trusted else None,
            )

    def lend(self) -> tuple[int, socket.socket, IO[bytes]]:
        """What another process needs to `take` this sandbox once it was begun; close it here.

        This one is still to be closed, when that process has ended.
        """
        process, channel, said = self._process, self._channel, self._said
        assert isinstance(process, subprocess.Popen) and channel and said, "it was begun"
        self._channel = self._said = None
        return process.pid, channel, said

    def take(self, process: int, channel: socket.socket, said: IO[bytes]) -> None:
        """Go on with a sandbox that another process has begun in this one's folder."""
        self._process, self._channel, self._said = ProcessOfAnother(process), channel, said

    def _start(self) -> None:
        """Wait until the process is ready for jobs. Raises SandboxError."""
        if self._process is None:
            self.begin()
        assert self._channel is not None and self._said is not None, "it was begun"
        self._channel.settimeout(START_SECONDS)
        try:
            self._channel.sendall(json.dumps(self.modules).encode() + b"\n")
            started = self._channel.recv(1) == READY
        except OSError:
            started = False
        with self._said as said:
            self._said = None
            if not started:
                self._end()
                said.seek(0)
                text = said.read().decode("utf-8", "replace").strip()[-500:]
                raise SandboxError(f"The process for students' code does not start: {text}")

    def _environment(self) -> dict[str, str]:
        place = str(self._folder.path / "work") if self.trusted else scratch()
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": place,
            "TMPDIR": place,
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "PYTHONHASHSEED": "random",
            **{name: value for one in SETTINGS.values() for name, value in one.items()},
        }

    def _bubblewrap(self) -> list[str]:
        size = ["--size", str(self.limits.disk)]
        settings = [
            word
            for name, value in self._environment().items()
            for word in ("--setenv", name, value)
        ]
        return [
            *isolation(),
            *settings,
            *visible_files(),
            *("--ro-bind", str(self._folder.path / "course"), "/course"),
            *("--proc", "/proc", "--dev", "/dev"),
            *(*size, "--tmpfs", "/dev/shm", *size, "--tmpfs", scratch()),
            # For root, much in /proc could be written: kernel settings are files there.
            *("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"),
            *("--chdir", scratch(), "--"),
        ]

    def _end(self) -> None:
        if self._said is not None:
            self._said.close()
            self._said = None
        if self._channel is not None:
            self._channel.close()  # it ends by itself when this end is closed
            self._channel = None
        if self._process is not None:
            try:
                self._process.wait(0.5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                # Not for ever: an interrupt may have left the lock of Popen.wait locked.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(10)
            self._process = None

    # -- jobs ------------------------------------------------------------------------------

    def read(self, notebook: bytes, wanted: dict[str, dict[str, Any]], seconds: float) -> Outcome:
        """Find the answers in a notebook's bytes; see reading.find_programs for `wanted`.

        The message is for wire.read_reading.
        """
        return self._job({"kind": "read", "wanted": wanted}, notebook, seconds)

    def run(self, answer: Answer, seed: int) -> Outcome:
        """Define an answer and observe it on the cases of a seed, in a process of its own."""
        body = json.dumps(dataclasses.asdict(answer)).encode()
        seconds = self.limits.wall or answer.seconds
        return self._job({"kind": "run", "seed": seed}, body, seconds)

    def _job(self, header: dict[str, Any], body: bytes, seconds: float) -> Outcome:
        """One child's life. seconds: the time on the clock until its result has to be there.

        Raises SandboxError when no process can be started.
        """
        begun = self._process is not None and self._said is not None
        if not begun and (self._process is None or self._process.poll() is not None):
            self._end()
        if begun or self._process is None:
            self._start()
        channel = self._channel
        assert channel is not None, "a process that was started has one"
        # Messages without it were not written by our code.
        token = secrets.token_bytes(TOKEN_BYTES)
        with tempfile.TemporaryFile() as job:
            job.write(json.dumps({**header, "token": token.hex()}).encode() + b"\n" + body)
            job.seek(0)
            reader, writer = os.pipe()
            try:
                channel.settimeout(TIDY_SECONDS)
                try:
                    socket.send_fds(channel, [RUN], [job.fileno(), writer])
                finally:
                    os.close(writer)
                outcome = receive(reader, token, seconds)
            except OSError as error:
                self._end()
                why = f"the sandbox was lost ({error.strerror})"
                return Outcome(None, ended="died", detail=why)
            finally:
                os.close(reader)
        return self._finish(channel, outcome)

    def _finish(self, channel: socket.socket, outcome: Outcome) -> Outcome:
        """Have all processes of the child ended; gives the outcome with what was learnt."""
        try:
            channel.sendall(STOP)
            channel.settimeout(TIDY_SECONDS)
            text = b""
            while not text.endswith(b"\n"):
                piece = channel.recv(4096)
                if not piece:
                    raise OSError
                text += piece
            report = json.loads(text)
        except (OSError, ValueError):
            self._end()  # it could not tidy up: the next child gets a fresh one
            return outcome
        ended, detail = outcome.ended, outcome.detail
        if outcome.message is None and report["killed"]:
            ended = report["killed"]
        elif ended == "died" and not detail:
            if report["signal"]:
                ended, detail = "killed", f"ended by signal {report['signal']}"
            else:
                detail = f"ended with exit code {report['code']}"
        return dataclasses.replace(outcome, memory=report["memory"], ended=ended, detail=detail)


def receive(reader: int, token: bytes, seconds: float) -> Outcome:
    """Messages up to the result, the end of the child's life, or the time is over."""
    os.set_blocking(reader, False)
    buffer = bytearray()
    deadline = time.monotonic() + seconds
    begins = len(token) + 9
    flags: list[str] = []

    def nothing(ended: str, detail: str = "") -> Outcome:
        return Outcome(None, tuple(flags), ended=ended, detail=detail)

    while True:
        while len(buffer) >= begins:
            ours = secrets.compare_digest(bytes(buffer[: len(token)]), token)
            kind, length = struct.unpack(">cQ", buffer[len(token) : begins])
            if not ours or length > MESSAGE_LIMITS.get(kind, -1):
                return nothing("output", "what it sent is not a result")
            if len(buffer) < begins + length:
                break
            content = bytes(buffer[begins : begins + length])
            del buffer[: begins + length]
            if kind == FAILED:
                return nothing("failed", content.decode("utf-8", "replace")[-500:])
            if kind != FLAG:
                return Outcome(content, tuple(flags), kind)
            text = content.decode("utf-8", "replace")[:200]
            if text not in flags and len(flags) < FLAGS_LIMIT:
                flags.append(text)
        left = deadline - time.monotonic()
        ready = left > 0 and select.select([reader], [], [], left)[0]
        if not ready:
            return nothing("time", f"stopped after {seconds:g} seconds")
        with contextlib.suppress(BlockingIOError):
            piece = os.read(reader, 1 << 20)
            if not piece:
                return nothing("died")
            buffer += piece
