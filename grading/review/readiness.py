"""The judge of exercises: is this one ready for a class?

What it knows about a good exercise stands here and nowhere else. `python -m grading review` asks it
for authors, of the course and of private files, and the tests ask it for every exercise of the
course.
"""

from __future__ import annotations

import ast
import dataclasses
import random
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from course_utils.checks import verdict_panel
from course_utils.comparison import same
from course_utils.exercise import Exercise, ExerciseFault, Mistake, Verdict
from course_utils.observation import Observation, compare
from course_utils.plain import plain
from course_utils.settings import course_settings, one_thread

from ..inside import screening
from .by_hand import by_hand_problems
from .hostile_answers import HOSTILE_ANSWERS
from .promised import promise_problems

VISIBLE = 0  # the seed of the cases that students see
SMALL = (1, 2)
LARGE = 2**62 + 12345  # as a grader's are
LARGEST = 2**63 - 1
OF_MISTAKES = (LARGE,)  # the course has 2,800 of them
# An instructor's exercise is tried when it is written, the course's at every run of the tests.
PRIVATE = (*range(1, 20), LARGE)
GIVES_AWAY = 12  # characters: shorter expressions are ordinary words of a sentence


@dataclasses.dataclass(frozen=True)
class Review:
    """What the judge found, a sentence each.

    problems: why the exercise is not ready. advice: what the course demands of its own exercises,
    and only recommends to instructors.
    """

    problems: tuple[str, ...]
    advice: tuple[str, ...] = ()


def problems(exercise: Exercise) -> list[str]:
    """What is wrong with an exercise, a sentence each; empty when it is ready for a class."""
    return list(review(exercise).problems)


def review(exercise: Exercise) -> Review:
    """Judge an exercise. Its answers run in this process, on one thread, as marking runs them."""
    with one_thread():
        broken = [*unusable(exercise)]
        if broken:
            return Review(tuple(broken))
        written = [*text_problems(exercise)]
        broken = [*reference_problems(exercise)]
        if broken:
            return Review((*written, *broken))
        tried = verdicts_on_mistakes(exercise)
        of_all = [*written, *table_problems(exercise), *mistake_problems(tried)]
        of_ours = [
            *declaration_problems(exercise),
            *reference_gives_nothing(exercise),
            *case_problems(exercise),
            *stub_problems(exercise),
            *sentences_that_give_away(exercise),
            *other_sentences(tried),
            *right_answer_problems(exercise),
            *by_hand_problems(exercise),
            *hostile_problems(exercise),
            *promise_problems(exercise),
        ]
    if is_private(exercise):
        return Review(tuple(of_all), advice=tuple(of_ours))
    return Review((*of_all, *of_ours))


def is_private(exercise: Exercise) -> bool:
    """True for an exercise from outside the course."""
    return not exercise.make_cases.__module__.startswith("course_utils.")


def hidden_seeds(exercise: Exercise) -> tuple[int, ...]:
    """The seeds of cases that students do not see, on which this exercise is tried."""
    return PRIVATE if is_private(exercise) else (*SMALL, LARGE, LARGEST)


def seeds_of(exercise: Exercise) -> tuple[int, ...]:
    """The visible seed and the hidden ones."""
    return (VISIBLE, *hidden_seeds(exercise))


def lesson_problems(exercises: Iterable[Exercise]) -> list[str]:
    """What is wrong with whole lessons, of which these are all exercises."""
    counts: dict[str, list[int]] = {}
    for exercise in exercises:
        beliefs = {mistake.name for mistake in exercise.mistakes}
        counts.setdefault(exercise.id.split(".")[0], []).append(len(beliefs))
    return [
        f"Lesson {lesson} has {sum(each) / len(each):.1f} mistakes an exercise on average; "
        "four are wanted."
        for lesson, each in sorted(counts.items())
        if sum(each) / len(each) < 4
    ]


# -- what is written -------------------------------------------------------------------------


def unusable(exercise: Exercise) -> Iterator[str]:
    """Why the exercise cannot be tried at all."""
    seed = VISIBLE
    try:
        exercise.demand_whole()
        for seed in seeds_of(exercise):
            exercise.reference_observations(seed)
    except ExerciseFault as fault:
        yield str(fault) if seed == VISIBLE else f"With the seed {seed}: {fault}"


def made(exercise: Exercise, seed: int) -> list[tuple]:
    """The arguments of all cases, made as a check makes them."""
    with course_settings():
        return list(exercise.make_cases(random.Random(seed)))


def text_problems(exercise: Exercise) -> Iterator[str]:
    """The reference says what is asked, and marking would take it from a student."""
    [reference] = ast.parse(exercise.solution_source).body
    if not exercise.answer.__doc__:
        yield "The reference has no docstring: students are not told what is asked."
    flags = screening.reasons([reference])
    if flags:
        yield f"A right answer would be left to a person: the reference {flags[0]}."


