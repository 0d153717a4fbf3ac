"""Endpoints whose TLS is wrong (F24) or that are dead for days with 10 000 rows queued (F26), each beside one that works."""

from __future__ import annotations

import json
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.monitor.changes import Changes
from driftwatch.storage.directory import DELIVERIES_FILE
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sqlite import open_checkpoint
from tests.faults.load import Load
from tests.faults.scene import Scene, resident_bytes, series
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.waiting import until
from tests.webhooks.certificates import Authority
from tests.webhooks.receiver import receiving, status

pytestmark = pytest.mark.slow

ALLOWED = {"allow_networks": ["127.0.0.0/8"]}
QUEUED = 10_000
SUBJECTS = 200
DAY_S = 86_400


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_f24_wrong_tls_is_a_named_failure_and_never_a_fallback(
    kafka: Broker, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = Authority(folder(tmp_path / "known")), Authority(folder(tmp_path / "unknown"))
    servers: dict[str, tuple[ssl.SSLContext, str]] = {
        "tls_expired": (known.server("127.0.0.1", days=-1), "expired"),
        "tls_wrong_host": (known.server("other.test"), "wrong-host"),
        "tls_unknown_ca": (unknown.server("127.0.0.1"), "unknown-ca"),
        "delivered": (known.server("127.0.0.1"), "right"),
    }
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "known" / "ca.pem"))
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    with ExitStack() as stack:
        wires = {name: stack.enter_context(receiving(status(200), tls=tls)) for tls, name in servers.values()}
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ports = {name: wire.port for name, wire in wires.items()} | {"stalls": deaf.getsockname()[1]}
        scene.config["endpoints"] += [
            {"name": name, "url": f"https://127.0.0.1:{port}/", **ALLOWED} for name, port in ports.items()
        ]
        try:
            scene.start()
            load.send(800)
            until(lambda: receiver.ids("alert.firing"), 120, "the one beside them is told")
            for reason, (_, name) in servers.items():
                until(lambda n=name, r=reason: outcomes(scene, n).get(r), 120, f"{name}: {reason}")
            until(
                lambda: outcomes(scene, "wrong-host").get("tls_wrong_host", 0) > 1, 120, "it is tried again"
            )
            metrics = scene.daemon.get("/metrics")
            load.settle()
            end = scene.stop()
        finally:
            scene.daemon.close()
        seen = {name: len(wire.requests) for name, wire in wires.items()}
    figures = load.check(end)
    assert {name for name, requests in seen.items() if requests} == {"right"}, (
        "no body was sent to the others"
    )
    for reason, (_, name) in servers.items():
        (counted,) = series(metrics, "driftwatch_notifications_total", endpoint=name, reason=reason).values()
        assert counted >= 1
    print(f"F24 {figures}")


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def outcomes(scene: Scene, endpoint: str) -> dict[str, int]:
    answer = scene.daemon.get("/api/v1/status")
    found = answer["endpoints"] if answer else []
    return next((one["outcomes"] for one in found if one["endpoint"] == endpoint), {})


def test_f26_an_endpoint_dead_for_days_with_10_000_rows_queued(
    kafka: Broker, receiver: Receiver, tmp_path: Path
) -> None:
    scene = Scene(kafka, tmp_path)
    load = Load(scene, receiver)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    secret = scene.config["endpoints"][0]["secret"]
    scene.config["endpoints"].append({"name": "dead", "url": address, "secret": secret, **ALLOWED})
    queue(tmp_path / "state")
    with Receiver() as later:
        scene.config["endpoints"][1]["url"] = address
        try:
            scene.start()
            before = resident_bytes(scene.daemon.pid)
            load.send(800)
            until(lambda: receiver.ids("alert.firing"), 120, "the one beside it is told at once")
            until(lambda: shown(scene, "dead").get("disabled"), 120, "five days of failures disable it")
            assert shown(scene, "dead")["pending"] >= SUBJECTS, "its rows stay"
            grown = resident_bytes(scene.daemon.pid) - before
            load.settle()
            assert scene.daemon.stop() == 0
            errors = [line["event"] for line in scene.daemon.lines() if line["level"] == "error"]
            assert errors == ["endpoint_disabled"]
            scene.config["endpoints"][1]["url"] = later.url  # it is back
            scene.write()
            command = [sys.executable, "-m", "driftwatch", "retry", "dead", "--json", "-c", str(scene.path)]
            enabled = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            scene.start()
            until(lambda: len(later.ids()) >= enabled["due"], 120, "it gets what waited")
            scene.daemon.stop()
        finally:
            scene.daemon.close()
    outbox = open_outbox(tmp_path / "state")
    states = [attempt.state for attempt in outbox.attempts("dead")]
    outbox.close()
    assert states.count("superseded") >= QUEUED - SUBJECTS
    assert states.count("delivered") == len(later.ids()) == enabled["due"] >= SUBJECTS
    assert later.refused == []
    newest = {f"msg_{n}" for n in range(QUEUED - SUBJECTS, QUEUED)}
    assert newest <= later.ids(), "of each subject the newest one"
    assert grown < 50_000_000
    print(f"F26 queued {QUEUED}, delivered {len(later.ids())}, grown by {grown / 2**20:.0f} MiB")


def queue(state: Path) -> None:
    """10 000 transitions of 200 subjects that nobody took, and six days in which nothing but failures came."""
    checkpoint = open_checkpoint(state)
    checkpoint.load()
    for first in range(0, QUEUED, 1_000):
        rows = [
            OutboxRow(
                f"msg_{n}", "dead", "alert.firing", f"subject {n % SUBJECTS}", n, b'{"type":"alert.firing"}'
            )
            for n in range(first, first + 1_000)
        ]
        checkpoint.commit(Changes(outbox=rows))
    checkpoint.close()
    open_outbox(state).close()
    deliveries = sqlite3.connect(state / DELIVERIES_FILE)
    deliveries.execute(
        "INSERT INTO endpoints (endpoint, failing_since_s) VALUES ('dead', ?)", (time.time() - 6 * DAY_S,)
    )
    deliveries.commit()
    deliveries.close()


def shown(scene: Scene, endpoint: str) -> dict[str, object]:
    answer = scene.daemon.get("/api/v1/status")
    return next((one for one in answer["endpoints"] if one["endpoint"] == endpoint), {}) if answer else {}
