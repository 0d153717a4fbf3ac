"""What one event costs the core from its bytes to the commit, with long and short windows, and with many and few slices."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch.alerts.messages import About
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.times import parse_duration_ms
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.plan import Choice, ModelPlan
from driftwatch.monitor.spec import ModelSpec
from driftwatch.storage.sqlite import open_checkpoint
from tests.benchmarks.figure import Figure
from tests.benchmarks.traffic import SLICES, Traffic, model, reference

PARTITION = Partition("predictions", 0)
THIN = 1_000
"""Events of a pane that only fills a window."""
DAY_MS = 86_400_000


class Core:
    """One model's core over a real checkpoint, fed with predictions; counts the CPU time of its own work only."""

    def __init__(
        self, folder: Path, declared: dict[str, Any], slices: dict[str, int], spacing_ms: float
    ) -> None:
        spec = ModelSpec.model_validate(declared)
        self._checkpoint = open_checkpoint(folder)
        choice = Choice("*", reference(spec, slices=slices))
        plan = ModelPlan(spec, (choice,), About("http://localhost"), 600_000, DAY_MS)
        saved, joins = self._checkpoint.load(), self._checkpoint.joins
        self._monitor = Monitor([plan], saved, joins, self._checkpoint.hash_key)
        self._monitor.assign({PARTITION: (0, 1)})
        self.traffic = Traffic(slices=slices, spacing_ms=spacing_ms)
        self.slices = len(choice.reference.layout.slices.rows) if choice.reference else 0
        self._next = 0

    def run(self, events: int, per_commit: int) -> float:
        """CPU microseconds per event."""
        spent_s = 0.0
        for batches in self._commits(events, per_commit):
            started = time.process_time()
            for batch in batches:
                self._monitor.ingest(batch)
            outcome = self._monitor.commit(Inputs())
            sequence = self._checkpoint.commit(outcome.changes)
            self._monitor.snapshot(sequence)
            spent_s += time.process_time() - started
        return spent_s / events * 1e6

    def _commits(self, events: int, per_commit: int) -> Iterator[list[RecordBatch]]:
        held: list[RecordBatch] = []
        for chunk in self.traffic.chunks(events, min(per_commit, 5_000)):
            n = len(chunk.predictions)
            offsets = np.arange(self._next, self._next + n)
            self._next += n
            held.append(RecordBatch(PARTITION, offsets, chunk.times_ms, chunk.predictions, self._next))
            if sum(map(len, held)) >= per_commit:
                yield held
                held = []

    def close(self) -> None:
        self._checkpoint.close()


@dataclass(frozen=True)
class Variant:
    """A model over some slices, at full load: a commit each second, so one per 100 000 events."""

    declared: dict[str, Any]
    slices: dict[str, int]
    per_pane: int
    per_commit: int
    panes_before: int = 1
    """Panes that are filled before anything is measured, thinly."""


@dataclass(frozen=True)
class Costs:
    """CPU µs per event of two variants, round by round, measured in turns."""

    one: list[float]
    other: list[float]
    slices: tuple[int, int]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)

    @property
    def ratios(self) -> list[float]:
        return [round(one / other, 3) for one, other in zip(self.one, self.other, strict=True)]

    def figure(self, key: str, what: str, goal: float, **details: Any) -> Figure:
        """`product` and `bare` are in µs per event."""
        return Figure(
            key,
            self.ratio,
            "",
            f"CPU time per event, bytes to commit: {what}",
            goal,
            more_is_better=False,
            product=min(self.one),
            bare=min(self.other),
            ratio=self.ratio,
            details={"unit": "µs/event", "rounds": self.ratios, "slices": self.slices, **details},
        )


def compare(one: Variant, other: Variant, panes: int, rounds: int) -> Costs:
    """Both cores count the same number of panes in every round."""
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as folder:
        cores = [_warm(Path(folder) / name, v) for name, v in (("one", one), ("other", other))]
        costs: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for core, variant, cost in zip(cores, (one, other), costs, strict=True):
                cost.append(core.run(panes * variant.per_pane, variant.per_commit))
        for core in cores:
            core.close()
    return Costs(*costs, (cores[0].slices, cores[1].slices))


def _warm(folder: Path, variant: Variant) -> Core:
    slide_ms = parse_duration_ms(variant.declared["windows"][0]["slide"])
    core = Core(folder, variant.declared, variant.slices, slide_ms / THIN)
    core.run(variant.panes_before * THIN, THIN)
    core.traffic.spacing_ms = slide_ms / variant.per_pane
    return core


def window_length_cost_ratio(seconds: float) -> Figure:
    """Both windows are full and slide every hour: each pane that closes lets another one expire."""

    def variant(size: str) -> Variant:
        declared = model(windows=[{"size": size, "slide": "1h"}], labels=None)
        return Variant(declared, SLICES, per_pane=20_000, per_commit=20_000, panes_before=30 * 24 + 2)

    panes = max(2, round(seconds / 6))
    costs = compare(variant("30d"), variant("1h"), panes, rounds=5)
    what = "a full window of 30 d (720 panes) against 1 h, slide 1 h, 20 000 events a pane"
    return costs.figure("window_length_cost_ratio", what, 1.1)


def slices_cost_ratio(seconds: float) -> Figure:
    """A pane closes every 10 commits: a catch-up at 30 times the pace of panes of 5 minutes."""

    def variant(slices: dict[str, int], sliced: list[str]) -> Variant:
        windows = [{"size": "1h", "slide": "5m"}]
        declared = model(slices=sliced, labels=None, windows=windows, cells={"slice_values": 1_000})
        return Variant(declared, slices, per_pane=1_000_000, per_commit=100_000)

    rounds = 3 if seconds >= 60 else 1
    costs = compare(variant({"country": 997}, ["country"]), variant({"country": 1}, []), 1, rounds)
    what = "1 000 slices against 1, a commit per 100 000 events, a pane per 1 000 000"
    return costs.figure("slices_cost_ratio", what, 1.2)
