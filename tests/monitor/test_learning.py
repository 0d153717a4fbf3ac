"""Learning a version's reference from its first records, and versions that only pass by (E10)."""

from __future__ import annotations

import random

import pytest

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.order import AFTER_ALL
from driftwatch.events.records import Partition
from driftwatch.evidence.design import designs
from driftwatch.evidence.spec import EvidenceSpec
from driftwatch.facts import ReferenceLearned, VersionSeen
from driftwatch.monitor.learning import EVENTS_MIN, Learning, LearningState
from driftwatch.monitor.spec import ModelSpec
from tests.monitor.drive import Logs, classes, counted, drive, lines, panes, spec
from tests.monitor.test_counting import ids
from tests.monitor.test_plan import planned
from tests.monitor.world import KEY, MINUTE, START, Core, batch

LEARN_MS = 20 * MINUTE
OF = spec(reference={"learn": "20m"})
P0, L0 = Partition("p", 0), Partition("l", 0)


def learning(records: list[dict[str, object]], chunk: int = 50) -> tuple[Learning, dict[str, bytes]]:
    """A learning of version 1 that has been offered these predictions, and its chunks as stored."""
    made, stored = Learning(planned(OF), "1", LearningState(), {}), {}
    decoder = Decoder(planned(OF).streams[Stream.PREDICTIONS].reading, KEY)
    for first in range(0, len(records), chunk):
        part = batch("p", 0, lines(records[first : first + chunk]), first)
        made.keep(Stream.PREDICTIONS, Block.of(decoder.decode(part), 0), part)
        stored |= {name: data for name, data in made.changes().items() if data is not None}
    return made, stored


def test_what_was_kept_is_the_reference_the_same_after_a_restart() -> None:
    made, stored = learning(ids(random.Random(1), 400))
    assert len(stored) == 8
    reference = made.learn(created_ms=7)
    assert (reference.events, reference.created_ms, reference.source) == (400, 7, "learned from version 1")
    again = Learning(planned(OF), "1", made.state, stored)
    assert again.learn(created_ms=7).hash == reference.hash
    assert set(again.forget()) == set(stored)
    assert set(again.forget().values()) == {None}


