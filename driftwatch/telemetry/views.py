"""The last picture as the API's answers: pure functions, one per thing that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import numpy as np

from driftwatch import __version__
from driftwatch.alerts.alert import Alert, AlertState, Episode
from driftwatch.alerts.decision_log import Decided
from driftwatch.drift.completeness import completeness, expected_labels
from driftwatch.drift.reasons import SAYS
from driftwatch.drift.reliability import bars, class_bars
from driftwatch.events.classes import RecordClass
from driftwatch.monitor.prospects import Prospects
from driftwatch.monitor.snapshot import ModelView, VersionView
from driftwatch.telemetry import answers as a
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.flow import BEFORE_TIME_MS, age_names
from driftwatch.telemetry.health import reasons_not_ready
from driftwatch.telemetry.rows import finite
from driftwatch.telemetry.text import iso_time
from driftwatch.verdicts.verdict import VERDICTS, Finding, loudest

ACTIVE = (AlertState.PENDING, AlertState.FIRING)


def model_summary(model: ModelView) -> a.ModelSummary:
    """One model without its slices."""
    classes: dict[str, dict[str, int]] = {}
    for (stream, _, class_), count in model.classes.items():
        totals = classes.setdefault(str(stream), {})
        totals[str(class_)] = totals.get(str(class_), 0) + count
    order = [str(class_) for class_ in RecordClass]
    return a.ModelSummary(
        model=model.model,
        task=model.task,
        verdict=str(loudest(version.verdict for version in model.versions.values())),
        versions=[version_summary(version) for _, version in sorted(model.versions.items())],
        alerts=sum(alert.state in ACTIVE for alert in model.alerts),
        frontiers={str(stream): _time(t) for stream, t in sorted(model.frontiers_ms.items())},
        classes={
            s: dict(sorted(t.items(), key=lambda i: order.index(i[0]))) for s, t in sorted(classes.items())
        },
        waiting=model.waiting,
        remembered=model.remembered,
        sample=model.sample,
    )


def version_summary(version: VersionView) -> a.VersionSummary:
    """One live version with its last readings."""
    return a.VersionSummary(
        version=version.version,
        verdict=str(version.verdict),
        layout=version.layout_hash,
        reference=version.reference_hash,
        slices=len(version.slices),
        last_event=_time(version.last_event_ms) if version.last_event_ms else "",
        windows=[
            a.WindowSummary(
                stream=str(stream),
                window=window,
                start=iso_time(reading.start_ms),
                end=iso_time(reading.end_ms),
                events=int(reading.events[0]),
            )
            for (stream, window), reading in sorted(version.readings.items())
        ],
    )


def alert_answer(alert: Alert) -> a.AlertAnswer:
    """One alert with all its findings."""
    return a.AlertAnswer(
        fingerprint=alert.fingerprint,
        model=alert.model,
        version=alert.version,
        rule=alert.rule,
        kind=alert.kind,
        severity=alert.severity,
        state=str(alert.state),
        since=iso_time(alert.since_ms),
        started=iso_time(alert.started_ms),
        ended=alert.ended,
        findings=[_finding(finding) for finding in alert.findings],
    )


def decision_answer(decided: Decided) -> a.DecisionAnswer:
    """One change of an alert."""
    return a.DecisionAnswer(
        time=iso_time(decided.time_ms),
        model=decided.model,
        version=decided.version,
        rule=decided.rule,
        kind=decided.kind,
        severity=decided.severity,
        old=str(decided.old),
        new=str(decided.new),
        reason=decided.reason,
        configuration=decided.configuration,
        reference=decided.reference,
        findings=[_finding(finding) for finding in decided.findings],
        findings_total=decided.findings_total,
    )


def evidence_answers(model: ModelView, version: VersionView) -> Iterator[a.EvidenceAnswer]:
    """Every stream of evidence of a version, in the order of groups, slices and fields."""
    for view in version.evidence:
        rows, columns = np.nonzero(view.verdicts >= 0)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            yield a.EvidenceAnswer(
                model=model.model,
                version=version.version,
                family=view.family,
                group=view.group,
                feature=view.fields[column],
                slice=version.slices[row],
                verdict=VERDICTS[int(view.verdicts[row, column])].value,
                evidence=finite(float(view.logs[row, column])),
                limit=view.log_limit,
            )


def prospects_answer(found: Prospects) -> a.ProspectsAnswer:
    """What one version's evidence can find, as `explain --json` prints it too."""
    return a.ProspectsAnswer(
        model=found.model,
        version=found.pattern,
        pane_s=found.pane_ms / 1_000,
        watched=found.watched,
        change=found.change,
        streams=found.streams,
        powers=[
            a.PowerAnswer(
                family=power.group.family.value,
                group=power.group.value,
                feature=power.field,
                slice=power.slice,
                events=finite(power.events),
                clumping=finite(power.factor),
                learned=power.learned,
                tolerance=finite(power.tolerance),
                day=finite(power.day),
                week=finite(power.week),
                delay_s=finite(power.delay_ms / 1_000),
            )
            for power in found.powers
        ],
        goals=[
            a.GoalAnswer(str(reach.goal), finite(reach.delay_ms / 1_000), reach.underpowered)
            for reach in found.goals
        ],
        notes=list(found.notes),
        traffic_s=found.seen_ms / 1_000,
    )


