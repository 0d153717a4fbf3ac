"""A checkpoint on a disk that records or fails (failing_disk.c): the process under test, and what the disk may hold after a power cut.

LD_PRELOAD=… python -m tests.storage.failing_disk record|errors DIRECTORY
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driftwatch.errors import CommitUnknownError, StateError
from driftwatch.storage.sqlite import SqliteCheckpoint, open_checkpoint
from tests.storage.test_sqlite import changes, held, join

SOURCE = Path(__file__).with_suffix(".c")
SECTOR = 512
COMMITS = 20
"""The log is copied into the file after 16."""
ACKNOWLEDGED = "acknowledged"
HEAD = struct.Struct("<cQQQ")


def compiled(folder: Path) -> Path:
    """The shared library, made with the C compiler of this machine."""
    library = folder / "failing_disk.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def run(library: Path, mode: str, folder: Path, **environment: str) -> str:
    """Run this module on that disk; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.storage.failing_disk", mode, str(folder)],
        env={**os.environ, "LD_PRELOAD": str(library), "DISK_ROOT": str(folder), **environment},
        cwd=SOURCE.parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def recorded(folder: Path) -> None:
    """Commit after commit, each acknowledged in a file of its own when it has returned."""
    checkpoint = open_checkpoint(folder / "state")
    checkpoint.load()
    with (folder / ACKNOWLEDGED).open("wb", buffering=0) as acknowledged:
        for number in range(1, COMMITS + 1):
            join(checkpoint, number)
            checkpoint.commit(changes(number))
            acknowledged.write(bytes([number]))
    checkpoint.close()


# --- errors at every step -----------------------------------------------------------------------------


def failed(folder: Path) -> None:
    """Let every step fail once (or each `$EVERY`-th), in each way; print how many were tried and what came of them."""
    disk = ctypes.CDLL(None)
    disk.failing_disk_steps.restype = ctypes.c_long
    every = int(os.environ["EVERY"])
    other = open_checkpoint(folder / "expected")
    states = [held(other)]
    for number in range(1, COMMITS + 3):
        join(other, number)
        other.commit(changes(number))
        states.append(held(other))
    other.close()
    outcomes: dict[str, int] = {}
    for error in (errno.ENOSPC, errno.EIO):
        step, reached = 1, True
        while reached:
            path = folder / f"{error}-{step}"
            # where the disk is full, a part of a write still fits, and the rest of it fails
            disk.failing_disk(ctypes.c_long(step), error, ctypes.c_long(1 + (error == errno.ENOSPC)))
            outcome = _survive(path, states, lambda at=step: disk.failing_disk_steps() >= at)
            reached = disk.failing_disk_steps() >= step
            disk.failing_disk(ctypes.c_long(-1), 0, ctypes.c_long(0))
            shutil.rmtree(path)
            if reached:
                key = f"{errno.errorcode[error]} {outcome}"
                outcomes[key] = outcomes.get(key, 0) + 1
            step += every
    print(outcomes)


def _started(path: Path, outcome: str) -> tuple[SqliteCheckpoint, str]:
    """The state opened, as often as whoever starts the daemon again must; and the outcome, `not started` where it failed."""
    while True:
        try:
            return open_checkpoint(path), outcome
        except (StateError, CommitUnknownError):
            outcome = "not started"


def _survive(path: Path, states: list[Any], done: Callable[[], bool]) -> str:
    """Commit, as the loop does it whatever happens; the state must be that of the last commit at any time.

    Ends two commits after the fault.
    """
    checkpoint, outcome = _started(path, "unnoticed")
    number, last = checkpoint.load().sequence + 1, COMMITS
    while number <= last:
        if done():
            last = min(last, number + 1)
        try:
            join(checkpoint, number)
            while True:
                try:
                    checkpoint.commit(changes(number))
                    break
                except OSError:
                    outcome = "tried again"
            number += 1
        except (CommitUnknownError, StateError) as error:
            outcome = "loaded again"
            if isinstance(error, StateError):
                checkpoint.close()
                checkpoint, outcome = _started(path, "ended")
            state = held(checkpoint)
            assert state[0] in (number - 1, number), "acknowledged, or under way"
            assert state == states[state[0]]
            number = state[0] + 1
    assert held(checkpoint) == states[number - 1]
    checkpoint.close()
    again, outcome = _started(path, outcome)
    assert held(again) == states[number - 1]
    again.close()
    return outcome


