"""Columns to matrices on one core: numbers, score and slice codes of events become counts in a pane's matrix."""

from __future__ import annotations

import time

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import add
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.rows import SliceCoder
from tests.benchmarks.figure import Figure
from tests.benchmarks.traffic import FEATURES, SLICES, model, reference

BLOCK = 16_384
BLOCKS = 8
ROUNDS = 5


def summaries_rows_per_s(seconds: float) -> Figure:
    """The best of several rounds; `bare` is one `numpy.bincount` per field, without cells, slices or layout."""
    spec = ModelSpec.model_validate(model())
    layout = reference(spec).layout
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    random = np.random.default_rng(3)
    blocks = [block_of(random, BLOCK) for _ in range(BLOCKS)]
    coder, slices, decider = PartCoder(part, FEATURES, []), SliceCoder(layout.slices), Decider(layout)
    matrix = np.zeros((len(layout.slices.rows), part.columns), np.int64)

    def product() -> None:
        for numbers, scores, codes in blocks:
            cells = coder.cells(numbers, [], scores, decider.cells([], scores))
            add(part, layout.slices, matrix, cells, slices.joint(codes))

    drawn = [random.integers(0, 64, BLOCK) for _ in part.fields]

    def bare() -> None:
        for _ in blocks:
            for column in drawn:
                np.bincount(column, minlength=66)

    rates = {"product": 0.0, "bare": 0.0}
    for _ in range(ROUNDS):
        rates["product"] = max(rates["product"], _rate(product, seconds / 4 / ROUNDS))
        rates["bare"] = max(rates["bare"], _rate(bare, seconds / 8 / ROUNDS))
    joint = len(np.unique(np.concatenate([codes for _, _, codes in blocks]), axis=0))
    return Figure(
        "summaries_rows_per_s",
        rates["product"],
        "rows/s",
        "20 features, score and decision into 50 slices, one core; bare: a bincount per field",
        2_500_000,
        product=rates["product"],
        bare=rates["bare"],
        ratio=rates["product"] / rates["bare"],
        details={"combinations": joint, "slices": len(layout.slices.rows), "block": BLOCK},
    )


def block_of(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, scores and slice codes of so many events."""
    numbers = random.normal(size=(rows, len(FEATURES)))
    scores = 1 / (1 + np.exp(-numbers[:, :4].sum(axis=1)))
    codes = np.empty((rows, len(SLICES)), np.int16)
    for place, count in enumerate(SLICES.values()):
        weights = 1 / np.arange(1, count + 1) ** 0.7
        codes[:, place] = random.choice(count, rows, p=weights / weights.sum())
    return numbers, scores, codes


def _rate(work: object, seconds: float) -> float:
    """Rows per second of CPU time."""
    done, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds or not done:
        work()  # type: ignore[operator]
        done += BLOCK * BLOCKS
    return done / spent
