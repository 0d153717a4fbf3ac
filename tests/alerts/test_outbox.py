"""The port between outbox and sender: what an attempt says, and that it can be kept."""

from __future__ import annotations

import msgspec

from driftwatch.alerts.outbox import Attempt, Outbox


def test_an_attempt_survives_saving() -> None:
    attempt = Attempt("msg_1", "slack", 2, 12.5, "pending", "http_500", 1.0, 2.0)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(attempt), type=Attempt) == attempt


def test_the_port_offers_what_the_sender_and_the_commands_need() -> None:
    methods = {name for name in vars(Outbox) if not name.startswith("_")}
    assert methods == {
        "pending",
        "overtaken",
        "record",
        "failing_since",
        "disabled",
        "disable",
        "enable",
        "resend",
        "lengths",
        "close",
    }
