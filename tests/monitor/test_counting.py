"""Blocks become counts: what waits for what (E2), repetitions, versions (E11), samples (E12), tasks and shared topics."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.plan import Choice
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import FIXED_POINT
from tests.monitor.drive import Logs, built, classes, counted, drive, lines, panes, spec
from tests.monitor.world import KEY, MINUTE, START, Core, batch, plan

TIME = {"path": "ts", "unit": "ms"}
COUNTRIES = ("PT", "DE", "FR")
Record = dict[str, Any]


def ids(rng: random.Random, n: int) -> list[Record]:
    return [
        {
            "id": f"id-{k}",
            "ts": START + k * 1_000,
            "v": "1",
            "score": round(rng.random(), 6),
            "x": round(rng.gauss(0, 1), 3),
            "country": COUNTRIES[k % 3],
            "y": k % 2,
        }
        for k in range(n)
    ]


def only(records: Sequence[Record], *keys: str) -> list[Record]:
    return [{key: record[key] for key in keys} for record in records]


# -- features in a stream of their own ----------------------------------------------------------------

SLICED_FEATURES = {
    "features": {"topic": "f", "id": "id", "time": TIME, "features": ["x", "country"], "lateness": "2m"},
    "predictions": {"features": None},
}
"""The slice column comes with the features only: predictions await them."""
BARE_FEATURES = {
    "features": {"topic": "f", "id": "id", "time": TIME, "features": ["x"], "lateness": "2m"},
    "predictions": {"features": None},
}
"""Slice column and version come with the predictions only: features await them."""


def streams_world(changed: Mapping[str, Any]) -> tuple[ModelSpec, Reference]:
    of, rng = spec(**changed), random.Random(1)
    records = ids(rng, 900)
    keys = ["id", "ts", "v", *changed["features"]["features"]]
    return of, built(
        of,
        {
            Stream.PREDICTIONS: only(records, "id", "ts", "v", "score", "country"),
            Stream.FEATURES: only(records, *keys),
            Stream.LABELS: only(records, "id", "ts", "y"),
        },
    )


def test_predictions_take_their_slices_from_features_and_count_unjoined_without_them() -> None:
    # predictions 0 ... 299, features for two of three, 30 s apart; labels 5 min later
    of, ref = streams_world(SLICED_FEATURES)
    records, logs = ids(random.Random(2), 300), Logs()
    for k, record in enumerate(records):
        logs.add("p", 0, {key: record[key] for key in ("id", "ts", "v", "score")})
        if k % 3:
            logs.add(
                "f",
                0,
                {"id": record["id"], "ts": record["ts"] + 30_000, "x": 1, "country": record["country"]},
            )
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"] + 5 * MINUTE, "y": 1})
    core = drive(Core(of, ref), logs)
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.ACCEPTED: 200, RecordClass.UNJOINED: 100}
    assert classes(core, Stream.FEATURES) == {RecordClass.ACCEPTED: 200}
    expected = {"all": 300, "country=DE": 100, "country=FR": 100, "country=__unknown__": 100}
    assert counted(core, Stream.PREDICTIONS) == expected
    assert counted(core, Stream.LABELS) == expected, "labels have the slices of their predictions"
    assert counted(core, Stream.FEATURES) == {"all": 200, "country=DE": 100, "country=FR": 100}


@pytest.mark.parametrize(
    ("apart", "joined"), [(MINUTE, True), (MINUTE + 1, False), (-MINUTE, True), (-MINUTE - 1, False)]
)
def test_features_join_within_the_stated_time_and_not_beyond_e2(apart: int, joined: bool) -> None:
    of, ref = streams_world(SLICED_FEATURES)
    core = Core(of, ref)
    logs = Logs()
    logs.add("p", 0, {"id": 1, "ts": START, "v": "1", "score": 0.5})
    logs.add("f", 0, {"id": "1", "ts": START + apart, "x": 1, "country": "PT"})
    logs.add("l", 0, {"id": 2, "ts": START, "y": 1})
    drive(core, logs, restarts=False)
    why = RecordClass.ACCEPTED if joined else RecordClass.UNJOINED
    assert classes(core, Stream.PREDICTIONS) == {why: 1}
    row = "country=PT" if joined else "country=__unknown__"
    assert counted(core, Stream.PREDICTIONS) == {"all": 1, row: 1}


def test_features_take_version_and_slices_from_their_predictions() -> None:
    of, ref = streams_world(BARE_FEATURES)
    records, logs = ids(random.Random(3), 300), Logs()
    for k, record in enumerate(records):
        if k % 3:
            logs.add(
                "p", 0, {key: record[key] for key in ("id", "ts", "score", "country")} | {"v": str(k % 2)}
            )
        logs.add("f", 0, {"id": record["id"], "ts": record["ts"] - 20_000, "x": record["x"]})
        logs.add("l", 0, {"id": "nobody", "ts": record["ts"], "y": 1})
    core = drive(Core(of, ref), logs, restarts=False)
    assert classes(core, Stream.FEATURES) == {RecordClass.ACCEPTED: 200, RecordClass.UNJOINED: 100}
    by_version = Counter(key.version for key in core.store.saved.panes if key.stream is Stream.FEATURES)
    assert set(by_version) == {"0", "1"}
    assert counted(core, Stream.FEATURES) == {"all": 200, "country=DE": 100, "country=FR": 100}, (
        "with two versions nobody knows where the others belong"
    )
    assert set(core.monitor.models["m"].versions.live) == {"0", "1"}, "no version was made up"


@pytest.mark.parametrize("versioned", [True, False])
def test_features_without_prediction_count_as_unknown_where_there_is_one_version_by_configuration(
    versioned: bool,
) -> None:
    # which versions are live depends on the interleaving: that must not decide what counts
    changed = (
        BARE_FEATURES if versioned else BARE_FEATURES | {"predictions": {"features": None, "version": None}}
    )
    of, ref = streams_world(changed)
    logs = Logs()
    for k, record in enumerate(ids(random.Random(3), 90)):
        if k % 3:
            logs.add("p", 0, {key: record[key] for key in ("id", "ts", "v", "score", "country")})
        logs.add("f", 0, {"id": record["id"], "ts": record["ts"], "x": record["x"]})
    logs.add("l", 0, {"id": "nobody", "ts": START, "y": 1})
    core = drive(Core(of, ref), logs)
    assert classes(core, Stream.FEATURES) == {RecordClass.ACCEPTED: 60, RecordClass.UNJOINED: 30}
    expected = {"all": 60, "country=DE": 30, "country=FR": 30}
    if not versioned:
        expected |= {"all": 90, "country=__unknown__": 30}
    assert counted(core, Stream.FEATURES) == expected


def test_features_of_a_version_that_nobody_watches_are_not_accepted() -> None:
    changed = {**BARE_FEATURES, "features": BARE_FEATURES["features"] | {"version": "v"}}
    of, ref = streams_world(changed)
    core = Core(of, ref)
    logs = Logs()
    for k in range(6):
        logs.add("f", 0, {"id": k, "ts": START, "x": 1, "v": str(k)})
    logs.add("p", 0, {"id": 1, "ts": START, "v": "1", "score": 0.5, "country": "PT"})
    logs.add("l", 0, {"id": 1, "ts": START, "y": 1})
    drive(core, logs, restarts=False)
    found = classes(core, Stream.FEATURES)
    assert found[RecordClass.UNKNOWN_VERSION] == 2, "at most 4 live (E11)"
    assert sum(found.values()) == 6
    assert counted(core, Stream.FEATURES)["all"] == 4


def two_way_logs(seed: int) -> Logs:
    """Both streams late, out of order, repeated, alone; two partitions each."""
    rng, logs = random.Random(seed), Logs()
    for k, record in enumerate(ids(rng, 150)):
        jitter = rng.randrange(-3 * MINUTE, MINUTE) if rng.random() < 0.1 else 0
        prediction = {key: record[key] for key in ("id", "v", "score", "country")} | {
            "ts": record["ts"] + jitter
        }
        features = {"id": record["id"], "x": record["x"], "country": record["country"]}
        features["ts"] = record["ts"] + rng.randrange(-90_000, 90_000)
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            logs.add("p", k % 2, prediction)
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            logs.add("f", rng.randrange(2), features)
        logs.add(
            "l", k % 2, {"id": record["id"], "ts": record["ts"] + rng.randrange(20 * MINUTE), "y": k % 2}
        )
    return logs


@pytest.mark.parametrize(
    "changed", [SLICED_FEATURES, BARE_FEATURES], ids=["predictions wait", "features wait"]
)
@pytest.mark.parametrize("seed", range(2))
def test_what_waits_gives_one_result_whatever_the_interleaving(changed: Mapping[str, Any], seed: int) -> None:
    of, ref = streams_world(changed)
    logs = two_way_logs(seed)
    first = drive(Core(of, ref), logs, 1)
    for order in (2, 3):
        other = drive(Core(of, ref), logs, order)
        assert other.classes() == first.classes()
        assert panes(other) == panes(first)
    records = sum(map(len, logs.values.values()))
    assert sum(first.classes().values()) == records, "the classes sum to the records (P2)"
    for stream in Stream:
        found = classes(first, stream)
        inside = found.get(RecordClass.ACCEPTED, 0)
        if stream is Stream.PREDICTIONS:
            inside += found.get(RecordClass.UNJOINED, 0)
        assert counted(first, stream)["all"] == inside


def test_an_idle_stream_holds_no_other_e4() -> None:
    of, ref = streams_world(SLICED_FEATURES)
    core = Core(of, ref)
    silent = Partition("f", 0)
    core.monitor.assign({Partition("p", 0): (0, 1), silent: (0, 9), Partition("l", 0): (0, 0)})
    values = only(ids(random.Random(4), 600), "id", "ts", "v", "score")
    core.monitor.ingest(batch("p", 0, lines(values)))
    core.commit()
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.WAITING: 600}
    core.commit(idle=[silent])
    found = classes(core, Stream.PREDICTIONS)
    assert found[RecordClass.UNJOINED] == 600 - 2 * 60 - 1, "all below the predictions' own frontier"
    assert counted(core, Stream.PREDICTIONS)["all"] == found[RecordClass.UNJOINED]


# -- labels -------------------------------------------------------------------------------------------


def labels_world(labels: Sequence[tuple[object, int, object]], **changed: Any) -> Core:
    """Predictions `a` at minute 10 and `b` at minute 11; labels (id, minute, y) in the order of the log."""
    logs = Logs()
    for name, minute in (("a", 10), ("b", 11)):
        logs.add(
            "p",
            0,
            {"id": name, "ts": START + minute * MINUTE, "v": "1", "score": 0.9, "x": 0, "country": "PT"},
        )
    for id_, minute, y in labels:
        logs.add("l", 0, {"id": id_, "ts": START + minute * MINUTE, "y": y}, START + 100 * MINUTE)
    of = spec(**changed)
    return drive(Core(of, built(of, {Stream.PREDICTIONS: ids(random.Random(5), 900)})), logs, 7)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([("a", 9, 1)], {RecordClass.ACCEPTED: 1}),
        ([("a", 20, 1), ("b", 20, 0)], {RecordClass.ACCEPTED: 2}),
        ([], {}),
        ([("a", 20, 1), ("a", 21, 1)], {RecordClass.ACCEPTED: 1, RecordClass.DUPLICATE: 1}),
        ([("a", 20, 1), ("a", 21, 0)], {RecordClass.ACCEPTED: 1, RecordClass.LABEL_CONFLICT: 1}),
        ([("a", 70, 1)], {RecordClass.ACCEPTED: 1}),
        ([("a", 71, 1)], {RecordClass.UNMATCHED: 1}),
        ([("a", 8, 1)], {RecordClass.UNMATCHED: 1}),
        ([("c", 20, 1)], {RecordClass.UNMATCHED: 1}),
        ([("a", 20, None)], {RecordClass.MISSING_LABEL: 1}),
        ([("a", 20, 7)], {RecordClass.INVALID_LABEL: 1}),
    ],
    ids=[
        "first, before its prediction",
        "later",
        "never",
        "twice",
        "changed",
        "at the last moment",
        "too late for its prediction",
        "too early for it",
        "for nobody",
        "null",
        "wrong",
    ],
)
def test_a_label_ends_in_one_class_f15(
    labels: list[tuple[object, int, object]], expected: dict[RecordClass, int]
) -> None:
    core = labels_world(labels)
    assert classes(core, Stream.LABELS) == expected
    assert counted(core, Stream.LABELS).get("all", 0) == expected.get(RecordClass.ACCEPTED, 0)


def test_labels_inside_predictions_count_at_age_0_in_their_slices() -> None:
    of = spec(labels=None, predictions={"label": "y"})
    ref = built(of, {Stream.PREDICTIONS: ids(random.Random(5), 900)})
    records, logs = ids(random.Random(6), 300), Logs()
    for k, record in enumerate(records):
        logs.add("p", 0, record if k % 4 else {**record, "y": None})
    logs.add("p", 0, {**records[0], "id": "bad", "y": "?"})
    core = drive(Core(of, ref), logs, 3)
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.ACCEPTED: 300, RecordClass.INVALID_LABEL: 1}
    assert counted(core, Stream.LABELS) == {"all": 225, "country=DE": 75, "country=FR": 75, "country=PT": 75}
    part = ref.layout.part(Stream.LABELS)
    assert part is not None
    ages, confusion = part.block("ages"), part.block("confusion")
    assert ages is not None
    assert confusion is not None
    total = sum(pane[0] for key, pane in core.store.saved.panes.items() if key.stream is Stream.LABELS)
    assert total[ages.start] == 225, "all in the first bucket"
    right = sum((r["score"] >= 0.5) == r["y"] for k, r in enumerate(records) if k % 4)
    assert total[confusion.start] + total[confusion.start + 3] == right


def test_labels_inside_predictions_that_await_features_have_their_slices() -> None:
    changed = SLICED_FEATURES | {"labels": None, "predictions": {"features": None, "label": "y"}}
    of = spec(**changed)
    records = ids(random.Random(1), 900)
    ref = built(
        of,
        {
            Stream.PREDICTIONS: only(records, "id", "ts", "v", "score", "y"),
            Stream.FEATURES: only(records, "id", "ts", "x", "country"),
        },
    )
    logs = Logs()
    for record in records[:300]:
        logs.add("p", 0, {key: record[key] for key in ("id", "ts", "v", "score", "y")})
        logs.add("f", 0, {key: record[key] for key in ("id", "ts", "x", "country")})
    core = drive(Core(of, ref), logs, 5)
    expected = {"all": 300, "country=DE": 100, "country=FR": 100, "country=PT": 100}
    assert counted(core, Stream.PREDICTIONS) == expected
    assert counted(core, Stream.LABELS) == expected


# -- versions, samples --------------------------------------------------------------------------------


def plain_world(**changed: Any) -> tuple[ModelSpec, Reference]:
    of = spec(**changed)
    return of, built(of, {Stream.PREDICTIONS: ids(random.Random(5), 900)})


def test_more_than_four_versions_are_unknown_and_so_are_their_labels_unmatched_e11() -> None:
    of, ref = plain_world()
    logs = Logs()
    for k, record in enumerate(ids(random.Random(6), 60)):
        logs.add("p", 0, {**record, "v": f"v{k % 6}"})
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"], "y": 1})
    core = drive(Core(of, ref), logs, 4)
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.ACCEPTED: 40, RecordClass.UNKNOWN_VERSION: 20}
    assert classes(core, Stream.LABELS) == {RecordClass.ACCEPTED: 40, RecordClass.UNMATCHED: 20}
    assert counted(core, Stream.PREDICTIONS)["all"] == counted(core, Stream.LABELS)["all"] == 40
    assert set(core.monitor.models["m"].versions.live) == {"v0", "v1", "v2", "v3"}


@pytest.mark.parametrize("cuts", [(2,), (1, 2)], ids=["one block", "two blocks"])
def test_a_repetition_of_what_nobody_watches_is_unknown_wherever_blocks_are_cut_e3(
    cuts: tuple[int, ...],
) -> None:
    of, ref = plain_world(reference=[{"path": "m.ref", "version": "1"}])
    core = Core(of, ref)
    watched = replace(plan(of, ref), choices=(Choice("1", ref),))
    core.monitor = Monitor([watched], core.store.saved, core.store.joins, KEY)
    core.monitor.assign({Partition("p", 0): (0, 2), Partition("l", 0): (0, 0)})
    values, first = lines([{**ids(random.Random(6), 1)[0], "v": "x"}] * 2), 0
    for cut in cuts:
        core.monitor.ingest(batch("p", 0, values[first:cut], first))
        core.monitor.commit(Inputs())
        first = cut
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.UNKNOWN_VERSION: 2}


@pytest.mark.parametrize("standing", [False, True], ids=["behind", "standing still"])
def test_nothing_that_a_stream_still_needs_expires_because_labels_are_ahead_e2(standing: bool) -> None:
    #  minute    0                         10                                   500
    #  p         a                                                               b
    #  f              (behind, or idle)    f(a), f(a) again
    #  l                                                                        label of b
    of, ref = streams_world(BARE_FEATURES)
    core = Core(of, ref)
    f = Partition("f", 0)
    core.monitor.assign({Partition("p", 0): (0, 2), f: (0, 2), Partition("l", 0): (0, 1)})
    times = {"a": START, "b": START + 500 * MINUTE}
    core.monitor.ingest(
        batch("p", 0, lines([{"id": k, "ts": t, "v": "1", "country": "PT"} for k, t in times.items()]))
    )
    core.monitor.ingest(batch("l", 0, lines([{"id": "b", "ts": times["b"], "y": 1}])))
    core.commit(idle=[f] if standing else [])
    core.commit(idle=[f] if standing else [])
    again = {"id": "a", "ts": START, "x": 1}
    core.monitor.ingest(batch("f", 0, lines([again])))
    core.commit()
    core.monitor.ingest(batch("f", 0, lines([again]), 1))
    core.commit(finish=True)
    found = classes(core, Stream.FEATURES)
    if standing:  # it stops holding the others, so what it would join and repeat is forgotten
        assert found == {RecordClass.LATE: 2}
    else:
        assert found == {RecordClass.ACCEPTED: 1, RecordClass.DUPLICATE: 1}


def test_what_waits_in_a_stream_that_stands_still_is_decided_before_its_partner_expires_e4() -> None:
    of, ref = streams_world(BARE_FEATURES)
    core = Core(of, ref)
    p, f = Partition("p", 0), Partition("f", 0)
    core.monitor.assign({p: (0, 2), f: (0, 1), Partition("l", 0): (0, 1)})
    core.monitor.ingest(batch("f", 0, lines([{"id": "a", "ts": START, "x": 1}])))
    core.monitor.ingest(batch("p", 0, lines([{"id": "a", "ts": START, "v": "1", "country": "PT"}])))
    core.commit(idle=[f])
    assert classes(core, Stream.FEATURES) == {RecordClass.WAITING: 1}
    late = START + 500 * MINUTE
    core.monitor.ingest(batch("p", 0, lines([{"id": "b", "ts": late, "v": "1", "country": "PT"}]), 1))
    core.monitor.ingest(batch("l", 0, lines([{"id": "b", "ts": late, "y": 1}])))
    core.commit(idle=[f])
    assert classes(core, Stream.FEATURES) == {RecordClass.ACCEPTED: 1}


def test_a_tenth_of_the_ids_is_joined_the_same_on_both_streams_e12() -> None:
    of, ref = plain_world(labels={"sample": 0.1})
    logs = Logs()
    for record in ids(random.Random(6), 3_000):
        logs.add("p", 0, record)
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"] + MINUTE, "y": 1})
    core = drive(Core(of, ref), logs, 4)
    found = classes(core, Stream.LABELS)
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.ACCEPTED: 3_000}
    assert set(found) == {RecordClass.ACCEPTED, RecordClass.NOT_SAMPLED}
    assert abs(found[RecordClass.ACCEPTED] - 300) < 6 * 17
    assert len(core.monitor.models["m"].counting.predictions) <= found[RecordClass.ACCEPTED]


# -- tasks --------------------------------------------------------------------------------------------


def test_a_regression_model_counts_residuals_of_both_signs() -> None:
    of = spec(task="regression")
    rng = random.Random(9)
    past = [{**r, "score": rng.gauss(100, 20), "y": rng.gauss(100, 20)} for r in ids(rng, 900)]
    ref = built(of, {Stream.PREDICTIONS: past})
    logs, expected = Logs(), Counter[int]()
    for record in ids(rng, 200):
        logs.add("p", 0, {**record, "score": 90})
        y = rng.choice([85, 100, 110])
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"] + MINUTE, "y": y})
        expected[y] += 1
    core = drive(Core(of, ref), logs, 2)
    part = ref.layout.part(Stream.LABELS)
    assert part is not None
    residuals = part.block("residuals")
    assert residuals is not None
    total = sum(pane[0] for key, pane in core.store.saved.panes.items() if key.stream is Stream.LABELS)
    assert total[residuals.start] == 200
    units = {y: int(np.rint((90 - y) / ref.layout.scale * FIXED_POINT)) for y in expected}
    assert total[residuals.start + 1] == sum(units[y] * n for y, n in expected.items()) < 0
    core.load()  # negative sums come back from the store as they were
    assert panes(core) == panes(core)


def test_a_multiclass_model_counts_decided_classes_against_labels() -> None:
    of = spec(task="multiclass", predictions={"decision": "said"})
    rng = random.Random(9)
    names = ["cat", "dog", "owl"]
    past = [{**r, "said": rng.choice(names), "y": rng.choice(names)} for r in ids(rng, 900)]
    ref = built(of, {Stream.PREDICTIONS: past})
    assert ref.layout.classes[:-1] == tuple(sorted(names)) or set(ref.layout.classes[:-1]) == set(names)
    logs, expected = Logs(), Counter[tuple[str, str]]()
    for record in ids(rng, 200):
        said, y = rng.choice([*names, "emu"]), rng.choice([*names, "yak"])
        logs.add("p", 0, {**record, "said": said})
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"] + MINUTE, "y": y})
        expected[said, y] += 1
    core = drive(Core(of, ref), logs, 2)
    part = ref.layout.part(Stream.LABELS)
    assert part is not None
    confusion = part.block("confusion")
    assert confusion is not None
    total = sum(pane[0] for key, pane in core.store.saved.panes.items() if key.stream is Stream.LABELS)
    place = {name: code for code, name in enumerate(ref.layout.classes)}
    other = len(ref.layout.classes) - 1
    n = len(ref.layout.classes)
    for (said, y), count in expected.items():
        column = confusion.start + place.get(said, other) * n + place.get(y, other)
        assert total[column] == count, (said, y)


# -- repetitions and time, at the level of the core ---------------------------------------------------


def test_repetitions_across_commits_and_restarts_f14() -> None:
    of, ref = plain_world()
    core = Core(of, ref)
    rng = random.Random(6)
    first, other = ids(rng, 2)
    changed = {**first, "x": 99}
    bounds = {Partition("p", 0): (0, 9), Partition("p", 1): (0, 9), Partition("l", 0): (0, 0)}
    core.monitor.assign(bounds)
    core.monitor.ingest(batch("p", 0, lines([first, other, first])))
    core.commit()
    core.load()
    core.monitor.assign(bounds)
    core.monitor.ingest(batch("p", 0, lines([first, changed]), 3))
    outcome = core.monitor.commit
    core.monitor.ingest(batch("p", 1, lines([changed, changed])))
    facts = core.commit(finish=True).facts
    assert outcome is not None
    assert classes(core, Stream.PREDICTIONS) == {
        RecordClass.ACCEPTED: 3,
        RecordClass.DUPLICATE: 3,
        RecordClass.DUPLICATE_CONFLICT: 1,
    }
    assert [(f.stream, f.count) for f in facts if type(f).__name__ == "SplitIds"] == [(Stream.PREDICTIONS, 1)]


def test_late_and_out_of_order_within_and_beyond_the_allowance_per_partition_f12() -> None:
    of, ref = plain_world()
    core = Core(of, ref)
    core.monitor.assign({Partition("p", 0): (0, 9), Partition("p", 1): (0, 9), Partition("l", 0): (0, 0)})
    base = ids(random.Random(6), 8)
    times = [10 * MINUTE, 8 * MINUTE, 8 * MINUTE - 1, 9 * MINUTE, 11 * MINUTE, 8 * MINUTE]
    core.monitor.ingest(
        batch("p", 0, lines([{**r, "ts": START + t} for r, t in zip(base, times, strict=False)]))
    )
    core.monitor.ingest(batch("p", 1, lines([{**base[6], "ts": START}])))
    core.commit(finish=True)
    # 8:00 is on time after 10:00 (lateness 2 min), 7:59.999 is not; after 11:00 neither is 8:00; p1 has its own log
    assert classes(core, Stream.PREDICTIONS) == {RecordClass.ACCEPTED: 5, RecordClass.LATE: 2}


FAR = {
    "tomorrow": (START + 86_400_000, RecordClass.FUTURE),
    "the year 9999": (253_402_300_799_999, RecordClass.FUTURE),
    "beyond 9999": (253_402_300_800_000, RecordClass.INVALID_TIME),
    "negative": (-1, RecordClass.INVALID_TIME),
    "ms read as s would be": (START * 1_000, RecordClass.INVALID_TIME),
    "s written as ms": (START // 1_000, RecordClass.LATE),
    "just inside the allowed future": (START + 10 * MINUTE, RecordClass.ACCEPTED),
    "just beyond it": (START + 10 * MINUTE + 1, RecordClass.FUTURE),
}


@pytest.mark.parametrize("name", FAR)
def test_impossible_times_poison_no_watermark_f11(name: str) -> None:
    time, why = FAR[name]
    of, ref = plain_world()
    core = Core(of, ref)
    core.monitor.assign({Partition("p", 0): (0, 9), Partition("l", 0): (0, 0)})
    before, poison, after = ids(random.Random(6), 3)
    values = lines([{**before, "ts": START}, {**poison, "ts": time}, {**after, "ts": START - MINUTE}])
    core.monitor.ingest(batch("p", 0, values, 0, [START, START, START]))
    core.commit()
    frontier = core.monitor.models["m"].inflows[Stream.PREDICTIONS].frontier_ms
    assert frontier == START - 2 * MINUTE, "it moves by the record's own time at most (E6)"
    expected = Counter([RecordClass.ACCEPTED, RecordClass.ACCEPTED, why])
    assert classes(core, Stream.PREDICTIONS) == dict(expected)


POISON: dict[str, Callable[[], bytes | None]] = {
    "invalid UTF-8": lambda: b'{"id": "\xff"}',
    "cut JSON": lambda: b'{"id": "a", "ts": 17',
    "wrong type": lambda: b"[1]",
    "empty": lambda: b"",
    "tombstone": lambda: None,
    "nesting of 100 000": lambda: b'{"x":' * 100_000,
    "integer of 5 000 digits": lambda: b'{"id": %s}' % (b"7" * 5_000),
    "duplicate keys": lambda: b'{"id": 1, "id": 2}',
    "over the limit": lambda: b'{"id": 1, "x": "' + b"y" * 1_000_001 + b'"}',
    "a lone surrogate as version": lambda: b'{"id": 1, "ts": %d, "v": "\\ud800", "x": 1}' % START,
}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_counted_and_the_offset_moves_on_f7_f8(name: str) -> None:
    of, ref = plain_world()
    core = Core(of, ref)
    core.monitor.assign({Partition("p", 0): (0, 3), Partition("l", 0): (0, 0)})
    good = lines(ids(random.Random(6), 2))
    core.monitor.ingest(batch("p", 0, [good[0], POISON[name](), good[1]], 0, [START] * 3))
    core.commit()
    core.load()
    assert core.monitor.offsets[Partition("p", 0)] == 3
    found = classes(core, Stream.PREDICTIONS)
    assert sum(found.values()) == 3
    assert found[RecordClass.ACCEPTED] == (3 if "surrogate" in name else 2)


def test_strange_numbers_reach_no_sum_f9() -> None:
    of, ref = plain_world()
    core = Core(of, ref)
    core.monitor.assign({Partition("p", 0): (0, 9), Partition("l", 0): (0, 0)})
    good = lines(ids(random.Random(6), 1))[0]
    assert good is not None
    strange = [b"NaN", b"null", b"1e999", b"-Infinity", b'"7"', b"true", b'"1_000"', '"\u0661"'.encode()]
    head, _, tail = good.partition(b'"x": ')
    values = [
        head.replace(b"id-0", b"id-%d" % n) + b'"x": ' + text + tail[tail.index(b",") :]
        for n, text in enumerate(strange)
    ]
    core.monitor.ingest(batch("p", 0, values, 0, [START] * len(values)))
    core.commit(finish=True)
    part = ref.layout.part(Stream.PREDICTIONS)
    assert part is not None
    field = part.field("x")
    total = sum(pane[0] for key, pane in core.store.saved.panes.items() if key.stream is Stream.PREDICTIONS)
    assert total[field.start : field.missing].tolist() == [0] * field.cells
    assert (total[field.missing], total[field.invalid]) == (2, 6)
