"""The daemon as a process of its own, and what a person would ask it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.waiting import until


class Daemon:
    """`driftwatch run -c FILE` on a known port; its log is a file of JSON lines, what it says on stderr another file."""

    def __init__(self, config: Path, port: int) -> None:
        self._config, self._port = config, port
        self.log = config.with_name("daemon.log")
        self.stderr = config.with_name("daemon.stderr")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, prefix: Sequence[str] = (), module: Sequence[str] = ("driftwatch",)) -> None:
        """Start it and wait until it answers."""
        self.launch(prefix=prefix, module=module)
        until(lambda: self.ended() or self.get("/healthz") is not None, 120, "the daemon answers")
        assert not self.ended(), self.story()

    def launch(self, *, prefix: Sequence[str] = (), module: Sequence[str] = ("driftwatch",)) -> None:
        """Start it and wait for nothing; `prefix` is a command in front of it, `module` what stands in its place."""
        with self.log.open("ab") as log, self.stderr.open("ab") as stderr:
            command = [*prefix, sys.executable, "-m", *module, "run", "-c", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=stderr)

    def ended(self) -> bool:
        """Whether it was started and is over."""
        return self._process is not None and self._process.poll() is not None

    def story(self) -> str:
        """The last of what it said, for a failing test."""
        return self.stderr.read_text()[-2_000:] + self.log.read_text()[-4_000:]

    @property
    def pid(self) -> int:
        """The id of the process, which must still be running."""
        assert self._process is not None
        assert not self.ended(), self.story()
        return self._process.pid

    def stop(self, sign: signal.Signals = signal.SIGTERM, within_s: float = 15) -> int:
        """Send a signal and wait; the exit code."""
        assert self._process is not None
        self._process.send_signal(sign)
        return self.wait(within_s)

    def wait(self, within_s: float = 15) -> int:
        """Wait until it ends by itself; the exit code."""
        assert self._process is not None
        code = self._process.wait(within_s)
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL, from any thread; `wait` has the exit code."""
        assert self._process is not None
        self._process.kill()

    def close(self) -> None:
        """End it whatever it does; for clean-up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def get(self, path: str) -> Any:
        """JSON of a page, or its text; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(text) if text.startswith(("{", "[")) else text

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Status and body of `/readyz`, which answers 503 while it is not ready; (0, {}) while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, {}

    def lines(self) -> list[dict[str, Any]]:
        """Its log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
