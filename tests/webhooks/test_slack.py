"""The Slack body: what it says, that nothing from data can change how it reads, and Slack's limits (F34, F38)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.alert import Alert, AlertState
from driftwatch.alerts.messages import DriftedData, OffsetRange, alert_notification, request_notification
from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.verdicts.verdict import Finding
from driftwatch.webhooks.slack import code, escape, slack_body
from tests.webhooks.told import ABOUT, AGE, EPISODE, HURTS, INPUTS, ended, firing, requested, resolved


def message(told: Notification) -> dict[str, Any]:
    return json.loads(slack_body(told))


def shown(told: Notification) -> str:
    texts: list[str] = []
    for block in message(told)["blocks"]:
        texts += [part["text"] for part in block.get("elements", [block.get("text")])]
    return "\n".join(texts)


def test_a_firing_alert_says_what_where_how_much_since_when_and_on_what() -> None:
    text = shown(firing())
    assert text.startswith("Drift in credit-default: psi\n")
    assert "*What* rule `psi` (input) of version `2026-01` is broken" in text
    assert "*Where* `age` in `country=PT`" in text
    assert "*Since* 2026-01-01 11:50 UTC" in text
    assert "*0.4125* (0.36 to 0.46), limit 0.25" in text
    assert "*Rests on* 1 000 events, reference 20 000" in text
    assert "`18-25: 4.0 % -&gt; 11.2 %`" in text
    assert "<https://driftwatch.internal/alerts/1111111111111111|Open the alert>" in text
    assert firing().id in text


def test_performance_says_on_how_many_labels_it_rests() -> None:
    text = shown(firing(HURTS))
    assert "*Rests on* 412 labels" in text
    assert "the model in `all`" in text
    assert "(0.031 to –)" in text  # no upper limit


def test_a_statistic_without_an_interval_shows_none() -> None:
    plain = dataclasses.replace(AGE, lower=AGE.value, upper=AGE.value)
    text = shown(firing(msgspec.structs.replace(INPUTS, findings=(plain,))))
    assert "*0.4125*, limit 0.25" in text


def test_a_warning_is_called_one() -> None:
    mild = msgspec.structs.replace(INPUTS, severity="warning")
    assert shown(firing(mild)).startswith("Warning in credit-default: psi\n")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("recovered", "it has recovered"),
        ("version_ended", "its model version is no longer in use"),
        ("reconfigured", "the configuration was changed"),
        ("accepted", "it was accepted as the new reference"),
    ],
)
def test_a_resolved_alert_says_why_it_ended(why: str, words: str) -> None:
    after = msgspec.structs.replace(INPUTS, state=AlertState.RESOLVED, ended=why)
    told = alert_notification(after, NotificationType.ALERT_RESOLVED, after.since_ms, ABOUT)
    assert words in shown(told)
    assert "broken since 2026-01-01 11:50 UTC, resolved 2026-01-01 13:30 UTC" in shown(resolved())


def test_retraining_says_why_over_which_data_and_how_it_ended() -> None:
    asked = shown(requested())
    assert "a retraining of `credit-default` is requested; version `2026-01` drifts" in asked
    assert asked.index("rule `decay`") < asked.index("rule `psi`")
    assert "*Data* 2026-01-01 10:50 UTC to 2026-01-01 12:00 UTC" in asked
    over = shown(ended())
    assert "a new version is established: `2026-02`" in over
    assert "*Acknowledged by* `ci-job-7`" in over


@pytest.mark.parametrize("told", [firing(), resolved(), requested(), ended()])
def test_there_is_always_a_text_for_devices_without_blocks(told: Notification) -> None:
    assert told.model in message(told)["text"]


def test_escaping() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert code("a`b") == "`a’b`"
    assert code(" ") == "`(empty)`"


HOSTILE = st.sampled_from(
    ["<!channel>", "&", "`", "*", "\x1b[31m", "\n", "\ud800", "https://evil.example/", "😀", "|", ">"]
)


def bad_alert(bad: str, count: int) -> Alert:
    findings = tuple(
        Finding(
            bad, bad, bad, f"{bad}{i}", f"{bad}{i}", 1e300, -1e300, 1e300, 1.0, 2**60, 0, 2**60, (bad,) * 5
        )
        for i in range(count)
    )
    return Alert("00", "credit", bad, bad, "performance", "drift", AlertState.FIRING, 1, 1, findings=findings)


@given(HOSTILE, st.integers(1, 300), st.integers(0, 200), st.integers(1, 8))
def test_no_data_breaks_slacks_limits_or_says_something_of_its_own(
    part: str, times: int, count: int, alerts: int
) -> None:
    loud = bad_alert(part * times, count)
    offsets = tuple(OffsetRange(part * times, i, 0, 2**62) for i in range(count))
    where = DriftedData(0, 1, offsets)
    for told in (
        alert_notification(loud, NotificationType.ALERT_FIRING, 1, ABOUT),
        alert_notification(loud, NotificationType.ALERT_RESOLVED, 1, ABOUT),
        request_notification(EPISODE, [loud] * alerts, [part * times] * 30, where, ABOUT),
    ):
        blocks = message(told)["blocks"]
        assert len(blocks) <= 50
        assert len(blocks[0]["text"]["text"]) <= 150
        sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
        assert all(0 < len(text) <= 3_000 for text in sections)
        assert sum(map(len, sections)) <= 12_000
        text = shown(told).replace(blocks[0]["text"]["text"], "", 1)
        marked = [line for line in text.splitlines() if "<" in line or ">" in line]
        assert all(line.startswith("<https://driftwatch.internal/") for line in marked)
        assert blocks[-2]["text"]["text"].startswith("<https://driftwatch.internal/")  # the link is never cut


def test_five_thousand_members_are_one_message_with_a_count() -> None:
    members = tuple(
        Finding("psi", "psi", "1h", f"s{i}", f"f{i}", 1.0, 1.0, 1.0, 0.25, 10, 0) for i in range(5_000)
    )
    loud = msgspec.structs.replace(INPUTS, findings=members)
    text = shown(firing(loud))
    assert "and 4 990 more" in text
    assert "and 4 994 more in" in text
