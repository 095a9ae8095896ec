"""`python -m grading review`: is an exercise ready for a class, and if not, why?"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

from ..errors import AssignmentError

ID = r"\d\d\.\d+"
LESSON = re.compile(r"\d\d")
CHOICE = re.compile(rf"{LESSON.pattern}|{ID}(-{ID})?")  # all that is no file

EXAMPLES = """\
examples:
  python -m grading review 05.14            one exercise
  python -m grading review 05.1-05.3 07     some exercises, and those of a lesson
  python -m grading review quiz.py          exercises of your own
  python -m grading review --all            the whole course
  python -m grading review --changes 05.14  would its check see a small change of a right answer?
"""
# What the judge cannot see: a sentence of a docstring for which there is no case.
NEXT = """\
  Next: go through each sentence of its docstring. Would an answer that breaks it fail? And
  `python -m grading review --changes {id}` makes small changes to the right answers."""
LEFT = (
    "For each change that passes: add a case on which it is wrong, or say with "
    "`@exercise.equivalent` why it is no mistake."
)
LONGEST = 300  # seconds that `--unrecorded` may take


def add_arguments(subparsers: argparse._SubParsersAction) -> None:
    """Add the options of `review` to the command line."""
    parser = subparsers.add_parser(
        "review",
        help="try exercises before a class does",
        description="Try exercises of the course or of your own: the reference must pass, every "
        "mistake must fail with its own sentence, hidden cases must differ from the visible ones, "
        "and more. Says what is not ready; the exit status is then 1.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help="an id (05.14), a range (05.1-05.3), a lesson (05), or a file of your own (quiz.py)",
    )
    parser.add_argument("--all", action="store_true", help="every exercise of the course")
    parser.add_argument(
        "--changes",
        action="store_true",
        help="change the right answers in one place at a time, and say which changes pass",
    )
    parser.add_argument(
        "--unrecorded",
        action="store_true",
        help="with --changes: the exercises that are not as judged_changes.json has them, but for "
        "those on ranks, which take minutes each",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Try the exercises; returns 1 when one is not ready. Raises AssignmentError."""
    if options.unrecorded and not options.changes:
        raise AssignmentError("--unrecorded belongs to --changes.")
    # Loading torch takes seconds: only when the options have been read.
    from course_utils.contents import ContentsError
    from course_utils.exercise import ExerciseFault

    try:
        return run_changes(options) if options.changes else run_review(options)
    except (ContentsError, ExerciseFault) as error:  # a file of the course that does not load
        raise AssignmentError(str(error)) from None


def run_review(options: argparse.Namespace) -> int:
    """Try the exercises; returns 1 when one is not ready.

    Raises AssignmentError, ContentsError or ExerciseFault.
    """
    from tqdm import tqdm

    from .readiness import lesson_problems, review

    exercises, lessons = wanted(options.what, everything=options.all)
    bad = 0
    alone = len(exercises) == 1
    # None: no bar where nobody looks at a terminal.
    with tqdm(exercises, unit="exercise", leave=False, disable=alone or None) as bar:
        for exercise in bar:
            found = review(exercise)
            bad += bool(found.problems)
            beliefs = {mistake.name for mistake in exercise.mistakes}
            state = "" if found.problems else f"ready, {len(beliefs)} mistakes."
            lines = [f"{exercise.id} {exercise.title}: {state}".rstrip()]
            lines += [f"  {sentence}" for sentence in found.problems]
            lines += [f"  Advice: {sentence}" for sentence in found.advice]
            if alone and not found.problems:
                lines.append(NEXT.format(id=exercise.id))
            bar.write("\n".join(lines))
    about_lessons = [sentence for lesson in lessons for sentence in lesson_problems(lesson)]
    for sentence in about_lessons:
        print(sentence)
    if not alone:
        print(f"{len(exercises) - bad} of {len(exercises)} exercises are ready.")
    return 1 if bad or about_lessons else 0


