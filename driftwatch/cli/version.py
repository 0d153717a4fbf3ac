"""`driftwatch version`: which version this is."""

from __future__ import annotations

import typer

from driftwatch import __version__


def version() -> None:
    """Print the version."""
    typer.echo(f"driftwatch {__version__}")


def say(asked: bool) -> None:
    """`--version`: print it and end."""
    if asked:
        version()
        raise typer.Exit
