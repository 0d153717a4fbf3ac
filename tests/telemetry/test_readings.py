from dataclasses import replace

import numpy as np
import pytest

from driftwatch.drift.catalogue import CATALOGUE, STATISTICS
from driftwatch.drift.reading import Reading
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.readings import readings, select, series_per_row, window_families
from tests.telemetry import pictures


def series(*shown: Reading, limit: int = 10_000) -> dict[tuple[str, tuple[str, ...]], float]:
    families = window_families(select(shown, limit))
    found = [((s.name, s.labels), s.value) for family in families for s in family.samples]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_values_and_limits_are_those_of_the_estimates() -> None:
    shown = pictures.reading(pictures.layout())
    found = series(shown)
    estimate = shown.estimates["ks_statistic"]
    labels = ("credit", "v1", "predictions", "age", "country=ES", "1h")
    row = shown.layout.slices.rows.index("country=ES")
    assert found["driftwatch_ks_statistic", labels] == estimate.value[row, 0]
    assert found["driftwatch_ks_statistic_lower", labels] == estimate.lower[row, 0]
    assert found["driftwatch_ks_statistic_upper", labels] == estimate.upper[row, 0]
    assert ("driftwatch_psi_lower", labels) not in found


def test_a_declared_slice_without_events_shows_zero_events_and_no_statistics() -> None:
    shown = pictures.reading(pictures.layout())
    found = series(shown)
    last = shown.layout.slices.rows[-1]
    assert found["driftwatch_window_events", ("credit", "v1", "predictions", last, "1h")] == 0
    named = {name for name, labels in found if last in labels}
    assert "driftwatch_psi" not in named
    assert "driftwatch_missing_share" not in named


def test_infinite_and_missing_numbers_are_no_series() -> None:
    shown = pictures.reading(pictures.layout())
    estimate = shown.estimates["psi"]
    value = estimate.value.copy()
    value[0, 0], value[1, 0] = np.inf, np.nan
    changed = replace(shown, estimates={"psi": replace(estimate, value=value)})
    found = [labels[4] for name, labels in series(changed) if name == "driftwatch_psi"]
    assert found == list(shown.layout.slices.rows[2:-1])


def test_a_vanished_slice_vanishes() -> None:
    before = series(pictures.reading(pictures.layout(("PT", "ES"))))
    after = series(pictures.reading(pictures.layout(("PT",))))
    assert any("country=ES" in labels for _, labels in before)
    assert not any("country=ES" in labels for _, labels in after)


@pytest.mark.parametrize("limit", [0, 1, 50, 99, 100, 101, 150, 10_000])
def test_the_limit_is_hard_and_what_is_left_out_is_counted(limit: int) -> None:
    shown = [pictures.reading(pictures.layout(), window=window) for window in ("1h", "1d")]
    selection = select(shown, limit)
    counted = [
        sample
        for family in window_families(selection)
        for sample in family.samples
        if len(sample.labels) > 4  # statistics and window_events have a slice
    ]
    assert len(counted) <= selection.series <= limit
    declared = sum(series_per_row(reading) * len(reading.events) for reading in shown)
    assert selection.series + selection.folded == declared


def test_row_all_of_every_reading_is_kept_before_any_other_slice() -> None:
    shown = [pictures.reading(pictures.layout(), window=window) for window in ("1h", "1d")]
    both = 2 * series_per_row(shown[0])
    assert [kept.rows for kept in select(shown, both).kept] == [1, 1]
    assert [kept.rows for kept in select(shown, both + series_per_row(shown[0])).kept] == [2, 1]


def test_what_is_kept_does_not_depend_on_the_numbers() -> None:
    one = pictures.reading(pictures.layout(), seed=1)
    hollow = replace(
        one, estimates={n: replace(e, value=np.full_like(e.value, np.nan)) for n, e in one.estimates.items()}
    )
    assert [k.rows for k in select([one], 100).kept] == [k.rows for k in select([hollow], 100).kept]


def test_readings_are_in_a_fixed_order() -> None:
    made = pictures.layout()
    versions = [
        pictures.version_view(pictures.reading(made, v, "1h"), pictures.reading(made, v, "1d"))
        for v in ("v2", "v1")
    ]
    found = [(r.version, r.window) for r in readings(pictures.snapshot(*versions))]
    assert found == [("v1", "1d"), ("v1", "1h"), ("v2", "1d"), ("v2", "1h")]


def test_a_statistic_without_an_interval_has_limits_that_say_nothing_more() -> None:
    for name, estimate in pictures.reading(pictures.layout()).estimates.items():
        if not STATISTICS[name].interval:
            np.testing.assert_array_equal(estimate.lower, estimate.value)
            np.testing.assert_array_equal(estimate.upper, estimate.value)


def test_every_statistic_has_a_family_even_without_readings() -> None:
    names = [family.metric.name for family in window_families(select([], 100))]
    assert set(names) == {m.name for m in c.catalogue() if m.group is c.Group.STATISTICS}
    assert len(names) == len(set(names)) >= len(CATALOGUE)
