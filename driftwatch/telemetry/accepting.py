"""Accepting a lasting new state as the reference through the HTTP port, behind the bearer token (F37)."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from starlette.requests import Request

from driftwatch.alerts.alert import AlertState
from driftwatch.events.iso import BAD_TIME, parse_iso_ms
from driftwatch.monitor.accepting import Accept, Refusal
from driftwatch.telemetry.answers import Accepted, AcceptRequest
from driftwatch.telemetry.api import Refused
from driftwatch.telemetry.authorise import Token, authorise
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.commands import WAIT_S, body_of, outcome_of

SubmitAccept = Callable[[Accept], "Future[str]"]
"""The future of the new reference's hash or a `Refusal` (any other text: not committed), set after the commit; raises
queue.Full. Must not block (E15)."""

_REFUSALS: Final = {
    Refusal.UNKNOWN: (404, "There is no such live version; /api/v1/models lists them."),
    Refusal.NOTHING: (409, "No alert of this version fires: there is nothing to accept."),
    Refusal.TOO_FEW: (
        409,
        "Fewer than 100 events (labels) of the new state are in the windows: wait, or state an earlier `from`, "
        "or build a reference from the topic with `driftwatch reference build` and reload.",
    ),
}


class Accepting:
    """Checks the token and the body, chooses the version, hands the command to the loop and waits a little."""

    def __init__(self, token: Token, board: Board, submit: SubmitAccept, wait_s: float = WAIT_S) -> None:
        self._token, self._board, self._submit, self._wait_s = token, board, submit, wait_s

    async def accept(self, request: Request) -> tuple[int, Accepted]:
        """Status and answer: 200 when committed, 202 when not decided yet. Raises Refused."""
        authorise(request, self._token)
        model = request.path_params["model"]
        body = await body_of(request, AcceptRequest, '{"by": "ana"}')
        from_ms = None if body.begin is None else parse_iso_ms(body.begin)
        if from_ms == BAD_TIME:
            raise Refused(400, "bad_body", "`from` must be a moment such as 2026-03-01T10:00:00Z.")
        asked = Accept(model, self._version(model, body.version), body.by, from_ms)
        try:
            future = self._submit(asked)
        except queue.Full:
            raise Refused(503, "busy", "Too many commands wait for the next commit; ask again.") from None
        return _answer(asked, await outcome_of(future, self._wait_s))

    def _version(self, model: str, named: str | None) -> str:
        """The version that was named, or the only one with a firing alert."""
        view = self._board.picture.snapshot.models.get(model)
        if view is None:
            raise Refused(404, "unknown_model", "There is no such model; /api/v1/models lists them.")
        if named is not None:
            return named
        firing = sorted({a.version for a in view.alerts if a.state is AlertState.FIRING})
        if not firing:
            raise _refused(Refusal.NOTHING)
        if len(firing) > 1:
            raise Refused(
                409,
                "several",
                "Alerts of several versions fire; say which in `version`: " + ", ".join(firing),
            )
        return firing[0]


def _answer(asked: Accept, outcome: str | None) -> tuple[int, Accepted]:
    if outcome is None:
        return 202, Accepted(asked.model, asked.version, "queued", "")
    if outcome in set(Refusal):
        raise _refused(Refusal(outcome))
    if not outcome.isalnum():
        raise Refused(503, "not_committed", "It could not be committed; ask again.")
    return 200, Accepted(asked.model, asked.version, "accepted", outcome)


def _refused(why: Refusal) -> Refused:
    status, message = _REFUSALS[why]
    return Refused(status, str(why), message)
