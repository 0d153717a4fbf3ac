"""What changes in the daemon's answers is told once, with the act that it completes."""

from __future__ import annotations

from typing import Any

import msgspec

from driftwatch.demo.acts import Act, Happening
from driftwatch.demo.watch import Watch
from driftwatch.telemetry.answers import (
    AlertAnswer,
    EpisodeAnswer,
    FindingAnswer,
    ModelSummary,
    VersionSummary,
)

FINDING = FindingAnswer("psi", "1h", "country=PT", "income", 0.8512, None, None, 0.25, 1540, 4000, "", [], [])


def model(*versions: tuple[str, str]) -> list[dict[str, Any]]:
    live = [VersionSummary(name, verdict, "", "", 7, "", []) for name, verdict in versions]
    return [plain(ModelSummary("credit", "binary", "ok", live, 0, {}, {}, 0, 0, 1.0))]


def alert(rule: str, kind: str, state: str, ended: str = "") -> dict[str, Any]:
    return plain(
        AlertAnswer(f"f-{rule}", "credit", "1", rule, kind, "drift", state, "", "", ended, [FINDING] * 5)
    )


def episode(state: str, reason: str = "", new_version: str = "") -> dict[str, Any]:
    return plain(EpisodeAnswer("ep_1", "credit", "1", state, "", "", [], reason, new_version, ""))


def plain(answer: msgspec.Struct) -> dict[str, Any]:
    """As it comes over HTTP: a changed field name in the API breaks this test."""
    return msgspec.json.decode(msgspec.json.encode(answer))


def acts(told: list[Happening]) -> list[Act]:
    return [happening.act for happening in told if happening.act]


def test_a_firing_alert_on_inputs_is_the_drift() -> None:
    watch = Watch("1")
    assert watch.compare([], [alert("inputs", "input", "pending")], []) == []
    (told,) = watch.compare([], [alert("inputs", "input", "firing")], [])
    assert told.act is Act.DRIFT
    assert '"inputs"' in told.text
    assert told.details == ("country=PT income: psi 0.851, limit 0.25, 1,540 events",) * 3
    assert watch.compare([], [alert("inputs", "input", "firing")], []) == []


def test_an_alert_on_labels_is_told_but_is_another_act() -> None:
    told = Watch("1").compare([], [alert("accuracy", "performance", "firing")], [])
    assert len(told) == 1
    assert acts(told) == []


def test_a_number_with_an_interval_shows_it() -> None:
    decay = FindingAnswer("accuracy_decay", "1h", "all", "", 0.25, 0.2, 0.3, 0.05, 2000, 4000, "", [], [])
    fired = alert("accuracy", "performance", "firing") | {"findings": [plain(decay)]}
    (told,) = Watch("1").compare([], [fired], [])
    assert told.details == ("all: accuracy_decay 0.250 (0.200 to 0.300), limit 0.05, 2,000 events",)


def test_only_another_version_is_new() -> None:
    watch = Watch("1")
    assert acts(watch.compare(model(("1", "ok")), [], [])) == []
    assert watch.verdicts == {"1": "ok"}
    assert acts(watch.compare(model(("1", "ok"), ("2", "learning")), [], [])) == [Act.VERSION]
    assert watch.compare(model(("1", "ok"), ("2", "learning")), [], []) == []
    told = watch.compare(model(("2", "ok")), [], [])
    assert [happening.text for happening in told] == ["version 2: ok"]


def test_resolved_means_ended_by_the_new_version_and_no_alert_left() -> None:
    watch = Watch("1")
    firing, ended = alert("inputs", "input", "firing"), episode("ended", "new_version", "2")
    assert acts(watch.compare([], [firing], [episode("requested", "hurts")])) == [Act.DRIFT]
    assert acts(watch.compare([], [firing], [ended])) == []
    told = watch.compare([], [alert("inputs", "input", "resolved", "version_ended")], [ended])
    assert acts(told) == [Act.RESOLVED]
    assert "version_ended" in told[0].text
    assert watch.compare([], [alert("inputs", "input", "resolved", "version_ended")], [ended]) == []


def test_an_episode_that_ended_otherwise_does_not_count() -> None:
    assert acts(Watch("1").compare([], [], [episode("ended", "recovered")])) == []
