"""Marking a class: nothing is lost when workers are, and nothing is done twice.

What the executors are given to do is replaced here by something quick; test_grade_command.py and
test_cluster.py mark for real.
"""

import contextlib
import os
import stat
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from grading.assignment import Assignment, Item
from grading.errors import RunError, SandboxError
from grading.mark import ledger
from grading.mark.collection import Submission
from grading.mark.ledger import Choice, Ledger
from grading.mark.running import mark_submissions, read_submission, read_submissions
from grading.mark.shards import Shard, Task, conclude
from grading.result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState

WEEK = Assignment("week1", "Week 1", (Item("01.1", 1.0), Item("01.2", 2.0)))


def marked(task: Task) -> SubmissionResult:
    """A result as marking gives it."""
    items = task.of(tuple((item.id, item.points) for item in WEEK.items))
    exercises = [
        ExerciseResult(id, points, ExerciseState.PASSED, points, "Right.") for id, points in items
    ]
    return conclude(task.student, task.file, exercises, [], "bubblewrap", 0.1)


class Workers(Executor):
    """An executor that runs at once. `act` says what happens to a shard: its results or an error.

    After a BrokenProcessPool it takes no more work, as the real one.
    """

    def __init__(self, act):
        self.act = act
        self.broken = False

    def submit(self, function, shard):
        if self.broken:
            raise BrokenProcessPool("broken")
        future = Future()
        try:
            future.set_result(self.act(shard))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.broken = isinstance(error, BrokenProcessPool)
            future.set_exception(error)
        return future


class Class:
    """Submissions in a folder, marked by Workers; `seen` holds what was given to them."""

    def __init__(self, folder: Path, students: int) -> None:
        self.folder = folder / "handed in"
        self.folder.mkdir()
        self.output = folder / "marks"
        self.seen: list[str] = []
        self.seeds: dict[str, int] = {}
        self.tasks: list[Task] = []
        self.shards: list[Shard] = []
        self.executors = 0
        for number in range(students):
            self.hand_in(f"student-{number:02}", f"notebook {number}")

    def hand_in(self, student: str, content: str) -> None:
        (self.folder / f"{student}.ipynb").write_text(content)

    def mark(self, act=None, *, again=False, width=2, choice=None, new_cases=False, now=None):
        def note(shard):
            self.shards.append(shard)
            self.tasks += shard.tasks
            self.seen += [task.student for task in shard.tasks]
            self.seeds |= dict.fromkeys((task.student for task in shard.tasks), shard.seed)
            return act(shard) if act else [marked(task) for task in shard.tasks]

        @contextlib.contextmanager
        def executors():
            self.executors += 1
            yield Workers(note)

        submissions = [
            Submission(path.stem, path, path.name) for path in sorted(self.folder.iterdir())
        ]
        ledger = Ledger(self.output, WEEK, trusted=False, again=again, now=now)
        if choice:
            ledger.mark_again(choice, read_submissions(submissions), new_cases=new_cases)
        return mark_submissions(
            WEEK,
            submissions,
            ledger,
            trusted=False,
            executors=executors,
            width=width,
        )


@pytest.fixture
def group(tmp_path):
    return Class(tmp_path, students=20)


def test_every_submission_is_marked_once_and_in_order(group):
    results = group.mark()
    assert [result.student for result in results] == sorted(group.seen)
    assert len(group.seen) == 20
    assert all(result.points == 3.0 for result in results)


def test_the_second_run_marks_only_what_changed(group):
    group.mark()
    group.seen.clear()
    group.hand_in("student-07", "handed in again")
    group.hand_in("student-99", "new")
    results = group.mark()
    assert sorted(group.seen) == ["student-07", "student-99"]
    assert len(results) == 21


