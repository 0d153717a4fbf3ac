"""The reference files that a configuration names: read, and held against the model that they are meant for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from driftwatch.config.errors import Mistake
from driftwatch.config.evidence_checks import check_pages_in
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.drift.variants import lacking, refusal
from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.spec import FeaturesSpec, PredictionsSpec
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.codec import decode
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import DECISION, SCORE, Layout, Part, class_score
from driftwatch.verdicts.rule import Rule

Outcome = Reference | Mistake | None
"""None where the reference has to be learned."""


def references_of(parts: Parts, model: Path) -> list[Outcome]:
    """What became of each declared reference of a model, in their order."""
    path = (*model, "reference")
    value = parts.value(path)
    if isinstance(value, str):
        return [_read(value, path)]
    entries = parts.entries(path) if isinstance(value, list) else [path]
    files = [((*entry, "path"), parts.text((*entry, "path"))) for entry in entries]
    return [None if file is None else _read(file, place) for place, file in files]


def _read(file: str, path: Path) -> Reference | Mistake:
    build = "the path of a file made by `driftwatch reference build`"
    try:
        return decode(FilePath(file).read_bytes(), file)
    except OSError as error:
        return Mistake(path, f"the reference {file} cannot be read: {error.strerror or error}", build)
    except ReferenceFileError as error:
        message, _, write = str(error).partition("; ")
        return Mistake(path, message, write or build)


def check_references(parts: Parts, model: Path, outcomes: list[Outcome]) -> Iterator[Mistake]:
    """References that do not fit their model, and rules that look at nothing in any of them."""
    yield from (outcome for outcome in outcomes if isinstance(outcome, Mistake))
    spec = parts.part(model, ModelSpec)
    known = [outcome for outcome in outcomes if isinstance(outcome, Reference)]
    if spec is None or not known:
        return
    listed = isinstance(parts.value((*model, "reference")), list)
    fitting = True
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Reference) and (why := misfit(spec, outcome)):
            fitting = False
            path = (*model, "reference", place, "path") if listed else (*model, "reference")
            if not listed and isinstance(parts.value(path), dict):
                path = (*path, "path")
            yield Mistake(
                path,
                f"the reference does not fit: {why}",
                "this file, built again with `driftwatch reference build`",
            )
    if fitting and len(known) == len(outcomes):
        yield from _idle_rules(spec, [reference.layout for reference in known], model)
        yield from _variants(spec, [reference.layout for reference in known], model)
        yield from check_pages_in(spec, [reference.layout for reference in known], model)


def misfit(spec: ModelSpec, reference: Reference) -> str:
    """Why a reference cannot be compared with what the model counts; empty where it fits."""
    layout = reference.layout
    if reference.model != spec.name:
        return f"it was built for the model `{reference.model}`"
    if layout.task is not spec.task:
        return f"it was built for a {layout.task} model, and this one is {spec.task}"
    declared = tuple(dict.fromkeys(spec.dimensions))
    built = tuple(dimension.columns for dimension in layout.slices.dimensions)
    if declared != built:
        return f"it was built with the slices {_told(built)}, and the model has {_told(declared)}"
    streams = {
        Stream.PREDICTIONS: True,
        Stream.FEATURES: spec.features is not None,
        Stream.LABELS: spec.labels is not None or spec.predictions.label is not None,
    }
    for stream, wanted in streams.items():
        if wanted != (layout.part(stream) is not None):
            return f"it was built {'without' if wanted else 'with'} a stream of {stream}"
    return _fields(spec, layout) or _multivariate(spec, layout)


def _told(dimensions: tuple[tuple[str, ...], ...]) -> str:
    return "[" + ", ".join("*".join(columns) for columns in dimensions) + "]"


def _fields(spec: ModelSpec, layout: Layout) -> str:
    """Listed features must be those of the reference; score and decision must be mapped in both or in neither."""
    for stream, of in ((Stream.PREDICTIONS, spec.predictions), (Stream.FEATURES, spec.features)):
        part = layout.part(stream)
        if part is None or of is None:
            continue
        built = {field.name for field in part.own} - {SCORE, DECISION, *part.scored, *part.embeddings}
        declared = _declared(of)
        if declared is not None and declared != built:
            names = sorted(declared ^ built)
            return f"its {stream} have other features, such as `{names[0]}`"
        mapped = isinstance(of, PredictionsSpec) and of.score is not None
        if mapped != any(field.name == SCORE for field in part.fields):
            return f"it was built {'without' if mapped else 'with'} a score"
        if isinstance(of, PredictionsSpec) and (why := _class_scores(of, part)):
            return why
    if spec.predictions.threshold != layout.threshold and spec.predictions.decision is None:
        return f"it was built with the threshold {layout.threshold:g}"
    return ""


def _class_scores(of: PredictionsSpec, part: Part) -> str:
    """Each class with a score of its own must have one in both; their order may differ."""
    declared = set(map(class_score, of.class_scores))
    for name in sorted(declared ^ set(part.scored)):
        return f"it was built {'without' if name in declared else 'with'} `{name}`, the own score of a class"
    return ""


def _multivariate(spec: ModelSpec, layout: Layout) -> str:
    built = {d.name: (d.kind, d.inputs, d.fields) for part in layout.parts for d in part.derived}
    built |= {
        e.name: (e.kind, (part.stream, e.embedding), e.fields) for part in layout.parts for e in part.embedded
    }
    streams = {name: stream for stream in Stream for name in subject_of(spec).embedded(stream)}
    declared = {
        name: (of.kind, (streams[name], of.path) if of.path else tuple(of.fields), of.made(name))
        for name, of in spec.multivariate.items()
    }
    for name in sorted(declared.keys() | built.keys()):
        if name not in built or name not in declared:
            return f"it was built {'with' if name in built else 'without'} the multivariate field `{name}`"
        if built[name] != declared[name]:
            return f"its multivariate field `{name}` is of another kind or of other fields"
    return ""


def _declared(of: PredictionsSpec | FeaturesSpec) -> set[str] | None:
    return None if isinstance(of.features, str) else set(of.features or ())


def _variants(spec: ModelSpec, layouts: list[Layout], model: Path) -> Iterator[Mistake]:
    fields = [field for layout in layouts for part in layout.parts for field in part.fields]
    for statistic, name in spec.statistics.variants.items():
        if not refusal(statistic, name) and (why := lacking(statistic, name, fields)):
            message, _, write = why.partition("; ")
            yield Mistake(
                (*model, "statistics", "variants", statistic), message, write.removeprefix("write ")
            )


def _idle_rules(spec: ModelSpec, layouts: list[Layout], model: Path) -> Iterator[Mistake]:
    for place, rule in enumerate(spec.rules):
        looks = any(
            Rule.bind(rule, layout, part.stream, window.called) is not None
            for layout in layouts
            for part in layout.parts
            for window in spec.windows
        )
        if not looks:
            message = (
                f"the rule `{rule.name}` looks at nothing: no slice and feature of the reference matches it"
            )
            write = "patterns over the names that `driftwatch reference show` lists"
            yield Mistake((*model, "rules", place), message, write)
