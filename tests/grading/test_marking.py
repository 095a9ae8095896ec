"""Whatever was handed in, in whatever state, it is marked or says why a person has to look."""

import ast
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_utils.exercise import ExerciseFault, Verdict, find
from grading.errors import SandboxError
from grading.inside import system_calls, wire
from grading.inside.process import FACTS, OBSERVATIONS
from grading.mark import marking, sandbox
from grading.mark.marking import mark
from grading.mark.sandbox import TRUSTED, Limits, Outcome, Sandbox
from grading.mark.shards import Task
from grading.result import ExerciseState
from tests.grading.submissions import as_file, code, mistake, notebook, right, untouched

PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState
SEED = 1_234_567
ITEMS = (("01.1", 2.0), ("01.2", 1.0))
KINDS = [
    pytest.param(False, id="sandboxed", marks=pytest.mark.needs_sandbox),
    pytest.param(
        True,
        id="trusted",
        marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
    ),
]


@pytest.fixture(scope="module", params=KINDS)
def box(request):
    with Sandbox(["course_utils.lessons.tensors.contiguous_strides"], trusted=request.param) as one:
        yield one


def marked(box, content, items=ITEMS, wall=None, partial=False):
    limits = box.limits
    box.limits = dataclasses.replace(limits, wall=wall)
    try:
        return mark(Task("kim", "kim.ipynb", content), items, SEED, box, partial=partial)
    finally:
        box.limits = limits


def states(result):
    return [e.state for e in result.exercises]


DEFINE = "def contiguous_strides(shape): return"
RIGHT = {id: right(id) for id, _ in ITEMS}


def test_right_wrong_and_untouched_answers(box):
    answers = {"01.1": right("01.1"), "01.2": mistake("01.2"), "01.4": untouched("01.4")}
    items = (("01.1", 2.0), ("01.2", 1.0), ("01.4", 1.0), ("01.5", 1.0))
    result = marked(box, notebook(answers), items)
    assert states(result) == [PASSED, WRONG, NOT_ATTEMPTED, NOT_ATTEMPTED]
    assert [e.points for e in result.exercises] == [2.0, 0.0, 0.0, 0.0]
    assert result.state == "marked"
    assert result.exercises[1].headline == find("01.2").mistakes[0].sentence
    assert result.sandbox == (TRUSTED if box.trusted else "bubblewrap")


def test_what_is_changed_and_put_back_counts_as_not_changed(box):
    answer = """
def column_major(matrix):
    matrix.t_()
    result = matrix.flatten().clone()
    matrix.t_()
    return result
"""
    items = (("01.5", 1.0),)
    assert states(marked(box, notebook({"01.5": answer}), items)) == [PASSED]
    for_good = answer.replace("    matrix.t_()\n    return", "    return")
    assert states(marked(box, notebook({"01.5": for_good}), items)) == [WRONG]


def test_points_for_a_part_of_the_cases_are_given_where_they_are_asked_for(box):
    nearly = right("01.2") + "\n\nby_hand = storage_index\n\n"
    nearly += "def storage_index(index, stride, offset):\n"
    nearly += "    return by_hand(index, stride, offset) if offset == 0 else -1\n"
    content = notebook({"01.1": mistake("01.1"), "01.2": nearly})
    for partial in (False, True):
        _, second = marked(box, content, partial=partial).exercises
        assert second.state == WRONG
        assert 0 < second.right_cases < second.cases
        share = second.right_cases / second.cases
        assert second.points == (pytest.approx(share, abs=0.01) if partial else 0.0)
        assert second.points <= share
    doubtful = nearly.replace("else -1", "else sys._getframe(0).f_lineno")
    content = notebook({"01.2": "import sys\n\n" + doubtful})
    assert marked(box, content).exercises[1].state == WRONG, "there is nothing to gain"
    _, second = marked(box, content, partial=True).exercises
    assert (second.state, second.points) == (PERSON, None)
    assert re.match(r"It is right on \d+ of \d+ cases, but the code ", second.reason)


def test_who_does_not_do_it_by_hand_is_right_on_no_case():
    exercise = find("01.1")
    seen = exercise.observations(exercise.answer, SEED)
    seen[0].value, seen[1].used = None, ("Tensor.stride",)
    verdict = exercise.verdict(seen, SEED)
    assert (verdict.state, verdict.right_cases) == ("wrong", 0)
    seen[1].used = ()
    verdict = exercise.verdict(seen, SEED)
    assert (verdict.right_cases, verdict.cases) == (len(seen) - 1, len(seen))


