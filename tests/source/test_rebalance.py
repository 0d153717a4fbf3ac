"""What the listener does on the client's own thread: seek, pause, flags."""

from __future__ import annotations

from typing import Any

from driftwatch.events.records import Partition
from driftwatch.source.kafka_library import TopicPartition
from driftwatch.source.rebalance import Dealt, SeekToCommit


class Consumer:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


def test_seeks_to_the_last_commit_and_pauses_before_any_record() -> None:
    consumer = Consumer()
    listener = SeekToCommit(consumer, {Partition("t", 0): 5})
    listener.committed = {Partition("t", 0): 7}  # as `commit` does
    old, new = TopicPartition("t", 0), TopicPartition("t", 1)
    listener.on_partitions_revoked({old})
    listener.on_partitions_assigned([old, new])
    assert consumer.calls == [("seek", old, 7), ("pause", old), ("seek_to_beginning", new), ("pause", new)]
    assert listener.take() == Dealt(frozenset({Partition("t", 0), Partition("t", 1)}), lost=False)
    assert listener.take() == Dealt(None, lost=False)


def test_a_loss_stays_until_it_is_taken() -> None:
    listener = SeekToCommit(Consumer(), {})
    listener.on_partitions_lost([TopicPartition("t", 0)])
    listener.on_partitions_assigned([])
    assert listener.take() == Dealt(frozenset(), lost=True)
