"""The sender's thread: its own event loop, one lane per endpoint, and the only HTTP client of the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, TypeVar

import httpx2

from driftwatch import __version__
from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Outbox
from driftwatch.spec import Secret
from driftwatch.webhooks.address import Resolver, parse_networks, permitted, resolve
from driftwatch.webhooks.catalogue import target_of
from driftwatch.webhooks.lane import Answer, Lane, Timing
from driftwatch.webhooks.reasons import Reason, reason_of_status, reason_of_tls
from driftwatch.webhooks.signing import parse_secret, signed_headers
from driftwatch.webhooks.smtp import SmtpPost
from driftwatch.webhooks.spec import EndpointSpec, EndpointType
from driftwatch.webhooks.status import EndpointStatus, Report
from driftwatch.webhooks.target import Target

T = TypeVar("T")

DEADLINE_S: Final = 15.0
"""From the look-up of the host to the answer's headers (F21)."""
DRAIN_S: Final = 2.0
"""For a little of the answer's body, after its status has decided."""
CONNECT_S: Final = 5.0
"""For TCP and for TLS each, and never so much that both reach the deadline."""
ADDRESSES_MAX: Final = 3
READ_MAX_BYTES: Final = 16_384
_PORTS: Final = {"http": 80, "https": 443}


class HttpPost:
    """Posts one row: signed, to a checked address, within a deadline, without following, decoding or proxies."""

    def __init__(
        self,
        deadline_s: float = DEADLINE_S,
        drain_s: float = DRAIN_S,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """`tls` defaults to the system's certificate authorities (or those of SSL_CERT_FILE); `wall_s` signs."""
        self._deadline_s = deadline_s
        self._drain_s = drain_s
        self._resolver = resolver
        self._wall_s = wall_s
        self._mail = SmtpPost(deadline_s, resolver, tls, wall_s)
        # The client logs addresses, and a Slack address is a secret (F35).
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx2.AsyncClient(
            verify=tls or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def __call__(self, endpoint: EndpointSpec, row: OutboxRow) -> Answer:
        """One attempt; raises nothing but CancelledError."""
        if endpoint.type is EndpointType.EMAIL:
            return await self._mail(endpoint, row)
        target = target_of(endpoint)
        try:
            url = httpx2.URL(target.address(endpoint, _reveal(endpoint.url)))
        except (OSError, KeyError, UnicodeError, httpx2.InvalidURL):
            return Answer(Reason.BAD_URL)
        if url.scheme not in _PORTS or not url.raw_host:
            return Answer(Reason.BAD_URL)
        try:
            body = target.completed(endpoint, row.body, self._wall_s())
            headers = self._headers(endpoint, target, row.id, body)
        except (OSError, KeyError, ValueError):
            return Answer(Reason.BAD_KEY)
        try:
            async with asyncio.timeout(self._deadline_s):
                response = await self._send(
                    _Sending(target.method, url, headers, body), endpoint.allow_networks
                )
        except _Refused:
            return Answer(Reason.ADDRESS_REFUSED)
        except (TimeoutError, httpx2.TimeoutException):
            return Answer(Reason.TIMEOUT)
        except (OSError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Answer(_reason_of(error))
        try:
            status = response.status_code
            reason = Reason.DELIVERED if status in target.there_already else reason_of_status(status)
            return Answer(reason, status, response.headers.get("retry-after"), status in target.refusals)
        finally:
            await _drain(response, self._drain_s)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    def _headers(self, endpoint: EndpointSpec, target: Target, id_: str, body: bytes) -> dict[str, str]:
        """Signed with every key; the secrets are read at every attempt, so a rotated file needs no restart."""
        secrets = [secret for secret in (endpoint.secret, endpoint.previous_secret) if secret is not None]
        keys = [parse_secret(secret.reveal()) for secret in secrets]
        return {
            "content-type": target.content_type,
            "user-agent": f"driftwatch/{__version__}",
            "accept-encoding": "identity",
            "connection": "close",
            **target.headers,
            **target.authorization(endpoint),
            **signed_headers(keys, id_, int(self._wall_s()), body),
        }

    async def _send(self, sending: _Sending, allow: Sequence[str]) -> httpx2.Response:
        """The response once its headers are there.

        The request goes to an address that was checked, not to the name: a second look-up could answer
        differently (F23). The name stays in `Host` and in the TLS handshake, so certificates are checked against it.
        """
        host = sending.url.raw_host.decode("ascii")
        port = sending.url.port or _PORTS[sending.url.scheme]
        until_s = asyncio.get_running_loop().time() + self._deadline_s
        try:
            resolved = await self._resolver(host, port)
        except OSError as error:
            raise _Unresolved from error
        addresses = permitted(resolved, parse_networks(allow))[:ADDRESSES_MAX]
        if not addresses:
            raise _Refused if resolved else _Unresolved
        for address in addresses[:-1]:
            with contextlib.suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._send_to(address, sending, until_s)
        return await self._send_to(addresses[-1], sending, until_s)

    async def _send_to(self, address: str, sending: _Sending, until_s: float) -> httpx2.Response:
        url = sending.url
        host = url.raw_host.decode("ascii")
        # The client leaves a socket open when it is cancelled in a handshake, so connecting gives up by itself.
        left_s = max(0.0, until_s - asyncio.get_running_loop().time())
        request = self._client.build_request(
            sending.method,
            url.copy_with(host=address),
            content=sending.body,
            headers={**sending.headers, "host": url.netloc.decode("ascii")},
            timeout=httpx2.Timeout(self._deadline_s, connect=min(CONNECT_S, left_s * 0.45)),
            extensions={"sni_hostname": host.removesuffix(".")},
        )
        return await self._client.send(request, stream=True)


@dataclass(frozen=True, slots=True)
class _Sending:
    """One request as it is to stand on the wire."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    body: bytes


class _Refused(Exception):
    """No address of the host may be sent to."""


class _Unresolved(OSError):
    """The host has no address."""


async def _drain(response: httpx2.Response, within_s: float) -> None:
    """Take a little of the body, undecoded, so that the receiver can finish; what it says does not matter (F21)."""
    size_bytes = 0
    with contextlib.suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError, OSError):
        async with asyncio.timeout(within_s):
            try:
                async for chunk in response.aiter_raw(chunk_size=4_096):
                    size_bytes += len(chunk)
                    if size_bytes >= READ_MAX_BYTES:
                        break
            finally:
                await response.aclose()


def _reason_of(error: Exception) -> Reason:
    if isinstance(error, _Unresolved):
        return Reason.DNS
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return Reason.BAD_URL
    if isinstance(error, httpx2.ConnectError):
        tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
        return Reason.CONNECT if tls is None else reason_of_tls(tls)
    if isinstance(error, httpx2.HTTPError):
        # h11 hints at 431 when the headers exceed its buffer
        large = any(getattr(cause, "error_status_hint", 0) == 431 for cause in _causes(error))
        return Reason.TOO_LARGE if large else Reason.NO_ANSWER
    return Reason.CONNECT


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _reveal(text: str | Secret) -> str:
    return text if isinstance(text, str) else text.reveal()


def _ignore(report: Report) -> None:
    del report


class Sender:
    """Runs the lanes in a thread. `notify` after a commit; `status` at any time, from any thread."""

    def __init__(
        self,
        endpoints: Sequence[EndpointSpec],
        open_outbox: Callable[[], Outbox],
        make_post: Callable[[], HttpPost] = HttpPost,
        timing: Timing | None = None,
        tell: Callable[[Report], None] = _ignore,
    ) -> None:
        """`open_outbox` and `make_post` are called, and `tell` is told, on the sender's thread."""
        self._endpoints = endpoints
        self._open_outbox = open_outbox
        self._make_post = make_post
        self._timing = timing or Timing()
        self._tell = tell
        self._standing_by = False
        self._lanes: dict[str, Lane] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._outbox: Outbox | None = None
        self._post: HttpPost | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: BaseException | None = None
        self._stopped = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    @property
    def status(self) -> dict[str, EndpointStatus]:
        """Every endpoint as it stands."""
        return {name: lane.status for name, lane in dict(self._lanes).items()}

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread and wait until the outbox is open; raises what opening it raised."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def notify(self) -> None:
        """Say that the outbox has new rows; returns at once."""
        self._on_loop(self._wake)

    def stand_by(self, standing_by: bool) -> None:
        """While another daemon is the active one, what has arrived is not said again; returns at once."""
        if standing_by != self._standing_by:
            self._standing_by = standing_by
            self._on_loop(self._wake)

    def enable(self, endpoint: str) -> None:
        """Send to a disabled endpoint again, beginning with what is pending."""
        self._ask(lambda outbox: outbox.enable(endpoint))

    def resend(self, endpoint: str, ids: list[str]) -> int:
        """Make rows pending again that were delivered or abandoned; returns how many."""
        return self._ask(lambda outbox: outbox.resend(endpoint, ids))

    def replace(self, endpoints: Sequence[EndpointSpec]) -> None:
        """Send to these endpoints from now on; returns at once. Attempts under way come to their end first, and an
        endpoint that was disabled is tried again (F26).
        """
        self._endpoints = endpoints
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._replace)

    def _replace(self) -> None:
        old, before = list(self._lanes.values()), self._tasks
        for lane in old:
            lane.stop()
        self._tasks = [asyncio.create_task(self._take_over(before))]

    async def _take_over(self, before: list[asyncio.Task[None]]) -> None:
        """The lanes of the endpoints in force, once those of before have ended."""
        await asyncio.gather(*before, return_exceptions=True)
        if self._stopped.is_set():
            return
        assert self._outbox is not None
        for endpoint in self._endpoints:
            self._outbox.enable(endpoint.name)
        self._lanes = self._made(self._outbox)
        await asyncio.gather(*(lane.run() for lane in self._lanes.values()))

    def _made(self, outbox: Outbox) -> dict[str, Lane]:
        assert self._post is not None
        lanes = {
            endpoint.name: Lane(endpoint, outbox, self._post, self._timing, self._tell)
            for endpoint in self._endpoints
        }
        for lane in lanes.values():
            lane.standing_by = self._standing_by
        return lanes

    def stop(self, deadline_s: float) -> bool:
        """End within the deadline; whether every attempt that was under way came to its end.

        One that did not is made again after the next start, with the same id.
        """
        if self._loop is None or not self._thread.is_alive():
            return True
        self._on_loop(self._stop_lanes)
        self._thread.join(deadline_s)
        if not self._thread.is_alive():
            return True
        self._on_loop(self._cancel)
        self._thread.join(2.0)
        return False

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        outbox = self._open_outbox()
        post = self._make_post()
        try:
            self._outbox, self._post = outbox, post
            self._lanes = self._made(outbox)
            self._tasks = [asyncio.create_task(lane.run()) for lane in self._lanes.values()]
            self._loop = asyncio.get_running_loop()
            self._ready.set()
            await self._stopped.wait()
            while not all(task.done() for task in self._tasks):  # they may be replaced meanwhile
                await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            await post.aclose()
            outbox.close()

    def _wake(self) -> None:
        for lane in self._lanes.values():
            lane.standing_by = self._standing_by
            lane.wake()

    def _stop_lanes(self) -> None:
        self._stopped.set()
        for lane in self._lanes.values():
            lane.stop()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(call)

    def _ask(self, question: Callable[[Outbox], T]) -> T:
        """Run something on the sender's thread, which owns the outbox's connection, and wake the lanes."""
        if self._loop is None or self._outbox is None or not self._thread.is_alive():
            raise RuntimeError("the sender does not run")
        outbox = self._outbox

        async def answer() -> T:
            found = question(outbox)
            self._wake()
            return found

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(timeout=30)
