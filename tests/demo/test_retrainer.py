"""A request that the alerts room writes is understood, and becomes a better model under the next version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState
from driftwatch.alerts.messages import About, DriftedData, request_notification
from driftwatch.demo.acts import Happening
from driftwatch.demo.api import Api
from driftwatch.demo.background import Background
from driftwatch.demo.model import fit
from driftwatch.demo.retrainer import ENOUGH, Request, Retrainer, read_request, refit
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import STEP_MS, World
from driftwatch.verdicts.verdict import Finding
from tests.waiting import until

HOUR_MS = 60 * STEP_MS
START_MS = 1_000 * HOUR_MS
CALM = World(seed=2)
DOWN = replace(CALM, gross_from_ms=0, downturn_from_ms=0)
MODEL = fit("1", CALM.stretch(0, 4 * HOUR_MS))
PATH = "/api/v1/episodes/ep_1/acknowledge"


def content(url: str = "http://localhost:9464") -> dict[str, Any]:
    """A request's body as the receiver decodes it."""
    episode = Episode("ep_1", "credit-default", "1", EpisodeState.REQUESTED, START_MS, START_MS, ())
    breach = Finding("accuracy fell", "accuracy_decay", "1h", "all", "", 0.2, 0.1, 0.3, 0.05, 2_000, START_MS)
    firing = AlertState.FIRING
    alert = Alert(
        "f",
        "credit-default",
        "1",
        "accuracy fell",
        "performance",
        "drift",
        firing,
        START_MS,
        0,
        findings=(breach,),
    )
    where = DriftedData(START_MS - HOUR_MS, START_MS + HOUR_MS)
    notification = request_notification(episode, [alert], ["1"], where, About(url))
    return msgspec.json.decode(msgspec.json.encode({"type": notification.type, "data": notification.data}))


def test_a_real_request_is_understood() -> None:
    address = "http://localhost:9464/api/v1/episodes/ep_1/acknowledge"
    assert read_request(content()) == Request("ep_1", address, START_MS)


@pytest.mark.parametrize("body", [{}, {"data": []}, content() | {"data": {}}, {"data": None}])
def test_anything_else_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a retraining request"):
        read_request(body)


def test_the_new_model_is_the_next_version_and_better_on_loans_held_out() -> None:
    loans = DOWN.stretch(START_MS, START_MS + HOUR_MS)
    fitted = refit(MODEL, loans)
    assert fitted.model.version == "2"
    assert fitted.accuracy > fitted.old_accuracy + 0.2
    assert fitted.trained_on == pytest.approx(0.75 * len(loans), abs=1)


class Pipeline:
    """A retrainer in a downturn, with what it told."""

    def __init__(self, url: str) -> None:
        self.told: list[Happening] = []
        self.traffic = Traffic(DOWN, MODEL, START_MS, "t")
        self.retrainer = Retrainer(self.traffic, Api(url, "tok"), self.told.append)
        self.thread = Background("retrainer", self.retrainer.work)

    def __enter__(self) -> Pipeline:
        self.thread.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        assert self.thread.close()
        assert self.thread.error is None


def test_a_request_becomes_an_acknowledgement_and_a_new_version(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json({"outcome": "acknowledged"})
    with Pipeline(httpserver.url_for("/")) as pipeline:
        pipeline.traffic.advance(START_MS + 4 * HOUR_MS)
        pipeline.retrainer.take(read_request(content(httpserver.url_for(""))))
        until(lambda: pipeline.told, 30, "the retrainer's word")
    assert pipeline.traffic.model.version == "2"
    assert "fitted model 2" in pipeline.told[0].text
    assert pipeline.told[0].details[0].startswith("acknowledged episode ep_1")


def test_it_waits_for_labels_before_it_fits(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json({"outcome": "acknowledged"})
    with Pipeline(httpserver.url_for("/")) as pipeline:
        pipeline.traffic.advance(START_MS + 10 * STEP_MS)
        assert len(pipeline.traffic.labelled(START_MS)) < ENOUGH
        pipeline.retrainer.take(read_request(content(httpserver.url_for(""))))
        for _ in range(240):
            assert pipeline.traffic.model.version == "1" or len(pipeline.traffic.labelled(0)) >= ENOUGH
            pipeline.traffic.advance(pipeline.traffic.now_ms + STEP_MS)
        until(lambda: pipeline.told, 30, "the retrainer's word")
    assert pipeline.traffic.model.version == "2"


def test_without_an_acknowledgement_nothing_is_published(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json({"error": "not_requested"}, status=409)
    with Pipeline(httpserver.url_for("/")) as pipeline:
        pipeline.traffic.advance(START_MS + 4 * HOUR_MS)
        pipeline.retrainer.take(read_request(content(httpserver.url_for(""))))
        until(lambda: pipeline.told, 30, "the retrainer's word")
    assert pipeline.traffic.model.version == "1"
    assert "failed: 409" in pipeline.told[0].text


def test_it_stops_while_it_waits_for_labels() -> None:
    with Pipeline("http://127.0.0.1:1") as pipeline:
        pipeline.retrainer.take(read_request(content()))
    assert not pipeline.thread.running
    assert pipeline.told == []
