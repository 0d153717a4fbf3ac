"""What the presets promise beside their exact requests (tests/contracts/test_targets.py): the same body for the same episode."""

from __future__ import annotations

import json

import pytest

from driftwatch.webhooks.catalogue import TARGETS
from driftwatch.webhooks.render import render
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from tests.webhooks.told import EPISODE, requested


def body(type_: str, **options: str) -> bytes:
    given = {option.name: option.default or "x" for option in TARGETS[EndpointType(type_)].options} | options
    spec = EndpointSpec.model_validate({"name": "t", "type": type_, "url": "https://x", "options": given})
    (row,) = render(requested(), [spec])
    return row.body


@pytest.mark.parametrize("type_", ["airflow", "argo-workflows"])
def test_the_run_is_named_after_the_episode_so_that_a_second_attempt_finds_it(type_: str) -> None:
    told = json.loads(body(type_))
    name = told.get("dag_run_id") or told["submitOptions"]["name"]
    assert EPISODE.id.removeprefix("ep_") in name
    assert body(type_) == body(type_)


def test_a_workflow_name_is_one_that_kubernetes_takes() -> None:
    name = json.loads(body("argo-workflows"))["submitOptions"]["name"]
    assert name.replace("-", "").isalnum()
    assert name == name.lower()
    assert len(name) <= 63


def test_unknown_kubeflow_parameters_are_left_out() -> None:
    told = json.loads(body("kubeflow", parameters="model,nonsense"))
    assert told["runtime_config"] == {"parameters": {"model": "credit-default"}}
