"""A topic is begun where the configuration says; a partition that is added to it, at its first record (F30)."""

from __future__ import annotations

import pytest

from driftwatch.events.records import Partition
from driftwatch.source.beginnings import beginnings

A0, A1, B0 = Partition("a", 0), Partition("a", 1), Partition("b", 0)
BOUNDS = {A0: (3, 9), A1: (0, 7), B0: (2, 5)}


@pytest.mark.parametrize(
    ("start_at", "committed", "begun"),
    [
        ("earliest", {}, {A0: 3, A1: 0, B0: 2}),
        ("latest", {}, {A0: 9, A1: 7, B0: 5}),
        ("earliest", {A0: 8}, {A1: 0, B0: 2}),
        ("latest", {A0: 8}, {A1: 0, B0: 5}),
        ("latest", {A0: 8, A1: 7, B0: 5}, {}),
    ],
)
def test_where_a_partition_is_begun(
    start_at: str, committed: dict[Partition, int], begun: dict[Partition, int]
) -> None:
    assert beginnings(BOUNDS, committed, start_at) == begun
