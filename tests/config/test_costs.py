import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.config import costs
from driftwatch.config.spec import Configuration
from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Pair, Reading
from driftwatch.drift.spec import EVERY, StatisticsSpec
from driftwatch.events import waiting as waiting_area
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, class_score_row
from driftwatch.events.packing import pack_array
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.sampling import KEYS_MAX, LOOKED, VERSIONS_MAX, Sampler
from driftwatch.events.spec import DAY_MS
from driftwatch.events.waiting import CHUNK_EVENTS, RELEASE_EVENTS, Waiting
from driftwatch.monitor.changes import Changes
from driftwatch.monitor.cohorts import DAYS_MAX, Cohorts
from driftwatch.monitor.judging import PREDICTED_MAX, STRATA_BYTES
from driftwatch.monitor.model import WAITING_MAX
from driftwatch.monitor.noticed import NoticedState
from driftwatch.monitor.plan import Choice
from driftwatch.references.design import AGE_EDGES_MS
from driftwatch.storage.bloom import BITS_PER_ID
from driftwatch.storage.join_table import FRESH_ROWS
from driftwatch.storage.sqlite import open_checkpoint
from driftwatch.summaries.layout import Layout, Part
from driftwatch.telemetry.cells import cell_series
from driftwatch.telemetry.readings import series_per_row
from driftwatch.windows.series import Series, Window
from driftwatch.windows.spec import WindowSpec
from tests.config.files import good
from tests.config.references import MODEL, reference_of
from tests.monitor.test_plan import planned

REFERENCE = reference_of()


def spec_with(**change: object):
    data = good()
    data["models"][0].update(change)
    return Configuration.model_validate(data).models[0]


@given(
    smallest=st.integers(1, 4),
    shape=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6)), min_size=1, max_size=4),
    times=st.lists(st.integers(0, 200), min_size=1, max_size=80),
)
def test_windows_never_keep_more_matrices_than_counted(
    smallest: int, shape: list[tuple[int, int]], times: list[int]
) -> None:
    """Against the engine itself: all panes, sums and growing panes that a Series holds at any moment."""
    pairs = [(1, 1), *shape]
    windows = tuple(Window(f"w{i}", a * b * smallest, a * smallest) for i, (a, b) in enumerate(pairs))
    specs = [WindowSpec.model_construct(size=w.size_ms, slide=w.slide_ms, name=w.name) for w in windows]
    series, most = Series((1, 1), windows, 0), costs.kept_panes(specs)
    frontier = -1
    for time_ms in sorted(times):
        series.pane(series.floor_ms(time_ms, series.width_ms))[:] += 1
        for closed in series.close(time_ms - 2):
            frontier = closed.end_ms
            assert matrices_in(series) <= most
    assert frontier <= max(times)


def matrices_in(series: Series) -> int:
    sums = series._sums
    partial = [p for p in series._partial.values() if p is not None]
    return sum(1 + len(total.panes) for total in sums) + len(partial)


def everything(layout: Layout, part: Part) -> Pair:
    """The reference against itself, with all that a statistic may need beside."""
    total = REFERENCE.totals[part.stream]
    strata = part.block("strata")
    return Pair(
        layout,
        part,
        total,
        total,
        1,
        1,
        predicted=np.full(len(total), 10) if part.stream is Stream.LABELS else None,
        labelled=REFERENCE.totals[Stream.LABELS] if part.stream is Stream.PREDICTIONS else None,
        strata=np.ones((len(total), *strata.shape[:2]), np.int64) if strata is not None else None,
    )


def test_series_are_counted_as_metrics_count_them() -> None:
    layout = REFERENCE.layout
    for windows in (1, 3):
        shown = 0
        for part in layout.parts:
            total = REFERENCE.totals[part.stream]
            pair = everything(layout, part)
            reading = Reading(
                "m",
                "v",
                part.stream,
                "w",
                0,
                1,
                layout,
                "h",
                total[:, 0],
                read(pair, StatisticsSpec(also=[EVERY])),
            )
            shown += series_per_row(reading) * len(layout.slices.rows) + cell_series(part, ["*"])
        assert costs.series_of(layout, windows, [EVERY], ["*"]) == windows * shown


def test_readings_fit_their_bound() -> None:
    for part in REFERENCE.layout.parts:
        estimates = read(everything(REFERENCE.layout, part), StatisticsSpec(also=[EVERY]))
        held = sum(
            e.value.nbytes + e.lower.nbytes + e.upper.nbytes + e.count.nbytes for e in estimates.values()
        )
        assert held * 3 == costs.reading_bytes(REFERENCE.layout, part, [EVERY])


def test_panes() -> None:
    part = REFERENCE.layout.parts[0]
    assert costs.pane_bytes(7, part) == np.zeros((7, part.columns), np.int64).nbytes
    window = WindowSpec.model_validate({"size": "1d", "slide": "1h"})
    assert costs.panes_of(window) == 24


