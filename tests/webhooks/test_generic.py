"""The generic body: what is in it, and that a receiver can rely on its form."""

from __future__ import annotations

import json

import msgspec
import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.generic import generic_body
from tests.webhooks.told import ended, firing, requested, resolved


@pytest.mark.parametrize("told", [firing(), resolved(), requested(), ended()])
def test_the_whole_notification_is_there(told: Notification) -> None:
    body = json.loads(generic_body(told))
    assert body["schema"] == "driftwatch.notification/v1"
    assert (body["id"], body["type"], body["model"]) == (told.id, told.type.value, told.model)
    assert body["data"] == told.data


def test_keys_are_sorted_and_there_are_no_blanks() -> None:
    body = generic_body(firing())
    plain = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert body == plain.encode()


def test_it_survives_the_outbox() -> None:
    """A notification that was saved and loaded renders to the same bytes."""
    told = requested()
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Notification)
    assert generic_body(loaded) == generic_body(told)
