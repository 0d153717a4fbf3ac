"""A webhook receiver that verifies every signature and remembers what it was told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from driftwatch.webhooks.signing import Verification, parse_secret, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """Answers 200 to everything; `seen` has every delivery in order."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.before_answer: Callable[[], None] | None = None
        """Called when a body has been read and before it is answered."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                found = verify([parse_secret(SECRET)], dict(self.headers.items()), body, time.time())
                if found is not Verification.VALID:
                    receiver.refused.append(str(found))
                receiver.seen.append({"id": self.headers["webhook-id"], **json.loads(body)})
                if receiver.before_answer is not None:
                    receiver.before_answer()
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def ids(self, type_: str | None = None) -> set[str]:
        return {one["id"] for one in list(self.seen) if type_ in (None, one["type"])}

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
