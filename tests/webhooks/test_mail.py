"""What an e-mail says, and that data stays where it belongs."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import msgspec

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.mail import mail_body, recipients, with_date
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.target import Attempting
from tests.webhooks.told import INPUTS, NOON, firing, requested, resolved

SPEC = EndpointSpec.model_validate(
    {
        "name": "mail",
        "type": "email",
        "url": "smtp://mail.example.com",
        "options": {"from": "dw@example.com", "to": "a@example.com, b@example.com"},
    }
)


def read(told: Notification) -> EmailMessage:
    body = with_date(mail_body(told, SPEC), Attempting("", NOON / 1_000, 0.0))
    return cast("EmailMessage", message_from_bytes(body, policy=default))


def test_an_alert_and_its_end_are_one_thread() -> None:
    first, last = read(firing()), read(resolved())
    assert first["Subject"] == "Drift in credit-default: psi"
    assert last["Subject"] == "Resolved in credit-default: psi"
    assert first["References"] == last["References"]
    assert first["Message-ID"] == f"<{firing().id}@driftwatch.invalid>" != last["Message-ID"]
    assert first["To"] == "a@example.com, b@example.com"
    assert first["Date"] == "Thu, 01 Jan 2026 12:00:00 -0000"
    text = first.get_content()
    for part in (
        "age in country=PT",
        "psi 0.4125",
        "https://driftwatch.internal/alerts/1111111111111111",
        firing().id,
    ):
        assert part in text


def test_data_cannot_leave_its_line_or_become_a_header() -> None:
    told = firing(msgspec.structs.replace(INPUTS, rule="x\r\nBcc: evil@example.com\r\n\r\né"))
    found = read(told)
    assert found["Bcc"] is None
    assert "\n" not in found["Subject"]
    assert "é" in found["Subject"]


def test_the_message_is_the_same_whenever_it_is_made() -> None:
    assert mail_body(requested(), SPEC) == mail_body(requested(), SPEC)
    assert b"Date:" not in mail_body(requested(), SPEC)


def test_recipients_are_listed_with_commas() -> None:
    assert recipients(SPEC) == ["a@example.com", "b@example.com"]
