"""What a retraining job is told of the episode that asks for it: a few texts under fixed names."""

from __future__ import annotations

from typing import Final

import msgspec

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.schema import RequestData

PARAMETERS: Final = (
    "episode",
    "model",
    "version",
    "reason",
    "data_start",
    "data_end",
    "acknowledge",
)
"""The names, in the order in which they are told. `acknowledge` is the address to POST to."""


def parameters_of(notification: Notification) -> dict[str, str]:
    """The texts of a `retrain.requested` by name; times are event times in ISO 8601, UTC."""
    data = msgspec.convert(notification.data, RequestData)
    return {
        "episode": data.episode.id,
        "model": notification.model,
        "version": notification.version,
        "reason": data.episode.reason,
        "data_start": data.data.start,
        "data_end": data.data.end,
        "acknowledge": data.links["acknowledge"],
    }