def test_late_and_changed_work_is_judged_on_cases_of_its_own(group, monkeypatch):
    group.mark()
    [first] = set(group.seeds.values())
    group.hand_in("student-07", "handed in again")
    group.hand_in("late-1", "new")
    group.mark()
    group.hand_in("late-2", "new")
    group.mark()
    seeds = [group.seeds[student] for student in ("student-07", "late-1", "late-2", "student-01")]
    assert seeds[0] == seeds[1]
    assert len({*seeds, first}) == 3
    assert seeds[3] == first
    assert all(0 < seed < 2**62 for seed in seeds)
    # Marked again for another reason, each keeps its cases; with --again all get the same new ones.
    before = dict(group.seeds)
    monkeypatch.setitem(globals(), "WEEK", Assignment("week1", "Week 1", (Item("01.1", 5.0),)))
    group.mark()
    assert group.seeds == before
    group.mark(again=True)
    [again] = set(group.seeds.values())
    assert again not in before.values()


def test_what_a_stopped_run_had_seen_is_not_late(group):
    def stops(shard):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        group.mark(stops)
    group.hand_in("late", "new")
    group.mark()
    late = group.seeds.pop("late")
    [others] = set(group.seeds.values())
    assert late != others


def test_other_points_count_at_once_and_nothing_is_marked_again(group, monkeypatch):
    group.mark()
    group.seen.clear()
    items = (Item("01.1", 5.0), Item("01.2", 0.5))
    monkeypatch.setitem(globals(), "WEEK", Assignment("week1", "Week 1", items))
    results = group.mark()
    assert group.seen == []
    assert all(result.points == 5.5 for result in results)
    assert [exercise.of for exercise in results[0].exercises] == [5.0, 0.5]


# -- marking again ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "again"),
    [
        (Choice(frozenset({"student-07"})), {"student-07": ("01.1", "01.2")}),
        (Choice(ids=frozenset({"01.2"})), {f"student-{n:02}": ("01.2",) for n in range(20)}),
        (Choice(frozenset({"student-07"}), frozenset({"01.1"})), {"student-07": ("01.1",)}),
    ],
    ids=["a student", "an exercise", "both"],
)
def test_one_student_or_exercise_is_marked_again_on_the_same_cases_or_new_ones(
    group, choice, again
):
    group.mark()
    [first] = set(group.seeds.values())
    for new_cases in (False, True):
        group.tasks.clear()
        results = group.mark(choice=choice, new_cases=new_cases)
        assert {task.student: task.ids for task in group.tasks} == again
        assert all(result.points == 3.0 for result in results)
        assert ({group.seeds[student] for student in again} == {first}) == (not new_cases)
    group.tasks.clear()
    group.mark()
    assert group.tasks == [], "it is known now"


def test_what_was_to_be_marked_again_and_was_stopped_is_marked_in_the_next_run(group):
    def stops(shard):
        raise KeyboardInterrupt

    group.mark()
    with pytest.raises(KeyboardInterrupt):
        group.mark(stops, choice=Choice(frozenset({"student-07"})))
    group.tasks.clear()
    group.mark()
    assert [task.student for task in group.tasks] == ["student-07"]


def test_exercises_with_cases_of_their_own_make_one_result(group):
    group.mark(choice=Choice(ids=frozenset({"01.2"})), new_cases=True)
    assert sorted({task.ids for task in group.tasks}) == [("01.1",), ("01.2",)]
    assert len({shard.seed for shard in group.shards}) == 2
    assert all(result.points == 3.0 for result in group.mark())


def test_a_stopped_run_goes_on_where_it_was(group):
    def stop_after_four(shard):
        if len(group.shards) > 4:
            raise KeyboardInterrupt
        return [marked(task) for task in shard.tasks]

    with pytest.raises(KeyboardInterrupt):
        group.mark(stop_after_four, width=1)
    done = [task.student for shard in group.shards[:4] for task in shard.tasks]
    group.seen.clear()
    assert len(group.mark()) == 20
    assert len(group.seen) == 20 - len(done)
    assert not set(done) & set(group.seen)


def test_shards_get_smaller_towards_the_end(group):
    group.mark(width=1)
    sizes = [len(shard.tasks) for shard in group.shards]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 5
    assert sizes[-1] == 1


def test_a_lost_worker_loses_nothing(group):
    losses = []

    def lose_two(shard):
        if len(losses) < 2:
            losses.append(shard)
            raise BrokenProcessPool("a worker was killed")
        return [marked(task) for task in shard.tasks]

    results = group.mark(lose_two)
    assert [result.state for result in results] == [SubmissionState.MARKED] * 20
    assert group.executors == 3


