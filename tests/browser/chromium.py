"""Headless Chromium over its DevTools protocol: what a page shows, asks for, complains of, and looks like."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from tests.waiting import until

COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)
_ANSWER_S: Final = 30


def missing() -> str | None:
    """Why there is no browser; None where there is one."""
    if any(map(shutil.which, COMMANDS)):
        return None
    return "no chromium: install Debian's package `chromium` (.ci/run does)"


class Page:
    """One tab. `requests` and `complaints` grow as the page loads."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._session = ""
        self.requests: list[str] = []
        """Addresses that it asked for."""
        self.complaints: list[str] = []
        """Errors and warnings of its console, of its policy, and exceptions."""
        self._loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol; AssertionError with its own words where it is refused."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while (answer := self._receive()).get("id") != number:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def goto(self, url: str) -> None:
        """Load a page and everything that it asks for."""
        self._loaded = False
        failed = self.call("Page.navigate", url=url).get("errorText")
        assert not failed, f"{url}: {failed}"
        while not self._loaded:
            self._receive()
        until(lambda: self.evaluate("document.readyState") == "complete" and self.address == url, 30, url)

    @property
    def address(self) -> str:
        """Where the tab is."""
        return self.evaluate("location.href")

    def looks(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Light or dark, and how wide."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript (a promise is waited for); AssertionError where it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """What a person reads, with single spaces."""
        return " ".join(self.evaluate("document.body.innerText").split())

    def press(self, key: str) -> None:
        """A key, as from a keyboard."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key],
            )

    def screenshot(self, path: Path, *, height: int | None = None, scale: float = 1.0) -> None:
        """The page as a PNG: the whole of it, or its first `height` pixels."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": scale}
        taken = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def faults(self) -> list[str]:
        """What axe-core finds by all of its rules, however light, each with where it is; what is folded is opened first."""
        self.evaluate((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + "; true")
        self.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        asked = {"preload": False, "resultTypes": ["violations"]}
        found = self.evaluate(
            f"axe.run(document, {json.dumps(asked)}).then(r => JSON.stringify(r.violations))"
        )
        return [
            f"{fault['id']} ({fault['impact']}): {node['target']} {node['failureSummary']}"
            for fault in json.loads(found)
            for node in fault["nodes"]
        ]

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=_ANSWER_S))
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(parameters["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case _:
                pass
        return message


@contextmanager
def browser() -> Iterator[Page]:
    """A browser of its own with one tab; it ends with the block."""
    command = next(filter(None, map(shutil.which, COMMANDS)))
    with tempfile.TemporaryDirectory(prefix="driftwatch-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [command, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            told = Path(profile) / "DevToolsActivePort"
            until(lambda: told.exists() and len(told.read_text().split()) == 2, 60, "the browser listens")
            port, path = told.read_text().split()
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
