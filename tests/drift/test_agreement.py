from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, matthews_corrcoef

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate
from driftwatch.summaries.layout import Task
from tests.drift import counting as c

NAMES = ("matthews", "cohens_kappa")
PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=80)


def _read(decided: list[int], labels: list[int], classes: int) -> dict[str, Estimate]:
    task = Task.BINARY if classes == 2 else Task.MULTICLASS
    block = c.confusion_block(np.array(decided), np.array(labels), classes).ravel()
    part = c.labels_part(confusion=(classes, classes))
    layout = c.layout(task, part, classes="abc"[:classes])
    return dict(read(c.pair_of(part, block, block, layout=layout)))


@given(PAIRS, st.integers(2, 3))
def test_they_are_scikit_learns(pairs: list[tuple[int, int]], classes: int) -> None:
    decided, labels = ([min(pair[side], classes - 1) for pair in pairs] for side in (0, 1))
    found = _read(decided, labels, classes)
    alone = len(set(decided)) == 1 or len(set(labels)) == 1
    if alone:
        assert np.isnan(found["matthews"].value[0, 0])
    else:
        expected = matthews_corrcoef(labels, decided)
        assert found["matthews"].value[0, 0] == pytest.approx(expected, abs=1e-12)
    if len({*decided, *labels}) == 1:
        assert np.isnan(found["cohens_kappa"].value[0, 0])
    else:
        expected = cohen_kappa_score(labels, decided)
        assert found["cohens_kappa"].value[0, 0] == pytest.approx(expected, abs=1e-12)
    if classes == 2 and len(set(labels)) == 2:
        expected = balanced_accuracy_score(labels, decided)
        assert found["balanced_accuracy"].value[0, 0] == pytest.approx(expected, abs=1e-12)
    for name in NAMES:
        assert np.isnan(found[f"{name}_decay"].value[0, 0]) or found[f"{name}_decay"].value[0, 0] == 0


def test_a_window_without_errors_still_has_a_width() -> None:
    """Half an error in each wrong cell: MCC about 1 − 1/n of 2n labels, its deviation 2·√(1/(2n))·√(1/(2n))."""
    widths = []
    for n in (100, 1_000):
        found = _read([0, 1] * n, [0, 1] * n, 2)["matthews"]
        assert (found.value[0, 0], found.upper[0, 0]) == (1.0, 1.0)
        widths.append(1 - found.lower[0, 0])
    assert widths == pytest.approx([0.0196, 0.00196], rel=0.02)


@pytest.mark.parametrize("name", [*NAMES, "balanced_accuracy"])
def test_the_slope_is_that_of_the_number(name: str) -> None:
    """The interval's half width against the variance of drawn windows: what the delta method stands for."""
    rng = np.random.default_rng(2)
    shares = np.array([0.55, 0.1, 0.15, 0.2])
    part = c.labels_part(confusion=(2, 2))
    drawn = rng.multinomial(2_000, shares, size=4_000)
    layout = c.layout(Task.BINARY, part, rows=4_000)
    found = read(c.pair_of(part, drawn, drawn, layout=layout))[name]
    half = (found.upper - found.lower) / 2
    assert float(half.mean()) == pytest.approx(1.96 * float(found.value.std()), rel=0.04)
