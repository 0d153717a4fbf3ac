"""`driftwatch backtest`: how often would this configuration have alerted, and how fast would it find a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper

if TYPE_CHECKING:
    from driftwatch.backtest.run import Outcome


def backtest(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="TOPIC=PATH...",
            help="History for each topic: a CSV, JSON lines or Parquet file, or `TOPIC=kafka:` for the topic itself.",
            show_default=False,
        ),
    ],
    config: Config = DEFAULT_CONFIG,
    model: Annotated[
        str | None, typer.Option("--model", help="The model that changes are put into; default: the first.")
    ] = None,
    inject: Annotated[
        list[str] | None,
        typer.Option(
            "--inject",
            help="A change: `FIELD shift 0.5`, `FIELD scale 1.2`, `FIELD swap` (of an embedding: neighbouring coordinates), "
            "`FIELD missing 5 %`, `labels noise 10 %`, each also `in COLUMN=VALUE`; default: some of each.",
        ),
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="Topics: only records from this time on.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Topics: only records before this time.")] = None,
    json: Json = False,
) -> None:
    """Replay history as it was, then with changes from its middle on, and tell every alert and every delay."""
    from driftwatch.backtest.injection import Injection
    from driftwatch.backtest.run import Backtest
    from driftwatch.cli.reference_inputs import moment_ms
    from driftwatch.cli.replay import given
    from driftwatch.cli.show_backtest import show, show_header
    from driftwatch.config.load import load

    try:
        chosen = [Injection.parse(text) for text in inject or []]
        from_ms, to_ms = moment_ms(begin), moment_ms(end)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    run = Backtest(load(config), given(inputs), from_ms, to_ms)
    paper = Paper(json)
    outcomes: list[Outcome] = []
    for outcome in run.run(chosen, model):
        if not json and not outcomes:
            show_header(outcome, paper)
        outcomes.append(outcome)
    if json:
        paper.json(outcomes)
    else:
        show(outcomes, paper)