def declaration_problems(exercise: Exercise) -> Iterator[str]:
    """Hints, difficulty and minutes are as a student may expect them."""
    if len(exercise.hints) < 2:
        yield f"The number of hints is {len(exercise.hints)}: two at least, from a nudge on."
    if not 1 <= exercise.difficulty <= 3:
        yield f"The difficulty is {exercise.difficulty}; it goes from 1 to 3."
    if not 3 <= exercise.minutes <= 45:
        yield f"It is to take {exercise.minutes} minutes; an exercise takes 3 to 45."


def sentences_that_give_away(exercise: Exercise) -> Iterator[str]:
    """A sentence asks about a belief: no whole expression of the reference stands in it."""
    assigned = (ast.Return, ast.Assign, ast.AugAssign)
    expressions = [
        ast.unparse(node.value)
        for node in ast.walk(ast.parse(exercise.solution_source))
        if isinstance(node, assigned) and node.value is not None
    ]
    for mistake in exercise.mistakes:
        sentence = mistake.sentence.replace(" ", "")
        for expression in expressions:
            bare = expression.replace(" ", "")
            if len(bare) > GIVES_AWAY and bare in sentence:
                yield f"The sentence of {mistake.name} gives the answer away: `{expression}`."


def stub_problems(exercise: Exercise) -> Iterator[str]:
    """What a student starts from is seen as such: a stub is not attempted, a starter not right."""
    if exercise.start is not None:
        if exercise.judge(exercise.start, VISIBLE).passed:
            yield "The starter passes the check: there is nothing to do."
        return
    # A class names its base class before anything runs, so the imports have to be there.
    scope = dict(vars(sys.modules[exercise.answer.__module__]))
    try:
        exec(compile(exercise.stub_source, "<a cell>", "exec"), scope)
    except Exception as error:  # a default value or a base class that the module does not have
        yield f"The stub's cell raises {type(error).__name__}: {error}"
        return
    verdict = exercise.judge(scope[exercise.name], VISIBLE)
    if verdict.state != "not attempted":
        yield f"The untouched stub counts as an attempt; it is told: {verdict.headline}"


# -- cases and reference ---------------------------------------------------------------------


def reference_problems(exercise: Exercise) -> Iterator[str]:
    """The reference passes its own check, on all seeds."""
    seeds = seeds_of(exercise)
    verdicts = exercise.judge_each([(exercise.answer, seed) for seed in seeds])
    failing = [seed for seed, verdict in zip(seeds, verdicts, strict=True) if not verdict.passed]
    if failing:
        yield f"The reference itself does not pass with the seeds {failing[:5]}."


def reference_gives_nothing(exercise: Exercise) -> Iterator[str]:
    """Two answers that end in the same error are equal, too; a reference gives something."""
    for seed in seeds_of(exercise):
        expected = exercise.reference_observations(seed)
        errors = [seen.raised for seen in expected if seen.raised is not None]
        if len(errors) == len(expected):
            yield (
                f"With the seed {seed} the reference gives nothing: every case ends in an error, "
                f"as {errors[0].type_name}: {errors[0].message}"
            )
            return


def case_problems(exercise: Exercise) -> Iterator[str]:
    """There are two cases at least, and the seed alone decides them.

    A module counts by its type: an exercise that looks at its numbers sets them itself.
    """
    for seed in seeds_of(exercise):
        first = [plain(args) for args in made(exercise, seed)]
        again = [plain(args) for args in made(exercise, seed)]
        if len(first) < 2:
            yield f"The number of cases with the seed {seed} is {len(first)}; two at least."
            return
        if not same(first, again):
            yield (
                f"The cases of the seed {seed} differ when they are made again: draw everything "
                "from the `random.Random` that the cases are given."
            )
            return


