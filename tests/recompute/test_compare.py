"""Live against recomputed: every kind of difference is found and named."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from driftwatch.events.classes import CLASSES, Stream
from driftwatch.events.order import PartitionOrder
from driftwatch.monitor.changes import Entry, JournalRow, PaneKey, Saved
from driftwatch.monitor.state import ModelState, StreamState
from driftwatch.recompute.compare import Compared, Comparison

KEY = PaneKey("m", "1", Stream.PREDICTIONS, "layout", 60_000, 0)
STATE = ModelState(
    streams={Stream.PREDICTIONS: StreamState({0: PartitionOrder(5, 3)}, 4, 4)},
    tally={Stream.PREDICTIONS: {0: [7] + [0] * (len(CLASSES) - 1)}},
)
SAVED = Saved(
    3,
    {},
    {KEY: np.ones((2, 3), np.int64)},
    {},
    {"m/model": msgspec.msgpack.encode(STATE), "m/decisions": b"d"},
    {},
)


def closed(pane: str, window: str, limit: int = 5) -> JournalRow:
    panes = [["1", "predictions", "layout", 60_000, pane, {"1h": window}]]
    return JournalRow(Entry.CLOSE, {}, {"model": "m", "limits": {"predictions": limit}, "panes": panes})


def decided(*alerts: list[object]) -> JournalRow:
    return JournalRow(Entry.DECIDE, {}, {"model": "m", "alerts": list(alerts), "episodes": []})


def test_what_is_equal_is_counted() -> None:
    comparison = Comparison()
    comparison.decided(
        [closed("a", "b"), decided(["f", "firing", 9])], [closed("a", "b"), decided(["f", "firing", 9])], 1
    )
    comparison.ended(SAVED, replace(SAVED, panes={KEY: np.ones((2, 3), np.int64)}))
    assert comparison.same
    assert comparison.first_difference == ""
    assert {what: count.same for what, count in comparison.counts.items()} == {
        Compared.PANES: 2,
        Compared.WINDOWS: 1,
        Compared.CLASSES: 1,
        Compared.TRANSITIONS: 1,
        Compared.DECISIONS: 1,
        Compared.STATES: 2,
    }


@pytest.mark.parametrize(
    ("recomputed", "what"),
    [
        ([closed("x", "b")], Compared.PANES),
        ([closed("a", "x")], Compared.WINDOWS),
        ([closed("a", "b", limit=6)], Compared.DECISIONS),
        ([], Compared.PANES),
        ([closed("a", "b"), decided(["f", "firing", 9])], Compared.TRANSITIONS),
        ([closed("a", "b"), JournalRow(Entry.HALVE, {}, {"model": "m", "limit": 1})], Compared.DECISIONS),
    ],
)
def test_a_commit_that_says_something_else_is_found(recomputed: list[JournalRow], what: Compared) -> None:
    comparison = Comparison()
    comparison.decided([closed("a", "b")], recomputed, 17)
    assert comparison.counts[what].different >= 1
    assert "commit 17" in comparison.counts[what].first
    assert not comparison.same


def state(**changed: object) -> dict[str, bytes]:
    return dict(SAVED.states) | {"m/model": msgspec.msgpack.encode(msgspec.structs.replace(STATE, **changed))}


@pytest.mark.parametrize(
    ("recomputed", "what", "words"),
    [
        (replace(SAVED, panes={}), Compared.PANES, "predictions"),
        (replace(SAVED, panes={KEY: np.full((2, 3), 2)}), Compared.PANES, "live 6, recomputed 12"),
        (
            replace(SAVED, states=state(tally={Stream.PREDICTIONS: {0: [8]}})),
            Compared.CLASSES,
            "live 7, recomputed 8",
        ),
        (replace(SAVED, states=state(streams={})), Compared.STATES, "progress"),
        (replace(SAVED, states={**SAVED.states, "m/decisions": b"e"}), Compared.STATES, "m/decisions"),
    ],
)
def test_a_checkpoint_that_holds_something_else_is_found(
    recomputed: Saved, what: Compared, words: str
) -> None:
    comparison = Comparison()
    comparison.ended(SAVED, recomputed)
    assert comparison.counts[what].different >= 1
    assert words in comparison.counts[what].first
    assert comparison.first_difference.startswith(what)


def test_floors_of_memory_and_the_words_of_the_configuration_do_not_count() -> None:
    comparison = Comparison()
    streams = {Stream.PREDICTIONS: StreamState({0: PartitionOrder(5, 4)}, 4, 4)}
    comparison.ended(SAVED, replace(SAVED, states=state(streams=streams) | {"plans": b"x", "plans/x": b"y"}))
    assert comparison.same
