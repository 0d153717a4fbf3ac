"""Labels that stay the same for an alert's life, and the times of each attempt; the rest is a contract test with the real one."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from driftwatch.webhooks.alertmanager import alertmanager_body, with_end
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.target import Attempting
from tests.webhooks.told import AGE, INPUTS, NOON, firing, resolved

SPEC = EndpointSpec(name="am", type=EndpointType.ALERTMANAGER, url="http://am")


def told(body: bytes) -> dict[str, dict[str, str]]:
    return msgspec.json.decode(body)[0]


def test_labels_do_not_change_while_findings_do() -> None:
    moved = msgspec.structs.replace(INPUTS, findings=(replace(AGE, slice="country=DE", field="income"),))
    first, last = told(alertmanager_body(firing(), SPEC)), told(alertmanager_body(resolved(moved), SPEC))
    assert first["labels"] == last["labels"]
    assert first["annotations"]["slices"] != last["annotations"]["slices"]


def test_broken_data_has_a_name_of_its_own_and_an_empty_label_is_left_out() -> None:
    late = msgspec.structs.replace(INPUTS, kind="quality", version="")
    labels = told(alertmanager_body(firing(late), SPEC))["labels"]
    assert labels["alertname"] == "DriftwatchBrokenData"
    assert "version" not in labels


def test_an_end_that_the_clock_has_not_reached_is_now() -> None:
    body = alertmanager_body(resolved(), SPEC)
    before = told(with_end(body, Attempting("", NOON / 1_000 - 3_600, 60.0)))
    assert before["startsAt"] == before["endsAt"] == "2026-01-01T11:00:00.000Z"
    after = told(with_end(body, Attempting("", NOON / 1_000 + 86_400, 60.0)))
    assert after["endsAt"] == "2026-01-01T13:30:00.000Z"
