"""Try an exercise before a class does: do its cases and its mistakes do what they are for?

The course's own exercises are tried by the tests; `python -m grading review quiz.py` tries those of
an instructor.
"""

from __future__ import annotations

import ast
import random
from typing import Any

import torch

from course_utils.exercise import Exercise, Mistake, compare
from course_utils.observation import Observation, plain, same

from .. import screening

VISIBLE = 0  # the seed of the cases that students see
SEEDS = (*range(1, 20), 2**62 + 12345)  # of hidden ones, drawn for marking


def problems(exercise: Exercise) -> list[str]:
    """What is wrong with an exercise, a sentence each; empty when it is ready for a class."""
    found = []
    if exercise.answer is None or exercise.make_cases is None:
        return [f"{exercise.id} has no reference or no cases."]
    if not ast.get_docstring(ast.parse(exercise.solution_source).body[0]):
        found.append("The reference has no docstring: students are not told what is asked.")
    flags = screening.reasons(ast.parse(exercise.solution_source).body)
    if flags:
        found.append(f"A right answer would be left to a person: the reference {flags[0]}.")
    failing = [
        seed for seed in (VISIBLE, *SEEDS) if not exercise.judge(exercise.answer, seed).passed
    ]
    if failing:
        found.append(f"The reference itself does not pass with the seeds {failing[:5]}.")
        return found
    visible = written_cases(exercise, VISIBLE)
    guessed = [seed for seed in SEEDS if gets_through(visible, written_cases(exercise, seed))]
    if len(guessed) > len(SEEDS) // 10:
        found.append(
            f"Who writes down the visible cases passes {len(guessed)} of {len(SEEDS)} hidden sets: "
            "draw more of the cases at random."
        )
    if len(exercise.mistakes) < 3:
        found.append(f"There are {len(exercise.mistakes)} mistakes; three help most students.")
    for mistake in exercise.mistakes:
        found += mistake_problems(exercise, mistake)
    return found


def mistake_problems(exercise: Exercise, mistake: Mistake) -> list[str]:
    """What is wrong with one wrong answer of the library."""
    passed = [seed for seed in (VISIBLE, *SEEDS) if exercise.judge(mistake.answer, seed).passed]
    if passed:
        return [f"The mistake {mistake.name} passes with the seeds {passed[:5]}: add a case."]
    verdict = exercise.judge(mistake.answer, VISIBLE)
    if verdict.mistake is mistake:
        return []
    if verdict.mistake is not None:
        return [f"{mistake.name} and {verdict.mistake.name} do the same on all cases."]
    return [f"{mistake.name} is not recognised: it does something else each time it is run."]


def written_down(value: Any) -> Any:
    """An argument as plain data; a module with its numbers, so that two models are not alike."""
    if isinstance(value, torch.nn.Module):
        return [repr(value), plain(value.state_dict())]
    if isinstance(value, (list, tuple)):
        return [written_down(item) for item in value]
    if isinstance(value, dict):
        return {str(key): written_down(item) for key, item in value.items()}
    return plain(value)


def written_cases(exercise: Exercise, seed: int) -> list[tuple[Any, Observation]]:
    """Pairs of the arguments, written down, and what the reference does with them."""
    arguments = [written_down(args) for args in exercise.make_cases(random.Random(seed))]
    return list(zip(arguments, exercise.reference_observations(seed), strict=True))


def gets_through(
    visible: list[tuple[Any, Observation]], fresh: list[tuple[Any, Observation]]
) -> bool:
    """True if an answer passes the fresh cases that knows the visible ones and nothing else.

    It gives the recorded result for arguments that it knows, and one and the same recorded result
    for all others; or it counts its calls and gives the recorded results in their order.
    """
    if len(visible) == len(fresh):
        pairs = zip(visible, fresh, strict=True)
        if all(compare(one, other) is None for (_, one), (_, other) in pairs):
            return True
    unknown = []
    for arguments, wanted in fresh:
        known = [seen for before, seen in visible if same(before, arguments)]
        if not any(compare(seen, wanted) is None for seen in known):
            unknown.append(wanted)
    return any(
        all(compare(constant, wanted) is None for wanted in unknown) for _, constant in visible
    )
