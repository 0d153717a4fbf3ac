"""The API's operations: one table of paths, parameters and answers, from which routes and the OpenAPI document follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Final

import msgspec

from driftwatch.monitor.snapshot import ModelView
from driftwatch.telemetry import answers as a
from driftwatch.telemetry import views
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.explain import explain_model
from driftwatch.telemetry.rows import Chosen, Row, version_rows

Query = Mapping[str, str]


class Refused(Exception):
    """The request cannot be answered: status, a word from a closed set, and what to do."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.problem = a.Problem(error, message)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter; a number has a default and a largest value."""

    name: str
    summary: str
    default: int | None = None
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET: what it answers from the last picture at monotonic time `now_s`."""

    path: str
    name: str
    summary: str
    answer: type[msgspec.Struct]
    reply: Callable[[Picture, Query, float], msgspec.Struct]
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = ()
    """HTTP statuses with a Problem as their body, beside 400 and 503."""
    lines: str = ""
    """The list of the answer that `format=ndjson` writes, an entry per line."""


MODEL: Final = Parameter("model", "Only this model.")
FORMAT: Final = Parameter("format", "`ndjson` for an entry per line; default: `json`.")
VERSION: Final = Parameter("version", "Only this model version.")


def checked(operation: Operation, query: Query) -> Query:
    """The query as it came; raises Refused for a name that the operation does not know or a number out of range."""
    names = [parameter.name for parameter in operation.parameters]
    for name in query:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names) or 'none'}"
            raise Refused(400, "unknown_parameter", f"There is no parameter {name[:64]!r}; {hint}")
    for parameter in operation.parameters:
        if parameter.default is not None:
            number(parameter, query)
    return query


def number(parameter: Parameter, query: Query) -> int:
    """A numeric parameter, or its default; raises Refused."""
    text = query.get(parameter.name, str(parameter.default))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= parameter.maximum):
        raise Refused(
            400, "bad_parameter", f"{parameter.name} must be a whole number from 0 to {parameter.maximum}."
        )
    return int(text)


def _models(picture: Picture, query: Query, now_s: float) -> a.Models:
    return a.Models(
        picture.snapshot.sequence, [views.model_summary(model) for model in _chosen(picture, query)]
    )


def _model(picture: Picture, query: Query, now_s: float) -> a.Model:
    model = picture.snapshot.models.get(query["model"])
    if model is None:
        raise Refused(404, "unknown_model", "There is no such model; /api/v1/models lists them.")
    slices = {name: list(version.slices) for name, version in sorted(model.versions.items())}
    return a.Model(picture.snapshot.sequence, views.model_summary(model), slices)


LIMIT: Final = Parameter("limit", "Rows in one answer.", 10_000, 100_000)
OFFSET: Final = Parameter("offset", "Rows to leave out first.", 0, 1_000_000_000)


def _windows(picture: Picture, query: Query, now_s: float) -> a.Windows:
    limit, offset = number(LIMIT, query), number(OFFSET, query)
    chosen = Chosen(query.get("slice"), query.get("feature"), query.get("statistic"))
    found = (
        row
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name
        for row in version_rows(version, chosen, query.get("window"))
    )
    before = sum(1 for _ in islice(found, offset))
    rows: list[Row] = list(islice(found, limit))
    after = sum(1 for _ in found)
    return a.Windows(picture.snapshot.sequence, before + len(rows) + after, offset, limit, rows)


def _alerts(picture: Picture, query: Query, now_s: float) -> a.Alerts:
    alerts = [
        views.alert_answer(alert)
        for model in _chosen(picture, query)
        for alert in model.alerts
        if query.get("version", alert.version) == alert.version
        and query.get("state", alert.state) == alert.state
    ]
    return a.Alerts(picture.snapshot.sequence, alerts)


def _episodes(picture: Picture, query: Query, now_s: float) -> a.Episodes:
    found = [
        episode
        for model in _chosen(picture, query)
        for episode in model.episodes
        if query.get("state", episode.state) == episode.state
    ]
    found.sort(key=lambda episode: (-episode.opened_ms, episode.id))
    return a.Episodes(picture.snapshot.sequence, [views.episode_answer(episode) for episode in found])


SHOWN: Final = Parameter("limit", "Entries in the answer.", 500, 10_000)


def _decisions(picture: Picture, query: Query, now_s: float) -> a.Decisions:
    found = [
        decided
        for model in _chosen(picture, query)
        for decided in reversed(model.decisions)  # of one time, too, the newest first
        if query.get("version", decided.version) == decided.version
        and query.get("rule", decided.rule) == decided.rule
    ]
    found.sort(key=lambda decided: -decided.time_ms)
    answers = [views.decision_answer(decided) for decided in found[: number(SHOWN, query)]]
    return a.Decisions(picture.snapshot.sequence, answers)


def _evidence(picture: Picture, query: Query, now_s: float) -> a.EvidenceAnswers:
    found = [
        answer
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name
        for answer in views.evidence_answers(model, version)
        if all(query.get(key, getattr(answer, key)) == getattr(answer, key) for key in _STREAM_KEYS)
    ]
    found.sort(key=lambda answer: answer.limit - (answer.evidence if answer.evidence is not None else -1e9))
    return a.EvidenceAnswers(picture.snapshot.sequence, len(found), found[: number(SHOWN, query)])


def _prospects(picture: Picture, query: Query, now_s: float) -> a.ProspectsAnswers:
    found = [
        views.prospects_answer(version.prospects)
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name and version.prospects is not None
    ]
    return a.ProspectsAnswers(picture.snapshot.sequence, found)


_STREAM_KEYS: Final = ("group", "feature", "slice", "verdict")
MEMBERS: Final = Parameter("members", "Slices and features shown per rule.", 20, 10_000)


def _quality(picture: Picture, query: Query, now_s: float) -> a.QualityAnswers:
    found = [
        answer
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name
        for answer in views.quality_answers(model.model, version)
        if query.get("reason", answer.reason) == answer.reason
    ]
    return a.QualityAnswers(picture.snapshot.sequence, found)


def _cohorts(picture: Picture, query: Query, now_s: float) -> a.Cohorts:
    found = [
        cohort
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name
        for cohort in views.cohort_answers(model.model, version)
    ]
    return a.Cohorts(picture.snapshot.sequence, found)


def _reliability(picture: Picture, query: Query, now_s: float) -> a.Reliability:
    found = [
        bar
        for model in _chosen(picture, query)
        for name, version in sorted(model.versions.items())
        if query.get("version", name) == name
        for bar in views.reliability_answers(model, version, query.get("slice", ALL), query.get("window"))
        if query.get("cells", bar.cells) == bar.cells
        and query.get("class_score", bar.class_score) == bar.class_score
    ]
    return a.Reliability(picture.snapshot.sequence, found)


ALL: Final = "all"


def _explain(picture: Picture, query: Query, now_s: float) -> a.Explanations:
    explained = [
        explanation
        for model in _chosen(picture, query)
        for explanation in explain_model(model, number(MEMBERS, query), query.get("rule"))
        if query.get("version", explanation.version) == explanation.version
    ]
    return a.Explanations(picture.snapshot.sequence, explained)


def _status(picture: Picture, query: Query, now_s: float) -> a.Status:
    return views.status(picture, now_s)


def _alive(picture: Picture, query: Query, now_s: float) -> a.Alive:
    return a.Alive()


def _ready(picture: Picture, query: Query, now_s: float) -> a.Ready:
    return views.ready(picture, now_s)


def _chosen(picture: Picture, query: Query) -> list[ModelView]:
    models = picture.snapshot.models
    return [model for name, model in sorted(models.items()) if query.get("model", name) == name]


OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("/healthz", "alive", "200 while the process answers.", a.Alive, _alive),
    Operation(
        "/readyz",
        "ready",
        "200 while the daemon can do its work, 503 with the reasons otherwise.",
        a.Ready,
        _ready,
    ),
    Operation("/api/v1/models", "models", "Watched models with their live versions.", a.Models, _models),
    Operation(
        "/api/v1/models/{model}",
        "model",
        "One model, with the names of its slices.",
        a.Model,
        _model,
        refusals=(404,),
    ),
    Operation(
        "/api/v1/windows",
        "windows",
        "Statistics of the last readings as tidy rows.",
        a.Windows,
        _windows,
        (
            MODEL,
            VERSION,
            Parameter("window", "Only this window."),
            Parameter("slice", "Only this slice, such as `all` or `country=PT`."),
            Parameter("feature", "Only this feature; empty for statistics of the whole model."),
            Parameter("statistic", "Only this statistic, such as `psi`."),
            LIMIT,
            OFFSET,
        ),
    ),
    Operation(
        "/api/v1/alerts",
        "alerts",
        "Active alerts and those resolved most recently.",
        a.Alerts,
        _alerts,
        (MODEL, VERSION, Parameter("state", "`pending`, `firing` or `resolved`.")),
    ),
    Operation(
        "/api/v1/episodes",
        "episodes",
        "Retraining episodes, newest first.",
        a.Episodes,
        _episodes,
        (MODEL, Parameter("state", "`open`, `requested`, `acknowledged` or `ended`.")),
    ),
    Operation(
        "/api/v1/decisions",
        "decisions",
        "Every change of an alert with its numbers, newest first; one per line with `format=ndjson`.",
        a.Decisions,
        _decisions,
        (MODEL, VERSION, Parameter("rule", "Only this rule."), SHOWN, FORMAT),
        lines="decisions",
    ),
    Operation(
        "/api/v1/evidence",
        "evidence",
        "Streams of evidence under the false-alert budget, those nearest to their limit first.",
        a.EvidenceAnswers,
        _evidence,
        (
            MODEL,
            VERSION,
            Parameter("group", "Only this group, such as `inputs` or `performance`."),
            Parameter("feature", "Only this feature."),
            Parameter("slice", "Only this slice."),
            Parameter("verdict", "Only streams of which this is said."),
            SHOWN,
            FORMAT,
        ),
        lines="streams",
    ),
    Operation(
        "/api/v1/prospects",
        "prospects",
        "What evidence can find in all traffic and how soon, and which lines of `must_detect` are underpowered.",
        a.ProspectsAnswers,
        _prospects,
        (MODEL, VERSION),
    ),
    Operation(
        "/api/v1/quality",
        "quality",
        "What is wrong with the data by named reasons, each with an example; apart from drift.",
        a.QualityAnswers,
        _quality,
        (MODEL, VERSION, Parameter("reason", "Only this reason, such as `renamed_field`.")),
    ),
    Operation(
        "/api/v1/cohorts",
        "cohorts",
        "Predictions by day with the labels that they have by now, by label age; the newest day first.",
        a.Cohorts,
        _cohorts,
        (MODEL, VERSION),
    ),
    Operation(
        "/api/v1/reliability",
        "reliability",
        "The reliability diagram of the last readings of labels: mean score and share by score cell, with intervals.",
        a.Reliability,
        _reliability,
        (
            MODEL,
            VERSION,
            Parameter("window", "Only this window."),
            Parameter("slice", "This slice; default: `all`."),
            Parameter(
                "cells",
                "`width` for cells of equal width, `mass` for equal mass of the reference; default: both.",
            ),
            Parameter("class_score", "Only the diagram of this class's own score against the rest."),
        ),
    ),
    Operation(
        "/api/v1/explain-last",
        "explain_last",
        "Why each rule said what it said at its last evaluation.",
        a.Explanations,
        _explain,
        (MODEL, VERSION, Parameter("rule", "Only this rule."), MEMBERS),
    ),
    Operation("/api/v1/status", "status", "What `driftwatch status` shows.", a.Status, _status),
)
"""Every GET that answers JSON, but for the OpenAPI document itself."""
