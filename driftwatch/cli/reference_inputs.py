"""Where the accepted records of a reference come from: files by their ending, or `kafka:TOPIC`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from driftwatch.errors import SourceError
from driftwatch.events.classes import Stream
from driftwatch.events.iso import BAD_TIME, parse_iso_ms
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.files import FileStream
from driftwatch.source.spec import KafkaSpec

KAFKA = "kafka:"
Advance = Callable[[int], None]
"""Told how many more bytes of a file were read."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which records of a topic are taken, by their timestamps: `from_ms` ≤ t < `to_ms`; None is open."""

    from_ms: int | None = None
    to_ms: int | None = None


class Inputs:
    """The records of every given stream, as often as they are asked for."""

    def __init__(
        self,
        given: Mapping[Stream, str],
        topics: Mapping[Stream, str],
        kafka: KafkaSpec,
        span: Span | None = None,
    ) -> None:
        """`given` is a path, `kafka:` or `kafka:TOPIC` per stream; `topics` are the configured ones.

        Raises SourceError where a file is not there or of no known kind.
        """
        self._given, self._topics, self._kafka, self._span = given, topics, kafka, span or Span()
        self._bounds: dict[str, Mapping[Partition, tuple[int, int]]] = {}
        files = [self._file(stream) for stream in given if not self._from_kafka(stream)]
        self.total_bytes = sum(file.progress.total_bytes for file in files)
        """Bytes of all files; a topic's are not known."""
        self.told = ", ".join(dict.fromkeys(self._name(stream) for stream in given))
        """From what the reference is built, for people."""

    def batches(self, advance: Advance) -> Iterator[tuple[Stream, RecordBatch]]:
        """All records, stream by stream; raises SourceError where they cannot be read."""
        for stream in self._given:
            for batch in self._records(stream, advance):
                yield stream, batch

    def _records(self, stream: Stream, advance: Advance) -> Iterator[RecordBatch]:
        if self._from_kafka(stream):
            return self._range(self._topic(stream))
        return _watched(self._file(stream), advance)

    def _range(self, topic: str) -> Iterator[RecordBatch]:
        """A topic's records up to the end that it had when it was first asked, so that every pass sees the same."""
        from driftwatch.source.topic_range import TopicRange

        span, known = self._span, self._bounds.get(topic)
        with closing(
            TopicRange(self._kafka, topic, from_ms=span.from_ms, to_ms=span.to_ms, offsets=known)
        ) as records:
            self._bounds[topic] = records.bounds
            for partition in records.partitions():
                yield from partition

    def _file(self, stream: Stream) -> FileStream:
        return FileStream(self._topics[stream], Path(self._given[stream]))

    def _from_kafka(self, stream: Stream) -> bool:
        return self._given[stream].startswith(KAFKA)

    def _topic(self, stream: Stream) -> str:
        return self._given[stream].removeprefix(KAFKA) or self._topics[stream]

    def _name(self, stream: Stream) -> str:
        return f"topic {self._topic(stream)}" if self._from_kafka(stream) else self._given[stream]


def _watched(file: FileStream, advance: Advance) -> Iterator[RecordBatch]:
    before = 0
    for batch in file:
        advance(file.progress.read_bytes - before)
        before = file.progress.read_bytes
        yield batch
    advance(file.progress.total_bytes - before)


def moment_ms(text: str | None) -> int | None:
    """Milliseconds of an ISO 8601 text; ValueError that says how to write one."""
    if text is None:
        return None
    time_ms = parse_iso_ms(text)
    if time_ms == BAD_TIME:
        raise ValueError(f"{text!r} is not a moment; write one such as 2024-01-01T00:00:00Z")
    return time_ms


def streams_of(predictions: str, features: str | None, labels: str | None) -> dict[Stream, str]:
    """The given inputs by stream."""
    given = {Stream.PREDICTIONS: predictions, Stream.FEATURES: features, Stream.LABELS: labels}
    return {stream: text for stream, text in given.items() if text is not None}


def check_streams(given: Mapping[Stream, str], topics: Mapping[Stream, str], model: str) -> None:
    """SourceError where an input is given for a stream that the model does not have, or features are missing."""
    for stream in given:
        if stream not in topics:
            raise SourceError(
                f"model {model!r} has no stream of {stream}: leave --{stream} out, or configure it"
            )
    if Stream.FEATURES in topics and Stream.FEATURES not in given:
        raise SourceError(
            f"model {model!r} has features in a stream of their own: name their file with --features"
        )
