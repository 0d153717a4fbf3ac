"""Everything but the statistics as metric families: records, time, panes, verdicts, alerts, delivery, health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch import __version__
from driftwatch.alerts.alert import AlertState, EpisodeState
from driftwatch.drift.completeness import arrived_by, coverage
from driftwatch.drift.reasons import Reason
from driftwatch.events.classes import RecordClass
from driftwatch.events.times import format_duration
from driftwatch.evidence.recursion import FLOOR
from driftwatch.monitor.snapshot import CohortView, EvidenceView, ModelView, Snapshot, VersionView
from driftwatch.telemetry import catalogue as c
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.health import Health, NotReady, reasons_not_ready
from driftwatch.telemetry.series import Family, Sample
from driftwatch.telemetry.text import label_value
from driftwatch.verdicts.verdict import CODE, VERDICTS, Verdict

Values = Iterator[tuple[tuple[str, ...], float]]

BEFORE_TIME_MS: Final = -(10**15)
"""A frontier below this has not begun."""
_ACTIVE_ALERTS: Final = (AlertState.PENDING, AlertState.FIRING)


def verdict_families(snapshot: Snapshot) -> list[Family]:
    """What is decided: verdicts, alerts, episodes."""
    models = snapshot.models.values()
    return [
        Family.of(c.VERDICT, _verdicts(models)),
        Family.of(c.RULE_VERDICTS, _rule_verdicts(models)),
        Family.of(c.QUALITY, _quality(models)),
        Family.of(c.EVIDENCE, _evidence(models, highest)),
        Family.of(c.EVIDENCE_LIMIT, _evidence(models, lambda view: view.log_limit)),
        Family.of(c.EVIDENCE_STREAMS, _evidence(models, lambda view: view.streams)),
        Family.of(c.EVIDENCE_FIRING, _evidence(models, lambda view: view.firing)),
        Family.of(c.ALERTS_ACTIVE, _alerts(models)),
        Family.of(c.EPISODES_ACTIVE, _episodes(models)),
        Family.of(c.REFERENCE, _references(models)),
    ]


def flow_families(snapshot: Snapshot, health: Health) -> list[Family]:
    """What became of the records, and how far time has come."""
    models = snapshot.models.values()
    partitions = [((p.topic, str(p.number)), offset) for p, offset in sorted(snapshot.offsets.items())]
    return [
        Family.of(c.RECORDS, _records(models)),
        Family.of(c.WAITING, _waiting(models)),
        Family.of(
            c.LABEL_AGE_COVERAGE, _by_age(models, lambda of: coverage(of.predictions, of.labels, of.reached))
        ),
        Family.of(c.LABEL_AGE_COMPLETENESS, _by_age(models, lambda of: arrived_by(of.labels, of.reached))),
        Family.of(c.LAST_EVENT, _last_events(models)),
        Family.of(c.FRONTIER, _frontiers(models)),
        Family.of(c.EVENT_TIME_LAG, sorted(health.event_time_lag_s.items())),
        Family.of(c.STREAM_STALE, ((key, key in health.stale) for key in sorted(health.event_time_lag_s))),
        Family.of(c.REMEMBERED, (((m.model,), m.remembered) for m in models)),
        Family.of(c.SAMPLE_SHARE, (((m.model,), m.sample) for m in models)),
        Family.one(c.OPEN_PANES, snapshot.open_panes),
        Family.of(c.CONSUMER_LAG, (((t, str(p)), lag) for (t, p), lag in sorted(health.lag.items()))),
        Family.of(c.NEXT_OFFSET, partitions),
        Family.of(
            c.PARTITION_IDLE,
            (((p.topic, str(p.number)), p in snapshot.idle) for p in sorted(snapshot.offsets)),
        ),
        Family.one(c.DEAD_LETTERS_DROPPED, health.dead_letters_dropped),
    ]


def delivery_families(health: Health) -> list[Family]:
    """What became of the notifications."""
    endpoints = sorted(health.endpoints.items())
    outcomes = [
        ((name, reason), float(count))
        for name, endpoint in endpoints
        for reason, count in sorted({"delivered": 0, **endpoint.outcomes}.items())
    ]
    return [
        Family.of(c.OUTBOX_LENGTH, (((name,), e.pending) for name, e in endpoints)),
        Family.of(c.NOTIFICATIONS, outcomes),
        Family.of(c.ENDPOINT_DISABLED, (((name,), bool(e.disabled)) for name, e in endpoints)),
        Family.of(
            c.LAST_DELIVERY, (((name,), e.last_delivered_s) for name, e in endpoints if e.last_delivered_s)
        ),
    ]


def health_families(sequence: int, health: Health, counts: Counts, now_s: float) -> list[Family]:
    """How the daemon itself is doing at monotonic time `now_s`."""
    reasons = reasons_not_ready(health, now_s)
    return [
        Family.of(c.BUILD, [((__version__,), 1)]),
        Family.of(c.CONFIGURATION, [((health.config_hash,), 1)]),
        Family.one(c.RELOADED, not health.reload_failed),
        Family.one(c.RELOAD_TIME, health.reloaded_s),
        Family.one(c.READY, not reasons),
        Family.of(c.NOT_READY, (((str(reason),), reason in reasons) for reason in NotReady)),
        Family.one(c.CONNECTED, health.connected),
        Family.one(c.STANDING_BY, bool(health.standing_by)),
        Family.one(c.START_TIME, health.started_s),
        Family.one(c.MEMORY_BOUND, health.memory_bound_bytes),
        _commits(counts),
        Family.one(c.LAST_COMMIT, health.last_commit_s),
        Family.one(c.COMMIT_SEQUENCE, sequence),
        Family.one(c.CHECKPOINT_BYTES, health.checkpoint_bytes),
    ]


def fact_families(counts: Counts) -> list[Family]:
    """What the recorder counted from facts."""
    return [
        Family.of(
            metric,
            (
                (tuple(map(label_value, labels)), value)
                for labels, value in sorted(counts.totals.get(metric.name, {}).items())
            ),
        )
        for metric in c.FACT_COUNTERS
    ]


def _quality(models: Iterable[ModelView]) -> Values:
    """Zero for the reasons that are not told of a version, so that a query has something to compare."""
    for model, name, version in _versions(models):
        found = Counter((issue.stream, issue.reason) for issue in version.quality)
        for stream in dict.fromkeys(reading.stream for reading in version.readings.values()):
            for reason in Reason:
                yield (model, name, stream.value, reason.value), float(found[stream, reason])


def _by_age(models: Iterable[ModelView], number: Callable[[CohortView], NDArray[np.float64]]) -> Values:
    """Of ages that no prediction day has reached yet nothing is known, so they show no series."""
    for model, name, version in _versions(models):
        if (cohorts := version.cohorts) is not None and cohorts.days_ms:
            reached = int(cohorts.reached.max())
            for age, value in zip(age_names(cohorts)[:reached], number(cohorts).tolist(), strict=False):
                if np.isfinite(value):
                    yield (model, name, age), value


def age_names(cohorts: CohortView) -> list[str]:
    """The upper ends of label ages as people write them, such as `3d`; the last one is open."""
    return [*map(format_duration, cohorts.age_edges_ms), "+Inf"]


def _commits(counts: Counts) -> Family:
    name = c.COMMIT_DURATION.name
    limits = [*c.COMMIT_BUCKETS_S, float("inf")]
    running = list(accumulate(counts.commit_buckets))
    buckets = [
        Sample(f"{name}_bucket", ("+Inf" if limit == float("inf") else repr(limit),), float(total))
        for limit, total in zip(limits, running, strict=True)
    ]
    totals = [
        Sample(f"{name}_count", (), float(running[-1])),
        Sample(f"{name}_sum", (), counts.commit_seconds),
    ]
    return Family(c.COMMIT_DURATION, [*buckets, *totals])


def _versions(models: Iterable[ModelView]) -> Iterator[tuple[str, str, VersionView]]:
    for model in models:
        for version, view in sorted(model.versions.items()):
            yield model.model, label_value(version), view


def _verdicts(models: Iterable[ModelView]) -> Values:
    for model, version, view in _versions(models):
        for verdict in VERDICTS:
            yield (model, version, str(verdict)), float(view.verdict is verdict)


def _rule_verdicts(models: Iterable[ModelView]) -> Values:
    for model, version, view in _versions(models):
        found: Counter[tuple[str, str, str]] = Counter()
        for rule in view.rules:
            found.update(_count_verdicts(rule.rule, rule.window, rule.verdicts))
        for said in view.evidence:
            found.update(_count_verdicts(said.rule, said.window, said.verdicts))
        for (rule_name, window, verdict), count in sorted(found.items()):
            yield (model, version, rule_name, window, verdict), float(count)


def _evidence(models: Iterable[ModelView], number: Callable[[EvidenceView], float]) -> Values:
    for model, version, view in _versions(models):
        for said in view.evidence:
            yield (model, version, said.family, said.group), float(number(said))


def highest(view: EvidenceView) -> float:
    """The highest ln E of the streams that do not fire; the smallest that there is where all do."""
    calm = view.logs[(view.verdicts == CODE[Verdict.OK]) | (view.verdicts == CODE[Verdict.INSUFFICIENT])]
    return float(calm.max()) if len(calm) else FLOOR


def _count_verdicts(rule: str, window: str, verdicts: NDArray[np.int8]) -> dict[tuple[str, str, str], int]:
    looked_at = verdicts[verdicts >= 0]
    counts = np.bincount(looked_at, minlength=len(VERDICTS)).tolist()
    name, window = label_value(rule), label_value(window)
    return {(name, window, str(v)): count for v, count in zip(VERDICTS, counts, strict=True)}


def _alerts(models: Iterable[ModelView]) -> Values:
    for model in models:
        active = Counter(
            (model.model, label_value(a.version), label_value(a.rule), a.severity, str(a.state))
            for a in model.alerts
            if a.state in _ACTIVE_ALERTS
        )
        for labels, count in sorted(active.items()):
            yield labels, float(count)


def _episodes(models: Iterable[ModelView]) -> Values:
    for model in models:
        states = Counter(episode.state for episode in model.episodes)
        for state in EpisodeState:
            if state is not EpisodeState.ENDED:
                yield (model.model, str(state)), float(states[state])


def _references(models: Iterable[ModelView]) -> Values:
    for model, version, view in _versions(models):
        yield (model, version, view.reference_hash, view.layout_hash), 1.0


def _by_class(model: ModelView) -> dict[tuple[str, RecordClass], int]:
    """Records by stream and class, summed over partitions; every class of a stream that exists is there."""
    streams = sorted({str(stream) for stream, _, _ in model.classes} | {str(s) for s in model.frontiers_ms})
    totals = {(stream, class_): 0 for stream in streams for class_ in RecordClass}
    for (stream, _, class_), count in model.classes.items():
        totals[str(stream), class_] += count
    return totals


def _records(models: Iterable[ModelView]) -> Values:
    for model in models:
        for (stream, class_), count in _by_class(model).items():
            if class_ is not RecordClass.WAITING:
                yield (model.model, stream, class_.family, class_.reason), float(count)


def _waiting(models: Iterable[ModelView]) -> Values:
    for model in models:
        for (stream, class_), count in _by_class(model).items():
            if class_ is RecordClass.WAITING:
                yield (model.model, stream), float(count)


def _last_events(models: Iterable[ModelView]) -> Values:
    for model, version, view in _versions(models):
        if view.last_event_ms > 0:
            yield (model, version), view.last_event_ms / 1_000


def _frontiers(models: Iterable[ModelView]) -> Values:
    for model in models:
        for stream, time_ms in sorted(model.frontiers_ms.items()):
            if time_ms > BEFORE_TIME_MS:
                yield (model.model, str(stream)), time_ms / 1_000
