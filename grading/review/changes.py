"""Would the check see a small change? `python -m grading review --changes` tries them all.

The reference and the right answers of an exercise are changed in one place at a time
(operators.py), and the exercise judges the results. A change that passes needs a case that finds
it, or a reason why no caller can tell the difference: `exercise.equivalent(before, after,
because=...)` at the end of the exercise's file.

What was judged is not judged again while the sources are the same: the results are kept in CACHE.
RECORD, which is committed, says for each exercise how much is left to do. It looks at the exercise
and at what it imports from its lesson, not at the engine: after a change of the engine, `--all` is
worth its minutes.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import hashlib
import json
import linecache
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import course_utils
from course_utils import lessons
from course_utils.exercise import Exercise
from course_utils.settings import one_thread
from course_utils.sources import DEFINITIONS
from course_utils.whole_files import write_whole

from . import operators
from .operators import changes

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "changes"
RECORD = Path(__file__).with_name("judged_changes.json")
SEEDS = (0, 1, 2**62 + 12345)  # the visible one and two hidden ones
AT_ONCE = 2  # processes
SLOWER = 5  # times as long as the unchanged answer: then a change is stopped
AT_LEAST = 1.0  # seconds, for a machine that has other things to do
MEMORY = 2 * 2**30  # bytes that a change may take beside what is loaded
PASSES = 77  # the exit status of a process whose change passed: none that comes by accident


@dataclasses.dataclass(frozen=True)
class Survivor:
    """A change that passes on all seeds. answer: the name of the answer that it was made in."""

    answer: str
    line: int
    before: str
    after: str

    @property
    def sentence(self) -> str:
        return f"{self.answer}, line {self.line}: `{self.before}` -> `{self.after}` passes."


@dataclasses.dataclass(frozen=True)
class Judged:
    """What came of all changes of an exercise.

    made: (before, after) of each of them. faults: why an answer could not be judged.
    """

    made: frozenset[tuple[str, str]]
    count: int
    survivors: tuple[Survivor, ...]
    faults: tuple[str, ...] = ()

    def unexplained(self, exercise: Exercise) -> list[Survivor]:
        """The changes that pass without a reason."""
        reasons = {(one.before, one.after) for one in exercise.equivalents}
        return [one for one in self.survivors if (one.before, one.after) not in reasons]

    def problems(self, exercise: Exercise) -> list[str]:
        """What is left to do, a sentence each."""
        reasons = {(one.before, one.after) for one in exercise.equivalents}
        passing = {(one.before, one.after) for one in self.survivors}
        found = [*self.faults, *(one.sentence for one in self.unexplained(exercise))]
        for before, after in sorted(reasons - passing):
            change = f"`{before}` -> `{after}`"
            if (before, after) in self.made:
                found.append(f"{change} does not pass any more: take its reason away.")
            else:
                found.append(f"{change} is a change of no answer any more: take its reason away.")
        return found


def judge_changes(exercise: Exercise) -> Judged:
    """Judge all changes of an exercise, or look up what came of them. Raises ExerciseFault."""
    cached = CACHE / f"{exercise.id}-{_digest(exercise)}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _read(cached)
    judged = _judge(exercise)
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{exercise.id}-*.json"):
        old.unlink()
    write_whole(cached, json.dumps(_as_data(judged), indent=1).encode())
    return judged


def _as_data(judged: Judged) -> dict[str, Any]:
    facts = dataclasses.asdict(judged)
    return facts | {"made": sorted(judged.made)}


def _read(path: Path) -> Judged:
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Judged(
        made=frozenset((before, after) for before, after in facts["made"]),
        count=facts["count"],
        survivors=tuple(Survivor(**one) for one in facts["survivors"]),
        faults=tuple(facts["faults"]),
    )


# -- what is judged --------------------------------------------------------------------------


def module_of(exercise: Exercise) -> ModuleType:
    """The module that declares the exercise."""
    return sys.modules[exercise.make_cases.__module__]


def source_of(module: ModuleType) -> str:
    """The text of a module's file, or what its loader has where there is none."""
    linecache.checkcache(str(module.__file__))
    return "".join(linecache.getlines(str(module.__file__), vars(module)))


