"""What a configuration amounts to: layouts, slices, panes, joins, a bound on memory and the number of time series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from driftwatch.config import costs
from driftwatch.config.assumed import assumed_layout, assumes_features
from driftwatch.config.evidence_costs import EvidenceCosts, evidence_of, learned_bytes, reference_bytes
from driftwatch.config.learning_costs import building_bytes, learner_bytes
from driftwatch.config.spec import Configuration
from driftwatch.events.classes import Stream
from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, class_score_row
from driftwatch.events.times import format_duration
from driftwatch.monitor.model import BLOCK, WAITING_MAX
from driftwatch.monitor.spec import ModelSpec
from driftwatch.monitor.versions import LIVE_MAX
from driftwatch.references.reference import Reference
from driftwatch.references.spec import ReferenceSpec
from driftwatch.summaries.layout import FieldKind, Layout, Part

References = Mapping[str, Sequence[Reference | None]]
PARTITIONS: Final = 8
"""Partitions per topic assumed while no broker was asked."""


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream of a model."""

    stream: Stream
    topic: str
    lateness_ms: int
    lateness_from: str
    """`set`, `default`, or for labels `predictions` and `mapped time` (E5)."""
    open_panes: int
    closes_after_ms: int
    """How long after its end, in event time, a pane becomes final."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The columns of one stream in one version."""

    stream: Stream
    numeric: int
    categorical: int
    columns: int
    pane_bytes: int
    panes_bytes: int
    """All panes, sums and readings of this part at their most."""


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """The versions of one pattern: their reference and its layout."""

    pattern: str
    source: str
    """A file, or `learn 7d`."""
    layout: str
    """Its hash; empty while it has to be learned."""
    events: int
    """Reference events; 0 while it has to be learned."""
    rows: int
    dimensions: tuple[tuple[str, int], ...]
    """Name and kept slices of each slicing."""
    parts: tuple[PartPlan, ...]
    memory_bytes: int
    evidence: EvidenceCosts
    series: int
    guessed: bool
    """The layout is the largest that can be learned, and the number of features a guess."""


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """One window."""

    name: str
    size_ms: int
    slide_ms: int
    panes: int


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """One join table at its hard limit."""

    kind: str
    rows: int
    disk_bytes: int
    filter_bytes: int


