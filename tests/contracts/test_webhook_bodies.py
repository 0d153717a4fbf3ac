"""Exact requests, byte for byte, as receivers have built upon them: a change here is a change of the contract."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.openapi import ACKNOWLEDGE_PATH
from driftwatch.telemetry.web import ALERT_PATH, MODEL_PATH
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.render import render
from driftwatch.webhooks.sender import HttpPost
from driftwatch.webhooks.spec import EndpointSpec
from tests.webhooks.receiver import Request, receiving, status
from tests.webhooks.told import EPISODE, ended, firing, requested, resolved

BODIES = Path(__file__).parent / "bodies"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CASES = {
    "alert.firing": firing(),
    "alert.resolved": resolved(),
    "retrain.requested": requested(),
    "retrain.ended": ended(),
}
SIGNATURES = {
    "alert.firing": "v1,pP0/VFdw6mCddncrIhZODpbBNpGZAewMmH1WtpC6Hmg=",
    "alert.resolved": "v1,WahqkutYBva9g9feMSu0H3spK9uDfDRooad8l/BXyBc=",
    "retrain.requested": "v1,t0DAczcw8lFUmJLk+t2nlYS6LhAjqMZ+cnIyjlD9sZA=",
    "retrain.ended": "v1,5SM4Oj+jSxQqY8JgOZZAuI1gVRt52aCDZnXMqZhiYkI=",
}
"""Made with openssl, not with our own code."""


def sent(told: Notification, type_: str, secret: Path | None = None) -> Request:
    """Render, send, and take the request from the wire."""
    with receiving(status(200)) as receiver:
        given = {
            "name": "hook",
            "type": type_,
            "url": f"http://127.0.0.1:{receiver.port}/hook",
            "on": ["alert", "retrain"],
            "allow_networks": ["127.0.0.0/8"],
        }
        if secret is not None:
            given["secret"] = {"file": str(secret)}
        endpoint = EndpointSpec.model_validate(given)
        (row,) = render(told, [endpoint])

        async def post() -> None:
            poster = HttpPost(wall_s=lambda: 1_767_268_800.9)
            try:
                assert (await poster(endpoint, row)).reason is Reason.DELIVERED
            finally:
                await poster.aclose()

        asyncio.run(post())
    return receiver.requests[0]


@pytest.mark.parametrize("type_", ["slack", "webhook"])
@pytest.mark.parametrize("kind", CASES)
def test_the_body_is_exactly_this(kind: str, type_: str) -> None:
    expected = (BODIES / f"{kind}.{type_}.json").read_bytes().removesuffix(b"\n")
    assert sent(CASES[kind], type_).body == expected


@pytest.mark.parametrize("kind", CASES)
def test_the_headers_are_exactly_these(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    request = sent(CASES[kind], "webhook", secret)
    assert request.head == "POST /hook HTTP/1.1"
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "user-agent")}
    assert headers == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(request.body)),
        "content-type": "application/json; charset=utf-8",
        "webhook-id": CASES[kind].id,
        "webhook-timestamp": "1767268800",
        "webhook-signature": SIGNATURES[kind],
    }


@pytest.mark.parametrize("kind", CASES)
def test_every_link_leads_to_something_that_the_daemon_serves(kind: str) -> None:
    served = {operation.path for operation in OPERATIONS} | {ACKNOWLEDGE_PATH, "/", MODEL_PATH, ALERT_PATH}
    for link in CASES[kind].data["links"].values():
        parts = urlsplit(link)
        assert f"{parts.scheme}://{parts.netloc}" == "https://driftwatch.internal"
        path = parts.path.replace("/credit-default", "/{model}")
        path = path.replace(f"/{EPISODE.id}/", "/{episode}/")
        path = re.sub("^/alerts/[0-9a-f]{16}$", "/alerts/{fingerprint}", path)
        assert path in served
