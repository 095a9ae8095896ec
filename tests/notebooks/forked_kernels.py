"""Kernels of a test run as forks of one process that has imported torch and the kernel's own code.

A kernel that begins from nothing imports them for three seconds, for each notebook again. Nothing
of the course is imported before the fork: what a notebook does not import is not there. A student's
hour in a browser and what runs nbval have kernels that begin from nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from jupyter_client import launcher

ENDING_SECONDS = 30  # on a busy machine it takes seconds


class ForkedKernel:
    """What jupyter_client asks of a kernel's process."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int):
        self.server, self.pid, self.returncode = server, pid, None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.server.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        while self.poll() is None:
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Server:
    """The process that is forked; it is started when the first kernel is."""

    process: subprocess.Popen | None = None

    def ask(self, **question: object) -> int | None:
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
                start_new_session=True,  # Ctrl-C is for the test run
            )
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def launch(self, command: list[str], **options: object) -> object:
        """In place of jupyter_client's launch_kernel: its arguments."""
        if command[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            return launcher.launch_kernel(command, **options)
        environment = options.get("env") or dict(os.environ)
        cwd = str(options.get("cwd") or Path.cwd())
        return ForkedKernel(self, self.ask(start=command[3:], environment=environment, cwd=cwd))

    def close(self) -> None:
        """End the process; kernels that are left see it and end too."""
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait(ENDING_SECONDS)


# What a configuration file of Jupyter says so that a program of Jupyter has such kernels. They have
# one thread each: a check that takes all but one of them away, and starts them again after each
# case, takes three times as long while other tests run.
SETTINGS = f"""
import os, sys
from jupyter_client.provisioning import local_provisioner
sys.path.append({str(Path(__file__).parents[2])!r})
from tests.notebooks.forked_kernels import Server
os.environ["OMP_NUM_THREADS"] = "1"
local_provisioner.launch_kernel = Server().launch
"""


def forked_kernels_for(config: Path) -> None:
    """Have programs of Jupyter with this folder of settings fork their kernels."""
    if sys.platform == "linux":  # elsewhere torch may not be forked
        config.mkdir()
        (config / "jupyter_config.py").write_text(SETTINGS)


def serve() -> None:
    """Fork a kernel for each line that asks for one, and say of each whether it has ended."""
    del sys.path[0]  # this file's folder
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel whose parent is gone ends itself
    import ipykernel.kernelapp
    import ipykernel.zmqshell  # noqa: F401 - what the kernel itself imports when it starts
    import torch  # noqa: F401 - what this process is for

    for line in sys.stdin:
        question = json.loads(line)
        if "poll" in question:
            pid, status = os.waitpid(question["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                become(question["start"], question["environment"], question["cwd"])
                ipykernel.kernelapp.launch_new_instance(question["start"])
                os._exit(0)
            with contextlib.suppress(OSError):  # the kernel may have done it already
                os.setpgid(answer, answer)
        print(json.dumps(answer), flush=True)


def become(arguments: list[str], environment: dict[str, str], cwd: str) -> None:
    """Make this fork what a process with these arguments would be."""
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.close(nothing)
    os.chdir(cwd)
    sys.argv = ["ipykernel_launcher.py", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))


if __name__ == "__main__":
    serve()
