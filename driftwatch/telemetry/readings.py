"""Statistics of the last readings as metric families, under a hard limit of series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from driftwatch.drift.catalogue import CATALOGUE, STATISTICS
from driftwatch.drift.reading import Floats, Reading
from driftwatch.drift.statistic import Statistic
from driftwatch.monitor.snapshot import Snapshot
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.cells import cell_families, cell_series
from driftwatch.telemetry.series import Family, Sample
from driftwatch.telemetry.text import label_value


@dataclass(frozen=True, slots=True)
class Kept:
    """A reading of which the first `rows` slices are shown."""

    reading: Reading
    rows: int
    cells: bool = False
    """Whether its cell shares and reliability diagram are shown too."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shown under the limit; series are counted as declared, so that a NaN moves nothing else in or out."""

    kept: tuple[Kept, ...]
    series: int
    folded: int
    limit: int
    fields: tuple[str, ...] = ()
    """Patterns of the fields whose cell shares are asked for."""


def readings(snapshot: Snapshot) -> tuple[Reading, ...]:
    """The last readings in the order model, version, stream, window."""
    return tuple(
        reading
        for _, model in sorted(snapshot.models.items())
        for _, version in sorted(model.versions.items())
        for _, reading in sorted(version.readings.items())
    )


def select(shown: Sequence[Reading], limit: int, fields: Sequence[str] = ()) -> Selection:
    """Row 0 (`all`) of every reading first, then row 1, …; it ends at the first row that would pass the limit.

    What room is left then goes to cells, reading by reading: a picture never pushes out a statistic.
    """
    costs = [series_per_row(reading) for reading in shown]
    sizes = [len(reading.events) for reading in shown]
    rows = [0] * len(shown)
    series = 0
    for row, place in sorted((row, i) for i, size in enumerate(sizes) for row in range(size)):
        if series + costs[place] > limit:
            break
        rows[place] = row + 1
        series += costs[place]
    declared = sum(cost * size for cost, size in zip(costs, sizes, strict=True))
    kept: list[Kept] = []
    for reading, count in zip(shown, rows, strict=True):
        cells = cell_series(reading.layout.part(reading.stream), fields)
        room = count > 0 and series + cells <= limit
        kept.append(Kept(reading, count, room))
        declared += cells
        series += cells if room else 0
    return Selection(tuple(kept), series, declared - series, limit, tuple(fields))


def series_per_row(reading: Reading) -> int:
    """Series that one slice of this reading can have; `driftwatch_window_events` is one of them."""
    return 1 + sum(
        len(estimate.fields) * len(c.statistic_metrics(STATISTICS[name]))
        for name, estimate in reading.estimates.items()
    )


def window_families(selection: Selection) -> Iterator[Family]:
    """Window sizes, cells, the limit, and one family per statistic and bound."""
    kept = selection.kept
    yield Family.of(c.WINDOW_EVENTS, _events(kept))
    yield Family.of(
        c.WINDOW_END,
        (
            ((*_names(k.reading), label_value(k.reading.window)), k.reading.end_ms / 1_000)
            for k in kept
            if k.rows
        ),
    )
    yield from cell_families([k.reading for k in kept if k.cells], selection.fields)
    yield Family.one(c.SERIES, selection.series)
    yield Family.one(c.SERIES_LIMIT, selection.limit)
    yield Family.one(c.SERIES_FOLDED, selection.folded)
    for statistic in CATALOGUE:
        yield from _statistic(statistic, kept)


def _events(kept: Sequence[Kept]) -> Iterator[tuple[tuple[str, ...], float]]:
    for k in kept:
        names, window = _names(k.reading), label_value(k.reading.window)
        slices = k.reading.layout.slices.rows[: k.rows]
        for slice_, count in zip(slices, k.reading.events.tolist(), strict=False):
            yield (*names, label_value(slice_), window), float(count)


def _statistic(statistic: Statistic, kept: Sequence[Kept]) -> Iterator[Family]:
    for metric in c.statistic_metrics(statistic):
        bound = metric.name.removeprefix(statistic.metric).removeprefix("_") or "value"
        samples: list[Sample] = []
        for k in kept:
            if (estimate := k.reading.estimates.get(statistic.name)) is not None:
                values: Floats = getattr(estimate, bound)
                samples += _samples(metric.name, k, estimate.fields, values)
        yield Family(metric, samples)


def _samples(name: str, kept: Kept, fields: tuple[str, ...], values: Floats) -> Iterator[Sample]:
    """Finite values only: NaN means insufficient and shows no series (F9)."""
    names, window = _names(kept.reading), label_value(kept.reading.window)
    features = [label_value(field) for field in fields]
    for slice_, row in zip(kept.reading.layout.slices.rows[: kept.rows], values.tolist(), strict=False):
        shown = label_value(slice_)
        for feature, value in zip(features, row, strict=True):
            if isfinite(value):
                yield Sample(name, (*names, feature, shown, window), value)


def _names(reading: Reading) -> tuple[str, str, str]:
    return label_value(reading.model), label_value(reading.version), str(reading.stream)
