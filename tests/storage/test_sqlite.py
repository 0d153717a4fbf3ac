"""The checkpoint in SQLite under faults; what every checkpoint promises is in contracts/test_checkpoint_contract.py."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.errors import CommitUnknownError, DamagedStateError, StateError
from driftwatch.events.classes import Stream
from driftwatch.events.joins import LABEL_ROW
from driftwatch.events.records import Partition
from driftwatch.monitor.changes import Changes, JournalRow, PaneKey, Saved
from driftwatch.storage import sqlite as module
from driftwatch.storage.directory import CHECKPOINT_FILE, set_aside
from driftwatch.storage.sqlite import Retention, SqliteCheckpoint, open_checkpoint
from tests.storage.disks import file_size_limit, filled, mount_small_disk, no_more_pages, unmount
from tests.storage.rows import outbox_row

SPAN = range(100)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Iterator[SqliteCheckpoint]:
    made = open_checkpoint(tmp_path / "state", busy_s=0.01)
    yield made
    made.close()


def pane(start_ms: int) -> PaneKey:
    return PaneKey("m", "1", Stream.PREDICTIONS, "layout", 60_000, start_ms)


def changes(number: int) -> Changes:
    """The changes of commit `number`: something in every table, some of it taken away later."""
    return Changes(
        offsets={Partition("t", p): 10 * number + p for p in range(2)},
        panes={pane(number): np.full((2, 300), number), pane(number - 2): None},
        chunks={f"c{number}": bytes([number]) * 3_000, f"c{number - 1}": None},
        states={"partitions": bytes([number]) * 50},
        references={f"r{number % 3}": b"reference" * number},
        journal=[JournalRow("close", {Partition("t", 0): number}, {"n": number})],
        notifications=[Notification(f"n{number}", "alert.firing", "s", number, "m", "1", "drift", {})],  # type: ignore[arg-type]
        outbox=[outbox_row(f"n{number}")],
    )


def join(checkpoint: SqliteCheckpoint, number: int) -> None:
    rows = np.zeros(40, LABEL_ROW)
    rows["offset"] = number
    table = checkpoint.joins.table("m", "labels", LABEL_ROW)
    table.add(number, np.arange(40) * 1_000 + number % 3, rows)
    table.drop_before(number - 2)


def held(checkpoint: SqliteCheckpoint) -> tuple[Any, ...]:
    """Everything that can be read back, to be compared."""
    saved: Saved = checkpoint.load()
    positions, rows = checkpoint.joins.table("m", "labels", LABEL_ROW).find(SPAN, np.arange(40_000))
    return (
        saved.sequence,
        dict(saved.offsets),
        {key: matrix.tobytes() for key, matrix in saved.panes.items()},
        dict(saved.chunks),
        dict(saved.states),
        dict(saved.references),
        [row.details["n"] for _, _, row in checkpoint.journal()],
        [n.id for n in checkpoint.notifications(100)],
        positions.tolist(),
        rows.tobytes(),
    )


def run(checkpoint: SqliteCheckpoint, commits: int) -> list[tuple[Any, ...]]:
    """What was held after each commit, the state before the first one included."""
    states = [held(checkpoint)]
    for number in range(1, commits + 1):
        join(checkpoint, number)
        assert checkpoint.commit(changes(number)) == number
        states.append(held(checkpoint))
    return states


# --- processes that end --------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from driftwatch.storage.sqlite import open_checkpoint
from tests.storage.test_sqlite import changes, join
checkpoint = open_checkpoint(Path(sys.argv[1]))
checkpoint.load()
for number in (1, 2):
    join(checkpoint, number)
    checkpoint.commit(changes(number))
join(checkpoint, 3)
table = checkpoint._joins._tables["m", "labels"]
table.write()
checkpoint._write(changes(3))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_its_last_commit(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed")], check=False)
    assert died.returncode == -signal.SIGKILL
    assert (tmp_path / "killed" / f"{CHECKPOINT_FILE}-wal").stat().st_size > 0
    other, killed = open_checkpoint(tmp_path / "other"), open_checkpoint(tmp_path / "killed")
    states = run(other, 3)
    assert held(killed) == states[2]
    join(killed, 3)
    killed.commit(changes(3))
    assert held(killed) == states[3]
    killed.close()
    other.close()


def test_nothing_is_committed_by_closing(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    states = run(checkpoint, 1)
    join(checkpoint, 2)
    checkpoint.joins.table("m", "labels", LABEL_ROW).find(SPAN, np.array([1]))
    checkpoint.close()
    again = open_checkpoint(tmp_path / "state")
    assert held(again) == states[1]
    again.close()


# --- a disk that refuses (F16, F17, E15) -----------------------------------------------------------------


def test_a_statement_that_meets_a_full_disk_can_be_tried_again(checkpoint: SqliteCheckpoint) -> None:
    states = run(checkpoint, 2)
    big = Changes(chunks={"big": os.urandom(300_000)})
    with no_more_pages(checkpoint), pytest.raises(OSError, match="no space left") as raised:
        checkpoint.commit(big)
    assert raised.value.errno == errno.ENOSPC
    assert held(checkpoint) == states[2]
    assert checkpoint.commit(big) == 3
    assert checkpoint.load().chunks["big"] == big.chunks["big"]


def test_a_full_file_system_pauses_and_is_exact_when_it_has_room_again(tmp_path: Path) -> None:
    # F16; the log meets the full disk in COMMIT itself. Where mounting is not allowed, SQLite's own limit stands in.
    disk = tmp_path / "disk"
    mounted = mount_small_disk(disk, 1_000_000)
    try:
        checkpoint, other = open_checkpoint(disk / "state"), open_checkpoint(tmp_path / "other")
        states = run(other, 3)
        run(checkpoint, 2)
        join(checkpoint, 3)
        with filled(disk) if mounted else no_more_pages(checkpoint):
            for _ in range(3):
                with pytest.raises(OSError, match="no space left"):
                    checkpoint.commit(Changes(chunks={"big": os.urandom(300_000)}))
        assert checkpoint.commit(changes(3)) == 3
        assert held(checkpoint) == states[3]
        other.close()
        checkpoint.close()
    finally:
        if mounted:
            unmount(disk)


def test_an_input_output_error_is_unknown_and_the_last_commit_is_loaded(checkpoint: SqliteCheckpoint) -> None:
    # F17: the kernel refuses to write with another error than "full"
    states = run(checkpoint, 2)
    join(checkpoint, 3)
    with file_size_limit(200_000), pytest.raises(CommitUnknownError, match="going back to its last commit"):
        checkpoint.commit(Changes(chunks={"big": os.urandom(300_000)}))
    assert held(checkpoint) == states[2]
    join(checkpoint, 3)
    checkpoint.commit(changes(3))
    assert held(checkpoint)[0] == 3


def test_a_busy_file_is_tried_again_and_then_said(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    states = run(checkpoint, 1)
    join(checkpoint, 2)
    other = sqlite3.connect(tmp_path / "state" / CHECKPOINT_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError, match="another process holds") as raised:
        checkpoint.commit(changes(2))
    assert raised.value.errno == errno.EBUSY
    other.close()
    assert checkpoint.commit(changes(2)) == 2
    assert held(checkpoint)[:8] != states[1][:8]
    assert len(checkpoint.joins.table("m", "labels", LABEL_ROW)) == 80


def test_a_value_that_cannot_be_written_leaves_nothing_of_the_commit(checkpoint: SqliteCheckpoint) -> None:
    states = run(checkpoint, 1)
    bad = changes(2)
    bad.journal.append(JournalRow("close", {}, {"x": object()}))
    with pytest.raises(TypeError):
        checkpoint.commit(bad)
    assert held(checkpoint) == states[1]


# --- state that is not what was written (F18, F40) ---------------------------------------------------------


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Any, ...]]]:
    """A killed process's directory (its log holds several commits, some of them copied), and every committed state."""
    live, copy = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("copy") / "state"
    checkpoint = open_checkpoint(live)
    states = run(checkpoint, 4)
    checkpoint._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    reader = sqlite3.connect(live / CHECKPOINT_FILE)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM head").fetchall()
    for number in range(5, 9):
        join(checkpoint, number)
        checkpoint.commit(changes(number))
        states.append(held(checkpoint))
        if (
            number == 6
        ):  # the reader holds back what may be copied: the file is a mixture that only the log makes whole
            checkpoint._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    shutil.copytree(live, copy)
    (copy / f"{CHECKPOINT_FILE}-shm").unlink()
    reader.close()
    checkpoint.close()
    return copy, states


