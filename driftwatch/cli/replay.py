"""`driftwatch replay`: history from files or topics through the daemon's own core, alerts included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper, count

if TYPE_CHECKING:
    from driftwatch.alerts.notifications import Notification
    from driftwatch.monitor.snapshot import Snapshot
    from driftwatch.replay import Replay, Step

ALERT_COLUMNS = ("time", "id", "transition", "model", "version", "kind", "slices", "features", "reasons")
REASONS = 3
"""Findings told in a row, the loudest first."""


def replay(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="TOPIC=PATH...",
            help="What to read for each topic of the configuration: a CSV, JSON lines or Parquet file, or `TOPIC=kafka:` for the topic itself.",
            show_default=False,
        ),
    ],
    config: Config = DEFAULT_CONFIG,
    statistics: Annotated[
        Path | None,
        typer.Option("--statistics", help="Write every statistic here: .ndjson, .csv or .parquet."),
    ] = None,
    alerts: Annotated[
        Path | None, typer.Option("--alerts", help="Write every transition here: .ndjson, .csv or .parquet.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", help="Topics: only records from this time on, such as 2024-01-01T00:00:00Z."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Topics: only records before this time.")] = None,
    json: Json = False,
) -> None:
    """Replay history in event-time order and say what driftwatch would have shown and told."""
    from driftwatch.cli.reference_inputs import moment_ms
    from driftwatch.config.load import load
    from driftwatch.replay import Replay

    try:
        from_ms, to_ms = moment_ms(begin), moment_ms(end)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    run = Replay(load(config), given(inputs), from_ms=from_ms, to_ms=to_ms)
    told: list[dict[str, Any]] = []
    with ExitStack() as stack:
        write_statistics, write_alerts = _outputs(stack, statistics, alerts)
        for step in _watched(run, Paper(json).terminal):
            write_statistics(step)
            rows = [alert_row(notification) for notification in step.notifications]
            write_alerts(rows)
            told += rows
    assert run.snapshot is not None
    _tell(run, run.snapshot, told, Paper(json))


def given(inputs: list[str]) -> dict[str, str]:
    """The inputs by topic; raises BadParameter where one is not `TOPIC=PATH`."""
    found: dict[str, str] = {}
    for text in inputs:
        topic, equals, where = text.partition("=")
        if not (topic and equals and where):
            raise typer.BadParameter(f"{text!r}: write TOPIC=PATH, such as predictions=history.csv.gz")
        if topic in found:
            raise typer.BadParameter(f"the topic {topic!r} is given twice")
        found[topic] = where
    return found


def _outputs(stack: ExitStack, statistics: Path | None, alerts: Path | None) -> tuple[Any, Any]:
    from driftwatch.cli.table_files import TableFile
    from driftwatch.telemetry.rows import COLUMNS, rows

    readings = stack.enter_context(TableFile(statistics, COLUMNS)) if statistics else None
    transitions = stack.enter_context(TableFile(alerts, ALERT_COLUMNS)) if alerts else None

    def write_statistics(step: Step) -> None:
        if readings is not None:
            for reading, views in step.readings:
                readings.write(
                    [{name: getattr(row, name) for name in COLUMNS} for row in rows(reading, views)]
                )

    def write_alerts(told: list[dict[str, Any]]) -> None:
        if transitions is not None:
            transitions.write(told)

    return write_statistics, write_alerts


def alert_row(notification: Notification) -> dict[str, Any]:
    """One transition as a tidy row; `reasons` says which statistics stood where against which limits."""
    from driftwatch.telemetry.text import iso_time

    data = notification.data
    alert = data.get("alert", {})
    findings = data.get("findings") or [f for why in data.get("why", []) for f in why["findings"]]
    return {
        "time": iso_time(notification.time_ms),
        "id": notification.id,
        "transition": notification.type.value,
        "model": notification.model,
        "version": notification.version,
        "kind": alert.get("kind", "retrain"),
        "slices": sorted({f["slice"] for f in findings}),
        "features": sorted({f["field"] for f in findings if f["field"]}),
        "reasons": _reasons(alert, data, findings),
    }


def _reasons(alert: dict[str, Any], data: dict[str, Any], findings: list[dict[str, Any]]) -> list[str]:
    named = [alert["rule"]] if alert else [data["episode"]["reason"]]
    if alert.get("ended"):
        named.append(alert["ended"])
    numbers = [
        f"{f['statistic']}{' of ' + f['field'] if f['field'] else ''} {f['value']:.4g} "
        f"(limit {f['limit']:g}, {f['count']} events, {f['slice']})"
        for f in findings[:REASONS]
    ]
    return [*named, *numbers]


def _watched(run: Replay, terminal: bool) -> Iterator[Step]:
    """The steps, with a bar on a terminal."""
    if not terminal:
        yield from run.steps()
        return
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        task = progress.add_task("replay", total=None)
        for step in run.steps():
            progress.update(task, total=run.total_bytes or None, completed=run.read_bytes)
            yield step


def _tell(run: Replay, snapshot: Snapshot, told: list[dict[str, Any]], paper: Paper) -> None:
    classes = _classes(snapshot)
    if paper.as_json:
        paper.json({"classes": classes, "alerts": told, "notes": run.notes})
        return
    paper.heading("Records")
    paper.table(
        ["model", "stream", "class", "#records"],
        [
            [model, stream, why, count(n)]
            for model, streams in classes.items()
            for stream, by in streams.items()
            for why, n in by.items()
        ],
    )
    for note in run.notes:
        paper.line(f"note: {note}")
    paper.heading("What would have been told")
    rows = [
        [row["time"], row["transition"], row["model"], row["version"], "; ".join(row["reasons"])]
        for row in told
    ]
    if rows:
        paper.table(["event time", "transition", "model", "version", "reasons"], rows)
    else:
        paper.line("nothing")


def _classes(snapshot: Snapshot) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, model in snapshot.models.items():
        for (stream, _, why), n in sorted(model.classes.items()):
            by = found.setdefault(name, {}).setdefault(stream.value, {})
            by[why.value] = by.get(why.value, 0) + n
    return found
