"""Copies of a state directory, and setting aside what is damaged in it, so that it is rebuilt from the topics (F18)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from driftwatch.errors import StateError
from driftwatch.storage.backup import backup
from driftwatch.storage.directory import (
    CHECKPOINT_FILE,
    DELIVERIES_FILE,
    OWNER_FILE,
    held,
    set_aside,
    set_aside_before,
)
from driftwatch.storage.examine import Examined, examine
from driftwatch.storage.schema import sync_directory

MOST_REBUILDS: Final = 3
"""Checkpoints that a daemon sets aside by itself; more would fill a disk that keeps damaging them."""


def back_up(directory: Path, target: Path) -> Examined:
    """Copy a state directory as of its last commit, also while a daemon writes it; whole, or not at all.

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
        backup(directory, new)
        made = examine(new)
        if made.damage:
            raise StateError(next(iter(made.damage.values())))
        for path in new.iterdir():
            path.chmod(0o600)
            _sync(path)
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
