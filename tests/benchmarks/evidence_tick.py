"""What one closed pane costs the evidence of 10 000 streams of 54 bets each."""

from __future__ import annotations

import statistics
import time

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.evidence.baseline import Baseline, Spread
from driftwatch.evidence.budget import Budget
from driftwatch.evidence.design import Design
from driftwatch.evidence.detector import Detector
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch
from driftwatch.evidence.shares import ShareObserver
from tests.benchmarks.figure import Figure

SLICES, FIELDS, CELLS = 200, 50, 66
EVENTS = 1_000
PANE_MS = 300_000


def evidence_tick_ms(seconds: float) -> Figure:
    """Median over panes: from the matrix int64[200, 3 300] to the decision who alerts."""
    detector, rng = _detector(), np.random.default_rng(1)
    spent: list[float] = []
    for pane in range(max(30, min(200, round(seconds * 5)))):
        matrix = rng.multinomial(EVENTS, np.full(CELLS, 1 / CELLS), (SLICES, FIELDS)).reshape(SLICES, -1)
        started = time.perf_counter()
        detector.close(Stream.PREDICTIONS, matrix, pane * PANE_MS)
        spent.append(1e3 * (time.perf_counter() - started))
    bets = int(sum(bank.bets.sum() for bank in detector.banks))
    what = f"one pane of {SLICES * FIELDS} streams, {bets} bets: counts, evidence, list rule"
    value = statistics.median(spent[5:])
    return Figure(
        "evidence_tick_ms", value, "ms", what, 25, more_is_better=False, details={"best": min(spent)}
    )


def _detector() -> Detector:
    watched = [
        Watch(
            f"f{field}", Group.INPUTS, (field * CELLS, (field + 1) * CELLS),
            tuple(Indicator(f"<= {k}", ((field * CELLS, field * CELLS + k * CELLS // 10),)) for k in range(1, 10)),
        )
        for field in range(FIELDS)
    ]  # fmt: skip
    shares, shape = ShareMap(watched), (SLICES, FIELDS)
    past = np.full((SLICES, FIELDS * CELLS), 1_000)
    hits, sizes = shares.count(past)
    spread = Spread(
        np.full(shape, float(EVENTS)), np.full(shape, 1.5), np.full(shape, 0.02), np.ones(shape, bool)
    )
    baseline = Baseline(shares.starts, shares.of, 1, np.zeros(FIELDS, bool), hits[None], sizes[None], spread)
    observer = ShareObserver(shares, baseline, tuple(watch.group for watch in watched))
    names = tuple(indicator.text for indicator in shares.indicators)
    design = Design(Stream.PREDICTIONS, observer, tuple(w.field for w in watched), names, spread.learned)
    return Detector([design], Budget.parse("1 per week"), PANE_MS)