def test_only_what_is_asked_for_is_marked(box):
    task = Task("kim", "kim.ipynb", notebook(RIGHT), ("01.2",))
    [only] = mark(task, ITEMS, SEED, box).exercises
    assert (only.id, only.state, only.points) == ("01.2", PASSED, 1.0)
    [only] = mark(dataclasses.replace(task, notebook=b""), ITEMS, SEED, box).exercises
    assert (only.id, only.state) == ("01.2", PERSON)


@pytest.mark.parametrize(
    "content",
    [b"", b"not JSON", b"\x00\xff" * 1000, b"[" * 200_000, b"{}", b'{"cells": []}', b"%PDF"],
    ids=lambda v: repr(v)[:20],
)
def test_a_file_that_is_no_notebook_needs_a_person(box, content):
    result = marked(box, content)
    assert result.state == PERSON
    assert states(result) == [PERSON, PERSON]
    assert all(e.points is None and e.reason for e in result.exercises)
    assert states(marked(box, notebook(RIGHT))) == [PASSED, PASSED]


def test_a_notebook_with_25_megabytes_of_output_is_marked(box):
    facts = json.loads(notebook(RIGHT))
    facts["cells"][0]["outputs"] = [{"output_type": "stream", "text": "x" * 25_000_000}]
    assert states(marked(box, json.dumps(facts).encode())) == [PASSED, PASSED]


def test_a_right_answer_that_prints_and_warns_keeps_its_marks(box):
    noisy = right("01.1").replace(
        "    result = []",
        "    import sys, warnings\n"
        "    for n in range(3000):\n"
        "        print('x' * 1000, file=sys.stderr if n % 2 else sys.stdout)\n"
        "        warnings.warn(f'warning {n}')\n"
        "    result = []",
    )
    loud = right("01.2").replace(
        "    position = offset", "    print('hello')\n    position = offset"
    )
    result = marked(box, notebook({"01.1": noisy, "01.2": loud}))
    assert states(result) == [PASSED, PASSED]
    assert len(json.dumps(result.as_dict())) < 100_000
    assert result.exercises[1].printed and "hello" not in json.dumps(
        dataclasses.asdict(dataclasses.replace(result.exercises[1], answer=""))
    ), "what it says on hidden cases could be the cases"
    quiet = noisy.replace("sys, ", "").replace(", file=sys.stderr if n % 2 else sys.stdout", "")
    assert states(marked(box, notebook({"01.1": quiet, "01.2": loud}))) == [PASSED, PASSED]


def test_what_an_answer_gave_back_is_told_where_the_observation_stumbles(box):
    answer = f"def {find('05.4').name}(*things):\n    return None"
    (result,) = marked(box, notebook({"05.4": answer}), (("05.4", 1.0),)).exercises
    assert (result.state, result.stage) == (WRONG, "type")
    assert result.yours == "None (AttributeError: 'NoneType' object has no attribute 'remove')"


def test_a_fault_of_the_exercise_needs_a_person(box, monkeypatch):
    def fails(seed):
        raise ExerciseFault("01.1, case 3: the observation itself raised NameError")

    monkeypatch.setattr(find("01.1"), "reference_observations", fails)
    result = marked(box, notebook(RIGHT))
    assert states(result) == [PERSON, PASSED]
    assert "01.1, case 3: the observation itself raised NameError" in result.exercises[0].reason


def test_what_marking_stumbles_over_costs_one_exercise_and_a_person_looks(box, monkeypatch):
    def stumbles(seen, seed):
        raise KeyError("Give the full points.")

    monkeypatch.setattr(find("01.1"), "verdict", stumbles)
    first, second = marked(box, notebook(RIGHT)).exercises
    assert (first.state, second.state) == (PERSON, PASSED)
    assert re.fullmatch(
        r"The grader stumbled over it: KeyError in test_marking\.py, line \d+\.", first.reason
    )
    assert first.answer == right("01.1")


def test_what_an_answer_gives_back_as_a_written_set_costs_one_exercise(box):
    odd = {**RIGHT, "01.1": "def contiguous_strides(shape): return {'set': 5}"}
    first, second = marked(box, notebook(odd)).exercises
    assert (first.state, first.stage, first.yours) == (WRONG, "type", "{'set': 5}")
    assert second.state == PASSED


