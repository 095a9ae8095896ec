"""What was marked before, so that a later run does not have to mark it again."""

from __future__ import annotations

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
FORMAT = 1
PACKAGES = (Path(course_utils.__file__).parent, Path(__file__).parents[1])


class Ledger:
    """The results so far, in a folder, and the secret that their cases were made with.

    One file for each submission, under a name made of everything that decides its marks: the
    submitted bytes, the assignment, the exercises' code, the seed, the sandbox.

    After a run its feedback may go out, which shows hidden cases. So each run has a seed of its
    own, made of the secret one, for what is handed in first before that run: late work, and work
    that was changed. What a run saw keeps its seed, also where that run was stopped.
    """

    def __init__(self, output: Path, assignment: Assignment, *, trusted: bool, again: bool) -> None:
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
            facts = {
                "assignment": assignment.name,
                "seed": secrets.randbits(SEED_BITS),
                "course_version": course_utils.__version__,
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
        self._rules = _rules(assignment, trusted)

    def begin_run(self, submissions: Iterable[tuple[str, bytes]]) -> None:
        """Note what is new in this run: students and their submitted bytes."""
        digests = [_digest(student, content) for student, content in submissions]
        run = max(self._first_seen.values(), default=-1) + 1
        new = dict.fromkeys((d for d in digests if d not in self._first_seen), run)
        if new:
            self._first_seen |= new
            _write_secret(self._secret, self._facts)

    def seed_of(self, student: str, content: bytes) -> int:
        """The seed of a submission's cases."""
        last = max(self._first_seen.values(), default=0)
        run = self._first_seen.get(_digest(student, content), last)
        if run == 0:
            return self.seed
        digest = hashlib.sha256(f"seed {self.seed}, run {run}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)

    def _place(self, student: str, content: bytes) -> Path:
        digest = hashlib.sha256(self._rules)
        digest.update(json.dumps(self.seed_of(student, content)).encode())
        digest.update(_digest(student, content).encode())
        return self.folder / f"{digest.hexdigest()}.json"

    def find(self, student: str, content: bytes) -> SubmissionResult | None:
        """The result of this very submission, if it was marked before under the same rules."""
        facts = _read_json(self._place(student, content))
        try:
            return SubmissionResult.from_dict(facts) if facts else None
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, result: SubmissionResult, content: bytes) -> None:
        text = json.dumps(result.as_dict())
        write_whole(self._place(result.student, content), text.encode())


def _digest(student: str, content: bytes) -> str:
    return hashlib.sha256(student.encode("utf-8", "surrogatepass") + b"\0" + content).hexdigest()


def _write_secret(path: Path, facts: dict[str, Any]) -> None:
    write_whole(path, json.dumps(facts).encode())
    path.chmod(0o600)


def _rules(assignment: Assignment, trusted: bool) -> bytes:
    """A digest of everything but the submission and its seed that decides a mark."""
    digest = hashlib.sha256(json.dumps([FORMAT, trusted]).encode())
    digest.update(json.dumps([[item.id, item.points] for item in assignment.items]).encode())
    sources = {name: source.encode() for name, source in assignment.topics().items()}
    sources |= {name: path.read_bytes() for name, path in deciding_files().items()}
    for name, source in sources.items():
        digest.update(json.dumps([name, hashlib.sha256(source).hexdigest()]).encode())
    return digest.digest()


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