@pytest.mark.parametrize(
    ("lateness", "slide", "future", "expected"),
    [("1m", "5m", 600_000, 6), ("0s", "5m", 0, 3), ("1h", "5m", 0, 15), ("1d", "1d", 0, 4)],
)
def test_open_panes(lateness: str, slide: str, future: int, expected: int) -> None:
    predictions = {**good()["models"][0]["predictions"], "lateness": lateness}
    spec = spec_with(predictions=predictions, windows=[{"size": slide, "slide": slide}])
    assert spec.open_panes(Stream.PREDICTIONS, future) == expected


def test_labels_wait_outside_of_panes() -> None:
    mapped = spec_with(labels={"topic": "l", "id": "id", "label": "y", "time": "ts"})
    assert mapped.open_panes(Stream.LABELS, 0) == MODEL.open_panes(Stream.LABELS, 0) == 3


@pytest.mark.parametrize(
    "dtype",
    [PREDICTION_ROW, LABEL_ROW, class_score_row(3), class_score_row(60)],
    ids=["predictions", "labels", "scores of 3 classes", "scores of 60 classes"],
)
def test_filters_are_not_larger_than_said(tmp_path: Path, dtype: np.dtype[np.void]) -> None:
    rows = 300_000
    checkpoint = open_checkpoint(tmp_path)
    table = checkpoint.joins.table("m", "kind", dtype)
    ids = np.random.default_rng(1).integers(0, 2**62, rows)
    for start in range(0, rows, 20_000):
        table.add(start, ids[start : start + 20_000], np.zeros(len(ids[start : start + 20_000]), dtype))
    checkpoint.commit(Changes())
    held = table.filter_bytes + FRESH_ROWS * BITS_PER_ID // 8
    said = costs.filter_bytes(rows, dtype)
    assert 0.5 * said < held <= said
    checkpoint.close()


def test_rows_on_disk_hold_at_least_the_row() -> None:
    assert costs.join_disk_bytes(10, PREDICTION_ROW) > 10 * (8 + PREDICTION_ROW.itemsize)
    assert costs.join_disk_bytes(10, LABEL_ROW) < costs.join_disk_bytes(10, PREDICTION_ROW)


@pytest.mark.parametrize(
    "row", [PREDICTION_ROW, LABEL_ROW, *map(class_score_row, (2, 10, 30, 60, 200, 300, 450))], ids=str
)
def test_rows_take_no_more_of_the_disk_than_said(tmp_path: Path, row: np.dtype[np.void]) -> None:
    rows, checkpoint = 20_000, open_checkpoint(tmp_path)
    empty = sum(file.stat().st_size for file in tmp_path.iterdir())
    ids = np.random.default_rng(1).integers(0, 2**62, rows)
    checkpoint.joins.table("m", "kind", row).add(0, ids, np.zeros(rows, row))
    checkpoint.commit(Changes())
    checkpoint.close()
    taken = sum(file.stat().st_size for file in tmp_path.iterdir()) - empty
    said = costs.join_disk_bytes(rows, row)
    assert 0.75 * said < taken <= said


@pytest.mark.parametrize("classes", [2, 40])
def test_class_scores_that_are_gathered_fit_their_bound(tmp_path: Path, classes: int) -> None:
    dtype, step = class_score_row(classes), FRESH_ROWS // 16
    checkpoint = open_checkpoint(tmp_path)
    table = checkpoint.joins.table("m", "class_scores-x", dtype)
    ids = np.random.default_rng(1).integers(0, 2**62, FRESH_ROWS)
    gc.collect()
    tracemalloc.start()
    for start in range(0, FRESH_ROWS, step):  # the last call writes them
        table.add(0, ids[start : start + step], np.zeros(step, dtype))
    checkpoint.commit(Changes())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    checkpoint.close()
    said = costs.gathered_bytes(dtype) + costs.filter_bytes(FRESH_ROWS, dtype)
    assert 0.5 * said < peak <= said


def test_events() -> None:
    layout = REFERENCE.layout
    assert costs.event_bytes(layout, Stream.PREDICTIONS, 2) > costs.event_bytes(layout, Stream.PREDICTIONS, 0)
    assert costs.event_bytes(layout, Stream.LABELS, 0) == costs.LABEL_BYTES
    for stream in Stream:
        assert costs.packed_bytes(layout, stream, 2) < costs.event_bytes(layout, stream, 2)
    assert costs.fetch_bytes(4, 1_048_576) == 4 * costs.FETCHES * 1_048_576


