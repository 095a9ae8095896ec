"""Marking on a Dask cluster of worker processes on this machine, of which one is killed."""

import os
import signal
import threading
import time
import warnings

import pytest

from grading.__main__ import main
from grading.mark import executors
from tests.grading.submissions import hand_in, mistake, notebook, right
from tests.grading.test_grade_command import marks

pytestmark = pytest.mark.needs_sandbox
pytest.importorskip(
    "distributed", reason="Dask is in the packages for grading (tools/install.py --extra grading)"
)
IDS = ("01.1", "01.2")
STUDENTS = 16


@pytest.fixture
def cluster():
    """Two worker processes with one thread each; a worker that dies is started again."""
    from distributed import LocalCluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ports and of how processes end
        with LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as local:
            yield local


@pytest.mark.filterwarnings("ignore")
def test_a_class_is_marked_although_a_worker_is_killed(cluster, tmp_path):
    ids = [*IDS, "--name", "week1", "--output", str(tmp_path)]
    assert main(["assign", *ids]) == 0
    folder, output = tmp_path / "handed in", tmp_path / "marks"
    for number in range(STUDENTS):
        wrong = {IDS[number % 2]: mistake(IDS[number % 2])} if number % 3 == 0 else {}
        answers = {id: right(id) for id in IDS} | wrong
        hand_in(folder, f"student-{number:02}", notebook(answers))
    killed = []

    def kill_one() -> None:
        """As soon as there is a first result, kill a worker that is at work."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if len(list(output.glob(".grading/*.json"))) >= 2:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)
    killer.start()
    address = cluster.scheduler_address
    command = ["grade", str(tmp_path / "week1"), str(folder), "--output", str(output)]
    assert main([*command, "--cluster", address]) == 0
    killer.join()
    assert killed
    rows = marks(output)
    assert len(rows) == STUDENTS
    assert {row["state"] for row in rows.values()} == {"marked"}
    points = [rows[f"student-{number:02}"]["points"] for number in range(STUDENTS)]
    assert points == ["1" if number % 3 == 0 else "2" for number in range(STUDENTS)]


def test_no_scheduler_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(executors, "CLUSTER_SECONDS", 1)
    assert main(["assign", *IDS, "--name", "week1", "--output", str(tmp_path)]) == 0
    folder, output = tmp_path / "handed in", tmp_path / "marks"
    hand_in(folder, "kim", notebook({id: right(id) for id in IDS}))
    command = ["grade", str(tmp_path / "week1"), str(folder), "--output", str(output)]
    capsys.readouterr()
    assert main([*command, "--cluster", "tcp://127.0.0.1:9"]) == 2
    said = capsys.readouterr().err
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in said
