"""Ask the program itself whether a command line that a deployment file names would be understood."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> str:
    """The path of a tool that was installed beside this Python."""
    return str(Path(sys.executable).parent / name)


@cache
def help_of(subcommand: str) -> str:
    """What `driftwatch SUBCOMMAND --help` prints, on a wide terminal without colour."""
    environment = os.environ | {"COLUMNS": "240", "NO_COLOR": "1", "TERM": "dumb"}
    run = subprocess.run(
        [tool("driftwatch"), subcommand, "--help"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, f"driftwatch {subcommand} does not exist:\n{run.stdout}{run.stderr}"
    return run.stdout


def assert_command_exists(arguments: list[str]) -> None:
    """`arguments` is a whole command line; its subcommand and every option must be in the program's help."""
    program, subcommand, *rest = arguments
    assert program == "driftwatch"
    text = help_of(subcommand)
    assert subcommand in text, (
        f"driftwatch --help for {subcommand} says nothing of it: is the command line there?"
    )
    words = text.replace(",", " ").split()
    for option in (word.split("=")[0] for word in rest if word.startswith("-")):
        assert option in words, f"driftwatch {subcommand} has no {option}"