def _read(path: Path) -> tuple[Any, ...] | None:
    try:
        checkpoint = open_checkpoint(path)
    except StateError:
        return None
    try:
        return held(checkpoint)
    except StateError:
        return None
    finally:
        checkpoint.close()


def _damage(path: Path, rng: random.Random) -> str:
    """Flip a bit, overwrite a page or cut the file, anywhere in what the process left."""
    size = path.stat().st_size
    at = rng.randrange(size)
    kind = rng.choice(["flip", "flip", "page", "cut"])
    with path.open("r+b") as file:
        if kind == "cut":
            file.truncate(at)
        else:
            at -= at % 4_096 if kind == "page" else 0
            file.seek(at)
            old = file.read(4_096 if kind == "page" else 1)
            file.seek(at)
            file.write(bytes(len(old)) if kind == "page" else bytes([old[0] ^ (1 << rng.randrange(8))]))
    return f"{path.name}: {kind} at {at} of {size}"


@pytest.mark.parametrize("left", ["killed", "closed"])
@pytest.mark.parametrize("seed", range(3))
def test_damage_is_found_or_harmless(
    template: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path, seed: int, left: str
) -> None:
    # P9: never run on doubtful state. Losing the end of the log is an older commit, whole with its offsets.
    rng, (source, states) = random.Random(seed), template
    if left == "closed":
        source = Path(shutil.copytree(source, tmp_path / "closed"))
        open_checkpoint(source).close()
        assert not (source / f"{CHECKPOINT_FILE}-wal").exists()
    found = 0
    for number in range(40):
        path = tmp_path / str(number)
        shutil.copytree(source, path)
        files = [f for f in sorted(path.iterdir()) if f.name != "lock" and f.stat().st_size]
        weights = [f.stat().st_size for f in files]
        what = _damage(rng.choices(files, weights)[0], rng)
        state = _read(path)
        if state is None:
            found += 1
        else:
            assert state == states[state[0]], what
        shutil.rmtree(path)
    assert found or left == "killed"


