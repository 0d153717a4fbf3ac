"""The whole core: the same logs give the same counts, whatever the interleaving, the commits and the restarts."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from driftwatch.alerts.notifications import NotificationType
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.facts import AlertChanged, ReferenceLearned, SplitIds, VersionEstablished, WindowRead
from driftwatch.monitor import model
from driftwatch.summaries.totals import events_of
from tests.monitor.world import MINUTE, REFERENCE, SPEC, START, Core, batch, label, prediction, truth

PARTITIONS = (Partition("p", 0), Partition("p", 1), Partition("l", 0), Partition("l", 1))
KEEP_ALL = SPEC.model_copy(
    update={
        "windows": [SPEC.windows[0].model_copy(update={"size": 10_000 * MINUTE, "slide": MINUTE})],
        "rules": [],
    }
)
"""One window that never loses a pane: at the end the store holds every pane that ever was."""


@dataclass
class Logs:
    """What lies in each partition: values and record timestamps."""

    values: dict[Partition, list[bytes | None]]
    stamps: dict[Partition, list[int]]


def random_logs(seed: int) -> Logs:
    """Out of order, late, future, duplicates inside and across partitions, labels early, late, twice, for nobody."""
    rng = random.Random(seed)
    rows: dict[Partition, list[tuple[int, bytes]]] = {p: [] for p in PARTITIONS}
    for number in range(rng.randrange(50, 250)):
        time = START + number * rng.choice([500, 2_000, 5_000])
        if rng.random() < 0.05:
            time -= rng.randrange(0, 10 * MINUTE)  # some of these are late
        if rng.random() < 0.02:
            time += 60 * MINUTE  # from the future of its own record
        arrival = START + number * 3_000 + rng.randrange(0, 90_000)
        value = prediction(number, time, rng)
        partition = PARTITIONS[number % 2]
        rows[partition].append((arrival, value))
        if rng.random() < 0.1:
            again = value if rng.random() < 0.5 else prediction(number, time, rng)
            other = partition if rng.random() < 0.7 else PARTITIONS[1 - number % 2]
            rows[other].append((arrival + rng.randrange(0, 60_000), again))
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            when = time + rng.randrange(-2 * MINUTE, 70 * MINUTE)
            rows[PARTITIONS[2 + rng.randrange(2)]].append((when, label(number, when, rng.randrange(2))))
    for partition in PARTITIONS[2:]:
        rows[partition].append((START + 999, label(10**6, START, 1)))
    for partition in PARTITIONS:
        rows[partition].sort(key=lambda row: row[0])
    values: dict[Partition, list[bytes | None]] = {p: [v for _, v in rows[p]] for p in PARTITIONS}
    stamps = {
        p: [max(json.loads(v)["ts"] - rng.choice([0, 0, 0, 5 * MINUTE]), 0) for _, v in rows[p]]
        for p in PARTITIONS
    }
    return Logs(values, stamps)


def drive(logs: Logs, seed: int) -> Core:
    """Read the logs in a random interleaving with random commits and restarts."""
    rng = random.Random(seed)
    core = Core(KEEP_ALL)
    bounds = {p: (0, len(logs.values[p])) for p in PARTITIONS}
    core.monitor.assign(bounds)
    while left := [p for p in PARTITIONS if core.monitor.offsets[p] < len(logs.values[p])]:
        partition = rng.choice(left)
        first = core.monitor.offsets[partition]
        last = first + rng.choice([1, 3, 17, 80])
        core.monitor.ingest(
            batch(
                partition.topic,
                partition.number,
                logs.values[partition][first:last],
                first,
                logs.stamps[partition][first:last],
            )
        )
        if rng.random() < 0.3:
            core.commit()
        if rng.random() < 0.1:
            core.load()  # everything since the last commit is read again
            core.monitor.assign(bounds)
    core.commit()
    core.load()
    core.monitor.assign(bounds)
    core.commit(finish=True)
    return core


@pytest.mark.parametrize("seed", range(5))
def test_one_log_gives_one_result(seed: int) -> None:
    logs = random_logs(seed)
    first = drive(logs, 1)
    panes = {key: pane.tobytes() for key, pane in first.store.saved.panes.items()}
    for order in range(2, 5):
        other = drive(logs, order)
        assert other.classes() == first.classes()
        assert {key: pane.tobytes() for key, pane in other.store.saved.panes.items()} == panes


@pytest.mark.parametrize("seed", range(8, 11))
def test_every_record_ends_in_one_class_and_accepted_ones_are_in_the_panes(seed: int) -> None:
    logs = random_logs(seed)
    core = drive(logs, 3)
    by_partition: Counter[Partition] = Counter()
    for stream, place, _, count in core.monitor.models["m"].tally.items():
        partition = core.monitor.models["m"]._partitions.at(place)
        assert (partition.topic == "l") == (stream is Stream.LABELS)
        by_partition[partition] += count
    assert by_partition == {p: len(logs.values[p]) for p in PARTITIONS}
    classes = core.classes()
    for stream in (Stream.PREDICTIONS, Stream.LABELS):
        part = REFERENCE.layout.part(stream)
        assert part is not None
        counted = sum(
            int(events_of(part, pane)[0])
            for key, pane in core.store.saved.panes.items()
            if key.stream is stream
        )
        assert counted == classes[stream, RecordClass.ACCEPTED]
    assert (Stream.LABELS, RecordClass.WAITING) not in classes or classes[
        Stream.LABELS, RecordClass.WAITING
    ] == 0


def test_panes_equal_a_plain_recount() -> None:
    rng = random.Random(5)
    values = [prediction(n, START + n * 1_000, rng) for n in range(600)]
    core = Core(KEEP_ALL)
    core.monitor.assign({Partition("p", 0): (0, 600), Partition("l", 0): (0, 0)})
    core.monitor.ingest(batch("p", 0, values))
    core.commit(finish=True)
    part = REFERENCE.layout.part(Stream.PREDICTIONS)
    assert part is not None
    field = part.field("kind")
    rows = REFERENCE.layout.slices.rows
    for key, pane in core.store.saved.panes.items():
        records = [r for r in map(json.loads, values) if key.start_ms <= r["ts"] < key.start_ms + MINUTE]
        for name, row in zip(rows, pane, strict=True):
            here = [r for r in records if name == "all" or name == f"country={r['country']}"]
            for cell, category in enumerate(field.categories):
                assert row[field.start + cell] == sum(r["kind"] == category for r in here)


def test_to_go_on_with_an_added_partition_is_to_count_everything_again_f30() -> None:
    rng = random.Random(30)
    values = [prediction(n, START + n * 1_000, rng) for n in range(300)]
    before, stay = values[:200], values[200::2]
    move = [values[199], *values[201::2]]  # one retry of a record that lies in the other partition
    old, new, labels = Partition("p", 0), Partition("p", 1), Partition("l", 0)
    on, anew = Core(KEEP_ALL), Core(KEEP_ALL)
    on.monitor.assign({old: (0, 200), labels: (0, 0)})
    anew.monitor.assign({old: (0, 300), new: (0, 51), labels: (0, 0)})
    for core in (on, anew):
        core.monitor.ingest(batch("p", 0, before))
        core.commit()
    on.monitor.assign({new: (0, 51)})
    split = []
    for core in (on, anew):
        core.monitor.ingest(batch("p", 0, stay, 200))
        core.monitor.ingest(batch("p", 1, move))
        split += [fact.count for fact in core.commit().facts if isinstance(fact, SplitIds)]
        core.commit(finish=True)
    assert on.classes() == anew.classes() == {(Stream.PREDICTIONS, RecordClass.ACCEPTED): 301}
    assert split == [1, 1], "both count the retry twice, and say so"
    panes = [{k: v.tobytes() for k, v in core.store.saved.panes.items()} for core in (on, anew)]
    assert panes[0] == panes[1]


def stream_of(
    core: Core, drift_from: int, wrong_from: int, n: int, version: str = "1", start: int = 0
) -> list[object]:
    """Feeds n predictions and their labels minute by minute; answers all facts."""
    rng, facts = random.Random(11), []
    state = core.monitor.offsets
    for first in range(start, start + n, 120):
        values, labels = [], []
        for number in range(first, first + 120):
            time = START + number * 500
            value = prediction(number, time, rng, drifted=number >= drift_from, version=version)
            score = json.loads(value)["score"]
            wrong = number >= wrong_from and rng.random() < 0.7
            y = 1 - int(score >= 0.5) if wrong else truth(score, rng)
            values.append(value)
            labels.append(label(number, time + 30_000, y))
        core.monitor.ingest(batch("p", 0, values, state[Partition("p", 0)]))
        core.monitor.ingest(batch("l", 0, labels, state[Partition("l", 0)]))
        facts += core.commit().facts
    return facts


def test_drift_fires_labels_ask_for_a_retraining_and_a_new_version_ends_it() -> None:
    #  minute 0 ........ 40 x drifts ...... 60 labels go wrong ...... 100 version 2
    core = Core()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    facts = stream_of(core, 40 * 120, 60 * 120, 100 * 120)
    fired = [f.rule for f in facts if isinstance(f, AlertChanged) and f.new == "firing"]
    assert fired == ["psi", "decay"]
    before = [
        f
        for f in facts
        if isinstance(f, WindowRead) and f.verdict == "drift" and f.end_ms <= START + 40 * MINUTE
    ]
    assert before == []
    model = core.monitor.models["m"]
    (episode,) = model.decisions.episodes()
    assert episode.state == "requested"
    facts = stream_of(core, 10**9, 10**9, 60 * 120, "2", 100 * 120)
    assert [f.version for f in facts if isinstance(f, VersionEstablished)] == ["2"]
    (episode,) = model.decisions.episodes()
    assert (episode.state, episode.new_version) == ("ended", "2")
    assert sorted(a.state for a in model.decisions.alerts()) == ["resolved", "resolved"]
    assert len(core.store.notifications) == len(set(core.store.notifications)) == 6
    # firing x 2, retrain requested, retrain ended, resolved x 2
    assert NotificationType.RETRAIN_REQUESTED


def test_an_idle_partition_lets_its_stream_go_on_and_returns_above_the_closed_frontier() -> None:
    rng = random.Random(2)
    core = Core(KEEP_ALL)
    silent, busy = Partition("p", 0), Partition("p", 1)
    core.monitor.assign({silent: (0, 1), busy: (0, 600), Partition("l", 0): (0, 0)})
    core.monitor.ingest(batch("p", 1, [prediction(n, START + n * 1_000, rng) for n in range(600)]))
    core.commit()
    assert core.monitor.models["m"].inflows[Stream.PREDICTIONS].frontier_ms < START
    assert silent not in core.monitor.paused()
    assert busy in core.monitor.paused(), "it is far ahead of a partition that has said nothing yet (E7)"
    core.commit(idle=[silent])
    frontier = core.monitor.models["m"].inflows[Stream.PREDICTIONS].frontier_ms
    assert frontier == START + 599_000 - 2 * MINUTE
    late, fine = prediction(900, frontier - 1, rng), prediction(901, frontier, rng)
    core.monitor.ingest(batch("p", 0, [late, fine]))
    outcome = core.commit(finish=True)
    assert [row.kind for row in outcome.changes.journal][:1] == ["active"]
    assert core.classes()[Stream.PREDICTIONS, RecordClass.LATE] == 1
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 601


def test_too_many_outstanding_predictions_halve_the_sample() -> None:
    labels = SPEC.labels
    assert labels is not None
    spec = KEEP_ALL.model_copy(update={"labels": labels.model_copy(update={"max_outstanding": 1_000})})
    rng = random.Random(3)
    core = Core(spec)
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    core.monitor.ingest(batch("p", 0, [prediction(n, START + n, rng) for n in range(3_000)]))
    outcome = core.commit()
    assert [row.kind for row in outcome.changes.journal if row.kind == "halve"] == ["halve", "halve"]
    core.monitor.ingest(batch("l", 0, [label(n, START + n + 5 * MINUTE, 1) for n in range(3_000)]))
    core.commit(finish=True)
    classes = core.classes()
    assert classes[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 3_000, "sampling is about labels only"
    assert 600 < classes[Stream.LABELS, RecordClass.ACCEPTED] < 1_000
    assert (
        classes[Stream.LABELS, RecordClass.NOT_SAMPLED]
        == 3_000 - classes[Stream.LABELS, RecordClass.ACCEPTED]
    )
    assert np.isclose(core.monitor.snapshot(1).models["m"].sample, 0.25)


def test_a_learned_reference_counts_from_the_first_pane_after_everything_seen() -> None:
    #  0 ........ learn 20 min ........ frontier passes ........ the same traffic ........ x drifts
    core = Core(SPEC, None)
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    facts = stream_of(core, 10**9, 10**9, 30 * 120)
    (learned,) = [f for f in facts if isinstance(f, ReferenceLearned)]
    assert learned.events > 20 * 120
    assert list(core.store.saved.references) == [learned.hash]
    core.load()
    assert core.monitor.models["m"].versions.live["1"].reference.hash == learned.hash
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 1)})
    facts = stream_of(core, 75 * 120, 10**9, 70 * 120, start=30 * 120)
    fired = [f for f in facts if isinstance(f, AlertChanged) and f.new == "firing"]
    assert [f.rule for f in fired] == ["psi"]
    assert fired[0].time_ms > START + 75 * MINUTE
    core.commit(finish=True)
    classes = core.classes()
    for stream in (Stream.PREDICTIONS, Stream.LABELS):
        assert classes[stream, RecordClass.LEARNING] + classes[stream, RecordClass.ACCEPTED] == 100 * 120
        assert 20 * 120 < classes[stream, RecordClass.LEARNING] < 30 * 120


def sparse(count: int, every_ms: int) -> list[bytes]:
    rng = random.Random(4)
    return [prediction(n, START + n * every_ms, rng) for n in range(count)]


def test_a_sparse_log_never_opens_more_panes_than_check_says() -> None:
    # one event per hour of event time, 1-minute panes: a batch of 100 would open 100 panes at once (P7)
    core, bound = Core(), SPEC.open_panes(Stream.PREDICTIONS, 10 * MINUTE)
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 0)})
    core.monitor.ingest(batch("p", 0, sparse(100, 60 * MINUTE)))
    commits = 0
    while core.monitor.held:
        assert core.monitor.snapshot(1).open_panes <= bound
        assert Partition("p", 0) in core.monitor.paused(), "what is held is not asked for more"
        core.commit()
        commits += 1
    assert commits > 5
    core.commit(finish=True)
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 100


def test_two_sparse_partitions_never_lock_each_other_out() -> None:
    core = Core()
    ends = {Partition("p", 0): (0, 1), Partition("p", 1): (0, 1), Partition("l", 0): (0, 0)}
    core.monitor.assign(ends)
    values = sparse(120, 40 * MINUTE)
    core.monitor.ingest(batch("p", 0, values[::2]))
    core.monitor.ingest(batch("p", 1, values[1::2]))
    for _ in range(1_000):
        if not core.monitor.held:
            break
        idle = [p for p in ends if p not in core.monitor.held]
        core.commit(idle=idle)
    assert not core.monitor.held
    core.commit(finish=True)
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 120


def test_what_is_held_is_read_again_after_a_restart() -> None:
    core = Core()
    bounds = {Partition("p", 0): (0, 1), Partition("l", 0): (0, 0)}
    core.monitor.assign(bounds)
    values = sparse(60, 60 * MINUTE)
    core.monitor.ingest(batch("p", 0, values))
    core.commit()
    stored = core.store.saved.offsets[Partition("p", 0)]
    assert 0 < stored < 60
    assert core.monitor.expected(Partition("p", 0)) == 60
    core.load()
    core.monitor.assign(bounds)
    core.monitor.ingest(batch("p", 0, values[stored:], stored))
    while core.monitor.held:
        core.commit()
    core.commit(finish=True)
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 60


def test_records_from_beyond_the_wall_clock_are_set_aside_and_journaled() -> None:
    core = Core()
    core.monitor.assign({Partition("p", 0): (0, 1), Partition("l", 0): (0, 0)})
    values = sparse(6, MINUTE)
    core.monitor.ingest(batch("p", 0, values), np.array([True, False, True, True, False, True]))
    outcome = core.commit()
    rows = [row.details for row in outcome.changes.journal if row.kind == "set_aside"]
    assert [(row["first"], row["last"]) for row in rows] == [(0, 0), (2, 3), (5, 5)], "not those between them"
    assert core.classes()[Stream.PREDICTIONS, RecordClass.FUTURE] == 4
    assert core.classes()[Stream.PREDICTIONS, RecordClass.ACCEPTED] == 2
    assert core.monitor.offsets[Partition("p", 0)] == 6


def test_what_was_held_belongs_to_the_next_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    # blocks of 4 events: taking what was held counts into panes and join rows at once
    monkeypatch.setattr(model, "BLOCK", 4)
    core = Core(KEEP_ALL)
    partition = Partition("p", 0)
    bounds = {partition: (0, 1), Partition("l", 0): (0, 0)}
    core.monitor.assign(bounds)
    values = sparse(300, 6_000)
    while core.monitor.offsets[partition] < len(values):
        first = core.monitor.offsets[partition]
        core.monitor.ingest(batch("p", 0, values[first : first + 200], first))
        core.commit()
        core.load()  # what lies beyond the commit is read again
        core.monitor.assign(bounds)
    core.commit(finish=True)
    assert core.classes() == {(Stream.PREDICTIONS, RecordClass.ACCEPTED): 300}
    part = REFERENCE.layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert sum(int(events_of(part, pane)[0]) for pane in core.store.saved.panes.values()) == 300
