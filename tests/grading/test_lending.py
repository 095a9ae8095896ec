"""A sandbox that the command has begun, in the hands of a worker."""

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from grading.assignment import Assignment, Item
from grading.mark.executors import local_processes
from grading.mark.lending import CAN_LEND
from grading.mark.shards import Shard, Task, mark_shard
from grading.mark.temporary_folders import PREFIX
from grading.report.declared import declared, declared_for
from grading.result import ExerciseState
from tests import ROOT
from tests.grading.submissions import notebook, right

pytestmark = [
    pytest.mark.needs_sandbox,
    pytest.mark.skipif(not CAN_LEND, reason="only Linux tells the end of another one's process"),
]
WEEK = Assignment("week1", "Week 1", (Item("01.1", 1.0),))


def shard() -> Shard:
    items = tuple((item.id, item.points) for item in WEEK.items)
    task = Task("kim", "kim.ipynb", notebook({"01.1": right("01.1")}))
    return Shard(items, tuple(WEEK.topics()), (), 5, False, (task,))


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def boxes(process: psutil.Process) -> set[psutil.Process]:
    """The sandboxes that a process has begun."""
    return {child for child in process.children() if child.name() == "bwrap"}


def test_a_worker_uses_the_sandbox_that_was_begun_for_it_and_the_command_tidies_up(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    us = psutil.Process()
    before = boxes(us)
    with local_processes(1) as pool:
        [first] = pool.submit(mark_shard, shard()).result()
        assert first.exercises[0].state == ExerciseState.PASSED
        [ours] = boxes(us) - before
        [worker] = pool._pool._processes
        assert not psutil.Process(worker).children(), "it began none of its own"
        assert len(folders()) == 1

        inside = ours.children(recursive=True)
        ours.kill()
        psutil.wait_procs([ours, *inside], timeout=10)
        [again] = pool.submit(mark_shard, shard()).result()
        assert again.exercises[0].state == ExerciseState.PASSED
        assert len(boxes(psutil.Process(worker))) == 1, "the lost one was replaced"
    assert boxes(us) == before
    assert folders() == set()


def test_a_sandbox_ends_with_the_worker_that_it_was_lent_to(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = boxes(psutil.Process())
    with local_processes(1) as pool:
        pool.submit(mark_shard, shard()).result()
        [box] = boxes(psutil.Process()) - before
        inside = box.children(recursive=True)
        [worker] = pool._pool._processes
        psutil.Process(worker).kill()
        gone, left = psutil.wait_procs(inside, timeout=10)
        assert inside and not left
    assert folders() == set()


def test_a_worker_tells_of_exercises_without_a_sandbox():
    """The command asks for what its reports say of them, and loads no torch itself."""
    before = boxes(psutil.Process())
    with local_processes(1) as pool:
        [told] = pool.submit(declared_for, shard()).result()
        assert boxes(psutil.Process()) == before
    assert told == declared("01.1")
    assert told.title and told.asked and told.sentences
    loaded = "import sys, grading.mark.command, grading.report.reports"
    program = f"{loaded}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_the_sandboxes_of_all_workers_begin_before_the_first_one_has_work():
    """Giving out a shard waits until the pool's server is there, which takes seconds."""
    before = boxes(psutil.Process())
    with local_processes(2) as pool:
        pool.expect([shard(), shard(), shard()])
        assert len(boxes(psutil.Process()) - before) == 2
        marked = [pool.submit(mark_shard, shard()) for _ in range(3)]
        assert {one.result()[0].exercises[0].state for one in marked} == {ExerciseState.PASSED}
        assert len(boxes(psutil.Process()) - before) == 2, "no more than workers"
    assert boxes(psutil.Process()) == before
