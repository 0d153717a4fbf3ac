"""What is shown of a model's versions."""

from __future__ import annotations

from driftwatch.events.classes import Stream
from driftwatch.monitor.plan import Choice
from driftwatch.monitor.view import version_views
from driftwatch.verdicts.verdict import Verdict
from tests.monitor.test_closing import fed
from tests.monitor.test_versions import versions
from tests.monitor.world import REFERENCE, SPEC, START, Core


def test_a_version_is_shown_with_its_last_readings_and_the_loudest_verdict() -> None:
    core = fed(Core(SPEC), 600, x=9)
    core.commit(finish=True)
    view = version_views(core.monitor.models["m"].versions)["1"]
    assert (view.version, view.reference_hash, view.slices) == (
        "1",
        REFERENCE.hash,
        REFERENCE.layout.slices.rows,
    )
    assert view.layout_hash == REFERENCE.layout.hash
    assert view.verdict is Verdict.DRIFT, "although other rules and members are ok or insufficient"
    assert (Stream.PREDICTIONS, "30m") in view.readings
    assert len(view.rules) == 4
    assert view.last_event_ms == START + 599_000


def test_a_picture_does_not_change_afterwards() -> None:
    core = fed(Core(SPEC), 600)
    core.commit()
    versions_ = core.monitor.models["m"].versions
    view = version_views(versions_)["1"]
    before = dict(view.readings)
    fed(core, 60)
    core.commit(finish=True)
    assert dict(view.readings) == before
    assert version_views(versions_)["1"].readings != before


def test_without_any_reading_nothing_is_known() -> None:
    of = versions()
    of.find("1")
    view = version_views(of)["1"]
    assert (view.verdict, view.readings, view.rules) == (Verdict.INSUFFICIENT, {}, ())


def test_a_version_that_is_learned_is_shown_as_such_e10() -> None:
    of = versions(Choice("*", learn_ms=5))
    of.find("7")
    view = version_views(of)["7"]
    assert (view.verdict, view.reference_hash, view.readings) == (Verdict.LEARNING, "", {})
