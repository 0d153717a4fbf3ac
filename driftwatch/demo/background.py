"""A part of the demonstration that works in a thread of its own until it is told to stop, or fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Background:
    """Runs `work` with an event that says when to stop; as a context manager it starts and stops it."""

    def __init__(self, name: str, work: Callable[[threading.Event], None]) -> None:
        self.name = name
        self.error: BaseException | None = None
        """What ended it, if it did not end well."""
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._thread.is_alive()

    def close(self, within_s: float = 30) -> bool:
        """Tell it to stop and wait; False where it goes on nevertheless."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._work(self._stop)
        except BaseException as error:  # the thread that waits for us raises it
            self.error = error
