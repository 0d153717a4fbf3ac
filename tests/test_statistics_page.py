"""The handbook page says what the catalogue says, and its numbers are those of a replay with every statistic on."""

from __future__ import annotations

from typing import Any

import pytest

from driftwatch.drift.catalogue import CATALOGUE
from tests.statistics_page import DATA, ROOT, page, picture, replayed, told, windows_of

PAGE = (ROOT / "docs" / "statistics.md").read_text("utf-8")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    if not DATA.exists():
        pytest.skip("the car-loan data is not beside the repository")
    return replayed(tmp_path_factory.mktemp("statistics"))


@pytest.mark.parametrize("statistic", CATALOGUE, ids=lambda s: s.name)
def test_the_page_tells_every_statistic_as_the_catalogue_does(statistic: Any) -> None:
    assert told(statistic) in PAGE, "run: python -m tests.statistics_page > docs/statistics.md"


def test_the_page_is_the_one_that_catalogue_and_replay_make(rows: list[dict[str, Any]]) -> None:
    assert page(windows_of(rows)) == PAGE, "run: python -m tests.statistics_page > docs/statistics.md"


def test_a_replay_with_every_statistic_writes_no_nan_and_ten_windows_of_each(
    rows: list[dict[str, Any]],
) -> None:
    numbers = [row[name] for row in rows for name in ("value", "lower", "upper")]
    assert all(n is None or abs(n) < float("inf") for n in numbers)
    assert all((row["value"] is None) == (row["verdict"] == "insufficient") for row in rows)
    windows = windows_of(rows)
    assert {len(values) for values in windows.values()} == {10}
    binary = {s.name for s in CATALOGUE if "binary" in s.needs.tasks}
    silent = binary - {name for (name, _), values in windows.items() if values[0] is not None}
    assert silent == set()


def test_a_picture_runs_from_the_least_to_the_largest() -> None:
    assert picture([0.0, None, 1.0, 0.5]) == "▁·█▅"
    assert picture([2.0, 2.0]) == "▁▁"
