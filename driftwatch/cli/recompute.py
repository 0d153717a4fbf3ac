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
        run = Recount(checkpoint.load(), journal, checkpoint.hash_key, topics.open)
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
    counts: Mapping[str, tuple[int, int, str]] = {
        what.value: (c.same, c.different, c.first) for what, c in run.comparison.counts.items()
    }
    if paper.as_json:
        found = {
            what: {"same": same, "different": different, "first": first}
            for what, (same, different, first) in counts.items()
        }
        paper.json({"same": run.comparison.same, "records": run.records, "compared": found})
        return
    paper.heading(f"{count(run.records)} records counted again")
    paper.table(
        ["", "#same", "#different"],
        [[what, count(same), count(different)] for what, (same, different, _) in counts.items()],
    )
    paper.line("same" if run.comparison.same else f"first difference: {run.comparison.first_difference}")
