"""One model and its neighbours: topics that are shared, partitions that wait for each other, and restarts with another plan."""

from __future__ import annotations

import random
from typing import Any

import pytest

from driftwatch.alerts.messages import About
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.memory_joins import MemoryJoinTables
from driftwatch.events.records import Partition
from driftwatch.monitor import model as model_module
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from tests.monitor.drive import built, lines, spec
from tests.monitor.test_counting import BARE_FEATURES, SLICED_FEATURES, ids, streams_world
from tests.monitor.world import KEY, MINUTE, SAVED, START, Core, batch

DAY_MS = 86_400_000
P0, P1 = Partition("p", 0), Partition("p", 1)


def plan(of: ModelSpec, ref: Reference) -> ModelPlan:
    return ModelPlan(of, (Choice("*", ref),), About("http://here"), 10 * MINUTE, 10 * DAY_MS)


def two_models(times: str = "ts") -> Monitor:
    """Models `a` and `b` over the topic `p`, told apart by `where`; no labels. `times` names their time fields."""
    plans = []
    for name in "ab":
        time = {"path": times.format(name), "unit": "ms"}
        of = spec(name=name, labels=None, predictions={"where": {"model": name}, "time": time})
        past = [
            {**record, "model": name, time["path"]: record["ts"]} for record in ids(random.Random(1), 900)
        ]
        plans.append(plan(of, built(of, {Stream.PREDICTIONS: past})))
    return Monitor(plans, SAVED, MemoryJoinTables(), KEY)


def records(model: str, *minutes: float) -> list[dict[str, Any]]:
    base = ids(random.Random(2), len(minutes))
    return [
        {**record, "id": f"{model}-{minute}", "model": model, "ts": START + int(minute * MINUTE)}
        for record, minute in zip(base, minutes, strict=True)
    ]


def classes(monitor: Monitor, model: str) -> dict[RecordClass, int]:
    found: dict[RecordClass, int] = {}
    for _, _, why, count in monitor.models[model].tally.items():
        found[why] = found.get(why, 0) + count
    return found


def test_several_models_over_one_topic_count_their_own_records() -> None:
    monitor = two_models()
    monitor.assign({P0: (0, 9)})
    mixed = [*records("a", 0, 1, 2), *records("b", 2.5, 3), {"model": "c", "ts": START}, {"id": 7}]
    monitor.ingest(batch("p", 0, [*lines(mixed), b"{"], 0, [START + 5 * MINUTE] * 8))
    monitor.commit(Inputs(finish=True))
    assert classes(monitor, "a") == {
        RecordClass.ACCEPTED: 3,
        RecordClass.FILTERED: 4,
        RecordClass.INVALID_JSON: 1,
    }
    assert classes(monitor, "b") == {
        RecordClass.ACCEPTED: 2,
        RecordClass.FILTERED: 5,
        RecordClass.INVALID_JSON: 1,
    }


def test_a_partition_without_records_of_a_model_does_not_hold_it() -> None:
    monitor = two_models()
    monitor.assign({P0: (0, 9), P1: (0, 9)})
    monitor.ingest(batch("p", 0, lines(records("a", 0, 10))))
    monitor.ingest(batch("p", 1, lines(records("b", 0, 10))))
    monitor.commit(Inputs())
    for model in "ab":
        inflow = monitor.models[model].inflows[Stream.PREDICTIONS]
        assert inflow.frontier_ms == START + 8 * MINUTE


def test_two_models_never_pause_each_others_slowest_partition_e7() -> None:
    #        0    2    4    6    8   10      each model has a time field of its own
    # p0  a: ·························#      far ahead for model a
    #     b: #                               the slowest for model b
    # p1  a: #
    #     b: ·························#
    monitor = two_models("ts_{}")
    monitor.assign({P0: (0, 9), P1: (0, 9)})
    for partition, (ahead, behind) in ((0, "ab"), (1, "ba")):
        some = [records(behind, 0)[0], records(ahead, 10)[0]]
        some = [{**record, f"ts_{record['model']}": record["ts"]} for record in some]
        monitor.ingest(batch("p", partition, lines(some)))
    monitor.commit(Inputs())
    assert [len(model.pauses()[0]) for model in monitor.models.values()] == [1, 1], "each wants one to wait"
    assert monitor.paused() == set(), "and needs the other one"


@pytest.mark.parametrize(
    "changed", [SLICED_FEATURES, BARE_FEATURES], ids=["predictions wait", "features wait"]
)
def test_a_crowded_stream_is_paused_unless_it_is_the_one_behind_e7(
    changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_module, "WAITING_MAX", 20)
    of, ref = streams_world(changed)
    core = Core(of, ref)
    p, f, label = P0, Partition("f", 0), Partition("l", 0)
    core.monitor.assign({p: (0, 9), f: (0, 9), label: (0, 0)})
    some = ids(random.Random(2), 300)
    waits, other = (p, f) if changed is SLICED_FEATURES else (f, p)
    keys = {p: ["id", "ts", "v", "score", "country"], f: ["id", "ts", "x"]}
    if changed is SLICED_FEATURES:
        keys = {p: ["id", "ts", "v", "score"], f: ["id", "ts", "x", "country"]}

    def read(partition: Partition, first: int, last: int) -> None:
        values = [{key: record[key] for key in keys[partition]} for record in some[first:last]]
        core.monitor.ingest(batch(partition.topic, 0, lines(values), core.monitor.offsets[partition]))
        core.commit()

    read(other, 0, 1)
    read(waits, 0, 15)
    assert waits not in core.monitor.paused()
    read(waits, 15, 60)
    assert waits in core.monitor.paused(), "too much waits for the other stream"
    assert other not in core.monitor.paused()
    read(other, 1, 120)
    assert waits not in core.monitor.paused(), "now it is the one behind"
    read(waits, 60, 300)
    read(other, 120, 300)
    core.commit(finish=True)
    stream = Stream.PREDICTIONS if waits == p else Stream.FEATURES
    assert core.classes()[stream, RecordClass.ACCEPTED] == 300


def test_streams_that_wait_for_each_other_never_stop_both_e7(monkeypatch: pytest.MonkeyPatch) -> None:
    # slices from both streams: each waits for the other, and both hold more than may wait
    monkeypatch.setattr(model_module, "WAITING_MAX", 20)
    features = SLICED_FEATURES["features"]
    of = spec(**SLICED_FEATURES | {"features": features, "slices": ["country", "channel"]})
    some = [{**record, "channel": "web"} for record in ids(random.Random(2), 600)]
    keys = {P0: ["id", "ts", "v", "score", "channel"], Partition("f", 0): ["id", "ts", "x", "country"]}
    rows = {p: [{key: record[key] for key in of_p} for record in some] for p, of_p in keys.items()}
    ref = built(of, {Stream.PREDICTIONS: rows[P0], Stream.FEATURES: rows[Partition("f", 0)]})
    core = Core(of, ref)
    core.monitor.assign({P0: (0, 9), Partition("f", 0): (0, 9), Partition("l", 0): (0, 0)})
    for _ in range(100):
        ready = [p for p in rows if p not in core.monitor.paused() and core.monitor.offsets[p] < 600]
        if not ready:
            break
        for partition in ready:
            first = core.monitor.offsets[partition]
            core.monitor.ingest(batch(partition.topic, 0, lines(rows[partition][first : first + 30]), first))
        core.commit()
    assert [core.monitor.offsets[p] for p in rows] == [600, 600]
    core.commit(finish=True)
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 600
    assert core.classes()[Stream.FEATURES, RecordClass.ACCEPTED] == 600
