"""One member works, the others stand by (EXACTNESS E17): who gives way, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the consumer group as the broker describes it; `instance_id` is the owner id of a daemon."""

    instance_id: str | None
    member_id: str
    host: str


def rival(members: Iterable[Member], owner: str) -> Member | None:
    """The other member that counts: a foreign consumer without an instance id first, then the smallest id."""
    others = [member for member in members if member.instance_id != owner]
    return min(others, key=lambda other: (other.instance_id or "", other.member_id), default=None)


def gives_way(owner: str, other: Member) -> bool:
    """Of two daemons that got only a part of the partitions each, the larger instance id leaves the group."""
    return other.instance_id is not None and owner > other.instance_id


def waiting_for(other: Member, group_id: str) -> str:
    """What a daemon that stands by says on its status page."""
    name = other.instance_id or other.member_id
    return f"member {name} on {other.host} works in the group {group_id!r}; standing by until it leaves"