# --- what may be left after a power cut -----------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    kind: str
    path: str
    data: bytes
    offset: int


def read_log(path: Path) -> list[Step]:
    data = path.read_bytes()
    at, found = 0, []
    while at < len(data):
        kind, path_size, size, offset = HEAD.unpack_from(data, at)
        at += HEAD.size
        name = data[at : at + path_size].decode()
        at += path_size
        found.append(Step(kind.decode(), name, data[at : at + size], offset))
        at += size
    return found


@dataclass
class Disk:
    """What is on the disk for sure, and what was told since and is not synced (Pillai et al. 2014, OSDI, section 3)."""

    files: dict[str, bytearray] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Content by name: a rename changes the name only."""
    pending: list[Step] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """A sync makes durable what was told about its file, or of a directory the names in it; nothing else is."""
        if step.kind != "s":
            self.pending.append(step)
            return
        kept: list[Step] = []
        for one in self.pending:
            of_a_name = one.kind in "ru"
            mine = Path(one.path).parent == Path(step.path) if of_a_name else one.path == step.path
            if mine:
                apply(self.files, one)
            else:
                kept.append(one)
        self.pending = kept

    def after_a_cut(self, rng: random.Random, how: str) -> dict[str, bytes]:
        """The files that a power cut may leave: `none` or `all` of what was not synced, `some`, or `torn` by the sector."""
        files = {name: bytearray(content) for name, content in self.files.items()}
        for step in self.pending:
            if how == "none" or (how in ("some", "torn") and rng.random() < 0.5):
                continue
            if how == "torn" and step.kind == "w" and len(step.data) > SECTOR:
                sectors = range(0, len(step.data), SECTOR)
                for at in (at for at in sectors if rng.random() < 0.5):
                    apply(files, Step("w", step.path, step.data[at : at + SECTOR], step.offset + at))
            else:
                apply(files, step)
        return {name: bytes(content) for name, content in files.items()}


def apply(files: dict[str, bytearray], step: Step) -> None:
    if step.kind == "w":
        content = files.setdefault(step.path, bytearray())
        content.extend(bytes(max(0, step.offset - len(content))))
        content[step.offset : step.offset + len(step.data)] = step.data
    elif step.kind == "t":
        content = files.setdefault(step.path, bytearray())
        del content[step.offset :]
        content.extend(bytes(max(0, step.offset - len(content))))
    elif step.kind == "u":
        files.pop(step.path, None)
    elif step.kind == "r" and step.path in files:
        files[step.data.decode()] = files.pop(step.path)


def cuts(steps: list[Step], seed: int, every: int) -> Iterator[tuple[str, int, dict[str, bytes]]]:
    """(what happened, commits acknowledged, files left) for cuts after every `every`-th step and around each sync."""
    rng = random.Random(seed)
    disk, acknowledged = Disk(), 0
    for number, step in enumerate(steps):
        if Path(step.path).name == ACKNOWLEDGED:
            acknowledged = max(acknowledged, *step.data) if step.data else acknowledged
            continue
        near = step.kind != "w" or (number + 1 < len(steps) and steps[number + 1].kind != "w")
        disk.take(step)
        if near or number % every == 0:
            for how in ("none", "all", "some", "torn"):
                yield (
                    f"step {number} ({step.kind} {step.path}), {how}",
                    acknowledged,
                    disk.after_a_cut(rng, how),
                )


if __name__ == "__main__":
    {"record": recorded, "errors": failed}[sys.argv[1]](Path(sys.argv[2]))
