"""One contract for every source: memory, kafka-python stock and slab, confluent, each against its cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from driftwatch.errors import FencedError, SourceError
from driftwatch.events.records import Partition
from driftwatch.events.source import Standing
from driftwatch.source import kafka_client
from driftwatch.source.cluster import Cluster
from driftwatch.source.spec import Client
from tests.contracts.edges import Edge, KafkaEdge, MemoryEdge, Reader
from tests.integration.broker import Broker

KAFKA = {
    "stock": {"fast_path": False},
    "slab": {"fast_path": True},
    "confluent": {"client": Client.CONFLUENT},
}


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.broker) for name in KAFKA)])
def edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    edge: Edge
    if request.param == "memory":
        edge = MemoryEdge()
    else:
        edge = KafkaEdge(request.getfixturevalue("kafka"), **KAFKA[request.param])
    yield edge
    edge.close()


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.broker) for name in KAFKA])
def kafka_edge(request: pytest.FixtureRequest) -> Iterator[KafkaEdge]:
    edge = KafkaEdge(request.getfixturevalue("kafka"), **KAFKA[request.param])
    yield edge
    edge.close()


def started(
    edge: Edge, topics: list[str], committed: dict[Partition, int] | None = None, **settings: object
) -> Reader:
    source = edge.source(**settings)
    source.start(topics, committed or {})
    reader = Reader(source, committed or {})
    reader.until(lambda: reader.assigned, "the assignment")
    return reader


# -- records ---------------------------------------------------------------------------------------


def test_hands_over_every_record_once_in_the_order_of_its_log(edge: Edge) -> None:
    topic = edge.topic(partitions=3)
    for number in range(3):
        edge.produce(topic, number, [b"%d-%d" % (number, n) for n in range(200)])
    reader = started(edge, [topic])
    assert reader.assigned == {Partition(topic, n) for n in range(3)}
    reader.until_rows(600)
    for number in range(3):
        assert reader.offsets(topic, number) == list(range(200))
        assert reader.values(topic, number) == [b"%d-%d" % (number, n) for n in range(200)]
    assert reader.positions == {Partition(topic, n): 200 for n in range(3)}


def test_reads_several_topics_and_what_comes_later(edge: Edge) -> None:
    one, two = edge.topic(), edge.topic(partitions=2)
    edge.produce(one, 0, [b"a"])
    reader = started(edge, [two, one])
    reader.until_rows(1)
    edge.produce(two, 1, [b"b"])
    reader.until_rows(2)
    assert (reader.values(one), reader.values(two, 1)) == ([b"a"], [b"b"])


def test_tells_an_empty_value_from_a_tombstone_and_ignores_keys_and_headers(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"", None, b"x", None, b""], timestamp_ms=1_700_000_000_123)
    reader = started(edge, [topic])
    reader.until_rows(5)
    assert reader.values(topic) == [b"", None, b"x", None, b""]
    assert reader.timestamps[Partition(topic, 0)] == [1_700_000_000_123] * 5


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_reads_every_codec_from_the_middle_of_a_batch(kafka_edge: KafkaEdge, compression: str) -> None:
    topic = kafka_edge.topic()
    values = [b"%d " % n * 40 for n in range(100)]
    kafka_edge.produce(topic, 0, values, compression=compression)
    reader = started(kafka_edge, [topic], {Partition(topic, 0): 37})
    reader.until_rows(63)
    assert reader.offsets(topic) == list(range(37, 100))
    assert reader.values(topic) == values[37:]


def test_hands_over_large_records(kafka_edge: KafkaEdge) -> None:
    topic = kafka_edge.topic()
    values = [bytes([n]) * 900_000 for n in range(6)]
    kafka_edge.produce(topic, 0, values)
    reader = started(kafka_edge, [topic], max_partition_fetch_bytes=65_536)
    reader.until_rows(6)
    assert reader.values(topic) == values


# -- transactions ----------------------------------------------------------------------------------


def test_hands_over_committed_transactions_only_and_moves_over_their_markers(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"a"])
    edge.transaction(topic, [b"lost 1", b"lost 2"], end="abort")
    edge.transaction(topic, [b"kept 1", b"kept 2"], end="commit")
    edge.produce(topic, 0, [b"b"])
    edge.transaction(topic, [b"lost 3"], end="abort")
    reader = started(edge, [topic])
    reader.until(
        lambda: reader.positions.get(Partition(topic, 0)) == 10, "the position behind the last marker"
    )
    assert reader.rows[Partition(topic, 0)] == [(0, b"a"), (4, b"kept 1"), (5, b"kept 2"), (7, b"b")]
    assert reader.source.standing() == {Partition(topic, 0): Standing(10, 10, 10)}


def test_holds_before_an_open_transaction(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"a"])
    edge.transaction(topic, [b"open"], end="open")
    edge.produce(topic, 0, [b"b"])
    reader = started(edge, [topic])
    reader.until_rows(1)
    for _ in range(3):
        reader.poll()
    assert reader.values(topic) == [b"a"]
    assert reader.source.standing() == {Partition(topic, 0): Standing(1, 1, 3)}


# -- offsets ---------------------------------------------------------------------------------------


def test_begins_at_our_offsets_and_never_at_kafkas(edge: Edge) -> None:
    topic = edge.topic(partitions=2)
    for number in range(2):
        edge.produce(topic, number, [b"%d" % n for n in range(10)])
    reader = started(edge, [topic])
    reader.until_rows(20)
    reader.commit()
    if edge.real:
        assert edge.written(topic) == {Partition(topic, 0): 10, Partition(topic, 1): 10}
    reader.source.start([topic], {Partition(topic, 0): 4})
    again = Reader(reader.source, {Partition(topic, 0): 4})
    again.until_rows(16)
    assert again.offsets(topic, 0) == list(range(4, 10))
    assert again.offsets(topic, 1) == list(range(10))  # no entry: from its first offset


def test_begins_at_the_end_if_told_so(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"old"])
    reader = started(edge, [topic], start_at="latest")
    edge.produce(topic, 0, [b"new"])
    reader.until_rows(1)
    assert reader.rows[Partition(topic, 0)] == [(1, b"new")]


def test_a_partition_that_was_added_begins_at_its_first_record_even_then_f30(edge: Edge) -> None:
    topic = edge.topic(2)
    edge.produce(topic, 0, [b"old", b"counted"])
    edge.produce(topic, 1, [b"of the added partition"])
    reader = started(edge, [topic], {Partition(topic, 0): 2}, start_at="latest")
    reader.until_rows(1)
    assert reader.rows[Partition(topic, 1)] == [(0, b"of the added partition")]
    assert reader.offsets(topic, 0) == []


def test_an_offset_that_is_not_in_the_log_is_refused(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"%d" % n for n in range(10)])
    reader = started(edge, [topic], {Partition(topic, 0): 500})
    with pytest.raises(SourceError, match="not in the log"):
        reader.until(lambda: False, "an error")


def test_an_offset_below_the_first_is_refused(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"%d" % n for n in range(10)])
    edge.trim(topic, 6)
    source = edge.source()
    assert source.bounds([topic]) == {Partition(topic, 0): (6, 10)}
    source.start([topic], {Partition(topic, 0): 3})
    reader = Reader(source, {Partition(topic, 0): 3})
    with pytest.raises(SourceError, match="not in the log"):
        reader.until(lambda: False, "an error")


def test_bounds(edge: Edge) -> None:
    topic = edge.topic(partitions=2)
    edge.produce(topic, 1, [b"a", b"b"])
    source = edge.source()
    assert source.bounds([topic]) == {Partition(topic, 0): (0, 0), Partition(topic, 1): (0, 2)}
    with pytest.raises(SourceError, match="no such topic: absent"):
        source.bounds([topic, "absent"])


def test_a_topic_that_does_not_exist_is_an_error_and_is_not_created(edge: Edge) -> None:
    topic = edge.topic()
    source = edge.source()
    source.start([topic, "absent"], {})
    reader = Reader(source, {})
    with pytest.raises(SourceError, match="no such topic: absent"):
        reader.until(lambda: False, "an error")
    with pytest.raises(SourceError, match="no such topic: absent"):
        source.bounds(["absent"])


def test_standing(edge: Edge) -> None:
    topic = edge.topic(partitions=2)
    edge.produce(topic, 0, [b"a", b"b", b"c"])
    reader = started(edge, [topic])
    reader.until_rows(3)
    edge.produce(topic, 1, [b"d"])
    assert reader.source.standing() == {
        Partition(topic, 0): Standing(3, 3, 3),
        Partition(topic, 1): Standing(0, 1, 1),
    }
    reader.until_rows(4)
    assert reader.source.standing()[Partition(topic, 1)] == Standing(1, 1, 1)
    assert reader.source.connected()


# -- pausing ---------------------------------------------------------------------------------------


def test_pauses_exactly_the_given_set(edge: Edge) -> None:
    topic = edge.topic(partitions=3)
    reader = started(edge, [topic])
    one, two, three = (Partition(topic, n) for n in range(3))
    reader.source.pause({one, two})
    for number in range(3):
        edge.produce(topic, number, [b"1"])
    reader.until(lambda: three in reader.rows, "the partition that is not paused")
    for _ in range(5):
        reader.poll()
    assert set(reader.rows) == {three}
    reader.source.pause({two})  # the whole set: the first goes on
    reader.until(lambda: one in reader.rows, "the resumed partition")
    for _ in range(5):
        reader.poll()
    assert set(reader.rows) == {one, three}
    reader.source.pause(set())
    reader.until_rows(3)


def test_a_pause_loses_nothing_that_was_fetched_before(edge: Edge) -> None:
    topic = edge.topic(partitions=2)
    for number in range(2):
        edge.produce(topic, number, [b"%d" % n * 300 for n in range(3_000)])
    reader = started(edge, [topic])
    every = {Partition(topic, 0), Partition(topic, 1)}
    turn = 0
    while reader.count() < 6_000:
        reader.source.pause(set() if turn % 3 == 0 else {sorted(every)[turn % 2]})
        reader.poll()
        turn += 1
        assert turn < 2_000
    assert reader.offsets(topic, 0) == reader.offsets(topic, 1) == list(range(3_000))


# -- the group -------------------------------------------------------------------------------------


def test_a_commit_of_a_replaced_member_is_refused(edge: Edge) -> None:
    topic = edge.topic()
    edge.produce(topic, 0, [b"a"])
    reader = started(edge, [topic])
    reader.until_rows(1)
    reader.commit()
    edge.fence([topic])
    with pytest.raises(FencedError):
        reader.until(reader.commit, "a refusal")


def test_stands_by_while_another_member_works(edge: Edge) -> None:
    topic = edge.topic(partitions=2)
    edge.produce(topic, 0, [b"a"])
    source = edge.source(owner="b")
    source.start([topic], {})
    edge.rival_joins([topic], "a")
    reader = Reader(source, {})
    reader.until(source.standing_by, "standing by")
    assert "member a on 127.0.0.1" in str(source.standing_by())
    assert not reader.assigned
    edge.rival_leaves()
    reader.until_rows(1)
    assert source.standing_by() is None
    assert reader.assigned == {Partition(topic, 0), Partition(topic, 1)}


def test_gives_up_its_partitions_when_another_member_takes_some_and_begins_again_at_the_commit(
    edge: Edge,
) -> None:
    topic = edge.topic(partitions=2)
    edge.produce(topic, 0, [b"a", b"b"])
    reader = started(edge, [topic])
    reader.until(lambda: reader.positions.get(Partition(topic, 0)) == 2, "two rows")
    reader.commit()
    edge.produce(topic, 0, [b"c"])
    reader.until_rows(3)  # beyond the commit
    edge.rival_joins([topic], "z")
    reader.until(lambda: not reader.assigned, "the loss")
    assert reader.lost == 1
    assert "member z" in str(reader.source.standing_by())
    edge.produce(topic, 1, [b"d"])
    for _ in range(5):
        assert not reader.poll().batches
    assert reader.source.standing() == {}
    edge.rival_leaves()
    reader.until_rows(4)
    assert reader.values(topic, 0) == [b"a", b"b", b"c"]
    assert reader.source.standing_by() is None


def test_of_two_that_look_into_the_group_at_the_same_moment_one_works(
    kafka_edge: KafkaEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = kafka_edge.topic(partitions=2)
    for number in range(2):
        kafka_edge.produce(topic, number, [b"x"])
    members, answers = Cluster.members, iter([[], []])  # both see an empty group
    monkeypatch.setattr(Cluster, "members", lambda self, group: next(answers, None) or members(self, group))
    small, large = (Reader(kafka_edge.source(owner=name), {}) for name in "az")
    for reader in (small, large):
        reader.source.start([topic], {})
        reader.poll()
    assert next(answers, None) is None

    def settled() -> bool:
        large.poll()
        return small.count() == 2 and bool(large.source.standing_by())

    small.until(settled, "the smaller instance id works, the larger one stands by")
    assert large.count() == 0
    assert small.source.standing_by() is None
    small.commit()


def test_a_member_that_the_group_forgot_drops_everything_and_comes_back(kafka_edge: KafkaEdge) -> None:
    topic = kafka_edge.topic()
    kafka_edge.produce(topic, 0, [b"a"])
    reader = started(kafka_edge, [topic])
    reader.until_rows(1)
    kafka_edge.remove("b")
    with pytest.raises(FencedError, match="no longer knows"):
        reader.commit()
    reader.source.start([topic], {})
    again = Reader(reader.source, {})
    again.until_rows(1)


def test_a_restart_of_the_same_owner_takes_its_place_at_once(kafka_edge: KafkaEdge) -> None:
    topic = kafka_edge.topic()
    kafka_edge.produce(topic, 0, [b"a"])
    reader = started(kafka_edge, [topic])
    reader.until_rows(1)
    reader.commit()
    reader.source.close()
    again = started(kafka_edge, [topic], {Partition(topic, 0): 1})
    kafka_edge.produce(topic, 0, [b"b"])
    again.until_rows(1)
    assert again.dealt == 1


# -- brokers that come and go ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def fragile(kafka: Broker) -> Iterator[Broker]:
    """A broker of our own to stop and start; `kafka` first, so that a missing one skips these tests too."""
    if not kafka.managed:
        pytest.skip("a named broker is not stopped")
    with Broker() as broker:
        yield broker


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.broker, pytest.mark.slow]) for name in KAFKA])
def fragile_edge(request: pytest.FixtureRequest, fragile: Broker) -> Iterator[KafkaEdge]:
    edge = KafkaEdge(fragile, **KAFKA[request.param])
    yield edge
    edge.close()


def test_waits_for_brokers_that_are_away_and_goes_on_where_it_was(fragile_edge: KafkaEdge) -> None:
    topic = fragile_edge.topic(partitions=2)
    fragile_edge.produce(topic, 0, [b"a"])
    reader = started(fragile_edge, [topic])
    reader.until_rows(1)
    reader.commit()
    fragile_edge.produce(topic, 1, [b"b"])
    reader.until_rows(2)  # beyond the commit
    fragile_edge.broker.stop(remove=False)
    reader.until(lambda: not reader.source.connected(), "the loss of the connection")
    for _ in range(3):
        assert not reader.poll().batches
    assert reader.source.standing() == {}
    assert reader.source.bounds([topic]) == {}
    reader.commit()  # the checkpoint is the truth; Kafka's copy follows later
    fragile_edge.broker.restart()
    fragile_edge.produce(topic, 0, [b"c"])
    reader.until_rows(3)
    assert reader.source.connected()
    assert (reader.values(topic, 0), reader.values(topic, 1)) == ([b"a", b"c"], [b"b"])
    reader.commit()
    assert fragile_edge.written(topic) == {Partition(topic, 0): 2, Partition(topic, 1): 1}


def test_starts_while_the_brokers_are_away(fragile_edge: KafkaEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "CONNECT_WITHIN_MS", 1_000)
    topic = fragile_edge.topic()
    fragile_edge.produce(topic, 0, [b"a"])
    fragile_edge.broker.stop(remove=False)
    source = fragile_edge.source()
    threads = threading.active_count()
    source.start([topic], {})
    reader = Reader(source, {})
    for _ in range(2):
        assert reader.poll().assigned is None
    assert not source.connected()
    assert source.bounds([topic]) == {}
    assert threading.active_count() <= threads + 1  # attempts that failed leave nothing behind
    fragile_edge.broker.restart()
    reader.until_rows(1)


def test_a_topic_that_is_deleted_is_an_error(kafka_edge: KafkaEdge) -> None:
    topic, other = kafka_edge.topic(), kafka_edge.topic()
    kafka_edge.produce(topic, 0, [b"a"])
    reader = started(kafka_edge, [topic, other])
    reader.until_rows(1)
    kafka_edge.delete(other)
    with pytest.raises(SourceError, match=f"no such topic: {other}"):
        reader.until(lambda: False, "an error")
