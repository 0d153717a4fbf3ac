import random

import pytest

from driftwatch.drift.reasons import SAYS, Reason
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.telemetry.api import LIMIT, OPERATIONS, Operation, Refused, checked, number
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.flow import verdict_families
from tests.monitor.world import MINUTE, SPEC, START, Core, batch, label, prediction
from tests.telemetry import pictures

MADE = pictures.layout()
PICTURE = Picture(
    pictures.snapshot(
        pictures.version_view(pictures.reading(MADE, "v1"), pictures.reading(MADE, "v1", "1d")),
        pictures.version_view(pictures.reading(MADE, "v2")),
    ),
    pictures.health(),
    Counts(),
)


def operation(name: str) -> Operation:
    [found] = [operation for operation in OPERATIONS if operation.name == name]
    return found


def ask(name: str, **query: str):
    return operation(name).reply(PICTURE, query, 0.0)


def test_windows_are_filtered_by_every_parameter() -> None:
    rows = ask("windows", version="v1", window="1d", slice="all", feature="age", statistic="psi").rows
    assert [(r.version, r.window, r.slice, r.feature, r.statistic) for r in rows] == [
        ("v1", "1d", "all", "age", "psi")
    ]
    whole = ask("windows", version="v2", slice="all", feature="").rows
    assert {row.statistic for row in whole} == {"event_ratio"}
    assert ask("windows", model="other").total == 0


def test_pages_of_windows_join_without_gap_or_double() -> None:
    everything = ask("windows")
    assert everything.total == len(everything.rows) > 50
    joined = [
        row
        for offset in range(0, everything.total, 7)
        for row in ask("windows", limit="7", offset=str(offset)).rows
    ]
    assert joined == everything.rows
    assert ask("windows", limit="7").total == everything.total


def test_a_model_that_is_not_there_is_refused() -> None:
    assert ask("model", model="credit").slices["v1"] == list(MADE.slices.rows)
    with pytest.raises(Refused) as refused:
        ask("model", model="debit")
    assert refused.value.status == 404


def test_alerts_and_episodes_are_filtered_by_state() -> None:
    assert [alert.state for alert in ask("alerts").alerts] == ["firing", "resolved"]
    assert [alert.version for alert in ask("alerts", state="resolved").alerts] == ["v0"]
    assert [episode.id for episode in ask("episodes", state="requested").episodes] == ["ep_1"]
    assert ask("episodes", state="ended").episodes == []


def test_explanations_are_filtered_and_cut() -> None:
    assert len(ask("explain_last").explanations) == 3
    [told] = ask("explain_last", version="v2", members="1").explanations
    assert len(told.members) == 1


@pytest.mark.parametrize("name", ["models", "status", "alive", "ready"])
def test_the_rest_answers_with_its_type(name: str) -> None:
    assert type(ask(name)) is operation(name).answer


def test_an_unknown_parameter_is_refused_with_a_hint() -> None:
    with pytest.raises(Refused) as refused:
        checked(operation("windows"), {"slise": "all"})
    assert refused.value.status == 400
    assert "'slice'" in refused.value.problem.message


@pytest.mark.parametrize("text", ["-1", "1e3", "x", "", "100001", "9" * 5_000, "１２"])
def test_numbers_are_whole_and_bounded(text: str) -> None:
    with pytest.raises(Refused):
        checked(operation("windows"), {"limit": text})


def test_a_number_has_a_default() -> None:
    assert number(LIMIT, {}) == 10_000
    assert number(LIMIT, {"limit": "0"}) == 0


EVIDENT = Picture(pictures.with_evidence(pictures.snapshot()), pictures.health(), Counts())


def test_streams_nearest_to_their_limit_come_first() -> None:
    found = operation("evidence").reply(EVIDENT, {}, 0.0)
    assert (found.total, [s.evidence for s in found.streams]) == (3, [12.0, 3.5, -32.0])
    assert [s.verdict for s in found.streams] == ["warning", "ok", "insufficient"]
    ok = operation("evidence").reply(EVIDENT, {"verdict": "ok", "group": "inputs"}, 0.0)
    assert [(s.slice, s.feature, s.family, s.limit) for s in ok.streams] == [
        (MADE.slices.rows[1], "age", "ticket", 9.0)
    ]
    assert operation("evidence").reply(EVIDENT, {"limit": "1"}, 0.0).total == 3


