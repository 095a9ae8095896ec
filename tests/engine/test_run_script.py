"""A script on ranks by torchrun: what it prints, how it fails, that nothing is left behind."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from course_utils.ranks import RanksFailed, run_script

START = """\
import os
import torch
import torch.distributed as dist
dist.init_process_group("gloo")
rank = dist.get_rank()
"""


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_what_ranks_print_comes_in_their_order_and_nothing_else(script, capfd):
    path = script(START + "x = torch.tensor(rank + 1)\ndist.all_reduce(x)\nprint(rank, x.item())")
    run_script(path)
    assert capfd.readouterr() == ("rank 0 | 0 3\nrank 1 | 1 3\n", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'if rank == 1: raise ValueError("no data")\ndist.barrier()',
            "Rank 1 raised ValueError: no data, in the line "
            '`if rank == 1: raise ValueError("no data")`. All other ranks were ended.',
        ),
        (
            "if rank == 0: dist.barrier()",
            "Rank 0 waits in the line `if rank == 0: dist.barrier()` for a rank that has come to "
            "its end: every rank has to call a collective, or none. It was ended.",
        ),
    ],
    ids=["raises", "waits"],
)
def test_a_script_that_fails_says_so_in_one_sentence(script, text, sentence):
    with pytest.raises(RanksFailed) as failed:
        run_script(script(START + text))
    assert str(failed.value) == sentence


ABORTS = "print('terminate called without an active exception', file=sys.stderr, flush=True); "


@pytest.mark.parametrize(
    ("aborts", "times", "done"),
    [("", 1, True), ("", 2, False), (ABORTS, 2, True)],
    ids=["once", "again", "in torch, twice"],
)
def test_a_process_that_breaks_down_without_an_error_gets_another_try(
    script, aborts, times, done, capfd
):
    breaks = "if os.environ['RANK'] == '0':\n    open('tries', 'a').write('.')\n"
    breaks += f"    if len(open('tries').read()) <= {times}: {aborts}os._exit(1)\n"
    path = script(f"import os, sys\n{breaks}print('done')")
    if done:
        run_script(path)
        assert capfd.readouterr().out == "rank 0 | done\nrank 1 | done\n"
    else:
        with pytest.raises(RanksFailed, match="The script did not run: torchrun ended with 1"):
            run_script(path)


def test_a_script_that_takes_too_long_is_ended(script):
    before = set(psutil.Process().children())  # of other tests
    with pytest.raises(RanksFailed, match="No rank came to its end"):
        run_script(script("import time\ntime.sleep(1000)"), seconds=2)
    assert set(psutil.Process().children()) <= before


@pytest.mark.skipif(os.name == "nt", reason="An interrupt is sent in another way there.")
def test_the_stop_button_ends_all_processes(script, tmp_path):
    path = script(
        "import os, pathlib, time\npathlib.Path(f'{os.getpid()}.pid').touch()\ntime.sleep(1000)"
    )
    code = "import faulthandler, signal; faulthandler.register(signal.SIGUSR1); "
    code += f"from course_utils.ranks import run_script; run_script({str(path)!r})"
    stacks = tmp_path / "stacks.txt"  # where it waits, if it does not end
    with stacks.open("w") as errors:
        notebook = subprocess.Popen(
            [sys.executable, "-c", code],
            stderr=errors,
            # A shell in the background may have switched Ctrl-C off for everything it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    pids = [int(one.stem) for one in tmp_path.glob("*.pid")]
    notebook.send_signal(signal.SIGINT)
    try:
        assert notebook.wait(60) != 0
    except subprocess.TimeoutExpired:
        notebook.send_signal(signal.SIGUSR1)
        time.sleep(1)
        pytest.fail(f"It goes on:\n{stacks.read_text()}")
    finally:
        if notebook.poll() is None:  # other tests are without it and what it started
            for one in [*psutil.Process(notebook.pid).children(recursive=True), notebook]:
                one.kill()
            notebook.wait()
    assert len(pids) == 2
    assert not any(map(runs, pids))


def runs(pid):
    """False also for a process that has ended, and that nobody has asked how."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
