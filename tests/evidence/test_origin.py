"""Where a change comes from: one country must not be told as forty slices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.evidence.origin import Excess, dimension_rows, origin
from driftwatch.summaries.slices import Dimension, SliceTable

COUNTRIES, CHANNELS = ("PT", "DE", "ES", "FR"), ("web", "app")
TABLE = SliceTable(
    ("country", "channel"),
    (COUNTRIES, CHANNELS),
    (
        Dimension(("country",), tuple((c,) for c in COUNTRIES)),
        Dimension(("channel",), tuple((c,) for c in CHANNELS)),
        Dimension(("country", "channel"), tuple((a, b) for a in COUNTRIES for b in CHANNELS)),
    ),
)
ROWS = TABLE.rows


def world(moved: dict[tuple[str, str], float], events: int = 1_000) -> Excess:
    """Every combination has `events`; in the moved ones the share rises by so much."""
    counts, excess = np.zeros(len(ROWS)), np.zeros(len(ROWS))
    for country in COUNTRIES:
        for channel in CHANNELS:
            beyond = events * moved.get((country, channel), 0.0)
            for name in (
                "all",
                f"country={country}",
                f"channel={channel}",
                f"country={country},channel={channel}",
            ):
                counts[ROWS.index(name)] += events
                excess[ROWS.index(name)] += beyond
    return Excess(excess, counts, counts * 0.2, np.full(len(ROWS), 0.02))


def loud(found: Excess) -> list[int]:
    """Rows whose share moved by more than is tolerable."""
    with np.errstate(invalid="ignore"):
        change = np.nan_to_num(found.excess / found.events)
    return np.flatnonzero(change > 0.02).tolist()


def names(rows: tuple[int, ...]) -> list[str]:
    return [ROWS[row] for row in rows]


def test_rows_of_dimensions() -> None:
    assert [list(rows) for rows in dimension_rows(TABLE)] == [
        list(range(1, 7)),
        list(range(7, 11)),
        list(range(11, 21)),
    ]


def test_a_change_in_one_country_is_that_country() -> None:
    found = world({("PT", "web"): 0.4, ("PT", "app"): 0.4})
    assert {"all", "country=PT", "channel=web", "channel=app"} <= {ROWS[r] for r in loud(found)}
    assert names(origin(TABLE, loud(found), found)) == ["country=PT"]


def test_a_change_in_one_crossing_is_that_crossing() -> None:
    found = world({("PT", "web"): 0.5})
    assert names(origin(TABLE, loud(found), found)) == ["country=PT,channel=web"]


def test_a_change_of_two_countries_is_these_two() -> None:
    found = world({(c, ch): size for c, size in (("PT", 0.3), ("ES", 0.6)) for ch in CHANNELS})
    assert names(origin(TABLE, loud(found), found)) == ["country=ES", "country=PT"]


def test_a_change_everywhere_is_one_of_all_traffic() -> None:
    found = world({(c, ch): 0.3 for c in COUNTRIES for ch in CHANNELS})
    assert names(origin(TABLE, loud(found), found)) == ["all"]


def test_a_small_slice_that_does_not_move_the_whole_stands_alone() -> None:
    found = world({("FR", "app"): 0.1})
    row = ROWS.index("country=FR,channel=app")
    assert names(origin(TABLE, [row], found)) == ["country=FR,channel=app"]


@given(st.sets(st.integers(0, len(ROWS) - 1)), st.dictionaries(
    st.tuples(st.sampled_from(COUNTRIES), st.sampled_from(CHANNELS)), st.floats(0, 0.8)))  # fmt: skip
def test_the_answer_is_some_of_the_loud_and_never_nothing(
    rows: set[int], moved: dict[tuple[str, str], float]
) -> None:
    found = origin(TABLE, sorted(rows), world(moved))
    assert set(found) <= rows
    assert bool(found) == bool(rows)
    assert len(found) == len(set(found))