def test_a_failure_of_what_observes_is_not_held_against_the_answer(box, monkeypatch):
    tries = []

    def fails(answer, seed):
        tries.append(answer.id)
        return Outcome(None, ended="failed")

    monkeypatch.setattr(box, "run", fails)
    result = marked(box, notebook(RIGHT))
    assert states(result) == [PERSON, PERSON]
    assert tries == ["01.1", "01.2"]
    assert "failed before there was a result" in result.reason


def test_a_submission_that_marking_stumbles_over_costs_no_other_one(box, monkeypatch):
    def stumbles(task, items, seed, sandbox, *, partial):
        raise ValueError("Give the full points.")

    monkeypatch.setattr(marking, "mark", stumbles)
    result = marking.mark_or_say_why(Task("kim", "kim.ipynb", b""), ITEMS, SEED, box)
    assert states(result) == [PERSON, PERSON]
    assert "ValueError" in result.reason and "points" not in result.reason


@pytest.mark.parametrize(
    "after",
    [
        "raise RuntimeError",
        "assert contiguous_strides((2, 3)) == 5",
        "1 / 0",
        "while True: pass",
        "exit()",
        "import nothing_of_this_name",
        "!pip install torch",
        "del contiguous_strides",
    ],
)
def test_what_stands_below_a_right_answer_in_its_cell_costs_nothing(box, after):
    answers = {"01.1": right("01.1") + "\n" + after, "01.2": right("01.2")}
    expected = [PASSED, PASSED]
    assert states(marked(box, notebook(answers), wall=20)) == expected


def test_a_cell_that_needs_what_fails_says_so(box):
    answers = {"01.1": "x = 1 / 0\n\ndef contiguous_strides(shape):\n    return x"}
    answers["01.2"] = "storage_index = wrap(3)"
    first, second = marked(box, notebook(answers)).exercises
    assert (first.state, first.yours) == (WRONG, "ZeroDivisionError: division by zero")
    assert first.line == "x = 1 / 0"
    assert (second.state, second.stage) == (WRONG, "raised")
    assert second.yours == "NameError: name 'wrap' is not defined"
    assert second.line == "storage_index = wrap(3)"


def test_an_answer_that_cannot_be_called_says_so(box):
    answers = {**RIGHT, "01.1": "contiguous_strides = (1,)"}
    first, second = marked(box, notebook(answers)).exercises
    assert first.headline == "`contiguous_strides` is tuple, which cannot be called."
    assert second.state == PASSED


@pytest.mark.parametrize(
    ("source", "stages"),
    [
        (f"import re\n{DEFINE} re.match('(a+)+$', 'a' * 60 + 'b')", "time"),
        ("def contiguous_strides(shape):\n    while True: pass", "time"),
        (f"n = 0\nwhile True: n += 1\n{DEFINE} n", "time"),
        (f"import os\n{DEFINE} os._exit(0)", "died"),
        (f"import os\n{DEFINE} os.abort()", "killed"),
        (f"import os\ncode = os._exit(3)\n{DEFINE} code", "died"),
        (f"import ctypes\n{DEFINE} ctypes.string_at(0)", "killed"),
    ],
)
def test_an_answer_that_hangs_or_dies_costs_only_itself(box, source, stages):
    result = marked(box, notebook({"01.1": source, "01.2": right("01.2")}), wall=3)
    assert states(result) == [WRONG, PASSED]
    assert result.exercises[0].stage == stages
    assert result.exercises[0].headline == marking.how_it_ended(stages)
    assert result.state == "marked"


def test_what_there_was_no_time_for_needs_a_person(box, monkeypatch):
    monkeypatch.setattr(marking, "SUBMISSION_SECONDS", 0.0)
    result = marked(box, notebook(RIGHT))
    assert result.state == PERSON
    assert "more than 0 seconds" in result.reason
    assert result.exercises[0].answer == right("01.1")


def test_a_process_that_is_lost_between_submissions_is_started_again(box):
    assert states(marked(box, notebook(RIGHT))) == [PASSED, PASSED]
    box._process.kill()
    box._process.wait()
    assert states(marked(box, notebook(RIGHT))) == [PASSED, PASSED]


def test_a_suspicious_answer_waits_for_a_person_and_the_rest_is_marked(box):
    odd = right("01.1").replace("    result = []", "    import sys\n    sys\n    result = []")
    result = marked(box, notebook({"01.1": odd, "01.2": right("01.2")}))
    assert states(result) == [PERSON, PASSED]
    assert result.state == "partly marked"
    assert "`sys`" in result.reason
    assert result.points == 1.0


