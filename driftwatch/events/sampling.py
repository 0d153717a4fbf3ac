"""A look at a few records per pane: which fields they carry, of which type, with which values; the same for any order of arrival."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events import reread
from driftwatch.events.block import Block
from driftwatch.events.classes import RecordClass
from driftwatch.events.columns import INVALID_TEXT
from driftwatch.events.embeddings import state_of
from driftwatch.events.fields import ABSENT, FieldPath, lookup
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import RecordBatch

Ints = NDArray[np.int64]

LOOKED: Final = 16
"""Records looked at per version, stream and pane."""
VERSIONS_MAX: Final = 8
"""Version names of which something is kept per pane, the smallest ones: names come from the data (P7)."""
VERSION_NAME_MAX: Final = 200
"""Characters of a version's name; records of longer ones are not looked at."""
KEYS_MAX: Final = 32
"""Fields that nobody reads, kept per record, the first by name."""
NAME_MAX: Final = 80
SHOWN_MAX: Final = 40
"""Characters of an example."""
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # SplitMix64's finaliser

NUMBER, TEXT, BOOLEAN, STRUCTURE, NOTHING = "number", "text", "boolean", "structure", "nothing"
"""Types of JSON values as people call them; `nothing` is null or absent."""


class Value(msgspec.Struct, frozen=True, array_like=True):
    """One value of one record: its type, how it is shown (escaped and cut), and its number where it is one."""

    type: str
    shown: str
    number: float | None = None


class Looked(msgspec.Struct, frozen=True, array_like=True):
    """One record that was looked at."""

    rank: int
    partition: int
    offset: int
    read: dict[str, Value]
    """The fields that are counted, by their names in the layout."""
    unread: dict[str, Value]
    """Fields beside them that nobody reads, by their dotted paths."""

    @property
    def key(self) -> tuple[int, int, int]:
        """The smallest of a pane are kept."""
        return self.rank, self.partition, self.offset


class Candidate(NamedTuple):
    """A record that may be among those kept for its version and pane."""

    version: str
    start_ms: int
    looked: Looked


def keep(known: Iterable[Looked], new: Iterable[Looked]) -> list[Looked]:
    """The `LOOKED` smallest of both, each once, in order."""
    by_key = {looked.key: looked for looked in (*known, *new)}
    return [by_key[key] for key in sorted(by_key)[:LOOKED]]


