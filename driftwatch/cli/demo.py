"""`driftwatch demo`: everything in one process, with drift, a Slack message, a retraining and its end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running at the end, until Ctrl-C.")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="FOLDER",
            help="Only write configuration, reference and history into a new folder, to try `explain` and `backtest` on.",
        ),
    ] = None,
    traffic: Annotated[
        str | None,
        typer.Option(
            "--traffic", metavar="HOST:PORT", help="Only feed this Kafka with the demonstration's traffic."
        ),
    ] = None,
) -> None:
    """Show drift being found, told and healed, in a few minutes and without anything else installed."""
    from driftwatch.demo.run import demo as play

    if write is not None:
        import time

        from driftwatch.demo.written import write as write_folder

        try:
            typer.echo(write_folder(write, int(time.time() * 1_000)), nl=False)
        except OSError as error:
            raise typer.BadParameter(f"{error}; name a new folder") from None
        return
    raise typer.Exit(play(keep, traffic))
