"""A case: logs and the steps by which they are read, both drawn from one seed; values, so that it can be shrunk and printed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from driftwatch.events.records import Partition
from tests.scenarios.plain_records import Line
from tests.scenarios.worlds import MINUTE, START, WORLDS, World, carried, record, truth, world

JUNK: Final[tuple[bytes | None, ...]] = (None, b"", b"{", b"[1]", b'{"id": 7}')


VERSIONS: Final = (
    ["1"],
    ["1"],
    ["1", "2"],
    ["1", "2", "3"],
    ["1", "x"],
    ["x9", "1", "2", "1"],
    list("123456"),
)
"""Versions one after the other; those that are no number match no pattern, and four can live at a time (E11)."""


@dataclass(frozen=True)
class Assign:
    """These partitions are there, with (first, end): at an empty one nothing was produced yet."""

    bounds: tuple[tuple[Partition, int, int], ...]


@dataclass(frozen=True)
class Read:
    """The next records of a partition; those stamped later than the wall clock are set aside (E6)."""

    partition: Partition
    records: int
    wall_ms: int | None = None


@dataclass(frozen=True)
class Commit:
    """A commit at which these partitions have long been at their ends, if they are (E4)."""

    idle: frozenset[Partition] = frozenset()


@dataclass(frozen=True)
class Crash:
    """Everything since the last commit is lost; `committing`: while the next one was decided, but not stored."""

    committing: bool = False


@dataclass(frozen=True)
class Reload:
    """The daemon goes on from the last commit with another configuration, where that fits (E9)."""

    variant: int


Step = Assign | Read | Commit | Crash | Reload


@dataclass(frozen=True)
class Case:
    """Everything that decides what happens."""

    seed: int
    world: str
    block: int
    """Events that are counted together."""
    logs: Mapping[Partition, Sequence[Line]]
    steps: tuple[Step, ...]
    finish: bool
    """Whether the inputs end for good (files), or just stop (a daemon)."""

    @property
    def records(self) -> int:
        """Records in all logs."""
        return sum(map(len, self.logs.values()))


def draw(seed: int, asked: str | None = None) -> Case:
    """The case of a seed, in a world that it draws, or in the one that is asked for."""
    rng = random.Random(seed)
    drawn = rng.choice(WORLDS)
    name = asked or drawn
    of = world(name)
    logs = _Drawing(rng, of).logs()
    steps = _steps(rng, logs)
    return Case(seed, name, rng.choice([4, 16, 10_000]), logs, steps, finish=rng.random() < 0.6)


class _Drawing:
    """Records in the order of their arrival, dealt to partitions."""

    def __init__(self, rng: random.Random, of: World) -> None:
        self._rng, self._world = rng, of
        self._partitions = {topic: rng.choice([1, 2, 2, 3]) for topic in of.topics}
        self._rows: dict[Partition, list[tuple[int, int, bytes | None]]] = {}
        """(arrival, record timestamp, value)."""
        self._stamps = rng.random() < 0.85
        self._step_ms = rng.choice([5_000, 30_000, 60_000, 120_000])
        self._messy = rng.choice([0.0, 0.05, 0.2])
        self._poison = rng.random() < 0.1
        self._versions = rng.choice(VERSIONS)

    def logs(self) -> dict[Partition, list[Line]]:
        rng, now_ms = self._rng, START + self._rng.randrange(16) * MINUTE
        count = rng.randrange(5, 45)
        drift_from = rng.randrange(2 * count)
        for number in range(count):
            now_ms += rng.randrange(2 * self._step_ms)
            if rng.random() < 0.02:
                now_ms += rng.choice([20, 90, 3_000]) * MINUTE  # an empty stretch
            self._prediction(number, count, now_ms, drifted=number >= drift_from)
        if rng.random() < 0.5:
            self._label({"id": "nobody", "y": 1, "d": "red", "score": 0.5}, START + 9 * MINUTE)
        for topic, partitions in self._partitions.items():
            for number in range(partitions):
                self._rows.setdefault(Partition(topic, number), [])
        return {partition: self._lines(rows) for partition, rows in sorted(self._rows.items())}

    def _prediction(self, number: int, count: int, now_ms: int, *, drifted: bool) -> None:
        rng = self._rng
        time_ms = now_ms
        if rng.random() < 0.15:
            time_ms -= rng.randrange(3 * MINUTE)  # out of order, sometimes late
        if rng.random() < self._messy:
            time_ms += rng.choice([-30, -5, 2, 5, 60]) * MINUTE
        full = record(rng, number, time_ms, drifted=drifted)
        at = number * len(self._versions) // count
        full["v"] = self._versions[at if rng.random() < 0.9 else rng.randrange(len(self._versions))]
        if rng.random() < self._messy:
            full[rng.choice(["x", "kind", "country", "seg", "score", "d", "v"])] = rng.choice(
                [None, "odd", 3, 1.5, True, [1]]
            )
        if self._world.rules.own_labels:
            full["y"] = rng.choice([full["y"], full["y"], None])
        key = rng.random()
        self._put("predictions", full, key, now_ms)
        while rng.random() < 0.12:  # again, the same or not, here or elsewhere
            again = (
                full
                if rng.random() < 0.5
                else full | {"x": 9.0, "p_red": 0.999, "ts": time_ms + rng.choice([0, 1_000, 90_000])}
            )
            if rng.random() < 0.2:
                key = rng.random()
            self._put("predictions", again, key, now_ms + rng.choice([1, MINUTE, 10 * MINUTE]))
        if "features" in self._world.rules.streams:
            self._features(full, key, now_ms)
        self._labels(full, now_ms)

    def _features(self, full: Mapping[str, Any], key: float, now_ms: int) -> None:
        rng = self._rng
        for _ in range(rng.choice([0, 1, 1, 1, 1, 2])):
            time_ms = full["ts"] + rng.choice([0, 1_000, -30_000, 60_000, -60_000, 60_001, 90_000])
            self._put("features", {**full, "ts": time_ms}, key, now_ms + rng.randrange(-MINUTE, 2 * MINUTE))

    def _labels(self, full: dict[str, Any], now_ms: int) -> None:
        rng = self._rng
        if "labels" not in self._world.rules.streams:
            return
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            delay_ms = rng.choice(
                [-2 * MINUTE, -MINUTE, 0, MINUTE, 5 * MINUTE, 15 * MINUTE, 16 * MINUTE, 18 * MINUTE]
            )
            self._label(full, full["ts"] + delay_ms + rng.randrange(1_000))

    def _label(self, full: dict[str, Any], time_ms: int) -> None:
        rng = self._rng
        if "labels" not in self._world.rules.streams:
            return
        y = truth(self._world, full, rng)
        if rng.random() < self._messy:
            y = rng.choice([None, 7, "odd", [1], 0, 1])
        self._put("labels", {**full, "ts": time_ms, "y": y}, rng.random(), time_ms + rng.randrange(MINUTE))

    def _put(self, stream: str, full: Mapping[str, Any], key: float, arrival_ms: int) -> None:
        rng, rules = self._rng, self._world.rules.streams[stream]
        made = carried(rules, stream, full)
        if rng.random() < self._messy / 4:
            made[rng.choice(sorted(made))] = rng.choice([None, "odd", -1, [1]])
        value: bytes | None = json.dumps(made).encode()
        if rng.random() < self._messy / 4:
            value = rng.choice(JUNK)
        stamp_ms = -1
        if self._stamps or rules.time is None:
            stamp_ms = max(0, full["ts"] + rng.choice([0, 0, 0, 5_000, -MINUTE, -4 * MINUTE]))
            if self._poison and rng.random() < 0.1:
                stamp_ms += 500 * MINUTE
        partition = Partition(rules.topic, int(key * self._partitions[rules.topic]))
        self._rows.setdefault(partition, []).append((arrival_ms, stamp_ms, value))

    def _lines(self, rows: list[tuple[int, int, bytes | None]]) -> list[Line]:
        """In the order of arrival; offsets have gaps where transactions or compaction left some (E16)."""
        offset = self._rng.choice([0, 0, 5])
        lines: list[Line] = []
        for _, stamp_ms, value in sorted(rows, key=lambda row: row[0]):
            lines.append(Line(offset, stamp_ms, value))
            offset += 1 if self._rng.random() < 0.95 else 3
        return lines


def _steps(rng: random.Random, logs: Mapping[Partition, Sequence[Line]]) -> tuple[Step, ...]:
    """Random reads, commits and crashes; a partition can come later, and all are read to their ends afterwards."""
    partitions = list(logs)
    known = {topic: rng.choice([1, 2, 3, 3, 3]) for topic in sorted({p.topic for p in partitions})}
    later = {p for p in partitions if p.number >= known[p.topic]}  # topics grow by higher numbers
    steps: list[Step] = [_assign(rng, logs, [p for p in partitions if p not in later])]
    often, sizes = rng.choice([0.1, 0.3, 0.6]), rng.choice([[1], [1, 3, 17], [17, 80]])
    wall = rng.random() < 0.5
    reloads = rng.random() < 0.3
    weights = [rng.choice([0.1, 1.0, 1.0]) for _ in partitions]
    for _ in range(rng.randrange(4, 24)):
        (partition,) = rng.choices(partitions, weights)
        wall_ms = START + rng.randrange(600) * MINUTE if wall and rng.random() < 0.3 else None
        steps.append(Read(partition, rng.choice(sizes), wall_ms))
        if rng.random() < often:
            idle = (
                frozenset(p for p in partitions if rng.random() < 0.25) if rng.random() < 0.4 else frozenset()
            )
            steps.append(Commit(idle))
        if rng.random() < 0.08:
            steps.append(Crash(rng.random() < 0.4))
        if reloads and rng.random() < 0.1:
            steps.append(Reload(rng.randrange(3)))
        if later and rng.random() < 0.1:
            steps.append(_assign(rng, logs, sorted(later)))
            later = set()
    return tuple(steps)


def _assign(
    rng: random.Random, logs: Mapping[Partition, Sequence[Line]], partitions: Sequence[Partition]
) -> Assign:
    bounds: list[tuple[Partition, int, int]] = []
    for partition in partitions:
        lines = logs[partition]
        first = lines[0].offset if lines else 0
        last = lines[-1].offset + 1 if lines and rng.random() < 0.85 else first
        bounds.append((partition, first, last))
    return Assign(tuple(bounds))