class Sampler:
    """Looks at records of one stream as they arrive; what it passes over could not be among those kept."""

    def __init__(self, reading: StreamReading) -> None:
        named = [*reading.numeric, *reading.textual]
        self._named = {name: path for name, path in named if not name.startswith("slice ")}
        self._named |= {"score": reading.score} if reading.score is not None else {}
        self._lists = {embedding.name: embedding.path for embedding in reading.embeddings}
        self._view = Surroundings([*reading.heads, *reading.numbers, *self._lists.values()])
        self._limits: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
        self._names: dict[int, frozenset[str]] = {}

    def look(self, batch: RecordBatch, block: Block, starts_ms: Ints) -> Iterator[Candidate]:
        """Candidates among a batch's n events on time, `starts_ms` int64[n] their panes."""
        if not len(block):
            return
        number = batch.partition.number
        ranks = _ranks(block.offsets, number)
        for place in self._places(ranks, block.versions, starts_ms):
            version, start_ms = block.versions[place], int(starts_ms[place])
            offset = int(block.offsets[place])
            key = (int(ranks[place]), number, offset)
            if not self._may_stay((version, start_ms), key):
                continue
            value = batch.values[int(np.searchsorted(batch.offsets, offset))]
            if (record := record_of(value)) is not None:
                yield Candidate(version, start_ms, self._looked(record, key))

    def _places(self, ranks: Ints, versions: list[str], starts_ms: Ints) -> list[int]:
        """Positions of the `LOOKED` smallest ranks of each version and pane; most batches hold one of each."""
        if bool((starts_ms != starts_ms[0]).any()) or versions.count(versions[0]) != len(versions):
            pairs = list(zip(starts_ms.tolist(), versions, strict=True))
            self._admit(set(pairs))
            looked = np.fromiter((name in self._names[at] for at, name in pairs), np.bool_, len(pairs))
            places = np.flatnonzero(looked)
            if not len(places):
                return []
            names = [versions[place] for place in places.tolist()]
            return places[_smallest(ranks[places], _groups(names, starts_ms[places]))].tolist()
        self._admit({(int(starts_ms[0]), versions[0])})
        if versions[0] not in self._names[int(starts_ms[0])]:
            return []
        kept = self._limits.get((versions[0], int(starts_ms[0])), ())
        if len(kept) == LOOKED:
            return np.flatnonzero(ranks <= kept[-1][0]).tolist()
        return _smallest(ranks, np.zeros(len(ranks), np.int64))

    def _admit(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Panes and version names of a batch: a name that is none of the smallest so far is none of them in the end."""
        for start_ms, name in pairs:
            known = self._names.setdefault(start_ms, frozenset())
            if name in known or len(name) > VERSION_NAME_MAX:
                continue
            smallest = frozenset(sorted(known | {name})[:VERSIONS_MAX])
            for gone in known - smallest:
                self._limits.pop((gone, start_ms), None)
            self._names[start_ms] = smallest

    def _may_stay(self, group: tuple[str, int], key: tuple[int, int, int]) -> bool:
        kept = self._limits.setdefault(group, [])
        if len(kept) == LOOKED and key >= kept[-1]:
            return False
        kept.append(key)
        kept.sort()
        del kept[LOOKED:]
        return True

    def _looked(self, record: Mapping[str, Any], key: tuple[int, int, int]) -> Looked:
        read = {name: value_of(lookup(record, path)) for name, path in self._named.items()}
        read |= {name: list_of(lookup(record, path)) for name, path in self._lists.items()}
        return Looked(*key, read, self._view.unread(record))

    def forget(self, before_ms: int) -> None:
        """Nothing comes any more of panes that start before a time."""
        self._limits = {group: kept for group, kept in self._limits.items() if group[1] >= before_ms}
        self._names = {start: names for start, names in self._names.items() if start >= before_ms}


class Surroundings:
    """The objects in which the paths that are read lie, and what else lies there."""

    def __init__(self, paths: Iterable[FieldPath], objects: Iterable[FieldPath] = ()) -> None:
        read = set(paths)
        levels = {path[:-1] for path in read} | set(objects)
        self._levels = sorted(levels)
        self._on_the_way = {path[:depth] for path in (*read, *levels) for depth in range(1, len(path) + 1)}

    def unread(self, record: Mapping[str, Any]) -> dict[str, Value]:
        """Values of the fields that nobody reads, by dotted path; at most `KEYS_MAX`, the first by name."""
        found = {".".join(path): path for path in self.paths(record)}
        names = sorted(found)[:KEYS_MAX]
        return {show(name, NAME_MAX): value_of(lookup(record, found[name])) for name in names}

    def paths(self, record: Mapping[str, Any]) -> Iterator[FieldPath]:
        """The paths of these fields."""
        for level in self._levels:
            found = lookup(record, level)
            if isinstance(found, Mapping):
                for key in cast("Mapping[str, object]", found):
                    if (path := (*level, key)) not in self._on_the_way:
                        yield path


def record_of(value: bytes | None) -> Mapping[str, Any] | None:
    """A record's object; None where it has none."""
    if value is None:
        return None
    try:
        found: object = msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        found = reread.reread(value, len(value))
    return (
        None
        if isinstance(found, RecordClass) or not isinstance(found, dict)
        else cast("dict[str, Any]", found)
    )


def value_of(value: object) -> Value:
    """A value's type, an example of it, and its number."""
    if value is ABSENT or value is None or value != value:
        return Value(NOTHING, "")
    if isinstance(value, bool):
        return Value(BOOLEAN, "true" if value else "false")
    if isinstance(value, int | float):
        number = reread.number({"": value}, ("",))
        return Value(NUMBER, show(repr(value)), number if math.isfinite(number) else None)
    if isinstance(value, str):
        return Value(TEXT, show(value))
    return Value(STRUCTURE, "an object" if isinstance(value, Mapping) else "a list")


def list_of(value: object) -> Value:
    """An embedding's value: its length stands for a list of numbers."""
    state = state_of(value)
    if state is not None and state != INVALID_TEXT:
        return Value(TEXT, state)
    found = value_of(value)
    return Value(STRUCTURE, "a list with other than finite numbers") if isinstance(value, list) else found


def show(text: str, limit: int = SHOWN_MAX) -> str:
    """A text from the data, escaped to printable ASCII where it is not printable, and cut (F34)."""
    cut = text[: limit + 1]
    shown = cut if cut.isprintable() else cut.encode("unicode_escape", "backslashreplace").decode("ascii")
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _ranks(offsets: Ints, partition: int) -> Ints:
    """int64[n]: a fixed hash of offset and partition, so that no producer's rhythm shows in who is looked at."""
    seed = np.uint64((partition + 1) * int(_MIX[1]) % 2**64)
    state = (offsets.astype(np.uint64) + seed) * _MULTIPLIER
    state = (state ^ (state >> np.uint64(30))) * _MIX[0]
    state = (state ^ (state >> np.uint64(27))) * _MIX[1]
    return ((state ^ (state >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def _groups(versions: list[str], starts_ms: Ints) -> Ints:
    """int64[n]: one number per version and pane."""
    _, panes = np.unique(starts_ms, return_inverse=True)
    names = {name: code for code, name in enumerate(dict.fromkeys(versions))}
    if len(names) == 1:
        return panes
    return panes * len(names) + np.fromiter(map(names.__getitem__, versions), np.int64, len(versions))


def _smallest(ranks: Ints, groups: Ints) -> list[int]:
    """Positions of the `LOOKED` smallest ranks of each group."""
    if len(groups) > LOOKED and (groups == groups[0]).all():
        found: list[int] = np.argpartition(ranks, LOOKED)[:LOOKED].tolist()
        return sorted(found)
    order = np.lexsort((ranks, groups))
    ordered = groups[order]
    first = np.append(True, ordered[1:] != ordered[:-1])
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    return order[place < LOOKED].tolist()
