"""Exact requests of every endpoint type on the wire, as the documents of their targets want them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.catalogue import TARGETS
from driftwatch.webhooks.lane import Answer
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.render import render
from driftwatch.webhooks.sender import HttpPost
from driftwatch.webhooks.signing import Verification, parse_secret, verify
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.target import Credential
from tests.webhooks.receiver import Request, receiving, status
from tests.webhooks.told import ended, firing, requested, resolved

NOW_S = 1_767_268_800.0 + 7_200  # 2026-01-01T14:00:00Z, two hours after the alert
TOKEN = "t0ken/+ of the target"
PARAMETERS = {
    "acknowledge": "https://driftwatch.internal/api/v1/episodes/ep_3333333333333333/acknowledge",
    "data_end": "2026-01-01T12:00:00.000Z",
    "data_start": "2026-01-01T10:50:00.000Z",
    "episode": "ep_3333333333333333",
    "model": "credit-default",
    "reason": "hurts",
    "version": "2026-01",
}
PIPELINE = {"pipeline_id": "p1", "pipeline_version_id": "v2", "experiment_id": "e3"}


def attempt(
    told: Notification, type_: str, answer: int = 200, prefix: str = "", **keys: Any
) -> tuple[Request, Answer]:
    """Render for an endpoint of this type, send once, and take the request from the wire."""
    with receiving(status(answer)) as receiver:
        endpoint = EndpointSpec.model_validate(
            {
                "name": "target",
                "type": type_,
                "url": f"http://127.0.0.1:{receiver.port}{prefix}",
                "on": ["alert", "retrain"],
                "allow_networks": ["127.0.0.0/8"],
                **keys,
            }
        )
        (row,) = render(told, [endpoint])

        async def post() -> Answer:
            poster = HttpPost(wall_s=lambda: NOW_S)
            try:
                return await poster(endpoint, row)
            finally:
                await poster.aclose()

        answered = asyncio.run(post())
    assert TOKEN.encode() not in row.body, "what is stored holds no secret"
    return receiver.requests[0], answered


@pytest.fixture
def token(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return {"file": str(path)}


def told_of(request: Request) -> dict[str, str]:
    """The headers that say something about the target; those of every request are tested with the signatures."""
    usual = ("host", "user-agent", "accept-encoding", "connection", "content-length")
    return {
        name: text
        for name, text in request.headers.items()
        if name not in usual and not name.startswith("webhook-") and (name, text) != ("accept", "*/*")
    }


JSON = {"content-type": "application/json; charset=utf-8"}
BEARER = JSON | {"authorization": f"Bearer {TOKEN}"}


def test_github_repository_dispatch(token: dict[str, str]) -> None:
    """docs.github.com, REST API, "Create a repository dispatch event": 204; at most ten properties in the payload."""
    request, answer = attempt(
        requested(), "github", 204, token=token, options={"owner": "acme", "repository": "credit"}
    )
    assert request.head == "POST /repos/acme/credit/dispatches HTTP/1.1"
    assert told_of(request) == BEARER | {
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    }
    payload = PARAMETERS | {"id": requested().id}
    assert json.loads(request.body) == {"event_type": "driftwatch-retrain", "client_payload": payload}
    assert len(payload) <= 10
    assert answer.reason is Reason.DELIVERED


def test_gitlab_pipeline_trigger(token: dict[str, str]) -> None:
    """docs.gitlab.com, "Pipeline trigger tokens API": a form with `token`, `ref` and `variables[…]`; 201."""
    request, answer = attempt(
        requested(),
        "gitlab",
        201,
        prefix="/git/",
        token=token,
        options={"project": "ml/credit", "ref": "live"},
    )
    assert request.head == "POST /git/api/v4/projects/ml%2Fcredit/trigger/pipeline HTTP/1.1"
    assert told_of(request) == {"content-type": "application/x-www-form-urlencoded"}
    assert parse_qs(request.body.decode(), strict_parsing=True) == {
        "token": [TOKEN],
        "ref": ["live"],
        **{f"variables[DRIFTWATCH_{name.upper()}]": [text] for name, text in PARAMETERS.items()},
    }
    assert answer.reason is Reason.DELIVERED


def test_airflow_3_dag_run(token: dict[str, str]) -> None:
    """apache/airflow, v2-rest-api-generated.yaml, TriggerDAGRunPostBody: `logical_date` is required and may be null."""
    request, _ = attempt(requested(), "airflow", token=token, options={"dag": "retrain credit"})
    assert request.head == "POST /api/v2/dags/retrain%20credit/dagRuns HTTP/1.1"
    assert told_of(request) == BEARER
    assert json.loads(request.body) == {
        "dag_run_id": "ep_3333333333333333",
        "logical_date": None,
        "conf": PARAMETERS,
    }


def test_airflow_2_dag_run_with_a_password(token: dict[str, str]) -> None:
    """apache/airflow 2, api_connexion/openapi/v1.yaml, DAGRun: basic authentication is its usual backend."""
    request, _ = attempt(
        requested(), "airflow", username="dw", password=token, options={"dag": "retrain", "api": "v1"}
    )
    assert request.head == "POST /api/v1/dags/retrain/dagRuns HTTP/1.1"
    assert told_of(request) == JSON | {"authorization": "Basic ZHc6dDBrZW4vKyBvZiB0aGUgdGFyZ2V0"}
    assert json.loads(request.body) == {"dag_run_id": "ep_3333333333333333", "conf": PARAMETERS}


def test_argo_events_webhook(token: dict[str, str], tmp_path: Path) -> None:
    """argoproj/argo-events, eventsources/webhook: any path, any JSON body, a bearer token with `authSecret`."""
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    (tmp_path / "key").write_text(key)
    request, _ = attempt(
        requested(), "argo-events", prefix="/retrain", token=token, secret={"file": str(tmp_path / "key")}
    )
    assert request.head == "POST /retrain HTTP/1.1"
    assert told_of(request) == BEARER
    assert json.loads(request.body)["schema"] == "driftwatch.notification/v1"
    checked = verify([parse_secret(key)], request.headers, request.body, NOW_S)
    assert checked is Verification.VALID


def test_argo_workflows_submit(token: dict[str, str]) -> None:
    """argoproj/argo-workflows, api/openapi-spec/swagger.json, WorkflowSubmitRequest and SubmitOpts."""
    request, _ = attempt(
        requested(), "argo-workflows", token=token, options={"namespace": "ml", "template": "retrain"}
    )
    assert request.head == "POST /api/v1/workflows/ml/submit HTTP/1.1"
    assert told_of(request) == BEARER
    assert json.loads(request.body) == {
        "namespace": "ml",
        "resourceKind": "WorkflowTemplate",
        "resourceName": "retrain",
        "submitOptions": {
            "name": "driftwatch-ep-3333333333333333",
            "parameters": [f"{name}={PARAMETERS[name]}" for name in _order()],
        },
    }


def test_kubeflow_run(token: dict[str, str]) -> None:
    """kubeflow/pipelines, backend/api/v2beta1/swagger/run.swagger.json, v2beta1Run.

    A run with a parameter that the pipeline does not declare is refused, so they can be chosen.
    """
    options = PIPELINE | {"parameters": "episode, version"}
    request, _ = attempt(requested(), "kubeflow", token=token, options=options)
    assert request.head == "POST /apis/v2beta1/runs HTTP/1.1"
    assert told_of(request) == BEARER
    assert json.loads(request.body) == {
        "display_name": "driftwatch ep_3333333333333333",
        "experiment_id": "e3",
        "pipeline_version_reference": {"pipeline_id": "p1", "pipeline_version_id": "v2"},
        "runtime_config": {"parameters": {"episode": "ep_3333333333333333", "version": "2026-01"}},
    }
    request, _ = attempt(requested(), "kubeflow", options={"pipeline_id": "p1"})
    assert json.loads(request.body) == {
        "display_name": "driftwatch ep_3333333333333333",
        "pipeline_version_reference": {"pipeline_id": "p1"},
        "runtime_config": {"parameters": PARAMETERS},
    }


@pytest.mark.parametrize(("told", "value"), [(requested(), "requested"), (ended(), "ended")])
def test_mlflow_model_version_tag(told: Notification, value: str, token: dict[str, str]) -> None:
    """mlflow.org, REST API, "Set Model Version Tag"."""
    request, _ = attempt(told, "mlflow", username="dw", password=token, options={"model": "credit"})
    assert request.head == "POST /api/2.0/mlflow/model-versions/set-tag HTTP/1.1"
    assert json.loads(request.body) == {
        "name": "credit",
        "version": "2026-01",
        "key": "driftwatch.retraining",
        "value": value,
    }


def test_a_plain_webhook_may_have_a_token_too(token: dict[str, str]) -> None:
    request, _ = attempt(requested(), "webhook", prefix="/hook", token=token)
    assert request.head == "POST /hook HTTP/1.1"
    assert told_of(request) == BEARER


@pytest.mark.parametrize(
    ("told", "times"),
    [
        (firing(), {"startsAt": "2026-01-01T11:50:00.000Z", "endsAt": "2026-01-01T14:02:00.000Z"}),
        (resolved(), {"startsAt": "2026-01-01T11:50:00.000Z", "endsAt": "2026-01-01T13:30:00.000Z"}),
    ],
)
def test_alertmanager_alerts(told: Notification, times: dict[str, str]) -> None:
    """prometheus/alertmanager, api/v2/openapi.yaml, postableAlerts; a firing alert ends four intervals after now."""
    keys = {"resend_every": "30s", "options": {"runbook_url": "https://runbooks.internal/drift"}}
    request, _ = attempt(told, "alertmanager", prefix="/am", **keys)
    assert request.head == "POST /am/api/v2/alerts HTTP/1.1"
    (alert,) = json.loads(request.body)
    annotations = alert.pop("annotations")
    assert alert == times | {
        "generatorURL": "https://driftwatch.internal/alerts/1111111111111111",
        "labels": {
            "alertname": "DriftwatchModelDrift",
            "job": "driftwatch",
            "kind": "input",
            "model": "credit-default",
            "rule": "psi",
            "severity": "page",
            "version": "2026-01",
        },
    }
    assert annotations["slices"] == "country=PT"
    assert annotations["fields"] == "age"
    assert annotations["windows"] == "1h"
    assert annotations["runbook_url"] == "https://runbooks.internal/drift"
    assert annotations["link"] == "https://driftwatch.internal/alerts/1111111111111111"
    assert "psi" in annotations["summary"]


@pytest.mark.parametrize(
    ("type_", "options"),
    [("airflow", {"dag": "d"}), ("argo-workflows", {"namespace": "n", "template": "t"})],
)
def test_a_run_that_is_there_already_is_a_delivery(type_: str, options: dict[str, str]) -> None:
    _, answer = attempt(requested(), type_, 409, options=options)
    assert answer == Answer(Reason.DELIVERED, 409)


@pytest.mark.parametrize("type_", [type_ for type_ in EndpointType if TARGETS[type_].refusals])
def test_a_request_that_is_refused_is_given_up_and_every_other_failure_is_tried_again(
    type_: EndpointType, token: dict[str, str]
) -> None:
    options = {option.name: option.default or "x" for option in TARGETS[type_].options}
    told = firing() if "alert.firing" in TARGETS[type_].kinds else requested()
    for code in (400, 401, 403, 404, 408, 429, 500, 503):
        _, answer = attempt(told, type_, code, options=options, token=token)
        assert (answer.status, answer.final) == (code, code == 400)


@pytest.mark.parametrize("type_", [type_ for type_ in EndpointType if type_ is not EndpointType.EMAIL])
def test_a_second_attempt_is_the_same_request(type_: EndpointType, token: dict[str, str]) -> None:
    target = TARGETS[type_]
    keys: dict[str, Any] = {"options": {option.name: option.default or "x" for option in target.options}}
    if target.credential is not Credential.NONE:
        keys["token"] = token
    told = firing() if "alert.firing" in target.kinds else requested()
    requests = [attempt(told, type_, code, **keys)[0] for code in (503, 200)]
    first, second = requests
    assert first.head == second.head
    assert first.body == second.body, "only the clock may change it, and that stood still"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == told.id


def test_what_a_type_cannot_take_is_not_sent_there() -> None:
    jobs = EndpointSpec(name="ci", type=EndpointType.GITHUB, url="https://x", on=["alert", "retrain"])
    assert [t.type.value for t in (firing(), resolved(), requested(), ended()) if render(t, [jobs])] == [
        "retrain.requested"
    ]


def test_every_type_is_tested_here_or_with_its_schema() -> None:
    folders = (Path(__file__).parent, Path(__file__).parents[1] / "webhooks")
    texts = [path.read_text() for folder in folders for path in folder.glob("test_*.py")]
    assert [t for t in EndpointType if not any(f'"{t}"' in text for text in texts)] == []


def _order() -> tuple[str, ...]:
    return ("episode", "model", "version", "reason", "data_start", "data_end", "acknowledge")
