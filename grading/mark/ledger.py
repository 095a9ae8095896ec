"""What was marked before, so that a later run does not have to mark it again."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import course_utils
from course_utils.whole_files import write_whole

from ..assignment import Assignment
from ..errors import RunError
from ..result import SubmissionResult

STATE = ".grading"  # folder in the output: the seed, and one file for each result
FORMAT = 1
PACKAGES = (Path(course_utils.__file__).parent, Path(__file__).parents[1])


class Ledger:
    """The results so far, in a folder, and the secret seed that they were made with.

    One file for each submission, under a name made of everything that decides its marks: the
    submitted bytes, the assignment, the exercises' code, the seed, the sandbox.
    """

    def __init__(self, output: Path, assignment: Assignment, *, trusted: bool, again: bool) -> None:
        self.folder = output / STATE
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "secret.json"
        facts = _read_json(secret)
        if facts and facts.get("assignment") != assignment.name:
            raise RunError(
                f"{output} holds the marks of {facts.get('assignment')!r}. "
                f"Choose another folder for {assignment.name!r} with --output."
            )
        if not facts or again:
            seed, version = secrets.randbits(62), course_utils.__version__
            facts = {"assignment": assignment.name, "seed": seed, "course_version": version}
            write_whole(secret, json.dumps(facts).encode())
            secret.chmod(0o600)
        if not isinstance(facts.get("seed"), int):
            raise RunError(
                f"{secret} does not say which cases the marks of {assignment.name!r} were made "
                "with: add --again to mark everything on new ones."
            )
        self.seed: int = facts["seed"]
        self._rules = _rules(assignment, self.seed, trusted)

    def _place(self, student: str, content: bytes) -> Path:
        digest = hashlib.sha256(self._rules)
        digest.update(student.encode("utf-8", "surrogatepass") + b"\0" + content)
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


def _rules(assignment: Assignment, seed: int, trusted: bool) -> bytes:
    """A digest of everything but the submission that decides a mark."""
    digest = hashlib.sha256(json.dumps([FORMAT, seed, trusted]).encode())
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
