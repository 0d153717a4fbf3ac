"""`driftwatch retry`: what waits for an endpoint, and how it is sent after all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper, count

if TYPE_CHECKING:
    from driftwatch.alerts.outbox import Attempt
    from driftwatch.storage.outbox import SqliteOutbox


def retry(
    endpoint: Annotated[
        str | None,
        typer.Argument(help="The endpoint to try again; without it all are listed.", show_default=False),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Notifications to send again, also delivered ones.", show_default=False),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Re-enable an endpoint and send what it did not get; works whether the daemon runs or not."""
    from contextlib import closing

    from driftwatch.config.load import load
    from driftwatch.storage.outbox import open_outbox
    from driftwatch.webhooks.instances import instances

    configuration = load(config, outside=False).configuration
    names = [spec.name for spec in instances(configuration.endpoints)]
    if endpoint is not None and endpoint not in names:
        raise typer.BadParameter(f"there is no endpoint {endpoint!r}; there are {', '.join(names) or 'none'}")
    paper = Paper(json)
    with closing(open_outbox(Path(configuration.state.directory))) as outbox:
        if endpoint is None:
            _list(outbox, names, paper)
        elif ids:
            _again(outbox, endpoint, ids, paper)
        else:
            _enable(outbox, endpoint, paper)


def _again(outbox: SqliteOutbox, endpoint: str, ids: list[str], paper: Paper) -> None:
    """Send these once more, whatever became of them."""
    known = {attempt.id: attempt for attempt in outbox.attempts(endpoint)}
    unknown = [identity for identity in dict.fromkeys(ids) if identity not in known]
    if unknown:
        raise typer.BadParameter(
            f"{endpoint} was never to get {', '.join(unknown)}; `driftwatch retry --json` lists what there is"
        )
    made = outbox.resend(endpoint, ids) + _at_once(
        outbox, (known[identity] for identity in dict.fromkeys(ids))
    )
    outbox.enable(endpoint)
    _tell(endpoint, made, paper)


def _enable(outbox: SqliteOutbox, endpoint: str, paper: Paper) -> None:
    """Everything that waits or was given up is due now."""
    attempts = outbox.attempts(endpoint)
    made = outbox.resend(endpoint, [attempt.id for attempt in attempts if attempt.state == "abandoned"])
    made += _at_once(outbox, attempts)
    outbox.enable(endpoint)  # last: it lets the time of failing begin anew
    _tell(endpoint, made, paper)


def _at_once(outbox: SqliteOutbox, attempts: Iterable[Attempt]) -> int:
    """Let rows that wait for their next attempt be due; returns how many are pending."""
    import msgspec

    pending = [attempt for attempt in attempts if attempt.state == "pending"]
    for attempt in pending:
        if attempt.next_at_s > time.time():
            outbox.record(msgspec.structs.replace(attempt, next_at_s=0.0))
    return len(pending)


def _tell(endpoint: str, made: int, paper: Paper) -> None:
    if paper.as_json:
        paper.json({"endpoint": endpoint, "enabled": True, "due": made})
    else:
        paper.line(f"{endpoint}: enabled, {count(made)} to be sent; a running daemon begins within a minute")


def _list(outbox: SqliteOutbox, names: list[str], paper: Paper) -> None:
    disabled, lengths = outbox.disabled(), outbox.lengths()
    attempts = {name: outbox.attempts(name) for name in names}
    if paper.as_json:
        paper.json(
            [
                {
                    "endpoint": name,
                    "disabled": disabled.get(name, ""),
                    "pending": lengths.get(name, 0),
                    "notifications": attempts[name],
                }
                for name in names
            ]
        )
        return
    paper.table(
        ["endpoint", "#pending", "#delivered", "#given up", "last failure", "disabled"],
        [_row(name, attempts[name], disabled.get(name, "")) for name in names],
    )


def _row(name: str, attempts: list[Attempt], disabled: str) -> list[str]:
    states = ["delivered" if attempt.arrived else attempt.state for attempt in attempts]
    failed = [attempt for attempt in attempts if attempt.reason and attempt.state != "delivered"]
    last = max(failed, key=lambda attempt: attempt.last_at_s).reason if failed else ""
    return [name, *(count(states.count(s)) for s in ("pending", "delivered", "abandoned")), last, disabled]
