from __future__ import annotations

import numpy as np
import pytest

from driftwatch.drift.gather import Gather, Side, Sides, from_fixed
from driftwatch.summaries.layout import Field, FieldKind
from tests.drift import counting as c
from tests.drift.worlds import inputs


def test_the_sums_of_a_side_are_those_of_plain_loops() -> None:
    pair = inputs(4)
    side = Sides.of(pair).current
    for row in range(len(pair.current)):
        for place, field in enumerate(pair.part.fields):
            counts = pair.current[row, field.start : field.stop]
            cells = counts[: field.cells]
            assert side.valid[row, place] == cells.sum()
            assert side.missing[row, place] == counts[field.cells]
            assert side.invalid[row, place] == counts[field.cells + 1]
            assert side.events[row, place] == counts.sum()
            first = int(side.gather.starts[place])
            assert side.below[row, first : first + field.cells].tolist() == np.cumsum(cells).tolist()


def test_coarse_cells_are_sums_of_neighbours() -> None:
    pair = inputs(4)
    side = Sides.of(pair).current
    for place, field in enumerate(pair.part.fields):
        expected = np.zeros((len(pair.current), max(field.coarse) + 1), np.int64)
        for cell, coarse in enumerate(field.coarse):
            expected[:, coarse] += pair.current[:, field.start + cell]
        expected = expected[:, sorted(set(field.coarse))]
        first = int(side.gather.coarse_fields[place])
        found = side.coarse[:, first : first + int(side.gather.coarse_sizes[place])]
        assert np.array_equal(found, expected)


def test_outer_cells_mean_out_of_range_only_where_they_are_cut_there() -> None:
    values = np.array([1.0, 2.0, 5.0])
    fields = (
        c.numeric("cut", 0, values),
        c.edged("open", 100, values, [1.5, 3.0]),
        c.categorical("text", 200, "ab"),
    )
    assert Gather.of(c.fields_part(*fields)).ranged.tolist() == [True, False, False]


def test_a_field_without_marks_has_no_atoms_and_its_own_coarse_cells() -> None:
    bare = Field("bare", FieldKind.NUMERIC, 0, edges=(1.0, 2.0))
    gather = Gather.of(c.fields_part(bare, c.categorical("text", bare.stop, "ab")))
    assert gather.atomic.tolist() == [False] * 3 + [True] * 3
    assert gather.coarse_sizes.tolist() == [3, 3]


def test_blocks_come_in_their_shape() -> None:
    part = c.labels_part(quality=(3,), confusion=(2, 2))
    side = Side(Gather.of(part), np.arange(14).reshape(2, 7))
    assert side.block("confusion")[1].tolist() == [[10, 11], [12, 13]]
    with pytest.raises(KeyError):
        side.block("ages")


def test_fixed_point_sums_are_millionths() -> None:
    assert from_fixed(np.array([1_500_000])).tolist() == [1.5]
