"""Snapshots made of real layouts and real statistics, for the tests of what is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from msgspec.structs import replace as replaced

from driftwatch.alerts.alert import Alert, AlertState, Episode, EpisodeState
from driftwatch.alerts.decision_log import Decided
from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Pair, Reading
from driftwatch.drift.spec import StatisticsSpec
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.evidence.goals import Goal
from driftwatch.evidence.groups import Group
from driftwatch.evidence.power import Power, Reach
from driftwatch.monitor.prospects import Prospects
from driftwatch.monitor.snapshot import EvidenceView, ModelView, RuleView, Snapshot, VersionView
from driftwatch.summaries.layout import Block, Field, FieldKind, Layout, Part, Task
from driftwatch.summaries.slices import Dimension, SliceTable
from driftwatch.telemetry.health import EndpointHealth, Health
from driftwatch.verdicts.verdict import CODE, Finding, Verdict

HOUR_MS = 3_600_000
END_MS = 1_700_000_000_000 - 1_700_000_000_000 % HOUR_MS


def layout(values: tuple[str, ...] = ("PT", "ES"), features: tuple[str, ...] = ("age",)) -> Layout:
    """A binary model with numeric features and one slice column `country`."""
    table = SliceTable(
        columns=("country",),
        values=(values,),
        dimensions=(Dimension(("country",), tuple((value,) for value in values)),),
    )
    fields: list[Field] = []
    for name in features:
        start = fields[-1].stop if fields else 0
        fields.append(
            Field(
                name,
                FieldKind.NUMERIC,
                start,
                edges=(1.0, 2.0, 3.0),
                atoms=(False,) * 4,
                coarse=(0, 1, 2, 3),
                low=0.0,
                high=4.0,
            )
        )
    inputs = Part(Stream.PREDICTIONS, tuple(fields), (), fields[-1].stop)
    blocks = (Block("confusion", 0, (2, 2)), Block("quality", 4, (3,)))
    labels = Part(Stream.LABELS, (), blocks, 7)
    return Layout(
        task=Task.BINARY,
        parts=(inputs, labels),
        slices=table,
        classes=("0", "1"),
        threshold=0.5,
        calibration_cells=10,
        age_edges_ms=(),
        scale=1.0,
    )


def matrices(made: Layout, seed: int = 1, events: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Reference and current of the predictions part; the last slice row has no current events."""
    random = np.random.default_rng(seed)
    part = made.parts[0]
    reference = random.integers(1, events, (len(made.slices.rows), part.columns), np.int64)
    current = random.integers(1, events, reference.shape, np.int64)
    current[-1] = 0
    return reference, current


def reading(
    made: Layout, version: str = "v1", window: str = "1h", seed: int = 1, model: str = "credit"
) -> Reading:
    """The predictions part's statistics of one window."""
    reference, current = matrices(made, seed)
    pair = Pair(made, made.parts[0], reference, current, 30 * 24 * HOUR_MS, HOUR_MS)
    field = made.parts[0].fields[0]
    return Reading(
        model=model,
        version=version,
        stream=Stream.PREDICTIONS,
        window=window,
        start_ms=END_MS - HOUR_MS,
        end_ms=END_MS,
        layout=made,
        reference_hash="abc",
        events=current[:, field.start : field.stop].sum(axis=1),
        estimates=read(pair, StatisticsSpec()),
    )


def rule_view(shown: Reading, when: str = "psi > 0.01") -> RuleView:
    """A rule on psi: row 0 drifts, the last row has too little data, the others are ok."""
    codes = np.full((len(shown.events), len(shown.estimates["psi"].fields)), CODE[Verdict.OK], np.int8)
    codes[0] = CODE[Verdict.DRIFT]
    codes[-1] = CODE[Verdict.INSUFFICIENT]
    return RuleView(
        rule="inputs",
        statistic="psi",
        window=shown.window,
        fields=shown.estimates["psi"].fields,
        verdicts=codes,
        when=when,
        min_events=100,
        stream=shown.stream,
    )


def version_view(*readings: Reading, rules: bool = True) -> VersionView:
    """A live version with these last readings."""
    made = readings[0].layout
    return VersionView(
        version=readings[0].version,
        layout_hash="0011223344556677",
        reference_hash="abc",
        slices=made.slices.rows,
        verdict=Verdict.DRIFT,
        readings={(shown.stream, shown.window): shown for shown in readings},
        rules=tuple(rule_view(shown) for shown in readings) if rules else (),
        last_event_ms=END_MS + 5_000,
    )


