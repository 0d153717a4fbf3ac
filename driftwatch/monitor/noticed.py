"""What is noticed of open panes for the sake of data quality: records that were looked at, and what became of ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast

import msgspec
import numpy as np

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass, Stream
from driftwatch.events.sampling import VERSION_NAME_MAX, VERSIONS_MAX, Candidate, Looked, keep
from driftwatch.monitor.version import Ints

_CONFLICTS: Final = [CODE[RecordClass.DUPLICATE_CONFLICT], CODE[RecordClass.LABEL_CONFLICT]]
T = TypeVar("T")


class Counted(msgspec.Struct, array_like=True):
    """What became of the ids of one version's records in one open pane."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    example: tuple[int, int] | None = None
    """The smallest (partition, offset) of those that were not the first; partition as the monitor's position."""


class NoticedState(msgspec.Struct):
    """By stream, pane's start and version name; the same for any order of arrival."""

    looked: dict[Stream, dict[int, dict[str, list[Looked]]]] = {}
    counted: dict[Stream, dict[int, dict[str, Counted]]] = {}

    def look(self, stream: Stream, candidates: Iterable[Candidate]) -> None:
        """Keep of each version and pane the records with the smallest ranks."""
        grouped: dict[tuple[int, str], list[Looked]] = {}
        for candidate in candidates:
            grouped.setdefault((candidate.start_ms, candidate.version), []).append(candidate.looked)
        panes = self.looked.setdefault(stream, {})
        for (start_ms, name), looked in grouped.items():
            names = panes.setdefault(start_ms, {})
            names[name] = keep(names.get(name, ()), looked)
            _bound(names)

    def count(self, stream: Stream, block: Block, codes: Ints, starts_ms: Ints, versions: list[str]) -> None:
        """Add n records' class codes int64[n] to the panes of their times."""
        panes = self.counted.setdefault(stream, {})
        for start_ms in np.unique(starts_ms).tolist():
            names = panes.setdefault(start_ms, {})
            here = np.flatnonzero(starts_ms == start_ms)
            of_here = [versions[place] for place in here.tolist()]
            for name in dict.fromkeys(of_here):
                chosen = np.fromiter((each == name for each in of_here), np.bool_, len(of_here))
                _add(names.setdefault(name, Counted()), block, codes, here[chosen])
            _bound(names)

    def of(self, stream: Stream, start_ms: int, name: str) -> tuple[list[Looked], Counted]:
        """What was noticed of a version in a pane."""
        looked = self.looked.get(stream, {}).get(start_ms, {}).get(name, [])
        return looked, self.counted.get(stream, {}).get(start_ms, {}).get(name, Counted())

    def forget(self, stream: Stream, before_ms: int) -> None:
        """Panes that start before a time are closed in every version."""
        for kept in (self.looked, self.counted):
            panes: dict[int, Any] = kept.get(stream, {})
            for start_ms in [start for start in panes if start < before_ms]:
                del panes[start_ms]


def in_order(nested: Any) -> Any:
    """Nested dictionaries sorted by their keys, without empty ones: whoever held the same is now the same."""
    if not isinstance(nested, dict):
        return nested
    sorted_items = sorted(cast("dict[Any, Any]", nested).items())
    ordered = {key: in_order(value) for key, value in sorted_items}
    return {key: value for key, value in ordered.items() if value != {}}


def _bound(names: dict[str, T]) -> None:
    for name in [name for name in names if len(name) > VERSION_NAME_MAX] + sorted(names)[VERSIONS_MAX:]:
        names.pop(name, None)


def _add(counted: Counted, block: Block, codes: Ints, places: Ints) -> None:
    found = codes[places]
    duplicate, conflict = found == CODE[RecordClass.DUPLICATE], np.isin(found, _CONFLICTS)
    counted.accepted += int(np.count_nonzero(found == CODE[RecordClass.ACCEPTED]))
    counted.duplicates += int(duplicate.sum())
    counted.conflicts += int(conflict.sum())
    again = places[duplicate | conflict]
    if len(again):
        rows = zip(block.partitions[again].tolist(), block.offsets[again].tolist(), strict=True)
        counted.example = min([*rows, *([counted.example] if counted.example is not None else [])])