def episode_answer(episode: Episode) -> a.EpisodeAnswer:
    """One retraining episode."""
    return a.EpisodeAnswer(
        id=episode.id,
        model=episode.model,
        version=episode.version,
        state=str(episode.state),
        opened=iso_time(episode.opened_ms),
        since=iso_time(episode.since_ms),
        alerts=list(episode.alerts),
        reason=episode.reason,
        new_version=episode.new_version,
        acknowledged_by=episode.acknowledged_by,
    )


def quality_answers(model: str, version: VersionView) -> list[a.QualityAnswer]:
    """What is wrong with a version's data, in the order of the reasons, stream by stream."""
    return [
        a.QualityAnswer(
            model=model,
            version=version.version,
            stream=issue.stream.value,
            reason=issue.reason.value,
            feature=issue.field,
            share=issue.share,
            count=issue.count,
            example=issue.example,
            since=iso_time(issue.since_ms),
            alerts=issue.alerts,
            says=SAYS[issue.reason],
        )
        for issue in version.quality
    ]


def cohort_answers(model: str, version: VersionView) -> list[a.Cohort]:
    """A version's prediction days, the newest first."""
    of = version.cohorts
    if of is None or not of.days_ms:
        return []
    ages: list[str] = age_names(of)
    done = completeness(of.labels, of.reached).tolist()
    expected, labels = expected_labels(of.labels, of.reached).tolist(), of.labels.tolist()
    predictions = of.predictions.tolist()
    reached: list[int] = of.reached.tolist()
    made = [
        a.Cohort(
            model=model,
            version=version.version,
            day=iso_time(day_ms),
            predictions=predictions[i],
            labels=sum(labels[i]),
            coverage=sum(labels[i]) / predictions[i] if predictions[i] else None,
            by_age=dict(zip(ages, labels[i], strict=True)),
            reached=ages[reached[i] - 1] if reached[i] else "",
            completeness=finite(done[i]) if reached[i] else None,
            expected=finite(expected[i]),
        )
        for i, day_ms in enumerate(of.days_ms)
    ]
    return made[::-1]


