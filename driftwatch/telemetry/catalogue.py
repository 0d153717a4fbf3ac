"""Every metric that the daemon can show: name, type, help, metric labels, unit. Docs, dashboards and tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from driftwatch.drift.catalogue import CATALOGUE
from driftwatch.drift.statistic import Statistic


class MetricType(StrEnum):
    """Prometheus types in use."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Group(StrEnum):
    """Which part of the daemon a metric speaks of; the sections of docs/metrics.md."""

    STATISTICS = "Statistics"
    VERDICTS = "Verdicts, alerts, retraining"
    FLOW = "Records, time and panes"
    DELIVERY = "Notifications"
    HEALTH = "The daemon itself"
    PROCESS = "The process"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` is what a query writes; of a histogram, the part before `_bucket`, `_sum` and `_count`."""

    name: str
    type: MetricType
    group: Group
    help: str
    labels: tuple[str, ...] = ()
    unit: str = "1"

    @property
    def family(self) -> str:
        """The name in OpenMetrics' TYPE line: without `_total` or `_info`."""
        if self.type is MetricType.COUNTER:
            return self.name.removesuffix("_total")
        return self.name.removesuffix("_info") if self.type is MetricType.INFO else self.name

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its series."""
        if self.type is MetricType.HISTOGRAM:
            return tuple(f"{self.name}{suffix}" for suffix in ("_bucket", "_count", "_sum"))
        return (self.name,)

    @property
    def open_metrics_unit(self) -> str:
        """The unit as OpenMetrics' UNIT line may say it: only where the family's name ends with it."""
        return self.unit if self.family.endswith(f"_{self.unit}") else ""


PREFIX: Final = "driftwatch_"
STATISTIC_LABELS: Final = ("model", "version", "stream", "feature", "slice", "window")
BOUNDS: Final = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class _Make:
    group: Group
    type: MetricType

    def __call__(self, name: str, help_: str, labels: str = "", unit: str = "1") -> Metric:
        return Metric(PREFIX + name, self.type, self.group, help_, tuple(labels.split()), unit)


_gauge = _Make(Group.STATISTICS, MetricType.GAUGE)
WINDOW_EVENTS: Final = _gauge(
    "window_events",
    "Events (stream labels: matched labels) in the window; 0 for a declared slice without any.",
    "model version stream slice window",
    "events",
)
WINDOW_END: Final = _gauge(
    "window_end_timestamp_seconds",
    "Event time at which the window last read ends.",
    "model version stream window",
    "seconds",
)
CELL_SHARE: Final = _gauge(
    "cell_share",
    "Share of all traffic in a cell of a field, `side` now or reference; of the fields that telemetry.cell_shares names.",
    "model version stream feature window cell side",
    "share",
)
RELIABILITY_LABELS: Final = _gauge(
    "reliability_labels",
    "Labels in a cell of the reliability diagram (cells of equal width of the score), all traffic.",
    "model version window cell",
    "labels",
)
RELIABILITY_SCORE: Final = _gauge(
    "reliability_score",
    "Mean score in a cell of the reliability diagram; a calibrated model has reliability_share near it.",
    "model version window cell",
    "probability",
)
RELIABILITY_SHARE: Final = _gauge(
    "reliability_share",
    "Share of labels 1 (multiclass: of right decisions) in a cell of the reliability diagram.",
    "model version window cell",
    "share",
)
RELIABILITY_LOWER: Final = _gauge(
    "reliability_share_lower",
    "Lower limit of reliability_share (Wilson).",
    "model version window cell",
    "share",
)
RELIABILITY_UPPER: Final = _gauge(
    "reliability_share_upper",
    "Upper limit of reliability_share (Wilson).",
    "model version window cell",
    "share",
)
SERIES: Final = _gauge("series", "Statistic series that are declared and within the limit.", unit="series")
SERIES_LIMIT: Final = _gauge(
    "series_limit", "Hard limit of statistic series (telemetry.max_series).", unit="series"
)
SERIES_FOLDED: Final = _gauge(
    "series_folded",
    "Statistic series left out because of the limit; row `all` is kept first, cell shares go first.",
    unit="series",
)

_gauge = _Make(Group.VERDICTS, MetricType.GAUGE)
_counter = _Make(Group.VERDICTS, MetricType.COUNTER)
VERDICT: Final = _gauge(
    "verdict",
    "The loudest verdict over all rules of a model version: 1 for the one that holds, 0 for the others.",
    "model version verdict",
)
RULE_VERDICTS: Final = _gauge(
    "rule_verdicts",
    "Slices and features of which a rule (or evidence) says so at its last reading of a window.",
    "model version rule window verdict",
)
QUALITY: Final = _gauge(
    "quality_reasons_active",
    "Fields (or 1, where it is of the whole stream) of which a data-quality reason is told as of the last pane; never drift.",
    "model version stream reason",
)
EVIDENCE: Final = _gauge(
    "evidence_nats",
    "Highest logarithm of the evidence of a group's streams that do not fire; compare it with evidence_limit_nats.",
    "model version family group",
    "nats",
)
EVIDENCE_LIMIT: Final = _gauge(
    "evidence_limit_nats",
    "Logarithm of the evidence from which one stream of a group alerts alone; k together need ln k less each.",
    "model version family group",
    "nats",
)
EVIDENCE_STREAMS: Final = _gauge(
    "evidence_streams", "Declared streams of evidence of a group.", "model version family group", "streams"
)
EVIDENCE_FIRING: Final = _gauge(
    "evidence_firing_streams",
    "Streams of evidence of a group that fire.",
    "model version family group",
    "streams",
)
ALERTS_ACTIVE: Final = _gauge(
    "alerts_active",
    "Alerts that are pending or firing.",
    "model version rule severity state",
    "alerts",
)
EPISODES_ACTIVE: Final = _gauge(
    "episodes_active", "Retraining episodes that have not ended.", "model state", "episodes"
)
REFERENCE: Final = Metric(
    PREFIX + "reference_info",
    MetricType.INFO,
    Group.VERDICTS,
    "Content hash of the reference and of the layout of a live model version.",
    ("model", "version", "reference", "layout"),
)
ALERT_TRANSITIONS: Final = _counter(
    "alert_transitions_total",
    "Alerts that went to a state, by its named reason.",
    "model rule state reason",
    "transitions",
)
QUALITY_REASONS: Final = _counter(
    "quality_reasons_total",
    "Times that a data-quality reason began to hold for a field or stream.",
    "model stream reason",
)
EPISODE_TRANSITIONS: Final = _counter(
    "episode_transitions_total",
    "Retraining episodes that went to a state, by its named reason.",
    "model state reason",
    "transitions",
)

_gauge = _Make(Group.FLOW, MetricType.GAUGE)
_counter = _Make(Group.FLOW, MetricType.COUNTER)
RECORDS: Final = _counter(
    "records_total",
    "Records since the state directory was made, by the class in which they ended; with the waiting ones, all consumed.",
    "model stream class reason",
    "records",
)
LABEL_AGE_COVERAGE: Final = _gauge(
    "label_age_coverage_ratio",
    "Labels of this age or younger per prediction, over the prediction days that have lived so long.",
    "model version age",
    "ratio",
)
LABEL_AGE_COMPLETENESS: Final = _gauge(
    "label_age_completeness_ratio",
    "Share of all labels to come that are there at this age (chain ladder over prediction days).",
    "model version age",
    "ratio",
)
LAST_EVENT: Final = _gauge(
    "last_event_timestamp_seconds", "Newest event time of a model version.", "model version", "seconds"
)
FRONTIER: Final = _gauge(
    "frontier_timestamp_seconds",
    "Event time up to which a stream is decided (its frontier).",
    "model stream",
    "seconds",
)
EVENT_TIME_LAG: Final = _gauge(
    "event_time_lag_seconds", "Wall clock minus the newest event time of a stream.", "model stream", "seconds"
)
STREAM_STALE: Final = _gauge("stream_stale", "1 for a stream without traffic.", "model stream")
WAITING: Final = _gauge(
    "waiting_records",
    "Records that wait for another stream before they are decided.",
    "model stream",
    "records",
)
REMEMBERED: Final = _gauge(
    "remembered_predictions", "Predictions that await their labels.", "model", "predictions"
)
SAMPLE_SHARE: Final = _gauge(
    "sample_share",
    "Share of ids for which labels are joined; halved when too many predictions await labels.",
    "model",
    "share",
)
OPEN_PANES: Final = _gauge("open_panes", "Panes that are not final yet.", unit="panes")
CONSUMER_LAG: Final = _gauge(
    "consumer_lag_records",
    "Records between the next offset and the end offset.",
    "topic partition",
    "records",
)
NEXT_OFFSET: Final = _gauge(
    "next_offset", "Next offset of a partition in the last commit.", "topic partition", "offset"
)
PARTITION_IDLE: Final = _gauge(
    "partition_idle", "1 for a partition that is idle and holds nothing back.", "topic partition"
)
PANES_CLOSED: Final = _counter("panes_closed_total", "Panes that became final.", "model stream", "panes")
WINDOWS_READ: Final = _counter(
    "windows_read_total", "Readings of a window's statistics.", "model stream window", "readings"
)
SLICES_FOLDED: Final = _counter(
    "slices_folded_total",
    "Events with a slice value that has no row of its own, counted in __other__.",
    "model column",
    "events",
)
SPLIT_IDS: Final = _counter(
    "split_ids_total", "Ids that came in two partitions: producers must key by id.", "model stream", "ids"
)
SAMPLE_HALVINGS: Final = _counter(
    "sample_halvings_total", "Times that the id sample was halved.", "model", "halvings"
)
REFERENCES_LEARNED: Final = _counter(
    "references_learned_total", "References learned from the stream.", "model", "references"
)
REFERENCES_ACCEPTED: Final = _counter(
    "references_accepted_total",
    "New states accepted as the reference of a running version.",
    "model",
    "references",
)
DEAD_LETTERS_DROPPED: Final = _counter(
    "dead_letters_dropped_total", "Dead letters that found no room in their file.", unit="records"
)

_gauge = _Make(Group.DELIVERY, MetricType.GAUGE)
_counter = _Make(Group.DELIVERY, MetricType.COUNTER)
OUTBOX_LENGTH: Final = _gauge(
    "outbox_length", "Notifications that are not delivered yet.", "endpoint", "notifications"
)
NOTIFICATIONS: Final = _counter(
    "notifications_total",
    "Attempts by outcome: `delivered`, or the reason of the failure.",
    "endpoint reason",
    "attempts",
)
ENDPOINT_DISABLED: Final = _gauge(
    "endpoint_disabled", "1 for an endpoint to which nothing is sent.", "endpoint"
)
LAST_DELIVERY: Final = _gauge(
    "last_delivery_timestamp_seconds", "Time of an endpoint's last delivery.", "endpoint", "seconds"
)

_gauge = _Make(Group.HEALTH, MetricType.GAUGE)
BUILD: Final = Metric(
    PREFIX + "build_info", MetricType.INFO, Group.HEALTH, "Version of driftwatch.", ("version",)
)
CONFIGURATION: Final = Metric(
    PREFIX + "configuration_info",
    MetricType.INFO,
    Group.HEALTH,
    "Hash of the configuration in force.",
    ("hash",),
)
RELOADED: Final = _gauge(
    "config_last_reload_successful",
    "0 after a reload that was refused: the configuration before it is in force.",
)
RELOAD_TIME: Final = _gauge(
    "config_last_reload_success_timestamp_seconds",
    "Time at which the configuration in force was taken over.",
    unit="seconds",
)
READY: Final = _gauge("ready", "1 while the daemon can do its work, as /readyz says it.")
NOT_READY: Final = _gauge("not_ready", "1 for each reason for which /readyz says 503.", "reason")
CONNECTED: Final = _gauge("connected", "1 while a broker answers.")
STANDING_BY: Final = _gauge("standing_by", "1 while another member of the consumer group works.")
START_TIME: Final = _gauge("start_time_seconds", "Time at which the daemon started.", unit="seconds")
MEMORY_BOUND: Final = _gauge(
    "memory_bound_bytes", "Upper bound of the memory, computed from the configuration.", unit="bytes"
)
COMMIT_DURATION: Final = Metric(
    PREFIX + "commit_duration_seconds",
    MetricType.HISTOGRAM,
    Group.HEALTH,
    "How long commits took; the count is the number of commits.",
    (),
    "seconds",
)
LAST_COMMIT: Final = _gauge("last_commit_timestamp_seconds", "Time of the last commit.", unit="seconds")
COMMIT_SEQUENCE: Final = _gauge(
    "commit_sequence", "Number of the last commit since the state directory was made.", unit="commits"
)
CHECKPOINT_BYTES: Final = _gauge("checkpoint_bytes", "Size of the checkpoint file.", unit="bytes")

COMMIT_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _process(name: str, type_: MetricType, help_: str, unit: str = "1") -> Metric:
    return Metric(name, type_, Group.PROCESS, help_, (), unit)


PROCESS: Final = (
    _process("process_virtual_memory_bytes", MetricType.GAUGE, "Virtual memory size in bytes.", "bytes"),
    _process("process_resident_memory_bytes", MetricType.GAUGE, "Resident memory size in bytes.", "bytes"),
    _process(
        "process_start_time_seconds",
        MetricType.GAUGE,
        "Start time of the process since unix epoch in seconds.",
        "seconds",
    ),
    _process(
        "process_cpu_seconds_total",
        MetricType.COUNTER,
        "Total user and system CPU time spent in seconds.",
        "seconds",
    ),
    _process("process_open_fds", MetricType.GAUGE, "Number of open file descriptors."),
    _process("process_max_fds", MetricType.GAUGE, "Maximum number of open file descriptors."),
)
"""What prometheus_client's process collector says; same names and words."""


@cache
def statistic_metrics(statistic: Statistic) -> tuple[Metric, ...]:
    """A statistic's own metric, then those of its interval or bound where it has one."""
    value = Metric(
        statistic.metric,
        MetricType.GAUGE,
        Group.STATISTICS,
        statistic.summary,
        STATISTIC_LABELS,
        statistic.unit,
    )
    if not statistic.interval:
        return (value,)
    return (
        value,
        *(
            Metric(
                f"{statistic.metric}_{bound}",
                MetricType.GAUGE,
                Group.STATISTICS,
                f"{bound.capitalize()} limit of {statistic.metric}: its interval or bound.",
                STATISTIC_LABELS,
                statistic.unit,
            )
            for bound in BOUNDS
        ),
    )


FACT_COUNTERS: Final = (
    PANES_CLOSED,
    WINDOWS_READ,
    ALERT_TRANSITIONS,
    EPISODE_TRANSITIONS,
    QUALITY_REASONS,
    SLICES_FOLDED,
    SPLIT_IDS,
    SAMPLE_HALVINGS,
    REFERENCES_LEARNED,
    REFERENCES_ACCEPTED,
)
"""Counted by the recorder from facts."""

RELIABILITY: Final = (
    RELIABILITY_LABELS,
    RELIABILITY_SCORE,
    RELIABILITY_SHARE,
    RELIABILITY_LOWER,
    RELIABILITY_UPPER,
)
"""The reliability diagram, one series of each for a cell."""

FIXED: Final = (
    WINDOW_EVENTS,
    WINDOW_END,
    CELL_SHARE,
    *RELIABILITY,
    SERIES,
    SERIES_LIMIT,
    SERIES_FOLDED,
    VERDICT,
    RULE_VERDICTS,
    QUALITY,
    EVIDENCE,
    EVIDENCE_LIMIT,
    EVIDENCE_STREAMS,
    EVIDENCE_FIRING,
    ALERTS_ACTIVE,
    EPISODES_ACTIVE,
    REFERENCE,
    RECORDS,
    WAITING,
    LABEL_AGE_COVERAGE,
    LABEL_AGE_COMPLETENESS,
    LAST_EVENT,
    FRONTIER,
    EVENT_TIME_LAG,
    STREAM_STALE,
    REMEMBERED,
    SAMPLE_SHARE,
    OPEN_PANES,
    CONSUMER_LAG,
    NEXT_OFFSET,
    PARTITION_IDLE,
    DEAD_LETTERS_DROPPED,
    OUTBOX_LENGTH,
    NOTIFICATIONS,
    ENDPOINT_DISABLED,
    LAST_DELIVERY,
    BUILD,
    CONFIGURATION,
    RELOADED,
    RELOAD_TIME,
    READY,
    NOT_READY,
    CONNECTED,
    STANDING_BY,
    START_TIME,
    MEMORY_BOUND,
    COMMIT_DURATION,
    LAST_COMMIT,
    COMMIT_SEQUENCE,
    CHECKPOINT_BYTES,
    *FACT_COUNTERS,
    *PROCESS,
)
"""Every metric that is not a statistic."""


@cache
def catalogue() -> tuple[Metric, ...]:
    """Every metric, in the order in which docs/metrics.md lists them."""
    made = [metric for statistic in CATALOGUE for metric in statistic_metrics(statistic)]
    return (*FIXED, *made)
