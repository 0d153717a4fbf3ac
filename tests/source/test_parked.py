"""A partition that was paused in the middle of its records goes on after its resume, whatever the others do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from driftwatch.events.records import Partition
from driftwatch.source import kafka_python, slab
from driftwatch.source.parked import clear_slot
from tests.contracts.edges import KafkaEdge, Reader
from tests.integration.broker import Broker


@pytest.mark.parametrize(("slot", "left"), [(None, None), ([], None), (["records"], ["records"])])
def test_only_an_empty_slot_is_cleared(slot: Any, left: Any) -> None:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_next_partition_records=slot))
    clear_slot(consumer)
    assert consumer._fetcher._next_partition_records == left


def test_a_client_without_slot_is_left_alone() -> None:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace())
    clear_slot(consumer)
    assert vars(consumer._fetcher) == {}


@pytest.mark.broker
@pytest.mark.parametrize("fast", [True, False])
def test_parked_records_are_taken_up_when_all_others_stand_still(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    """
    One poll hands over one batch of records
    first   ▮ pause … resume ▮▮   parked meanwhile
    second    ▮▮▮ pause           fills the slot, uses it up, and stands still
    """
    monkeypatch.setattr(slab, "SLAB_BYTES", 1)
    monkeypatch.setattr(kafka_python, "SLABS_PER_POLL", 1)
    monkeypatch.setattr(kafka_python, "RECORDS_PER_POLL", 1)
    edge = KafkaEdge(kafka, fast_path=fast)
    topic = edge.topic(partitions=2)
    for value in (b"a", b"b", b"c"):
        for number in (0, 1):
            edge.produce(topic, number, [value])  # a batch of its own
    source = edge.source()
    source.start([topic], {})
    reader = Reader(source, {})
    reader.until_rows(1)
    (first,) = reader.rows
    (second,) = {Partition(topic, 0), Partition(topic, 1)} - {first}
    source.pause({first})
    reader.until(lambda: len(reader.rows.get(second, ())) == 3, "all of the second partition")
    reader.poll()  # only now the client sees that nothing is left of it
    source.pause({second})
    reader.until(lambda: len(reader.rows[first]) == 3, "the rest of the first partition")
    edge.close()
