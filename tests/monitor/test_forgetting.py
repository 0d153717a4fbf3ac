"""Join rows stay until no stream needs them, and their number has a hard limit (E2, E12)."""

from __future__ import annotations

import random

from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.counting import ALL_IDS
from driftwatch.monitor.forgetting import drop_generations, expired_ms, halve_sample
from driftwatch.monitor.model import Followed
from tests.monitor.drive import lines, spec
from tests.monitor.test_counting import ids, plain_world
from tests.monitor.world import MINUTE, START, Core, batch

P, L = Partition("p", 0), Partition("l", 0)


def begun(**labels: object) -> Core:
    """A hundred predictions in a minute, committed."""
    of, ref = plain_world()
    core = Core(spec(labels=labels) if labels else of, ref)
    core.monitor.assign({P: (0, 9), L: (0, 9)})
    records = [{**r, "ts": START + k * 600} for k, r in enumerate(ids(random.Random(1), 100))]
    core.monitor.ingest(batch("p", 0, lines(records)))
    core.commit()
    return core


def test_predictions_stay_for_as_long_as_a_label_may_come() -> None:
    core = begun()
    model = core.monitor.models["m"]
    reach_ms = model.plan.max_delay_ms + model.plan.spec.join_within + 2 * model.plan.generation_ms
    for decided_ms, left in ((START + reach_ms - 5 * MINUTE, 100), (START + reach_ms + 5 * MINUTE, 0)):
        decided = dict.fromkeys(model.inflows, decided_ms)
        drop_generations(model.plan, model.counting, expired_ms(model.plan, decided, model.inflows))
        assert len(model.counting.predictions) == left


def test_the_slowest_stream_is_awaited_and_labels_also_where_they_stand_still() -> None:
    core = begun()
    model = core.monitor.models["m"]
    for slow in (Stream.PREDICTIONS, Stream.LABELS):
        decided = dict.fromkeys(model.inflows, START + 10**9) | {slow: START}
        assert expired_ms(model.plan, decided, model.inflows) < START
    core.commit(idle=[L])
    assert model.inflows[Stream.LABELS].stands_still
    assert expired_ms(model.plan, decided, model.inflows) < START


def test_the_threshold_falls_where_the_journal_says_so_e14() -> None:
    core = begun()
    model = core.monitor.models["m"]
    limits = (ALL_IDS // 2, ALL_IDS // 4)
    core.monitor.follow({"m": Followed(limits=limits), "of another": Followed()})
    rows = [row for row in core.commit().changes.journal if row.kind == "halve"]
    assert [row.details["limit"] for row in rows] == list(limits)
    assert model.counting.limit == limits[-1]
    assert 5 < len(model.counting.predictions) < 50, "a quarter or so"
    tight = model.plan.spec.labels.model_copy(update={"max_outstanding": 1})  # type: ignore[union-attr]
    object.__setattr__(model.plan, "spec", model.plan.spec.model_copy(update={"labels": tight}))
    core.monitor.follow({"m": Followed()})
    core.commit()
    assert model.counting.limit == limits[-1], "the daemon halved nothing more"


def test_the_threshold_halves_until_the_rest_fits() -> None:
    core = begun()
    model = core.monitor.models["m"]
    assert halve_sample(model.plan, model.counting) == []
    tight = model.plan.spec.labels.model_copy(update={"max_outstanding": 30})  # type: ignore[union-attr]
    object.__setattr__(model.plan, "spec", model.plan.spec.model_copy(update={"labels": tight}))
    limits = halve_sample(model.plan, model.counting)
    assert limits == [ALL_IDS // 2 ** (k + 1) for k in range(len(limits))]
    assert len(limits) >= 2
    assert len(model.counting.predictions) <= 30
