"""One version: counts against a plain recount, and panes to the store and back."""

from __future__ import annotations

import json
import random
from collections import Counter

import msgspec
import numpy as np

from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.joins import PREDICTION_ROW, SLICE_COLUMNS_MAX
from driftwatch.events.packing import pack_array, unpack_array
from driftwatch.monitor.changes import PaneKey
from driftwatch.monitor.values import SliceValues
from driftwatch.monitor.version import Version, VersionState
from tests.monitor.drive import spec
from tests.monitor.test_plan import planned
from tests.monitor.world import KEY, MINUTE, REFERENCE, START, batch, prediction

PLAN = planned()
LAYOUT = REFERENCE.layout


def fresh(state: VersionState | None = None) -> Version:
    values = SliceValues(PLAN.spec.slice_columns, {})
    values.learn(LAYOUT.slices)
    return Version(PLAN, REFERENCE, state or VersionState("1", LAYOUT.hash, REFERENCE.hash), values)


def predictions(n: int) -> tuple[Block, list[dict[str, object]]]:
    rng = random.Random(3)
    values = [prediction(k, START + k * 1_000, rng) for k in range(n)]
    events = Decoder(PLAN.streams[Stream.PREDICTIONS].reading, KEY).decode(batch("p", 0, values))
    return Block.of(events, 0), [json.loads(value) for value in values]


def codes_of(version: Version, block: Block) -> np.ndarray:
    return version._values.codes([(0, block.texts[1])], len(block))


def test_predictions_are_counted_by_pane_slice_and_cell() -> None:
    version = fresh()
    block, records = predictions(300)
    decisions = version.decisions(block.decisions, block.scores, len(block))
    version.count(Stream.PREDICTIONS, block, decisions, codes_of(version, block))
    part = LAYOUT.part(Stream.PREDICTIONS)
    assert part is not None
    kind, decision = part.field("kind"), part.field("decision")
    for key, pane in version.changes().items():
        assert (key.model, key.version, key.stream, key.width_ms) == ("m", "1", Stream.PREDICTIONS, MINUTE)
        here = [r for r in records if key.start_ms <= r["ts"] < key.start_ms + MINUTE]  # type: ignore[operator]
        for row, name in enumerate(LAYOUT.slices.rows):
            inside = [r for r in here if name in ("all", f"country={r['country']}")]
            counts = Counter(str(r["kind"]) for r in inside)
            assert [pane[row, kind.start + k] for k in range(3)] == [counts[c] for c in kind.categories]  # type: ignore[index]
            decided = Counter(int(r["score"] >= 0.5) for r in inside)  # type: ignore[operator]
            assert [pane[row, decision.start + d] for d in (0, 1)] == [decided[0], decided[1]]  # type: ignore[index]
    assert version.state.last_event_ms == START + 299_000


def test_a_model_without_score_and_decision_decides_nothing() -> None:
    version = fresh()
    assert len(set(version.decisions([], np.empty(0), 3).tolist())) == 1
    assert version.decider.codes(version.decisions([], np.empty(0), 3)).tolist() == [-1, -1, -1]


def test_labels_are_counted_by_their_own_time_and_the_slices_of_their_predictions() -> None:
    version = fresh()
    rows = np.zeros(4, PREDICTION_ROW)
    rows["time_ms"], rows["score"], rows["decision"] = START, [0.9, 0.9, 0.2, np.nan], [1, 1, 0, -1]
    codes = np.zeros((4, SLICE_COLUMNS_MAX), np.int16)
    codes[:, 0] = version._values.codes([(0, ["PT", "DE", "PT", None])], 4)[:, 0]
    times = np.array([START - 9, START + MINUTE, START + MINUTE, START + MINUTE])
    version.count_labels(times, rows, [1.0, 0.0, 0.0, 1.0], codes)
    part = LAYOUT.part(Stream.LABELS)
    assert part is not None
    quality, confusion, ages = part.block("quality"), part.block("confusion"), part.block("ages")
    assert quality is not None
    assert confusion is not None
    assert ages is not None
    panes = {key.start_ms: pane for key, pane in version.changes().items() if pane is not None}
    assert sorted(panes) == [START - MINUTE, START + MINUTE]
    early, late = panes[START - MINUTE], panes[START + MINUTE]
    assert early[0, confusion.start + 3] == 1, "said 1, was 1"
    assert early[0, ages.start] == 1, "a label before its prediction has age 0 (E5)"
    assert late[0, confusion.start : confusion.start + 4].tolist() == [1, 0, 1, 0]
    assert late[0, quality.stop - 1] == 3
    assert late[0, quality.start] == 1, "one met no usable decision"
    row = list(LAYOUT.slices.rows).index("country=PT")
    assert late[row, confusion.start] == 1


def test_an_old_label_counts_by_its_age_e5() -> None:
    version, rows = fresh(), np.zeros(1, PREDICTION_ROW)
    rows["time_ms"], rows["score"], rows["decision"] = START, 0.9, 1
    age_ms = LAYOUT.age_edges_ms[-1] + 1
    version.count_labels(np.array([START + age_ms]), rows, [1.0], np.zeros((1, SLICE_COLUMNS_MAX), np.int16))
    part = LAYOUT.part(Stream.LABELS)
    assert part is not None
    ages = part.block("ages")
    assert ages is not None
    (pane,) = (pane for pane in version.changes().values() if pane is not None)
    by_age = pane[0, ages.start : ages.stop].reshape(ages.shape)[:, 0].tolist()
    assert by_age == [0] * (ages.shape[0] - 1) + [1], "in the last bucket, which is open"


def test_what_is_stored_is_taken_up_again() -> None:
    version = fresh()
    block, _ = predictions(300)
    decisions = version.decisions(block.decisions, block.scores, len(block))
    version.count(Stream.PREDICTIONS, block, decisions, codes_of(version, block))
    list(version.series[Stream.PREDICTIONS].close(START + 2 * MINUTE))
    version.predicted["w", 5] = pack_array(np.array([1, 2]))
    stored = {key: pane.copy() for key, pane in version.changes().items() if pane is not None}
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(version.saved()), type=VersionState)
    again = fresh(state)
    foreign = {
        PaneKey("m", "2", key.stream, key.layout, key.width_ms, key.start_ms): pane
        for key, pane in stored.items()
    }
    again.load(stored | foreign)
    assert unpack_array(again.predicted["w", 5]).tolist() == [1, 2]
    assert again.state.closed == {Stream.PREDICTIONS: START + 2 * MINUTE}
    ends = [c for c in again.series[Stream.PREDICTIONS].close(START + 9 * MINUTE) if c.pane is not None]
    expected = [c for c in version.series[Stream.PREDICTIONS].close(START + 9 * MINUTE) if c.pane is not None]
    assert [c.pane.tolist() for c in ends] == [c.pane.tolist() for c in expected]  # type: ignore[union-attr]


def test_a_stream_that_the_layout_does_not_count_is_left_alone() -> None:
    version = fresh()
    block, _ = predictions(3)
    version.count(Stream.FEATURES, block, np.zeros(3, np.int32), codes_of(version, block))
    assert version.changes() == {}
    assert spec().features is None
