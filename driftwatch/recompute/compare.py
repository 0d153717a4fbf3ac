"""Live against recomputed, value by value: how many are the same, and the first that is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec
import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.monitor.changes import Entry, JournalRow, PaneKey, Saved
from driftwatch.monitor.digest import NOTHING
from driftwatch.monitor.recorded import PLANS
from driftwatch.monitor.savepoints import PREFIX, Savepoint
from driftwatch.monitor.state import ModelState
from driftwatch.monitor.tally import Tally
from driftwatch.monitor.topics import TOPICS
from driftwatch.recompute.horizon import Horizon
from driftwatch.recompute.steps import comparable


class Compared(StrEnum):
    """What is compared."""

    PANES = "panes"
    WINDOWS = "windows"
    CLASSES = "class counts"
    TRANSITIONS = "alert transitions"
    DECISIONS = "other decisions"
    STATES = "states"


@dataclass(slots=True)
class Count:
    """One kind of value: how many were the same, how many were not, and the first difference in words."""

    same: int = 0
    different: int = 0
    unknown: int = 0
    """Not checkable: it rests on records that are gone (E14)."""
    first: str = ""

    def add(self, live: object, recomputed: object, what: str) -> None:
        """Compare one value."""
        if live == recomputed:
            self.same += 1
            return
        self.different += 1
        self.first = self.first or f"{what}: live {_short(live)}, recomputed {_short(recomputed)}"


@dataclass(slots=True)
class Comparison:
    """All comparisons of one recomputation."""

    horizons: Mapping[str, Horizon] = field(default_factory=dict[str, Horizon])
    """By model, where records are gone: what lies before is not checkable (E14)."""
    blind: set[str] = field(init=False)
    """Models whose alerts, evidence and class counts cannot be compared (yet)."""
    counts: dict[Compared, Count] = field(default_factory=lambda: {what: Count() for what in Compared})

    def __post_init__(self) -> None:
        self.blind = set(self.horizons)

    @property
    def same(self) -> bool:
        """Whether everything is."""
        return all(count.different == 0 for count in self.counts.values())

    @property
    def first_difference(self) -> str:
        """The first one in the order of the journal; empty where there is none."""
        return next((f"{what}: {count.first}" for what, count in self.counts.items() if count.first), "")

    def passed_over(self, live: Iterable[JournalRow]) -> None:
        """What commits said before the one at which the recomputation begins: none of it is checkable."""
        for kind, details in comparable(live):
            if kind == Entry.CLOSE:
                self.counts[Compared.PANES].unknown += len(details["panes"])
                self.counts[Compared.WINDOWS].unknown += sum(len(pane[-1]) for pane in details["panes"])
            elif kind == Entry.DECIDE:
                self.counts[Compared.TRANSITIONS].unknown += len(details["alerts"]) + len(details["episodes"])
            else:
                self.counts[Compared.DECISIONS].unknown += 1

    def decided(self, live: list[JournalRow], recomputed: list[JournalRow], sequence: int) -> None:
        """What one commit said, live and now; panes and windows by their digests."""
        ours, theirs = comparable(recomputed), comparable(live)
        for kind in dict.fromkeys(kind for kind, _ in [*theirs, *ours]):
            was = [details for name, details in theirs if name == kind]
            now = [details for name, details in ours if name == kind]
            if kind == Entry.CLOSE:
                self._closed(was, now, sequence)
            elif kind == Entry.DECIDE:
                self._transitions(was, now, sequence)
            else:
                if kind in _FOLLOWED:
                    was, now = self._computed(was), self._computed(now)
                if was or now:
                    self.counts[Compared.DECISIONS].add(was, now, f"{kind} at commit {sequence}")

    def _closed(self, was: list[dict[str, Any]], now: list[dict[str, Any]], sequence: int) -> None:
        live, recomputed = _by_pane(was), _by_pane(now)
        for name in sorted(live.keys() | recomputed.keys()):
            horizon = self.horizons.get(name[0])
            absent = _ABSENT if horizon is None else NOTHING  # behind empty windows nothing has to close
            pane, windows = live.get(name, (absent, {}))
            pane_now, windows_now = recomputed.get(name, (absent, {}))
            what = f"{' '.join(map(str, name))} (commit {sequence})"
            self._add(Compared.PANES, pane, pane_now, what, _after(horizon, name))
            for window in sorted(windows.keys() | windows_now.keys()):
                is_, now_ = windows.get(window, absent), windows_now.get(window, absent)
                self._add(Compared.WINDOWS, is_, now_, f"{what} {window}", _after(horizon, name, window))
        limits, limits_now = _limits(was), _limits(now)
        for model in sorted(limits.keys() | limits_now.keys()):
            is_, now_ = limits.get(model, _ABSENT), limits_now.get(model, _ABSENT)
            what = f"closing limits of {model} at commit {sequence}"
            self._add(Compared.DECISIONS, is_, now_, what, model not in self.blind)

    def _add(self, kind: Compared, live: object, recomputed: object, what: str, provable: bool) -> None:
        if provable:
            self.counts[kind].add(live, recomputed, what)
        else:
            self.counts[kind].unknown += 1

    def _computed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of models that are counted from their beginning; what was taken from the journal proves nothing."""
        kept = [row for row in rows if row["model"] not in self.horizons]
        self.counts[Compared.DECISIONS].unknown += len(rows) - len(kept)
        return kept

    def _transitions(self, was: list[dict[str, Any]], now: list[dict[str, Any]], sequence: int) -> None:
        unknown = [details for details in was if details["model"] in self.blind]
        self.counts[Compared.TRANSITIONS].unknown += sum(
            len(d["alerts"]) + len(d["episodes"]) for d in unknown
        )
        was = [details for details in was if details["model"] not in self.blind]
        now = [details for details in now if details["model"] not in self.blind]
        for kind in ("alerts", "episodes"):
            live = [tuple(row) for details in was for row in details[kind]]
            recomputed = [tuple(row) for details in now for row in details[kind]]
            for place in range(max(len(live), len(recomputed))):
                was_here, now_here = _at(live, place), _at(recomputed, place)
                what = f"{kind} {place + 1} at commit {sequence}"
                self.counts[Compared.TRANSITIONS].add(was_here, now_here, what)

    def ended(self, live: Saved, recomputed: Saved) -> None:
        """Everything that the two checkpoints hold: panes, classes, and every state."""
        self._panes(live.panes, recomputed.panes)
        self._states(live.states, recomputed.states)

    def _states(self, live: Mapping[str, bytes], recomputed: Mapping[str, bytes], where: str = "") -> None:
        for name in sorted(live.keys() | recomputed.keys()):
            was, now = live.get(name), recomputed.get(name)
            if name.endswith("/model"):
                self._model(name.removesuffix("/model"), was, now, where)
            elif name.startswith(PREFIX):
                if not self.horizons:
                    self._states(_kept(was), _kept(now), f" in {name}")
            elif name.endswith("/history") and self.horizons:
                continue  # what is shown of before the horizon rests on records that are gone
            elif name not in (PLANS, TOPICS) and not name.startswith(f"{PLANS}/"):
                provable = name.partition("/")[0] not in self.blind
                self._add(Compared.STATES, was, now, f"{name}{where}", provable)

    def _panes(self, live: Mapping[PaneKey, Any], recomputed: Mapping[PaneKey, Any]) -> None:
        for key in sorted(live.keys() | recomputed.keys()):
            was, now = live.get(key), recomputed.get(key)
            horizon = self.horizons.get(key.model)
            if horizon is not None and key.start_ms < horizon.of(key.stream):
                self.counts[Compared.PANES].unknown += 1
                continue
            equal = was is not None and now is not None and np.array_equal(was, now)
            total = [None if side is None else int(side.sum()) for side in (was, now)]
            found = ("same", "same") if equal else (total[0], f"{total[1]} in sum, in other cells or rows")
            name = f"{key.model} {key.version} {key.stream} {key.width_ms} ms at {key.start_ms}"
            self.counts[Compared.PANES].add(*found, f"pane {name}")

    def _model(self, model: str, live: bytes | None, recomputed: bytes | None, where: str) -> None:
        was, now = _model_state(live), _model_state(recomputed)
        classes = [{item[:3]: item[3] for item in Tally(state.tally).items()} for state in (was, now)]
        for key in sorted(classes[0].keys() | classes[1].keys()):
            what = f"{model} {key[0]} partition {key[1]} {key[2]}{where}"
            counts = classes[0].get(key, 0), classes[1].get(key, 0)
            self._add(Compared.CLASSES, *counts, what, model not in self.blind)
        for stream in sorted(was.streams.keys() | now.streams.keys()):
            self.counts[Compared.STATES].add(
                _progress(was, stream), _progress(now, stream), f"{model} {stream} progress{where}"
            )


