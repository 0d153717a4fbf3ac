"""The daemon's API as the demonstration uses it: what it says, and the acknowledgement of a retraining."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final

_ANSWER_S: Final = 5.0


class Api:
    """A running daemon at `url`, with the bearer token for what needs one."""

    def __init__(self, url: str, token: str) -> None:
        self.url: Final = url.rstrip("/")
        self._token = token

    def get(self, path: str) -> dict[str, Any] | None:
        """The answer of `/api/v1/PATH`; None while the daemon does not answer or refuses."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=_ANSWER_S) as response:
                return json.load(response)
        except (OSError, ValueError):
            return None

    def acknowledge(self, address: str, by: str) -> str:
        """Say that somebody takes care of an episode; returns the outcome.

        Raises PermissionError for an address that is not this daemon's (the token stays here), OSError with
        the daemon's reason where it refuses.
        """
        if not address.startswith(f"{self.url}/"):
            raise PermissionError(f"{address} is not at {self.url}: the token is not sent there")
        request = urllib.request.Request(
            address,
            data=json.dumps({"by": by}).encode(),
            headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_S) as response:
                return str(json.load(response)["outcome"])
        except urllib.error.HTTPError as error:
            reason = " ".join(error.read(2_000).decode("utf-8", "replace").split())
            raise OSError(f"{error.code}: {reason}") from error
