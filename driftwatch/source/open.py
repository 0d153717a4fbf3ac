"""Picks the edge that a configuration asks for."""

from __future__ import annotations

from driftwatch.events.source import Source
from driftwatch.source.spec import Client, KafkaSpec


def open_source(spec: KafkaSpec, owner: str) -> Source:
    """The configured edge to Kafka; `owner` is the id of the state directory, the group instance id (E16).

    Nothing is connected before the first call. Raises SourceError if the client's library is not installed.
    """
    if spec.client is Client.CONFLUENT:
        from driftwatch.source.confluent import ConfluentSource

        return ConfluentSource(spec, owner)
    from driftwatch.source.kafka_python import KafkaPythonSource

    return KafkaPythonSource(spec, owner)