def test_clumping_wander_and_label_ages_are_learned_from_its_own_panes() -> None:
    # x is drawn once a minute, and moves by the hour; kind is drawn for every event; every other label is slow
    of, rng, minutes = spec(reference={"learn": "6h"}, labels={"max_delay": "3h"}), random.Random(5), 360
    drawn = [rng.gauss(1.5 * (minute // 60 % 2), 1.0) for minute in range(minutes)]
    records, labels = [], []
    for k in range(minutes * 15):
        time, score = START + k * 4_000, rng.random()
        late = (2 if k % 2 else 100) * MINUTE
        record = {"id": f"id-{k}", "ts": time, "v": "1", "score": round(score, 6), "country": "PT"}
        records.append({**record, "x": round(drawn[k // 15], 3), "kind": rng.choice("ab")})
        labels.append({"id": f"id-{k}", "ts": time + late, "y": int(rng.random() < score)})
    plan = planned(of)
    made = Learning(plan, "1", LearningState(settled=True), {})
    for stream, topic, rows in ((Stream.PREDICTIONS, "p", records), (Stream.LABELS, "l", labels)):
        part = batch(topic, 0, lines(rows))
        decoded = Decoder(plan.streams[stream].reading, KEY).decode(part)
        made.keep(stream, Block.of(decoded, 0), part)
    reference = made.learn(0)
    fields, delay, *_ = designs(reference, EvidenceSpec())
    spread = fields.observer.spread
    x, kind = fields.fields.index("x"), fields.fields.index("kind")
    assert spread.learned[0].all()
    assert 10 < spread.factor[0, x] < 25, "15 events that are one"
    assert 0.8 < spread.factor[0, kind] < 1.5
    assert spread.tolerance[0, x] > 0.2, "V"
    assert spread.tolerance[0, kind] == 0.02
    assert (delay.fields, delay.stream) == (("label_delay",), Stream.LABELS)
    known = delay.observer.compare(reference.totals[Stream.LABELS])
    assert 0.45 < known.hits[0, 0] / known.events[0, 0] < 0.55, "half of the labels came within the hour"


def test_other_versions_are_not_kept() -> None:
    records = [{**record, "v": "12"[k % 2]} for k, record in enumerate(ids(random.Random(1), 400))]
    made, _ = learning(records)
    assert made.learn(0).events == 200
    assert (made.state.first_ms, made.state.last_ms) == (START, START + 398_000)


def test_it_is_due_once_enough_event_time_has_passed_since_its_first_event() -> None:
    made = Learning(planned(OF), "1", LearningState(), {})
    assert not made.due(AFTER_ALL, LEARN_MS), "nothing was seen"
    made, _ = learning(ids(random.Random(1), 10))
    assert not made.due(START + LEARN_MS - 1, LEARN_MS)
    assert made.due(START + LEARN_MS, LEARN_MS)
    made.postpone(START + LEARN_MS)
    assert not made.due(START + LEARN_MS, LEARN_MS)
    assert not made.over(START + LEARN_MS, LEARN_MS)
    assert made.over(START + LEARN_MS + 10_000, LEARN_MS)


def test_too_few_events_make_no_reference() -> None:
    made, _ = learning(ids(random.Random(1), EVENTS_MIN - 1))
    with pytest.raises(ReferenceFileError, match="fewer than 100"):
        made.learn(0)


def visited(visitors: list[dict[str, object]], n: int = 3_600) -> Logs:
    """Version 1 every second, and some visitors at second 100."""
    logs = Logs()
    for k, record in enumerate(ids(random.Random(2), n)):
        for visitor in visitors if k == 100 else ():
            logs.add("p", 0, {**record, **visitor})
            logs.add("l", 0, {"id": visitor["id"], "ts": record["ts"] + MINUTE, "y": 1})
        logs.add("p", 0, record)
        logs.add("l", 0, {"id": record["id"], "ts": record["ts"] + MINUTE, "y": record["y"]})
    return logs


def test_a_version_that_passes_by_is_not_learned_and_takes_no_place_for_ever() -> None:
    # 2 has one record, 3 one that says nothing of its kinds, 4 a text where 1 has numbers: together they fill all places
    visitors = [
        {"id": "c2", "v": "2"},
        {"id": "c3", "v": "3", "x": None},
        {"id": "c4", "v": "4", "x": "blue"},
    ]
    core = drive(Core(OF, None), visited(visitors), 3)
    model = core.monitor.models["m"]
    assert set(model.versions.live) == {"1"}
    assert model.versions.learning == {}
    assert [key for key in core.store.saved.chunks if "/learn/" in key] == []
    found = classes(core, Stream.PREDICTIONS)
    assert found[RecordClass.LEARNING] + found[RecordClass.ACCEPTED] == 3_603
    assert sum(classes(core, Stream.LABELS).values()) == 3_603


def test_a_version_whose_fields_are_of_other_kinds_goes_on_learning() -> None:
    logs = visited([], 2_000)
    for record in ids(random.Random(3), 2_000):
        logs.add("p", 1, {**record, "id": f"b-{record['id']}", "v": "2", "x": "blue"})
    core = drive(Core(OF, None), logs, 4)
    model = core.monitor.models["m"]
    assert set(model.versions.live) == {"1"}
    assert set(model.versions.learning) == {"2"}, "watched as soon as it can be compared"
    assert counted(core, Stream.PREDICTIONS, model.versions.live["1"].layout)["all"] > 300


def together(width: float) -> tuple[ModelSpec, Logs]:
    """A model with a field made of two, of which one varies by `width`, and 40 minutes of its records."""
    both = {"kind": "mahalanobis", "fields": ["x", "w"]}
    of = spec(
        reference={"learn": "20m"},
        labels=None,
        multivariate={"both": both},
        predictions={"features": ["x", "w"]},
    )
    logs, rng = Logs(), random.Random(5)
    for k, record in enumerate(ids(random.Random(2), 2_400)):
        logs.add("p", 0, {**record, "w": None if k % 10 == 0 else rng.gauss(0, 1) * width})
    return of, logs


def test_a_derived_field_is_learned_and_counted_the_same_in_any_batches_and_after_restarts() -> None:
    of, logs = together(1.0)
    learned = drive(Core(of, None), logs, 1).monitor.models["m"].versions.live["1"]
    made = learned.layout.part(Stream.PREDICTIONS).field("both")  # type: ignore[union-attr]
    counts = [drive(Core(of, learned.reference), logs, seed).store.saved.panes for seed in (2, 3)]
    one, two = ({key: pane.tolist() for key, pane in panes.items()} for panes in counts)
    assert one == two
    count = sum(pane[0, made.start : made.stop] for pane in counts[0].values())
    assert count.sum() == 2_400
    assert count[-2] == 240, "w is missing"


def test_what_makes_no_reference_is_put_off_and_the_journal_says_why() -> None:
    of, logs = together(0.0)
    core = Core(of, None)
    core.monitor.assign(logs.bounds)
    rows = []
    for first in range(0, 2_400, 300):
        stamps = logs.stamps[P0][first : first + 300]
        core.monitor.ingest(batch("p", 0, logs.values[P0][first : first + 300], first, stamps))
        rows += [row for row in core.commit().changes.journal if row.kind == "learning"]
    assert [row.details["became"] for row in rows] == ["put_off"]
    assert "multivariate field 'both': 'w' is constant" in rows[0].details["why"]


def test_learned_panes_begin_after_everything_that_was_learned_from() -> None:
    # events may be ahead of their records: nothing that was class `learning` may lie in a pane that counts
    logs = Logs()
    for record in ids(random.Random(2), 3_600):
        logs.add("p", 0, record, record["ts"] - 5 * MINUTE)
    logs.add("l", 0, {"id": "nobody", "ts": START, "y": 1})
    core = Core(OF, None)
    core.monitor.assign(logs.bounds)
    facts = []
    for first in range(0, 3_600, 60):
        core.monitor.ingest(
            batch("p", 0, logs.values[P0][first : first + 60], first, logs.stamps[P0][first : first + 60])
        )
        learned = core.monitor.models["m"].versions.learning
        last_ms = learned["1"].state.last_ms if learned else None
        facts += core.commit().facts
        if last_ms is not None and not core.monitor.models["m"].versions.learning:
            starts_ms = core.monitor.models["m"].versions.live["1"].state.starts_ms
            assert last_ms < starts_ms <= last_ms + MINUTE
    assert sum(isinstance(fact, ReferenceLearned) for fact in facts) == 1
    core.commit(finish=True)
    found = classes(core, Stream.PREDICTIONS)
    assert min(key.start_ms for key in core.store.saved.panes) == starts_ms
    assert found[RecordClass.LEARNING] == (starts_ms - START) // 1_000


def test_a_learned_version_lives_on_and_labels_of_its_learning_count_nowhere() -> None:
    # 2 is learned and then silent: it has counted nothing, but it must not end before it has left every window
    logs = visited([], 2_000)
    of = spec(reference={"learn": "20m"}, windows=[{"size": "2m", "slide": "1m"}])
    core = Core(of, None)
    for record in ids(random.Random(3), 1_300):
        logs.add("p", 1, {**record, "id": f"b-{record['id']}", "v": "2"})
    labelled = {"id": "b-id-7", "ts": START + 31 * MINUTE, "y": 1}
    core.monitor.assign({P0: (0, 9), Partition("p", 1): (0, 9), L0: (0, 9)})
    for partition in (Partition("p", 1), P0):
        values = logs.values[partition]
        for first in range(0, len(values), 100):
            core.monitor.ingest(batch("p", partition.number, values[first : first + 100], first))
            core.commit(idle=[Partition("p", 1)] if partition == P0 else [])
            seen = set(core.monitor.models["m"].versions.live)
            if partition == P0 and first == 1_400:
                assert "2" in seen
    assert "2" not in core.monitor.models["m"].versions.live
    core.monitor.ingest(batch("l", 0, lines([labelled])))
    core.commit(finish=True)
    assert classes(core, Stream.LABELS) == {RecordClass.LEARNING: 1}


def test_a_label_teaches_nothing_and_begins_no_learning() -> None:
    core = Core(OF, None)
    core.monitor.assign({P0: (0, 9), L0: (0, 9)})
    logs = visited([{"id": "c2", "v": "2"}])
    core.monitor.ingest(batch("p", 0, logs.values[P0]))
    core.commit()
    versions = core.monitor.models["m"].versions
    versions.learning.pop("2", None)
    core.monitor.ingest(batch("l", 0, logs.values[L0]))
    facts = core.commit(finish=True).facts
    assert "2" not in versions.learning
    assert not any(isinstance(fact, VersionSeen) and fact.version == "2" for fact in facts)
    assert classes(core, Stream.LABELS)[RecordClass.UNKNOWN_VERSION] == 1


def test_one_log_teaches_one_reference_whatever_the_restarts() -> None:
    logs = visited([], 1_500)
    cores = [Core(OF, None) for _ in range(2)]
    for core, restarts in zip(cores, (False, True), strict=True):
        core.monitor.assign(logs.bounds)
        for first in range(0, 1_500, 100):
            for partition in (P0, L0):
                core.monitor.ingest(
                    batch(partition.topic, 0, logs.values[partition][first : first + 100], first)
                )
            core.commit()
            if restarts:
                core.load()
                core.monitor.assign(logs.bounds)
        core.commit(finish=True)
    assert list(cores[0].store.saved.references) == list(cores[1].store.saved.references) != []
    assert panes(cores[0]) == panes(cores[1])
    assert {name for name, _ in cores[0].monitor.models["m"].versions.names} == {"1"}
