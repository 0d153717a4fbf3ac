"""What the API answers, as typed values; the OpenAPI document is made from these types."""

from __future__ import annotations

from typing import Annotated

import msgspec

from driftwatch.telemetry.rows import Row

Time = Annotated[str, msgspec.Meta(description="Event time, ISO 8601 in UTC; empty where there is none yet.")]
WallTime = Annotated[
    str, msgspec.Meta(description="Time of day, ISO 8601 in UTC; empty before the first time.")
]


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    error: str
    """A word from a closed set."""
    message: str
    """What is wrong and what to do."""


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "alive"


class Ready(msgspec.Struct, frozen=True):
    """Whether the daemon can do its work; `reasons` by name, each with a sentence."""

    ready: bool
    reasons: dict[str, str]


class WindowSummary(msgspec.Struct, frozen=True):
    """The last reading of a window."""

    stream: str
    window: str
    start: Time
    end: Time
    events: int
    """Events (stream labels: matched labels) of the slice `all`."""


class VersionSummary(msgspec.Struct, frozen=True):
    """One live model version."""

    version: str
    verdict: str
    """The loudest over all rules."""
    layout: str
    reference: str
    """Content hash of the reference file."""
    slices: int
    last_event: Time
    windows: list[WindowSummary]


class ModelSummary(msgspec.Struct, frozen=True):
    """One watched model."""

    model: str
    task: str
    verdict: str
    """The loudest over its live versions."""
    versions: list[VersionSummary]
    alerts: int
    """Alerts that are pending or firing."""
    frontiers: dict[str, Time]
    """By stream: event time up to which it is decided."""
    classes: dict[str, dict[str, int]]
    """By stream: records since the state directory was made, by class; they sum to the records consumed."""
    waiting: int
    remembered: int
    """Predictions that await labels."""
    sample: float
    """Share of ids for which labels are joined."""


class Models(msgspec.Struct, frozen=True):
    """All watched models as of one commit."""

    commit: int
    models: list[ModelSummary]


class Model(msgspec.Struct, frozen=True):
    """One watched model as of one commit."""

    commit: int
    model: ModelSummary
    slices: dict[str, list[str]]
    """By version: names of the slices."""


class Windows(msgspec.Struct, frozen=True):
    """Statistics of the last readings as tidy rows."""

    commit: int
    total: int
    """Rows that match; `rows` holds those from `offset` on, at most `limit`."""
    offset: int
    limit: int
    rows: list[Row]


class QualityAnswer(msgspec.Struct, frozen=True):
    """One thing that is wrong with the data of a stream, as of its last closed pane."""

    model: str
    version: str
    stream: str
    reason: str
    """A word from a closed set, the same as in metrics, logs and alerts."""
    feature: str
    """Empty where it is of the whole stream."""
    share: float
    """Of the events, or of the records looked at, that show it."""
    count: int
    example: str
    """Escaped and cut."""
    since: Time
    alerts: bool
    """Whether it opens a ticket."""
    says: str
    """What the reason means."""


class QualityAnswers(msgspec.Struct, frozen=True):
    """What is wrong with the data, by named reasons."""

    commit: int
    reasons: list[QualityAnswer]


class Cohort(msgspec.Struct, frozen=True):
    """The predictions of one day, and the labels that they have by now; all traffic."""

    model: str
    version: str
    day: Time
    predictions: int
    labels: int
    coverage: float | None
    """Labels ÷ predictions."""
    by_age: dict[str, int]
    """Labels by the upper end of their age; `+Inf` is the rest."""
    reached: str
    """Greatest age that every prediction of the day has lived through; empty before the first."""
    completeness: float | None
    """Share of its labels that have come by `reached` (chain ladder); null where nothing says."""
    expected: float | None
    """Labels that it will have in the end."""


class Cohorts(msgspec.Struct, frozen=True):
    """Coverage and completeness of labels by prediction day and label age."""

    commit: int
    cohorts: list[Cohort]


