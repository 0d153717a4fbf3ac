"""Programs that run beside a test: their output is a file, and each is stopped by its own id."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


def program(*names: str) -> str:
    """The first of these programs that is installed; skips visibly where none is."""
    for name in names:
        if (found := shutil.which(name)) is not None:
            return found
    pytest.skip(f"no {names[0]}: .ci/run says which package has it")


class Process:
    """One running program; what it says is in `log`."""

    def __init__(self, log: Path, *command: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(environment or {})},
                cwd=log.parent,
            )

    def alive(self) -> bool:
        """Whether it still runs; fails with its last words where it does not."""
        assert self._process.poll() is None, self.log.read_text("utf-8", "replace")[-4_000:]
        return True

    def stop(self) -> None:
        """SIGTERM, after ten seconds SIGKILL."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
