"""Who may change something through the HTTP port: whoever holds the bearer token (F37)."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.requests import Request

from driftwatch.telemetry.api import Refused

Token = Callable[[], str | None]
"""The token in force, None where none is configured; OSError or KeyError where it cannot be read."""


def authorise(request: Request, token: Token) -> None:
    """Raises Refused unless the request carries the token; compared in constant time."""
    try:
        wanted = token()
    except (OSError, KeyError):
        raise Refused(503, "token_unreadable", "The configured http.token cannot be read.") from None
    if not wanted:
        raise Refused(403, "not_configured", "Changing anything is off: no http.token is configured.")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Starlette reads headers as Latin-1: this gives back the bytes that were sent.
    right = hmac.compare_digest(given.strip().encode("latin-1"), wanted.encode("utf-8"))
    if scheme.lower() != "bearer" or not right:
        raise Refused(401, "unauthorised", "Send the header `Authorization: Bearer TOKEN`.")
