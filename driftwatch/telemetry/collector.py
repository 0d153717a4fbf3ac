"""The custom prometheus_client collector over the last picture, and the cached scrape that is served (P8)."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import Metric as ClientMetric
from prometheus_client.registry import Collector

from driftwatch.drift.reading import Reading
from driftwatch.telemetry.board import Board, Picture
from driftwatch.telemetry.catalogue import PROCESS
from driftwatch.telemetry.exposition import END, Format, render
from driftwatch.telemetry.flow import (
    delivery_families,
    fact_families,
    flow_families,
    health_families,
    verdict_families,
)
from driftwatch.telemetry.readings import Selection, readings, select, window_families
from driftwatch.telemetry.series import Family, Sample

FRESH_S: Final = 1.0
"""A scrape of the same commit is served again for this long, so that many scrapers cost as much as one."""
_GZIP_LEVEL: Final = 1


class Scrape(NamedTuple):
    """A rendered exposition."""

    body: bytes
    content_type: str
    gzipped: bool


class PictureCollector(Collector):
    """Yields every family of the catalogue from the board's last picture; a vanished slice vanishes by itself."""

    def __init__(
        self,
        board: Board,
        max_series: int,
        clock: Callable[[], float] = time.monotonic,
        cell_shares: Sequence[str] = (),
    ) -> None:
        """`cell_shares`: patterns of the fields whose cell shares are shown."""
        self._board = board
        self._max_series = max_series
        self._cell_shares = tuple(cell_shares)
        self._clock = clock
        self._process = ProcessCollector(registry=CollectorRegistry())
        self._selection: tuple[tuple[Reading, ...], Selection] | None = None

    @property
    def picture(self) -> Picture:
        """The board's last picture."""
        return self._board.picture

    def select(self, picture: Picture) -> Selection:
        """What of the readings is shown; the same object until a reading changes."""
        shown = readings(picture.snapshot)
        if self._selection is None or self._selection[0] != shown:
            self._selection = (shown, select(shown, self._max_series, self._cell_shares))
        return self._selection[1]

    def changing(self, picture: Picture) -> list[Family]:
        """Families that change with every commit or second."""
        return [
            *verdict_families(picture.snapshot),
            *flow_families(picture.snapshot, picture.health),
            *delivery_families(picture.health),
            *health_families(picture.snapshot.sequence, picture.health, picture.counts, self._clock()),
            *fact_families(picture.counts),
            *self._process_families(),
        ]

    def collect(self) -> Iterator[ClientMetric]:
        """All families as prometheus_client's own."""
        picture = self.picture
        for family in [*window_families(self.select(picture)), *self.changing(picture)]:
            metric = family.metric
            made = ClientMetric(metric.family, metric.help, str(metric.type), metric.open_metrics_unit)
            for name, labels, value in family.samples:
                made.add_sample(name, dict(zip(family.label_names, labels, strict=False)), value)
            yield made

    def _process_families(self) -> Iterator[Family]:
        """Empty where there is no /proc."""
        values = {sample.name: sample.value for found in self._process.collect() for sample in found.samples}
        for metric in PROCESS:
            if metric.name in values:
                yield Family(metric, [Sample(metric.name, (), values[metric.name])])


class Scrapes:
    """Serves scrapes: statistics are written again only when a reading changed, all else at most once a second."""

    def __init__(self, collector: PictureCollector, clock: Callable[[], float] = time.monotonic) -> None:
        self._collector = collector
        self._clock = clock
        self._statistics: dict[Format, tuple[Selection, bytes]] = {}
        self._made: dict[tuple[Format, bool], tuple[int, float, bytes]] = {}

    def scrape(self, format_: Format, gzipped: bool) -> Scrape:
        """All values from one commit."""
        now_s = self._clock()
        picture = self._collector.picture
        made = self._made.get((format_, gzipped))
        if made is None or made[0] != picture.snapshot.sequence or now_s - made[1] >= FRESH_S:
            made = (picture.snapshot.sequence, now_s, self._render(picture, format_, gzipped))
            self._made[format_, gzipped] = made
        return Scrape(made[2], format_.value, gzipped)

    def _render(self, picture: Picture, format_: Format, gzipped: bool) -> bytes:
        end = END if format_ is Format.OPEN_METRICS else b""
        body = (
            self._statistic_lines(picture, format_) + render(self._collector.changing(picture), format_) + end
        )
        return gzip.compress(body, _GZIP_LEVEL, mtime=0) if gzipped else body

    def _statistic_lines(self, picture: Picture, format_: Format) -> bytes:
        selection = self._collector.select(picture)
        known = self._statistics.get(format_)
        if known is None or known[0] is not selection:
            known = (selection, render(window_families(selection), format_))
            self._statistics[format_] = known
        return known[1]
