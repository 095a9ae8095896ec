"""What an answer does on several real ranks: exercises with `Exercise(..., ranks=2)`.

The idea is taught in lesson 11. See `observations`.
"""

from __future__ import annotations

import dataclasses
import functools
import multiprocessing
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .observation import WAITED, Observation, Raised, observe
from .rank_files import imported, write_file
from .rank_processes import (
    LATE_SECONDS,
    METHOD,
    Copy,
    Line,
    Ranks,
    import_parts,
    process_group,
    waits,
)
from .ranks import RanksFailed, on_rank, ranks_of
from .settings import course_settings
from .texts import text

if TYPE_CHECKING:
    from .exercise import Exercise

TRIES = 3  # for ranks to find each other, before an answer runs
AT_ONCE = 4  # answers that are observed: ranks that wait for each other need no processor
# What the process of each rank does after a case: the grader looks at what an answer left there.
AFTER_EACH_CASE: list[Callable[[], None]] = []


Asked = tuple[Callable[..., Any], int, int | None]  # an answer, the seed, how many cases


def side_by_side(
    exercise: Exercise, asked: Sequence[Asked], method: str = METHOD
) -> list[list[Observation]]:
    """As `observations`, of several answers; a few at a time where processes can be copied.

    Each is observed by a copy of this process, which has ranks of its own. Raises RanksFailed.
    """
    if len(asked) == 1 or method != "fork":
        return [observations(exercise, *one, method=method) for one in asked]
    import_parts()
    found: dict[int, list[Observation]] = {}
    copies: dict[int, tuple[Line, Copy]] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            while len(found) < len(asked):
                begun = len(found) + len(copies)
                if begun < len(asked) and len(copies) < AT_ONCE:
                    here, there = multiprocessing.Pipe()
                    work = functools.partial(_tell, exercise, asked[begun], folder, Line(there))
                    copies[begun] = (Line(here), Copy(work))
                    there.close()
                    continue
                ready = wait([line.connection for line, _ in copies.values()])
                for number, (line, copy) in list(copies.items()):
                    if line.connection in ready:
                        found[number] = _told(line, exercise)
                        del copies[number]
                        line.connection.close()
                        copy.end()
        finally:
            for line, copy in copies.values():
                line.connection.close()
                copy.end()
    return [found[number] for number in range(len(asked))]


def _tell(exercise: Exercise, asked: Asked, folder: str, line: Line) -> None:
    torch.set_num_threads(1)  # the threads of the process that this is a copy of are not here
    tempfile.tempdir = folder  # what is left in it when this process is ended goes with the folder
    try:
        line.send(observations(exercise, *asked))
    except RanksFailed as failed:
        line.send(failed)


def _told(line: Line, exercise: Exercise) -> list[Observation]:
    """Raises RanksFailed, also where the process that observed is gone."""
    try:
        said = line.receive()
    except (EOFError, OSError, pickle.UnpicklingError):
        raise RanksFailed(
            text(
                "ranks.lost",
                "The process that watched {count} others ended before it had told what they did.",
                count=exercise.ranks,
            )
        ) from None
    if isinstance(said, RanksFailed):
        raise said
    return said


def observations(
    exercise: Exercise,
    answer: Callable[..., Any],
    seed: int,
    cases: int | None = None,
    method: str = METHOD,
) -> list[Observation]:
    """What `answer` does on each case, on `exercise.ranks` ranks; see Exercise.observations.

    The ranks go through all cases, with a process group for each; of a case for fewer ranks, the
    last ones only look on. Once they did not come to the end of a case together, new ones go on
    with the next. Raises RanksFailed if ranks do not find each other, which is not the answer's
    doing.
    """
    if method == "fork":
        import_parts()
    counts = [ranks_of(args, exercise.ranks) for args, _ in exercise.cases_twice(seed)][:cases]
    seen: list[Observation] = []
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        if method != "fork":
            answer = _portable(answer, Path(folder))
        while len(seen) < len(counts):
            first, meeting = len(seen), Path(folder, f"meeting-{len(seen)}-{failures}")
            work = functools.partial(_observe_cases, exercise, answer, seed, first, meeting)
            with Ranks(work, exercise.ranks, method) as group:
                while len(seen) < len(counts):
                    if group.meet() or group.meet():
                        failures += 1
                        break
                    limit = exercise.seconds + LATE_SECONDS
                    here = counts[len(seen)]
                    found = group.gather(limit, LATE_SECONDS, done=True, first=here)
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
        return getattr(imported(self.path), self.name)


def _portable(answer: Any, folder: Path) -> Any:
    """An answer as a new process can get it: by its module, or through a file."""
    if getattr(answer, "__module__", "__main__") != "__main__":
        return answer
    return _InFile(write_file(answer, folder), answer.__name__)


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
    import_parts()  # a new process has to load them before anybody waits for it
    if isinstance(answer, _InFile):
        answer = answer.load()
    tempfile.tempdir = str(meeting.parent)  # its files are gone with the group, also if it is ended
    with course_settings():
        for number, (args, before) in enumerate(exercise.cases_twice(seed)):
            if number < first:
                continue
            line.meet()
            count = ranks_of(args, exercise.ranks)
            if rank >= count:  # this case is run without it
                line.meet()
                continue
            with process_group(rank, count, Path(f"{meeting}-{number}")):
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
    own = [one for one in raised if not waits((one.type_name, one.message))]
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
        if one is None or (one.raised and waits((one.raised.type_name, one.raised.message)))
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
