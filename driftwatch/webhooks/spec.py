"""How endpoints are declared (a part of the configuration)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from driftwatch.spec import Secret, Spec


class EndpointType(StrEnum):
    """What kind of body an endpoint is sent."""

    SLACK = "slack"
    WEBHOOK = "webhook"


class EndpointSpec(Spec):
    """Where notifications go."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    """How metrics, logs and `driftwatch retry` call it."""
    type: EndpointType = EndpointType.WEBHOOK
    """`slack` for Block Kit messages, `webhook` for the documented JSON."""
    url: str | Secret
    """Where to POST; as `{file: …}` or `{env: …}` where the address itself is a secret (Slack)."""
    secret: Secret | None = None
    """Standard Webhooks signing secret (`whsec_…`)."""
    previous_secret: Secret | None = None
    """While a key is rotated: the old one, with which the same body is signed too."""
    on: list[str] = ["alert"]
    """Kinds that are sent here: `alert`, `alert.firing`, `alert.resolved`, `retrain`, `retrain.requested`, `retrain.ended`;
    `page` and `ticket` stand for the alerts of that severity."""
    severities: list[str] = ["warning", "drift", "ticket", "page"]
    """Severities of alerts that are sent here: `warning`, `drift`, `ticket`, `page`."""
    models: list[str] = ["*"]
    """Patterns over model names."""
    allow_networks: list[str] = []
    """CIDRs of private networks that this endpoint may resolve to; all else that is not public is refused."""
