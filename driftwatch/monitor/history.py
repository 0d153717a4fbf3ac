"""What all traffic of a version showed over event time: a short past of its windows and verdicts, for timelines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
import numpy as np

from driftwatch.drift.reading import Estimate, Floats, Reading
from driftwatch.events.classes import Stream
from driftwatch.monitor.snapshot import EvidenceView, Line
from driftwatch.verdicts.verdict import CODE, VERDICTS, Verdict

POINTS_MAX: Final = 288
"""Points of a line, the last ones: a day of panes of 5 minutes, twelve days of hours."""
LINES_MAX: Final = 64
"""Lines of a model; those that ended first go first."""
WATCHED: Final[dict[Stream, tuple[str, ...]]] = {
    Stream.PREDICTIONS: ("psi", "event_ratio"),
    Stream.FEATURES: ("psi",),
    Stream.LABELS: (
        "accuracy",
        "auc",
        "macro_f1",
        "mae",
        "rmse",
        "calibration_error",
        "brier_score",
        "label_coverage",
    ),
}
"""Statistics of which the past is kept, where they are computed; of one by field its greatest value."""


class HistoryState(msgspec.Struct):
    """What the checkpoint holds."""

    lines: list[Line] = []


class History:
    """Grows with every window that is read; follows from the logs and the journal like everything in the core."""

    def __init__(self, state: HistoryState) -> None:
        self._lines = {(line.version, line.stream, line.window): line for line in state.lines}
        self._bytes: bytes | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, by version, stream and window."""
        return tuple(line for _, line in sorted(self._lines.items()))

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What was said last of each version."""
        own = (line for line in self._lines.values() if not line.window)
        return {line.version: VERDICTS[line.verdicts[-1]] for line in own}

    def said(self, version: str, windows: Collection[str]) -> list[Verdict]:
        """What the rules said last of each of these windows of a version."""
        lines = (line for line in self._lines.values() if line.version == version and line.window in windows)
        return [VERDICTS[line.verdicts[-1]] for line in lines]

    def read(self, reading: Reading, verdict: Verdict) -> None:
        """A window ended; `verdict`: what its rules say of it."""
        names = tuple(name for name in WATCHED[reading.stream] if name in reading.estimates)
        numbers = np.array([_whole(reading.estimates[name]) for name in names], np.float64)
        line = Line(reading.version, reading.stream.value, reading.window, names)
        self._add(line, reading.end_ms, int(reading.events[0]), verdict, numbers)

    def judged(
        self, version: str, end_ms: int, verdict: Verdict, evidence: Iterable[EvidenceView] = ()
    ) -> None:
        """What is said of the whole version at this event time; of each group's evidence the greatest and its limit."""
        views = tuple(evidence)
        greatest = [float(np.fmax.reduce(view.logs, axis=None, initial=-np.inf)) for view in views]
        numbers = [
            (log, log, view.log_limit) if np.isfinite(log) else (np.nan,) * 3
            for log, view in zip(greatest, views, strict=True)
        ]
        line = Line(version, "", "", tuple(view.group for view in views))
        self._add(line, end_ms, 0, verdict, np.array(numbers, np.float64))

    def encoded(self) -> bytes:
        """As it stands in the checkpoint."""
        if self._bytes is None:
            self._bytes = msgspec.msgpack.encode(HistoryState(list(self.lines)))
        return self._bytes

    def _add(self, new: Line, end_ms: int, events: int, verdict: Verdict, numbers: Floats) -> None:
        self._bytes = None
        key = (new.version, new.stream, new.window)
        line = self._lines.get(key, new)
        if line.names != new.names:  # other statistics are asked for: what was is of another line
            line = new
        self._lines[key] = _appended(line, end_ms, events, CODE[verdict], numbers)
        if len(self._lines) > LINES_MAX:
            oldest = min(self._lines.items(), key=lambda item: (int(item[1].ends_ms[-1]), item[0]))
            del self._lines[oldest[0]]


def _whole(estimate: Estimate) -> tuple[float, float, float]:
    """Value, lower and upper of all traffic; of several fields those of the greatest value."""
    values = estimate.value[0]
    if not np.isfinite(values).any():
        return np.nan, np.nan, np.nan
    column = int(np.nanargmax(values))
    return float(values[column]), float(estimate.lower[0, column]), float(estimate.upper[0, column])


def _appended(line: Line, end_ms: int, events: int, verdict: int, numbers: Floats) -> Line:
    """With one more point. Streams close apart, so time may stand still or step back: then the last point gives way."""
    ends, counts, verdicts, past = line.ends_ms, line.events, line.verdicts, line.numbers
    kept = len(ends)
    if kept and end_ms <= ends[-1]:
        end_ms, kept = int(ends[-1]), kept - 1
    last = slice(-POINTS_MAX, None)
    return line.of(
        np.append(ends[:kept], end_ms)[last],
        np.append(counts[:kept], events)[last],
        np.append(verdicts[:kept], np.int8(verdict))[last],
        np.concatenate([past[:kept], numbers.reshape(1, len(line.names), 3)])[last],
    )
