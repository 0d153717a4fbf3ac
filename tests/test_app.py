"""The daemon wired together in one process: memory in front, real state directory, real HTTP port, real webhooks."""

from __future__ import annotations

import json
import random
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftwatch.app import App, Stale
from driftwatch.config.load import load
from driftwatch.errors import StateError
from driftwatch.loop import LoopStatus
from driftwatch.references.codec import encode
from driftwatch.source.memory import MemorySource
from tests.integration.receiver import SECRET, Receiver
from tests.monitor.world import REFERENCE, SPEC, START, prediction
from tests.waiting import until
from tests.webhooks.receiver import receiving, status

SUCCESSFUL = "driftwatch_config_last_reload_successful"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def configure(folder: Path, hook: str) -> Path:
    (folder / "m.ref").write_bytes(encode(REFERENCE))
    (folder / "secret").write_text(SECRET)
    (folder / "token").write_text("let me in")
    model = json.loads(SPEC.model_dump_json(exclude_defaults=True))
    model |= {"windows": [{"size": "10m", "slide": "1m"}], "reference": "m.ref", "join_within": "1m"}
    model["predictions"]["lateness"] = "2m"
    model["labels"] |= {"lateness": "3m", "max_delay": "60m"}
    config = {
        "kafka": {"bootstrap_servers": ["nowhere:9092"]},
        "models": [model],
        "endpoints": [
            {
                "name": "hook",
                "url": hook,
                "secret": {"file": str(folder / "secret")},
                "allow_networks": ["127.0.0.0/8"],
                "on": ["alert", "retrain"],
            }
        ],
        "state": {"directory": str(folder / "state"), "commit_every": "50ms"},
        "http": {"host": "127.0.0.1", "port": 0, "token": {"file": str(folder / "token")}},
    }
    (folder / "driftwatch.yaml").write_text(yaml.safe_dump(config))
    return folder / "driftwatch.yaml"


class Running:
    """An app in a thread over a source in memory."""

    def __init__(self, config: Path, source: MemorySource) -> None:
        self.app = App(load(config), source=lambda owner: source)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.app.run, args=(self._stop,))

    def __enter__(self) -> Running:
        self._thread.start()
        until(lambda: self.app.board.picture.health.running, within_s=10, what="the app runs")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def get(self, path: str, **more: Any) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.app.http_port}{path}", **more)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def accepted(self) -> int:
        models = self.get("/api/v1/models")["models"]
        return models[0]["classes"].get("predictions", {}).get("accepted", 0) if models else 0


def topics() -> MemorySource:
    return MemorySource({"p": 1, "l": 1})


def feed(source: MemorySource, first: int, count: int) -> None:
    rng = random.Random(first)
    for n in range(first, first + count):
        time = START + n * 500
        source.append("p", 0, prediction(n, time, rng, drifted=True), timestamp_ms=time)


def fed() -> MemorySource:
    source = topics()
    feed(source, 0, 3_000)
    return source


def test_drift_in_memory_becomes_a_metric_and_one_signed_webhook(receiver: Receiver, tmp_path: Path) -> None:
    source = topics()
    with Running(configure(tmp_path, receiver.url), source) as running:
        feed(source, 0, 3_000)
        until(lambda: running.accepted() == 3_000, within_s=20, what="all are counted")
        metrics = running.get("/metrics")
        (psi,) = [
            m
            for m in metrics.splitlines()
            if m.startswith("driftwatch_psi{") and 'feature="x"' in m and 'slice="all"' in m
        ]
        assert float(psi.split()[-1]) > 0.5
        assert running.get("/readyz")["ready"] is True
        until(lambda: receiver.ids("alert.firing"), within_s=10, what="the receiver is told")
        assert len(receiver.ids("alert.firing")) == 1
        assert receiver.refused == []


def test_a_restart_goes_on_where_the_last_one_stopped(receiver: Receiver, tmp_path: Path) -> None:
    source, config = topics(), configure(tmp_path, receiver.url)
    with Running(config, source) as running:
        feed(source, 0, 1_500)
        until(lambda: running.accepted() == 1_500, within_s=20, what="the first half is counted")
    again = topics()
    feed(again, 0, 1_500)
    with Running(config, again) as running:
        assert running.accepted() == 1_500, "the picture of the last commit is there before anything is read"
        feed(again, 1_500, 1_500)
        until(lambda: running.accepted() == 3_000, within_s=20, what="only the second half is counted")
    assert (
        len(receiver.ids("alert.firing"))
        == len([1 for one in receiver.seen if one["type"] == "alert.firing"])
        == 1
    )