class ReliabilityBar(msgspec.Struct, frozen=True):
    """One score cell of a slice: what the model said and what turned out."""

    model: str
    version: str
    window: str
    end: Time
    slice: str
    cells: str
    """`width`: of equal width; `mass`: of about equal mass of the reference."""
    cell: int
    decision: str
    """The decided class, where cells are told apart by it (multiclass); empty over all."""
    low: float | None
    high: float | None
    """Scores of the cell, `(low, high]`; null where it is open."""
    labels: int
    score: float | None
    """Mean score; null without labels, and by decided class, where it is not counted."""
    share: float | None
    """Of labels 1 (binary), of right decisions (multiclass), of the class's labels."""
    lower: float | None
    upper: float | None
    """Wilson's interval of the share, at the model's `statistics.confidence`."""
    calibrated_lower: float | None
    calibrated_upper: float | None
    """Where the share would lie if every score were right."""
    reference_labels: int
    reference_share: float | None
    class_score: str = ""
    """The class whose own score it is, against the rest (multiclass with `class_scores`); empty else."""


class Reliability(msgspec.Struct, frozen=True):
    """Reliability diagrams of the last readings of labels."""

    commit: int
    bars: list[ReliabilityBar]


class FindingAnswer(msgspec.Struct, frozen=True):
    """One slice and feature that breaks (or broke) a rule."""

    statistic: str
    window: str
    slice: str
    feature: str
    value: float | None
    lower: float | None
    upper: float | None
    limit: float
    count: int
    reference_count: int
    since: Time
    cells: list[str]
    """The cells that moved most."""
    evidence: list[str]
    """Of an alert on evidence: how it grew, which bets paid and what was nearest beside it, a line each."""


class AlertAnswer(msgspec.Struct, frozen=True):
    """One alert with its findings, loudest first."""

    fingerprint: str
    model: str
    version: str
    rule: str
    kind: str
    severity: str
    state: str
    since: Time
    started: Time
    ended: str
    """Why a resolved one ended."""
    findings: list[FindingAnswer]


class Alerts(msgspec.Struct, frozen=True):
    """Active alerts and those resolved most recently."""

    commit: int
    alerts: list[AlertAnswer]


class DecisionAnswer(msgspec.Struct, frozen=True):
    """One change of an alert, with what it was judged by."""

    time: Time
    model: str
    version: str
    rule: str
    kind: str
    severity: str
    old: str
    new: str
    reason: str
    configuration: str
    """Hash of the configuration in force."""
    reference: str
    """Content hash of the reference compared with."""
    findings: list[FindingAnswer]
    """The loudest; `findings_total` says how many there were."""
    findings_total: int


class Decisions(msgspec.Struct, frozen=True):
    """The last decisions, newest first."""

    commit: int
    decisions: list[DecisionAnswer]


class EvidenceAnswer(msgspec.Struct, frozen=True):
    """One stream of evidence after the last closed pane."""

    model: str
    version: str
    family: str
    """The budget that it draws on: `page` or `ticket`."""
    group: str
    feature: str
    slice: str
    verdict: str
    evidence: float | None
    """Natural logarithm of its evidence."""
    limit: float
    """Where it alerts alone; k streams that alert together need ln k less each."""


class EvidenceAnswers(msgspec.Struct, frozen=True):
    """Streams of evidence, those nearest to their limit first."""

    commit: int
    total: int
    """Streams that match; `streams` holds the first of them."""
    streams: list[EvidenceAnswer]


class PowerAnswer(msgspec.Struct, frozen=True):
    """What one stream of evidence tolerates and can find, as changes of a share."""

    family: str
    """The budget that it draws on: `page` or `ticket`."""
    group: str
    feature: str
    slice: str
    events: float | None
    """Per pane: lately, or as in the reference (`traffic_s`)."""
    clumping: float | None
    """So many events count as one independent event."""
    learned: bool
    """Whether clumping is learned from the reference's panes; else it is assumed."""
    tolerance: float | None
    """A share that moves by no more is never told."""
    day: float | None
    """The smallest change that is found within a day on average; null where none is."""
    week: float | None
    """The same within a week."""
    delay_s: float | None
    """Expected time to the alert for a change of `change`; null where it is never found."""


class GoalAnswer(msgspec.Struct, frozen=True):
    """A line of `must_detect` beside what to expect."""

    goal: str
    delay_s: float | None
    """Expected time to the alert; null where it is never found."""
    underpowered: bool
    """Whether it will most likely not be found in time."""


