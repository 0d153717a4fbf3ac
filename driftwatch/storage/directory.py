"""The state directory: held by one process at a time, with an owner id and a hash key made once (E16, E17)."""

from __future__ import annotations

import fcntl
import os
import secrets
import uuid
from collections.abc import Generator
from contextlib import contextmanager
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
ASIDE: Final = ".aside-"
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
        self._lock = -1
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _take_lock(path / _LOCK_FILE)
            made = _owner(path / OWNER_FILE)
        except OSError as error:
            self.close()
            raise StateError(
                f"the state directory {path} cannot be used: {error.strerror or error}"
            ) from error
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


def set_aside(path: Path, name: str = CHECKPOINT_FILE) -> Path:
    """Move a file of the state directory (with its log) out of the way, so that the next start makes it anew (F18).

    `path` is the state directory, held by nobody. Returns the new name; FileNotFoundError if nothing is there.
    """
    number = 1
    while _parts(path, target := f"{name}{ASIDE}{number}"):
        number += 1
    found = _parts(path, name)
    if not found:
        raise FileNotFoundError(path / name)
    for part in found:  # the file itself first: without its log it could pass for an older commit
        part.rename(path / (target + part.name.removeprefix(name)))
    sync_directory(path)
    return path / target


def set_aside_before(path: Path) -> int:
    """How many checkpoints of this directory were set aside: with one, topics are begun at their beginning."""
    return len(list(path.glob(f"{CHECKPOINT_FILE}{ASIDE}*[0-9]")))


def read_owner(path: Path) -> tuple[str, bytes]:
    """Owner id and hash key of a state directory that somebody else may hold.

    Raises StateError where there is none, DamagedStateError where it is not whole.
    """
    if not (path / OWNER_FILE).exists():
        raise StateError(f"{path} is no state directory: there is no {OWNER_FILE} in it")
    made = _owner(path / OWNER_FILE)
    return made.owner, bytes.fromhex(made.hash_key)


def _parts(path: Path, name: str) -> list[Path]:
    return [part for ending in ("", "-wal", "-shm") if (part := path / (name + ending)).exists()]


@contextmanager
def held(path: Path) -> Generator[None]:
    """Hold a state directory, whole or not, while files in it are moved; StateError if another process holds it."""
    try:
        lock = _take_lock(path / _LOCK_FILE)
    except OSError as error:
        raise StateError(f"the state directory {path} cannot be used: {error.strerror or error}") from error
    try:
        yield
    finally:
        os.close(lock)


def _take_lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StateError(
            f"the state directory {path.parent} is held by process {holder}: stop it, or give this one another"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
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
    with os.fdopen(descriptor, "wb") as file:  # a file writes all of it or raises; os.write may write a part
        file.write(msgspec.json.encode(made) + b"\n")
        file.flush()
        os.fsync(descriptor)
    new.rename(path)
    sync_directory(path.parent)
    return made