def test_every_instance_of_a_cluster_is_told_again_while_it_fires_also_after_a_restart(
    tmp_path: Path,
) -> None:
    with receiving(status(200)) as one, receiving(status(200)) as two:
        config = configure(tmp_path, "http://nowhere")
        cluster = {
            "name": "am",
            "type": "alertmanager",
            "url": f"http://127.0.0.1:{one.port}",
            "peers": [f"http://127.0.0.1:{two.port}"],
            "resend_every": "100ms",
            "allow_networks": ["127.0.0.0/8"],
        }
        config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"endpoints": [cluster]}))
        with Running(config, fed()) as running:
            for instance in (one, two):
                until(lambda i=instance: len(i.requests) >= 3, within_s=30, what="it is told again")
                assert instance.requests[0].target == "/api/v2/alerts"
            names = {endpoint["endpoint"] for endpoint in running.get("/api/v1/status")["endpoints"]}
            assert names == {"am", f"am@127.0.0.1:{two.port}"}
        before = len(two.requests)
        with Running(config, fed()):
            until(lambda: len(two.requests) > before, within_s=10, what="the next process goes on")
        with Running(config, fed()) as running:
            running.app.loop._source.standing_by = lambda: "elsewhere"  # type: ignore[method-assign]
            until(lambda: running.app.board.picture.health.standing_by, within_s=10, what="it stands by")
            until(
                lambda: all(lane.standing_by for lane in running.app._sender._lanes.values()), 10, "its lanes"
            )


def test_an_unknown_episode_cannot_be_acknowledged(receiver: Receiver, tmp_path: Path) -> None:
    with Running(configure(tmp_path, receiver.url), topics()) as running:
        with pytest.raises(urllib.error.HTTPError) as error:
            running.get(
                "/api/v1/episodes/ep_nothing/acknowledge",
                data=b'{"by": "me"}',
                headers={"Authorization": "Bearer let me in"},
                method="POST",
            )
        assert error.value.code == 404
        error.value.close()


def test_a_state_directory_serves_one_process(receiver: Receiver, tmp_path: Path) -> None:
    config = configure(tmp_path, receiver.url)
    with Running(config, topics()), pytest.raises(StateError, match="state"):
        App(load(config), source=lambda owner: topics())


def test_a_stream_without_news_becomes_stale() -> None:
    stale = Stale(after_s=60)
    key = ("m", "predictions")
    assert stale.after(LoopStatus(turned_at_s=100, newest_ms={key: 1})) == frozenset()
    assert stale.after(LoopStatus(turned_at_s=159, newest_ms={key: 1})) == frozenset()
    assert stale.after(LoopStatus(turned_at_s=160, newest_ms={key: 1})) == {key}
    assert stale.after(LoopStatus(turned_at_s=161, newest_ms={key: 2})) == frozenset()


def test_a_reload_takes_rules_and_endpoints_over_and_a_bad_file_nothing_f32(
    tmp_path: Path, receiver: Receiver
) -> None:
    config = configure(tmp_path, "http://127.0.0.1:1/")  # nobody listens there
    good = yaml.safe_load(config.read_text())
    source = MemorySource({"p": 1, "l": 1})
    with Running(config, source) as running:
        board = running.app.board
        before = board.picture.health.config_hash
        config.write_text("models: [")
        assert "driftwatch.yaml:" in running.app.reload().result(30)
        assert board.picture.health.config_hash == before
        until(lambda: f"{SUCCESSFUL} 0" in running.get("/metrics"), within_s=10, what="the metric says so")
        good["kafka"]["group_id"] = "another"
        config.write_text(yaml.safe_dump(good))
        assert "`kafka` has changed" in running.app.reload().result(30)
        del good["kafka"]["group_id"]
        good["models"][0]["rules"][0]["name"] = "renamed"
        good["endpoints"][0]["url"] = receiver.url
        config.write_text(yaml.safe_dump(good))
        assert running.app.reload().result(30) == ""
        assert board.picture.health.config_hash != before
        until(lambda: f"{SUCCESSFUL} 1" in running.get("/metrics"), within_s=10, what="the metric says so")
        feed(source, 0, 3_000)
        until(receiver.ids, within_s=30, what="the new endpoint is told of the new rule")
    assert receiver.refused == []