@pytest.mark.parametrize(
    ("numbers", "texts", "said"),
    [
        (0, 0, costs.PACKED_EVENT_BYTES),
        (20, 0, costs.PACKED_EVENT_BYTES + 20 * costs.PACKED_NUMBER_BYTES),
        (0, 6, costs.PACKED_EVENT_BYTES + 6 * costs.PACKED_TEXT_BYTES),
        (None, 0, costs.PACKED_LABEL_BYTES),
    ],
    ids=["bare", "numbers", "texts", "labels"],
)
def test_waiting_events_fit_their_bound_while_all_are_released(
    numbers: int | None, texts: int, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At half the scale."""
    monkeypatch.setattr(waiting_area, "RELEASE_EVENTS", RELEASE_EVENTS // 2)
    monkeypatch.setattr(waiting_area, "CHUNK_EVENTS", CHUNK_EVENTS // 2)
    count, step = WAITING_MAX // 2 // 4_096 * 4_096, 4_096
    gc.collect()
    tracemalloc.start()
    waiting = Waiting("m", {}, 0)
    for first in range(0, count, step):
        waiting.add(block(first, step, numbers, texts))
        waiting.changes()
    released = sum(len(waiting.release(stop) or ()) for stop in waiting.stops(2**60))
    peak = tracemalloc.get_traced_memory()[1] / count
    tracemalloc.stop()
    assert released == count
    assert 0.6 * said < peak <= said


def block(first: int, count: int, numbers: int | None, texts: int) -> Block:
    """Events of a few minutes, in columns as they are read; without numbers they are labels. Every text is another."""
    rng = np.random.default_rng(first)
    number = np.arange(first, first + count)
    label = numbers is None
    return Block(
        partitions=np.zeros(count, np.int32),
        offsets=number,
        times_ms=1_700_000_000_000 + 1_000 * number + rng.integers(0, 60_000, count),
        ids=rng.integers(-(2**62), 2**62, count),
        payloads=rng.integers(-(2**62), 2**62, count),
        scores=np.empty(0) if label else rng.random(count),
        numbers=rng.random((count, numbers or 0)),
        versions=[] if label else ["v1"] * count,
        decisions=[] if label else [None] * count,
        labels=[float(value) for value in rng.integers(0, 2, count)] if label else [],
        texts=[[f"{column} is {n:012d}" for n in number.tolist()] for column in range(texts)],
    )


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    gc.collect()
    tracemalloc.start()
    try:
        yield lambda: gc.collect() * 0 + tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_records_that_were_looked_at_fit_their_bound() -> None:
    """The widest characters in every name and value, in as many fields and versions as are kept, and more."""
    wide = "\N{GRINNING FACE}" * 100
    record = {f"{wide[:70]}{k}": wide for k in range(KEYS_MAX + 5)}
    record |= {"age": wide, "income": wide, "country": wide}
    value = json.dumps(record).encode()
    reading = planned(MODEL, Choice("*", REFERENCE)).streams[Stream.PREDICTIONS].reading
    kept = NoticedState()
    with traced() as held:
        sampler = Sampler(reading)
        for number in range(3 * VERSIONS_MAX):
            offsets = np.arange(4 * LOOKED * number, 4 * LOOKED * (number + 1))
            rows = len(offsets)
            batch = RecordBatch(Partition("p", 0), offsets, offsets, [value] * rows, 0)
            zeros = np.zeros(rows, np.int64)
            block = Block(
                zeros.astype(np.int32), offsets, zeros, offsets, zeros, np.empty(0), np.empty((rows, 0)),
                [f"v{99 - number}"] * rows, [], [], [],
            )  # fmt: skip
            kept.look(Stream.PREDICTIONS, list(sampler.look(batch, block, zeros)))
        taken = held()
    assert {len(names) for names in kept.looked[Stream.PREDICTIONS].values()} == {VERSIONS_MAX}
    said = costs.looked_bytes(REFERENCE.layout, Stream.PREDICTIONS, 1)
    assert 0.4 * said < taken <= said


def test_what_labels_are_compared_with_fits_its_bound() -> None:
    rng, rows, windows = np.random.default_rng(1), len(REFERENCE.layout.slices.rows), 2
    with traced() as held:
        predicted = {
            (f"w{w}", 300_000 * n + 1_700_000_000_000): pack_array(rng.integers(0, 2**40, rows))
            for w in range(windows)
            for n in range(PREDICTED_MAX)
        }
        cohorts = Cohorts(AGE_EDGES_MS, 10_000 * DAY_MS, {})
        days = np.arange(DAYS_MAX, dtype=np.int64) * DAY_MS
        cohorts.predict(days)
        cohorts.label(days, np.zeros(DAYS_MAX, np.int64))
        state = cohorts.state
        taken = held()
    assert len(predicted) == windows * PREDICTED_MAX
    assert len(state) == DAYS_MAX
    said = costs.remembered_bytes(REFERENCE.layout, windows, 100) - costs.CHANGES * STRATA_BYTES
    assert 0.5 * said < taken <= said
    assert costs.remembered_bytes(REFERENCE.layout, windows, 5_000) > 2 * said, (
        "the later labels may be, the more"
    )
