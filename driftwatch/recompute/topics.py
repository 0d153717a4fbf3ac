"""Kafka's topics between offsets, as a recomputation reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.cluster import Cluster
from driftwatch.source.failures import AwayError, KafkaError
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.topic_range import TopicRange


class Topics:
    """Opens ranges of topics; `close` ends all of them."""

    def __init__(self, spec: KafkaSpec) -> None:
        self._spec = spec
        self._ranges: list[TopicRange] = []

    def earliest(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset that each partition still has. Raises SourceError where the brokers cannot say."""
        cluster = Cluster(self._spec)
        try:
            bounds = cluster.bounds(sorted({partition.topic for partition in partitions}))
        except (AwayError, KafkaError) as error:
            servers = ", ".join(self._spec.bootstrap_servers)
            raise SourceError(f"Kafka at {servers} does not answer: {error}") from error
        finally:
            cluster.close()
        return {partition: first for partition, (first, _) in bounds.items()}

    def open(self, bounds: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, Iterator[RecordBatch]]:
        """Iterators over the partitions between (first, end) offsets. Raises SourceError where records are gone."""
        found: dict[Partition, Iterator[RecordBatch]] = {}
        for topic in sorted({partition.topic for partition in bounds}):
            wanted = {p: range_ for p, range_ in bounds.items() if p.topic == topic}
            opened = TopicRange(self._spec, topic, offsets=wanted)
            self._ranges.append(opened)
            self._demand(opened, wanted)
            found |= dict(zip(sorted(opened.bounds), opened.partitions(), strict=True))
        return found

    def close(self) -> None:
        """End all reads."""
        while self._ranges:
            self._ranges.pop().close()

    def _demand(self, opened: TopicRange, wanted: Mapping[Partition, tuple[int, int]]) -> None:
        for partition, (first, end) in sorted(wanted.items()):
            earliest, last = opened.retained.get(partition, (0, 0))
            if earliest > first:
                raise SourceError(
                    f"{partition.topic}-{partition.number}: counting began at offset {first}, and the topic's first record is now "
                    f"{earliest}: what is gone cannot be checked; keep a topic as long as it is to be provable"
                )
            if last < end:
                raise SourceError(
                    f"{partition.topic}-{partition.number} ends at {last}, below the counted offset {end}: it was made anew"
                )
