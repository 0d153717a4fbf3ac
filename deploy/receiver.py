"""Print every webhook that arrives and answer 204: stands in for Slack and the retraining pipeline in compose.yaml."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY_BYTES = 1_000_000


class Receiver(BaseHTTPRequestHandler):
    """Takes any POST."""

    def do_POST(self) -> None:
        """Print path, Standard Webhooks headers and body."""
        size = min(int(self.headers.get("content-length", "0")), MAX_BODY_BYTES)
        body = self.rfile.read(size).decode("utf-8", "backslashreplace")
        webhook = {name: value for name, value in self.headers.items() if name.lower().startswith("webhook-")}
        sys.stdout.write(f"POST {self.path} {webhook}\n{body}\n")
        sys.stdout.flush()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing more than the body."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