def alert(state: AlertState = AlertState.FIRING, version: str = "v1") -> Alert:
    """An alert with one finding."""
    finding = Finding(
        "inputs", "psi", "1h", "all", "age", 0.31, 0.31, 0.31, 0.25, 1_234, END_MS, 9_999, ("a", "b")
    )
    return Alert(
        fingerprint="0123456789abcdef",
        model="credit",
        version=version,
        rule="inputs",
        kind="input",
        severity="drift",
        state=state,
        since_ms=END_MS,
        started_ms=END_MS - HOUR_MS,
        findings=(finding,),
    )


def episode(state: EpisodeState = EpisodeState.REQUESTED) -> Episode:
    """A retraining episode."""
    return Episode(
        id="ep_1",
        model="credit",
        version="v1",
        state=state,
        opened_ms=END_MS,
        since_ms=END_MS,
        alerts=("0123456789abcdef",),
    )


def model_view(*versions: VersionView) -> ModelView:
    """The model `credit`."""
    zero, one = Partition("credit.predictions", 0), Partition("credit.predictions", 1)
    return ModelView(
        model="credit",
        task="binary",
        versions={version.version: version for version in versions},
        alerts=(alert(), alert(AlertState.RESOLVED, "v0")),
        episodes=(episode(),),
        classes={
            (Stream.PREDICTIONS, zero, RecordClass.ACCEPTED): 100,
            (Stream.PREDICTIONS, one, RecordClass.ACCEPTED): 50,
            (Stream.PREDICTIONS, one, RecordClass.INVALID_JSON): 3,
            (Stream.PREDICTIONS, zero, RecordClass.WAITING): 7,
        },
        frontiers_ms={Stream.PREDICTIONS: END_MS, Stream.LABELS: -(2**62)},
        waiting=7,
        remembered=150,
        sample=0.5,
    )


def snapshot(*versions: VersionView, sequence: int = 3) -> Snapshot:
    """A snapshot of the model `credit`."""
    shown = versions or (version_view(reading(layout())),)
    return Snapshot(
        sequence=sequence,
        models={"credit": model_view(*shown)},
        offsets={Partition("credit.predictions", 0): 107, Partition("credit.predictions", 1): 53},
        open_panes=4,
        idle=frozenset({Partition("credit.predictions", 1)}),
    )


def health() -> Health:
    """A healthy process."""
    return Health(
        started_s=1_700_000_000.0,
        config_hash="cafe",
        memory_bound_bytes=1_000_000,
        running=True,
        disconnected_at_s=None,
        lag={("credit.predictions", 0): 12},
        event_time_lag_s={("credit", "predictions"): 4.5, ("credit", "labels"): 9.0},
        stale=frozenset({("credit", "labels")}),
        endpoints={
            "slack": EndpointHealth(
                pending=2, outcomes={"delivered": 5, "http_500": 1}, last_delivered_s=1_700_000_100.0
            ),
            "retrain": EndpointHealth(disabled="gone"),
        },
    )


def evidence() -> EvidenceView:
    """Of one field: all traffic fires, one slice is near the limit, one has not been seen."""
    verdicts = [[CODE[Verdict.WARNING]], [CODE[Verdict.OK]], [CODE[Verdict.INSUFFICIENT]], [-1]]
    return EvidenceView(
        group="inputs",
        family="ticket",
        fields=("age",),
        verdicts=np.array(verdicts, np.int8),
        logs=np.array([[12.0], [3.5], [-32.0], [np.nan]]),
        log_limit=9.0,
        streams=3,
        firing=1,
    )


def prospects() -> Prospects:
    """A feature that is found, one that never is, and a goal of each kind."""
    found = Power(Group.INPUTS, "age", "all", True, 1.5, 0.02, 100.0, 0.05, 0.04, 1_800_000.0)
    missed = Power(
        Group.INPUTS, "income", "all", False, 3.0, 0.02, 1.0, float("nan"), float("nan"), float("inf")
    )
    goals = (
        Reach(Goal.parse("age change of 5 % within 1h"), 1_800_000.0),
        Reach(Goal.parse("income change of 5 % within 1h"), float("inf")),
    )
    return Prospects("credit", "v1", 300_000, True, 0.05, 6, (found, missed), goals, ("a note",))


def with_evidence(shown: Snapshot) -> Snapshot:
    """The same with evidence and a decision."""
    model = shown.models["credit"]
    version = replace(model.versions["v1"], evidence=(evidence(),), prospects=prospects())
    alert = model.alerts[0]
    decided = Decided(
        END_MS, "credit", "v1", alert.rule, alert.kind, alert.severity, AlertState.PENDING, AlertState.FIRING,
        "held", "c0ffee", "abc", alert.findings, len(alert.findings),
    )  # fmt: skip
    model = replace(
        model, versions={"v1": version}, decisions=(decided, replaced(decided, time_ms=END_MS + 1))
    )
    return replace(shown, models={"credit": model})
