"""A consistent copy of a state directory, taken while the daemon that owns it goes on."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from driftwatch.errors import StateError
from driftwatch.storage.directory import CHECKPOINT_FILE, DELIVERIES_FILE, OWNER_FILE


def backup(directory: Path, target: Path) -> None:
    """Copy owner, checkpoint and deliveries into `target`, an existing empty directory, by SQLite's backup API.

    The last commit is copied, whole. Raises StateError where there is no checkpoint or it cannot be read.
    """
    if not (directory / CHECKPOINT_FILE).exists():
        raise StateError(f"there is no checkpoint in {directory}: name the state directory with --state")
    try:
        shutil.copy2(directory / OWNER_FILE, target / OWNER_FILE)
        # Deliveries last: a restored copy then knows all that was delivered of what it has decided.
        for name in (CHECKPOINT_FILE, DELIVERIES_FILE):
            if (directory / name).exists():
                _copy(directory / name, target / name)
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"the state in {directory} cannot be copied: {error}") from error


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
