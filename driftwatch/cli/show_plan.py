"""The plan of a configuration as people read it."""

from __future__ import annotations

from driftwatch.cli.paper import Paper, count, size
from driftwatch.config.plan import ModelCosts, Plan
from driftwatch.events.times import format_duration


def show(plan: Plan, paper: Paper) -> None:
    """Everything, model by model, then memory, disk and series of the whole process."""
    for model in plan.models:
        _model(model, paper)
    paper.heading("memory, at most")
    rows = [
        ["process", size(plan.process_bytes)],
        [f"fetched records of {plan.partitions} partitions", size(plan.fetch_bytes)],
        ["metrics", size(plan.metrics_bytes)],
    ]
    for model in plan.models:
        rows.append([f"{model.model}: panes of {model.live_versions} live versions", size(model.panes_bytes)])
        if model.evidence_bytes:
            rows.append([f"{model.model}: evidence of these", size(model.evidence_bytes)])
        rows.append([f"{model.model}: references", size(model.references_bytes)])
        if model.learning_bytes:
            rows.append([f"{model.model}: more while these are learned", size(model.learning_bytes)])
        kept = model.remembered_bytes + model.looked_bytes
        rows.append([f"{model.model}: what labels are compared with, and examples", size(kept)])
        rows.append([f"{model.model}: join filters", size(sum(join.filter_bytes for join in model.joins))])
        rows.append([f"{model.model}: buffered and waiting records", size(model.waiting_bytes)])
    paper.table(["what", "#size"], [*rows, ["all", size(plan.memory_bytes)]])
    paper.line(f"  with one live version and nothing waiting: {size(plan.usual_bytes)}")
    paper.heading("disk and metrics")
    paper.line(f"  disk, at most: {size(plan.disk_bytes)}")
    folded = f", so {count(plan.series_folded)} are left out" if plan.series_folded else ""
    limit = f"limit {count(plan.series_limit)}{folded}"
    paper.line(f"  time series of statistics: {count(plan.series)} ({limit})")


def _model(model: ModelCosts, paper: Paper) -> None:
    paper.heading(f"model {model.model} ({model.task})")
    paper.table(
        ["stream", "topic", "lateness", "panes close after", "#open panes"],
        [
            [
                str(s.stream),
                s.topic,
                f"{format_duration(s.lateness_ms)}{_why(s.lateness_from)}",
                format_duration(s.closes_after_ms),
                str(s.open_panes),
            ]
            for s in model.streams
        ],
    )
    paper.table(
        ["window", "size", "slide", "#panes"],
        [
            [w.name, format_duration(w.size_ms), format_duration(w.slide_ms), count(w.panes)]
            for w in model.windows
        ],
    )
    for version in model.versions:
        learned = "" if version.layout else ", still to be learned: at most"
        guess = " (the number of features is a guess)" if version.guessed else ""
        paper.line(f"  versions {version.pattern}: {version.source}{learned}{guess}")
        slices = ", ".join(f"{name} {kept}" for name, kept in version.dimensions)
        streams = f", {count(version.evidence.streams)} streams of evidence" if model.evidence_bytes else ""
        paper.line(
            f"  {count(version.rows)} slices{f' ({slices})' if slices else ''}, {count(version.series)} series{streams}"
        )
        paper.table(
            ["stream", "#numeric", "#categorical", "#columns", "#pane", "#all panes"],
            [
                [
                    str(p.stream),
                    str(p.numeric),
                    str(p.categorical),
                    count(p.columns),
                    size(p.pane_bytes),
                    size(p.panes_bytes),
                ]
                for p in version.parts
            ],
        )
    if model.joins:
        paper.table(
            ["remembered", "#at most", "#on disk", "#filter"],
            [[j.kind, count(j.rows), size(j.disk_bytes), size(j.filter_bytes)] for j in model.joins],
        )


def _why(lateness_from: str) -> str:
    """Where a lateness that nobody wrote comes from (E5)."""
    return {
        "predictions": " (as predictions: labels have no `time`)",
        "mapped time": " (default, because labels have a `time`)",
    }.get(lateness_from, "")