def test_what_a_killed_process_left_is_whole(
    template: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    source, states = template
    shutil.copytree(source, tmp_path / "again")
    assert _read(tmp_path / "again") == states[8]


def test_pages_of_an_older_commit_are_found(tmp_path: Path) -> None:
    # a file restored without its log, or a log cut behind what had been copied: every page sound, the whole not
    checkpoint = open_checkpoint(tmp_path)
    run(checkpoint, 2)
    checkpoint._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    old = (tmp_path / CHECKPOINT_FILE).read_bytes()
    checkpoint.commit(changes(3))
    checkpoint.close()
    new = bytearray((tmp_path / CHECKPOINT_FILE).read_bytes())
    changed = [at for at in range(0, len(old), 4_096) if old[at : at + 4_096] != new[at : at + 4_096]]
    newest, refused = _read(tmp_path), 0
    assert newest is not None
    for at in changed:
        mixed = bytearray(new)
        mixed[at : at + 4_096] = old[at : at + 4_096]
        (tmp_path / CHECKPOINT_FILE).write_bytes(mixed)
        state = _read(tmp_path)
        refused += state is None
        assert state in (None, newest)  # what only free pages hold is nobody's
    assert refused >= len(changed) - 4


def test_the_state_of_another_owner_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        open_checkpoint(tmp_path / name).close()
    shutil.copy(tmp_path / "a" / CHECKPOINT_FILE, tmp_path / "b" / CHECKPOINT_FILE)
    for _ in range(2):  # and the directory is free again
        with pytest.raises(StateError, match="belongs to another owner"):
            open_checkpoint(tmp_path / "b")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", "written by a newer driftwatch"),
        ("PRAGMA application_id = 5", "not a checkpoint of driftwatch"),
    ],
)
def test_a_newer_or_foreign_file_is_refused_and_left_alone(
    tmp_path: Path, statement: str, message: str
) -> None:
    open_checkpoint(tmp_path).close()
    connection = sqlite3.connect(tmp_path / CHECKPOINT_FILE)
    connection.execute(statement)
    connection.close()
    before = (tmp_path / CHECKPOINT_FILE).read_bytes()
    with pytest.raises(StateError, match=message) as raised:
        open_checkpoint(tmp_path)
    assert not isinstance(raised.value, DamagedStateError)
    assert "\n" not in str(raised.value)
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == before


