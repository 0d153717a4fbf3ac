"""The table of coverage is complete, as its script makes it, and near what the statistics promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftwatch.drift.catalogue import STATISTICS
from tests.drift import coverage

PAGE = (Path(__file__).parents[2] / "docs" / "statistics-coverage.md").read_text("utf-8")


@pytest.fixture(scope="module")
def rates() -> list[tuple[str, str, list[float]]]:
    return list(coverage.rates())


@pytest.mark.slow
def test_every_rate_is_near_what_it_should_be(rates: list[tuple[str, str, list[float]]]) -> None:
    """KS and Kuiper are conservative, and small windows may be off by some per cent; nothing is anywhere near useless."""
    for name, what, found in rates:
        for n, rate in zip(coverage.SIZES, found, strict=True):
            if np.isnan(rate):
                continue
            if what.startswith("below"):
                # Goodness of fit takes the reference for the truth, so it is too small where N is near M.
                assert rate < (0.085 if name == "chi2_fit_p_value" else 0.07), (name, what, n)
                assert rate > 0.03 or name in ("ks_p_value", "kuiper_p_value"), (name, what, n)
            else:
                wide = name in coverage.CAREFUL
                assert 0.92 < rate < (1.001 if wide else 0.995) or n == 100, (name, n, rate)
                assert rate > 0.88, (name, n, rate)


@pytest.mark.slow
def test_the_page_is_the_scripts(rates: list[tuple[str, str, list[float]]]) -> None:
    for name, what, found in rates:
        shown = "".join(" – |" if np.isnan(rate) else f" {100 * rate:.1f} % |" for rate in found)
        assert f"| `{name}` | {what} |{shown}" in PAGE, (
            "run: python -m tests.drift.coverage > docs/statistics-coverage.md"
        )


def test_every_p_value_is_in_the_table() -> None:
    for name in STATISTICS:
        assert not name.endswith("p_value") or f"| `{name}` |" in PAGE, name


def test_every_interval_is_in_the_table() -> None:
    for name, statistic in STATISTICS.items():
        assert not statistic.interval or name in coverage.BOUNDS or f"| `{name}` |" in PAGE, name
