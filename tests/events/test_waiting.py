"""The waiting area is a plain list, whatever is added, released, stored and loaded (E2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.events import waiting
from driftwatch.events.block import Block
from driftwatch.events.waiting import Waiting


def block(events: list[tuple[int, int, int]]) -> Block:
    """Events as (time, partition, offset)."""
    times, partitions, offsets = np.array(events, np.int64).reshape(-1, 3).T
    n = len(events)
    return Block(
        partitions=partitions.astype(np.int32),
        offsets=offsets,
        times_ms=times,
        ids=offsets * 7,
        payloads=offsets,
        scores=np.empty(0),
        numbers=times[:, None].astype(np.float64),
        versions=[f"v{offset}" for offset in offsets.tolist()],
        decisions=[],
        labels=[float(time) for time in times.tolist()],
        texts=[[str(partition) for partition in partitions.tolist()]] if n else [[]],
    )


def rows(found: Block | None) -> list[tuple[int, int, int]]:
    if found is None:
        return []
    events = list(
        zip(found.times_ms.tolist(), found.partitions.tolist(), found.offsets.tolist(), strict=True)
    )
    assert found.versions == [f"v{offset}" for _, _, offset in events], "columns stay together"
    assert found.texts == [[str(partition) for _, partition, _ in events]]
    assert found.numbers[:, 0].tolist() == found.labels == [time for time, _, _ in events]
    return events


@dataclass
class Run:
    """A waiting area beside a list, and beside what the checkpoint holds of both."""

    area: Waiting = field(default_factory=lambda: Waiting("m/labels", {}, -100))
    plain: list[tuple[int, int, int]] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    stored_plain: list[tuple[int, int, int]] = field(default_factory=list)
    stored_released: int = -100
    next_offset: int = 0

    def add(self, spots: list[tuple[int, int]]) -> None:
        events = []
        for ahead, partition in spots:
            events.append((self.area.released_ms + ahead, partition, self.next_offset))
            self.next_offset += 1
        self.area.add(block(events))
        self.plain += events

    def release(self, before: int) -> None:
        released = max(before, self.area.released_ms)
        due = sorted(event for event in self.plain if event[0] < released)
        assert rows(self.area.release(before)) == due
        self.plain = [event for event in self.plain if event[0] >= released]
        assert self.area.released_ms == released

    def commit(self) -> None:
        for name, data in self.area.changes().items():
            if data is None:
                self.stored.pop(name, None)
            else:
                self.stored[name] = data
        self.stored_plain, self.stored_released = list(self.plain), self.area.released_ms

    def reload(self) -> None:
        others = {"m/labels2/1": b"", "n/labels/1": b"", "m/label": b""}
        self.area = Waiting("m/labels", self.stored | others, self.stored_released)
        self.plain = list(self.stored_plain)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), max_size=6)),
        st.tuples(st.just("release"), st.integers(-50, 60)),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("reload"), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(STEPS, st.sampled_from((2, 3, 4_096)), st.sampled_from((1, 5, 65_536)))
def test_it_is_a_plain_list_whatever_happens(
    steps: list[tuple[str, object]], piece_events: int, chunk_events: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "PIECE_EVENTS", piece_events)
        patch.setattr(waiting, "CHUNK_EVENTS", chunk_events)
        walk(steps)


def walk(steps: list[tuple[str, object]]) -> None:
    run = Run()
    for what, value in steps:
        if what == "add":
            run.add(value)  # type: ignore[arg-type]
        elif what == "release":
            run.release(run.area.released_ms + value)  # type: ignore[operator]
        elif what == "commit":
            run.commit()
        else:
            run.reload()
        assert len(run.area) == len(run.plain)
    run.commit()
    run.reload()
    run.release(10**6)
    assert len(run.area) == 0
    run.commit()
    assert run.stored == {}, "nothing waits, nothing is stored"


def test_many_small_commits_make_few_chunks_and_rewrite_little() -> None:
    run, written = Run(), Counter[str]()
    for number in range(1_000):
        run.add([(number, 0)])
        for name, data in run.area.changes().items():
            if data is None:
                del run.stored[name]
            else:
                run.stored[name] = data
                written["events"] += len(Waiting("m/labels", {name: data}, -100))
    assert len(run.stored) <= 2 * 10
    assert written["events"] <= 1_000 * 2 * 10, "each event is rewritten O(log n) times"


def test_without_changes_nothing_is_written() -> None:
    run = Run()
    run.add([(5, 0), (9, 1)])
    run.commit()
    assert run.area.changes() == {}
    run.release(-100 + 7)
    assert run.area.changes() == {}, "a chunk that still holds something stays as it was written"


def test_what_a_frontier_does_not_reach_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    run.add([(time, 0) for time in range(20_000)])
    run.commit()
    unpacked: list[int] = []
    from_bytes = Block.from_bytes
    monkeypatch.setattr(Block, "from_bytes", lambda data: unpacked.append(len(data)) or from_bytes(data))
    run.release(-100 + 100)
    assert len(unpacked) == 1


def test_a_waiting_label_takes_few_bytes() -> None:
    """As labels are: no score, no texts, one version, two values, times and offsets that lie close."""
    n = 10_000
    random = np.random.default_rng(1)
    labels = Block(
        partitions=np.full(n, 3, np.int32),
        offsets=5_000_000 + np.arange(n),
        times_ms=1_750_000_000_000 + np.sort(random.integers(0, 60_000, n)),
        ids=random.integers(0, 2**63 - 1, n),
        payloads=random.choice([123_456_789, 4_000_000_000], n),
        scores=np.empty(0),
        numbers=np.empty((n, 0)),
        versions=["default"] * n,
        decisions=[],
        labels=random.choice([0.0, 1.0], n).tolist(),
        texts=[],
    )
    area = Waiting("m/labels", {}, 0)
    area.add(labels)
    (data,) = area.changes().values()
    assert data is not None
    assert len(data) < 20 * n


def test_much_is_released_in_several_steps_of_about_the_same_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "RELEASE_EVENTS", 100)
    area, rng = Waiting("m/labels", {}, 0), np.random.default_rng(1)
    events = [(int(t), 0, n) for n, t in enumerate(rng.integers(0, 100_000, 1_000))]
    for first in range(0, 1_000, 50):
        area.add(block(events[first : first + 50]))
    stops = list(area.stops(50_000))
    released = [rows(area.release(stop)) for stop in stops]
    assert stops == sorted(set(stops))
    assert stops[-1] == 50_000
    assert [event for part in released for event in part] == sorted(e for e in events if e[0] < 50_000)
    assert len(released) > 5
    assert max(map(len, released)) < 150
    area.release(99_000)
    assert list(area.stops(100_000)) == [100_000], "little is released at once"


@pytest.mark.parametrize("before", [4, 5, 6, 1_000])
def test_events_of_one_time_cannot_be_told_apart(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    monkeypatch.setattr(waiting, "RELEASE_EVENTS", 10)
    area = Waiting("m/labels", {}, 0)
    area.add(block([(5, 0, n) for n in range(100)]))
    stops = list(area.stops(before))
    assert stops[-1] == before
    assert stops == sorted(set(stops))
    assert sum(len(rows(area.release(stop))) for stop in stops) == (100 if before > 5 else 0)