def test_an_emptied_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    open_checkpoint(tmp_path).close()
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"")
    with pytest.raises(DamagedStateError, match="it is empty"):
        open_checkpoint(tmp_path)
    set_aside(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.load().sequence == 0
    checkpoint.close()


def test_a_second_checkpoint_is_refused_while_one_is_open(
    checkpoint: SqliteCheckpoint, tmp_path: Path
) -> None:
    with pytest.raises(StateError, match=f"held by process {os.getpid()}"):
        open_checkpoint(tmp_path / "state")
    checkpoint.close()
    open_checkpoint(tmp_path / "state").close()


# --- bounds ----------------------------------------------------------------------------------------------


def test_the_log_begins_anew(
    checkpoint: SqliteCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COPY_BYTES", 500_000)
    log = tmp_path / "state" / f"{CHECKPOINT_FILE}-wal"
    largest = 0
    for number in range(60):
        checkpoint.commit(Changes(chunks={"c": os.urandom(100_000 + number)}))
        largest = max(largest, log.stat().st_size)
    assert largest < 1_500_000


def test_the_log_begins_anew_when_commits_are_small(checkpoint: SqliteCheckpoint, tmp_path: Path) -> None:
    log = tmp_path / "state" / f"{CHECKPOINT_FILE}-wal"
    for number in range(5 * module._COPY_EVERY):
        checkpoint.commit(Changes(states={"s": bytes([number])}))
    assert log.stat().st_size < 2 * module._COPY_EVERY * 40_000


def test_what_is_only_kept_for_later_is_bounded(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(
        tmp_path, retention=Retention(journal_rows=3, outbox_rows=2, notifications=2)
    )
    run(checkpoint, 5)
    assert [number for number, _, _ in checkpoint.journal()] == [3, 4, 5]
    assert [n.id for n in checkpoint.notifications(9)] == ["n5", "n4"]
    assert checkpoint._connection.execute("SELECT id FROM outbox ORDER BY n").fetchall() == [("n4",), ("n5",)]
    checkpoint.load()
    checkpoint.close()


def test_panes_are_small_on_disk(checkpoint: SqliteCheckpoint) -> None:
    # DESIGN 2: 50 slices x 1 500 columns are 600 kB in memory
    counts = np.random.default_rng(1).poisson(3, (50, 1_500)).astype(np.int64)
    checkpoint.commit(Changes(panes={pane(0): counts}))
    (size,) = checkpoint._connection.execute("SELECT length(data) FROM panes").fetchone()
    assert size < 75_000
    assert np.array_equal(checkpoint.load().panes[pane(0)], counts)
