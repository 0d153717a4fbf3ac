"""Which shares are watched: every indicator is a sum of neighbouring matrix columns, made once per layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.groups import Group
from driftwatch.summaries.layout import Field, FieldKind, Part, is_output

Ints = NDArray[np.int64]

_ATOM: Final = 0.05
"""Reference share from which an atom is bet on by itself."""
_DECILES: Final = tuple(k / 10 for k in range(1, 10))
_TAILS: Final = (0.01, 0.99)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One share: events in the columns of `spans` among those in `whole`."""

    text: str
    """For people, such as `<= 10.5`, `= red`, `missing`."""
    spans: tuple[tuple[int, int], ...]
    """One or two ranges of columns [start, stop)."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One field under one aspect: a stream of evidence in every slice, whose bets share one average."""

    field: str
    group: Group
    whole: tuple[int, int]
    """Columns [start, stop) whose sum is the number of events."""
    indicators: tuple[Indicator, ...]


def watches(part: Part, reference: Ints) -> tuple[Watch, ...]:
    """The shares to watch in a part of predictions or features; `reference` int64[columns] is all of its traffic.

    Indicators of STATISTICS, section 4: of numbers the layout edges nearest the deciles (scores also 1 % and 99 %) and
    heavy atoms, of categories each kept one and the rest; beside them missing, invalid and never seen values.
    """
    found: list[Watch] = []
    for field in part.fields:
        valid = (field.start, field.start + field.cells)
        values = _numeric(field, reference) if field.kind is FieldKind.NUMERIC else _categorical(field)
        group = Group.SCORES if is_output(field.name) else Group.INPUTS
        if values and reference[slice(*valid)].any():
            found.append(Watch(field.name, group, valid, tuple(values)))
        found.append(
            Watch(field.name, Group.QUALITY, (field.start, field.stop), tuple(_quality(field, reference)))
        )
    return tuple(found)


def _numeric(field: Field, reference: Ints) -> Iterator[Indicator] | list[Indicator]:
    counts = reference[field.start : field.start + field.cells]
    total = int(counts.sum())
    if not total or not field.edges:
        return []
    below = np.cumsum(counts)[:-1] / total  # share at or below each edge
    levels = (*_DECILES, *_TAILS) if is_output(field.name) else _DECILES
    nearest = {int(np.abs(below - level).argmin()) for level in levels}
    edges = [
        Indicator(f"<= {field.edges[i]:.4g}", ((field.start, field.start + i + 1),))
        for i in sorted(nearest)
        if 0 < below[i] < 1
    ]
    atoms = [
        Indicator(f"= {field.edges[i]:.4g}", ((field.start + i, field.start + i + 1),))
        for i in range(len(field.edges))
        if field.atoms[i] and counts[i] >= _ATOM * total
    ]
    return edges + atoms


def _categorical(field: Field) -> list[Indicator]:
    names = [f"= {name}" for name in field.categories] + ["any other"]
    return [Indicator(name, ((field.start + i, field.start + i + 1),)) for i, name in enumerate(names)]


def _quality(field: Field, reference: Ints) -> Iterator[Indicator]:
    yield Indicator("missing", ((field.missing, field.missing + 1),))
    yield Indicator("invalid", ((field.invalid, field.invalid + 1),))
    last = field.start + field.cells - 1
    if field.kind is FieldKind.NUMERIC and field.edges:
        yield Indicator("out of range", ((field.start, field.start + 1), (last, last + 1)))
    elif field.kind is FieldKind.CATEGORICAL and not reference[last]:
        yield Indicator("never seen", ((last, last + 1),))


class ShareMap:
    """Counts of all indicators of all watches at once, by differences of running sums over the columns."""

    def __init__(self, watched: Sequence[Watch]) -> None:
        self.watches = tuple(watched)
        sizes = [len(watch.indicators) for watch in watched]
        self.starts: Ints = np.cumsum([0, *sizes])[:-1].astype(np.int64)
        """int64[watches]: first indicator of each watch."""
        self.of: Ints = np.repeat(np.arange(len(sizes)), sizes)
        """int64[indicators]: the watch of each."""
        indicators = [i for watch in watched for i in watch.indicators]
        self.indicators = tuple(indicators)
        self._first = _bounds(i.spans[0] for i in indicators)
        self._second = _bounds(i.spans[-1] if len(i.spans) > 1 else (0, 0) for i in indicators)
        self._whole = _bounds(watch.whole for watch in watched)

    def slice(self, watch: int) -> slice:
        """The indicators of a watch."""
        start = int(self.starts[watch])
        return slice(start, start + len(self.watches[watch].indicators))

    def count(self, matrix: Ints) -> tuple[Ints, Ints]:
        """Of int64[rows, columns]: events with each indicator [rows, indicators] and events of each watch [rows, watches]."""
        running = np.zeros((len(matrix), matrix.shape[1] + 1), np.int64)
        np.cumsum(matrix, axis=1, out=running[:, 1:])
        hits = _between(running, self._first)
        hits += _between(running, self._second)
        return hits, _between(running, self._whole)


def _bounds(spans: Iterable[tuple[int, int]]) -> Ints:
    return np.array(list(spans), np.int64).reshape(-1, 2)


def _between(running: Ints, bounds: Ints) -> Ints:
    return running.take(bounds[:, 1], axis=1) - running.take(bounds[:, 0], axis=1)
