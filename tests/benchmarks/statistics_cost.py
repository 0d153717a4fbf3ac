"""All statistics of a tick, and counts with all statistics over windows, on one core: the reading side's two figures."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from driftwatch.drift.catalogue import read
from driftwatch.drift.gather import Gather, Side
from driftwatch.drift.reading import Pair
from driftwatch.drift.spec import EVERY, StatisticsSpec
from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import count
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.performance import LabelCounter, Labelled
from driftwatch.summaries.rows import SliceCoder
from tests.benchmarks.figure import Figure
from tests.benchmarks.summaries import block_of
from tests.benchmarks.traffic import FEATURES, model, reference

WINDOWS = 2
ROUNDS = 5
WINDOW_ROWS = 10_000


def statistics_tick_ms(seconds: float) -> Figure:
    """The best of many ticks: predictions and labels of two windows, every statistic that the layout can give."""
    built = reference(ModelSpec.model_validate(model()))
    pairs = [pair for rows in (60_000, 240_000)[:WINDOWS] for pair in _pairs(built, rows)]
    kept = {pair.part.stream: Side(Gather.of(pair.part), pair.reference) for pair in pairs}
    every, default = StatisticsSpec(also=[EVERY]), StatisticsSpec()

    def tick(settings: StatisticsSpec) -> int:
        return sum(len(read(pair, settings, kept[pair.part.stream])) for pair in pairs)

    ticks = {
        name: _best(lambda s=s: tick(s), seconds / 8) for name, s in (("all", every), ("default", default))
    }
    return Figure(
        "statistics_tick_ms",
        ticks["all"] * 1_000,
        "ms",
        "every statistic of 50 slices x 20 features, score, decision and labels, 2 windows, one core",
        50.0,
        more_is_better=False,
        details={
            "statistics": tick(every) // WINDOWS,
            "slices": len(built.layout.slices.rows),
            "default_ms": ticks["default"] * 1_000,
        },
    )


def statistics_rows_per_s(seconds: float) -> Figure:
    """Rows per second of CPU time through cells, counts and every statistic of the predictions, window by window."""
    built = reference(ModelSpec.model_validate(model()))
    part = built.layout.part(Stream.PREDICTIONS)
    assert part is not None
    random = np.random.default_rng(5)
    windows = [block_of(random, WINDOW_ROWS) for _ in range(4)]
    coder, slices, decider = (
        PartCoder(part, FEATURES, []),
        SliceCoder(built.layout.slices),
        Decider(built.layout),
    )
    kept = Side(Gather.of(part), built.totals[Stream.PREDICTIONS])
    every = StatisticsSpec(also=[EVERY])
    empty = _pair(
        built, Stream.PREDICTIONS, np.zeros((len(built.layout.slices.rows), part.columns), np.int64)
    )

    def work() -> None:
        for numbers, scores, codes in windows:
            cells = coder.cells(numbers, [], scores, decider.cells([], scores))
            matrix = count(part, built.layout.slices, cells, slices.joint(codes))
            read(replace(empty, current=matrix), every, kept)

    rate = WINDOW_ROWS * len(windows) / _best(work, seconds / 4)
    return Figure(
        "statistics_rows_per_s",
        rate,
        "rows/s",
        "counts and every statistic over 10 000-row windows, 20 features, 3 slice columns, one core",
        1_000_000,
        details={"slices": len(built.layout.slices.rows)},
    )


def _pairs(built: Reference, rows: int) -> list[Pair]:
    """A window of `rows` predictions and as many labels."""
    layout, random = built.layout, np.random.default_rng(rows)
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    numbers, scores, codes = block_of(random, rows)
    slices, decider = SliceCoder(layout.slices), Decider(layout)
    joint, decided = slices.joint(codes), decider.cells([], scores)
    cells = PartCoder(part, FEATURES, []).cells(numbers, [], scores, decided)
    labels = (random.random(rows) < scores).astype(float)
    labelled = Labelled(scores, decider.codes(decided), labels, np.zeros(rows, np.int64))
    return [
        _pair(built, Stream.PREDICTIONS, count(part, layout.slices, cells, joint)),
        _pair(built, Stream.LABELS, LabelCounter(layout).count(labelled, joint)),
    ]


def _pair(built: Reference, stream: Stream, current: np.ndarray) -> Pair:
    part = built.layout.part(stream)
    assert part is not None
    labels = stream is Stream.LABELS
    return Pair(
        built.layout,
        part,
        built.totals[stream],
        current,
        built.span_ms,
        3_600_000,
        predicted=current[:, -1] if labels else None,
        labelled=None if labels else built.totals.get(Stream.LABELS),
    )


def _best(work: object, seconds: float) -> float:
    """Least CPU time of one call, in s."""
    best, until = float("inf"), time.process_time() + seconds
    while time.process_time() < until or best == float("inf"):
        started = time.process_time()
        work()  # type: ignore[operator]
        best = min(best, time.process_time() - started)
    return best