def declared(statement: ast.stmt, exercise: Exercise) -> set[str]:
    """What a statement declares of this exercise: 'reference', 'right', 'mistake' ..."""
    calls: list[ast.expr] = list(getattr(statement, "decorator_list", []))
    if isinstance(statement, ast.Expr):
        calls.append(statement.value)
    return {name for call in calls if (name := _declares(call, exercise))}


def _declares(call: ast.expr, exercise: Exercise) -> str:
    func = call.func if isinstance(call, ast.Call) else call
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        return ""
    owner = vars(module_of(exercise)).get(func.value.id)
    return func.attr if owner is exercise else ""


def answers(exercise: Exercise) -> list[Any]:
    """The definitions of the reference and of the right answers, without the declaration."""
    found: list[Any] = []
    for statement in ast.parse(source_of(module_of(exercise))).body:
        if isinstance(statement, DEFINITIONS) and declared(statement, exercise) & {
            "reference",
            "right",
        }:
            statement.decorator_list = [
                one for one in statement.decorator_list if not _declares(one, exercise)
            ]
            found.append(statement)
    return found


def _digest(exercise: Exercise) -> str:
    """Of all that decides what a change is judged to be."""
    engine = sorted(Path(course_utils.__file__).parent.glob("*.py"))
    engine += [Path(operators.__file__), Path(__file__)]
    texts = [path.read_text(encoding="utf-8") for path in engine]
    version = [torch.__version__, sys.version]
    return _hash([*version, *texts, *_sources(exercise, without={"mistake", "equivalent"})])


def recorded_digest(exercise: Exercise) -> str:
    """Of the exercise and what it imports from its lesson, with its reasons."""
    return _hash(_sources(exercise, without={"mistake"}))


def _hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _sources(exercise: Exercise, without: set[str]) -> list[str]:
    """What stands at the top of the exercise's file, but for texts, and the files it imports."""
    module = module_of(exercise)
    source = source_of(module)
    lines = source.splitlines()
    kept = []
    for one in ast.parse(source).body:
        is_text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
        if not is_text and not declared(one, exercise) & without:
            first = min([one.lineno, *(d.lineno for d in getattr(one, "decorator_list", []))])
            kept.append("\n".join(lines[first - 1 : one.end_lineno]))
    return [*kept, *map(source_of, _imported(module, {module.__name__}))]


def files_of(exercise: Exercise) -> list[Path]:
    """The exercise's file, and the lessons' files that it imports, and those that they import."""
    module = module_of(exercise)
    modules = [module, *_imported(module, {module.__name__})]
    return [Path(str(one.__file__)) for one in modules]


