"""The sender against real sockets: bad answers, bad certificates, bad addresses, and its thread (F20 to F26)."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.webhooks.address import Resolver
from driftwatch.webhooks.lane import Answer, Clock, Timing
from driftwatch.webhooks.reasons import Reason
from driftwatch.webhooks.schedule import Schedule
from driftwatch.webhooks.sender import READ_MAX_BYTES, HttpPost, Sender
from driftwatch.webhooks.signing import Verification, parse_secret, verify
from driftwatch.webhooks.spec import EndpointSpec
from driftwatch.webhooks.status import AttemptMade, Report
from tests.waiting import until
from tests.webhooks import receiver as r
from tests.webhooks.certificates import NAME, Authority
from tests.webhooks.receiver import MemoryOutbox, Receiver, Request, receiving, status
from tests.webhooks.told import row

NOW_S = 1_767_268_800.0
LOOPBACK = ["127.0.0.0/8"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
LONG_S = 60.0
"""A deadline that a test never reaches."""


def endpoint(url: str | dict[str, str], name: str = "hook", **given: Any) -> EndpointSpec:
    return EndpointSpec.model_validate({"name": name, "url": url, "allow_networks": LOOPBACK} | given)


def to(receiver: Receiver, path: str = "/hook", **given: Any) -> EndpointSpec:
    return endpoint(f"http://127.0.0.1:{receiver.port}{path}", **given)


def resolving(**hosts: list[str]) -> tuple[Resolver, list[str]]:
    """A resolver that knows these hosts, and the list of what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        if host not in hosts:
            raise OSError("unknown host")
        return hosts[host]

    return resolve, asked


def post(spec: EndpointSpec, body: bytes = b"{}", **given: Any) -> Answer:
    """One attempt, as a lane makes it."""

    async def run() -> Answer:
        poster = HttpPost(**{"deadline_s": LONG_S, "wall_s": lambda: NOW_S} | given)
        try:
            return await poster(spec, row(body=body))
        finally:
            await poster.aclose()

    return asyncio.run(run())


# What goes over the wire


def test_the_request() -> None:
    with receiving(status(204)) as receiver:
        assert post(to(receiver, "/hook?a=1"), b'{"a":1}') == Answer(Reason.DELIVERED, 204)
    request = receiver.requests[0]
    assert request.head == "POST /hook?a=1 HTTP/1.1"
    assert request.body == b'{"a":1}'
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["user-agent"].startswith("driftwatch/")
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["webhook-timestamp"] == "1767268800"
    assert "webhook-signature" not in request.headers


