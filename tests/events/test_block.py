"""Blocks: select, join, and to bytes and back."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.block import Block
from tests.events.loans import decode, loan

FLOATS = st.floats() | st.just(float("nan"))
TEXT = st.none() | st.text(max_size=4)


@st.composite
def blocks(draw: st.DrawFn, size: int | None = None, textual: int = 2, numeric: int = 2) -> Block:
    n = draw(st.integers(0, 6)) if size is None else size

    def column(values: st.SearchStrategy[Any], of: int = n) -> list[Any]:
        return draw(st.lists(values, min_size=of, max_size=of))

    whole = st.integers(-(2**62), 2**62)
    has_labels = draw(st.booleans()) if size is None else True
    return Block(
        partitions=np.array(column(st.integers(0, 9)), np.int32),
        offsets=np.array(column(whole), np.int64),
        times_ms=np.array(column(whole), np.int64),
        ids=np.array(column(whole), np.int64),
        payloads=np.array(column(whole), np.int64),
        scores=np.array(column(FLOATS) if has_labels else [], np.float64),
        numbers=np.array(column(FLOATS, n * numeric), np.float64).reshape(n, numeric),
        versions=column(st.text(max_size=3)),
        decisions=column(TEXT) if has_labels else [],
        labels=column(TEXT | st.floats(allow_nan=False)) if has_labels else [],
        texts=[column(TEXT) for _ in range(textual)],
    )


def rows(block: Block) -> list[tuple[object, ...]]:
    """A block event by event; NaN as its bytes."""
    n = len(block)
    return [
        (
            *(
                int(getattr(block, name)[i])
                for name in ("partitions", "offsets", "times_ms", "ids", "payloads")
            ),
            block.scores[i].tobytes() if len(block.scores) else None,
            block.numbers[i].tobytes(),
            block.versions[i],
            block.decisions[i] if block.decisions else None,
            block.labels[i] if block.labels else None,
            *(column[i] for column in block.texts),
        )
        for i in range(n)
    ]


@given(blocks())
def test_bytes_and_back(block: Block) -> None:
    back = Block.from_bytes(block.to_bytes())
    assert rows(back) == rows(block)
    assert back.to_bytes() == block.to_bytes(), "equal blocks, equal bytes"
    for name in ("partitions", "offsets", "scores", "numbers"):
        assert getattr(back, name).dtype == getattr(block, name).dtype
        assert getattr(back, name).shape == getattr(block, name).shape


@given(blocks(), st.data())
def test_select_takes_the_events_at_these_positions(block: Block, data: st.DataObject) -> None:
    keep = data.draw(st.lists(st.integers(0, len(block) - 1), max_size=8)) if len(block) else []
    chosen = block.select(np.array(keep, np.int64))
    assert rows(chosen) == [rows(block)[i] for i in keep]
    assert len(chosen.texts) == len(block.texts)
    assert chosen.numbers.shape == (len(keep), 2)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data())
def test_joined_is_one_after_the_other(sizes: list[int], data: st.DataObject) -> None:
    parts = [data.draw(blocks(size)) for size in sizes]
    assert rows(Block.joined(parts)) == [row for part in parts for row in rows(part)]


def test_other_bytes_are_refused() -> None:
    for data in (b"", b"\xc1", Block.of(decode(loan()), 0).to_bytes()[:-7]):
        with pytest.raises(msgspec.DecodeError):
            Block.from_bytes(data)


def test_a_block_of_events_knows_its_partition() -> None:
    block = Block.of(decode(loan(), loan(id="b")), 5)
    assert block.partitions.tolist() == [5, 5]
    assert block.partitions.dtype == np.int32
    assert block.versions == ["7", "7"]
    assert len(block) == 2
