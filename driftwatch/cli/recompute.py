"""`driftwatch recompute`: proves that the live numbers are those of the topics, or shows the first that is not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper, count
from driftwatch.errors import ExitCode
from driftwatch.telemetry.text import iso_time

if TYPE_CHECKING:
    from driftwatch.recompute.recount import Recount


def recompute(
    config: Config = DEFAULT_CONFIG,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="The state directory, or a backup of one; default: the configured one."),
    ] = None,
    json: Json = False,
) -> None:
    """Count the topics again from the earliest record and compare everything with the daemon's state, which may be in use.

    Exit code 0: all panes, windows, class counts and alert transitions are the same; 1: the first difference is shown.
    Where the first records are gone by retention, it begins at a daily savepoint and says what is not checkable.
    """
    from driftwatch.config.load import load
    from driftwatch.recompute.recount import Recount
    from driftwatch.recompute.topics import Topics
    from driftwatch.storage.backup import backup
    from driftwatch.storage.sqlite import open_checkpoint

    configuration = load(config, outside=False).configuration
    paper = Paper(json)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="driftwatch-recompute-")))
        backup(state or Path(configuration.state.directory), folder)
        checkpoint = open_checkpoint(folder)
        stack.callback(checkpoint.close)
        topics = Topics(configuration.kafka)
        stack.callback(topics.close)
        journal = checkpoint.journal(limit=10**9)
        saved = checkpoint.load()
        earliest = topics.earliest(saved.offsets) if saved.offsets else {}
        run = Recount(saved, journal, checkpoint.hash_key, topics.open, earliest)
        for _ in _watched(run, paper.terminal):
            pass
    _tell(run, paper)
    if not run.comparison.same:
        raise typer.Exit(ExitCode.FAILED)


def _watched(run: Recount, terminal: bool) -> Iterator[int]:
    """The run, with a bar on a terminal."""
    if not terminal:
        yield from run.run()
        return
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        task = progress.add_task("recompute", total=run.total or None)
        for records in run.run():
            progress.update(task, completed=records)
            yield records


def _tell(run: Recount, paper: Paper) -> None:
    counts = {what.value: found for what, found in run.comparison.counts.items()}
    if paper.as_json:
        paper.json(
            {
                "same": run.comparison.same,
                "records": run.records,
                "begins_after_commit": run.begins.sequence,
                "horizons": {model: _horizon(run, model) for model in run.begins.horizons},
                "compared": {
                    what: {
                        "same": found.same,
                        "different": found.different,
                        "not_checkable": found.unknown,
                        "first": found.first,
                    }
                    for what, found in counts.items()
                },
            }
        )
        return
    paper.heading(f"{count(run.records)} records counted again")
    paper.table(
        ["", "#same", "#different", "#not checkable"],
        [[what, count(f.same), count(f.different), count(f.unknown)] for what, f in counts.items()],
    )
    for model in run.begins.horizons:
        _tell_horizon(model, _horizon(run, model), paper)
    same = "same" if not run.begins.horizons else "same, as far as it can be checked"
    paper.line(same if run.comparison.same else f"first difference: {run.comparison.first_difference}")


def _horizon(run: Recount, model: str) -> dict[str, str | bool]:
    """From when on what is checked of a model whose first records are gone; empty: nothing of it is."""
    horizon = run.begins.horizons[model]
    return {
        "inputs_from": iso_time(horizon.inputs_ms),
        "performance_from": iso_time(horizon.labels_ms),
        "alerts_checked": model not in run.comparison.blind,
    }


def _tell_horizon(model: str, horizon: Mapping[str, str | bool], paper: Paper) -> None:
    alerts = "checked from the first savepoint after that" if horizon["alerts_checked"] else "not checkable"
    paper.line(
        f"  {model}: its first records are gone. Inputs are checked from {horizon['inputs_from']} on, performance from "
        f"{horizon['performance_from']} on; alerts, evidence and class counts are {alerts}"
    )
