"""The banks of evidence of one model version, designed from its reference and the settings; pure and repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.evidence import labels as labels_of
from driftwatch.evidence.aged import AgedObserver, Counter, learn_spread
from driftwatch.evidence.bank import Observer
from driftwatch.evidence.baseline import PaneShares, learn
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import ShareMap, Watch, watches
from driftwatch.evidence.odds import BOTH, UP
from driftwatch.evidence.shares import ShareObserver
from driftwatch.evidence.spec import EvidenceSpec, ToleranceSpec
from driftwatch.references.reference import Reference, ReferencePanes
from driftwatch.summaries.layout import Part, Task
from driftwatch.summaries.patterns import matching

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """What a bank observes, of which stream, and how its watches are called."""

    stream: Stream
    observer: Observer
    fields: tuple[str, ...]
    """Field of each watch."""
    indicators: tuple[str, ...]
    """Text of each indicator."""
    learned: NDArray[np.bool_]
    """bool[rows, watches]: whether clumping comes from the reference's panes."""


def designs(reference: Reference, spec: EvidenceSpec) -> tuple[Design, ...]:
    """Banks by stream: fields of predictions and features; of labels their delay first, then errors and calibration."""
    found: list[Design] = []
    for part in reference.layout.parts:
        if part.stream is Stream.LABELS:
            found += _label_designs(reference, part, spec)
        else:
            watched = [_marked(w, spec) for w in watches(part, reference.totals[part.stream][0])]
            found += _shares(reference, part, watched, spec.tolerance, None)
    return tuple(found)


def _marked(watch: Watch, spec: EvidenceSpec) -> Watch:
    """Distributions that the user wants to be paged for."""
    if watch.group is Group.QUALITY or not matching(spec.page, [watch.field])[0]:
        return watch
    return replace(watch, group=Group.MARKED)


def _shares(
    reference: Reference, part: Part, watched: list[Watch], tolerance: ToleranceSpec, columns: Ints | None
) -> Iterator[Design]:
    if not watched:
        return
    shares = ShareMap(watched)
    panes = reference.panes[part.stream]
    pick = slice(None) if columns is None else columns

    def counted() -> Iterator[PaneShares]:
        for start_ms, rows, matrix in rows_of(panes, part.columns):
            yield PaneShares(start_ms, rows, *shares.count(matrix[:, pick]))

    totals = shares.count(reference.totals[part.stream][:, pick])
    smallest = np.array([_smallest(watch, tolerance) for watch in watched])
    baseline = learn(shares.starts, len(shares.indicators), totals, smallest, counted, panes.width_ms)
    observer = ShareObserver(shares, baseline, tuple(w.group for w in watched), columns)
    yield Design(
        part.stream,
        observer,
        tuple(watch.field for watch in watched),
        tuple(indicator.text for indicator in shares.indicators),
        baseline.spread.learned,
    )


def _smallest(watch: Watch, tolerance: ToleranceSpec) -> float:
    if watch.group is Group.QUALITY:
        return tolerance.inputs if watch.field == labels_of.DELAY else tolerance.quality
    return tolerance.scores if watch.field in ("score", "decision") else tolerance.inputs


def _label_designs(reference: Reference, part: Part, spec: EvidenceSpec) -> Iterator[Design]:
    columns = labels_of.delay_columns(part)
    if len(columns):
        delay = labels_of.delay_watch(reference.layout, len(columns))
        yield from _shares(reference, part, [delay], spec.tolerance, columns)
    quality = labels_of.quality_watch(part)
    if quality is not None:
        yield from _shares(reference, part, [quality], spec.tolerance, None)
    errors = labels_of.ErrorCounter.of(reference.layout, part)
    if errors is not None:
        counts = errors(reference.totals[part.stream])
        rows = len(counts.events)
        smallest = np.full((rows, 1), spec.tolerance.accuracy)
        if reference.layout.task is Task.REGRESSION:
            events = np.maximum(counts.events.sum(axis=(1, 2)), 1)
            smallest = (spec.tolerance.error * counts.hits.sum(axis=(1, 2)) / events)[:, None]
        yield _aged(reference, part, Group.PERFORMANCE, labels_of.ERROR, UP, errors, smallest, ("errors",))
    calibration = labels_of.CalibrationCounter.of(part)
    if calibration is not None:
        rows = len(reference.layout.slices.rows)
        smallest = np.full((rows, 1), spec.tolerance.calibration)
        cells = calibration.cells
        names = (*(f"score {i / cells:.2g}–{(i + 1) / cells:.2g}" for i in range(cells)), "all scores")
        yield _aged(
            reference, part, Group.CALIBRATION, labels_of.CALIBRATION, BOTH, calibration, smallest, names
        )


def _aged(
    reference: Reference,
    part: Part,
    group: Group,
    name: str,
    steps: tuple[float, ...],
    count: Counter,
    smallest: Floats,
    indicators: tuple[str, ...],
) -> Design:
    panes = reference.panes[part.stream]
    totals = count(reference.totals[part.stream])
    spread = learn_spread(totals, count, rows_of(panes, part.columns), panes.width_ms, smallest)
    observer = AgedObserver(group, steps, count, totals, spread)
    return Design(part.stream, observer, (name,), indicators, spread.learned)


def rows_of(panes: ReferencePanes, columns: int) -> Iterator[tuple[int, Ints, Ints]]:
    """Each pane in the order of time: its start, the rows that hold anything, and their counts int64[rows, columns]."""
    for k, start_ms in enumerate(panes.times_ms.tolist()):
        part = slice(int(panes.starts[k]), int(panes.starts[k + 1]))
        rows, places = np.divmod(panes.cells[part], columns)
        present, index = np.unique(rows, return_inverse=True)
        matrix = np.zeros((len(present), columns), np.int64)
        matrix[index, places] = panes.counts[part]
        yield start_ms, present, matrix
