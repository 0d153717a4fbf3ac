"""Endpoints that answer as badly as they can, each beside one that works: what the whole daemon shows (F20, F21, F22, F23, F25, F27)."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.scene import End, Scene, Sent, series
from tests.integration.broker import Broker
from tests.integration.receiver import SECRET, Receiver
from tests.monitor.world import START, prediction
from tests.waiting import until
from tests.webhooks.receiver import Answer, Request, receiving, reset, status
from tests.webhooks.receiver import Receiver as Wire

pytestmark = pytest.mark.slow

STEP_MS = 500
DRIFTED = 1_500
CALM = 4_000
RETRY_AFTER_S = 3_600
RETRIED = ("fails", "resets", "redirects", "denies")
"""Whom the daemon asks again after 5 s."""


def never(wires: dict[str, Wire]) -> Answer:
    """The request is read, and then nothing comes until the test is over (F21)."""

    def stand_still(connection: socket.socket, request: Request) -> None:
        wires["hangs"].ended.wait(60)

    return stand_still


@dataclass
class Run:
    scene: Scene
    good: Receiver
    wires: dict[str, Wire]
    inner: Wire
    """What nobody may reach."""
    end: End = field(init=False)
    metrics: str = ""
    """While everything that is going to fail has failed."""
    status: dict[str, Any] = field(default_factory=dict[str, Any])
    page: str = ""
    enabled: dict[str, Any] = field(default_factory=dict[str, Any])
    gone_before_retry: int = 0
    after_retry: str = ""


@pytest.fixture(scope="module")
def run(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with ExitStack() as stack:
        scene = Scene(kafka, tmp_path_factory.mktemp("deliveries"))
        inner = stack.enter_context(receiving(status(200)))
        wires: dict[str, Wire] = {}
        location = f"Location: http://127.0.0.1:{inner.port}/internal"
        answers: dict[str, list[Answer]] = {
            "fails": [status(500), status(200)],
            "resets": [reset, status(200)],
            "busy": [status(503, f"Retry-After: {RETRY_AFTER_S}")],
            "denies": [status(401)],
            "redirects": [status(302, location), status(308, location), status(301, location)],
            "gone": [status(410), status(200)],
            "hangs": [never(wires)],
        }
        for name, those in answers.items():
            wires[name] = stack.enter_context(receiving(*those))
        run = Run(scene, stack.enter_context(Receiver()), wires, inner)
        configure(run)
        stack.callback(scene.daemon.close)
        scene.start()
        drift(run)
        retry(run)
        run.end = scene.stop(errors=["endpoint_disabled"])
        yield run


def configure(run: Run) -> None:
    rules = [{"name": "psi", "when": "psi > 0.5 for 2 panes", "clear_for": 1}]
    run.scene.model("drifts", {"labels": None, "rules": rules, "windows": [{"size": "5m", "slide": "1m"}]})
    secret = run.scene.folder / "secret"
    secret.write_text(SECRET)
    allowed = {"allow_networks": ["127.0.0.0/8"], "secret": {"file": str(secret)}}
    ports = {name: wire.port for name, wire in run.wires.items()}
    run.scene.config["endpoints"] = [
        *({"name": name, "url": f"http://127.0.0.1:{port}/", **allowed} for name, port in ports.items()),
        *({"name": name, "url": url.format(run.inner.port)} for name, url in REFUSED.items()),
        {"name": "good", "url": run.good.url, **allowed},
    ]


REFUSED = {
    "loopback": "http://127.0.0.1:{}/",
    "name": "http://localhost:{}/",
    "decimal": "http://2130706433:{}/",
    "hex": "http://0x7f.1:{}/",
    "mapped": "http://[::ffff:127.0.0.1]:{}/",
    "nat64": "http://[64:ff9b::7f00:1]:{}/",
}
"""The same machine, which nobody has allowed (F23)."""


def drift(run: Run) -> None:
    """One alert fires; every endpoint has its first answer, and what is retried after 5 s its second."""
    scene, rng = run.scene, random.Random(1)
    times = [START + n * STEP_MS for n in range(DRIFTED)]
    scene.produce(
        scene.topic("drifts"), (Sent(prediction(n, t, rng, drifted=True), t) for n, t in enumerate(times))
    )
    until(lambda: run.good.ids("alert.firing"), 20, "the good endpoint is told")
    until(lambda: run.wires["hangs"].requests, 20, "the hanging one has the request")
    until(
        lambda: all(len(run.wires[name].requests) == 2 for name in RETRIED),
        20,
        "they are retried",
    )
    until(lambda: shown(run)["fails"]["pending"] == 0, 10, "and that is delivered")
    run.metrics, run.page = scene.daemon.get("/metrics"), scene.daemon.get("/")
    run.status = shown(run)


def retry(run: Run) -> None:
    """A person enables the endpoint that was gone; the next transition wakes it, and it gets everything."""
    scene = run.scene
    run.gone_before_retry = len(run.wires["gone"].requests)
    command = [sys.executable, "-m", "driftwatch", "retry", "gone", "--json", "-c", str(scene.path)]
    run.enabled = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    rng = random.Random(2)
    times = [(n, START + n * STEP_MS) for n in range(DRIFTED, DRIFTED + CALM)]
    scene.produce(scene.topic("drifts"), (Sent(prediction(n, t, rng), t) for n, t in times))
    until(lambda: run.good.ids("alert.resolved"), 20, "it is calm again")
    until(lambda: shown(run)["gone"]["pending"] == 0, 20, "the enabled endpoint gets what it missed")
    run.after_retry = scene.daemon.get("/metrics")


def shown(run: Run) -> dict[str, Any]:
    return {one["endpoint"]: one for one in run.scene.daemon.get("/api/v1/status")["endpoints"]}


def attempts(run: Run, endpoint: str) -> list[dict[str, Any]]:
    return [line for line in run.end.lines if line["event"] == "attempt" and line["endpoint"] == endpoint]


def test_p6_who_works_is_told_at_once_beside_all_the_others(run: Run) -> None:
    first = [line for line in run.end.lines if line["event"] == "attempt"]
    good = next(i for i, line in enumerate(first) if line["endpoint"] == "good")
    assert all(line["attempts"] == 1 for line in first[:good]), "before anybody is retried"
    assert run.status["good"]["outcomes"] == {"delivered": 1}
    assert run.status["hangs"]["outcomes"] == {}, "which still stands still"
    assert run.status["hangs"]["pending"] == 1
    assert run.good.refused == [], "every signature is valid"


@pytest.mark.parametrize(
    ("endpoint", "reason", "code"),
    [
        ("fails", "http_500", 500),
        ("resets", "no_answer", 0),
        ("busy", "http_503", 503),
        ("denies", "http_401", 401),
        ("redirects", "redirect", 302),
        ("gone", "http_410", 410),
        *((name, "address_refused", 0) for name in REFUSED),
    ],
)
def test_f20_f22_f23_f25_a_failure_is_shown_by_its_reason(
    run: Run, endpoint: str, reason: str, code: int
) -> None:
    line = attempts(run, endpoint)[0]
    assert (line["reason"], line["status"], line["attempts"]) == (reason, code, 1)
    assert (line["level"], line["state"]) == ("warning", "pending"), "it is tried again, and is not delivered"
    assert run.status[endpoint]["outcomes"][reason] >= 1
    (counted,) = series(
        run.metrics, "driftwatch_notifications_total", endpoint=endpoint, reason=reason
    ).values()
    assert counted == run.status[endpoint]["outcomes"][reason]
    assert f"<td>{endpoint}</td>" in run.page


def test_f20_f25_every_attempt_has_the_same_id_and_body(run: Run) -> None:
    for endpoint in RETRIED:
        fired = [
            one for one in run.wires[endpoint].requests if json.loads(one.body)["type"] == "alert.firing"
        ]
        assert len(fired) >= 2, endpoint
        assert {one.headers["webhook-id"] for one in fired} == run.good.ids("alert.firing")
        assert len({one.body for one in fired}) == 1
    for endpoint in ("fails", "resets"):
        assert [line["reason"] for line in attempts(run, endpoint)][1:] == ["delivered", "delivered"]


def test_f20_retry_after_is_honoured(run: Run) -> None:
    assert len(run.wires["busy"].requests) == 2, "one for each transition"
    assert {line["next_in_s"] for line in attempts(run, "busy")} == {RETRY_AFTER_S}
    assert all(5 <= line["next_in_s"] <= 6 for line in attempts(run, "denies") if line["attempts"] == 1)


def test_f20_gone_disables_and_a_person_enables_again(run: Run) -> None:
    assert run.status["gone"]["disabled"] == "http_410"
    assert series(run.metrics, "driftwatch_endpoint_disabled", endpoint="gone") == {'{endpoint="gone"}': 1}
    assert [line["endpoint"] for line in run.end.lines if line["event"] == "endpoint_disabled"] == ["gone"]
    assert run.gone_before_retry == 1, "nothing is sent to it any more"
    assert run.enabled == {"endpoint": "gone", "enabled": True, "due": 1}
    assert series(run.after_retry, "driftwatch_endpoint_disabled", endpoint="gone") == {
        '{endpoint="gone"}': 0
    }
    told = {one.headers["webhook-id"] for one in run.wires["gone"].requests[1:]}
    assert told == run.good.ids(), "also what it had missed"


def test_f22_f23_nobody_reaches_what_is_inside(run: Run) -> None:
    assert run.inner.connections == 0
    reasons = {line["reason"] for name in REFUSED for line in attempts(run, name)}
    assert reasons == {"address_refused"}
    assert {line["status"] for line in attempts(run, "redirects")} <= {301, 302, 308}


def test_f27_the_end_does_not_wait_for_who_never_answers(run: Run) -> None:
    """`Scene.stop` has seen exit code 0 within 10 s; the attempt that was under way is made again after the start."""
    assert {line["reason"] for line in attempts(run, "hangs")} <= {"timeout"}, "never delivered"
    assert run.wires["hangs"].requests


def test_p10_no_secret_is_in_the_log(run: Run) -> None:
    assert SECRET not in run.scene.daemon.log.read_text()
