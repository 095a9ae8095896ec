"""Does an answer behave as a known wrong one does? Told from what both did, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .comparison import first_difference
from .observation import WAITED, Observation

# An answer that does nearly as a mistake does: cases on which both give the same telling wrong
# value, for each case on which they part. Below 3, mistakes of the course are taken for others.
ALIKE_FOR_EACH_OTHER = 3
TELLING_CASES = 2


def alike(right: Observation, one: Observation, other: Observation) -> bool:
    """True if two answers did the same with a case. right: what the reference did with it.

    Errors are alike by their types and by who raised them, torch or the answer's own code. torch's
    text counts as well; what a student wrote into an error says nothing of a belief, nor does
    which rank waited: where gloo gives up, that differs from run to run.
    """
    if one.timed_out or other.timed_out:
        return one.timed_out == other.timed_out
    if one.raised is None or other.raised is None:
        return (
            one.raised is other.raised
            and first_difference(one.value, other.value) is None
            and set(one.changed) == set(other.changed)
        )
    facts_of_one, facts_of_other = (
        (seen.type_name, seen.by_answer, seen.through_answer) for seen in (one.raised, other.raised)
    )
    if facts_of_one != facts_of_other:
        return False
    own_text = one.raised.by_answer or one.raised.type_name == WAITED
    texts_count = right.raised is None and not own_text
    return not texts_count or one.raised.message == other.raised.message


def ended_together(
    expected: Sequence[Observation], one: Sequence[Observation], other: Sequence[Observation]
) -> bool:
    """True if two answers did the same up to a case after which neither, or not both, went on.

    Where all ranks wait, no more cases are tried; where one waits, they are. The same answer can do
    either.
    """
    last = min(len(one), len(other)) - 1
    raised = one[last].raised if last >= 0 else None
    as_long = len(one) == len(other) or (raised is not None and raised.type_name == WAITED)
    return as_long and all(map(alike, expected, one, other))


def wrong_cases(expected: Sequence[Observation], seen: Sequence[Observation]) -> list[bool]:
    """For each case, whether the answer does something else than the reference."""
    return [not alike(right, right, other) for right, other in zip(expected, seen, strict=False)]


def nearly_alike(
    expected: Sequence[Observation],
    mistake: Sequence[Observation],
    seen: Sequence[Observation],
    wrong: Sequence[bool],
) -> bool:
    """True if an answer does what a mistake does on nearly all cases, the first wrong one included.

    Both are wrong in the same way there, with numbers that another belief would hardly give.
    wrong: on which cases the answer is (see `wrong_cases`).
    """
    first = wrong.index(True) if True in wrong else 0
    if not alike(expected[first], mistake[first], seen[first]):
        return False
    parted = together = telling = 0
    for right, one, other, is_wrong in zip(expected, mistake, seen, wrong, strict=True):
        if not alike(right, one, other):
            parted += 1
        elif is_wrong and other.raised is None and not other.timed_out:
            together += 1
            telling += _tells(right.value, other.value)
    return telling >= TELLING_CASES and together >= ALIKE_FOR_EACH_OTHER * parted


def _tells(right: Any, got: Any) -> bool:
    """True if what is wrong in `got` is more than a yes, a no, a 0 or a 1."""
    if isinstance(right, dict) and isinstance(got, dict):
        return any(
            key in right and _tells(right[key], value)
            for key, value in got.items()
            if key in right and first_difference(right[key], value) is not None
        )
    return _has_numbers(got)


def _has_numbers(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() > 1
    if isinstance(value, (list, tuple)):
        return any(map(_has_numbers, value))
    if isinstance(value, dict):
        return any(_has_numbers(item) for item in value.values())
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and value not in (0, 1, -1, 2) and value == value
