"""The payload of every notification: what happened, as documented in docs/webhooks.md, never above 20 kB."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec

from driftwatch.alerts.alert import Alert, Episode
from driftwatch.alerts.notifications import Notification, NotificationType, notification_id
from driftwatch.verdicts.verdict import Finding

TEXT_MAX: Final = 120
"""Characters that a message shows of one name or value from the data."""
FINDINGS_MAX: Final = 50
CELLS_MAX: Final = 3
NAMES_MAX: Final = 20
ALERTS_MAX: Final = 5
_FINDINGS_BYTES: Final = 8_000
_NAMES_BYTES: Final = 800
_OFFSETS_BYTES: Final = 2_000
_LAST_MS: Final = 253_402_300_799_999
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE: Final = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"
)
"""Control characters and those that turn the direction of writing: they could disguise what a message says."""


class About(msgspec.Struct, frozen=True):
    """What messages say of the daemon itself."""

    external_url: str
    configuration: str = ""
    """Hash of the configuration in force."""


class OffsetRange(msgspec.Struct, frozen=True):
    """Offsets `start <= offset < end` of one partition."""

    topic: str
    partition: int
    start: int
    end: int


class DriftedData(msgspec.Struct, frozen=True):
    """Where the data lies that a retraining request is about."""

    start_ms: int
    end_ms: int
    offsets: tuple[OffsetRange, ...] = ()


def alert_notification(alert: Alert, type_: NotificationType, time_ms: int, about: About) -> Notification:
    """The message that an alert fires or is resolved; one per alert however many members it has (F38)."""
    data = {
        "alert": {
            **_alert_head(alert),
            "started": iso(alert.started_ms),
            "state": alert.state.value,
            "ended": alert.ended,
        },
        "configuration": about.configuration,
        "links": _alert_links(about, alert),
        **_findings(alert.findings, _FINDINGS_BYTES),
        **_where(alert.findings),
    }
    return _notification(alert.fingerprint, type_, time_ms, alert.model, alert.version, alert.severity, data)


def request_notification(
    episode: Episode, alerts: Sequence[Alert], versions: Sequence[str], where: DriftedData, about: About
) -> Notification:
    """The request for a retraining: why, of which versions, over which data."""
    shown = alerts[:ALERTS_MAX]
    share = _FINDINGS_BYTES // max(1, len(shown))
    data = {
        "episode": _episode_head(episode),
        "versions": {"drifted": _names({alert.version for alert in alerts}), "live": _names(versions)},
        "why": [{**_alert_head(alert), **_findings(alert.findings, share)} for alert in shown],
        "why_omitted": len(alerts) - len(shown),
        "data": {"start": iso(where.start_ms), "end": iso(where.end_ms), **_offsets(where.offsets)},
        "configuration": about.configuration,
        "links": _episode_links(about, episode),
        **_where([finding for alert in alerts for finding in alert.findings]),
    }
    kind = NotificationType.RETRAIN_REQUESTED
    return _notification(episode.id, kind, episode.since_ms, episode.model, episode.version, "retrain", data)


def end_notification(episode: Episode, about: About) -> Notification:
    """The message that an episode which had asked for a retraining is over, and why."""
    data = {
        "episode": _episode_head(episode)
        | {"new_version": clip(episode.new_version), "acknowledged_by": clip(episode.acknowledged_by)},
        "configuration": about.configuration,
        "links": _episode_links(about, episode),
    }
    kind = NotificationType.RETRAIN_ENDED
    return _notification(episode.id, kind, episode.since_ms, episode.model, episode.version, "retrain", data)


def merge_findings(lists: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of several windows as one list, loudest first.

    Each list is loudest first already and keeps its order; between lists the greater distance from the limit leads.
    """
    return tuple(heapq.merge(*lists, key=lambda finding: -_excess(finding)))


def clip(text: str, limit: int = TEXT_MAX) -> str:
    """Text that is safe to encode and to show, not longer than `limit`; an ellipsis stands for what was cut (F34)."""
    clean = text[: limit + 1].encode("utf-8", "replace").decode().translate(_UNSAFE)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def iso(time_ms: int) -> str:
    """Milliseconds since the epoch as ISO 8601 in UTC, clamped to the years 1970 to 9999."""
    moment = _EPOCH + timedelta(milliseconds=min(max(time_ms, 0), _LAST_MS))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _notification(
    subject: str,
    type_: NotificationType,
    time_ms: int,
    model: str,
    version: str,
    severity: str,
    data: dict[str, Any],
) -> Notification:
    return Notification(
        id=notification_id(subject, type_.value, time_ms),
        type=type_,
        subject=subject,
        time_ms=time_ms,
        model=model,
        version=clip(version),
        severity=severity,
        data=data,
    )


