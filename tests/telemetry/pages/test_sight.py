from dataclasses import replace

from driftwatch.telemetry.pages import sight
from driftwatch.verdicts.verdict import Verdict
from tests.telemetry import pictures


def model(**verdicts: Verdict):
    versions = [
        replace(pictures.version_view(pictures.reading(pictures.layout(), version=name)), verdict=verdict)
        for name, verdict in verdicts.items()
    ]
    return pictures.model_view(*versions)


def test_the_worst_version_is_shown_unless_another_is_asked_for() -> None:
    shown = model(a=Verdict.OK, b=Verdict.DRIFT, c=Verdict.INSUFFICIENT, d=Verdict.WARNING)
    assert [v.version for v in sight.worst_first(shown)] == ["b", "d", "c", "a"]
    found = sight.look(shown)
    assert found is not None
    assert (found.version.version, found.window, found.slice) == ("b", "1h", "all")
    asked = sight.look(shown, "a", "1h", "country=ES")
    assert asked is not None
    assert (asked.version.version, asked.slice, asked.row) == ("a", "country=ES", 2)


def test_what_there_is_not_falls_back() -> None:
    found = sight.look(model(a=Verdict.OK), "nope", "9d", "<script>")
    assert found is not None
    assert (found.version.version, found.window, found.slice, found.row) == ("a", "1h", "all", 0)
    assert sight.look(replace(model(a=Verdict.OK), versions={})) is None


def test_a_version_without_readings_can_be_looked_at() -> None:
    shown = model(a=Verdict.LEARNING)
    bare = replace(shown.versions["a"], readings={}, slices=())
    found = sight.look(replace(shown, versions={"a": bare}))
    assert found is not None
    assert (found.window, found.inputs, found.labels, found.row) == ("", None, None, 0)


def test_now_is_the_newest_event_time_that_is_known() -> None:
    assert sight.newest_ms(model(a=Verdict.OK)) == pictures.END_MS + 5_000
    assert sight.newest_ms(replace(model(a=Verdict.OK), versions={}, frontiers_ms={})) == 0


def test_firing_alerts_are_loudest_first() -> None:
    assert [a.version for a in sight.firing(model(v1=Verdict.DRIFT))] == ["v1"]
    assert sight.firing(model(v1=Verdict.DRIFT), "v0") == []
