"""Whether the state is older than what its group told Kafka: a restored copy, a lost volume, a checkpoint set aside (F18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import structlog

from driftwatch.events.records import Partition

_log: Final[Any] = structlog.get_logger(__name__)


class Told(Protocol):
    """Who knows the offsets that a group has committed to Kafka."""

    def told(self, group_id: str) -> dict[Partition, int]:
        """Next offset by partition, as the group last said."""
        ...


def warn_if_older(cluster: Told, group_id: str, ours: Mapping[Partition, int]) -> None:
    """One line if Kafka's copy of our offsets is ahead of them.

    It changes nothing: counts and offsets are one commit, so what lies between is counted once into this state,
    and a transition that is decided again has the id that it had.
    """
    told = cluster.told(group_id)
    ahead = {p: (mine, told[p]) for p, mine in sorted(ours.items()) if told.get(p, mine) > mine}
    if ahead:
        _log.warning(
            "state_older_than_group",
            group=group_id,
            records=sum(theirs - mine for mine, theirs in ahead.values()),
            partitions=[
                {"topic": p.topic, "partition": p.number, "ours": mine, "kafka": theirs}
                for p, (mine, theirs) in list(ahead.items())[:20]
            ],
        )
