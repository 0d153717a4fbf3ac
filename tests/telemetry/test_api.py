import pytest

from driftwatch.telemetry.api import LIMIT, OPERATIONS, Operation, Refused, checked, number
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.counts import Counts
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
