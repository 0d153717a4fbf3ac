"""Labels that stay the same for an alert's life, and the times of each attempt; the rest is a contract test with the real one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import yaml

from driftwatch.webhooks.alertmanager import SEVERITIES, alertmanager_body, with_end
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.target import Attempting
from tests.webhooks.told import AGE, INPUTS, NOON, firing, resolved

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules" / "drift.yml"
SPEC = EndpointSpec(name="am", type=EndpointType.ALERTMANAGER, url="http://am")


def told(body: bytes) -> dict[str, dict[str, str]]:
    return msgspec.json.decode(body)[0]


def test_labels_do_not_change_while_findings_do() -> None:
    moved = msgspec.structs.replace(INPUTS, findings=(replace(AGE, slice="country=DE", field="income"),))
    first, last = told(alertmanager_body(firing(), SPEC)), told(alertmanager_body(resolved(moved), SPEC))
    assert first["labels"] == last["labels"]
    assert first["annotations"]["slices"] != last["annotations"]["slices"]


def test_an_empty_label_is_left_out() -> None:
    late = msgspec.structs.replace(INPUTS, kind="quality", version="")
    assert "version" not in told(alertmanager_body(firing(late), SPEC))["labels"]


@pytest.mark.parametrize("severity", list(SEVERITIES))
def test_names_and_severities_are_those_of_the_shipped_rules(severity: str) -> None:
    alert = msgspec.structs.replace(INPUTS, severity=severity)
    labels = told(alertmanager_body(firing(alert), SPEC))["labels"]
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    (rule,) = [rule for rule in rules if rule["alert"] == labels["alertname"]]
    assert rule["labels"]["severity"] == labels["severity"]
    (chosen,) = re.findall(r'severity=~"([^"]+)"', rule["expr"])
    assert severity in chosen.split("|")
    assert {"job", "model", "version", "rule"} <= labels.keys()


def test_an_end_that_the_clock_has_not_reached_is_now() -> None:
    body = alertmanager_body(resolved(), SPEC)
    before = told(with_end(body, Attempting("", NOON / 1_000 - 3_600, 60.0)))
    assert before["startsAt"] == before["endsAt"] == "2026-01-01T11:00:00.000Z"
    after = told(with_end(body, Attempting("", NOON / 1_000 + 86_400, 60.0)))
    assert after["endsAt"] == "2026-01-01T13:30:00.000Z"
