"""Connections that cost nothing for long: a deadline for each request and answer, and a limit of connections (F33, F37)."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS: Final = 512
"""Beyond it the one that has been idle longest makes room; if none is idle, the new one is closed."""
REQUEST_S: Final = 20.0
"""From the connection (or the last answer) to the end of the next request's headers."""
ANSWER_S: Final = 30.0
"""From the request to the last byte read by the client."""


class BoundedConnection(H11Protocol):
    """uvicorn's HTTP/1.1 connection with these bounds."""

    max_connections = MAX_CONNECTIONS
    request_s = REQUEST_S
    answer_s = ANSWER_S
    _deadline: asyncio.TimerHandle | None = None
    _since_s: float = 0.0
    _busy: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Accept, make room by closing the longest idle connection, or refuse."""
        super().connection_made(transport)
        self._arm(self.request_s)
        if len(self.connections) > self.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read what came; a complete request begins the time of its answer."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._busy = True
            self._arm(self.answer_s)

    def on_response_complete(self) -> None:
        """The answer is written; the next request may take its time."""
        self._busy = False
        self._arm(self.request_s)
        super().on_response_complete()

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return not self._busy

    @property
    def since_s(self) -> float:
        """Loop time of the last change between idle and busy."""
        return self._since_s

    def _arm(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)
        self._since_s = self.loop.time()

    def _make_room(self) -> None:
        victim = self
        for other in cast("set[object]", self.connections):
            if isinstance(other, BoundedConnection) and other is not self and other.idle:
                victim = other if victim is self or other.since_s < victim.since_s else victim
        self.connections.discard(victim)
        victim.transport.abort()