def test_prospects_are_those_of_live_versions_with_null_for_never() -> None:
    (found,) = operation("prospects").reply(EVIDENT, {"version": "v1"}, 0.0).prospects
    assert (found.model, found.version, found.pane_s, found.change, found.streams) == (
        "credit", "v1", 300.0, 0.05, 6
    )  # fmt: skip
    assert [(p.feature, p.day, p.week, p.delay_s) for p in found.powers] == [
        ("age", 0.05, 0.04, 1_800.0),
        ("income", None, None, None),
    ]
    assert [(g.goal, g.delay_s, g.underpowered) for g in found.goals] == [
        ("age change of 5 % within 1h", 1_800.0, False),
        ("income change of 5 % within 1h", None, True),
    ]
    assert operation("prospects").reply(EVIDENT, {"version": "v2"}, 0.0).prospects == []
    assert ask("prospects").prospects == [], "evidence is not watched there"


def test_decisions_are_told_newest_first_with_their_numbers() -> None:
    found = operation("decisions").reply(EVIDENT, {}, 0.0).decisions
    assert [d.time for d in found] == ["2023-11-14T22:00:00.001Z", "2023-11-14T22:00:00Z"]
    assert (found[0].old, found[0].new, found[0].reason, found[0].configuration) == (
        "pending",
        "firing",
        "held",
        "c0ffee",
    )
    assert found[0].findings
    assert operation("decisions").reply(EVIDENT, {"rule": "other"}, 0.0).decisions == []


@pytest.fixture(scope="module")
def live() -> Picture:
    """A core that read two hours with labels a minute later, and a field that nobody knows at the end."""
    core = Core(spec=SPEC.model_copy(update={"rules": []}))
    core.monitor.assign({Partition("p", 0): (0, 9), Partition("l", 0): (0, 9)})
    rng, number = random.Random(3), 0
    for minute in range(130):
        made = [prediction(number + k, START + minute * MINUTE + k * 600, rng) for k in range(100)]
        if minute > 120:
            made = [value[:-1] + b', "extra": 7}' for value in made]
        said = [label(number + k, START + (minute + 1) * MINUTE, k % 2) for k in range(0, 100, 2)]
        number += 100
        for topic, values in (("p", made), ("l", said)):
            core.monitor.ingest(batch(topic, 0, values, core.monitor.offsets[Partition(topic, 0)]))
        core.commit()
    return Picture(core.monitor.snapshot(1), pictures.health(), Counts())


def reply(picture: Picture, name: str, **query: str):
    return operation(name).reply(picture, query, 0.0)


def test_broken_data_is_told_by_its_reason_with_an_example(live: Picture) -> None:
    (found,) = reply(live, "quality").reasons
    assert (found.reason, found.feature, found.example, found.alerts) == ("new_field", "extra", "7", True)
    assert (found.stream, found.share, found.says) == ("predictions", 1.0, SAYS[Reason.NEW_FIELD])
    assert reply(live, "quality", reason="constant").reasons == []
    families = {
        f.metric.name: {s.labels: s.value for s in f.samples} for f in verdict_families(live.snapshot)
    }
    counts = families["driftwatch_quality_reasons_active"]
    assert counts["m", "1", "predictions", "new_field"] == 1
    assert counts["m", "1", "labels", "conflicting_label"] == 0


def test_cohorts_say_how_complete_labels_are(live: Picture) -> None:
    newest = reply(live, "cohorts").cohorts[0]
    total = sum(cohort.predictions for cohort in reply(live, "cohorts").cohorts)
    assert total == 13_000
    assert 0.4 < newest.coverage <= 0.5
    assert newest.by_age["1h"] == newest.labels
    assert list(newest.by_age)[-1] == "+Inf"
    assert reply(live, "cohorts", version="2").cohorts == []


def test_the_reliability_diagram_of_a_slice(live: Picture) -> None:
    bars = reply(live, "reliability", window="10m", cells="width").bars
    assert [bar.cell for bar in bars] == list(range(10))
    assert all(bar.lower <= bar.share <= bar.upper and bar.low < bar.score <= bar.high for bar in bars)
    reading = live.snapshot.models["m"].versions["1"].readings[Stream.LABELS, "10m"]
    error = sum(bar.labels * abs(bar.share - bar.score) for bar in bars) / sum(bar.labels for bar in bars)
    assert error == pytest.approx(reading.estimates["calibration_error"].value[0, 0], abs=1e-9)
    assert {bar.slice for bar in reply(live, "reliability", slice="country=PT").bars} == {"country=PT"}
    assert reply(live, "reliability", slice="nowhere").bars == []