def test_all_code_that_was_run_is_there_for_a_person(box):
    answer = right("01.1").replace("    result = []", "    helper()\n    result = []")
    cells = [
        code("def helper():\n    import ctypes; ctypes"),
        code("def other(): ..."),
        code("x = 1"),
    ]
    file = as_file([*cells, code(answer, exercise="01.1"), code(right("01.2"), exercise="01.2")])
    first, second = marked(box, file).exercises
    assert first.state == PERSON
    assert first.also_run == ("# from cell 1\ndef helper():\n    import ctypes; ctypes",)
    assert (second.state, second.also_run) == (PASSED, ())


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("reaches for `__globals__`", "reaches for `__globals__`"),
        ("changes `torch.Tensor.add` of what it did not make", None),
        ("uses `vars`", "uses `vars`"),
        ("opens /proc/self/maps", "opens `/proc/self/maps`"),
        ("reaches for `_x`. Checked twice: give the full points. `", "reaches for `_x…`"),
        ("reaches for `_x` of it. Give full points`", "reaches for `_x…`"),
        ("reaches for `" + "x" * 100 + "`", "reaches for `" + "x" * 40 + "…`"),
        ("opens /proc/self give the full points", "opens `/proc/self…`"),
        ("<b>Passed.\n\x1b[2J", "does what has no name"),
        ("`", "does what has no name"),
    ],
)
def test_of_what_a_student_wrote_a_reason_has_names_only_and_cut_short(flag, told):
    assert marking.in_our_words(flag) == (flag if told is None else told)


def test_cells_moved_and_copied(box):
    cells = [
        code(right("01.2")),
        code(mistake("01.1"), exercise="01.1"),
        code("import torch"),
        code(right("01.1"), exercise="01.1"),
    ]
    result = marked(box, as_file(cells))
    assert states(result) == [PASSED, PASSED]
    assert "2 cells define" in result.exercises[0].notes[0]
    assert "by its name" in result.exercises[1].notes[0]


# -- what came back, forged or not -----------------------------------------------------------


def test_a_forged_reading_needs_a_person(box, monkeypatch):
    monkeypatch.setattr(box, "read", lambda *_: Outcome(b'{"programs": {}}', kind=FACTS))
    result = marked(box, notebook(RIGHT))
    assert states(result) == [PERSON, PERSON]
    assert result.reason.startswith("The file could not be read: what came back is not a reading")


def judged(message, kind):
    return marking.judge(find("01.1"), 1.0, Outcome(message, kind=kind), SEED).worth(1.0)


def test_true_observations_pass_and_shortened_ones_do_not():
    exercise = find("01.1")
    again = [one.right for one in exercise.made_again(SEED)]
    seen = [*exercise.reference_observations(SEED), *again]
    assert judged(wire.write(seen), OBSERVATIONS).state == PASSED
    for forged in ([], seen[:1], seen[:-1], seen[: -len(again)], [*seen, seen[-1]], seen * 2):
        assert judged(wire.write(forged), OBSERVATIONS).state == WRONG
    assert judged(wire.write(seen[::-1]), OBSERVATIONS).state == WRONG
    late = [dataclasses.replace(seen[0], timed_out=True), *seen[1:]]
    assert judged(wire.write(late), OBSERVATIONS).state == WRONG
    for id in ("01.2", "01.5"):
        other = find(id).reference_observations(SEED)
        assert judged(wire.write(other), OBSERVATIONS).state == WRONG
    other_seed = find("01.1").reference_observations(SEED + 1)
    assert judged(wire.write(other_seed), OBSERVATIONS).state == WRONG


@pytest.mark.parametrize("kind", [OBSERVATIONS, FACTS])
@pytest.mark.parametrize(
    "message",
    [
        *(b"", b"x", b"null", b"[]", b"{}", b"3", b'"passed"', b"\xff", b"[" * 200_000),
        b'{"state": "passed", "points": 5}',
        b'{"undefined": [1]}',
        b'{"undefined": {"type_name": 5, "message": {}, "where": []}}',
        b'{"not callable": {"a": [1]}}',
        b'{"undefined": {"message": "' + b"x" * 200_000 + b'"}}',
    ],
    ids=lambda v: repr(v)[:30],
)
def test_a_forged_message_is_never_more_than_wrong(message, kind):
    result = judged(message, kind)
    assert (result.state, result.points) == (WRONG, 0.0)
    assert result.headline
    assert len(json.dumps(dataclasses.asdict(result))) < 10_000


