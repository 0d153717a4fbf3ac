"""The outbox over two SQLite files; what every outbox promises is in contracts/test_outbox_contract.py."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.alerts.outbox import Attempt
from driftwatch.errors import DamagedStateError, StateError
from driftwatch.monitor.changes import Changes
from driftwatch.storage import outbox as module
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE, set_aside
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sqlite import Retention, SqliteCheckpoint, open_checkpoint
from tests.storage.rows import outbox_row


@pytest.fixture
def checkpoint(tmp_path: Path) -> Iterator[SqliteCheckpoint]:
    made = open_checkpoint(tmp_path, retention=Retention(outbox_rows=4))
    yield made
    made.close()


def delivered(identity: str, at_s: float = 1.0) -> Attempt:
    return Attempt(identity, "hook", 1, 0.0, "delivered", "delivered", at_s, at_s)


def test_without_a_checkpoint_there_is_no_outbox(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="does not exist"):
        open_outbox(tmp_path)
    assert not (tmp_path / DELIVERIES_FILE).exists()


def test_another_thread_works_beside_an_open_transaction(
    checkpoint: SqliteCheckpoint, tmp_path: Path
) -> None:
    # E15: the sender's thread has connections of its own and never waits for the loop's transaction
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    checkpoint._transaction.begin()
    checkpoint._outbox.put(("b", "hook"), (2, "alert.firing", "s", 1, b""))
    found: list[object] = []

    def send() -> None:
        outbox = open_outbox(tmp_path)
        found.append(outbox.lengths())
        outbox.record(delivered("a"))
        found.append(outbox.lengths())
        outbox.close()

    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    assert found == [{"hook": 1}, {}]
    checkpoint.rollback()


def test_what_was_delivered_stays_so_when_the_checkpoint_is_rebuilt(tmp_path: Path) -> None:
    # F18: ids are deterministic, so the rebuilt checkpoint decides the same notifications again
    checkpoint = open_checkpoint(tmp_path)
    checkpoint.commit(Changes(outbox=[outbox_row("x"), outbox_row("a"), outbox_row("b", subject="s")]))
    outbox = open_outbox(tmp_path)
    outbox.record(delivered("a"))
    outbox.close()
    checkpoint.close()
    set_aside(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    checkpoint.commit(Changes(outbox=[outbox_row("a"), outbox_row("b", subject="s")]))
    outbox = open_outbox(tmp_path)
    assert [row.id for row, _ in outbox.pending("hook", 9)] == ["b"]
    assert outbox.lengths() == {"hook": 1}
    checkpoint.commit(Changes(outbox=[outbox_row("c", subject="s")]))
    assert [row.id for row, _ in outbox.pending("hook", 9)] == ["c"]
    outbox.close()
    checkpoint.close()


def test_rows_that_the_checkpoint_dropped_are_forgotten_too(
    checkpoint: SqliteCheckpoint, tmp_path: Path
) -> None:
    # F26: both sides are bounded
    outbox = open_outbox(tmp_path)
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    assert outbox.lengths() == {"hook": 1}
    checkpoint.commit(Changes(outbox=[outbox_row(f"m{i}") for i in range(4)]))
    assert [row.id for row, _ in outbox.pending("hook", 9)] == ["m0", "m1", "m2", "m3"]
    assert outbox.lengths() == {"hook": 4}
    outbox.close()


def test_old_deliveries_are_forgotten_beyond_the_limit(
    checkpoint: SqliteCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_ROWS", 2)
    for number in range(8):
        checkpoint.commit(Changes(outbox=[outbox_row(f"m{number}")]))
        outbox = open_outbox(tmp_path)
        outbox.record(delivered(f"m{number}", at_s=number))
        outbox.close()
    outbox = open_outbox(tmp_path)
    assert sorted(a.id for a in outbox.attempts("hook")) == ["m2", "m3", "m4", "m5", "m6", "m7"]
    outbox.close()


def test_a_resent_row_is_not_superseded_by_a_restart(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    checkpoint.commit(Changes(outbox=[outbox_row("old", subject="s")]))
    outbox = open_outbox(tmp_path)
    outbox.record(delivered("old"))
    checkpoint.commit(Changes(outbox=[outbox_row("new", subject="s")]))
    assert outbox.resend("hook", ["old"]) == 1
    outbox.close()
    outbox = open_outbox(tmp_path)
    assert [row.id for row, _ in outbox.pending("hook", 9)] == ["old", "new"]
    outbox.close()


def test_an_attempt_that_cannot_be_written_is_an_os_error(
    checkpoint: SqliteCheckpoint, tmp_path: Path
) -> None:
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    outbox = open_outbox(tmp_path, busy_s=0.01)
    other = sqlite3.connect(tmp_path / DELIVERIES_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError, match="another process holds"):
        outbox.record(delivered("a"))
    assert [row.id for row, _ in outbox.pending("hook", 9)] == ["a"]  # reading goes on
    other.close()
    outbox.record(delivered("a"))
    assert outbox.lengths() == {}
    outbox.close()


def test_a_full_disk_is_an_os_error_and_the_attempt_can_be_written_later(
    checkpoint: SqliteCheckpoint, tmp_path: Path
) -> None:
    outbox = open_outbox(tmp_path)
    (pages,) = outbox._connection.execute("PRAGMA page_count").fetchone()
    outbox._connection.execute(f"PRAGMA max_page_count = {pages}")
    checkpoint.commit(Changes(outbox=[outbox_row("a", endpoint="e" * 50_000)]))
    with pytest.raises(OSError, match="no space left"):
        outbox.lengths()
    outbox._connection.execute("PRAGMA max_page_count = 1000000")
    assert outbox.lengths() == {"e" * 50_000: 1}
    outbox.close()


def test_damage_in_either_file_is_found(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    outbox = open_outbox(tmp_path)
    assert outbox.lengths() == {"hook": 1}
    checkpoint._connection.execute("UPDATE outbox SET body = x'00'")
    with pytest.raises(DamagedStateError, match="checksum"):
        outbox.pending("hook", 1)
    outbox.close()
    path = tmp_path / DELIVERIES_FILE
    path.write_bytes(path.read_bytes()[:-5_000])
    with pytest.raises(DamagedStateError):
        open_outbox(tmp_path)
    path.write_bytes((tmp_path / CHECKPOINT_FILE).read_bytes())
    with pytest.raises(StateError, match="not a deliveries of driftwatch"):
        open_outbox(tmp_path)


def test_the_log_begins_anew(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    """An endpoint that is dead for days is written about again and again."""
    checkpoint.commit(Changes(outbox=[outbox_row("a")]))
    outbox = open_outbox(tmp_path)
    log, sizes = tmp_path / f"{DELIVERIES_FILE}-wal", []
    for number in range(5 * module._COPY_EVERY):
        outbox.record(Attempt("a", "hook", number, 0.0, "pending", "connect", 1.0, float(number)))
        sizes.append(log.stat().st_size)
    outbox.close()
    assert max(sizes) <= 1.1 * max(sizes[: module._COPY_EVERY])