_ABSENT: Final = "nothing"
_FOLLOWED: Final = frozenset({Entry.END, Entry.HALVE})
"""What a recomputation takes from the journal where memory of before is missing."""


def _after(horizon: Horizon | None, pane: tuple[str, ...], window: str = "") -> bool:
    """Whether a pane (model, version, stream, layout, end), or the window that ends with it, lies behind the horizon."""
    if horizon is None:
        return True
    size_ms = horizon.sizes_ms[window] if window else horizon.width_ms
    return int(pane[4]) - size_ms >= horizon.of(Stream(pane[2]))


def _kept(savepoint: bytes | None) -> Mapping[str, bytes]:
    return Savepoint.decoded(savepoint).states if savepoint is not None else {}


def _at(rows: list[tuple[Any, ...]], place: int) -> object:
    return rows[place] if place < len(rows) else _ABSENT


def _limits(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["model"]: row["limits"] for row in rows}


def _by_pane(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], tuple[str, dict[str, str]]]:
    return {
        (row["model"], version, stream, layout, str(end_ms)): (pane, windows)
        for row in rows
        for version, stream, layout, end_ms, pane, windows in row["panes"]
    }


def _model_state(data: bytes | None) -> ModelState:
    return msgspec.msgpack.decode(data, type=ModelState) if data is not None else ModelState()


def _progress(state: ModelState, stream: Any) -> object:
    """How far a stream has come; a floor is one of memory only: below the frontier nothing counts anyway."""
    if (known := state.streams.get(stream)) is None:
        return None
    orders = {place: (order.running_ms, order.idle) for place, order in sorted(known.orders.items())}
    return orders, known.frontier_ms, known.released_ms


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