@dataclass(frozen=True, slots=True)
class ModelCosts:
    """Everything about one model."""

    model: str
    task: str
    streams: tuple[StreamPlan, ...]
    versions: tuple[VersionPlan, ...]
    windows: tuple[WindowPlan, ...]
    joins: tuple[JoinPlan, ...]
    live_versions: int
    panes_bytes: int
    """Of as many live versions as are allowed."""
    evidence_bytes: int
    """Of as many; 0 where evidence is not watched."""
    references_bytes: int
    """References that are loaded, and as many learned ones as versions may be live."""
    learning_bytes: int
    """What versions that are being learned take beyond what they take once they are counted; 0 where none is learned."""
    remembered_bytes: int
    """Counts that labels are compared with, of as many live versions as are allowed."""
    looked_bytes: int
    """Records of open panes that are kept as examples."""
    waiting_bytes: int
    """Records that wait for another stream, and records not yet counted, at their limits."""
    series: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole configuration; `memory_bytes` is the bound that the process stays below (P7)."""

    models: tuple[ModelCosts, ...]
    partitions: int
    fetch_bytes: int
    metrics_bytes: int
    process_bytes: int
    memory_bytes: int
    usual_bytes: int
    """With one live version of each reference and nothing waiting, but full join filters."""
    disk_bytes: int
    series: int
    series_limit: int

    @property
    def open_panes(self) -> int:
        """Open panes that the bound allows over all models, streams and live versions: beyond it, commit at once."""
        return sum(m.live_versions * sum(s.open_panes for s in m.streams) for m in self.models)

    @property
    def series_folded(self) -> int:
        """Series beyond the limit, which are left out."""
        return max(0, self.series - self.series_limit)


def plan(configuration: Configuration, references: References, partitions: int | None = None) -> Plan:
    """The plan; pure. `partitions` is how many this process reads in all, where a broker has said so.

        memory = process + fetches + metrics
                 + Σ models (panes + evidence + references + learning + remembered + looked at + join filters + waiting)
        panes  = live versions * Σ parts [ 8 * slices * columns * (open panes + Σ windows (size/slide + 1) + wider slides)
                 + Σ windows 3 * statistics * slices * fields * 32 + (windows + 1) 8 * slices * coarse cells ]
                 + its past: 864 * (17 + 24 * numbers) for each part and window, and for what is said of it
        evidence = live versions * slices * (450 * shares + 1000 * streams) + slots of the reference, and one design
        series = Σ models, live versions, parts: windows * (slices * (1 + Σ statistics fields * metrics) + cells)

    Each term is a function in `costs`. The series on /metrics are counted for one live version of each
    reference, for so it stands nearly always; memory is bounded for `live_versions` of the largest.
    """
    models = tuple(
        _model(
            spec,
            references.get(spec.name, ()),
            configuration.kafka.max_future,
            cell_shares=configuration.telemetry.cell_shares,
            watched=spec.evidence.enabled
            and configuration.alerting.budget_of(rules=bool(spec.rules)) is not None,
        )
        for spec in configuration.models
    )
    topics = {stream.topic for model in models for stream in model.streams}
    partitions = partitions if partitions is not None else PARTITIONS * len(topics)
    fetches = costs.fetch_bytes(partitions, configuration.kafka.max_partition_fetch_bytes)
    series = sum(model.series for model in models)
    limit = configuration.telemetry.max_series
    metrics = min(series, limit) * costs.SERIES_BYTES
    base = costs.PROCESS_BYTES + fetches + metrics
    usual = sum(v.memory_bytes for m in models for v in m.versions)
    usual += sum(_filters(m) + m.references_bytes for m in models)
    usual += sum(v.evidence.state_bytes for m in models for v in m.versions if m.evidence_bytes)
    own = sum(_own_bytes(model) for model in models)
    return Plan(
        models=models,
        partitions=partitions,
        fetch_bytes=fetches,
        metrics_bytes=metrics,
        process_bytes=costs.PROCESS_BYTES,
        memory_bytes=base + own,
        usual_bytes=base + usual,
        disk_bytes=_disk(models, configuration.state.dead_letters_max_bytes),
        series=series,
        series_limit=limit,
    )


def _own_bytes(model: ModelCosts) -> int:
    counted = model.panes_bytes + model.evidence_bytes + model.references_bytes + model.remembered_bytes
    return counted + model.learning_bytes + model.looked_bytes + model.waiting_bytes + _filters(model)


def _filters(model: ModelCosts) -> int:
    return sum(join.filter_bytes for join in model.joins)


def _disk(models: tuple[ModelCosts, ...], dead_letters_bytes: int) -> int:
    """Joins, panes and evidence twice (the file and its write-ahead log), waiting records, two files of dead letters."""
    joins = sum(join.disk_bytes for model in models for join in model.joins)
    written = sum(2 * (m.panes_bytes + m.evidence_bytes) + m.waiting_bytes for m in models)
    return joins + written + 2 * dead_letters_bytes


def _model(
    spec: ModelSpec,
    references: Sequence[Reference | None],
    max_future_ms: int,
    *,
    cell_shares: Sequence[str],
    watched: bool,
) -> ModelCosts:
    known = [*references, *([None] * (len(spec.references) - len(references)))]
    versions = tuple(
        _version(spec, declared, reference, max_future_ms, cell_shares)
        for declared, reference in zip(spec.references, known, strict=True)
    )
    layouts = [r.layout for r in known if r is not None] or [assumed_layout(spec)]
    largest = max(version.memory_bytes for version in versions)
    evidence = max(LIVE_MAX * v.evidence.state_bytes + v.evidence.design_bytes for v in versions)
    held = [
        reference_bytes(r) if r is not None else LIVE_MAX * learned_bytes(assumed_layout(spec)) for r in known
    ]
    streams = tuple(_streams(spec, max_future_ms))
    return ModelCosts(
        model=spec.name,
        task=spec.task.value,
        streams=streams,
        versions=versions,
        windows=tuple(WindowPlan(w.called, w.size, w.slide, costs.panes_of(w)) for w in spec.windows),
        joins=tuple(_joins(spec)),
        live_versions=LIVE_MAX,
        panes_bytes=LIVE_MAX * largest,
        evidence_bytes=evidence if watched else 0,
        references_bytes=sum(held),
        learning_bytes=_learning(spec, versions, known),
        remembered_bytes=LIVE_MAX * max(_remembered(spec, layout) for layout in layouts),
        looked_bytes=max(
            sum(costs.looked_bytes(layout, of.stream, of.open_panes) for of in streams) for layout in layouts
        ),
        waiting_bytes=max(_waiting(spec, layout) for layout in layouts),
        series=sum(version.series for version in versions),
    )


def _learning(spec: ModelSpec, versions: Sequence[VersionPlan], known: Sequence[Reference | None]) -> int:
    """A version is either learned or counted, so the larger of both is what it takes; one is built at a time."""
    if all(reference is not None for reference in known):
        return 0
    layout = assumed_layout(spec)
    counted = [v.memory_bytes for v, reference in zip(versions, known, strict=True) if reference is None]
    more = max(0, learner_bytes(layout) - min(counted) - learned_bytes(layout))
    return LIVE_MAX * more + building_bytes(layout, len(spec.slice_columns), embeddings=_embeddings(spec))


def _embeddings(spec: ModelSpec) -> int:
    return len({of.path for of in spec.multivariate.values() if of.path})


def _remembered(spec: ModelSpec, layout: Layout) -> int:
    slide_ms = min(window.slide for window in spec.windows)
    late = spec.lateness_ms(Stream.LABELS) // slide_ms if layout.part(Stream.LABELS) else 0
    return costs.remembered_bytes(layout, len(spec.windows), late)


def _streams(spec: ModelSpec, max_future_ms: int) -> list[StreamPlan]:
    declared = {
        Stream.PREDICTIONS: spec.predictions,
        Stream.FEATURES: spec.features,
        Stream.LABELS: spec.labels,
    }
    made: list[StreamPlan] = []
    for stream, part in declared.items():
        if part is None:
            continue
        lateness_ms = spec.lateness_ms(stream)
        open_panes = spec.open_panes(stream, max_future_ms)
        origin = _lateness_from(spec, stream)
        # E2: what is joined is decided only after the streams it is joined with have passed.
        joined_ms = 0 if stream is Stream.PREDICTIONS else spec.join_within
        waits_ms = max(lateness_ms, spec.predictions.lateness + joined_ms)
        made.append(StreamPlan(stream, part.topic, lateness_ms, origin, open_panes, waits_ms))
    return made


def _lateness_from(spec: ModelSpec, stream: Stream) -> str:
    if stream is not Stream.LABELS or spec.labels is None:
        return "set"
    if spec.labels.lateness is not None:
        return "set"
    return "predictions" if spec.labels.time is None else "mapped time"


def _version(
    spec: ModelSpec,
    declared: ReferenceSpec,
    reference: Reference | None,
    max_future_ms: int,
    cell_shares: Sequence[str],
) -> VersionPlan:
    layout = reference.layout if reference is not None else assumed_layout(spec)
    parts = tuple(_part(spec, layout, part, max_future_ms) for part in layout.parts)
    return VersionPlan(
        pattern=declared.version,
        source=declared.path or f"learn {format_duration(declared.learn or 0)}",
        layout=layout.hash if reference is not None else "",
        events=reference.events if reference is not None else 0,
        rows=len(layout.slices.rows),
        dimensions=tuple((d.name, len(d.kept)) for d in layout.slices.dimensions),
        parts=parts,
        memory_bytes=sum(part.panes_bytes for part in parts) + costs.history_bytes(layout, len(spec.windows)),
        evidence=evidence_of(
            layout,
            reference.span_ms if reference is not None else declared.learn or 0,
            min(window.slide for window in spec.windows),
        ),
        series=costs.series_of(layout, len(spec.windows), spec.asked.also, cell_shares),
        guessed=reference is None and assumes_features(spec),
    )


def _part(spec: ModelSpec, layout: Layout, part: Part, max_future_ms: int) -> PartPlan:
    pane = costs.pane_bytes(len(layout.slices.rows), part)
    panes = spec.open_panes(part.stream, max_future_ms) + costs.kept_panes(spec.windows)
    readings = len(spec.windows) * costs.reading_bytes(layout, part, spec.asked.also)
    readings += (len(spec.windows) + 1) * costs.cells_bytes(len(layout.slices.rows), part)
    if part.stream is Stream.LABELS:  # a reading keeps the counts, for the reliability diagram
        readings += len(spec.windows) * pane
    numeric = sum(field.kind is FieldKind.NUMERIC for field in part.fields)
    return PartPlan(
        part.stream, numeric, len(part.fields) - numeric, part.columns, pane, pane * panes + readings
    )


def _joins(spec: ModelSpec) -> list[JoinPlan]:
    """Predictions are remembered for labels, with their class scores; features for predictions, labels for duplicates."""
    if spec.predictions.id is None:
        return []
    rows = spec.labels.max_outstanding if spec.labels is not None else costs.REMEMBERED_MAX
    kinds = {"predictions": PREDICTION_ROW}
    if own := _scored(spec):
        kinds["class_scores"] = class_score_row(own)
    if spec.features is not None:
        kinds["features"] = PREDICTION_ROW
    if spec.labels is not None:
        kinds["labels"] = LABEL_ROW
    return [
        JoinPlan(kind, rows, costs.join_disk_bytes(rows, row), costs.filter_bytes(rows, row))
        for kind, row in kinds.items()
    ]


def _scored(spec: ModelSpec) -> int:
    """Classes of which the own scores wait for labels."""
    return len(spec.predictions.class_scores) if spec.labels is not None else 0


def _waiting(spec: ModelSpec, layout: Layout) -> int:
    """Every stream buffers one block; streams that are joined can wait up to their hard limit (E7).

    Of an embedding only what is made of it waits; its vectors are there while they are decoded.
    """
    declared = {
        Stream.PREDICTIONS: spec.features is not None,
        Stream.FEATURES: spec.features is not None,
        Stream.LABELS: spec.labels is not None,
    }
    streams = [stream for stream, waits in declared.items() if waits or stream is Stream.PREDICTIONS]
    columns = len(spec.slice_columns)
    buffered = sum(2 * BLOCK * costs.event_bytes(layout, stream, columns) for stream in streams)
    buffered += costs.VECTORS_BYTES * _embeddings(spec)
    if own := _scored(spec):
        buffered += costs.gathered_bytes(class_score_row(own))
    return buffered + sum(
        WAITING_MAX * costs.packed_bytes(layout, stream, columns) for stream in streams if declared[stream]
    )
