"""The command line: each command in a module of its own."""

from __future__ import annotations


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from driftwatch.cli.program import run

    raise SystemExit(run())
