"""Answers that are alike: the same code but for names, comments and layout.

The text is cut into tokens and not parsed: this process has the references, and Python's parser can
be brought down by code that was made for it.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..result import ExerciseState, SubmissionResult
from .declared import Declared, declared

KEPT = {*dir(builtins), *keyword.kwlist}  # names that mean something by themselves
OWN_TOKENS = 30  # beyond what was handed out: of shorter answers many are alike by themselves
TEXT_LIMIT = 20_000  # characters of an answer that is compared
THE_COURSE = "the course's own solution"
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)


@dataclasses.dataclass(frozen=True)
class Alike:
    """Students whose answers to some exercises are alike.

    students: two or more; THE_COURSE may be one of them, and comes last. exercises: their ids.
    wrong: those of the ids whose answers are wrong.
    """

    students: tuple[str, ...]
    exercises: tuple[str, ...]
    wrong: tuple[str, ...] = ()


def alike(results: Sequence[SubmissionResult]) -> list[Alike]:
    """The groups with answers alike, those that share most exercises first.

    A student can be in several: with one neighbour in one exercise, with two in the next.
    """
    ids = dict.fromkeys(exercise.id for result in results for exercise in result.exercises)
    # By exercise, each student's group and whether its answer is wrong.
    groups = {id: _groups(declared(id), results) for id in ids}
    every = dict.fromkeys(group for of_one in groups.values() for group, _ in of_one.values())
    found = []
    for students in every:
        shared = {}
        for id, of_one in groups.items():
            group, is_wrong = of_one.get(students[0], ((), False))
            if set(students) <= set(group):
                shared[id] = is_wrong
        wrong = tuple(id for id, is_wrong in shared.items() if is_wrong)
        found.append(Alike(students, tuple(shared), wrong))
    return sorted(found, key=lambda one: (-len(one.exercises), len(one.students), one.students))


def _groups(
    exercise: Declared, results: Iterable[SubmissionResult]
) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Of one exercise: each student of a group, with that group and whether its answer is wrong."""
    handed_out = len(normalised(exercise.stub))
    by_code: dict[tuple[str, ...], dict[str, bool]] = defaultdict(dict)
    for result in results:
        for answer in result.exercises:
            attempted = answer.state != ExerciseState.NOT_ATTEMPTED
            if answer.id == exercise.id and attempted and len(answer.answer) <= TEXT_LIMIT:
                code = normalised(answer.answer)
                if len(code) - handed_out >= OWN_TOKENS:
                    by_code[code][result.student] = answer.state == ExerciseState.WRONG
    course = normalised(exercise.solution)
    if course in by_code:
        by_code[course][THE_COURSE] = False
    return {
        student: (tuple(answers), any(answers.values()))
        for answers in by_code.values()
        for student in answers
        if len(answers) > 1
    }


@functools.lru_cache(maxsize=1024)  # many hand in the same lines
def normalised(code: str) -> tuple[str, ...]:
    """The tokens of code without comments, docstrings and imports, its own names numbered.

    Code that is not Python gives no tokens.
    """
    tokens: list[str] = []
    numbers: dict[str, str] = {}
    for line in _lines(code):
        body = [t for t in line if t.type not in (tokenize.INDENT, tokenize.DEDENT)]
        tokens += [tokenize.tok_name[t.type] for t in line if t not in body]
        if (
            not body
            or body[0].string in ("import", "from")
            or all(t.type == tokenize.STRING for t in body)
        ):
            continue
        texts = ["", *(token.string for token in body), ""]
        for before, token, after in zip(texts, body, texts[2:], strict=False):
            text = token.string
            # What is called and not defined here, as `relu`, says what the answer does.
            own = after != "(" or before in ("def", "class") or text in numbers
            if token.type == tokenize.NAME and text not in KEPT and before != "." and own:
                text = numbers.setdefault(text, f"name {len(numbers)}")
            tokens.append(text)
    return tuple(tokens)


def _lines(code: str) -> list[list[tokenize.TokenInfo]]:
    """The tokens of each line of code, however it is broken; no line is empty."""
    lines: list[list[tokenize.TokenInfo]] = [[]]
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.NEWLINE:
                lines.append([])
            elif token.type not in LAYOUT:
                lines[-1].append(token)
    except (tokenize.TokenError, SyntaxError):
        return []
    return lines[:-1]
