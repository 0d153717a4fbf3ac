"""Daily savepoints: what alerts and evidence knew at a commit, for a recomputation whose first records are gone (E14)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from driftwatch.events.records import Partition
from driftwatch.events.spec import DAY_MS

PREFIX: Final = "savepoint/"
"""Before the day (of event time, since 1970) under which the checkpoint keeps a savepoint."""
KEPT: Final = 14
"""Savepoints that are kept, the last ones."""
_LEVEL: Final = 6


class Savepoint(msgspec.Struct, frozen=True):
    """Every small state after one commit; panes, join rows and what waits are counted again from the topics instead."""

    offsets: list[tuple[str, int, int]]
    """(topic, partition, next offset)."""
    states: dict[str, bytes]

    @property
    def positions(self) -> dict[Partition, int]:
        """Next offset of every partition."""
        return {Partition(topic, number): offset for topic, number, offset in self.offsets}

    def encoded(self) -> bytes:
        """As the checkpoint keeps it."""
        return zlib.compress(msgspec.msgpack.encode(self), _LEVEL)

    @staticmethod
    def of(offsets: Mapping[Partition, int], states: Mapping[str, bytes]) -> Savepoint:
        """The states after the commit at these offsets."""
        return Savepoint([(p.topic, p.number, offset) for p, offset in sorted(offsets.items())], dict(states))

    @staticmethod
    def decoded(data: bytes) -> Savepoint:
        """The savepoint of these bytes."""
        return msgspec.msgpack.decode(zlib.decompress(data), type=Savepoint)


class Savepoints:
    """Which savepoints there are: one for each day of event time in which something was decided."""

    def __init__(self, states: Mapping[str, bytes]) -> None:
        """`states` of the last commit."""
        self._days = sorted(int(name.removeprefix(PREFIX)) for name in states if name.startswith(PREFIX))

    def due(self, decided_ms: int) -> bool:
        """Whether what is decided has come to a day without a savepoint; pure, so a recomputation has the same ones."""
        return decided_ms > 0 and (not self._days or decided_ms // DAY_MS > self._days[-1])

    def take(self, decided_ms: int, savepoint: Savepoint) -> tuple[str, dict[str, bytes | None]]:
        """Its name, and the states to write: the new one, and the oldest away where there are too many."""
        self._days.append(decided_ms // DAY_MS)
        changes: dict[str, bytes | None] = {f"{PREFIX}{day}": None for day in self._days[:-KEPT]}
        self._days = self._days[-KEPT:]
        name = f"{PREFIX}{self._days[-1]}"
        return name, changes | {name: savepoint.encoded()}
