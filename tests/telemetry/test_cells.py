from __future__ import annotations

from dataclasses import replace

import numpy as np
from msgspec.structs import replace as replaced

from driftwatch.drift.calibration import SUM_Y, N
from driftwatch.drift.cell_shares import coarse_counts
from driftwatch.drift.reading import Reading
from driftwatch.drift.reliability import bars
from driftwatch.events.classes import Stream
from driftwatch.telemetry.cells import cell_families, cell_series
from driftwatch.telemetry.readings import select, series_per_row, window_families
from tests.monitor.world import REFERENCE
from tests.telemetry import pictures

MADE = pictures.layout(features=("age", "income"))
SEEN = pictures.matrices(MADE)


def whole() -> Reading:
    part = MADE.parts[0]
    return replace(pictures.reading(MADE), cells=(coarse_counts(part, SEEN[0]), coarse_counts(part, SEEN[1])))


def labelled() -> Reading:
    """The labels of a real reference, as if they had come once more."""
    layout, totals = REFERENCE.layout, REFERENCE.totals[Stream.LABELS]
    plain = pictures.reading(MADE)
    return replace(plain, stream=Stream.LABELS, layout=layout, estimates={}, labels=(totals, totals))


def samples(*shown: Reading, fields: tuple[str, ...] = ("*",)) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(s.name, s.labels): s.value for family in cell_families(shown, fields) for s in family.samples}


def test_shares_are_those_of_the_counts_on_both_sides() -> None:
    found = samples(whole())
    field = MADE.parts[0].fields[1]
    for side, counts in (("now", SEEN[1][0]), ("reference", SEEN[0][0])):
        part = counts[field.start : field.stop]
        labels = ("credit", "v1", "predictions", "income", "1h", "01: 1–2", side)
        assert found["driftwatch_cell_share", labels] == part[1] / part.sum()


def test_only_the_fields_that_are_named() -> None:
    assert {labels[3] for _, labels in samples(whole(), fields=("inc*",))} == {"income"}
    assert samples(whole(), fields=()) == {}


def test_the_diagram_is_that_of_the_api() -> None:
    shown = labelled()
    found = samples(shown, fields=())
    part = shown.layout.part(Stream.LABELS)
    assert part is not None
    assert shown.labels is not None
    drawn = [bar for bar in bars(shown.layout, part, *shown.labels, 0, 0.95) if bar.cells == "width"]
    assert len(drawn) == 10
    block = part.block("calibration")
    counts = shown.labels[1][0, block.start : block.stop].reshape(block.shape)
    for bar in drawn:
        labels = ("credit", "v1", "1h", f"{bar.cell:02d}: {bar.low:g}–{bar.high:g}")
        assert found["driftwatch_reliability_labels", labels] == counts[N, bar.cell]
        assert found["driftwatch_reliability_share", labels] == counts[SUM_Y, bar.cell] / counts[N, bar.cell]
        assert found["driftwatch_reliability_share_lower", labels] == bar.lower
        assert found["driftwatch_reliability_share_upper", labels] == bar.upper
        assert found["driftwatch_reliability_score", labels] == bar.score


def test_a_cell_without_labels_shows_their_number_alone() -> None:
    shown = labelled()
    empty = replace(shown, labels=(shown.labels[0], np.zeros_like(shown.labels[1])))
    assert {name for name, _ in samples(empty)} == {"driftwatch_reliability_labels"}


def test_what_is_declared_is_what_is_shown() -> None:
    assert cell_series(MADE.parts[0], ["*"]) == len(samples(whole()))
    assert cell_series(REFERENCE.layout.part(Stream.LABELS), []) == len(samples(labelled()))
    assert cell_series(None, ["*"]) == 0


def test_cells_never_push_out_a_statistic_and_are_counted_when_left_out() -> None:
    shown = whole()
    statistics = series_per_row(shown) * len(shown.events)
    cells = cell_series(MADE.parts[0], ["*"])
    tight, roomy = (select([shown], limit, ["*"]) for limit in (statistics + cells - 1, statistics + cells))
    assert (tight.kept[0].rows, tight.kept[0].cells, tight.folded) == (len(shown.events), False, cells)
    assert (roomy.kept[0].cells, roomy.folded, roomy.series) == (True, 0, statistics + cells)
    named = {s.name for family in window_families(tight) for s in family.samples}
    assert "driftwatch_cell_share" not in named


def test_cells_that_read_the_same_stay_apart() -> None:
    part = MADE.parts[0]
    close = replaced(part.fields[0], edges=(1.0, 1.00001, 1.00002))
    layout = replaced(MADE, parts=(replaced(part, fields=(close, *part.fields[1:])), *MADE.parts[1:]))
    found = samples(replace(whole(), layout=layout), fields=("age",))
    assert len(found) == 2 * 6
