"""Commands that change something: their JSON body, and what the loop made of them at a commit (E15)."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from driftwatch.telemetry.api import Refused

T = TypeVar("T", bound=msgspec.Struct)

BODY_BYTES: Final = 4_096
WAIT_S: Final = 5.0
"""How long a request waits for the commit that decides it."""


async def body_of(request: Request, kind: type[T], example: str) -> T:
    """The body as a value; raises Refused where it is too large, or no such JSON."""
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > BODY_BYTES:
            raise Refused(413, "too_large", f"The body may have {BODY_BYTES} bytes.")
    try:
        return msgspec.json.decode(received, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Refused(400, "bad_body", f"Send JSON such as {example}.") from None


async def outcome_of(future: Future[str], wait_s: float) -> str | None:
    """What became of it; None where that is not decided in time. Raises Refused where the daemon stops before."""
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), wait_s)
    except TimeoutError:
        return None
    except asyncio.CancelledError:
        if future.cancelled():  # the loop stops before the commit that would have decided it
            raise Refused(503, "stopping", "The daemon is stopping; ask again.") from None
        raise