def test_a_submission_that_always_takes_its_worker_along_costs_only_itself(group):
    def dies(shard):
        if any(task.student == "student-03" for task in shard.tasks):
            raise BrokenProcessPool("a worker was killed")
        return [marked(task) for task in shard.tasks]

    results = {result.student: result for result in group.mark(dies, width=1)}
    lost = results.pop("student-03")
    assert lost.state == SubmissionState.PERSON
    assert "failed 3 times" in lost.reason
    assert all(result.state == SubmissionState.MARKED for result in results.values())


def test_a_bug_in_marking_one_submission_costs_only_that(group):
    def fails(shard):
        if any(task.student == "student-03" for task in shard.tasks):
            raise ZeroDivisionError("division by zero")
        return [marked(task) for task in shard.tasks]

    results = {result.student: result for result in group.mark(fails, width=1)}
    assert results["student-03"].reason == "Marking it failed: ZeroDivisionError."
    assert group.seen.count("student-03") == 2, "once with others, once alone"
    assert group.executors == 1
    assert sum(result.state == SubmissionState.MARKED for result in results.values()) == 19


def test_no_sandbox_on_any_worker_ends_the_run(group):
    def refuses(shard):
        raise SandboxError("The process for students' code does not start.")

    with pytest.raises(SandboxError, match="does not start"):
        group.mark(refuses)


def test_lost_submissions_are_not_paid_for_again_until_they_change(group):
    def dies(shard):
        raise BrokenProcessPool("a worker was killed")

    assert all(result.state == SubmissionState.PERSON for result in group.mark(dies))
    group.seen.clear()
    group.hand_in("student-07", "handed in again")
    waiting = [r.student for r in group.mark() if r.state == SubmissionState.PERSON]
    assert group.seen == ["student-07"]
    assert len(waiting) == 19 and "student-07" not in waiting
    assert all(r.state == SubmissionState.MARKED for r in group.mark(again=True))


class KilledWorker(Exception):
    """As Dask's of this name, which need not be installed."""

    __module__ = "distributed.scheduler"


@pytest.mark.parametrize("error", [KilledWorker(), ConnectionResetError(), CancelledError()])
def test_a_worker_that_a_cluster_lost_is_a_lost_worker(tmp_path, error):
    group = Class(tmp_path, students=1)

    def dies(shard):
        raise error

    [lost] = group.mark(dies)
    assert group.seen == ["student-00"] * 3
    assert "its worker was lost" in lost.reason


# -- the ledger ------------------------------------------------------------------------------


def test_the_seed_stays_and_is_hidden_and_new_when_asked_for(tmp_path):
    first = Ledger(tmp_path, WEEK, trusted=False, again=False)
    assert Ledger(tmp_path, WEEK, trusted=False, again=False).seed == first.seed
    assert Ledger(tmp_path, WEEK, trusted=False, again=True).seed != first.seed
    assert 0 <= first.seed < 2**62
    if os.name == "posix":
        secret = tmp_path / ledger.STATE / "secret.json"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_two_classes_have_different_seeds(tmp_path):
    ledgers = [Ledger(tmp_path / n, WEEK, trusted=False, again=False) for n in ("a", "b")]
    assert ledgers[0].seed != ledgers[1].seed


def test_one_folder_holds_the_marks_of_one_assignment(tmp_path):
    Ledger(tmp_path, WEEK, trusted=False, again=False)
    other = Assignment("week2", "Week 2", WEEK.items)
    with pytest.raises(RunError, match="holds the marks of 'week1'"):
        Ledger(tmp_path, other, trusted=False, again=False)


def test_marks_made_without_a_sandbox_do_not_count_as_made_with_one(tmp_path):
    trusted = Ledger(tmp_path, WEEK, trusted=True, again=False)
    task = Task("kim", "kim.ipynb", b"{}")
    exercises = [ExerciseResult("01.1", 1.0, ExerciseState.PASSED, 1.0, "Right.")]
    trusted.keep(conclude("kim", "kim.ipynb", exercises, [], "none", 0.1), task.notebook)
    assert trusted.find("kim", b"{}") is not None
    assert trusted.find("lee", b"{}") is None
    assert Ledger(tmp_path, WEEK, trusted=False, again=False).find("kim", b"{}") is None


