"""What was marked before, so that a later run does not have to mark it again."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import course_utils
from course_utils.whole_files import write_whole

from ..assignment import Assignment
from ..errors import RunError
from ..result import SubmissionResult

STATE = ".grading"  # folder in the output: the secret, and one file for each result
SEED_BITS = 62
FORMAT = 2
PACKAGES = (Path(course_utils.__file__).parent, Path(__file__).parents[1])
LESSONS, MODULES = "course_utils/lessons/", "course_utils.lessons."


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is to be marked again: these students' answers to these exercises; empty: all."""

    students: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def has(self, student: str, id: str) -> bool:
        return (not self.students or student in self.students) and (not self.ids or id in self.ids)


class Ledger:
    """The results so far, in a folder, and the secret that their cases were made with.

    One file for each submission, named by the student and the submitted bytes. In it each exercise
    has a key, made of all else that decides its mark: the exercise's code, the seed, the sandbox.
    What an exercise is worth is in no key: points are given afterwards.

    After a run its feedback may go out, which shows hidden cases. So each run has a seed of its
    own, made of the secret one, for what is handed in first before that run: late work, and work
    that was changed. What a run saw keeps its seed, also where that run was stopped.
    """

    def __init__(
        self,
        output: Path,
        assignment: Assignment,
        *,
        trusted: bool,
        again: bool,
        now: datetime.datetime | None = None,
    ) -> None:
        """again: everything on new cases. now: when this run is. Raises RunError."""
        self.folder = output / STATE
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        secret = self.folder / "secret.json"
        facts = _read_json(secret)
        if facts and facts.get("assignment") != assignment.name:
            raise RunError(
                f"{output} holds the marks of {facts.get('assignment')!r}. "
                f"Choose another folder for {assignment.name!r} with --output."
            )
        if not facts or again:
            times = {"last_run": facts.get("last_run", ""), "not_before": _times(facts)}
            facts = {
                "assignment": assignment.name,
                "seed": secrets.randbits(SEED_BITS),
                "course_version": course_utils.__version__,
                **times,
            }
            _write_secret(secret, facts)
        if not isinstance(facts.get("seed"), int):
            raise RunError(
                f"{secret} does not say which cases the marks of {assignment.name!r} were made "
                "with: add --again to mark everything on new ones."
            )
        self.seed: int = facts["seed"]  # the first run's
        self._secret, self._facts = secret, facts
        # Digest of a submission -> number of the run that saw it first.
        self._first_seen: dict[str, int] = facts.setdefault("first_seen", {})
        # Digest of a submission -> time of the last run before it was there, or ''.
        self._not_before = facts["not_before"] = _times(facts)
        # Students and ids, '' for all, in the order in which new cases were asked for.
        self._renewed: list[list[list[str]]] = facts.setdefault("renewed", [])
        self._now = now or datetime.datetime.now(datetime.UTC)
        self._rules = _rules(assignment, trusted)

    def begin_run(self, submissions: Iterable[tuple[str, bytes]]) -> None:
        """Note what is new in this run: students and their submitted bytes."""
        digests = [_digest(student, content) for student, content in submissions]
        run = max(self._first_seen.values(), default=-1) + 1
        new = dict.fromkeys((d for d in digests if d not in self._first_seen), run)
        for digest in new:
            self._not_before.setdefault(digest, self._facts.get("last_run", ""))
        self._first_seen |= new
        self._facts["last_run"] = self._now.isoformat(timespec="seconds")
        _write_secret(self._secret, self._facts)

    def not_before(self, student: str, content: bytes) -> datetime.datetime | None:
        """When a run was that did not find this submission yet; None if there was none."""
        text = self._not_before.get(_digest(student, content))
        try:
            return datetime.datetime.fromisoformat(text) if text else None
        except ValueError:
            return None

    def mark_again(
        self, choice: Choice, submissions: Iterable[tuple[str, bytes]], *, new_cases: bool
    ) -> None:
        """Forget the results of a choice; new_cases: it also gets hidden cases of its own.

        submissions: all students and their submitted bytes. Call it before begin_run.
        """
        if new_cases:
            self._renewed.append([sorted(choice.students), sorted(choice.ids)])
            _write_secret(self._secret, self._facts)
        for student, content in submissions:
            place = self._place(student, content)
            facts = _read_json(place)
            keys = facts.get("keys")
            if isinstance(keys, dict):
                facts["keys"] = {id: k for id, k in keys.items() if not choice.has(student, id)}
                if facts["keys"] != keys:
                    write_whole(place, json.dumps(facts).encode())

    def seed_of(self, student: str, content: bytes, id: str) -> int:
        """The seed of the cases of an exercise for this submission."""
        last = max(self._first_seen.values(), default=0)
        run = self._first_seen.get(_digest(student, content), last)
        chosen = (Choice(frozenset(names), frozenset(ids)) for names, ids in self._renewed)
        times = sum(choice.has(student, id) for choice in chosen)
        if run == 0 and times == 0:
            return self.seed
        text = f"seed {self.seed}, run {run}" + (f", {times} times again" if times else "")
        digest = hashlib.sha256(text.encode()).digest()
        return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)

    def _key(self, student: str, content: bytes, id: str) -> str:
        digest = hashlib.sha256(self._rules[id])
        digest.update(str(self.seed_of(student, content, id)).encode())
        return digest.hexdigest()

    def _place(self, student: str, content: bytes) -> Path:
        return self.folder / f"{_digest(student, content)}.json"

    def find(self, student: str, content: bytes) -> SubmissionResult | None:
        """What was marked of this very submission under the same rules: some exercises, or all."""
        facts = _read_json(self._place(student, content))
        try:
            result = SubmissionResult.from_dict(facts["result"])
            keys = dict(facts["keys"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        valid = [
            exercise
            for exercise in result.exercises
            if exercise.id in self._rules
            and keys.get(exercise.id) == self._key(student, content, exercise.id)
        ]
        return result.with_exercises(valid) if valid else None

    def keep(self, result: SubmissionResult, content: bytes) -> SubmissionResult:
        """Keep results of exercises beside those that are there; gives all of them."""
        before = self.find(result.student, content)
        exercises = {e.id: e for e in before.exercises} if before else {}
        exercises |= {exercise.id: exercise for exercise in result.exercises}
        whole = result.with_exercises(exercises[id] for id in self._rules if id in exercises)
        keys = {e.id: self._key(result.student, content, e.id) for e in whole.exercises}
        text = json.dumps({"format": FORMAT, "keys": keys, "result": whole.as_dict()})
        write_whole(self._place(result.student, content), text.encode())
        return whole


def _digest(student: str, content: bytes) -> str:
    return hashlib.sha256(student.encode("utf-8", "surrogatepass") + b"\0" + content).hexdigest()


def _times(facts: dict[str, Any]) -> dict[str, str]:
    """When each submission that was seen was not there yet; '' where nobody knows."""
    return {**dict.fromkeys(facts.get("first_seen", {}), ""), **facts.get("not_before", {})}


def _write_secret(path: Path, facts: dict[str, Any]) -> None:
    write_whole(path, json.dumps(facts).encode())
    path.chmod(0o600)


def _rules(assignment: Assignment, trusted: bool) -> dict[str, bytes]:
    """For each exercise a digest of all that decides its mark but the submission and its seed.

    Of the lessons it is the exercise's own folder alone: no lesson imports from another one.
    """
    ids = [item.id for item in assignment.items]
    files = {name: _sha256(path) for name, path in deciding_files().items()}
    topics, modules = assignment.topics(), assignment.modules()
    rules = {}
    for id in ids:
        module = modules[id]
        own = f"{LESSONS}{module.removeprefix(MODULES).partition('.')[0]}/"
        # Which answers a notebook may hold decides how it is read.
        facts: list[Any] = [FORMAT, trusted, assignment.partial, id, sorted(ids), topics[module]]
        for name, digest in files.items():
            in_a_lesson = name.startswith(LESSONS) and name.count("/") > LESSONS.count("/")
            if not in_a_lesson or name.startswith(own):
                facts.append([name, digest])
        rules[id] = hashlib.sha256(json.dumps(facts).encode()).digest()
    return rules


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def deciding_files() -> dict[str, Path]:
    """The code of course and grader, by its place; what only teaches or draws decides no mark."""
    files = {
        path.relative_to(package.parent): path
        for package in PACKAGES
        for path in sorted(package.rglob("*.py"))
    }
    return {
        place.as_posix(): path
        for place, path in files.items()
        if place.name != "lesson.py" and place.parts[1] != "figures"
    }


def _read_json(path: Path) -> dict[str, Any]:
    """What a file of ours holds; {} when it is not there or was cut off."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
