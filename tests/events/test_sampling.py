"""A few records per pane are looked at: which ones follows from the log alone, and nothing of them is unbounded."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.embeddings import Embedding
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.sampling import (
    KEYS_MAX,
    LOOKED,
    NAME_MAX,
    SHOWN_MAX,
    VERSION_NAME_MAX,
    VERSIONS_MAX,
    Looked,
    Sampler,
    Surroundings,
    Value,
    keep,
    record_of,
    show,
    value_of,
)

READING = StreamReading(
    model="m", stream=Stream.PREDICTIONS, version=("v",), score=("out", "p"), numeric=(("x", ("f", "x")),),
    textual=(("kind", ("f", "kind")), ("slice country", ("country",))),
)  # fmt: skip


def record(number: int, **beside: object) -> bytes:
    shown = {"v": "12"[number % 2], "out": {"p": 0.5}, "f": {"x": number, "kind": "a"}, "country": "PT"}
    return json.dumps(shown | beside).encode()


def looked(cuts: list[int], n: int = 600) -> dict[tuple[str, int], list[Looked]]:
    """What is kept of n records in 3 panes, handed over in batches that end at `cuts`."""
    sampler, kept = Sampler(READING), dict[tuple[str, int], list[Looked]]()
    decoder = Decoder(READING, b"0123456789abcdef")
    for first, last in zip([0, *cuts], [*cuts, n], strict=True):
        values = [record(k) for k in range(first, last)]
        offsets = np.arange(first, last)
        batch = RecordBatch(Partition("p", 3), offsets, offsets, values, last)
        block = Block.of(decoder.decode(batch), 0)
        for candidate in sampler.look(batch, block, block.offsets // 200 * 200):
            group = (candidate.version, candidate.start_ms)
            kept[group] = keep(kept.get(group, ()), [candidate.looked])
    return kept


@pytest.mark.parametrize("seed", range(5))
def test_who_is_looked_at_does_not_depend_on_the_batches(seed: int) -> None:
    cuts = sorted(random.Random(seed).sample(range(1, 600), 40))
    assert looked(cuts) == looked([])


def test_so_many_per_version_and_pane_and_not_the_first_ones() -> None:
    kept = looked([])
    assert set(kept) == {(version, start) for version in "12" for start in (0, 200, 400)}
    assert {len(each) for each in kept.values()} == {LOOKED}
    offsets = sorted(each.offset for each in kept["1", 0])
    assert offsets != sorted(range(0, 2 * LOOKED, 2)), "in no producer's rhythm"
    assert {offset % 2 for offset in offsets} == {0}
    (first, *_) = kept["1", 0]
    assert first.partition == 3
    assert first.read["x"] == Value("number", str(first.offset), float(first.offset))
    assert set(first.read) == {"x", "kind", "score"}, "slice columns are no fields"


@pytest.mark.parametrize("order", ["up", "down", "mixed"])
@pytest.mark.parametrize("size", [1, 30, 300])
def test_names_from_the_data_are_bounded_and_the_smallest_are_looked_at(order: str, size: int) -> None:
    """Thousands of versions in one pane must not make as many candidates, nor fill the memory (P7)."""
    names = [f"v{k:05d}" for k in range(600)] + ["v" * (VERSION_NAME_MAX + 1)]
    names = names if order == "up" else names[::-1]
    if order == "mixed":
        random.Random(1).shuffle(names)
    sampler, kept = Sampler(READING), dict[str, int]()
    for first in range(0, len(names), size):
        some = names[first : first + size]
        offsets = np.arange(first, first + len(some))
        batch = RecordBatch(Partition("p", 0), offsets, offsets, [record(0, v=v) for v in some], len(names))
        block = Block.of(Decoder(READING, b"0123456789abcdef").decode(batch), 0)
        found = list(sampler.look(batch, block, np.zeros(len(some), np.int64)))
        assert len(found) <= VERSIONS_MAX
        assert len(sampler._limits) <= VERSIONS_MAX
        kept |= {candidate.version: 1 for candidate in found}
    assert sorted(kept)[:VERSIONS_MAX] == sorted(names)[:VERSIONS_MAX]


def test_fields_that_nobody_reads_lie_beside_those_that_are_read() -> None:
    view = Surroundings([("v",), ("out", "p"), ("f", "x")])
    found = json.loads(record(1, trace={"id": 1}, f={"x": 1, "new": "text", "kind": None}))
    assert {".".join(path) for path in view.paths(found)} == {"trace", "f.new", "f.kind", "country"}
    assert view.unread(found)["f.new"] == Value("text", "text")
    assert view.unread(found)["trace"] == Value("structure", "an object")
    assert view.unread({"f": 3, "v": 1}) == {}


def test_nothing_of_a_record_is_unbounded() -> None:
    view = Surroundings([("v",)])
    found = view.unread({"k" * 10_000 + str(n): "\x1b[31m" + "v" * 10_000 for n in range(1_000)} | {"v": 1})
    assert len(found) <= KEYS_MAX
    assert {len(name) for name in found} == {NAME_MAX}
    assert {len(value.shown) for value in found.values()} == {SHOWN_MAX}
    assert all(value.shown.isprintable() for value in found.values())


def test_values_have_types_as_people_call_them() -> None:
    values = [None, float("nan"), True, 3, 10**400, float("inf"), "a\nb", [1], {}]
    assert [value_of(value).type for value in values] == [
        "nothing", "nothing", "boolean", "number", "number", "number", "text", "structure", "structure",
    ]  # fmt: skip
    assert [value_of(value).number for value in values[3:6]] == [3.0, None, None]
    assert value_of("a\nb").shown == "a\\nb"
    assert show("x" * 100, 10) == "x" * 9 + "…"


def test_a_record_without_an_object_is_none() -> None:
    assert [record_of(value) for value in (None, b"", b"[1]", b"{", b"\xff", b"[" * 100_000)] == [None] * 6
    assert record_of(b'{"a": NaN}') is not None


def test_panes_that_nothing_can_reach_are_forgotten() -> None:
    sampler = Sampler(READING)
    sampler._limits = {("1", 0): [], ("1", 200): []}
    sampler.forget(200)
    assert set(sampler._limits) == {("1", 200)}


def test_few_records_are_read_a_second_time() -> None:
    sampler, decoder = Sampler(READING), Decoder(READING, b"0123456789abcdef")
    count = 0
    for first in range(0, 4_000, 20):
        values, offsets = [record(2 * k) for k in range(first, first + 20)], np.arange(first, first + 20)
        batch = RecordBatch(Partition("p", 0), offsets, offsets, values, first + 20)
        block = Block.of(decoder.decode(batch), 0)
        count += len(list(sampler.look(batch, block, np.zeros(20, np.int64))))
    # About LOOKED (1 + ln(n / LOOKED)) of n in one pane, more where a batch holds several at once.
    assert LOOKED <= count < 200


def test_an_embedding_is_shown_by_its_length() -> None:
    reading = replace(READING, embeddings=(Embedding("f.v", ("f", "v")),))
    sampler, decoder = Sampler(reading), Decoder(reading, b"0123456789abcdef")
    values = [record(0, f={"v": value}) for value in ([1, 2], [1, "x"], {"a": 1}, None)]
    batch = RecordBatch(Partition("p", 0), np.arange(4), np.arange(4), values, 4)
    found = {
        c.looked.offset: c.looked
        for c in sampler.look(batch, Block.of(decoder.decode(batch), 0), np.zeros(4, int))
    }
    assert [found[place].read["f.v"] for place in range(4)] == [
        Value("text", "2 numbers"),
        Value("structure", "a list with other than finite numbers"),
        Value("structure", "an object"),
        Value("nothing", ""),
    ]
    assert all("f.v" not in looked.unread for looked in found.values())