def test_any_file_that_decides_marks_and_no_other_has_them_made_again(tmp_path, monkeypatch):
    names = [
        "course_utils/exercise.py",
        "course_utils/lessons/tensors/one.py",
        "grading/in/wire.py",
    ]
    names += ["course_utils/lessons/__init__.py"]
    others = ["course_utils/lessons/tensors/lesson.py", "course_utils/figures/a/b.py"]
    others += ["course_utils/lessons/hooks/one.py", "grading/x.j2"]
    files = [tmp_path / name for name in [*names, *others]]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    monkeypatch.setattr(ledger, "PACKAGES", (tmp_path / "course_utils", tmp_path / "grading"))
    exercises = [ExerciseResult("01.1", 1.0, ExerciseState.PASSED, 1.0, "Right.")]
    result = conclude("kim", "kim.ipynb", exercises, [], "", 0.1)

    def is_known():
        return bool(Ledger(tmp_path, WEEK, trusted=False, again=False).find("kim", b"{}"))

    for file in files:
        Ledger(tmp_path, WEEK, trusted=False, again=False).keep(result, b"{}")
        assert is_known()
        file.write_text("x = 2\n")
        assert is_known() == (file in files[len(names) :]), file
    Ledger(tmp_path, WEEK, trusted=False, again=False).keep(result, b"{}")
    files[1].rename(files[1].with_name("two.py"))
    assert not is_known()


def test_a_lesson_that_changed_has_its_own_exercises_marked_again(tmp_path, monkeypatch):
    week = Assignment("week1", "Week 1", (Item("01.1", 1.0), Item("04.1", 1.0)))
    exercises = [ExerciseResult(i.id, 1.0, ExerciseState.PASSED, 1.0, "Right.") for i in week.items]
    Ledger(tmp_path, week, trusted=False, again=False).keep(
        conclude("kim", "kim.ipynb", exercises, [], "", 0.1), b"{}"
    )
    files, changed = ledger.deciding_files(), tmp_path / "changed.py"
    changed.write_text("x = 2\n")
    files |= {"course_utils/lessons/tensors/contiguous_strides.py": changed}
    monkeypatch.setattr(ledger, "deciding_files", lambda: files)
    found = Ledger(tmp_path, week, trusted=False, again=False).find("kim", b"{}")
    assert [exercise.id for exercise in found.exercises] == ["04.1"]


def test_the_files_that_decide_marks_are_those_of_this_course():
    places = ledger.deciding_files()
    assert {"course_utils/exercise.py", "grading/inside/wire.py", "grading/result.py"} <= set(
        places
    )
    assert all(path.is_file() for path in places.values())


def test_a_result_that_was_cut_off_is_made_again(tmp_path):
    ledger = Ledger(tmp_path, WEEK, trusted=False, again=False)
    exercises = [ExerciseResult("01.1", 1.0, ExerciseState.PASSED, 1.0, "Right.")]
    ledger.keep(conclude("kim", "kim.ipynb", exercises, [], "", 0.1), b"{}")
    (file,) = [p for p in ledger.folder.iterdir() if p.name != "secret.json"]
    file.write_text(file.read_text()[:-20])
    assert ledger.find("kim", b"{}") is None


# -- reading files ---------------------------------------------------------------------------


def test_files_that_are_not_read(tmp_path):
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(100_000_000)
    assert read_submission(large) == (b"", "The file has 100 MB; at most 20 MB are read.")
    assert "No such file" in read_submission(tmp_path / "gone.ipynb")[1]
    small = tmp_path / "small.ipynb"
    small.write_bytes(b"{}")
    assert read_submission(small) == (b"{}", "")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
def test_links_and_pipes_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "link.ipynb").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("link.ipynb", "pipe.ipynb"):
        content, problem = read_submission(tmp_path / name)
        assert content == b""
        assert problem
