"""Requests that start a retraining where teams already train: CI systems, schedulers and registries."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.webhooks.generic import generic_body
from driftwatch.webhooks.job import PARAMETERS, parameters_of
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.target import EPISODES, REFUSALS, REQUEST, Attempting, Credential, Option, Target

EVENT: Final = "driftwatch-retrain"
TAG: Final = "driftwatch.retraining"


def _json(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body, order="sorted")


def _github_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    payload = parameters_of(notification) | {"id": notification.id}
    return _json({"event_type": GITHUB.option(endpoint, "event"), "client_payload": payload})


def _gitlab_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    variables = {
        f"variables[DRIFTWATCH_{name.upper()}]": text for name, text in parameters_of(notification).items()
    }
    return urlencode({"ref": GITLAB.option(endpoint, "ref")} | variables).encode("ascii")


def _with_trigger_token(body: bytes, attempting: Attempting) -> bytes:
    return body + b"&" + urlencode({"token": attempting.token}).encode("ascii")


def _airflow_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    parameters = parameters_of(notification)
    run: dict[str, Any] = {"dag_run_id": parameters["episode"], "conf": parameters}
    if AIRFLOW.option(endpoint, "api") == "v2":
        run["logical_date"] = None  # required, and null for a run that belongs to no interval
    return _json(run)


def _argo_events_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    del endpoint
    return generic_body(notification)


def _argo_workflows_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    parameters = parameters_of(notification)
    name = "driftwatch-" + parameters["episode"].replace("_", "-")
    return _json(
        {
            "namespace": ARGO_WORKFLOWS.option(endpoint, "namespace"),
            "resourceKind": ARGO_WORKFLOWS.option(endpoint, "kind"),
            "resourceName": ARGO_WORKFLOWS.option(endpoint, "template"),
            "submitOptions": {
                "name": name,
                "parameters": [f"{key}={text}" for key, text in parameters.items()],
            },
        }
    )


def _kubeflow_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    parameters = parameters_of(notification)
    wanted = [name.strip() for name in KUBEFLOW.option(endpoint, "parameters").split(",")]
    version = {"pipeline_id": KUBEFLOW.option(endpoint, "pipeline_id")}
    if version_id := KUBEFLOW.option(endpoint, "pipeline_version_id"):
        version["pipeline_version_id"] = version_id
    run: dict[str, Any] = {
        "display_name": f"driftwatch {parameters['episode']}",
        "pipeline_version_reference": version,
        "runtime_config": {"parameters": {name: parameters[name] for name in wanted if name in parameters}},
    }
    if experiment := KUBEFLOW.option(endpoint, "experiment_id"):
        run["experiment_id"] = experiment
    return _json(run)


def _mlflow_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    asked = notification.type is NotificationType.RETRAIN_REQUESTED
    return _json(
        {
            "name": MLFLOW.option(endpoint, "model") or notification.model,
            "version": notification.version,
            "key": MLFLOW.option(endpoint, "tag"),
            "value": "requested" if asked else "ended",
        }
    )


GITHUB: Final = Target(
    body=_github_body,
    kinds=REQUEST,
    path="/repos/{owner}/{repository}/dispatches",
    headers={"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"},
    credential=Credential.BEARER,
    credential_required=True,
    options=(
        Option("owner", "The user or organisation of the repository.", required=True),
        Option("repository", "The repository whose workflow listens.", required=True),
        Option("event", "The event's type, as the workflow's `types` name it.", EVENT),
    ),
    refusals=REFUSALS,
)
GITLAB: Final = Target(
    body=_gitlab_body,
    kinds=REQUEST,
    path="/api/v4/projects/{project}/trigger/pipeline",
    content_type="application/x-www-form-urlencoded",
    credential=Credential.IN_BODY,
    credential_required=True,
    options=(
        Option("project", "Number or path of the project.", required=True),
        Option("ref", "Branch or tag to run the pipeline of.", "main"),
    ),
    refusals=REFUSALS,
    complete=_with_trigger_token,
)
AIRFLOW: Final = Target(
    body=_airflow_body,
    kinds=REQUEST,
    path="/api/{api}/dags/{dag}/dagRuns",
    credential=Credential.BEARER_OR_BASIC,
    options=(
        Option("dag", "The DAG to run.", required=True),
        Option("api", "`v2` is Airflow 3, `v1` is Airflow 2.", "v2", choices=("v2", "v1")),
    ),
    there_already=frozenset({409}),
    refusals=REFUSALS,
)
ARGO_EVENTS: Final = Target(
    body=_argo_events_body,
    kinds=EPISODES,
    credential=Credential.BEARER,
    signed=True,
    refusals=REFUSALS,
)
ARGO_WORKFLOWS: Final = Target(
    body=_argo_workflows_body,
    kinds=REQUEST,
    path="/api/v1/workflows/{namespace}/submit",
    credential=Credential.BEARER,
    options=(
        Option("namespace", "Where the workflow runs.", required=True),
        Option("template", "The template to run.", required=True),
        Option(
            "kind",
            "What the template is.",
            "WorkflowTemplate",
            choices=("WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"),
        ),
    ),
    there_already=frozenset({409}),
    refusals=REFUSALS,
)
KUBEFLOW: Final = Target(
    body=_kubeflow_body,
    kinds=REQUEST,
    path="/apis/v2beta1/runs",
    credential=Credential.BEARER,
    options=(
        Option("pipeline_id", "The pipeline to run.", required=True),
        Option("pipeline_version_id", "Its version; without it the newest one runs."),
        Option("experiment_id", "The experiment that the run belongs to."),
        Option("parameters", "Which of the parameters the pipeline declares.", ",".join(PARAMETERS)),
    ),
    refusals=REFUSALS,
)
MLFLOW: Final = Target(
    body=_mlflow_body,
    kinds=EPISODES,
    path="/api/2.0/mlflow/model-versions/set-tag",
    credential=Credential.BEARER_OR_BASIC,
    options=(
        Option("model", "The registered model, where it has another name there."),
        Option("tag", "The tag's key; its value is `requested` or `ended`.", TAG),
    ),
    refusals=REFUSALS,
    stateful=True,
)
