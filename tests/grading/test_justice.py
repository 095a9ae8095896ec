"""Right answers that were written from the questions alone keep their marks.

`make bench ARGS=--justice` marks all of them; here, all are read and judged, and some are marked.
"""

import contextlib
import gc
import io
import linecache
import sys
from pathlib import Path

import pytest

from course_utils.exercise import all_exercises, find
from course_utils.settings import one_thread
from grading.mark import sandbox as sandboxes
from grading.result import ExerciseState
from grading.review.changes import files_of
from tools import bench_justice

WHY_NOT = sandboxes.problem()
BENCH = Path(bench_justice.__file__)
# What has cost right answers their marks: future annotations, decorators that register, words of
# the interpreter, an optimizer whose `step` torch wraps, a match over a module's dict.
SAMPLE = {
    ("01.7", "typed checks"),
    ("04.2", "plain matmul"),
    ("04.3", "match Korean"),
    ("04.3", "named iterators"),
    ("05.13", "dispatch helper"),
    ("05.14", "recorded sizes"),
    ("06.13", "single dispatch"),
    ("07.1", "typed numpy"),
    ("09.2", "one hot"),
    ("09.8", "typed version"),
    ("10.6", "single dispatch"),
}


def test_at_most_two_in_a_hundred_right_answers_go_to_a_person():
    all_exercises()
    answers = bench_justice.right_answers()
    assert len(answers) >= 600
    found = [(a, a.program()) for a in answers]
    assert [f"{a.id} {a.style}" for a, p in found if p.state != "found"] == []
    flagged = [
        f"{a.id} {a.style}: {p.flags} {p.mentions}" for a, p in found if p.flags or p.mentions
    ]
    assert len(flagged) <= 0.02 * len(answers), flagged


def run(answer):
    """What stands under the answer's name after its cells were run."""
    scope = {"__name__": "__main__"}
    exercise = find(answer.id)
    for cell in answer.cells():
        lines = cell["source"].splitlines(keepends=True)
        source = "".join(line for line in lines if not line.startswith(("%", "!")))
        file = f"/tmp/ipykernel_1/{id(source)}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(source, file, "exec", dont_inherit=True), scope)
    # What a notebook defines can be pickled: its module is there.
    home = sys.modules["__main__"]
    for name, thing in scope.items():
        if getattr(thing, "__module__", "") == "__main__" and isinstance(thing, type):
            setattr(home, name, thing)
    return scope[exercise.name]


@contextlib.contextmanager
def nothing_to_collect():
    """An answer that calls gc.collect() in each case does not look through all that tests hold."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("lesson", sorted({e.id[:2] for e in all_exercises()}))
def test_no_right_answer_is_turned_down(lesson, unless_unchanged):
    """A new case, or a new word of a docstring, must not cost those who were right before."""
    judged = [file for one in all_exercises() if one.id[:2] == lesson for file in files_of(one)]
    notebooks = bench_justice.ROOT.glob(f"notebooks/{lesson}_*.ipynb")  # for the imports
    unless_unchanged([*judged, *notebooks, *bench_justice.ANSWERS.glob("*.txt"), BENCH])
    turned_down = []
    with one_thread(), nothing_to_collect():
        for answer in bench_justice.right_answers():
            if answer.id.startswith(lesson):
                verdict = find(answer.id).judge(run(answer), 1)
                if not verdict.passed:
                    turned_down.append(f"{answer.id} {answer.style}: {verdict.headline}")
    assert turned_down == []


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "a sandbox is needed")
def test_right_answers_that_were_lost_once_are_marked_right():
    all_exercises()
    chosen = [a for a in bench_justice.right_answers() if (a.id, a.style) in SAMPLE]
    assert {(a.id, a.style) for a in chosen} == SAMPLE
    with bench_justice.sandbox_of(answer.id for answer in chosen) as sandbox:
        for answer in chosen:
            result = bench_justice.marked(answer.id, answer.cells(), sandbox)
            assert result.state == ExerciseState.PASSED, f"{answer.id} {answer.style}: {result}"
