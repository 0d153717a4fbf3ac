"""Several logs as one stream in the order of event time, lazily, without changing the order inside any log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.records import RecordBatch
from driftwatch.source.files import sliced

NO_TIME_MS: Final = np.iinfo(np.int64).min
"""Stands for a record whose event time cannot be read, or must not move the stream."""

Times = Callable[[RecordBatch], NDArray[np.int64]]


class _Input:
    """One log with the part of its current batch that was not handed over, and its running maximum of event time."""

    def __init__(self, batches: Iterable[RecordBatch], times: Times) -> None:
        self._batches = iter(batches)
        self._times = times
        self._batch: RecordBatch | None = None
        self._reached = np.empty(0, np.int64)
        """Running maximum of event time at each record that is left."""
        self._maximum: int = NO_TIME_MS
        self._load()

    @property
    def next_ms(self) -> int | None:
        """Running maximum with the next record; None at the end of the log."""
        return None if self._batch is None else int(self._reached[0])

    def up_to(self, limit_ms: int) -> RecordBatch:
        """Records, at least one, up to the first that moves the running maximum beyond the limit or ends the batch."""
        assert self._batch is not None
        batch = self._batch
        count = max(1, int(np.searchsorted(self._reached, limit_ms, side="right")))
        if count >= len(batch):
            self._load()
            return batch
        self._batch, self._reached = sliced(batch, count, len(batch)), self._reached[count:]
        return sliced(batch, 0, count)

    def _load(self) -> None:
        self._batch = next((batch for batch in self._batches if len(batch)), None)
        if self._batch is not None:
            times_ms = np.maximum(self._times(self._batch), self._maximum)
            self._reached = np.maximum.accumulate(times_ms)
            self._maximum = int(self._reached[-1])


def in_time_order(
    inputs: Sequence[Iterable[RecordBatch]], times: Times, span_ms: int
) -> Iterator[RecordBatch]:
    """Hand over the batches of all inputs so that no input runs ahead of another by more than `span_ms`.

    `times` gives the event times of a batch, int64[n] milliseconds, `NO_TIME_MS` for records without one; `span_ms`
    is at least 0 (one pane is a good value). Always the input that is furthest behind goes on (ties: the earlier in
    the sequence), and stops at its first record beyond the next input's running maximum + `span_ms`; batches are cut
    there. One batch per input is held. Empty batches are left out.
    """
    open_inputs = [_Input(batches, times) for batches in inputs]
    while waiting := [one for one in open_inputs if one.next_ms is not None]:
        behind, *others = sorted(waiting, key=_next_ms)  # a stable sort
        limit_ms = _next_ms(others[0]) + span_ms if others else np.iinfo(np.int64).max
        yield behind.up_to(min(limit_ms, np.iinfo(np.int64).max))


def _next_ms(one: _Input) -> int:
    assert one.next_ms is not None
    return one.next_ms
