"""`driftwatch state check|backup|rebuild`: the state directory looked at, copied, and set aside where it is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper, count, size
from driftwatch.errors import ExitCode

if TYPE_CHECKING:
    from driftwatch.storage.examine import Examined

app = typer.Typer(help="Check, copy or rebuild the state directory.", no_args_is_help=True)


@app.command("check")
def check(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Read every row against its checksum and say what is held; exit 5 if something is damaged. The daemon may run."""
    from driftwatch.storage.examine import examine

    directory = _directory(config)
    found = examine(directory)
    paper = Paper(json)
    if json:
        paper.json(_as_json(found))
    else:
        _show(found, directory, paper)
    if found.damage:
        raise typer.Exit(ExitCode.STATE)


@app.command("backup")
def backup(
    out: Annotated[Path, typer.Argument(help="A directory to be made.", show_default=False)],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Copy the state as of its last commit into a new directory, checked. The daemon may run."""
    from driftwatch.storage.repair import back_up

    made = back_up(_directory(config), out)
    paper = Paper(json)
    if json:
        paper.json(_as_json(made))
    else:
        paper.line(f"{out}: commit {count(made.sequence)}, {size(sum(made.sizes_bytes.values()))}, whole")


@app.command("rebuild")
def rebuild(
    config: Config = DEFAULT_CONFIG,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Also set a whole checkpoint aside: the topics were made anew, or cut."),
    ] = False,
    json: Json = False,
) -> None:
    """Set aside what is damaged, under a new name; the next start reads the topics again. The daemon must not run."""
    from driftwatch.storage import repair

    directory = _directory(config)
    moved = repair.rebuild(directory, whole=all_)
    paper = Paper(json)
    if json:
        paper.json({"set_aside": [str(path) for path in moved]})
    elif moved:
        for path in moved:
            paper.line(f"set aside: {path}")
        paper.line("The next start reads the topics again from their first records.")
    else:
        paper.line(f"{directory} is whole: nothing was done (--all sets its checkpoint aside all the same)")
    if not moved:
        raise typer.Exit(ExitCode.FAILED)


def _directory(config: Path) -> Path:
    from driftwatch.config.load import load
    from driftwatch.errors import StateError

    directory = Path(load(config, outside=False).configuration.state.directory)
    if not directory.is_dir():
        raise StateError(f"there is no state directory {directory}: the daemon has not made it yet")
    return directory


def _as_json(found: Examined) -> dict[str, object]:
    return {
        "whole": not found.damage,
        "damage": found.damage,
        "owner": found.owner,
        "sequence": found.sequence,
        "offsets": [
            {"topic": partition.topic, "partition": partition.number, "next": offset}
            for partition, offset in sorted(found.offsets.items())
        ],
        "rows": found.rows,
        "deliveries": found.deliveries,
        "sizes_bytes": found.sizes_bytes,
    }


def _show(found: Examined, directory: Path, paper: Paper) -> None:
    paper.line(f"{directory}: commit {count(found.sequence)} of owner {found.owner or 'unknown'}")
    paper.heading("Offsets")
    paper.table(
        ["topic", "#partition", "#next"],
        [[p.topic, str(p.number), count(offset)] for p, offset in sorted(found.offsets.items())],
    )
    paper.heading("Rows")
    rows = {**found.rows, **{f"notifications {state}": n for state, n in found.deliveries.items()}}
    paper.table(["table", "#rows"], [[name, count(number)] for name, number in rows.items()])
    paper.heading("Files")
    paper.table(["file", "#size"], [[name, size(n)] for name, n in found.sizes_bytes.items()])
    paper.line()
    for how in found.damage.values():
        paper.line(how)
    if not found.damage:
        paper.line("Every row fits its checksum, every table its last commit.")
