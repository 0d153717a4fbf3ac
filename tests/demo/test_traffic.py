"""Traffic is in event-time order, complete, and follows a new model and a new world from the next minute on."""

from __future__ import annotations

import json
from dataclasses import replace

from driftwatch.demo.model import fit
from driftwatch.demo.records import LABELS_TOPIC, PREDICTIONS_TOPIC, Outgoing
from driftwatch.demo.traffic import REMEMBERED_STEPS, Traffic
from driftwatch.demo.world import NEVER, STEP_MS, World

HOUR_MS = 60 * STEP_MS
START_MS = 1_000 * HOUR_MS
WORLD = World(seed=5, per_minute=20)
MODEL = fit("1", WORLD.stretch(0, 6 * HOUR_MS))


def started() -> Traffic:
    return Traffic(WORLD, MODEL, START_MS, "t")


def keys(records: list[Outgoing], topic: str) -> list[str]:
    return [record.key for record in records if record.topic == topic]


def version(record: Outgoing) -> str:
    return json.loads(record.value)["model"]["version"]


def test_it_does_not_matter_how_often_it_is_asked() -> None:
    once = started().advance(START_MS + 2 * HOUR_MS)
    traffic, often = started(), list[Outgoing]()
    for minutes in (1, 1.5, 2, 2, 30, 119.99, 120):
        often += traffic.advance(START_MS + int(minutes * STEP_MS))
    assert often == once
    assert traffic.now_ms == START_MS + 2 * HOUR_MS


def test_records_are_in_event_time_order_and_not_ahead() -> None:
    records = started().advance(START_MS + 2 * HOUR_MS)
    times_ms = [record.time_ms for record in records]
    assert times_ms == sorted(times_ms)
    assert times_ms[0] >= START_MS
    assert times_ms[-1] < START_MS + 2 * HOUR_MS


def test_every_prediction_once_and_every_known_label_once() -> None:
    records = started().advance(START_MS + 5 * HOUR_MS)
    predicted, labelled = keys(records, PREDICTIONS_TOPIC), keys(records, LABELS_TOPIC)
    loans = WORLD.stretch(START_MS, START_MS + 5 * HOUR_MS)
    assert len(set(predicted)) == len(predicted) == len(loans)
    assert set(labelled) < set(predicted)
    known = (loans.label_ms < START_MS + 5 * HOUR_MS) & (loans.label_ms != NEVER)
    assert len(set(labelled)) == len(labelled) == known.sum()


def test_two_runs_share_no_id() -> None:
    other = Traffic(WORLD, MODEL, START_MS, "u").advance(START_MS + HOUR_MS)
    assert not {r.key for r in other} & {r.key for r in started().advance(START_MS + HOUR_MS)}


def test_a_new_model_and_a_new_world_begin_with_the_next_minute() -> None:
    traffic = started()
    before = traffic.advance(START_MS + HOUR_MS)
    traffic.deploy(replace(MODEL, version="2"))
    traffic.turn(replace(WORLD, downturn_from_ms=traffic.now_ms))
    after = traffic.advance(START_MS + 2 * HOUR_MS)
    assert {version(r) for r in before if r.topic == PREDICTIONS_TOPIC} == {"1"}
    assert {version(r) for r in after if r.topic == PREDICTIONS_TOPIC} == {"2"}
    traffic.advance(START_MS + 5 * HOUR_MS)
    ruined = MODEL.accuracy(traffic.labelled(START_MS + HOUR_MS))
    calm = traffic.labelled(START_MS)
    assert ruined < MODEL.accuracy(calm.where(calm.time_ms < START_MS + HOUR_MS)) - 0.2


def test_only_what_is_known_by_now_can_be_learned_from() -> None:
    traffic = started()
    assert len(traffic.labelled(START_MS)) == 0
    records = traffic.advance(START_MS + 2 * HOUR_MS)
    loans = traffic.labelled(START_MS)
    assert len(loans) == len(keys(records, LABELS_TOPIC)) > 0
    assert (loans.label_ms < traffic.now_ms).all()
    late = traffic.labelled(START_MS + HOUR_MS)
    assert 0 < len(late) < len(loans)
    assert (late.time_ms >= START_MS + HOUR_MS).all()


def test_what_it_remembers_is_bounded() -> None:
    traffic = started()
    end_ms = START_MS + (REMEMBERED_STEPS + 300) * STEP_MS
    traffic.advance(end_ms)
    assert traffic.labelled(0).time_ms[0] >= end_ms - REMEMBERED_STEPS * STEP_MS
