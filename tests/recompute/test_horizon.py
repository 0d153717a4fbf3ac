"""Records that are gone: what is behind the horizon is proved all the same, and a difference there is found (E14)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from driftwatch.errors import SourceError, StateError
from driftwatch.events.classes import Stream
from driftwatch.events.order import BEFORE_ALL
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.evidence.budget import USUAL
from driftwatch.monitor.changes import Entry
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.savepoints import PREFIX
from driftwatch.monitor.spec import ModelSpec
from driftwatch.monitor.state import ModelState, StreamState
from driftwatch.recompute.compare import Compared, Count
from driftwatch.recompute.horizon import horizon
from driftwatch.recompute.recount import Recount
from driftwatch.storage.memory import MemoryCheckpoint
from tests.monitor.drive import Logs
from tests.monitor.world import KEY, SPEC, START, WRITTEN, batch, label, plan, prediction, reference, truth

HOUR = 3_600_000
DAYS = 7
SLOW = ModelSpec.model_validate(
    WRITTEN
    | {
        "windows": [{"size": "6h", "slide": "2h"}, {"size": "12h", "slide": "6h"}],
        "join_within": "10m",
        "statistics": {"min_events": 5},
        "predictions": WRITTEN["predictions"] | {"lateness": "30m"},
        "labels": WRITTEN["labels"] | {"lateness": "30m", "max_delay": "12h"},
        "rules": [
            {"name": "range", "when": "out_of_range_share > 0.1", "features": ["x"], "clear_for": 1},
            WRITTEN["rules"][1],
        ],
    }
)
REFERENCE = reference(spec=SLOW)
PLAN = replace(plan(SLOW, REFERENCE), budget=USUAL)


def long_logs(seed: int) -> Logs:
    """Seven days of records every quarter of an hour: late, repeated here and elsewhere, with labels up to a day later,
    inputs that drift every other half a day, and a second version that comes and goes.
    """
    rng = random.Random(seed)
    rows: dict[Partition, list[tuple[int, int, bytes]]] = {
        Partition(t, n): [] for t in "pl" for n in range(2)
    }
    for number in range(DAYS * 96):
        time = START + number * HOUR // 4 + rng.randrange(HOUR // 4)
        day = number / 96
        sent = time - rng.randrange(2 * HOUR) if rng.random() < 0.05 else time
        value = prediction(
            number,
            sent,
            rng,
            drifted=int(2 * day) % 2 == 1,
            version="2" if 3 < day < 3.5 and rng.random() < 0.5 else "1",
        )
        partition = Partition("p", number % 2)
        rows[partition].append((time, time, value))
        if rng.random() < 0.1:
            other = partition if rng.random() < 0.7 else Partition("p", 1 - number % 2)
            again = time + rng.randrange(HOUR)
            rows[other].append((again, again, value))
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            known = time + rng.randrange(14 * HOUR)
            y = truth(0.9 if int(day) % 4 == 3 else 0.2, rng)
            rows[Partition("l", rng.randrange(2))].append((known, known, label(number, known, y)))
    logs = Logs()
    for partition, records in rows.items():
        for _, stamp, value in sorted(records, key=lambda row: row[0]):
            logs.add(*partition, value, stamp)
    return logs


class Long:
    """A core that has lived through long logs: read by time, with commits, idle partitions and restarts at random."""

    def __init__(self, seed: int) -> None:
        self.logs, self.store = long_logs(seed), MemoryCheckpoint(hash_key=KEY)
        self._rng = random.Random(seed)
        self._whole: Recount | None = None
        self._load()
        for hour in range(DAYS * 24):
            for partition in self.logs.values:
                self._read(partition, START + (hour + 1) * HOUR)
            idle = [p for p in self.logs.values if self._rng.random() < 0.02]
            self._commit(*idle)
            if self._rng.random() < 0.05:
                self._load()

    def _load(self) -> None:
        self.monitor = Monitor([PLAN], self.store.load(), self.store.joins, KEY)
        self.monitor.assign(self.logs.bounds)

    def _read(self, partition: Partition, until_ms: int) -> None:
        first = self.monitor.expected(partition)
        last = next(
            (n for n, s in enumerate(self.logs.stamps[partition]) if n >= first and s >= until_ms),
            len(self.logs.stamps[partition]),
        )
        self.monitor.ingest(self.part(partition, first, last))

    def _commit(self, *idle: Partition) -> None:
        self.store.commit(self.monitor.commit(Inputs(idle=frozenset(idle))).changes)
        self.monitor.take_held()
        while self.monitor.held:
            self.store.commit(self.monitor.commit(Inputs()).changes)
            self.monitor.take_held()

    def part(self, partition: Partition, first: int, last: int) -> RecordBatch:
        values, stamps = self.logs.values[partition][first:last], self.logs.stamps[partition][first:last]
        return batch(*partition, values, first, stamps)

    def cut(self, hours: float) -> dict[Partition, int]:
        """The first record of each partition that retention leaves there."""
        return {
            p: sum(stamp < START + hours * HOUR for stamp in stamps) for p, stamps in self.logs.stamps.items()
        }

    @property
    def whole(self) -> Recount:
        """Everything counted again."""
        if self._whole is None:
            self._whole = self.recount({})
        return self._whole

    def recount(self, earliest: Mapping[Partition, int]) -> Recount:
        def open_(
            bounds: Mapping[Partition, tuple[int, int]],
        ) -> Mapping[Partition, Iterator[RecordBatch]]:
            assert all(first >= earliest.get(p, 0) for p, (first, _) in bounds.items()), "it is gone"
            return {p: iter([self.part(p, *range_)]) for p, range_ in bounds.items()}

        run = Recount(self.store.load(), self.store.journal(limit=10**9), KEY, open_, earliest)
        for _ in run.run():
            pass
        return run


@pytest.fixture(
    scope="module", params=[1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 9))]
)
def lived(request: pytest.FixtureRequest) -> Long:
    return Long(request.param)


def counts(run: Recount) -> dict[Compared, Count]:
    return dict(run.comparison.counts)


def test_everything_is_the_same_where_nothing_is_gone(lived: Long) -> None:
    run = lived.whole
    assert run.comparison.same, run.comparison.first_difference
    assert run.begins.sequence == 0
    assert all(count.unknown == 0 for count in counts(run).values())
    kept = [name for name in lived.store.load().states if name.startswith(PREFIX)]
    assert len(kept) >= DAYS - 1


@pytest.mark.parametrize("hours", [1, 40.5])
def test_what_lies_behind_the_horizon_is_the_same(lived: Long, hours: float) -> None:
    whole, run = counts(lived.whole), lived.recount(lived.cut(hours))
    assert run.comparison.same, run.comparison.first_difference
    found = counts(run)
    assert run.begins.sequence > 0
    for what in (Compared.PANES, Compared.WINDOWS):
        assert found[what].unknown > 0, what
        assert found[what].same > 20, what
    transitions = found[Compared.TRANSITIONS]
    assert transitions.same > 0
    assert transitions.same + transitions.unknown == whole[Compared.TRANSITIONS].same
    assert not run.comparison.blind, "alerts began at a savepoint behind the horizon"
    assert found[Compared.CLASSES].same > 10
    assert found[Compared.CLASSES].unknown == 0
    assert found[Compared.STATES].same > 4


def test_a_difference_behind_the_horizon_is_found(lived: Long) -> None:
    earliest = lived.cut(40)
    partition, kept = Partition("p", 0), list(lived.logs.values[Partition("p", 0)])
    try:
        lived.logs.values[partition][-20] = b"{}"
        run = lived.recount(earliest)
    finally:
        lived.logs.values[partition] = kept
    assert not run.comparison.same
    assert counts(run)[Compared.CLASSES].different > 0


def test_alerts_that_were_decided_otherwise_behind_the_horizon_are_found(lived: Long) -> None:
    rows = lived.store._held.journal
    place, (sequence, row) = [
        (n, entry)
        for n, entry in enumerate(rows)
        if entry[1].kind == Entry.DECIDE and entry[1].details["alerts"]
    ][-1]
    other = [[*alert[:2], alert[2] + 1] for alert in row.details["alerts"]]
    try:
        rows[place] = sequence, type(row)(row.kind, row.offsets, {**row.details, "alerts": other})
        run = lived.recount(lived.cut(30))
    finally:
        rows[place] = sequence, row
    assert counts(run)[Compared.TRANSITIONS].different > 0


def test_where_too_much_is_gone_for_alerts_it_says_so(lived: Long) -> None:
    run = lived.recount(lived.cut(24 * DAYS - 40))
    assert run.comparison.same, run.comparison.first_difference
    assert run.comparison.blind == {"m"}
    assert counts(run)[Compared.TRANSITIONS].same == 0
    assert counts(run)[Compared.CLASSES].unknown > 0


def test_records_gone_since_the_last_savepoint_leave_nothing_to_check(lived: Long) -> None:
    with pytest.raises(SourceError, match="later than every savepoint"):
        lived.recount({p: n - 1 for p, n in lived.store.load().offsets.items()})


def test_a_journal_without_its_beginning_begins_at_a_savepoint(lived: Long) -> None:
    rows = lived.store.journal(limit=10**9)
    savepoint = next(entry for entry in rows if entry.row.kind == Entry.SAVEPOINT and entry.number > 20)
    left = [entry for entry in rows if entry.number >= savepoint.number]
    run = Recount(lived.store.load(), left, KEY, lambda bounds: {p: iter(()) for p in bounds})
    assert run.begins.sequence == savepoint.sequence
    last = max(entry.number for entry in rows if entry.row.kind == Entry.SAVEPOINT)
    with pytest.raises(StateError, match="no later savepoint"):
        Recount(lived.store.load(), [e for e in rows if e.number > last], KEY, lambda bounds: {})


def test_the_horizon_is_two_generations_and_what_joins_above_what_was_taken() -> None:
    streams = {Stream.PREDICTIONS: StreamState({}, BEFORE_ALL, BEFORE_ALL, reached_ms=25)}
    found = horizon(ModelState(streams=streams, generation_ms=10), [PLAN, plan(SPEC)])
    assert found.inputs_ms == 40 + 10 * 60_000
    assert found.labels_ms == found.inputs_ms + 12 * HOUR
    assert found.sizes_ms == {window.called: window.size for window in SLOW.windows}


def test_a_model_that_had_taken_nothing_is_provable_from_its_beginning() -> None:
    found = horizon(ModelState(streams={Stream.LABELS: StreamState({}, 0, 0)}, generation_ms=10), [PLAN])
    assert found.labels_ms < -(2**61)
