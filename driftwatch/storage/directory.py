"""The state directory: held by one process at a time, with an owner id and a hash key made once (E16, E17)."""

from __future__ import annotations

import fcntl
import os
import secrets
import uuid
from pathlib import Path
from typing import Final

import msgspec

from driftwatch.errors import StateError
from driftwatch.storage.schema import sync_directory
from driftwatch.storage.transaction import damaged

CHECKPOINT_FILE: Final = "checkpoint.sqlite"
DELIVERIES_FILE: Final = "deliveries.sqlite"
DEAD_LETTERS_FILE: Final = "dead-letters.ndjson"
OWNER_FILE: Final = "owner.json"
_LOCK_FILE: Final = "lock"
HASH_KEY_BYTES: Final = 16


class _Owner(msgspec.Struct, frozen=True):
    owner: str
    hash_key: str


class StateDirectory:
    """A directory that this process holds until `close` (or until it dies: the lock is the kernel's)."""

    def __init__(self, path: Path) -> None:
        """Make the directory where it is missing and take its lock.

        Raises StateError if another process holds it or it cannot be made or written.
        """
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _take_lock(path / _LOCK_FILE)
        except OSError as error:
            raise StateError(
                f"the state directory {path} cannot be used: {error.strerror or error}"
            ) from error
        try:
            made = _owner(path / OWNER_FILE)
        except BaseException:
            self.close()
            raise
        self.owner = made.owner
        self.hash_key = bytes.fromhex(made.hash_key)

    def close(self) -> None:
        """Let another process have it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def set_aside(path: Path) -> Path:
    """Move a damaged checkpoint (with its log) out of the way, so that the next start rebuilds it (F18).

    `path` is the state directory, held by nobody. Returns the new name of the file; FileNotFoundError if there is none.
    The owner, the hash key and the record of deliveries stay: nothing that was delivered is sent again.
    """
    number = 1
    while (target := path / f"{CHECKPOINT_FILE}.damaged-{number}").exists():
        number += 1
    for ending in ("-wal", "-shm"):
        log = path / (CHECKPOINT_FILE + ending)
        if log.exists():
            log.rename(target.with_name(target.name + ending))
    (path / CHECKPOINT_FILE).rename(target)
    sync_directory(path)
    return target


def _take_lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StateError(
            f"the state directory {path.parent} is held by process {holder}: stop it, or give this one another"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _owner(path: Path) -> _Owner:
    if not path.exists():
        return _make_owner(path)
    try:
        made = msgspec.json.decode(path.read_bytes(), type=_Owner)
        whole = (
            len(bytes.fromhex(made.hash_key)) == HASH_KEY_BYTES and str(uuid.UUID(made.owner)) == made.owner
        )
    except ValueError as error:  # msgspec's and UnicodeError are ValueErrors too
        raise damaged(str(path), f"no owner id and hash key in it: {error}") from error
    if not whole:
        raise damaged(str(path), "no owner id and hash key in it")
    return made


def _make_owner(path: Path) -> _Owner:
    made = _Owner(owner=str(uuid.uuid4()), hash_key=secrets.token_hex(HASH_KEY_BYTES))
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(made) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.rename(path)
    sync_directory(path.parent)
    return made
