"""Reloading the configuration through the HTTP port, behind the bearer token (F32, F37)."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from starlette.requests import Request

from driftwatch.telemetry.answers import Reloaded
from driftwatch.telemetry.api import Refused
from driftwatch.telemetry.authorise import Token, authorise

WAIT_S: Final = 30.0
"""How long a request waits for the loop: it commits, reads files and loads the state before it answers."""

SubmitReload = Callable[[], "Future[str]"]
"""The future of the errors for which it was refused, one a line; empty: taken over. Raises queue.Full. Must not block (E15)."""


class Reloading:
    """Checks the token, asks the loop to reload, and says what became of it."""

    def __init__(self, token: Token, submit: SubmitReload, wait_s: float = WAIT_S) -> None:
        self._token = token
        self._submit = submit
        self._wait_s = wait_s

    async def reload(self, request: Request) -> tuple[int, Reloaded]:
        """Status and answer: 200 when it is in force, 202 when that is not decided yet. Raises Refused."""
        authorise(request, self._token)
        try:
            future = self._submit()
        except queue.Full:
            raise Refused(503, "busy", "Too many reloads wait; ask again.") from None
        try:
            refused = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._wait_s)
        except TimeoutError:
            return 202, Reloaded("accepted")
        except asyncio.CancelledError:
            if future.cancelled():
                raise Refused(503, "stopping", "The daemon is stopping; ask again.") from None
            raise
        if refused:
            raise Refused(409, "refused", refused)
        return 200, Reloaded("reloaded")
