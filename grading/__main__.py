"""The command line of the grading tools: python -m grading COMMAND."""

from __future__ import annotations

import argparse
import io
import sys
from typing import NoReturn

from .assign import command as assign_command
from .errors import GradingError
from .mark import command as grade_command
from .review import command as review_command

COMMANDS = [assign_command, grade_command, review_command]


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help lists the options.\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 2 when the options are wrong."""
    parser = Parser(prog="python -m grading", description="Hand out assignments and mark them.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_arguments(subparsers)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # students have names that a terminal has not
            stream.reconfigure(errors="backslashreplace")
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except GradingError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
