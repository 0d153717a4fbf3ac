"""The status page of a live daemon: real Kafka, drift in it, and the link of the message that tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from driftwatch.demo.records import TOPICS
from tests.browser.chromium import Page, browser, missing
from tests.browser.serving import SCREENSHOTS
from tests.integration.broker import Broker
from tests.integration.daemon import Daemon
from tests.telemetry.lender import records, setting
from tests.waiting import until
from tests.webhooks.receiver import receiving, status

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]
HOURS = 9.0


@pytest.fixture
def live(kafka: Broker, tmp_path: Path) -> Iterator[tuple[Daemon, int, list[str]]]:
    """A daemon that has counted the lender's hours, its port, and the links of the messages that it sent."""
    with receiving(status(200)) as wire:
        written = setting(tmp_path, kafka.bootstrap_servers, f"http://127.0.0.1:{wire.port}")
        topics = {name: kafka.create_topic(partitions=1) for name in TOPICS}
        text = written.configuration.read_text().replace(", api_version: [2, 3]", "")
        for name, topic in (*topics.items(), ("driftwatch-demo", topics[TOPICS[0]])):
            text = text.replace(name, topic)
        written.configuration.write_text(text)
        port = int(written.url.rpartition(":")[2])
        daemon = Daemon(written.configuration, port)
        try:
            daemon.start()
            producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, linger_ms=20)
            for record in records(HOURS):
                producer.send(
                    topics[record.topic], record.value, key=record.key.encode(), timestamp_ms=record.time_ms
                )
            producer.flush()
            producer.close()
            until(lambda: "accuracy fell" in str(daemon.get("/")), 120, "the daemon tells that accuracy fell")
            until(lambda: any(b"accuracy fell" in r.body for r in wire.requests), 60, "the message arrives")
            links = [link for r in wire.requests for link in _links(r.body.decode())]
            yield daemon, port, links
        finally:
            daemon.close()


def _links(body: str) -> list[str]:
    return [part.partition("|")[0] for part in body.split("<http")[1:]]


def test_the_link_in_the_message_lands_on_the_answers(live: tuple[Daemon, int, list[str]]) -> None:
    _, port, links = live
    here = f"http://127.0.0.1:{port}"
    (link,) = {
        f"http{link}" for link in links if f":{port}/alerts/" in link and link.endswith(_fingerprint(live))
    }
    with browser() as page:
        for name, address, said in (
            (
                "live-overview",
                f"{here}/",
                ("credit-default drifts", "The daemon works", "accuracy fell", "ml-oncall"),
            ),
            (
                "live-model",
                f"{here}/models/credit-default",
                ("Reliability", "country=PT", "Alert fires: accuracy fell"),
            ),
            (
                "live-alert",
                link,
                ("What changed?", "accuracy decay", "Does it hurt?", "Yes", "Told ml-oncall"),
            ),
        ):
            page.looks(dark=True)
            page.goto(address)
            text = page.text
            for words in said:
                assert words in text, words
            assert page.complaints == []
            assert {request.split("/")[2] for request in page.requests} == {f"127.0.0.1:{port}"}
            assert page.faults() == []
            page.screenshot(SCREENSHOTS / f"{name}-dark.png")
        _still_there_after_a_restart(live[0], page, f"{here}/models/credit-default")


def _still_there_after_a_restart(daemon: Daemon, page: Page, address: str) -> None:
    """At night, before a pane closes: what was known, and of what time it is."""
    (before,) = daemon.get("/api/v1/models")["models"][0]["versions"]
    assert daemon.stop() == 0
    daemon.start()
    (after,) = daemon.get("/api/v1/models")["models"][0]["versions"]
    assert (after["verdict"], after["windows"]) == (before["verdict"], before["windows"])
    page.goto(address)
    text = page.text
    for words in ("before driftwatch started: no window has closed since", "Evidence against the budget"):
        assert words in text, words
    assert "No evidence is watched" not in text
    page.screenshot(SCREENSHOTS / "live-restarted-dark.png")


def _fingerprint(live: tuple[Daemon, int, list[str]]) -> str:
    alerts = live[0].get("/api/v1/alerts")["alerts"]
    return next(alert["fingerprint"] for alert in alerts if alert["rule"] == "accuracy fell")
