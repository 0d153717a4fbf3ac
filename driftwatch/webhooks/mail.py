"""The e-mail of a notification: plain text, one thread per alert or episode, the same message at every attempt but for its date."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.story import story_of
from driftwatch.webhooks.target import Attempting

DOMAIN: Final = "driftwatch.invalid"
"""What ids end in; no host has this name (RFC 6761)."""


def mail_body(notification: Notification, endpoint: EndpointSpec) -> bytes:
    """A message as RFC 5322 has it, without its date. Text from data stands in the body and, in one line, in the subject."""
    story = story_of(notification)
    message = EmailMessage(policy=SMTP)
    message["From"] = _line(endpoint.options.get("from", ""))
    message["To"] = ", ".join(recipients(endpoint))
    message["Subject"] = _line(story.title)
    message["Message-ID"] = f"<{notification.id}@{DOMAIN}>"
    message["References"] = f"<{notification.subject}@{DOMAIN}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [*story.lines, "", story.link, "", f"-- \ndriftwatch {notification.id}"]
    message.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return message.as_bytes()


def with_date(body: bytes, attempting: Attempting) -> bytes:
    """The message of one attempt."""
    return f"Date: {formatdate(attempting.now_s)}\r\n".encode("ascii") + body


def recipients(endpoint: EndpointSpec) -> list[str]:
    """The addresses in the option `to`."""
    return [part.strip() for part in endpoint.options.get("to", "").split(",") if part.strip()]


def _line(text: str) -> str:
    return " ".join(text.split())
