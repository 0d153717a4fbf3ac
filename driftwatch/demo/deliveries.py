"""What arrived at the receiver, turned into happenings; a request that was verified goes to the retrainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from driftwatch.alerts.notifications import NotificationType
from driftwatch.demo.acts import Act, Happening
from driftwatch.demo.receiver import SLACK_PATH, Delivery
from driftwatch.demo.retrainer import Request, read_request
from driftwatch.webhooks.signing import Verification


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
    """The message's own text; an act only when there is one to read."""
    text = str(content.get("text", ""))
    first, *more = text.strip().splitlines() or ["(a message without text)"]
    return Happening("slack", first, Act.SLACK if text.strip() else None, tuple(more))
