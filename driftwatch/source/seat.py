"""A member's place in the consumer group: whether it may enter, and whether it works with what it got (E17)."""

from __future__ import annotations

import time
from collections.abc import Collection
from enum import Enum
from typing import Final

from driftwatch.events.records import Partition
from driftwatch.events.source import Polled
from driftwatch.source.cluster import Cluster
from driftwatch.source.membership import Member, gives_way, rival, waiting_for

ASK_AGAIN_S: Final = 2.0


class Decision(Enum):
    """What a member does with the partitions that it was given."""

    WORK = "work"
    WAIT = "wait"
    LEAVE = "leave"


class Seat:
    """One member works with all partitions, the others stand by; so an edge hands over all partitions or none."""

    def __init__(self, cluster: Cluster, group_id: str, owner: str) -> None:
        self._cluster = cluster
        self._group_id = group_id
        self._owner = owner
        self.partitions: frozenset[Partition] = frozenset()
        """What the group gave us, whether we hand it over or not."""
        self.working = False
        self.waiting: str | None = None
        self.lags = False
        """Nobody else is in the group, and still a topic was not dealt, although we have waited for it once."""
        self._waited = False
        self._told: frozenset[Partition] = frozenset()
        self._lost = False
        self._ask_at = 0.0

    def reset(self) -> None:
        """Forget everything, as before the first subscription."""
        self.vacate()
        self.waiting, self._told, self._lost, self._ask_at = None, frozenset(), False, 0.0

    def vacate(self) -> None:
        """The partitions are no longer ours; the loop still has to be told."""
        self.partitions, self.working = frozenset(), False

    def wait_s(self) -> float:
        """Seconds until the group may be asked again; not positive: now."""
        return self._ask_at - time.monotonic()

    def may_enter(self) -> bool:
        """Ask who is in the group before subscribing; another member: stand by. AwayError while brokers are away."""
        self._ask_at = time.monotonic() + ASK_AGAIN_S
        self._look()
        return self.waiting is None

    def deal(self, partitions: frozenset[Partition], lost: bool) -> None:
        """The group dealt the partitions anew."""
        self.partitions, self.working = partitions, False
        self._lost = self._lost or lost
        self._ask_at = 0.0
        self.lags = self._waited = False

    def decide(self, topics: Collection[str]) -> Decision:
        """Work with all partitions; with fewer, see who has the others: the larger instance id leaves.

        Alone with fewer, they are new and come with the next assignment. Raises AwayError (ask again), and
        SourceError if a topic is gone.
        """
        self._ask_at = time.monotonic() + ASK_AGAIN_S
        self.lags = False
        if self.partitions < self._cluster.partitions(topics):
            other = self._look()
            if other is not None:
                return Decision.LEAVE if gives_way(self._owner, other) else Decision.WAIT
            if {partition.topic for partition in self.partitions} < set(topics):
                # The client's metadata lag behind; mostly it is about to join again by itself.
                self.lags, self._waited = self._waited, True
                return Decision.WAIT
        self.waiting, self.working = None, True
        return Decision.WORK

    def tell(self) -> Polled:
        """What the loop has to know now: everything or nothing is assigned."""
        assigned = self.partitions if self.working else frozenset[Partition]()
        if not assigned and not self._told and not self._lost:
            return Polled()
        lost = self._lost or bool(self._told - assigned)
        self._told, self._lost = assigned, False
        return Polled(assigned=assigned, lost=lost)

    def _look(self) -> Member | None:
        other = rival(self._cluster.members(self._group_id), self._owner)
        self.waiting = waiting_for(other, self._group_id) if other is not None else None
        return other