def test_it_is_signed_with_both_keys_and_they_are_read_at_every_attempt(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text(SECRET + "\n")
    old.write_text(OLD_SECRET)
    with receiving(status(200)) as receiver:
        spec = to(receiver, secret={"file": str(new)}, previous_secret={"file": str(old)})
        post(spec, b"body")
        new.write_text(OLD_SECRET)
        post(spec, b"body")
    first, second = receiver.requests
    for text in (SECRET, OLD_SECRET):
        assert verify([parse_secret(text)], first.headers, b"body", NOW_S) is Verification.VALID
    assert verify([parse_secret(SECRET)], second.headers, b"body", NOW_S) is Verification.WRONG_SIGNATURE


def test_a_password_in_the_address_becomes_a_header() -> None:
    with receiving(status(200)) as receiver:
        post(endpoint(f"http://user:pass@127.0.0.1:{receiver.port}/"))
    assert receiver.requests[0].headers["authorization"] == "Basic dXNlcjpwYXNz"
    assert receiver.requests[0].headers["host"] == f"127.0.0.1:{receiver.port}"


def test_nothing_that_a_receiver_sets_is_kept_for_the_next_attempt(start: Start) -> None:
    with receiving(status(500, "Set-Cookie: session=canary; Path=/"), status(200)) as receiver:
        sender, outbox = start(to(receiver))
        outbox.rows.append(row())
        sender.notify()
        until(lambda: len(receiver.requests) == 2, 10, "the second attempt")
    assert "cookie" not in receiver.requests[1].headers


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(status(200)) as proxy, receiving(status(200)) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(to(receiver)).reason is Reason.DELIVERED
    assert proxy.connections == 0


# F20: statuses


@pytest.mark.parametrize("code", [400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504])
def test_a_status_that_is_no_success_is_a_failure_of_that_name(code: int) -> None:
    with receiving(status(code)) as receiver:
        assert post(to(receiver)) == Answer(Reason(f"http_{code}"), code)


def test_retry_after_is_handed_on() -> None:
    with receiving(status(503, "Retry-After: 120")) as receiver:
        assert post(to(receiver)) == Answer(Reason.HTTP_503, 503, "120")


# F22: redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(code: int) -> None:
    with receiving(status(200)) as inside:
        target = f"http://127.0.0.1:{inside.port}/admin"
        with receiving(status(code, f"Location: {target}")) as receiver:
            assert post(to(receiver)) == Answer(Reason.REDIRECT, code)
    assert inside.connections == 0


# F21: receivers that stand still, trickle, or send too much


def never(receiver_of: Callable[[], Receiver]) -> r.Answer:
    return lambda connection, request: receiver_of().ended.wait(LONG_S) and None


def trickle(receiver_of: Callable[[], Receiver], start: bytes) -> r.Answer:
    """One byte of an endless header at a time: no single read ever waits long."""

    def answer(connection: socket.socket, request: Request) -> None:
        connection.sendall(start)
        while not receiver_of().ended.wait(0.02):
            connection.sendall(b"x")

    return answer


def flood(receiver_of: Callable[[], Receiver], start: bytes, chunk: bytes, size_bytes: int) -> r.Answer:
    def answer(connection: socket.socket, request: Request) -> None:
        connection.sendall(start)
        while receiver_of().sent_bytes < size_bytes:
            connection.sendall(chunk)
            receiver_of().sent_bytes += len(chunk)

    return answer


class Late:
    """Lets an answer know the receiver that it belongs to."""

    receiver: Receiver

    def __call__(self) -> Receiver:
        return self.receiver


@pytest.fixture
def late() -> Late:
    return Late()


def test_a_receiver_that_never_answers(late: Late) -> None:
    with receiving(never(late)) as late.receiver:
        assert post(to(late.receiver), deadline_s=0.3) == Answer(Reason.TIMEOUT)


def test_a_receiver_that_trickles_its_headers_meets_the_total_deadline(late: Late) -> None:
    with receiving(trickle(late, b"HTTP/1.1 200 OK\r\nX: ")) as late.receiver:
        assert post(to(late.receiver), deadline_s=0.3) == Answer(Reason.TIMEOUT)


def test_headers_without_end(late: Late) -> None:
    start = b"HTTP/1.1 200 OK\r\nX: "
    with receiving(flood(late, start, b"x" * 65_536, 1_000_000_000)) as late.receiver:
        assert post(to(late.receiver)) == Answer(Reason.TOO_LARGE)
        assert late.receiver.sent_bytes < 50_000_000


def test_of_a_gigabyte_only_a_little_is_read(late: Late) -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with receiving(flood(late, start, b"x" * 65_536, 1_000_000_000)) as late.receiver:
        assert post(to(late.receiver)) == Answer(Reason.DELIVERED, 200)
        # what the sockets' buffers hold, not what was sent
        assert late.receiver.sent_bytes < 50_000_000


def test_a_compressed_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    unpacked: list[int] = []
    from httpx2 import _decoders

    decode = _decoders.GZipDecoder.decode
    monkeypatch.setattr(
        _decoders.GZipDecoder, "decode", lambda self, data: unpacked.append(len(data)) or decode(self, data)
    )
    with receiving(status(500, "Content-Encoding: gzip", body=bomb)) as receiver:
        assert post(to(receiver)) == Answer(Reason.HTTP_500, 500)
    assert unpacked == []
    assert len(bomb) > READ_MAX_BYTES


def test_a_body_that_stands_still_after_a_success_is_a_success(late: Late) -> None:
    def answer(connection: socket.socket, request: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
        late().ended.wait(LONG_S)

    with receiving(answer) as late.receiver:
        assert post(to(late.receiver), drain_s=0.1) == Answer(Reason.DELIVERED, 200)


# F25 and broken connections


@pytest.mark.parametrize("answer", [r.reset, r.hang_up])
def test_a_connection_lost_after_the_body_is_no_delivery(answer: r.Answer) -> None:
    with receiving(answer) as receiver:
        assert post(to(receiver)) == Answer(Reason.NO_ANSWER)
    assert receiver.requests[0].body == b"{}"


def test_something_else_than_http() -> None:
    with receiving(lambda connection, request: connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n")) as receiver:
        assert post(to(receiver)) == Answer(Reason.NO_ANSWER)


def test_nobody_listens() -> None:
    with receiving(status(200)) as receiver:
        port = receiver.port
    assert post(endpoint(f"http://127.0.0.1:{port}/")) == Answer(Reason.CONNECT)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "//example.com", "https://", "http://[::1", "http://a:b/", "nonsense", ""]
)
def test_what_is_no_address(url: str) -> None:
    assert post(endpoint(url)) == Answer(Reason.BAD_URL)


def test_secrets_that_cannot_be_read(tmp_path: Path) -> None:
    missing = {"file": str(tmp_path / "missing")}
    assert post(endpoint(missing)) == Answer(Reason.BAD_URL)
    assert post(endpoint("http://127.0.0.1:1/", secret=missing)) == Answer(Reason.BAD_KEY)
    assert post(endpoint({"env": "NOT_SET_ANYWHERE"})) == Answer(Reason.BAD_URL)
    (tmp_path / "short").write_text("whsec_AAAA")
    short = {"file": str(tmp_path / "short")}
    assert post(endpoint("http://127.0.0.1:1/", secret=short)) == Answer(Reason.BAD_KEY)


# F23: addresses


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"],
)
def test_loopback_is_refused_however_it_is_spelled(host: str) -> None:
    with receiving(status(200)) as receiver:
        refused = post(endpoint(f"http://{host}:{receiver.port}/", allow_networks=[]))
    assert refused in (Answer(Reason.ADDRESS_REFUSED), Answer(Reason.BAD_URL))
    assert receiver.connections == 0


