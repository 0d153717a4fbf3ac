"""Acknowledging a retraining: a request that changes something, behind a bearer token (F37)."""

from __future__ import annotations

import queue
import re
from collections.abc import Callable
from concurrent.futures import Future
from enum import StrEnum
from typing import Final

from starlette.requests import Request

from driftwatch.telemetry.answers import Acknowledged, AcknowledgeRequest
from driftwatch.telemetry.api import Refused
from driftwatch.telemetry.authorise import Token, authorise
from driftwatch.telemetry.commands import WAIT_S, body_of, outcome_of

_EPISODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Outcome(StrEnum):
    """What the core made of an acknowledgement at its commit."""

    ACKNOWLEDGED = "acknowledged"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"


Submit = Callable[[str, str], "Future[str]"]
"""(episode, by) → the future of an `Outcome` (any other text: not committed), set after the commit; raises queue.Full.
Must not block (E15)."""


class Acknowledging:
    """Checks the token and the body, hands the command to the loop and waits a little for its outcome."""

    def __init__(self, token: Token, submit: Submit, wait_s: float = WAIT_S) -> None:
        self._token = token
        self._submit = submit
        self._wait_s = wait_s

    async def acknowledge(self, request: Request) -> tuple[int, Acknowledged]:
        """Status and answer: 200 when committed, 202 when accepted but not decided yet. Raises Refused."""
        authorise(request, self._token)
        episode = request.path_params["episode"]
        if not _EPISODE.fullmatch(episode):
            raise _unknown()
        asked = await body_of(request, AcknowledgeRequest, '{"by": "retrain job 17"}')
        try:
            future = self._submit(episode, asked.by)
        except queue.Full:
            raise Refused(503, "busy", "Too many commands wait for the next commit; ask again.") from None
        return await self._outcome(episode, future)

    async def _outcome(self, episode: str, future: Future[str]) -> tuple[int, Acknowledged]:
        outcome = await outcome_of(future, self._wait_s)
        if outcome is None:
            return 202, Acknowledged(episode, "accepted")
        if outcome == Outcome.UNKNOWN:
            raise _unknown()
        if outcome == Outcome.CONFLICT:
            raise Refused(409, "conflict", "The episode is not one that waits for an acknowledgement.")
        if outcome != Outcome.ACKNOWLEDGED:
            raise Refused(503, "not_committed", "It could not be committed; ask again.")
        return 200, Acknowledged(episode, str(Outcome.ACKNOWLEDGED))


def _unknown() -> Refused:
    return Refused(404, "unknown_episode", "There is no such episode; /api/v1/episodes lists them.")
