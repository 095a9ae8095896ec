"""Right answers that were written from the questions alone keep their marks.

`make bench ARGS=--justice` marks all of them; here, all are read and some are marked.
"""

import pytest

from course_utils.exercise import all_exercises
from grading.mark import sandbox as sandboxes
from grading.result import ExerciseState
from tools import bench_justice

WHY_NOT = sandboxes.problem()
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


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "a sandbox is needed")
def test_right_answers_that_were_lost_once_are_marked_right():
    all_exercises()
    chosen = [a for a in bench_justice.right_answers() if (a.id, a.style) in SAMPLE]
    assert {(a.id, a.style) for a in chosen} == SAMPLE
    with bench_justice.sandbox_of(answer.id for answer in chosen) as sandbox:
        for answer in chosen:
            result = bench_justice.marked(answer.id, answer.cells(), sandbox)
            assert result.state == ExerciseState.PASSED, f"{answer.id} {answer.style}: {result}"
