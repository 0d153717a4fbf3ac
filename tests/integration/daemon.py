"""The daemon as a process of its own, and what a person would ask it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.waiting import until


class Daemon:
    """`driftwatch run -c FILE` on a known port; its log is a file of JSON lines."""

    def __init__(self, config: Path, port: int) -> None:
        self._config, self._port = config, port
        self.log = config.parent / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "driftwatch", "run", "-c", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until(
            lambda: self._ended() or self.get("/healthz") is not None, within_s=30, what="the daemon answers"
        )
        assert not self._ended(), self.log.read_text()

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        """The id of the process, which must still be running."""
        assert self._process is not None
        assert not self._ended(), self.log.read_text()[-4_000:]
        return self._process.pid

    def stop(self, sign: signal.Signals = signal.SIGTERM, within_s: float = 15) -> int:
        """Send a signal and wait; the exit code."""
        assert self._process is not None
        self._process.send_signal(sign)
        code = self._process.wait(within_s)
        self._process = None
        return code

    def close(self) -> None:
        """End it whatever it does; for clean-up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def get(self, path: str) -> Any:
        """JSON of a page, or its text; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(text) if text.startswith(("{", "[")) else text

    def lines(self) -> list[dict[str, Any]]:
        """Its log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
