"""Who waits for whom, and how long (E2, E4)."""

from __future__ import annotations

from typing import Any

import pytest

from driftwatch.events.classes import Stream
from driftwatch.events.order import AFTER_ALL
from driftwatch.monitor.limits import release_limits
from driftwatch.monitor.plan import Choice
from tests.monitor.drive import spec
from tests.monitor.test_plan import FEATURES, planned

P, F, L = Stream.PREDICTIONS, Stream.FEATURES, Stream.LABELS
WITHIN = 60_000
BARE = {"predictions": {"features": None}, "features": FEATURES | {"version": "v"}}


def limits(
    changed: dict[str, Any], frontiers: dict[Stream, int], holding: dict[Stream, int] | None = None
) -> Any:
    return release_limits(planned(spec(**changed), Choice("*")), frontiers, frontiers | (holding or {}))


def test_input_panes_never_wait_for_labels() -> None:
    assert limits({}, {P: 500_000, L: 10})[P] == 500_000
    assert limits({"labels": None}, {P: 500_000}) == {P: 500_000}


@pytest.mark.parametrize(("labels", "expected"), [(430_000, 430_000), (450_000, 440_000)])
def test_a_label_waits_until_every_prediction_it_could_belong_to_is_known(labels: int, expected: int) -> None:
    assert limits({}, {P: 500_000, L: labels})[L] == expected


def test_predictions_wait_for_features_and_labels_for_both() -> None:
    found = limits(BARE | {"slices": ["kind"]}, {P: 500_000, F: 500_000, L: 500_000})
    assert found == {P: 500_000 - WITHIN, F: 500_000, L: 500_000 - 2 * WITHIN}


def test_features_wait_for_predictions() -> None:
    found = limits(BARE | {"slices": ["country"]}, {P: 500_000, F: 600_000, L: 600_000})
    assert found == {P: 500_000, F: 500_000 - WITHIN, L: 500_000 - WITHIN}


def test_streams_that_need_each_other_wait_for_each_other() -> None:
    found = limits(BARE | {"slices": ["kind", "country"]}, {P: 500_000, F: 500_000, L: 900_000})
    assert found == {P: 500_000 - WITHIN, F: 500_000 - WITHIN, L: 500_000 - 2 * WITHIN}


def test_a_stream_that_stands_still_holds_nobody_but_stands_itself_e4() -> None:
    found = limits(BARE | {"slices": ["kind"]}, {P: 500_000, F: 7, L: 900_000}, {F: AFTER_ALL})
    assert found == {P: 500_000, F: 7, L: 500_000 - WITHIN}
