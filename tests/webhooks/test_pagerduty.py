"""Severities and keys; tests/contracts/test_published_schemas.py holds the body to the published schema."""

from __future__ import annotations

import json

import msgspec
import pytest

from driftwatch.webhooks.pagerduty import pagerduty_body, with_routing_key
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.target import Attempting
from tests.webhooks.told import INPUTS, firing, resolved

SPEC = EndpointSpec(name="pd", type=EndpointType.PAGERDUTY, url="https://events.pagerduty.com")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("page", "critical"), ("drift", "error"), ("ticket", "warning"), ("warning", "warning")],
)
def test_severities(ours: str, theirs: str) -> None:
    body = json.loads(pagerduty_body(firing(msgspec.structs.replace(INPUTS, severity=ours)), SPEC))
    assert body["payload"]["severity"] == theirs


def test_trigger_and_resolve_share_their_key_and_the_routing_key_comes_with_the_attempt() -> None:
    first, last = json.loads(pagerduty_body(firing(), SPEC)), json.loads(pagerduty_body(resolved(), SPEC))
    assert first["dedup_key"] == last["dedup_key"] == INPUTS.fingerprint
    assert "routing_key" not in first
    assert (
        json.loads(with_routing_key(json.dumps(first).encode(), Attempting("k", 0.0, 0.0)))["routing_key"]
        == "k"
    )
