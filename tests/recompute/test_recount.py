"""Counting again along the journal gives the same values, whatever the interleaving, the commits and the restarts (E1)."""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.accepting import Accept
from driftwatch.monitor.changes import Changes, Entry
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.spec import ModelSpec
from driftwatch.monitor.watching import WatchState
from driftwatch.recompute.recount import Recount
from driftwatch.references.codec import decode
from driftwatch.storage.memory import MemoryCheckpoint
from tests.monitor.test_monitor import PARTITIONS, Logs, random_logs
from tests.monitor.test_watching import BUDGET, Traffic
from tests.monitor.test_watching import SPEC as UNRULED
from tests.monitor.world import KEY, SPEC, START, WRITTEN, batch, label, plan, prediction, reference

EVIDENCE_OF = "m/evidence/1"
SLICED = ModelSpec.model_validate(WRITTEN | {"slices": ["kind", "country"]})


class Live:
    """A daemon without a loop: a core, its checkpoint, and logs that it reads as it is told."""

    def __init__(self, logs: Logs, *plans: ModelPlan) -> None:
        self.logs = logs
        self.plans = plans or (plan(),)
        self.store = MemoryCheckpoint(hash_key=KEY)
        self.load()

    def load(self) -> None:
        self.monitor = Monitor(self.plans, self.store.load(), self.store.joins, KEY)
        self.monitor.assign({p: (0, len(self.logs.values[p])) for p in self.logs.values})

    def read(self, partition: Partition, records: int) -> None:
        first = self.monitor.expected(partition)
        last = min(first + records, len(self.logs.values[partition]))
        self.monitor.ingest(part(self.logs, partition, first, last))

    def commit(self, *idle: Partition) -> None:
        self.store.commit(self.monitor.commit(Inputs(idle=frozenset(idle))).changes)
        self.monitor.take_held()

    def accept(self) -> None:
        self.store.commit(self.monitor.commit(Inputs(accepted=(Accept("m", "1", "me"),))).changes)
        self.monitor.take_held()

    def recount(self) -> Recount:
        return Recount(self.store.load(), self.store.journal(limit=10**9), KEY, self._open)

    def _open(self, bounds: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, Iterator[RecordBatch]]:
        return {p: self._pieces(p, first, end) for p, (first, end) in bounds.items()}

    def _pieces(self, partition: Partition, first: int, end: int) -> Iterator[RecordBatch]:
        for start in range(first, end, 37):  # batches of the log are not those of the journal
            yield part(self.logs, partition, start, min(start + 37, end))


def part(logs: Logs, partition: Partition, first: int, last: int) -> RecordBatch:
    values, stamps = logs.values[partition][first:last], logs.stamps[partition][first:last]
    return batch(partition.topic, partition.number, values, first, stamps)


def lived(seed: int, logs: Logs, *configurations: ModelPlan) -> Live:
    """Random reads, commits, idleness and restarts, one after the other under each of the configurations."""
    rng, live = random.Random(seed), Live(logs, *configurations[:1])
    left = list(configurations[1:])
    for _ in range(120):
        partition = rng.choice(PARTITIONS)
        live.read(partition, rng.choice([0, 1, 3, 17, 80]))
        if rng.random() < 0.3:
            live.commit(*(p for p in PARTITIONS if rng.random() < 0.2))
        if rng.random() < 0.08:
            if left and rng.random() < 0.5:
                live.plans = (left.pop(0),)
            live.load()
    live.commit()
    return live


def differences(live: Live) -> dict[str, str]:
    recount = live.recount()
    for _ in recount.run():
        pass
    return {what: count.first for what, count in recount.comparison.counts.items() if count.different}


@pytest.mark.parametrize("seed", range(6))
def test_the_same_again(seed: int) -> None:
    live = lived(seed, random_logs(seed))
    recount = live.recount()
    for _ in recount.run():
        pass
    assert recount.comparison.same, recount.comparison.first_difference
    counts = {what.name: count.same for what, count in recount.comparison.counts.items()}
    assert counts["PANES"] > 5
    assert counts["CLASSES"] > 5
    assert recount.records == sum(live.monitor.offsets.values())


@pytest.mark.parametrize("seed", range(20, 28))
def test_the_same_again_through_other_references_rules_and_slices(seed: int) -> None:
    rules = SPEC.model_copy(update={"rules": SPEC.rules[:1], "join_within": 30_000})
    others = [plan(), plan(rules), plan(ref=reference(seed=8)), plan(SLICED, reference(seed=9, spec=SLICED))]
    live = lived(seed, random_logs(seed), *others)
    assert differences(live) == {}
    kinds = Counter(row.kind for _, _, row in live.store.journal(limit=10**9))
    assert kinds["plans"] > 1


LISTED = ModelSpec.model_validate(
    WRITTEN
    | {
        "multivariate": {
            "far": {"kind": "mahalanobis", "embedding": "v.list", "components": 3},
            "along": {"kind": "projections", "embedding": "v.list", "projections": 2},
        },
        "predictions": WRITTEN["predictions"] | {"version": "v.name"},
    }
)


def listed(value: bytes) -> bytes:
    """The record with an embedding; some lack it, some have another length, some hold a text."""
    record = json.loads(value)
    if "x" not in record:
        return value
    x, score = record["x"], record["score"]
    vector: object = [x, score, x * score, x - 3 * score, 0.5]
    if (kind := zlib.crc32(value) % 20) < 4:
        vector = [None, [x], ["x"], "no list"][kind]
    return json.dumps(record | {"v": {"name": record["v"], "list": vector}}).encode()


