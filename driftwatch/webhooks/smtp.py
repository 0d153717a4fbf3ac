"""The way of an e-mail: SMTP with TLS, always, to a checked address, within a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.spec import Secret
from driftwatch.webhooks.address import Resolver, parse_networks, permitted, resolve
from driftwatch.webhooks.catalogue import target_of
from driftwatch.webhooks.lane import Answer
from driftwatch.webhooks.mail import recipients
from driftwatch.webhooks.reasons import Reason, reason_of_tls
from driftwatch.webhooks.spec import EndpointSpec

PORTS: Final = {"smtp": 587, "smtps": 465}
"""Submission with STARTTLS (RFC 6409), and with TLS from the first byte (RFC 8314)."""
CONNECT_S: Final = 5.0


class SmtpPost:
    """Hands one row to a mail server; never without TLS, and the server's certificate is checked."""

    def __init__(
        self,
        deadline_s: float = 15.0,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """`tls` defaults to the system's certificate authorities."""
        self._deadline_s = deadline_s
        self._resolver = resolver
        self._tls = tls or ssl.create_default_context()
        self._wall_s = wall_s

    async def __call__(self, endpoint: EndpointSpec, row: OutboxRow) -> Answer:
        """One attempt; raises nothing but CancelledError."""
        try:
            url = urlsplit(endpoint.url if isinstance(endpoint.url, str) else endpoint.url.reveal())
            host, port = url.hostname or "", url.port or PORTS.get(url.scheme, 0)
        except (OSError, KeyError, ValueError):
            return Answer(Reason.BAD_URL)
        if url.scheme not in PORTS or not host:
            return Answer(Reason.BAD_URL)
        try:
            password = _reveal(endpoint.password)
        except (OSError, KeyError, UnicodeError):
            return Answer(Reason.BAD_KEY)
        body = target_of(endpoint).completed(endpoint, row.body, self._wall_s())
        login = (endpoint.username, password) if endpoint.username and password else None
        letter = _Letter(host, port, url.scheme == "smtps", login, endpoint, body)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._sent(letter)
        except TimeoutError:
            return Answer(Reason.TIMEOUT)
        finally:
            letter.hang_up()

    async def _sent(self, letter: _Letter) -> Answer:
        try:
            resolved = await self._resolver(letter.host, letter.port)
        except OSError:
            return Answer(Reason.DNS)
        addresses = permitted(resolved, parse_networks(letter.endpoint.allow_networks))
        if not addresses:
            return Answer(Reason.ADDRESS_REFUSED if resolved else Reason.DNS)
        return await _in_thread(lambda: letter.send(addresses[0], self._tls, self._deadline_s))


@dataclass
class _Letter:
    """One message on its way; `send` blocks, `hang_up` ends it from outside."""

    host: str
    port: int
    tls_at_once: bool
    login: tuple[str, str] | None
    endpoint: EndpointSpec
    body: bytes
    _open: list[socket.socket] = field(default_factory=list[socket.socket])

    def send(self, address: str, tls: ssl.SSLContext, timeout_s: float) -> Answer:
        """Hand it over; every failure has its reason."""
        try:
            connection = socket.create_connection((address, self.port), timeout=CONNECT_S)
            self._open.append(connection)
            connection.settimeout(timeout_s)
            if self.tls_at_once:
                connection = tls.wrap_socket(connection, server_hostname=self.host)
                self._open.append(connection)
            return self._hand_over(_Client(connection, self.host, self.port, timeout_s), tls)
        except smtplib.SMTPException as error:
            return _answer_of(error)
        except ssl.SSLError as error:
            return Answer(reason_of_tls(error))
        except TimeoutError:
            return Answer(Reason.TIMEOUT)
        except (OSError, UnicodeError):
            return Answer(Reason.CONNECT)

    def _hand_over(self, client: _Client, tls: ssl.SSLContext) -> Answer:
        with contextlib.closing(client):
            if not self.tls_at_once:
                client.starttls(context=tls)
            if self.login is not None:
                client.login(*self.login)
            sender = self.endpoint.options.get("from", "")
            refused = client.sendmail(sender, recipients(self.endpoint), self.body)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
        return _of_codes([code for code, _ in refused.values()]) if refused else Answer(Reason.DELIVERED, 250)

    def hang_up(self) -> None:
        """End whatever waits for the server."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class _Client(smtplib.SMTP):
    """A client on a connection that is there: the address was checked, and the name is for the certificate."""

    def __init__(self, connection: socket.socket, host: str, port: int, timeout_s: float) -> None:
        self._connection = connection
        super().__init__(host, port, local_hostname="driftwatch.invalid", timeout=timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connection


def _answer_of(error: smtplib.SMTPException) -> Answer:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Answer(Reason.TLS)  # no STARTTLS, or no login over it
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Answer(Reason.NO_ANSWER)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Answer(Reason.SMTP_AUTH, error.smtp_code)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_codes([code for code, _ in error.recipients.values()])
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_codes([error.smtp_code])
    return Answer(Reason.NO_ANSWER)


def _of_codes(codes: list[int]) -> Answer:
    """4yz is worth another attempt, 5yz is not (RFC 5321, 4.2.1); one that is worth it counts."""
    code = min(codes, default=0)
    if 400 <= code < 500:
        return Answer(Reason.SMTP_4XX, code)
    return Answer(Reason.SMTP_5XX, code, final=True)


async def _in_thread(work: Callable[[], Answer]) -> Answer:
    """Run in a daemon thread of its own: a server that hangs holds up neither other endpoints nor the process's end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(answer: Answer) -> None:
        if not future.done():
            future.set_result(answer)

    def run() -> None:
        answer = Answer(Reason.INTERNAL)
        with contextlib.suppress(Exception):
            answer = work()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, answer)

    threading.Thread(target=run, name="smtp", daemon=True).start()
    return await future


def _reveal(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
