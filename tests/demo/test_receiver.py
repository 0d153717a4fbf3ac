"""The receiver believes valid signatures only, and tells of every delivery once."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from driftwatch.demo.receiver import MAX_BODY_BYTES, Delivery, Receiver
from driftwatch.webhooks.signing import Verification, signed_headers

KEY, OTHER = b"k" * 32, b"o" * 32
BODY = json.dumps({"type": "retrain.requested"}).encode()


class Running:
    """A receiver with what it told."""

    def __init__(self) -> None:
        self.told: list[Delivery] = []
        self.receiver = Receiver([KEY], self.told.append)
        self.receiver.start()

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> int:
        request = urllib.request.Request(self.receiver.url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.receiver.close()


def signed(key: bytes, id_: str = "msg_1", body: bytes = BODY, age_s: int = 0) -> dict[str, str]:
    return signed_headers([key], id_, int(time.time()) - age_s, body)


def test_a_valid_signature_is_believed(running: Running) -> None:
    assert running.post("/retrain", BODY, signed(KEY)) == 200
    assert running.told == [Delivery("/retrain", "msg_1", {"type": "retrain.requested"}, Verification.VALID)]


def test_a_rotated_key_is_enough(running: Running) -> None:
    headers = signed_headers([OTHER, KEY], "msg_1", int(time.time()), BODY)
    assert running.post("/retrain", BODY, headers) == 200


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, Verification.HEADER_MISSING),
        (signed(OTHER), Verification.WRONG_SIGNATURE),
        (signed(KEY, body=BODY + b" "), Verification.WRONG_SIGNATURE),
        (signed(KEY) | {"webhook-id": "msg_2"}, Verification.WRONG_SIGNATURE),
        (signed(KEY, age_s=3_600), Verification.TOO_OLD),
    ],
)
def test_what_is_not_signed_by_us_just_now_is_refused_unread(
    running: Running, headers: dict[str, str], why: Verification
) -> None:
    assert running.post("/retrain", BODY, headers) == 401
    assert running.told == [Delivery("/retrain", headers.get("webhook-id", ""), {}, why)]


def test_a_repeated_delivery_is_answered_and_told_once(running: Running) -> None:
    assert running.post("/retrain", BODY, signed(KEY)) == 200
    assert running.post("/retrain", BODY, signed(KEY)) == 200
    assert running.post("/retrain", BODY, signed(KEY, "msg_2")) == 200
    assert [delivery.id for delivery in running.told] == ["msg_1", "msg_2"]


def test_slack_needs_no_signature(running: Running) -> None:
    assert running.post("/slack", b'{"text": "drift"}') == 200
    assert running.post("/slack", b'{"text": "drift"}') == 200
    assert running.told == [Delivery("/slack", "", {"text": "drift"}, None)] * 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/", b"{}", 404),
        ("/slack", b"[1]", 400),
        ("/slack", b"{", 400),
        ("/slack", b" " * (MAX_BODY_BYTES + 1), 413),
    ],
)
def test_everything_else_is_refused(running: Running, path: str, body: bytes, status: int) -> None:
    assert running.post(path, body) == status
    assert running.told == []


def test_closing_frees_the_port_also_when_it_never_started() -> None:
    Receiver([KEY], lambda delivery: None).close()
    made = Running()
    made.receiver.close()
    with pytest.raises(OSError, match="refused"):
        made.post("/slack", b"{}")
