"""Questions to the cluster that need no group: topics, offsets, and who is in a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from driftwatch.events.records import Partition
from driftwatch.source.failures import AwayError, KafkaError, no_topic, verdict
from driftwatch.source.kafka_client import client_settings, connect, reached
from driftwatch.source.kafka_library import KafkaAdminClient, MemberToRemove, TopicPartition
from driftwatch.source.membership import Member
from driftwatch.source.spec import KafkaSpec

T = TypeVar("T")
_EARLIEST: Final = -2
_LATEST: Final = -1
_UNKNOWN_TOPIC: Final = 3


class Cluster:
    """One admin connection, made when first needed. Every question raises AwayError while brokers are away."""

    def __init__(self, spec: KafkaSpec) -> None:
        self._spec = spec
        self._client: Any = None
        self._network: Any = None

    def connected(self) -> bool:
        """Whether a broker is connected."""
        return self._network is not None and reached(self._network)

    def partitions(self, topics: Iterable[str]) -> set[Partition]:
        """All partitions of these topics; SourceError if one does not exist."""
        described = self._ask(lambda client: client.describe_topics(list(topics)))
        missing = [topic["name"] for topic in described if topic["error_code"] == _UNKNOWN_TOPIC]
        if missing:
            raise no_topic(missing)
        if any(topic["error_code"] for topic in described):
            raise AwayError("a topic has no leader yet")
        return {
            Partition(topic["name"], int(partition["partition_index"]))
            for topic in described
            for partition in topic["partitions"]
        }

    def identities(self, topics: Iterable[str]) -> dict[str, str]:
        """The id that Kafka gave a topic when it was made; brokers before 2.8 have none."""
        described = self._ask(lambda client: client.describe_topics(list(topics)))
        found = {topic["name"]: str(topic.get("topic_id") or "") for topic in described}
        return {name: identity for name, identity in found.items() if identity.strip("0-")}

    def bounds(self, topics: Iterable[str]) -> dict[Partition, tuple[int, int]]:
        """(first offset, end offset as read_committed sees it) of every partition."""
        partitions = self.partitions(topics)
        first = self._offsets(partitions, _EARLIEST)
        end = self._offsets(partitions, _LATEST, committed=True)
        return {partition: (first[partition], end[partition]) for partition in partitions}

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
        """(last stable offset, high watermark) of each partition that was reached."""
        found: dict[Partition, tuple[int, int]] = {}
        together = [sorted(partitions)]
        while together and together[-1]:
            group = together.pop()
            try:
                stable = self._offsets(group, _LATEST, committed=True)
                high = self._offsets(group, _LATEST)
            except AwayError:  # one broker that is away must not hide the partitions of the others
                if len(group) > 1 and self.connected():
                    together += [[partition] for partition in group]
                continue
            found |= {partition: (stable[partition], high[partition]) for partition in group}
        return found

    def offsets_at(self, partitions: Iterable[Partition], time_ms: int) -> dict[Partition, int]:
        """First offset whose record is at or after this time; the end offset where there is none."""
        wanted = list(partitions)
        found = self._offsets(wanted, time_ms)
        end = self._offsets(wanted, _LATEST, committed=True)
        return {
            partition: found[partition] if found[partition] >= 0 else end[partition] for partition in wanted
        }

    def members(self, group_id: str) -> list[Member]:
        """Who is in the group now; empty if it does not exist, or the brokers cannot say (the embedded one)."""
        if self._spec.api_version is not None:
            return []
        try:
            described = self._ask(lambda client: client.describe_groups([group_id]))[group_id]
        except AwayError:
            self.close()  # the client keeps the coordinator's address for ever
            raise
        return [
            Member(
                instance_id=member.get("group_instance_id") or None,
                member_id=member["member_id"],
                host=str(member["client_host"]).lstrip("/"),
            )
            for member in described["members"]
        ]

    def told(self, group_id: str) -> dict[Partition, int]:
        """Offsets that the group committed to Kafka; empty if there are none, or the brokers cannot say."""
        if self._spec.api_version is not None:
            return {}
        found = self._ask(lambda client: client.list_group_offsets(group_id)).get(group_id, {})
        return {Partition(tp.topic, tp.partition): int(at.offset) for tp, at in found.items()}

    def remove(self, group_id: str, instance_id: str) -> None:
        """Take a static member out of the group at once, instead of after its session."""
        leaver = MemberToRemove(group_instance_id=instance_id)
        self._ask(lambda client: client.remove_group_members(group_id, [leaver]))

    def close(self) -> None:
        """End the connection; the next question makes a new one."""
        client, self._client, self._network = self._client, None, None
        if client is not None:
            client.close()

    def _offsets(
        self, partitions: Iterable[Partition], spec: int, committed: bool = False
    ) -> dict[Partition, int]:
        wanted = {TopicPartition(*partition): spec for partition in partitions}
        level = "read_committed" if committed else "read_uncommitted"
        found = self._ask(
            lambda client: client.list_partition_offsets(wanted, isolation_level=level, timeout_ms=5_000)
        )
        return {Partition(tp.topic, tp.partition): int(answer.offset) for tp, answer in found.items()}

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            if self._client is None:
                self._client, self._network = connect(KafkaAdminClient, client_settings(self._spec))
            return question(self._client)
        except KafkaError as error:
            raise verdict(error, self._spec.group_id) from error