class ProspectsAnswer(msgspec.Struct, frozen=True):
    """What the evidence of one version (of a version pattern, where none runs) can find, and how soon."""

    model: str
    version: str
    pane_s: float
    watched: bool
    """Whether evidence alerts for this model."""
    change: float
    """The change of a share that `delay_s` of the streams is told for."""
    streams: int
    """All declared ones; `powers` may be those of some slices."""
    powers: list[PowerAnswer]
    goals: list[GoalAnswer]
    notes: list[str]
    """What the reference does not know, in words."""
    traffic_s: float = 0.0
    """Traffic is that of so much event time until the last closed pane; 0: it is the reference's."""


class ProspectsAnswers(msgspec.Struct, frozen=True):
    """What evidence can find in all traffic of the live versions."""

    commit: int
    prospects: list[ProspectsAnswer]


class EpisodeAnswer(msgspec.Struct, frozen=True):
    """One retraining episode."""

    id: str
    model: str
    version: str
    state: str
    opened: Time
    since: Time
    alerts: list[str]
    """Fingerprints of its alerts."""
    reason: str
    new_version: str
    acknowledged_by: str


class Episodes(msgspec.Struct, frozen=True):
    """Retraining episodes, newest first."""

    commit: int
    episodes: list[EpisodeAnswer]


class Member(msgspec.Struct, frozen=True):
    """One slice and feature as a rule saw it at its last evaluation."""

    slice: str
    feature: str
    value: float | None
    lower: float | None
    upper: float | None
    count: int
    verdict: str
    why: str
    """The verdict in one sentence with its numbers."""


class Explanation(msgspec.Struct, frozen=True):
    """The last evaluation of one rule on one window."""

    model: str
    version: str
    rule: str
    when: str
    """The demand as it is written."""
    statistic: str
    number: str
    """Which number is compared: `value`, `lower` or `upper`."""
    limit: float | None
    min_events: int
    stream: str
    window: str
    end: Time
    verdict: str
    """The loudest over its members."""
    verdicts: dict[str, int]
    """Slices and features by verdict."""
    members: list[Member]
    """Loudest first, then farthest beyond the limit; cut to `members` of the request."""


class Explanations(msgspec.Struct, frozen=True):
    """The last evaluation of every rule."""

    commit: int
    explanations: list[Explanation]


class PartitionStatus(msgspec.Struct, frozen=True):
    """Where a partition stands."""

    topic: str
    partition: int
    offset: int
    """Next offset in the last commit."""
    lag: int | None
    """Records behind the end offset; null where it is not known."""
    idle: bool


class EndpointStatus(msgspec.Struct, frozen=True):
    """What the sender says of an endpoint."""

    endpoint: str
    pending: int
    disabled: str
    """Why nothing is sent to it; empty while it is enabled."""
    outcomes: dict[str, int]
    last_attempt: WallTime
    last_delivered: WallTime
    last_failure: str


class Status(msgspec.Struct, frozen=True):
    """Everything that `driftwatch status` shows."""

    version: str
    config_hash: str
    ready: bool
    reasons: dict[str, str]
    connected: bool
    standing_by: str
    """Host of the member that works while this one waits."""
    started: WallTime
    commit: int
    last_commit: WallTime
    last_commit_duration_s: float
    checkpoint_bytes: int
    memory_bound_bytes: int
    open_panes: int
    dead_letters_dropped: int
    event_time_lag_s: dict[str, dict[str, float]]
    """By model and stream."""
    models: list[ModelSummary]
    partitions: list[PartitionStatus]
    endpoints: list[EndpointStatus]


class Acknowledged(msgspec.Struct, frozen=True):
    """What became of an acknowledgement."""

    episode: str
    outcome: str
    """`acknowledged`, or `accepted`: queued, and decided at the next commit."""


class Reloaded(msgspec.Struct, frozen=True):
    """What became of a reload."""

    outcome: str
    """`reloaded`, or `accepted`: asked for, and not decided yet."""


class Accepted(msgspec.Struct, frozen=True):
    """What became of accepting a new state."""

    model: str
    version: str
    outcome: str
    """`accepted`, or `queued`: decided at the next commit."""
    reference: str
    """Hash of the new reference; empty while it is not decided."""


class AcceptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"begin": "from"}):
    """Who accepts that what a version's alerts tell of is as it should be."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    version: str | None = None
    """Needed only where alerts of several versions fire."""
    begin: str | None = None
    """Event time, ISO 8601, at which the new state began; default: when the last of the changes that are told began."""


class AcknowledgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes care of the retraining."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
