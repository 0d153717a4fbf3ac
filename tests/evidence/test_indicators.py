"""Which shares are watched, and that their counts are plain sums of columns."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.events.classes import Stream
from driftwatch.evidence.groups import Group
from driftwatch.evidence.indicators import Indicator, ShareMap, Watch, watches
from driftwatch.references.numeric import numeric_field
from driftwatch.references.spec import CellsSpec
from driftwatch.summaries.layout import DECISION, SCORE, Field, FieldKind, Part, class_score

RNG = np.random.default_rng(1)
INCOME = RNG.normal(50, 10, 10_000)
HOURS = np.where(RNG.random(10_000) < 0.3, 40.0, RNG.uniform(0, 80, 10_000).round(3))


def counts_of(field: Field, values: np.ndarray) -> np.ndarray:
    made = np.zeros(field.cells + 2, np.int64)
    np.add.at(made, np.searchsorted(field.edges, values, side="left"), 1)
    return made


def part(*fields: Field) -> Part:
    return Part(Stream.PREDICTIONS, fields, (), fields[-1].stop)


def test_numbers_are_watched_at_their_deciles() -> None:
    income = numeric_field("income", 0, INCOME, CellsSpec())
    values, quality = watches(part(income), counts_of(income, INCOME))
    assert (values.field, values.group, len(values.indicators)) == ("income", Group.INPUTS, 9)
    shares = [ShareMap([values]).count(counts_of(income, INCOME)[None])[0][0] / 10_000]
    assert shares[0] == pytest.approx(np.arange(1, 10) / 10, abs=0.001)
    assert [i.text for i in quality.indicators] == ["missing", "invalid", "out of range"]


@pytest.mark.parametrize("name", [SCORE, class_score("cat")])
def test_scores_are_watched_in_the_tails_too(name: str) -> None:
    score = numeric_field(name, 0, INCOME, CellsSpec(), tails=True)
    values, _ = watches(part(score), counts_of(score, INCOME))
    assert (values.group, len(values.indicators)) == (Group.SCORES, 11)


def test_a_heavy_value_is_watched_by_itself() -> None:
    hours = numeric_field("hours", 0, HOURS, CellsSpec())
    values, _ = watches(part(hours), counts_of(hours, HOURS))
    atoms = [i for i in values.indicators if i.text.startswith("=")]
    assert [i.text for i in atoms] == ["= 40"]
    hits, events = ShareMap([values]).count(counts_of(hours, HOURS)[None])
    assert hits[0, values.indicators.index(atoms[0])] == (HOURS == 40.0).sum()
    assert events[0, 0] == 10_000


def test_categories_are_watched_one_by_one() -> None:
    colour = Field("colour", FieldKind.CATEGORICAL, 0, categories=("red", "blue"))
    values, quality = watches(part(colour), np.array([6, 4, 0, 1, 0]))
    assert [i.text for i in values.indicators] == ["= red", "= blue", "any other"]
    assert [i.text for i in quality.indicators] == ["missing", "invalid", "never seen"]


def test_others_that_the_reference_has_are_not_called_never_seen() -> None:
    colour = Field(DECISION, FieldKind.CATEGORICAL, 0, categories=("red", "blue"))
    values, quality = watches(part(colour), np.array([6, 4, 2, 1, 0]))
    assert values.group is Group.SCORES
    assert [i.text for i in quality.indicators] == ["missing", "invalid"]


def test_a_field_without_values_is_watched_for_quality_only() -> None:
    empty = numeric_field("empty", 0, np.empty(0), CellsSpec())
    assert [w.group for w in watches(part(empty), np.zeros(empty.stop, np.int64))] == [Group.QUALITY]


def test_counts_are_sums_of_columns() -> None:
    watched = [
        Watch("a", Group.INPUTS, (0, 5), (Indicator("x", ((0, 3),)), Indicator("y", ((1, 2), (4, 5))))),
        Watch("b", Group.QUALITY, (5, 8), (Indicator("z", ((7, 8),)),)),
    ]
    shares, matrix = ShareMap(watched), RNG.integers(-5, 100, (6, 9))
    hits, events = shares.count(matrix)
    assert np.array_equal(hits[:, 0], matrix[:, :3].sum(axis=1))
    assert np.array_equal(hits[:, 1], matrix[:, 1] + matrix[:, 4])
    assert np.array_equal(hits[:, 2], matrix[:, 7])
    assert np.array_equal(events, np.stack([matrix[:, :5].sum(axis=1), matrix[:, 5:8].sum(axis=1)], axis=1))
    assert shares.starts.tolist() == [0, 2]
    assert shares.of.tolist() == [0, 0, 1]
    assert (shares.slice(0), shares.slice(1)) == (slice(0, 2), slice(2, 3))
