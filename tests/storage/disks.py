"""Ways to make a checkpoint meet a full or failing disk for real."""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from driftwatch.storage.sqlite import SqliteCheckpoint


@contextlib.contextmanager
def no_more_pages(checkpoint: SqliteCheckpoint) -> Iterator[None]:
    """SQLite itself refuses to grow the file: SQLITE_FULL from a statement."""
    connection = checkpoint._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        connection.execute("PRAGMA max_page_count = 1073741823")


@contextlib.contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to grow any file of this process: an I/O error from COMMIT."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def mount_small_disk(path: Path, size_bytes: int) -> bool:
    """A tmpfs of this size at `path`; False where this user may not mount."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(path)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def unmount(path: Path) -> None:
    subprocess.run(["umount", str(path)], check=True)


@contextlib.contextmanager
def filled(path: Path) -> Iterator[None]:
    """No byte is left on the disk of `path`."""
    filler = path / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4_096)
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x")
    try:
        yield
    finally:
        filler.unlink()
