"""Live against recomputed, value by value: how many are the same, and the first that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec
import numpy as np

from driftwatch.monitor.changes import Entry, JournalRow, PaneKey, Saved
from driftwatch.monitor.recorded import PLANS
from driftwatch.monitor.state import ModelState
from driftwatch.monitor.tally import Tally
from driftwatch.monitor.topics import TOPICS
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

    counts: dict[Compared, Count] = field(default_factory=lambda: {what: Count() for what in Compared})

    @property
    def same(self) -> bool:
        """Whether everything is."""
        return all(count.different == 0 for count in self.counts.values())

    @property
    def first_difference(self) -> str:
        """The first one in the order of the journal; empty where there is none."""
        return next((f"{what}: {count.first}" for what, count in self.counts.items() if count.first), "")

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
                self.counts[Compared.DECISIONS].add(was, now, f"{kind} at commit {sequence}")

    def _closed(self, was: list[dict[str, Any]], now: list[dict[str, Any]], sequence: int) -> None:
        live, recomputed = _by_pane(was), _by_pane(now)
        for name in sorted(live.keys() | recomputed.keys()):
            pane, windows = live.get(name, (_ABSENT, {}))
            pane_now, windows_now = recomputed.get(name, (_ABSENT, {}))
            what = f"{' '.join(map(str, name))} (commit {sequence})"
            self.counts[Compared.PANES].add(pane, pane_now, what)
            for window in sorted(windows.keys() | windows_now.keys()):
                self.counts[Compared.WINDOWS].add(
                    windows.get(window, _ABSENT), windows_now.get(window, _ABSENT), f"{what} {window}"
                )
        limits = [(d["model"], d["limits"]) for d in was], [(d["model"], d["limits"]) for d in now]
        self.counts[Compared.DECISIONS].add(*limits, f"closing limits at commit {sequence}")

    def _transitions(self, was: list[dict[str, Any]], now: list[dict[str, Any]], sequence: int) -> None:
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
        for name in sorted(live.states.keys() | recomputed.states.keys()):
            was, now = live.states.get(name), recomputed.states.get(name)
            if name.endswith("/model"):
                self._model(name.removesuffix("/model"), was, now)
            elif name not in (PLANS, TOPICS) and not name.startswith(f"{PLANS}/"):
                self.counts[Compared.STATES].add(was, now, name)

    def _panes(self, live: Mapping[PaneKey, Any], recomputed: Mapping[PaneKey, Any]) -> None:
        for key in sorted(live.keys() | recomputed.keys()):
            was, now = live.get(key), recomputed.get(key)
            equal = was is not None and now is not None and np.array_equal(was, now)
            total = [None if side is None else int(side.sum()) for side in (was, now)]
            found = ("same", "same") if equal else (total[0], f"{total[1]} in sum, in other cells or rows")
            name = f"{key.model} {key.version} {key.stream} {key.width_ms} ms at {key.start_ms}"
            self.counts[Compared.PANES].add(*found, f"pane {name}")

    def _model(self, model: str, live: bytes | None, recomputed: bytes | None) -> None:
        was, now = _model_state(live), _model_state(recomputed)
        classes = [{item[:3]: item[3] for item in Tally(state.tally).items()} for state in (was, now)]
        for key in sorted(classes[0].keys() | classes[1].keys()):
            what = f"{model} {key[0]} partition {key[1]} {key[2]}"
            self.counts[Compared.CLASSES].add(classes[0].get(key, 0), classes[1].get(key, 0), what)
        for stream in sorted(was.streams.keys() | now.streams.keys()):
            self.counts[Compared.STATES].add(
                _progress(was, stream), _progress(now, stream), f"{model} {stream} progress"
            )


_ABSENT: Final = "nothing"


def _at(rows: list[tuple[Any, ...]], place: int) -> object:
    return rows[place] if place < len(rows) else _ABSENT


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
