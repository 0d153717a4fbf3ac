"""`driftwatch reference build`: accepted records become a reference file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwatch.cli.options import DEFAULT_CONFIG, Config, Json
from driftwatch.cli.paper import Paper

if TYPE_CHECKING:
    from driftwatch.cli.reference_inputs import Inputs
    from driftwatch.config.spec import Configuration
    from driftwatch.events.classes import Stream
    from driftwatch.monitor.spec import ModelSpec
    from driftwatch.references.build import Built


def build(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] PREDICTIONS",
            help="The accepted predictions: a CSV, JSON lines or Parquet file, or kafka:TOPIC; before it the model, where there are several.",
            show_default=False,
        ),
    ],
    config: Config = DEFAULT_CONFIG,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file to write; default: the one that the configuration names."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels", help="A file or kafka:TOPIC with the labels, if they are not in the predictions."
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            "--features",
            help="A file or kafka:TOPIC with the features, where they are a stream of their own.",
        ),
    ] = None,
    version: Annotated[
        str, typer.Option("--version", help="Only predictions of versions that match this pattern.")
    ] = "*",
    begin: Annotated[
        str | None,
        typer.Option("--from", help="Topics: only records from this time on, such as 2024-01-01T00:00:00Z."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Topics: only records before this time.")] = None,
    json: Json = False,
) -> None:
    """Build a reference from accepted records, with the same field paths as the daemon."""
    from driftwatch.cli.reference_inputs import Inputs, Span, check_streams, moment_ms, streams_of
    from driftwatch.config.load import load

    configuration = load(config, outside=False).configuration
    *named, predictions = inputs
    spec = model_of(configuration, named)
    topics = topics_of(spec)
    given = streams_of(predictions, features, labels)
    check_streams(given, topics, spec.name)
    target = output or _configured(spec, version)
    try:
        span = Span(moment_ms(begin), moment_ms(end))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    built = _build(spec, Inputs(given, topics, configuration.kafka, span), version)
    _write(target, built)
    _tell(built, target, Paper(json))


def model_of(configuration: Configuration, named: list[str]) -> ModelSpec:
    """The model that was named, or the only one; typer.BadParameter otherwise."""
    models = {spec.name: spec for spec in configuration.models}
    known = ", ".join(models)
    if len(named) > 1:
        raise typer.BadParameter("give one file of predictions, and before it at most the name of a model")
    if named:
        if named[0] not in models:
            raise typer.BadParameter(
                f"there is no model {named[0]!r} in the configuration; there are {known}"
            )
        return models[named[0]]
    if len(models) > 1:
        raise typer.BadParameter(f"name the model before the file; there are {known}")
    return configuration.models[0]


def topics_of(spec: ModelSpec) -> dict[Stream, str]:
    """Configured topics by stream."""
    from driftwatch.events.classes import Stream

    streams = {
        Stream.PREDICTIONS: spec.predictions,
        Stream.FEATURES: spec.features,
        Stream.LABELS: spec.labels,
    }
    return {stream: of.topic for stream, of in streams.items() if of is not None}


def _configured(spec: ModelSpec, version: str) -> Path:
    """The file of this version pattern in the configuration; typer.BadParameter where it names none."""
    paths = [of.path for of in spec.references if of.path is not None and of.version == version]
    if not paths:
        raise typer.BadParameter(
            f"the configuration names no reference file for versions {version!r}; give one with -o"
        )
    return Path(paths[0])


def _build(spec: ModelSpec, inputs: Inputs, version: str) -> Built:
    from driftwatch.monitor.plan import subject_of
    from driftwatch.references.build import build as make

    with progress(2 * inputs.total_bytes) as advance:
        return make(
            subject_of(spec),
            lambda: inputs.batches(advance),
            version=version,
            source=inputs.told,
            created_ms=int(time.time() * 1_000),
        )


@contextmanager
def progress(total_bytes: int) -> Generator[Callable[[int], None]]:
    """A bar on stderr if that is a terminal; the records are read twice."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=total_bytes or None)
        yield lambda read_bytes: bar.advance(task, read_bytes)


def _write(target: Path, built: Built) -> None:
    """All of it or nothing: a daemon that starts meanwhile sees the old file or the new one."""
    from driftwatch.errors import ReferenceFileError
    from driftwatch.references.codec import encode

    new = target.with_name(target.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(encode(built.reference))
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ReferenceFileError(f"{target} cannot be written: {error.strerror or error}") from None


def _tell(built: Built, target: Path, paper: Paper) -> None:
    from driftwatch.references.show import show

    reference = built.reference
    if paper.as_json:
        paper.json({"file": str(target), "notes": built.notes, "reference": show(reference)})
        return
    from driftwatch.cli.paper import count, size

    slices = len(reference.layout.slices.rows)
    columns = sum(part.columns for part in reference.layout.parts)
    paper.line(
        f"{target}: reference {reference.hash} of {reference.model}, {count(reference.events)} predictions, "
        f"{slices} slices x {count(columns)} columns, {size(target.stat().st_size)}"
    )
    for note in built.notes:
        paper.line(f"  {note}")
