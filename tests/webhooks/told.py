"""Notifications for tests, made by the core itself."""

from __future__ import annotations

import msgspec

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState
from driftwatch.alerts.messages import (
    About,
    DriftedData,
    OffsetRange,
    alert_notification,
    end_notification,
    request_notification,
)
from driftwatch.alerts.notifications import Notification, NotificationType, OutboxRow
from driftwatch.verdicts.verdict import Finding

ABOUT = About("https://driftwatch.internal", "c0ffee")
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
MINUTE = 60_000

AGE = Finding(
    rule="psi",
    statistic="psi",
    window="1h",
    slice="country=PT",
    field="age",
    value=0.4125,
    lower=0.36,
    upper=0.46,
    limit=0.25,
    count=1_000,
    since_ms=NOON - 10 * MINUTE,
    reference_count=20_000,
    cells=("18-25: 4.0 % -> 11.2 %",),
)
DECAY = Finding(
    rule="decay",
    statistic="accuracy_decay.lower",
    window="1d",
    slice="all",
    field="",
    value=0.051,
    lower=0.031,
    upper=float("inf"),
    limit=0.02,
    count=412,
    since_ms=NOON,
    reference_count=5_000,
)
INPUTS = Alert(
    fingerprint="1111111111111111",
    model="credit-default",
    version="2026-01",
    rule="psi",
    kind="input",
    severity="drift",
    state=AlertState.FIRING,
    since_ms=NOON,
    started_ms=NOON - 10 * MINUTE,
    findings=(AGE,),
)
HURTS = Alert(
    fingerprint="2222222222222222",
    model="credit-default",
    version="2026-01",
    rule="decay",
    kind="performance",
    severity="drift",
    state=AlertState.FIRING,
    since_ms=NOON,
    started_ms=NOON,
    retrain=True,
    findings=(DECAY,),
)
EPISODE = Episode(
    id="ep_3333333333333333",
    model="credit-default",
    version="2026-01",
    state=EpisodeState.REQUESTED,
    opened_ms=NOON - 10 * MINUTE,
    since_ms=NOON,
    alerts=("1111111111111111", "2222222222222222"),
    reason="hurts",
    requested_ms=NOON,
)


def firing(alert: Alert = INPUTS) -> Notification:
    return alert_notification(alert, NotificationType.ALERT_FIRING, alert.since_ms, ABOUT)


def resolved(alert: Alert = INPUTS) -> Notification:
    after = msgspec.structs.replace(
        alert, state=AlertState.RESOLVED, ended="recovered", since_ms=NOON + 90 * MINUTE
    )
    return alert_notification(after, NotificationType.ALERT_RESOLVED, after.since_ms, ABOUT)


def requested() -> Notification:
    where = DriftedData(NOON - 70 * MINUTE, NOON, (OffsetRange("credit.predictions", 0, 1_200, 88_000),))
    return request_notification(EPISODE, [HURTS, INPUTS], ["2026-01", "2026-02"], where, ABOUT)


def ended() -> Notification:
    after = msgspec.structs.replace(
        EPISODE,
        state=EpisodeState.ENDED,
        reason="new_version",
        new_version="2026-02",
        acknowledged_by="ci-job-7",
        since_ms=NOON + 300 * MINUTE,
    )
    return end_notification(after, ABOUT)


def row(id_: str = "msg_1", endpoint: str = "hook", body: bytes = b'{"a":1}') -> OutboxRow:
    return OutboxRow(id_, endpoint, "alert.firing", "subject", NOON, body)
