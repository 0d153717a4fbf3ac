"""Each class's own score is counted beside whether that class was decided."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.events.classes import Stream
from driftwatch.summaries.cells import PartCoder
from driftwatch.summaries.class_decided import DecidedCoder
from driftwatch.summaries.count import count
from driftwatch.summaries.decisions import Decider
from driftwatch.summaries.layout import CLASS_DECIDED
from driftwatch.summaries.rows import SliceCoder
from tests.summaries.layouts import one_vs_rest, plain_cell

LAYOUT = one_vs_rest()
PART = LAYOUT.part(Stream.PREDICTIONS)
assert PART is not None
BLOCK = PART.block(CLASS_DECIDED)
assert BLOCK is not None

numbers = st.one_of(
    st.floats(0, 1), st.sampled_from([0.25, 0.5, 0.75, -3.0, 2.0, float("nan"), float("inf")])
)
decisions = st.sampled_from(["cat", "dog", "cow", "eel", None, "\x00invalid"])


def counted(scores: list[tuple[float, float]], decided: list[str | None]) -> np.ndarray:
    """The matrix of n events whose numbers the decoder names dog's first."""
    coder = PartCoder(PART, ["score[dog]", "score[cat]"], [])
    cells = coder.cells(np.array(scores), [], None, Decider(LAYOUT).cells(decided, np.empty(0)))
    slices = SliceCoder(LAYOUT.slices)
    return count(PART, LAYOUT.slices, cells, slices.joint(slices.unknown(len(decided))))


def test_a_row_of_coded_cells_counts_in_each_class_part_of_the_block() -> None:
    assert len(DecidedCoder(PART, BLOCK)) == 2
    assert PART.starts[-2:] == (BLOCK.start, BLOCK.start + 8)
    assert PART.coded == BLOCK.stop


def test_without_a_usable_score_or_decision_the_last_row_counts() -> None:
    nan, inf = float("nan"), float("inf")
    matrix = counted([(0.2, nan), (0.9, 0.6), (0.5, 0.5), (inf, 0.1)], ["dog", "cat", None, "eel"])
    found = matrix[0, BLOCK.start : BLOCK.stop].reshape(BLOCK.shape)
    assert found[0].tolist() == [[0, 1], [0, 0], [1, 0], [2, 0]]
    assert found[1].tolist() == [[1, 0], [0, 1], [0, 0], [2, 0]], "cat has two cells; the third stays empty"


@given(st.lists(st.tuples(numbers, numbers, decisions), min_size=1, max_size=40))
def test_every_event_counts_once_per_class_where_the_layout_says(
    events: list[tuple[float, float, str | None]],
) -> None:
    expected = np.zeros(BLOCK.shape, np.int64)
    for *scores, decided in events:
        for k, name in enumerate(PART.scored):
            cell = plain_cell(PART.field(name), scores[k])
            if cell < PART.field(name).cells and decided not in (None, "\x00invalid"):
                expected[k, cell, int(decided == ("dog", "cat")[k])] += 1
            else:
                expected[k, -1, 0] += 1
    matrix = counted([(dog, cat) for dog, cat, _ in events], [d for _, _, d in events])
    assert (matrix[0, BLOCK.start : BLOCK.stop].reshape(BLOCK.shape) == expected).all()
