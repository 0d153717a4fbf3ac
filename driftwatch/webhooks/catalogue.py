"""Every endpoint type with its target: the one table that rendering, sending, checks and docs read."""

from __future__ import annotations

from typing import Final

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks import presets
from driftwatch.webhooks.alertmanager import alertmanager_body, with_end
from driftwatch.webhooks.discord import discord_body
from driftwatch.webhooks.generic import generic_body
from driftwatch.webhooks.mail import mail_body, with_date
from driftwatch.webhooks.pagerduty import pagerduty_body, with_routing_key
from driftwatch.webhooks.slack import slack_body
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.target import ALERTS, EVERYTHING, Credential, Option, Target
from driftwatch.webhooks.teams import teams_body


def _slack(notification: Notification, endpoint: EndpointSpec) -> bytes:
    del endpoint
    return slack_body(notification)


def _generic(notification: Notification, endpoint: EndpointSpec) -> bytes:
    del endpoint
    return generic_body(notification)


TARGETS: Final[dict[EndpointType, Target]] = {
    EndpointType.WEBHOOK: Target(
        body=_generic, kinds=EVERYTHING, credential=Credential.BEARER_OR_BASIC, signed=True
    ),
    EndpointType.SLACK: Target(body=_slack, kinds=EVERYTHING, signed=True),
    EndpointType.ALERTMANAGER: Target(
        body=alertmanager_body,
        kinds=ALERTS,
        path="/api/v2/alerts",
        credential=Credential.BEARER_OR_BASIC,
        options=(Option("runbook_url", "What the annotation `runbook_url` says."),),
        stateful=True,
        repeats=True,
        complete=with_end,
    ),
    EndpointType.PAGERDUTY: Target(
        body=pagerduty_body,
        kinds=ALERTS,
        path="/v2/enqueue",
        credential=Credential.IN_BODY,
        credential_required=True,
        refusals=frozenset({400}),
        stateful=True,
        complete=with_routing_key,
    ),
    EndpointType.TEAMS: Target(body=teams_body, kinds=EVERYTHING),
    EndpointType.DISCORD: Target(body=discord_body, kinds=EVERYTHING),
    EndpointType.EMAIL: Target(
        body=mail_body,
        kinds=EVERYTHING,
        credential=Credential.LOGIN,
        options=(
            Option("from", "The sender's address.", required=True),
            Option("to", "The addresses that get it, with commas between them.", required=True),
        ),
        complete=with_date,
    ),
    EndpointType.GITHUB: presets.GITHUB,
    EndpointType.GITLAB: presets.GITLAB,
    EndpointType.AIRFLOW: presets.AIRFLOW,
    EndpointType.ARGO_EVENTS: presets.ARGO_EVENTS,
    EndpointType.ARGO_WORKFLOWS: presets.ARGO_WORKFLOWS,
    EndpointType.KUBEFLOW: presets.KUBEFLOW,
    EndpointType.MLFLOW: presets.MLFLOW,
}


def target_of(endpoint: EndpointSpec) -> Target:
    """The target of an endpoint."""
    return TARGETS[endpoint.type]
