"""Payloads of notifications: what they say, and that no data can make them large, invalid or misleading."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState
from driftwatch.alerts.messages import (
    TEXT_MAX,
    DriftedData,
    OffsetRange,
    alert_notification,
    clip,
    end_notification,
    iso,
    merge_findings,
    request_notification,
)
from driftwatch.alerts.notifications import Notification, NotificationType
from driftwatch.verdicts.verdict import Finding
from tests.alerts.judging import ABOUT, DAY, HOUR, finding

LIMIT_BYTES = 20_000


def alert(*findings: Finding, rule: str = "psi", version: str = "1", kind: str = "input") -> Alert:
    return Alert(
        fingerprint="00ff",
        model="credit",
        version=version,
        rule=rule,
        kind=kind,
        severity="drift",
        state=AlertState.FIRING,
        since_ms=2 * HOUR,
        started_ms=HOUR,
        findings=findings,
    )


def episode(state: EpisodeState = EpisodeState.REQUESTED) -> Episode:
    return Episode("ep_1", "credit", "1", state, DAY, DAY + HOUR, ("00ff",), reason="hurts")


def size_bytes(notification: Notification) -> int:
    return len(msgspec.json.encode(notification.data))


def test_what_a_firing_alert_says() -> None:
    got = alert_notification(
        alert(finding(slice_="country=PT")), NotificationType.ALERT_FIRING, 2 * HOUR, ABOUT
    )
    assert got.subject == "00ff"
    assert (got.model, got.version, got.severity, got.time_ms) == ("credit", "1", "drift", 2 * HOUR)
    assert got.data == {
        "alert": {
            "fingerprint": "00ff",
            "rule": "psi",
            "version": "1",
            "kind": "input",
            "severity": "drift",
            "state": "firing",
            "ended": "",
            "started": "1970-01-01T01:00:00.000Z",
            "since": "1970-01-01T02:00:00.000Z",
        },
        "configuration": "c0ffee",
        "links": {
            "page": "https://driftwatch.internal/alerts/00ff",
            "status": "https://driftwatch.internal/",
            "model": "https://driftwatch.internal/api/v1/models/credit",
            "alerts": "https://driftwatch.internal/api/v1/alerts?model=credit",
            "explain": "https://driftwatch.internal/api/v1/explain-last?model=credit",
        },
        "findings": [
            {
                "statistic": "psi",
                "window": "1h",
                "slice": "country=PT",
                "field": "age",
                "value": 0.4,
                "lower": 0.4 - 0.05,
                "upper": 0.4 + 0.05,
                "limit": 0.25,
                "count": 1_000,
                "reference_count": 10_000,
                "since": "1970-01-01T00:00:00.000Z",
                "cells": ["18-25: 4.0 % -> 11.2 %"],
            }
        ],
        "findings_total": 1,
        "findings_omitted": 0,
        "slices": ["country=PT"],
        "slices_total": 1,
        "fields": ["age"],
        "fields_total": 1,
    }


def test_what_a_retraining_request_says() -> None:
    hurts = alert(finding("", value=0.1, rule="accuracy_decay"), rule="decay", kind="performance")
    where = DriftedData(DAY, 2 * DAY, (OffsetRange("credit.predictions", 0, 10, 90),))
    got = request_notification(episode(), [hurts, alert(finding())], ["1", "2"], where, ABOUT)
    assert got.type is NotificationType.RETRAIN_REQUESTED
    assert (got.subject, got.severity, got.time_ms) == ("ep_1", "retrain", DAY + HOUR)
    assert got.data["versions"] == {"drifted": ["1"], "live": ["1", "2"]}
    assert [why["rule"] for why in got.data["why"]] == ["decay", "psi"]
    assert got.data["why"][1]["findings"][0]["cells"] == ["18-25: 4.0 % -> 11.2 %"]
    assert got.data["data"] == {
        "start": "1970-01-02T00:00:00.000Z",
        "end": "1970-01-03T00:00:00.000Z",
        "offsets": [{"topic": "credit.predictions", "partition": 0, "start": 10, "end": 90}],
        "offsets_omitted": 0,
    }
    assert got.data["links"]["acknowledge"] == "https://driftwatch.internal/api/v1/episodes/ep_1/acknowledge"
    assert got.data["configuration"] == "c0ffee"
    assert got.data["fields"] == ["age"]  # a statistic of the whole model has no field


def test_what_the_end_of_an_episode_says() -> None:
    ended = msgspec.structs.replace(
        episode(EpisodeState.ENDED), reason="new_version", new_version="2", acknowledged_by="ci"
    )
    got = end_notification(ended, ABOUT)
    assert got.type is NotificationType.RETRAIN_ENDED
    assert got.data["episode"] == {
        "id": "ep_1",
        "state": "ended",
        "reason": "new_version",
        "opened": "1970-01-02T00:00:00.000Z",
        "since": "1970-01-02T01:00:00.000Z",
        "new_version": "2",
        "acknowledged_by": "ci",
    }


HOSTILE = st.sampled_from(["\x00", "\x1b[31m", "\ud800", "\"'{}\n", "€", "😀", "\u202e", "<!channel>"])


@given(HOSTILE, st.integers(1, 400), st.integers(0, 300), st.integers(0, 12))
def test_no_data_makes_a_payload_invalid_or_large(part: str, times: int, count: int, alerts: int) -> None:
    """F34, F38: the worst text in every place that data can reach."""
    bad = part * times
    findings = tuple(finding(f"{bad}{i}", f"{bad}={i}", 1e308, rule=bad, window=bad) for i in range(count))
    loud = alert(*findings, rule=bad, version=bad)
    offsets = tuple(OffsetRange(bad, i, 2**62, 2**62) for i in range(count))
    ended = msgspec.structs.replace(episode(), new_version=bad, acknowledged_by=bad, version=bad)
    for got in (
        alert_notification(loud, NotificationType.ALERT_FIRING, 1, ABOUT),
        request_notification(episode(), [loud] * alerts, [bad] * 50, DriftedData(0, 1, offsets), ABOUT),
        end_notification(ended, ABOUT),
    ):
        assert size_bytes(got) <= LIMIT_BYTES - 1_000  # room for what the renderer puts around
        assert msgspec.json.decode(msgspec.json.encode(got.data)) == got.data
        assert not any(ord(c) < 32 or c == "\u202e" for text in texts(got.data) for c in text)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def test_nothing_is_cut_without_a_count() -> None:
    findings = tuple(finding(f"f{i}", f"s{i}") for i in range(300))
    data = alert_notification(alert(*findings), NotificationType.ALERT_FIRING, 1, ABOUT).data
    assert data["findings_total"] == 300
    assert len(data["findings"]) + data["findings_omitted"] == 300
    assert len(data["findings"]) >= 20
    assert (data["slices_total"], data["fields_total"]) == (300, 300)
    many = [alert(finding(), version=str(i)) for i in range(9)]
    request = request_notification(episode(), many, [], DriftedData(0, 1), ABOUT).data
    assert len(request["why"]) + request["why_omitted"] == 9


def test_numbers_that_are_none_are_null() -> None:
    data = alert_notification(
        alert(finding(value=math.nan), finding(value=math.inf)), NotificationType.ALERT_FIRING, 1, ABOUT
    ).data
    assert [row["value"] for row in data["findings"]] == [None, None]


def test_clip() -> None:
    assert clip("age") == "age"
    assert clip("x" * 500) == "x" * (TEXT_MAX - 1) + "…"
    assert clip("a\nb\x1bc") == "a\ufffdb\ufffdc"
    assert clip("x" * TEXT_MAX) == "x" * TEXT_MAX


def test_iso() -> None:
    assert iso(1_767_225_600_123) == "2026-01-01T00:00:00.123Z"
    assert iso(-5) == "1970-01-01T00:00:00.000Z"
    assert iso(2**62) == "9999-12-31T23:59:59.999Z"


def test_merging_keeps_each_windows_order_and_puts_the_loudest_first() -> None:
    hour = [finding("a", value=0.9), finding("b", value=0.3)]
    day = [finding("c", value=0.5, window="1d"), finding("d", value=math.nan, window="1d")]
    assert [f.field for f in merge_findings([hour, day])] == ["a", "c", "b", "d"]
    assert merge_findings([]) == ()
