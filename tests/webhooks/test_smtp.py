"""Against a real SMTP server (aiosmtpd): TLS always, login, refusals, and servers that fail in every way."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from driftwatch.webhooks.lane import Answer
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.render import render
from driftwatch.webhooks.sender import HttpPost
from driftwatch.webhooks.spec import EndpointSpec
from tests.webhooks.certificates import NAME, Authority
from tests.webhooks.told import firing


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@dataclass
class Mailbox:
    """What a server has taken, and what it answers to recipients and data."""

    taken: list[Envelope] = field(default_factory=list[Envelope])
    users: list[bytes] = field(default_factory=list[bytes])
    to: dict[str, str] = field(default_factory=dict[str, str])
    data: str = "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, to: str, options: Any) -> str:
        answer = self.to.get(to, "250 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
        return self.data

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def serving(mailbox: Mailbox, tls: ssl.SSLContext | None, **given: Any) -> Iterator[int]:
    """The port of a server; with `tls` it offers STARTTLS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, tls_context=tls, **given)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def attempt(
    port: int, authority: Authority, scheme: str = "smtp", deadline_s: float = 15.0, **keys: Any
) -> Answer:
    endpoint = EndpointSpec.model_validate(
        {
            "name": "mail",
            "type": "email",
            "url": f"{scheme}://{NAME}:{port}",
            "options": {"from": "dw@example.com", "to": "a@example.com, b@example.com"},
            "allow_networks": ["127.0.0.0/8"],
            **keys,
        }
    )
    (row,) = render(firing(), [endpoint])

    async def here(host: str, port: int) -> list[str]:
        assert host == NAME
        return ["127.0.0.1"]

    async def post() -> Answer:
        poster = HttpPost(deadline_s=deadline_s, resolver=here, tls=authority.client())
        try:
            return await poster(endpoint, row)
        finally:
            await poster.aclose()

    return asyncio.run(post())


def test_a_letter_is_taken_over_starttls(authority: Authority) -> None:
    mailbox = Mailbox()
    with serving(mailbox, authority.server(), require_starttls=True) as port:
        assert attempt(port, authority) == Answer(Reason.DELIVERED, 250)
    (envelope,) = mailbox.taken
    assert envelope.mail_from == "dw@example.com"
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    assert isinstance(envelope.content, bytes)
    assert b"Subject: Drift in credit-default: psi" in envelope.content
    assert b"Date: " in envelope.content


def test_it_logs_in_and_never_before_tls(authority: Authority, tmp_path: Path) -> None:
    password = tmp_path / "password"
    mailbox = Mailbox()
    keys = {"username": "dw", "password": {"file": str(password)}}
    given = {"authenticator": mailbox.login, "auth_required": True, "auth_require_tls": True}
    with serving(mailbox, authority.server(), **given) as port:
        password.write_text("wrong\n")
        assert attempt(port, authority, **keys) == Answer(Reason.SMTP_AUTH, 535)
        password.write_text("right\n")
        assert attempt(port, authority, **keys).reason is Reason.DELIVERED
        password.unlink()
        assert attempt(port, authority, **keys).reason is Reason.BAD_KEY
    assert set(mailbox.users) == {b"dw"}
    assert len(mailbox.taken) == 1


def test_without_tls_nothing_is_sent(authority: Authority) -> None:
    mailbox = Mailbox()
    with serving(mailbox, None) as port:
        assert attempt(port, authority).reason is Reason.TLS
    assert mailbox.taken == []


def greet(port: int, authority: Authority) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        authority.client().wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        assert secure.recv(100).startswith(b"220")


def test_tls_from_the_first_byte(authority: Authority) -> None:
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, ssl_context=authority.server())
    # the controller's own check of its start would use the server's side of TLS
    controller._trigger_server = lambda: greet(port, authority)  # type: ignore[method-assign]
    controller.start()
    try:
        assert attempt(port, authority, "smtps").reason is Reason.DELIVERED
    finally:
        controller.stop()
    assert len(mailbox.taken) == 1


def test_a_wrong_certificate_is_refused(authority: Authority) -> None:
    mailbox = Mailbox()
    with serving(mailbox, authority.server("other.test")) as port:
        assert attempt(port, authority).reason is Reason.TLS_WRONG_HOST
    assert mailbox.taken == []


@pytest.mark.parametrize(
    ("to", "data", "expected"),
    [
        ({}, "451 try later", Answer(Reason.SMTP_4XX, 451)),
        ({}, "554 never", Answer(Reason.SMTP_5XX, 554, final=True)),
        ({"a@example.com": "550 no such user"}, "250 taken", Answer(Reason.SMTP_5XX, 550, final=True)),
        (
            {"a@example.com": "550 no such user", "b@example.com": "450 busy"},
            "250 taken",
            Answer(Reason.SMTP_4XX, 450),
        ),
    ],
)
def test_what_the_server_says_decides(
    authority: Authority, to: dict[str, str], data: str, expected: Answer
) -> None:
    with serving(Mailbox(to=to, data=data), authority.server()) as port:
        assert attempt(port, authority) == expected


def test_servers_that_are_none(authority: Authority) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = int(probe.getsockname()[1])
    assert attempt(closed, authority).reason is Reason.CONNECT
    assert attempt(closed, authority, allow_networks=[]).reason is Reason.ADDRESS_REFUSED
    assert attempt(closed, authority, "https").reason is Reason.BAD_URL
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = int(silent.getsockname()[1])
        assert attempt(port, authority, deadline_s=0.3).reason is Reason.TIMEOUT
