"""`driftwatch report`: one file for an audit or a ticket, made from a state directory or a backup of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config
from driftwatch.cli.paper import Paper, size

if TYPE_CHECKING:
    from driftwatch.telemetry.pages.report import Audited


def report(
    config: Config = DEFAULT_CONFIG,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("drift.html"),
    state: Annotated[
        Path | None,
        typer.Option(
            "--state", help="A state directory, or a backup of one; default: that of the configuration."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Only this model.")] = None,
) -> None:
    """Write period, references, configuration hash, statistics, decisions and pictures into one HTML file.

    The last commit is shown, with the plans and references that it was counted with. The daemon may run.
    """
    import time

    from driftwatch.errors import DriftwatchError
    from driftwatch.telemetry.pages.report import report_page

    found = audited(state or _directory(config))
    names = sorted(found.snapshot.models)
    if model is not None and model not in names:
        raise DriftwatchError(
            f"there is no model {model!r} in this state; it has {', '.join(names) or 'none'}"
        )
    text = report_page(found, int(time.time() * 1_000), model)
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DriftwatchError(
            f"{out} cannot be written: {error.strerror or error}; say where with --out"
        ) from None
    Paper().line(f"{out}: commit {found.snapshot.sequence}, {size(out.stat().st_size)}")


def audited(directory: Path) -> Audited:
    """The last commit of a state directory with everything that a report says; StateError where it cannot be read."""
    import tempfile

    from driftwatch.errors import StateError
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.monitor.recorded import PLANS, plans_of
    from driftwatch.storage.backup import backup
    from driftwatch.storage.sent import deliveries
    from driftwatch.storage.sqlite import open_checkpoint
    from driftwatch.telemetry.pages.report import Audited

    with tempfile.TemporaryDirectory(prefix="driftwatch-report-") as folder:
        copy = Path(folder)
        backup(directory, copy)
        checkpoint = open_checkpoint(copy)
        try:
            saved = checkpoint.load()
            plans_hash = saved.states.get(PLANS, b"").decode()
            if not plans_hash:
                raise StateError(f"nothing was committed in {directory} yet: let the daemon run first")
            plans = plans_of(saved.states[f"{PLANS}/{plans_hash}"], saved.references)
            monitor = Monitor(plans, saved, checkpoint.joins, checkpoint.hash_key)
            snapshot = monitor.snapshot(saved.sequence)
            rows = deliveries(copy, 10_000)
        finally:
            checkpoint.close()
    about = plans[0].about if plans else None
    return Audited(
        directory=str(directory),
        snapshot=snapshot,
        deliveries=tuple(rows),
        configuration=about.configuration if about else "",
        external_url=about.external_url if about else "",
        references=dict(saved.references),
    )


def _directory(config: Path) -> Path:
    from driftwatch.config.load import load

    return Path(load(config, outside=False).configuration.state.directory)
