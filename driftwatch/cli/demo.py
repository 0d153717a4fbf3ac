"""`driftwatch demo`: everything in one process, with drift, a Slack message, a retraining and its end."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running at the end, until Ctrl-C.")
    ] = False,
    traffic: Annotated[
        str | None,
        typer.Option(
            "--traffic", metavar="HOST:PORT", help="Only feed this Kafka with the demonstration's traffic."
        ),
    ] = None,
) -> None:
    """Show drift being found, told and healed, in a few minutes and without anything else installed."""
    from driftwatch.demo.run import demo as play

    raise typer.Exit(play(keep, traffic))
