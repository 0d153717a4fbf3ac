"""The receiver of the demonstration: plays Slack and a retraining pipeline that believes only signed requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import msgspec

from driftwatch.webhooks.signing import ID, Verification, verify

SLACK_PATH: Final = "/slack"
RETRAIN_PATH: Final = "/retrain"
MAX_BODY_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that was accepted or refused."""

    path: str
    id: str
    """`webhook-id`; empty where there was none."""
    content: dict[str, Any]
    """The body; empty where it was refused unread."""
    verification: Verification | None
    """What the signature is worth; None where none is asked for."""


class Receiver:
    """An HTTP server in threads of its own on 127.0.0.1; tells of every delivery once, by its id."""

    def __init__(self, keys: Sequence[bytes], tell: Callable[[Delivery], None]) -> None:
        """`keys` are those with which a retraining request may be signed."""
        self._keys = keys
        self._tell = tell
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="receiver", daemon=True
        )

    @property
    def url(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Decide about one POST: 200, or 400, 401, 404, 413."""
        length = request.headers.get("content-length", "")
        size = int(length) if length.isdecimal() and len(length) < 12 else 0
        # A sender that is still writing when the connection closes would not see the answer.
        body = request.rfile.read(min(size, MAX_BODY_BYTES + 1))
        if size > MAX_BODY_BYTES:
            request.send_error(413)
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = self._judge(request.path, headers, body)
        request.send_response(status)
        request.send_header("content-length", "0")
        request.end_headers()

    def _judge(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        id_ = headers.get(ID, "")
        if path not in (SLACK_PATH, RETRAIN_PATH):
            return 404
        # Slack knows senders by its secret address; everybody else has to sign.
        found = verify(self._keys, headers, body, time.time()) if path == RETRAIN_PATH else None
        if found not in (None, Verification.VALID):
            self._tell(Delivery(path, id_, {}, found))
            return 401
        try:
            content = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            return 400
        if self._first(path, id_):
            self._tell(Delivery(path, id_, content, found))
        return 200

    def _first(self, path: str, id_: str) -> bool:
        """Whether this id is new: a delivery may come more than once."""
        with self._lock:
            new = not id_ or (path, id_) not in self._known
            self._known.add((path, id_))
            return new