def reliability_answers(
    model: ModelView, version: VersionView, slice_: str, window: str | None
) -> Iterator[a.ReliabilityBar]:
    """The reliability diagrams of one slice, by window."""
    for (stream, name), reading in sorted(version.readings.items()):
        part = reading.layout.part(stream)
        if reading.labels is None or part is None or window not in (None, name):
            continue
        if slice_ not in version.slices:
            continue
        row = version.slices.index(slice_)
        of = (reading.layout, part, *reading.labels, row, reading.confidence)
        for bar in chain(bars(*of), class_bars(*of)):
            yield a.ReliabilityBar(
                model=model.model,
                version=version.version,
                window=name,
                end=iso_time(reading.end_ms),
                slice=slice_,
                cells=bar.cells,
                cell=bar.cell,
                decision=bar.decision,
                low=finite(bar.low),
                high=finite(bar.high),
                labels=bar.labels,
                score=finite(bar.score),
                share=finite(bar.share),
                lower=finite(bar.lower),
                upper=finite(bar.upper),
                calibrated_lower=finite(bar.calibrated_lower),
                calibrated_upper=finite(bar.calibrated_upper),
                reference_labels=bar.reference_labels,
                reference_share=finite(bar.reference_share),
                class_score=bar.class_score,
            )


def ready(picture: Picture, now_s: float) -> a.Ready:
    """Readiness at monotonic time `now_s`."""
    reasons = {str(reason): text for reason, text in reasons_not_ready(picture.health, now_s).items()}
    return a.Ready(ready=not reasons, reasons=reasons)


def status(picture: Picture, now_s: float) -> a.Status:
    """Everything about the process and its models."""
    health, snapshot = picture.health, picture.snapshot
    readiness = ready(picture, now_s)
    lags: dict[str, dict[str, float]] = {}
    for (model, stream), lag_s in sorted(health.event_time_lag_s.items()):
        lags.setdefault(model, {})[stream] = lag_s
    return a.Status(
        version=__version__,
        config_hash=health.config_hash,
        ready=readiness.ready,
        reasons=readiness.reasons,
        connected=health.connected,
        standing_by=health.standing_by,
        started=_wall(health.started_s),
        commit=snapshot.sequence,
        last_commit=_wall(health.last_commit_s),
        last_commit_duration_s=health.last_commit_duration_s,
        checkpoint_bytes=health.checkpoint_bytes,
        memory_bound_bytes=health.memory_bound_bytes,
        open_panes=snapshot.open_panes,
        dead_letters_dropped=health.dead_letters_dropped,
        event_time_lag_s=lags,
        models=[model_summary(model) for _, model in sorted(snapshot.models.items())],
        partitions=_partitions(picture),
        endpoints=_endpoints(picture),
    )


def _partitions(picture: Picture) -> list[a.PartitionStatus]:
    snapshot, lag = picture.snapshot, picture.health.lag
    return [
        a.PartitionStatus(p.topic, p.number, offset, lag.get((p.topic, p.number)), p in snapshot.idle)
        for p, offset in sorted(snapshot.offsets.items())
    ]


def _endpoints(picture: Picture) -> list[a.EndpointStatus]:
    return [
        a.EndpointStatus(
            endpoint=name,
            pending=endpoint.pending,
            disabled=endpoint.disabled,
            outcomes=dict(endpoint.outcomes),
            last_attempt=_wall(endpoint.last_attempt_s),
            last_delivered=_wall(endpoint.last_delivered_s),
            last_failure=endpoint.last_failure,
        )
        for name, endpoint in sorted(picture.health.endpoints.items())
    ]


def _finding(finding: Finding) -> a.FindingAnswer:
    return a.FindingAnswer(
        statistic=finding.statistic,
        window=finding.window,
        slice=finding.slice,
        feature=finding.field,
        value=finite(finding.value),
        lower=finite(finding.lower),
        upper=finite(finding.upper),
        limit=finding.limit,
        count=finding.count,
        reference_count=finding.reference_count,
        since=iso_time(finding.since_ms),
        cells=list(finding.cells),
        evidence=list(finding.evidence),
    )


def _time(time_ms: int) -> str:
    return iso_time(time_ms) if time_ms > BEFORE_TIME_MS else ""


def _wall(time_s: float) -> str:
    if not time_s:
        return ""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
