"""The daemon with one step of it patched from outside: it kills itself there, or fails, or is slow.

    python -m tests.faults.failing STEP[@N] run -c FILE

The product has no failpoints; this wraps functions of it before it starts. N: at which time the step is reached.
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from driftwatch.cli.program import run
from driftwatch.source.kafka_python import KafkaPythonSource
from driftwatch.storage import directory, sqlite
from driftwatch.storage.keyed import KeyedTable
from driftwatch.storage.outbox import SqliteOutbox
from driftwatch.storage.sqlite import SqliteCheckpoint
from driftwatch.storage.transaction import Transaction
from driftwatch.webhooks.sender import HttpPost

Act = Callable[..., None]


def wrap(owner: Any, name: str, *, before: Act | None = None, after: Act | None = None) -> None:
    """Call `before` and `after` around a function, with its own arguments."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before(*args)
        result = original(*args, **kwargs)
        if after is not None:
            after(*args)
        return result

    @functools.wraps(original)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before(*args)
        result = await original(*args, **kwargs)
        if after is not None:
            after(*args)
        return result

    coroutine = getattr(getattr(original, "__code__", None), "co_flags", 0) & 0x80
    setattr(owner, name, awaited if coroutine else wrapped)


def on_the_loops_thread(act: Act) -> Act:
    """Only the checkpoint's own transactions; the sender has others."""

    def acted(*args: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            act(*args)

    return acted


def of_the_outbox(act: Act) -> Act:
    def acted(table: KeyedTable, *_: Any) -> None:
        if table.name == "outbox":
            act()

    return acted


def _wraps(
    owner: Any, name: str, when: str, only: Callable[[Act], Act] = lambda act: act
) -> Callable[[Act], None]:
    return lambda act: wrap(owner, name, **{when: only(act)})


STEPS: Final[dict[str, Callable[[Act], None]]] = {
    "owner-not-made": _wraps(directory, "_make_owner", "before"),
    "owner-made": _wraps(directory, "_make_owner", "after"),
    "checkpoint-filled": _wraps(sqlite, "_fill", "after"),
    "checkpoint-made": _wraps(sqlite, "create", "after"),
    "state-not-written": _wraps(SqliteCheckpoint, "_write", "before"),
    "state-written": _wraps(SqliteCheckpoint, "_trim", "before"),
    "not-committed": _wraps(Transaction, "commit", "before", on_the_loops_thread),
    "committed": _wraps(Transaction, "commit", "after", on_the_loops_thread),
    "log-not-copied": _wraps(SqliteCheckpoint, "_copy_log", "before"),
    "log-copied": _wraps(SqliteCheckpoint, "_copy_log", "after"),
    "offsets-not-committed": _wraps(KafkaPythonSource, "commit", "before"),
    "offsets-committed": _wraps(KafkaPythonSource, "commit", "after"),
    "outbox-not-inserted": _wraps(KeyedTable, "add", "before", of_the_outbox),
    "outbox-inserted": _wraps(KeyedTable, "add", "after", of_the_outbox),
    "not-sent": _wraps(HttpPost, "__call__", "before"),
    "answered": _wraps(HttpPost, "__call__", "after"),
    "marked": _wraps(SqliteOutbox, "record", "after"),
}
"""Every step after which something is durable, from both sides (F2). `sent, not answered` is the receiver's to cause."""


def killing(at: int) -> Act:
    """End this process without warning when called for the `at`-th time."""
    left = [at]

    def kill(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


def slow(seconds: float, times: int) -> None:
    """The first records of so many polls take this long (F6)."""
    from driftwatch.monitor.monitor import Monitor

    left = [times]

    def wait(*_: Any) -> None:
        if left[0] > 0:
            left[0] -= 1
            threading.Event().wait(seconds)

    wrap(Monitor, "ingest", before=wait)


def jumping(seconds: float) -> None:
    """The wall clock jumps ahead by so much, back by as much, and again, every few readings (F28)."""
    real_s = time.time
    readings = itertools.count()
    time.time = lambda: real_s() + seconds * (-1 if next(readings) // 7 % 2 else 1)


def main(arguments: list[str]) -> int:
    step, *rest = arguments
    name, _, number = step.partition("@")
    if name == "slow":
        seconds, _, times = number.partition("x")
        slow(float(seconds), int(times))
    elif name == "clock":
        jumping(float(number))
    else:
        STEPS[name](killing(int(number or 1)))
    return run(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
