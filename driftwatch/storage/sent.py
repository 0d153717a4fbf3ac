"""The newest outbox rows with what became of each, read beside the daemon: for pages and reports."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from driftwatch.alerts.outbox import Delivery
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE
from driftwatch.storage.schema import CHECKPOINT, DELIVERIES, open_read_only
from driftwatch.storage.sqlite import BUSY_S
from driftwatch.storage.transaction import reading


def deliveries(directory: Path, limit: int, subject: str | None = None) -> list[Delivery]:
    """At most `limit` rows, the newest first, of one `subject` or of all; connections of its own, so from any thread.

    Raises StateError where there is no checkpoint, or a file is newer, foreign or damaged.
    """
    checkpoint, path = directory / CHECKPOINT_FILE, directory / DELIVERIES_FILE
    chosen = ("", ()) if subject is None else ("WHERE subject = ?", (subject,))
    with closing(open_read_only(checkpoint, CHECKPOINT, busy_s=BUSY_S)) as rows, reading(str(checkpoint)):
        found = rows.execute(
            f"SELECT id, endpoint, type, subject, created_ms FROM outbox {chosen[0]} ORDER BY n DESC LIMIT ?",  # noqa: S608
            (*chosen[1], limit),
        ).fetchall()
    if not found or not path.exists():
        return [Delivery(*row, state="pending") for row in found]
    with closing(open_read_only(path, DELIVERIES, busy_s=BUSY_S)) as sent, reading(str(path)):
        became = {
            (id_, endpoint): rest
            for id_, endpoint, *rest in sent.execute(
                f"""SELECT id, endpoint, state, attempts, reason, next_at_s, last_at_s FROM deliveries
                    WHERE id IN ({",".join("?" * len(found))})""",  # noqa: S608
                [row[0] for row in found],
            )
        }
    return [Delivery(*row, *became.get((row[0], row[1]), ("pending",))) for row in found]
