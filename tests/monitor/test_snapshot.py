"""The picture after a commit: of one moment, and never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.snapshot import Snapshot
from tests.monitor.test_closing import BOUNDS, fed
from tests.monitor.world import MINUTE, SPEC, START, Core

P0, L0 = Partition("p", 0), Partition("l", 0)


def shown(core: Core) -> Snapshot:
    return core.monitor.snapshot(core.store.saved.sequence)


def test_classes_sum_to_the_records_consumed_by_partition_p2() -> None:
    core = fed(Core(SPEC), 300)
    core.commit()
    snapshot = shown(core)
    model = snapshot.models["m"]
    for partition in (P0, L0):
        assert (
            sum(n for (_, p, _), n in model.classes.items() if p == partition) == snapshot.offsets[partition]
        )
    assert model.classes[Stream.LABELS, L0, RecordClass.WAITING] == model.waiting > 0
    assert model.remembered == 300
    assert model.sample == 1.0
    assert model.frontiers_ms[Stream.PREDICTIONS] == START + 299_000 - 2 * MINUTE
    assert (model.model, model.task, snapshot.sequence) == ("m", "binary", 1)


def test_a_snapshot_stays_as_it_is_while_the_core_goes_on() -> None:
    core = fed(Core(SPEC), 300)
    core.commit()
    snapshot = shown(core)
    before = (dict(snapshot.offsets), dict(snapshot.models["m"].classes), snapshot.open_panes, snapshot.idle)
    fed(core, 60)
    core.commit(idle=[L0])
    assert (
        dict(snapshot.offsets),
        dict(snapshot.models["m"].classes),
        snapshot.open_panes,
        snapshot.idle,
    ) == before
    assert shown(core).idle == {L0}
    with pytest.raises(FrozenInstanceError):
        snapshot.sequence = 7  # type: ignore[misc]


def test_open_panes_are_those_that_can_still_grow() -> None:
    core = Core(SPEC)
    core.monitor.assign(BOUNDS)
    assert shown(core).open_panes == 0
    fed(core, 300)
    core.commit()
    assert shown(core).open_panes == 3 + 1, (
        "predictions at minutes 2, 3 and 4, for their frontier stands at 2:59; labels at minute 1, decided up to 1:59"
    )
    core.commit(finish=True)
    assert shown(core).open_panes == 0
