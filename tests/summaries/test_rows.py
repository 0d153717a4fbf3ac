"""Slice values lead to the rows that their names say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries import rows as module
from driftwatch.summaries.rows import SliceCoder
from driftwatch.summaries.slices import Dimension, SliceTable
from tests.summaries.layouts import plain_rows, table

TABLE = table(country=("PT", "ES", "FR"), channel=("web", "app"))
texts = st.sampled_from(["PT", "ES", "FR", "DE", "web", "app", "", None, INVALID_TEXT])


@given(st.lists(st.tuples(texts, texts), max_size=40))
def test_each_event_has_the_rows_of_its_values(events: list[tuple[str | None, str | None]]) -> None:
    coder = SliceCoder(TABLE)
    codes, _ = coder.codes([[a for a, _ in events], [b for _, b in events]], len(events))
    joint = coder.joint(codes)
    assert joint.rows[joint.index].tolist() == [plain_rows(TABLE, event) for event in events]


def test_values_without_a_code_are_counted_per_column() -> None:
    coder = SliceCoder(TABLE)
    codes, folded = coder.codes([["PT", "XX", "YY", None], ["web", "web", "app", INVALID_TEXT]], 4)
    assert codes.dtype == np.int16
    assert codes.tolist() == [[0, 0], [3, 0], [3, 1], [4, 3]]
    assert folded == {"country": 2}


def test_only_combinations_that_occur_are_kept() -> None:
    coder = SliceCoder(TABLE)
    joint = coder.joint(np.array([[0, 0], [0, 0], [1, 1], [0, 0]], np.int16))
    assert len(joint.rows) == 2
    assert joint.index.tolist() == [0, 0, 1, 0]
    assert joint.of(0).tolist() == [0, 0, 0, 0]
    assert joint.take(np.array([2, 0])).index.tolist() == [1, 0]


def test_events_of_which_nothing_is_known() -> None:
    coder = SliceCoder(TABLE)
    joint = coder.joint(coder.unknown(2))
    assert joint.rows[joint.index].tolist() == [plain_rows(TABLE, (None, None))] * 2


def test_without_slices_every_event_is_in_row_0() -> None:
    coder = SliceCoder(SliceTable((), (), ()))
    codes, folded = coder.codes([], 3)
    joint = coder.joint(codes)
    assert (joint.index.tolist(), joint.rows.tolist(), folded) == ([0, 0, 0], [[0]], {})


def test_more_combinations_than_an_integer_can_number() -> None:
    names = tuple(f"c{i}" for i in range(8))
    values = tuple(tuple(f"v{i}" for i in range(2_000)) for _ in names)
    wide = SliceTable(
        names,
        values,
        tuple(Dimension((n,), tuple((v,) for v in vs)) for n, vs in zip(names, values, strict=True)),
    )
    coder = SliceCoder(wide)
    codes = np.random.default_rng(7).integers(0, 2_002, (500, 8)).astype(np.int16)
    joint = coder.joint(np.concatenate([codes, codes]))
    assert len(joint.rows) == 500
    expected = [list(wide.rows_of(tuple(row))) for row in codes.tolist()]
    assert joint.rows[joint.index].tolist() == expected * 2


def test_memory_of_combinations_is_bounded_and_forgetting_changes_nothing(monkeypatch) -> None:
    monkeypatch.setattr(module, "CACHE_LIMIT", 5)
    coder = SliceCoder(TABLE)
    grid = np.array([[a, b] for a in range(5) for b in range(4)], np.int16)
    for start in (0, 4, 8, 12, 0, 16):
        joint = coder.joint(grid[start : start + 4])
        assert joint.rows[joint.index].tolist() == [
            list(TABLE.rows_of(tuple(c))) for c in grid[start : start + 4].tolist()
        ]
        assert len(coder._known) <= 5