@pytest.mark.parametrize("seed", range(40, 44))
def test_the_same_again_with_embeddings_and_other_maps_of_them(seed: int) -> None:
    logs = random_logs(seed)
    logs = replace(logs, values={p: [v and listed(v) for v in values] for p, values in logs.values.items()})
    maps = [plan(LISTED, reference(seed=s, spec=LISTED, more=listed)) for s in (7, 8)]
    live = lived(seed, logs, *maps)
    assert differences(live) == {}
    layouts = {
        layout.hash: layout
        for of in maps
        for c in of.choices
        if c.reference
        for layout in [c.reference.layout]
    }
    assert len(layouts) == 2
    counted = {key: pane for key, pane in live.store.load().panes.items() if key.stream is Stream.PREDICTIONS}
    assert counted
    for key, pane in counted.items():
        part, total = layouts[key.layout].part(Stream.PREDICTIONS), pane.sum(axis=0)
        assert part is not None
        length, far = part.field("v.list"), part.field("far")
        bad = total[length.invalid] + total[length.start + 1]
        assert (total[far.missing], total[far.invalid]) == (total[length.missing], bad)


def test_the_same_again_where_an_embedding_is_learned() -> None:
    """Until then nothing is made of the lists; from the first pane after on, what the learned map says."""
    rng = random.Random(44)
    times = [START + 4_000 * number for number in range(900)]
    rows = [listed(prediction(number, time, rng)) for number, time in enumerate(times)]
    values: dict[Partition, list[bytes | None]] = {p: [*rows[p.number :: 2]] for p in PARTITIONS[:2]}
    values |= {p: [label(10**6, times[-1], 1)] for p in PARTITIONS[2:]}
    stamps = {p: [json.loads(v)["ts"] for v in of if v] for p, of in values.items()}
    live = lived(44, Logs(values, stamps), plan(LISTED, None))
    while any(live.monitor.expected(p) < len(values[p]) for p in PARTITIONS):
        for partition in PARTITIONS:
            live.read(partition, 80)
        live.commit()
    assert differences(live) == {}
    saved = live.store.load()
    (reference,) = map(decode, saved.references.values())
    part = reference.layout.part(Stream.PREDICTIONS)
    assert part is not None
    assert part.made == ("far", "along_1", "along_2")
    counted = [pane.sum(axis=0) for key, pane in saved.panes.items() if key.layout == reference.layout.hash]
    far = part.field("far")
    assert sum(total[far.start : far.missing].sum() for total in counted if len(total) == part.columns) > 100


def under_a_budget(seed: int, *, accepts: bool = False) -> Live:
    """Traffic that drifts and is calm again, in random portions, with restarts in between; whatever fires may be accepted."""
    traffic = Traffic(random.Random(seed)).add(12).add(14, drifted=True, wrong=True).add(20)
    values = {Partition("p", 0): traffic.predicted, Partition("l", 0): traffic.labelled}
    stamps = {p: [json.loads(value)["ts"] for value in rows] for p, rows in values.items()}
    live, rng = Live(Logs(dict(values), stamps), replace(plan(UNRULED), budget=BUDGET)), random.Random(seed)
    while left := [p for p in values if live.monitor.expected(p) < len(values[p])]:
        live.read(rng.choice(left), rng.choice([17, 80, 300]))
        if rng.random() < 0.3:
            live.commit()
        if rng.random() < 0.1:
            live.load()  # what was not committed is read again
        if accepts and rng.random() < 0.2:
            live.accept()
    live.commit()
    return live


@pytest.mark.parametrize("seed", range(3))
def test_accepted_references_are_made_again(seed: int) -> None:
    live = under_a_budget(seed, accepts=True)
    assert differences(live) == {}
    rows = [row for _, _, row in live.store.journal(limit=10**9) if row.kind == Entry.ACCEPT]
    assert rows


@pytest.mark.parametrize("seed", range(3))
def test_evidence_is_the_same_again_to_the_last_bit(seed: int) -> None:
    live = under_a_budget(seed)
    assert differences(live) == {}
    state = msgspec.msgpack.decode(live.store.load().states[EVIDENCE_OF], type=WatchState)
    kinds = Counter(row.kind for _, _, row in live.store.journal(limit=10**9))
    assert kinds[Entry.DECIDE] > 1
    assert any(bank.seen for bank in state.evidence.banks)


def test_evidence_that_is_off_by_its_last_bit_is_found() -> None:
    """One share, one slice, 2^-32 nats: nobody would see it anywhere else."""
    live = under_a_budget(1)
    state = msgspec.msgpack.decode(live.store.load().states[EVIDENCE_OF], type=WatchState)
    first, *others = state.evidence.banks
    logs = np.frombuffer(zlib.decompress(first.log), "<i8").copy()
    logs[len(logs) // 2] += 1
    banks = (msgspec.structs.replace(first, log=zlib.compress(logs.tobytes(), 1)), *others)
    state.evidence = msgspec.structs.replace(state.evidence, banks=banks)
    live.store.commit(
        Changes(offsets=dict(live.monitor.offsets), states={EVIDENCE_OF: msgspec.msgpack.encode(state)})
    )
    assert list(differences(live)) == ["states"]
    assert EVIDENCE_OF in differences(live)["states"]


def test_one_record_more_or_less_is_found() -> None:
    live = lived(1, random_logs(1))
    assert differences(live) == {}
    live.logs.values[PARTITIONS[0]][20] = b"{}"
    found = differences(live)
    assert "class counts" in found
    assert "live" in found["class counts"]
