"""The command line: each command in a module of its own."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
