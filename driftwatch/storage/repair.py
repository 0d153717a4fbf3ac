"""Copies of a state directory, and setting aside what is damaged in it, so that it is rebuilt from the topics (F18)."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from driftwatch.errors import StateError
from driftwatch.storage.directory import (
    CHECKPOINT_FILE,
    DELIVERIES_FILE,
    OWNER_FILE,
    held,
    set_aside,
    set_aside_before,
)
from driftwatch.storage.examine import Examined, examine
from driftwatch.storage.schema import CHECKPOINT, DELIVERIES, Schema, open_read_only, sync_directory
from driftwatch.storage.sqlite import BUSY_S
from driftwatch.storage.transaction import FAULTS

MOST_REBUILDS: Final = 3
"""Checkpoints that a daemon sets aside by itself; more would fill a disk that keeps damaging them."""


def back_up(directory: Path, target: Path) -> Examined:
    """Copy a state directory as of its last commit, also while a daemon writes it; whole, or not at all.

    The deliveries are copied after the checkpoint: a restored copy repeats nothing that was delivered before the copy.
    Raises StateError if `target` exists, or the state is missing or damaged.
    """
    if target.exists():
        raise StateError(f"{target} exists already: name a directory that does not")
    if not (directory / CHECKPOINT_FILE).exists():
        raise StateError(f"there is no checkpoint in {directory}: the daemon has not made one yet")
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(mode=0o700, parents=True)
        _copy_database(directory / CHECKPOINT_FILE, new / CHECKPOINT_FILE, CHECKPOINT)
        if (directory / DELIVERIES_FILE).exists():
            _copy_database(directory / DELIVERIES_FILE, new / DELIVERIES_FILE, DELIVERIES)
        _copy(directory / OWNER_FILE, new / OWNER_FILE)
        made = examine(new)
        if made.damage:
            raise StateError(next(iter(made.damage.values())))
        sync_directory(new)
        new.rename(target)
        sync_directory(target.parent)
    except OSError as error:
        raise StateError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return made


def rebuild(directory: Path, *, whole: bool = False) -> list[Path]:
    """Set aside what is damaged (with `whole` the checkpoint in any case); the next start makes it anew.

    Returns the new names. A checkpoint without its owner is nobody's, so both go together; what is left of the
    deliveries stays, so that nothing that was delivered is sent again. Raises StateError if the directory is held.
    """
    with held(directory):
        names = set(examine(directory).damage)
        if whole or OWNER_FILE in names:
            names.add(CHECKPOINT_FILE)
        order = (CHECKPOINT_FILE, OWNER_FILE, DELIVERIES_FILE)
        there = [n for n in order if n in names and list(directory.glob(f"{n}*"))]
        moved: list[Path] = []
        for name in there:
            try:
                moved.append(set_aside(directory, name))
            except FileNotFoundError:
                continue  # only older ones were there
        return moved


def rebuild_again(directory: Path, *, whole: bool = False) -> list[Path]:
    """`rebuild`, as a daemon does it by itself: StateError once it was done too often."""
    before = set_aside_before(directory)
    if before >= MOST_REBUILDS:
        raise StateError(
            f"the state in {directory} was set aside {before} times already: look at the disk, "
            f"then remove {CHECKPOINT_FILE}.aside-* or run `driftwatch state rebuild`"
        )
    return rebuild(directory, whole=whole)


def _copy_database(source: Path, target: Path, schema: Schema) -> None:
    """One read transaction over all pages: the copy is one commit (https://www.sqlite.org/backup.html)."""
    with closing(open_read_only(source, schema, busy_s=BUSY_S)) as reader:
        target.touch(mode=0o600)
        with closing(sqlite3.connect(target)) as writer:
            try:
                reader.backup(writer)
            except FAULTS as error:
                raise StateError(f"{target} cannot be written: {error}") from error
    _sync(target)


def _copy(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
