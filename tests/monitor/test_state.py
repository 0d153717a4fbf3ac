"""A state goes on only under a configuration under which it still means the same (E9)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from driftwatch.errors import StateError
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.state import ModelState, load
from tests.monitor.drive import lines, spec
from tests.monitor.test_counting import ids, plain_world
from tests.monitor.world import MINUTE, SAVED, Core, batch

BOUNDS = {Partition("p", 0): (0, 9), Partition("l", 0): (0, 9)}


def begun() -> Core:
    """A core that has counted ten predictions and holds one waiting label."""
    core = Core(*plain_world())
    core.monitor.assign(BOUNDS)
    records = ids(random.Random(1), 10)
    core.monitor.ingest(batch("p", 0, lines(records)))
    core.monitor.ingest(batch("l", 0, lines([{"id": "id-3", "ts": records[3]["ts"] + MINUTE, "y": 1}])))
    core.commit()
    return core


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"windows": [{"size": "20m", "slide": "1m"}]}, "windows"),
        ({"windows": [{"size": "10000m", "slide": "1m"}, {"size": "1d", "slide": "1h"}]}, "windows"),
        ({"origin": "2024-01-01T00:00:30Z"}, "origin"),
        ({"slices": ["a", "b", "c", "d", "e", "f", "g", "h"]}, "slice columns"),
        ({"labels": {"topic": "l2"}}, "topic"),
        ({"labels": None}, "topic"),
        ({"predictions": {"features": ["kind", "x", "more"]}}, None),
        ({"predictions": {"lateness": "70m"}}, "join_within"),
        ({"join_within": "2h"}, "join_within"),
    ],
)
def test_what_would_count_on_wrongly_is_refused_with_a_way_out(
    changed: dict[str, Any], key: str | None
) -> None:
    core = begun()
    core.spec = spec(**changed)
    if key is None:
        core.load()  # a feature that the reference does not know is read by nobody
        return
    with pytest.raises(StateError, match=rf"(?s){key}.*start with an empty state directory"):
        core.load()


def test_what_means_the_same_goes_on_and_old_predictions_still_meet_their_labels() -> None:
    core = begun()
    core.spec = spec(
        labels={"max_delay": "1d", "sample": 0.9999, "lateness": "9m"},
        predictions={"lateness": "1m"},
        rules=[],
    )
    core.load()
    core.monitor.assign(BOUNDS)
    core.commit(finish=True)
    assert core.classes()[Stream.LABELS, RecordClass.ACCEPTED] == 1
    assert core.monitor.models["m"].plan.generation_ms == begun().monitor.models["m"].plan.generation_ms, (
        "generations stay as wide as those on disk"
    )


def test_the_order_of_features_is_part_of_what_waits() -> None:
    core = begun()
    core.spec = spec(predictions={"features": ["kind", "x"]})
    core.load()  # one numeric, one categorical: the columns are the same
    assert core.monitor.models["m"].plan.counted_with["features"].startswith("predictions: x, kind")


def test_without_a_state_everything_is_new() -> None:
    assert load(SAVED, "m/model", ModelState) == ModelState()
