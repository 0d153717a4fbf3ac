"""Laws of matrices: zero, +, order, partition, round trip; and what every event adds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.count import count, count_panes
from driftwatch.summaries.rows import SliceCoder
from tests.summaries.layouts import categorical, numeric, part, table

PART = part(numeric("x", -1.0, 0.0, 0.5), categorical("c", "a", "b", "c"), numeric("y"))
TABLE = table(country=("PT", "ES", "FR"), channel=("web", "app"))
ROWS, COLUMNS = len(TABLE.rows), PART.columns

events = st.lists(
    st.tuples(
        st.floats(), st.floats(-1, 1), st.sampled_from(["a", "c", "x", None]),
        st.sampled_from(["PT", "FR", "DE", None]), st.sampled_from(["web", "app", "", None]),
    ),
    max_size=50,
)  # fmt: skip


def matrix_of(made) -> np.ndarray:
    return count(PART, TABLE, *coded(made))


def coded(made):
    x, y, c, country, channel = (list(column) for column in zip(*made, strict=True)) if made else ([],) * 5
    slices = SliceCoder(TABLE)
    codes, _ = slices.codes([country, channel], len(made))
    cells = PartCoder(PART, ("x", "y"), ("c",)).cells(np.array([x, y], np.float64).T.reshape(-1, 2), [c])
    return cells, slices.joint(codes)


def test_zero() -> None:
    assert not matrix_of([]).any()
    assert matrix_of([]).shape == (ROWS, COLUMNS)


@given(events, events, events)
def test_plus_is_associative_commutative_and_counts_both(a, b, c) -> None:
    ma, mb, mc = matrix_of(a), matrix_of(b), matrix_of(c)
    assert (ma + (mb + mc) == (ma + mb) + mc).all()
    assert (ma + mb == mb + ma).all()
    assert (ma + mb == matrix_of(a + b)).all()
    assert (ma + mb - mb == ma).all()


@given(events, st.randoms(use_true_random=False))
def test_order_does_not_matter(made, random) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)
    assert (matrix_of(made) == matrix_of(shuffled)).all()


@given(events, st.data())
def test_any_partition_sums_to_the_whole(made, data) -> None:
    panes = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(made), max_size=len(made))), np.int64)
    found = count_panes(PART, TABLE, panes, *coded(made))
    assert (sum(found.values(), np.zeros((ROWS, COLUMNS), np.int64)) == matrix_of(made)).all()


@given(events)
def test_bytes_and_back(made) -> None:
    matrix = matrix_of(made)
    back = np.frombuffer(matrix.tobytes(), np.int64).reshape(matrix.shape)
    assert (back == matrix).all()


@given(events)
def test_every_event_adds_one_to_each_field_of_row_0_and_of_one_row_per_dimension(made) -> None:
    matrix = matrix_of(made)
    for field in PART.fields:
        by_row = matrix[:, field.start : field.stop].sum(axis=1)
        assert by_row[0] == len(made)
        start = 1
        for dimension in TABLE.dimensions:
            stop = start + len(dimension.kept) + 2
            assert by_row[start:stop].sum() == len(made)
            start = stop
