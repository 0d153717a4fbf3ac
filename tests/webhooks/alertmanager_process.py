"""A real Alertmanager on free ports, stopped by its process id."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.waiting import until

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


class Alertmanager:
    """Its API, as a person with curl would use it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"content-type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def alerts(self) -> list[Any]:
        return self.ask("/api/v2/alerts")

    def ready(self) -> bool:
        try:
            self.ask("/api/v2/status")
        except (URLError, OSError):
            return False
        return True


@contextmanager
def running(configuration: str, directory: Path, port: int = 0) -> Iterator[Alertmanager]:
    """A process with this configuration; its files lie in `directory`, which is made."""
    assert BINARY is not None
    directory.mkdir(exist_ok=True)
    file = directory / "alertmanager.yml"
    file.write_text(configuration)
    port = port or _free_port()
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [
                BINARY,
                f"--config.file={file}",
                f"--storage.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            made = Alertmanager(port)
            until(made.ready, 30, "Alertmanager answers")
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
