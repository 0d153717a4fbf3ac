"""Classes are counted per stream and partition (P2)."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import CLASSES, CODE, RecordClass, Stream
from driftwatch.monitor.tally import Tally

RECORDS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(CLASSES)), max_size=20)
STEPS = st.lists(
    st.tuples(st.sampled_from(list(Stream)), st.sampled_from(["codes", "all", "add", "take"]), RECORDS),
    max_size=6,
)


@given(STEPS)
def test_it_counts_as_a_counter_does(steps: list[tuple[Stream, str, list[tuple[int, RecordClass]]]]) -> None:
    tally, plain = Tally(), Counter[tuple[Stream, int, RecordClass]]()
    for stream, how, records in steps:
        places = np.array([place for place, _ in records], np.int32)
        codes = np.array([CODE[why] for _, why in records], np.int64)
        if how == "codes":
            tally.add_codes(stream, places, codes)
            plain.update((stream, place, why) for place, why in records)
        elif how == "add":
            for place, why in records:
                tally.add(stream, place, why, 3)
                plain[stream, place, why] += 3
        else:
            sign = 1 if how == "all" else -1
            tally.add_all(stream, places, RecordClass.WAITING, sign)
            for place, _ in records:
                plain[stream, place, RecordClass.WAITING] += sign
    found = {(stream, place, why): count for stream, place, why, count in tally.items()}
    assert found == {key: count for key, count in plain.items() if count}
    encoded = msgspec.msgpack.encode(tally.saved())
    again = Tally(msgspec.msgpack.decode(encoded, type=dict[Stream, dict[int, list[int]]]))
    assert sorted(again.items()) == sorted(tally.items())
    assert msgspec.msgpack.encode(again.saved()) == encoded


def test_counts_of_an_older_driftwatch_with_fewer_classes_are_taken_up() -> None:
    tally = Tally({Stream.LABELS: {1: [5, 0, 2]}})
    assert tally.items() == [(Stream.LABELS, 1, CLASSES[0], 5), (Stream.LABELS, 1, CLASSES[2], 2)]