def test_a_name_that_resolves_to_a_private_address_is_refused() -> None:
    resolver, asked = resolving(**{"hook.test": ["127.0.0.1", "10.0.0.1", "64:ff9b::7f00:1"]})
    with receiving(status(200)) as receiver:
        spec = endpoint(f"http://hook.test:{receiver.port}/", allow_networks=[])
        assert post(spec, resolver=resolver) == Answer(Reason.ADDRESS_REFUSED)
    assert (asked, receiver.connections) == (["hook.test"], 0)


def test_what_is_connected_to_is_what_was_checked() -> None:
    """Rebinding: the system resolves localhost to 127.0.0.1, the check saw 127.0.0.2; one look-up only."""
    resolver, asked = resolving(localhost=["10.9.9.9", "127.0.0.2"])
    with receiving(status(200), host="127.0.0.2") as checked:
        spec = endpoint(f"http://localhost:{checked.port}/", allow_networks=["127.0.0.2/32"])
        assert post(spec, resolver=resolver) == Answer(Reason.DELIVERED, 200)
    assert asked == ["localhost"]
    assert checked.requests[0].headers["host"] == f"localhost:{checked.port}"


def test_a_second_address_is_tried_where_the_first_does_not_answer() -> None:
    resolver, _ = resolving(**{"hook.test": ["127.0.0.3", "127.0.0.2"]})
    with receiving(status(200), host="127.0.0.2") as receiver:
        spec = endpoint(f"http://hook.test:{receiver.port}/")
        assert post(spec, resolver=resolver) == Answer(Reason.DELIVERED, 200)


def test_a_request_that_was_sent_is_not_sent_again_to_another_address() -> None:
    resolver, _ = resolving(**{"hook.test": ["127.0.0.1", "127.0.0.2"]})
    with receiving(r.hang_up) as receiver:
        spec = endpoint(f"http://hook.test:{receiver.port}/")
        assert post(spec, resolver=resolver) == Answer(Reason.NO_ANSWER)
    assert len(receiver.requests) == 1


def test_a_host_without_an_address() -> None:
    resolver, _ = resolving(**{"empty.test": []})
    assert post(endpoint("http://empty.test/"), resolver=resolver) == Answer(Reason.DNS)
    assert post(endpoint("http://other.test/"), resolver=resolver) == Answer(Reason.DNS)


# F24: TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def over_tls(server: ssl.SSLContext, client: ssl.SSLContext | None, host: str = NAME, **given: Any) -> Answer:
    resolver, _ = resolving(**{host: ["127.0.0.1"]})
    with receiving(status(200), tls=server) as receiver:
        answer = post(endpoint(f"https://{host}:{receiver.port}/"), tls=client, resolver=resolver, **given)
    assert bool(receiver.requests) is (answer.reason is Reason.DELIVERED)  # no fallback, no body sent
    return answer


def test_a_certificate_is_checked_against_the_name_and_not_the_address(authority: Authority) -> None:
    assert over_tls(authority.server(), authority.client()) == Answer(Reason.DELIVERED, 200)
    assert over_tls(authority.server(), authority.client(), NAME + ".") == Answer(Reason.DELIVERED, 200)
    assert over_tls(authority.server("127.0.0.1"), authority.client()) == Answer(Reason.TLS_WRONG_HOST)