def run_changes(options: argparse.Namespace) -> int:
    """Judge small changes; returns 1 when something is left to do.

    Raises AssignmentError, ContentsError or ExerciseFault.
    """
    if sys.platform != "linux":
        raise AssignmentError("--changes runs on Linux only: it makes processes by fork.")
    from tqdm import tqdm

    from course_utils.exercise import ExerciseFault

    from .changes import is_recorded, judge_changes, left_before, record
    from .readiness import is_private

    everything = options.all or (options.unrecorded and not options.what)
    exercises, _ = wanted(options.what, everything=everything)
    if options.unrecorded:
        # On ranks a change takes seconds to judge: those are asked for by their ids.
        exercises = [one for one in exercises if not (is_recorded(one) or one.ranks)]
    bad, unexplained, recorded = [], False, False
    end = time.monotonic() + LONGEST if options.unrecorded else float("inf")
    with tqdm(exercises, unit="exercise", leave=False, disable=None) as bar:
        for exercise in bar:
            if time.monotonic() > end:
                left = " ".join(one.id for one in exercises[exercises.index(exercise) :])
                print(
                    f"{LONGEST} seconds are over. Not judged: {left}. Run `python -m grading "
                    "review --changes` with these ids, and commit judged_changes.json."
                )
                return 1
            try:
                judged = judge_changes(exercise)
                problems, count = judged.problems(exercise), judged.count
                unexplained |= bool(judged.unexplained(exercise))
            except ExerciseFault as fault:
                problems, count = [str(fault)], 0
            state = "" if problems else f"{count} changes, none passes without a reason."
            known = left_before(exercise) if options.unrecorded else 0
            if known and len(problems) <= known:
                state = f"no more is left to do than before, {len(problems)} of {known}."
            lines = [f"{exercise.id} {exercise.title}: {state}".rstrip()]
            bar.write("\n".join([*lines, *(f"  {sentence}" for sentence in problems)]))
            if not (is_private(exercise) or options.unrecorded):
                record(exercise, left=len(problems))
                recorded = True
            bad += [exercise] if len(problems) > known else []
    if len(exercises) != 1:
        print(f"{len(bad)} of {len(exercises)} exercises have something left to do.")
    if bad and unexplained:
        print(LEFT)
    if recorded:
        print("grading/review/judged_changes.json has what came of it: commit that file, too.")
    return 1 if bad else 0


def wanted(what: list[str], *, everything: bool) -> tuple[list, list[list]]:
    """The exercises that are asked for, each once, and those of each lesson that is asked for.

    Raises AssignmentError.
    """
    from course_utils.exercise import all_exercises

    if not what and not everything:
        raise AssignmentError(
            "Say what to review: an id such as 05.14, a lesson such as 05, a file such as quiz.py, "
            "or --all."
        )
    course: dict[str, list] = {}
    # A file of another lesson that does not load is nothing to those who ask for an id.
    if everything or any(map(LESSON.fullmatch, what)):
        for exercise in all_exercises():
            course.setdefault(exercise.id.split(".")[0], []).append(exercise)
    # Files first, so that a range knows their ids.
    files = {text: declared_in(text) for text in what if not CHOICE.fullmatch(text)}
    lessons = list(course) if everything else []
    if everything:
        for sentence in left_out():
            print(sentence, file=sys.stderr)
    chosen = {exercise.id: exercise for lesson in lessons for exercise in course[lesson]}
    for text in what:
        if LESSON.fullmatch(text):
            exercises = of_lesson(text, course)
            lessons.append(text)
        else:
            exercises = files.get(text) or in_range(text)
        chosen |= {exercise.id: exercise for exercise in exercises}
    return list(chosen.values()), [course[lesson] for lesson in dict.fromkeys(lessons)]


def of_lesson(lesson: str, course: dict[str, list]) -> list:
    """The exercises of a lesson. Raises AssignmentError when there is none of this number."""
    for sentence in left_out(lesson):
        raise AssignmentError(sentence)
    if lesson not in course:
        raise AssignmentError(f"There is no lesson {lesson}; the lessons are {', '.join(course)}.")
    return course[lesson]


def left_out(number: str = "") -> list[str]:
    """Why lessons cannot be reviewed here: their packages are not installed. number: only this."""
    from course_utils.contents import all_lessons
    from course_utils.extras import PackagesMissing, demand

    sentences = []
    for page in all_lessons():
        try:
            for extra in page.extras if number in ("", page.number) else ():
                demand(extra, f"Lesson {page.number}")
        except PackagesMissing as missing:
            sentences.append(str(missing))
    return sentences


def in_range(text: str) -> list:
    """The exercises that an id or a range names. Raises AssignmentError."""
    from course_utils.exercise import find

    from ..assign.command import items

    return [find(item.id) for item in items(text, points=1.0)]


def declared_in(file: str) -> list:
    """The exercises of an instructor's file. Raises AssignmentError."""
    from course_utils.exercise import Exercise

    from ..assignment import load_private

    path = Path(file)
    if path.suffix != ".py" and not path.exists():
        raise AssignmentError(
            f"{file!r} is neither an exercise id such as 05.14, nor a range such as 05.1-05.3, a "
            "lesson such as 05, or a file such as quiz.py."
        )
    [module] = load_private((path,))
    exercises = [thing for thing in vars(module).values() if isinstance(thing, Exercise)]
    if not exercises:
        raise AssignmentError(f"{file}: no exercise is declared there.")
    return exercises
