"""The outbox in memory, over the checkpoint in memory: the twin of SQLite's, under the same contract."""

from __future__ import annotations

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt
from driftwatch.storage.memory import MemoryCheckpoint

_Key = tuple[str, str]


class MemoryOutbox:
    """An Outbox that is gone with the process."""

    def __init__(self, checkpoint: MemoryCheckpoint) -> None:
        self._checkpoint = checkpoint
        self._rows: dict[_Key, OutboxRow] = {}
        self._attempts: dict[_Key, Attempt] = {}
        self._failing: dict[str, float] = {}
        self._disabled: dict[str, str] = {}

    def pending(self, endpoint: str, limit: int) -> list[tuple[OutboxRow, Attempt | None]]:
        """Rows of this endpoint that are neither delivered, superseded nor abandoned, in the order in which they are due."""
        self._look()
        found = [
            (row, self._attempts[key])
            for key, row in self._rows.items()
            if row.endpoint == endpoint and self._attempts[key].state == "pending"
        ]
        found.sort(key=lambda pair: (pair[1].attempts > 0, pair[1].next_at_s))
        return [(row, attempt if attempt.attempts else None) for row, attempt in found[:limit]]

    def failing_since(self, endpoint: str) -> float | None:
        """Wall-clock seconds of the first failed attempt after the last delivery, or after it was enabled again."""
        return self._failing.get(endpoint)

    def overtaken(self, row: OutboxRow) -> bool:
        """Whether this endpoint has a newer row of the same subject."""
        self._look()
        keys = [
            key for key, of in self._rows.items() if (of.subject, of.endpoint) == (row.subject, row.endpoint)
        ]
        return keys[-1:] != [(row.id, row.endpoint)]

    def record(self, attempt: Attempt) -> None:
        """Remember what happened to a row."""
        self._look()
        self._attempts[attempt.id, attempt.endpoint] = attempt
        if attempt.arrived:
            self._failing.pop(attempt.endpoint, None)
        elif attempt.attempts:
            self._failing.setdefault(attempt.endpoint, attempt.last_at_s)

    def disabled(self) -> dict[str, str]:
        """Disabled endpoints with their reason."""
        return dict(sorted(self._disabled.items()))

    def disable(self, endpoint: str, reason: str) -> None:
        """Stop sending to an endpoint; its rows stay."""
        self._disabled[endpoint] = reason

    def enable(self, endpoint: str) -> None:
        """Send again, beginning with what is pending; its time of failing begins anew."""
        self._disabled.pop(endpoint, None)
        self._failing.pop(endpoint, None)

    def resend(self, endpoint: str, ids: list[str]) -> int:
        """Make rows pending again that were delivered or abandoned (or superseded); returns how many."""
        self._look()
        ended = [
            key
            for key in ((identity, endpoint) for identity in dict.fromkeys(ids))
            if key in self._rows and self._attempts[key].state != "pending"
        ]
        for key in ended:
            old = self._attempts[key]
            self._attempts[key] = Attempt(*key, 0, 0.0, "pending", old.reason, 0.0, old.last_at_s)
        return len(ended)

    def lengths(self) -> dict[str, int]:
        """Pending rows per endpoint that have not arrived; endpoints without any are absent."""
        self._look()
        lengths: dict[str, int] = {}
        for key in self._rows:
            attempt = self._attempts[key]
            if attempt.state == "pending" and not attempt.arrived:
                lengths[key[1]] = lengths.get(key[1], 0) + 1
        return lengths

    def attempts(self, endpoint: str) -> list[Attempt]:
        """What is remembered of every row of an endpoint, oldest first."""
        self._look()
        return [self._attempts[key] for key in self._rows if key[1] == endpoint]

    def close(self) -> None:
        """Nothing to close."""

    def _look(self) -> None:
        for row in self._checkpoint.outbox_rows()[len(self._rows) :]:
            key = (row.id, row.endpoint)
            self._supersede(row)
            self._rows[key] = row
            self._attempts.setdefault(key, Attempt(*key, 0, 0.0, "pending"))

    def _supersede(self, newer: OutboxRow) -> None:
        """A row never attempted gives way to a newer one of the same subject (F26)."""
        for key, row in self._rows.items():
            attempt = self._attempts[key]
            unsent = attempt.state == "pending" and not attempt.attempts
            if (row.subject, row.endpoint) == (newer.subject, newer.endpoint) and unsent:
                self._attempts[key] = Attempt(*key, 0, 0.0, "superseded")
