"""Against the real Alertmanager, through the real sender: seen, silenced, inhibited, kept alive, resolved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftwatch.alerts.notifications import Notification
from driftwatch.webhooks.instances import instances
from driftwatch.webhooks.render import render
from driftwatch.webhooks.sender import Sender
from driftwatch.webhooks.spec import EndpointSpec
from tests.waiting import until
from tests.webhooks.alertmanager_process import BINARY, Alertmanager, running
from tests.webhooks.receiver import MemoryOutbox, Receiver, receiving, status
from tests.webhooks.told import HURTS, INPUTS, firing, resolved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="needs prometheus-alertmanager (apt)"),
]

ROUTES = """
route: {receiver: hook, group_by: [alertname, model, rule], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
inhibit_rules:
  - {source_matchers: [severity="page"], target_matchers: [severity="ticket"], equal: [model, version]}
receivers:
  - {name: hook, webhook_configs: [{url: "http://127.0.0.1:PORT/", send_resolved: true}]}
"""


@pytest.fixture
def behind() -> Iterator[Receiver]:
    with receiving(status(200)) as receiver:
        yield receiver


class Scene:
    """A sender with an outbox in memory, towards any number of Alertmanagers."""

    def __init__(self, *towards: Alertmanager, resend: str = "1m") -> None:
        spec = EndpointSpec.model_validate(
            {
                "name": "am",
                "type": "alertmanager",
                "url": towards[0].url,
                "peers": [other.url for other in towards[1:]],
                "resend_every": resend,
                "allow_networks": ["127.0.0.0/8"],
            }
        )
        self.endpoints = instances([spec])
        self.outbox = MemoryOutbox()
        self.sender = Sender(self.endpoints, lambda: self.outbox)

    def __enter__(self) -> Scene:
        self.sender.start()
        return self

    def __exit__(self, *error: object) -> None:
        assert self.sender.stop(10)

    def tell(self, notification: Notification) -> None:
        self.outbox.rows += render(notification, self.endpoints)
        self.sender.notify()


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """What came out behind Alertmanager: (status, rule) of every alert in every notification."""
    alerts = [alert for request in list(receiver.requests) for alert in json.loads(request.body)["alerts"]]
    return [(alert["status"], alert["labels"]["rule"]) for alert in alerts]


def routes(receiver: Receiver) -> str:
    return ROUTES.replace("PORT", str(receiver.port))


def test_an_alert_is_seen_and_resolved(behind: Receiver, tmp_path: Path) -> None:
    with running(routes(behind), tmp_path) as real, Scene(real) as scene:
        scene.tell(firing())
        (alert,) = until(real.alerts, 20, "the alert is in Alertmanager")
        assert alert["labels"] == {
            "alertname": "DriftwatchModelDrift",
            "job": "driftwatch",
            "severity": "page",
            "model": "credit-default",
            "version": "2026-01",
            "rule": "psi",
            "kind": "input",
        }
        assert alert["startsAt"] == "2026-01-01T11:50:00.000Z"
        until(lambda: told(behind) == [("firing", "psi")], 20, "its receiver has heard of it")
        scene.tell(resolved())
        until(lambda: told(behind)[-1:] == [("resolved", "psi")], 20, "its receiver has heard of the end")
        assert real.alerts() == []
        assert scene.sender.status["am"].pending == 0


def test_a_silence_and_an_inhibition_hold(behind: Receiver, tmp_path: Path) -> None:
    silence = {
        "matchers": [{"name": "rule", "value": "psi", "isRegex": False}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "test",
        "comment": "we know",
    }
    page = msgspec.structs.replace(HURTS, severity="page")
    ticket = msgspec.structs.replace(INPUTS, rule="ks", severity="ticket", fingerprint="3" * 16)
    with running(routes(behind), tmp_path) as real, Scene(real) as scene:
        real.ask("/api/v2/silences", silence)
        scene.tell(firing())
        scene.tell(firing(page))
        until(lambda: told(behind) == [("firing", "decay")], 20, "the page came through")
        scene.tell(firing(ticket))
        states = until(lambda: _states(real, 3), 20, "Alertmanager has all three")
        assert states["psi"]["silencedBy"]
        until(lambda: _states(real, 3)["ks"]["inhibitedBy"], 20, "the ticket is inhibited by the page")
        assert told(behind) == [("firing", "decay")]


def test_it_is_kept_alive_at_every_instance_and_dies_with_us(behind: Receiver, tmp_path: Path) -> None:
    with (
        running(routes(behind), tmp_path / "a") as one,
        running(routes(behind), tmp_path / "b") as two,
    ):
        with Scene(one, two, resend="500ms") as scene:
            assert [e.name for e in scene.endpoints] == ["am", f"am@127.0.0.1:{two.port}"]
            scene.tell(firing())
            for instance in (one, two):
                (first,) = until(instance.alerts, 20, "every instance has the alert")
                until(
                    lambda i=instance, f=first: i.alerts()[0]["endsAt"] > f["endsAt"], 20, "it is said again"
                )
            assert scene.sender.status["am"].pending == 0, "said again is not pending"
        until(lambda: one.alerts() == two.alerts() == [], 20, "nobody says it any more, so it ends")


def test_one_that_was_away_and_forgot_everything_hears_of_it_again(behind: Receiver, tmp_path: Path) -> None:
    with ExitStack() as stack:
        with running(routes(behind), tmp_path / "a") as real:
            scene = stack.enter_context(Scene(real, resend="300ms"))
            scene.tell(firing())
            until(real.alerts, 20, "the alert is there")
        until(lambda: scene.sender.status["am"].last_failure, 20, "it is away")
        with running(routes(behind), tmp_path / "b", real.port) as anew:
            until(anew.alerts, 20, "and there again after it began anew")


def test_one_that_stands_by_lets_the_active_one_speak(behind: Receiver, tmp_path: Path) -> None:
    with running(routes(behind), tmp_path) as real, Scene(real, resend="500ms") as scene:
        scene.tell(firing())
        until(real.alerts, 20, "the alert is there")
        scene.sender.stand_by(True)
        until(lambda: real.alerts() == [], 20, "it ends by itself")
        scene.sender.stand_by(False)
        until(real.alerts, 20, "it is said again by the one that has become active")


def _states(real: Alertmanager, count: int) -> dict[str, Any]:
    alerts = {alert["labels"]["rule"]: alert["status"] for alert in real.alerts()}
    return alerts if len(alerts) == count else {}