def _alert_head(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "rule": clip(alert.rule),
        "version": clip(alert.version),
        "kind": alert.kind,
        "severity": alert.severity,
        "since": iso(alert.since_ms),
    }


def _episode_head(episode: Episode) -> dict[str, Any]:
    return {
        "id": episode.id,
        "state": episode.state.value,
        "reason": episode.reason,
        "opened": iso(episode.opened_ms),
        "since": iso(episode.since_ms),
    }


def _findings(findings: Sequence[Finding], limit_bytes: int) -> dict[str, Any]:
    """The loudest that fit, and how many there are in all."""
    shown = _fitting([_finding(finding) for finding in findings[:FINDINGS_MAX]], limit_bytes)
    return {
        "findings": shown,
        "findings_total": len(findings),
        "findings_omitted": len(findings) - len(shown),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "statistic": clip(finding.statistic),
        "window": clip(finding.window),
        "slice": clip(finding.slice),
        "field": clip(finding.field),
        "value": _number(finding.value),
        "lower": _number(finding.lower),
        "upper": _number(finding.upper),
        "limit": _number(finding.limit),
        "count": finding.count,
        "reference_count": finding.reference_count,
        "since": iso(finding.since_ms),
        "cells": [clip(cell, 80) for cell in finding.cells[:CELLS_MAX]],
    }


def _where(findings: Sequence[Finding]) -> dict[str, Any]:
    """The slices and fields concerned, each once, loudest first."""
    return {
        "slices": _names(dict.fromkeys(finding.slice for finding in findings)),
        "slices_total": len({finding.slice for finding in findings}),
        "fields": _names(dict.fromkeys(finding.field for finding in findings if finding.field)),
        "fields_total": len({finding.field for finding in findings if finding.field}),
    }


def _names(names: Iterable[str]) -> list[str]:
    ordered = sorted(names) if isinstance(names, set) else list(names)
    return _fitting([clip(name) for name in ordered[:NAMES_MAX]], _NAMES_BYTES)


def _offsets(ranges: Sequence[OffsetRange]) -> dict[str, Any]:
    rows = [
        {"topic": clip(r.topic, 249), "partition": r.partition, "start": r.start, "end": r.end}
        for r in ranges[:100]
    ]
    shown = _fitting(rows, _OFFSETS_BYTES)
    return {"offsets": shown, "offsets_omitted": len(ranges) - len(shown)}


def _fitting(entries: list[Any], limit_bytes: int) -> list[Any]:
    """As many leading entries as fit into `limit_bytes` of JSON."""
    size_bytes = 2
    for count, entry in enumerate(entries):
        size_bytes += len(msgspec.json.encode(entry)) + 1
        if size_bytes > limit_bytes:
            return entries[:count]
    return entries


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity: null says that there is no number."""
    return float(value) if math.isfinite(value) else None


def _excess(finding: Finding) -> float:
    distance = abs(finding.value - finding.limit)
    return distance if math.isfinite(distance) else 0.0


def _links(about: About, model: str) -> dict[str, str]:
    """Where people and programs read on: the model's page, the status page, and the model's part of the API."""
    root, name = about.external_url.rstrip("/"), quote(model, safe="")
    return {
        "page": f"{root}/models/{name}",
        "status": f"{root}/",
        "model": f"{root}/api/v1/models/{name}",
        "alerts": f"{root}/api/v1/alerts?model={name}",
        "explain": f"{root}/api/v1/explain-last?model={name}",
    }


def _alert_links(about: About, alert: Alert) -> dict[str, str]:
    """The page is the alert's own."""
    root = about.external_url.rstrip("/")
    return _links(about, alert.model) | {"page": f"{root}/alerts/{quote(alert.fingerprint, safe='')}"}


def _episode_links(about: About, episode: Episode) -> dict[str, str]:
    root, name = about.external_url.rstrip("/"), quote(episode.model, safe="")
    return _links(about, episode.model) | {
        "episodes": f"{root}/api/v1/episodes?model={name}",
        "acknowledge": f"{root}/api/v1/episodes/{episode.id}/acknowledge",
    }
