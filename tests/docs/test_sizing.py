"""docs/sizing.md: its tables come from the formula, its measurements from docs/performance.md, its sums add up."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.sizes import joins, shapes

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sizing.md").read_text(encoding="utf-8")
MEASURED = (DOCS / "performance.md").read_text(encoding="utf-8")


def test_bounds_are_those_of_the_formula() -> None:
    assert shapes() in PAGE, "python -m tests.docs.sizes prints them"
    assert joins() in PAGE


def test_measurements_are_those_of_the_performance_page() -> None:
    for number in ("12.1 µs", "79.8 k", "25.5", "271", "303", "118 MiB"):
        assert number in PAGE, number
        assert number.removesuffix(" MiB") in MEASURED, number


def test_shares_of_a_core_follow_from_the_time_per_record() -> None:
    rows = re.findall(r"^\| ([\d ]+) \| ([\d.]+) % \|$", PAGE, re.MULTILINE)
    assert len(rows) == 4
    for records, share in rows:
        expected = int(records.replace(" ", "")) * 12.1e-6 * 100
        assert abs(float(share) - expected) <= 0.05 * expected + 0.01