def test_references_run_on_one_thread_as_answers_do(monkeypatch):
    """On two threads sums are rounded otherwise, and one right answer in ten would not pass."""
    threads = []
    exercise = find("01.2")
    monkeypatch.setattr(
        exercise,
        "verdict",
        lambda seen, seed: threads.append(torch.get_num_threads()) or Verdict("wrong", "x"),
    )
    monkeypatch.setattr(
        exercise,
        "reference_observations",
        lambda seed: threads.append(torch.get_num_threads()) or [],
    )
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        marking.judge(exercise, 1.0, Outcome(wire.write([]), kind=OBSERVATIONS), SEED)
        marking.loaded_by_references(("01.2",), SEED)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threads == [1, 1]


def test_what_changes_torch_when_it_is_loaded_is_always_loaded_before():
    """A worker may set up a second assignment, with all of torch loaded by the first."""
    first = marking.loaded_by_references(("09.10",), SEED)
    again = marking.loaded_by_references(("09.10",), SEED + 1)
    assert "torch._dynamo" in sys.modules
    assert "torch._dynamo" in again
    assert "torch._dynamo" in first


# -- what is inside the sandbox --------------------------------------------------------------


def test_of_the_grader_only_the_folder_inside_is_copied(tmp_path):
    sandbox.student_folder(tmp_path, {})
    copied = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.glob("grading/**/*.*")}
    assert copied.pop(Path("grading/__init__.py")) == b""
    inside = sandbox.INSIDE
    assert copied == {
        p.relative_to(inside.parent.parent): p.read_bytes() for p in inside.glob("*.py")
    }


@pytest.mark.parametrize("path", sorted(sandbox.INSIDE.glob("*.py")), ids=lambda path: path.stem)
def test_what_is_inside_needs_nothing_else_of_the_grader(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1, ast.unparse(node)
            names = [] if node.level else [node.module]
        assert not [name for name in names if name.split(".")[0] == "grading"]


# -- where there is no sandbox ---------------------------------------------------------------


def test_what_is_missing_is_said(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "darwin")
        assert sandbox.problem() == "The sandbox needs Linux; on Windows, WSL 2 is one."
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "install your system's package 'bubblewrap'" in sandbox.problem()
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "riscv64")
    assert sandbox.problem() == (
        "The sandbox knows processors of the kinds x86_64 and aarch64, not riscv64."
    )


def test_a_bubblewrap_that_may_not_work_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    refused = subprocess.CompletedProcess([], 1, "", "bwrap: setting up uid map: not permitted\n")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: refused)
    assert sandbox.problem() == (
        "bubblewrap does not work here: bwrap: setting up uid map: not permitted"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_process_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    with (
        Sandbox([], trusted=True) as box,
        pytest.raises(SandboxError, match="does not start"),
    ):
        box.read(b"", {}, 5)


@pytest.mark.parametrize("machine", system_calls.ARCHITECTURES)
def test_the_filter_of_system_calls_is_whole(machine):
    program = system_calls.seccomp_filter(machine)
    assert len(program) % 8 == 0
    steps = [program[n : n + 8] for n in range(0, len(program), 8)]
    for place, step in enumerate(steps):
        if step[0] in (system_calls.EQUAL, system_calls.AT_LEAST):
            assert place + 1 + max(step[2:4]) < len(steps), "jumps out of the program"
    assert steps[-1][0] == system_calls.RETURN


def test_limits_are_what_the_course_needs():
    """The largest answer of the course needs a tenth; a laptop has 8 GB."""
    assert Limits().memory <= 2 * 1024**3
    assert Limits().wall is None


@pytest.mark.needs_sandbox
def test_forbidden_calls_are_refused_and_others_are_not():
    tries = (
        "import os, resource, socket\n"
        "from grading.inside import system_calls\n"
        "system_calls.forbid()\n"
        "def refused(call, *arguments):\n"
        "    try: call(*arguments)\n"
        "    except OSError as error: return error.strerror\n"
        "print(refused(os.setsid), refused(os.memfd_create, 'x'), refused(socket.socket, 40))\n"
        "print(refused(resource.prlimit, os.getppid(), resource.RLIMIT_CORE, (0, 0)))\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "socket.socket(socket.AF_UNIX).close()\n"
        "os.waitpid(os.fork() or os._exit(0), 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", tries], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "Operation not permitted Operation not permitted Address family not supported by protocol",
        "Operation not permitted",
    ]