def test_an_address_in_a_certificate(authority: Authority) -> None:
    found = over_tls(authority.server("127.0.0.1"), authority.client(), "127.0.0.1")
    assert found == Answer(Reason.DELIVERED, 200)


def test_a_certificate_for_another_host(authority: Authority) -> None:
    found = over_tls(authority.server("other.test"), authority.client())
    assert found == Answer(Reason.TLS_WRONG_HOST)


def test_an_expired_certificate(authority: Authority) -> None:
    assert over_tls(authority.server(days=-1), authority.client()) == Answer(Reason.TLS_EXPIRED)


def test_an_unknown_authority_with_the_systems_own_settings(authority: Authority) -> None:
    assert over_tls(authority.server(), None) == Answer(Reason.TLS_UNKNOWN_CA)


def test_a_server_that_answers_a_handshake_with_text(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        spec = endpoint(f"https://127.0.0.1:{plain.getsockname()[1]}/")
        assert post(spec, tls=authority.client()) == Answer(Reason.TLS)
        thread.join()


def test_a_server_that_speaks_no_tls(authority: Authority) -> None:
    with receiving(status(200)) as receiver:
        # the receiver waits for the end of a header in what is a handshake, so both wait
        spec = endpoint(f"https://127.0.0.1:{receiver.port}/")
        assert post(spec, tls=authority.client(), deadline_s=0.3) == Answer(Reason.TIMEOUT)
    assert receiver.requests == []


def test_a_handshake_that_stands_still(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        spec = endpoint(f"https://127.0.0.1:{deaf.getsockname()[1]}/")
        assert post(spec, tls=authority.client(), deadline_s=0.3) == Answer(Reason.TIMEOUT)


# The thread


def fast(attempts: int = 9) -> Timing:
    """The schedule with next to no waiting."""
    return Timing(Schedule(delays_s=(0.01,) * attempts, jitter=0.0))


@pytest.fixture
def reports() -> list[Report]:
    return []


Start = Callable[..., tuple[Sender, MemoryOutbox]]


@pytest.fixture
def start(reports: list[Report]) -> Iterator[Start]:
    """Starts senders, and stops every one of them."""
    started: list[Sender] = []

    def make(*specs: EndpointSpec, timing: Timing | None = None, **given: Any) -> tuple[Sender, MemoryOutbox]:
        outbox = MemoryOutbox()
        sender = Sender(
            specs,
            lambda: outbox,
            lambda: HttpPost(**{"deadline_s": LONG_S} | given),
            timing or fast(),
            reports.append,
        )
        sender.start()
        started.append(sender)
        return sender, outbox

    yield make
    for sender in started:
        sender.stop(0.2)
        assert not sender.alive


def test_it_sends_what_is_new_when_it_is_told(start: Start) -> None:
    with receiving(status(200)) as receiver:
        sender, outbox = start(to(receiver))
        outbox.rows.append(row("msg_7", body=b"seven"))
        sender.notify()
        until(lambda: outbox.history, 10, "the attempt to be written down")
        assert [(q.headers["webhook-id"], q.body) for q in receiver.requests] == [("msg_7", b"seven")]
        assert outbox.history[0].state == "delivered"
        assert sender.stop(10)
    assert outbox.closed
    assert sender.status["hook"].outcomes == {"delivered": 1}


def test_a_failed_delivery_is_repeated_with_the_same_id_and_body_and_a_new_time(start: Start) -> None:
    clock = iter(range(1_767_268_800, 1_767_369_000))
    answers = (status(500), r.reset, status(429), status(302, "Location: /"), status(200))
    with receiving(*answers) as receiver:
        sender, outbox = start(to(receiver), wall_s=lambda: next(clock))
        outbox.rows.append(row())
        sender.notify()
        until(
            lambda: outbox.attempts.get(("msg_1", "hook")) and not outbox.pending("hook", 1), 20, "delivery"
        )
        assert [a.reason for a in outbox.history] == ["http_500", "no_answer", "http_429", "redirect", ""]
    assert {(q.headers["webhook-id"], q.body) for q in receiver.requests} == {("msg_1", b'{"a":1}')}
    assert len({q.headers["webhook-timestamp"] for q in receiver.requests}) == 5
    until(lambda: sum(sender.status["hook"].outcomes.values()) == 5, 5, "the status")


def test_an_endpoint_that_hangs_holds_up_no_other(start: Start, late: Late, reports: list[Report]) -> None:
    with receiving(never(late)) as late.receiver, receiving(status(200)) as well:
        sender, outbox = start(to(late.receiver, name="bad"), to(well, name="good"))
        outbox.rows += [row(f"msg_{i}", "bad") for i in range(3)]
        outbox.rows += [row(f"msg_{i}", "good") for i in range(20)]
        sender.notify()
        until(lambda: len(outbox.history) == 20, 20, "all deliveries to the good endpoint")
        assert {a.endpoint for a in outbox.history} == {"good"}
        until(lambda: late.receiver.connections == 1, 10, "the bad endpoint's one connection")
        assert not sender.stop(0.2)  # the attempt under way is cut off, and will be made again
        assert not sender.alive
    assert all(isinstance(report, AttemptMade) and report.endpoint == "good" for report in reports)


def test_gone_disables_and_enabling_goes_on(start: Start) -> None:
    with receiving(status(410), status(200)) as receiver:
        sender, outbox = start(to(receiver))
        outbox.rows += [row("msg_1"), row("msg_2")]
        sender.notify()
        until(lambda: sender.status["hook"].disabled == "http_410", 10, "the endpoint to be disabled")
        assert sender.status["hook"].pending == 2
        assert len(receiver.requests) == 1
        sender.enable("hook")
        until(lambda: not outbox.pending("hook", 1), 10, "both deliveries")
        assert sender.resend("hook", ["msg_1", "msg_9"]) == 1
        until(lambda: len(receiver.requests) == 4, 10, "the row that was sent again")


def test_status_counts_attempts_by_reason(start: Start, reports: list[Report]) -> None:
    with receiving(status(401), status(403), status(200)) as receiver:
        sender, outbox = start(to(receiver))
        outbox.rows.append(row())
        sender.notify()
        until(lambda: sender.status["hook"].last_delivered_s, 10, "the delivery")
    found = sender.status["hook"]
    assert found.outcomes == {"http_401": 1, "http_403": 1, "delivered": 1}
    assert found.last_failure == ""
    assert found.last_attempt_s == found.last_delivered_s
    told = [(x.reason.value, x.status, x.attempts) for x in reports if isinstance(x, AttemptMade)]
    assert told == [("http_401", 401, 1), ("http_403", 403, 2), ("delivered", 200, 3)]


def test_no_secret_in_any_log(caplog: pytest.LogCaptureFixture, start: Start, reports: list[Report]) -> None:
    """F35: the address of a Slack endpoint is a secret, and HTTP clients like to log addresses."""
    caplog.set_level(logging.DEBUG)
    with receiving(status(500), status(200)) as receiver:
        sender, outbox = start(to(receiver, "/services/canary-path"))
        outbox.rows.append(row())
        sender.notify()
        until(lambda: sender.status["hook"].last_delivered_s, 10, "the delivery")
    assert "canary" not in caplog.text
    assert "canary" not in repr(reports) + repr(sender.status)


def test_opening_the_outbox_fails_at_the_start() -> None:
    def broken() -> MemoryOutbox:
        raise OSError("no such directory")

    sender = Sender([], broken)
    with pytest.raises(OSError, match="no such directory"):
        sender.start()
    assert sender.stop(1)


def test_it_stops_at_once_when_nothing_is_under_way(start: Start) -> None:
    sender, outbox = start(endpoint("http://127.0.0.1:1/"))
    assert sender.alive
    assert sender.stop(10)
    assert outbox.closed
    sender.notify()  # says nothing, does nothing
    with pytest.raises(RuntimeError, match="does not run"):
        sender.enable("hook")


def test_the_outbox_is_used_on_the_senders_thread_only() -> None:
    seen: set[str] = set()

    class Watched(MemoryOutbox):
        def __getattribute__(self, name: str) -> Any:
            if name in ("pending", "record", "lengths", "enable", "close"):
                seen.add(threading.current_thread().name)
            return super().__getattribute__(name)

    outbox = Watched([row()])
    sender = Sender([endpoint("http://127.0.0.1:1/")], lambda: outbox, timing=fast(2))
    sender.start()
    sender.enable("hook")
    until(lambda: sender.status["hook"].outcomes.get("connect") == 3, 10, "the attempts to fail")
    assert sender.stop(10)
    assert seen == {"webhooks"}


def test_bodies_reach_the_receiver_byte_for_byte() -> None:
    body = json.dumps({"text": "é😀\n\u0000"}, ensure_ascii=False).encode()
    with receiving(status(200)) as receiver:
        post(to(receiver), body)
    assert receiver.requests[0].body == body


def test_the_clock_never_jumps() -> None:
    wall, steady = iter([1_000.0]), iter([5.0, 5.0, 7.5])
    clock = Clock(lambda: next(wall), lambda: next(steady))
    assert [clock.now_s(), clock.now_s()] == [1_000.0, 1_002.5]
