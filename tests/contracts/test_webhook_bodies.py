"""Exact requests, byte for byte, as receivers have built upon them: a change here is a change of the contract."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.telemetry.api import OPERATIONS
from driftwatch.telemetry.openapi import ACKNOWLEDGE_PATH
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
    "alert.firing": "v1,kLVCHo6tjdaIV/fBVWz/JGSHH1EHZlOmWnB/hQpa2gA=",
    "alert.resolved": "v1,vrb5tPF1WwwMq8YO1Jr/rDNdxaQ5S5wqmxaiFqFcRcg=",
    "retrain.requested": "v1,gX82GZs2/wJGAjSIqFxl5jfq6axgRI0RdOFVeAghtMA=",
    "retrain.ended": "v1,e2LluEhCcKP+8FshNOmV6jQ2i+ZMrFx8TqOV14qigEE=",
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
    served = {operation.path for operation in OPERATIONS} | {ACKNOWLEDGE_PATH, "/"}
    for link in CASES[kind].data["links"].values():
        parts = urlsplit(link)
        assert f"{parts.scheme}://{parts.netloc}" == "https://driftwatch.internal"
        path = parts.path.replace("/credit-default", "/{model}")
        path = path.replace(f"/{EPISODE.id}/", "/{episode}/")
        assert path in served
