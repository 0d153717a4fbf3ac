"""Layouts say where their counters lie, and equal ones have equal names."""

from __future__ import annotations

import msgspec
import pytest

from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Block, Layout, class_score, is_output
from tests.summaries.layouts import binary, categorical, multiclass, numeric, part


def test_cells_then_missing_then_invalid() -> None:
    of = part(numeric("x", 1.0, 2.0), categorical("c", "a"))
    x, c = of.fields
    assert (x.cells, x.missing, x.invalid, x.stop) == (3, 3, 4, 5)
    assert (c.start, c.cells, c.missing, c.invalid, c.stop) == (5, 2, 7, 8, 9)
    assert of.field("c") is c
    with pytest.raises(KeyError):
        of.field("absent")


def test_blocks_count_their_columns() -> None:
    assert (Block("b", 3, (2, 5)).size, Block("b", 3, (2, 5)).stop) == (10, 13)
    found = binary().part(Stream.LABELS)
    assert found is not None
    assert found.columns == found.blocks[-1].stop
    assert found.block("residuals") is None


def test_the_hash_is_that_of_the_content() -> None:
    layout = binary()
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(layout), type=Layout)
    assert again == layout
    assert again.hash == layout.hash != multiclass().hash
    assert layout.part(Stream.FEATURES) is None


def test_a_class_has_a_score_field_of_its_own() -> None:
    assert class_score("cat") == "score[cat]"
    assert all(is_output(name) for name in ("score", "decision", "score[cat]", "score[]]"))
    assert not any(is_output(name) for name in ("scores", "score[cat", "income", "my score[cat]"))