def _imported(module: ModuleType, seen: set[str]) -> Iterator[ModuleType]:
    """The lessons' modules that a module imports, and those that they import."""
    for node in ast.walk(ast.parse(source_of(module))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        # What is imported from a folder is a file of it.
        for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
            if name.startswith(f"{lessons.__name__}.") and name in sys.modules and name not in seen:
                seen.add(name)
                yield sys.modules[name]
                yield from _imported(sys.modules[name], seen)


# -- judging ---------------------------------------------------------------------------------


def _judge(exercise: Exercise) -> Judged:
    module = module_of(exercise)
    modules = {name for name, thing in vars(module).items() if isinstance(thing, ModuleType)}
    made: set[tuple[str, str]] = set()
    survivors: list[Survivor] = []
    faults: list[str] = []
    count = 0
    with one_thread():
        for seed in SEEDS:  # what is right is worked out once, before the processes divide
            exercise.reference_observations(seed)
        for answer in answers(exercise):
            name = answer.name
            tried = [*changes(ast.Module([answer], []), modules)]
            count += len(tried)
            made |= {(change.before, change.after) for change in tried}
            unchanged = ast.unparse(answer) + "\n"
            begun = time.monotonic()
            # The first run of an answer loads what the others find loaded.
            [passed] = passing(exercise, name, [unchanged], seconds=60.0)
            seconds = max(AT_LEAST, SLOWER * (time.monotonic() - begun))
            if not passed:
                faults.append(f"{name} does not pass as it is: its changes were not judged.")
                continue
            verdicts = passing(exercise, name, [change.source for change in tried], seconds)
            for change, passed in zip(tried, verdicts, strict=True):
                if passed:
                    survivors.append(Survivor(name, change.line, change.before, change.after))
    return Judged(frozenset(made), count, tuple(dict.fromkeys(survivors)), tuple(faults))


def passing(exercise: Exercise, name: str, sources: list[str], seconds: float) -> list[bool]:
    """Which of these answers pass on all seeds, each judged in a process of its own.

    A process is made by fork: it has torch and what is right from its parent, and what a change
    leaves behind ends with it. seconds: for all seeds together; then it is stopped.
    """
    verdicts = [False] * len(sources)
    running: dict[int, tuple[int, float]] = {}  # process -> which source, when it is stopped
    waiting = list(range(len(sources)))[::-1]
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                number = waiting.pop()
                process = os.fork()
                if process == 0:
                    _in_the_child(
                        functools.partial(_passes, exercise, name, sources[number], seconds)
                    )
                running[process] = number, time.monotonic() + seconds + AT_LEAST
            for process, (number, end) in list(running.items()):
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    verdicts[number] = os.waitstatus_to_exitcode(status) == PASSES
                elif time.monotonic() < end:
                    continue
                else:
                    _kill(process)
                    os.waitpid(process, 0)
                del running[process]
            time.sleep(0.001)
    finally:
        for process in running:
            _kill(process)
            os.waitpid(process, 0)
    return verdicts


def _kill(process: int) -> None:
    """End a process and those that it started."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(process, signal.SIGKILL)


def _in_the_child(passes: Callable[[], bool]) -> None:
    """Ends the process, whatever happens."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        _limit_memory()
        status = PASSES if passes() else 1
    finally:
        os._exit(status)


def _limit_memory() -> None:
    """On Linux: elsewhere the system does not keep to such a limit."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _passes(exercise: Exercise, name: str, source: str, seconds: float) -> bool:
    """True if an answer passes on all seeds. Only in a process that ends afterwards."""
    file = f"<a change of {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope = vars(module_of(exercise))  # so that an object of a changed class can be pickled
    exec(compile(source, file, "exec"), scope)
    exercise.mistakes = []  # what a change is told is not asked
    exercise.seconds = min(exercise.seconds, seconds)
    return all(exercise.judge(scope[name], seed).passed for seed in SEEDS)


# -- the record ------------------------------------------------------------------------------


def is_recorded(exercise: Exercise) -> bool:
    """True if the changes of the exercise as it is were judged."""
    return _recorded().get(exercise.id, {}).get("source") == recorded_digest(exercise)


def left_before(exercise: Exercise) -> int:
    """How much was left to do when the exercise was last recorded; 0 for a new one."""
    return int(_recorded().get(exercise.id, {}).get("left", 0))


def record(exercise: Exercise, *, left: int) -> None:
    """Write down that the exercise was judged, and how much is left to do."""
    before = _recorded()
    after = before | {exercise.id: {"source": recorded_digest(exercise), "left": left}}
    if after != before:
        in_order = sorted(after, key=lambda id: [int(part) for part in id.split(".")])
        lines = [f'"{id}": {json.dumps(after[id])}' for id in in_order]  # a line each, for git
        write_whole(RECORD, ("{\n" + ",\n".join(lines) + "\n}\n").encode())


def _recorded() -> dict[str, dict[str, Any]]:
    try:
        return json.loads(RECORD.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