def table_problems(exercise: Exercise) -> Iterator[str]:
    """Who has written down what the visible cases want is wrong on hidden ones.

    Once in a while the same numbers are drawn again. That has to be rare.
    """
    visible = written_cases(exercise, VISIBLE)
    seeds = hidden_seeds(exercise)
    guessed = [seed for seed in seeds if gets_through(visible, written_cases(exercise, seed))]
    most = max(1, len(seeds) // 10)
    if len(guessed) > most:
        yield (
            "An answer that only remembers the visible cases passes "
            f"{len(guessed)} of {len(seeds)} hidden sets, and may pass {most}: draw more of the "
            "cases at random, or from more possibilities."
        )


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
    arguments = [written_down(args) for args in made(exercise, seed)]
    # An answer that gives recorded results leaves nothing behind, and that is always allowed.
    seen = [dataclasses.replace(one, left=()) for one in exercise.reference_observations(seed)]
    return list(zip(arguments, seen, strict=True))


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


# -- answers ---------------------------------------------------------------------------------


def verdicts_on_mistakes(exercise: Exercise) -> dict[Mistake, dict[int, Verdict]]:
    """The verdicts on each mistake by seed. It runs once for each, and twice on the visible one.

    What it does may differ from one run to the next; that does not depend on the seed.
    """
    mistakes = exercise.mistakes
    verdicts: dict[Mistake, dict[int, Verdict]] = {mistake: {} for mistake in mistakes}
    for seed in (VISIBLE, *(hidden_seeds(exercise) if is_private(exercise) else OF_MISTAKES)):
        exercise.observe_mistakes(
            mistakes, seed
        )  # all at once, as each is compared with the others
        if seed == VISIBLE:
            judged = exercise.judge_each([(mistake.answer, seed) for mistake in mistakes])
        else:
            judged = [exercise.judge_mistake(mistake, seed) for mistake in mistakes]
        for mistake, verdict in zip(mistakes, judged, strict=True):
            verdicts[mistake][seed] = verdict
    return verdicts


def mistake_problems(tried: dict[Mistake, dict[int, Verdict]]) -> Iterator[str]:
    """There are mistakes; none passes, and each is known again by what it does."""
    beliefs = {mistake.name for mistake in tried}  # several answers may have one sentence
    if len(beliefs) < 3:
        yield f"The number of mistakes is {len(beliefs)}; three help most students."
    for mistake, verdicts in tried.items():
        passed = [seed for seed, verdict in verdicts.items() if verdict.passed]
        seen = verdicts[VISIBLE]
        if passed:
            yield f"The mistake {own_name(mistake)} passes with the seeds {passed[:5]}: add a case."
        elif seen.mistake is not None and seen.mistake is not mistake:
            yield f"{own_name(mistake)} and {own_name(seen.mistake)} do the same on all cases."
        elif seen.mistake is None and seen.difference is None:
            yield f"With the seed {VISIBLE}, {own_name(mistake)} is told: {seen.headline}"
        elif seen.mistake is None:
            name = own_name(mistake)
            yield f"{name} is not recognised: it does something else each time it is run."


def own_name(mistake: Mistake) -> str:
    """The name that the author gave a wrong answer."""
    return mistake.answer.__name__


def other_sentences(tried: dict[Mistake, dict[int, Verdict]]) -> Iterator[str]:
    """A mistake is told its own sentence, also where the cases are hidden."""
    for mistake, verdicts in tried.items():
        for seed, verdict in verdicts.items():
            if verdict.passed or verdict.headline == mistake.sentence:
                continue
            if seed == VISIBLE and verdict.mistake is not mistake:
                break  # that is told above
            if verdict.mistake in (None, mistake):
                yield f"With the seed {seed}, {own_name(mistake)} is told: {verdict.headline}"
            else:
                other = own_name(verdict.mistake)
                yield f"With the seed {seed}, {own_name(mistake)} is taken for {other}."
            break


def right_answer_problems(exercise: Exercise) -> Iterator[str]:
    """Right answers in other styles pass: a check that turns one down teaches something false."""
    if not exercise.right_answers:
        yield "There is no right answer in another style: declare one with `@exercise.right`."
    seeds = (VISIBLE, *SMALL)
    tried = [(answer, seed) for answer in exercise.right_answers for seed in seeds]
    verdicts = dict(zip(tried, exercise.judge_each(tried), strict=True))
    for answer in exercise.right_answers:
        for seed in seeds:
            verdict = verdicts[answer, seed]
            if not verdict.passed:
                yield (
                    f"The right answer {answer.__name__} is turned down with the seed {seed}: "
                    f"{told(verdict)}"
                )
                break


def told(verdict: Verdict) -> str:
    """What a verdict says on one line, with the call and the difference."""
    if verdict.difference is None:
        return verdict.headline
    return f"{verdict.headline} `{verdict.case}`: {verdict.difference.message}"


def hostile_problems(exercise: Exercise) -> Iterator[str]:
    """Answers that no exercise may accept are wrong, and are told why in words."""
    verdicts = exercise.judge_each([(answer, VISIBLE) for answer in HOSTILE_ANSWERS.values()])
    for what, verdict in zip(HOSTILE_ANSWERS, verdicts, strict=True):
        panel = repr(verdict_panel(exercise, verdict))
        if verdict.state != "wrong":
            yield f"An answer that {what} counts as {verdict.state}, not as wrong."
        elif len(panel.splitlines()) < 2:
            yield f"An answer that {what} is not told why it is wrong: {panel}"
        elif "Traceback" in panel:
            yield f"An answer that {what} is shown a traceback."
