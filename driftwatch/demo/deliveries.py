"""What arrived at the receiver, turned into happenings; a request that was verified goes to the retrainer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from driftwatch.alerts.notifications import NotificationType
from driftwatch.demo.acts import Act, Happening
from driftwatch.demo.receiver import SLACK_PATH, Delivery
from driftwatch.demo.retrainer import Request, read_request
from driftwatch.webhooks.signing import Verification

_LINK: Final = re.compile(r"<([^|>]+)\|([^>]+)>")
_MARKS: Final = re.compile(r"[*`]")


class Deliveries:
    """Reads deliveries one by one; `take` gets each verified retraining request."""

    def __init__(self, take: Callable[[Request], None]) -> None:
        self._take = take

    def read(self, delivery: Delivery) -> Iterator[Happening]:
        """What to tell of one delivery."""
        if delivery.path == SLACK_PATH:
            yield _slack(delivery.content)
        elif delivery.verification is not Verification.VALID:
            yield Happening(
                "retrainer", f"refuses {delivery.id or 'a request without an id'}: {delivery.verification}"
            )
        elif delivery.content.get("type") == NotificationType.RETRAIN_REQUESTED:
            yield self._request(delivery)
        else:
            yield Happening(
                "retrainer", f"is told: {delivery.content.get('type')} ({delivery.id}, signature valid)"
            )

    def _request(self, delivery: Delivery) -> Happening:
        try:
            request = read_request(delivery.content)
        except ValueError as error:
            return Happening("retrainer", f"refuses {delivery.id}: {error}")
        self._take(request)
        return Happening(
            "retrainer",
            f"gets {delivery.id}, signature valid: retrain, episode {request.episode}",
            Act.REQUEST,
        )


def _slack(content: dict[str, Any]) -> Happening:
    """The message as people read it: its text, then its sections; an act only when there is one to read."""
    title = str(content.get("text", "")).strip()
    sections = [
        block["text"]["text"] for block in content.get("blocks", ()) if block.get("type") == "section"
    ]
    lines = [line for section in sections for line in _plain(str(section)).splitlines()]
    act = Act.SLACK if title else None
    return Happening("slack", _plain(title) or "(a message without text)", act, tuple(lines))


def _plain(markdown: str) -> str:
    """Slack's markup taken off: `*bold*`, code, links and escapes."""
    text = _LINK.sub(r"\2: \1", markdown)
    return html.unescape(_MARKS.sub("", text))
