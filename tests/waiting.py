"""Wait for a condition with a deadline: the only way in which a test waits for another process or thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], within_s: float, what: str, every_s: float = 0.02) -> T:
    """Ask `condition` until it is true and return its value; after `within_s` seconds fail with `what`.

    The condition is asked once more after the deadline, so that a slow machine does not fail a true condition.
    """
    deadline = time.monotonic() + within_s
    pause = threading.Event()  # never set: its wait is the pause between two questions
    while True:
        expired = time.monotonic() >= deadline
        value = condition()
        if value:
            return value
        if expired:
            raise TimeoutError(f"waited {within_s:g} s for: {what}")
        pause.wait(every_s)


def stays(condition: Callable[[], object], for_s: float, what: str, every_s: float = 0.1) -> None:
    """Ask `condition` again and again for so many seconds; fail with `what` as soon as it is not true."""
    end = time.monotonic() + for_s
    pause = threading.Event()
    while time.monotonic() < end:
        assert condition(), f"did not hold for {for_s:g} s: {what}"
        pause.wait(every_s)
