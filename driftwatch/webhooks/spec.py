"""How endpoints are declared (a part of the configuration)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, cast

from pydantic import Field, model_validator

from driftwatch.events.times import Duration
from driftwatch.spec import Secret, Spec


class EndpointType(StrEnum):
    """Who is spoken to: `catalogue.py` has what each of them takes."""

    SLACK = "slack"
    WEBHOOK = "webhook"
    ALERTMANAGER = "alertmanager"
    PAGERDUTY = "pagerduty"
    TEAMS = "teams"
    DISCORD = "discord"
    EMAIL = "email"
    GITHUB = "github"
    GITLAB = "gitlab"
    AIRFLOW = "airflow"
    ARGO_EVENTS = "argo-events"
    ARGO_WORKFLOWS = "argo-workflows"
    KUBEFLOW = "kubeflow"
    MLFLOW = "mlflow"


USUAL_ON: Final[dict[str, list[str]]] = {
    EndpointType.GITHUB: ["retrain.requested"],
    EndpointType.GITLAB: ["retrain.requested"],
    EndpointType.AIRFLOW: ["retrain.requested"],
    EndpointType.ARGO_EVENTS: ["retrain.requested"],
    EndpointType.ARGO_WORKFLOWS: ["retrain.requested"],
    EndpointType.KUBEFLOW: ["retrain.requested"],
    EndpointType.MLFLOW: ["retrain"],
}
"""What a type is sent where `on` says nothing; the others get alerts."""


class EndpointSpec(Spec):
    """Where notifications go."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    """How metrics, logs and `driftwatch retry` call it."""
    type: EndpointType = EndpointType.WEBHOOK
    """Who is spoken to: `webhook` is the documented JSON; docs/webhooks.md has an example of every type."""
    url: str | Secret
    """Where to send; as `{file: …}` or `{env: …}` where the address itself is a secret (Slack, Teams, Discord). Types with a path of their
    own want the server's address alone."""
    secret: Secret | None = None
    """Standard Webhooks signing secret (`whsec_…`); `webhook`, `slack` and `argo-events` only."""
    previous_secret: Secret | None = None
    """While a key is rotated: the old one, with which the same body is signed too."""
    token: Secret | None = None
    """Access token, trigger token or routing key of the types that want one; read again at every attempt."""
    username: str | None = None
    """User name of basic authentication, in place of `token`, where the type allows it."""
    password: Secret | None = None
    """Password of basic authentication."""
    options: dict[str, str] = {}
    """What the type wants to know besides, such as `dag` of `airflow`; docs/webhooks.md lists them."""
    peers: list[str] = []
    """`alertmanager` only: the addresses of the other instances of the cluster; each gets every alert."""
    resend_every: Duration = 60_000
    """`alertmanager` only: how often a firing alert is sent again. It ends by itself four times as long after the last time."""
    on: list[str] = ["alert"]
    """Kinds that are sent here: `alert`, `alert.firing`, `alert.resolved`, `retrain`, `retrain.requested`, `retrain.ended`;
    `page` and `ticket` stand for the alerts of that severity. Where nothing is said, types that start a retraining get
    `retrain.requested`, `mlflow` gets `retrain`."""
    severities: list[str] = ["warning", "drift", "ticket", "page"]
    """Severities of alerts that are sent here: `warning`, `drift`, `ticket`, `page`."""
    models: list[str] = ["*"]
    """Patterns over model names."""
    allow_networks: list[str] = []
    """CIDRs of private networks that this endpoint may resolve to; all else that is not public is refused."""

    @model_validator(mode="before")
    @classmethod
    def _usual_on(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        given = cast("dict[str, object]", data)
        kind = given.get("type")
        if "on" in given or not isinstance(kind, str) or kind not in USUAL_ON:
            return given
        return given | {"on": USUAL_ON[kind]}
