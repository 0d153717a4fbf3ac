"""What must fit together inside one model's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, cast

from driftwatch.config.class_score_checks import check_class_scores, class_score_fields
from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.multivariate_checks import check_multivariate, made_fields
from driftwatch.config.parts import Parts
from driftwatch.config.path_checks import check_paths
from driftwatch.config.words import near_miss, suggestion
from driftwatch.events.iso import BAD_TIME, parse_iso_ms
from driftwatch.events.joins import SLICE_COLUMNS_MAX
from driftwatch.events.times import format_duration
from driftwatch.summaries.layout import SCORE, FieldKind
from driftwatch.summaries.patterns import unmatched
from driftwatch.windows.spec import WindowSpec

STREAMS: Final = ("predictions", "features", "labels")


def check_model(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Every mistake of one model that shows only when its parts are held against each other."""
    yield from _origin(parts, model)
    yield from _windows(parts, (*model, "windows"))
    yield from _streams(parts, model)
    yield from _slices(parts, model)
    yield from _kinds(parts, (*model, "cells", "kinds"))
    yield from _cut_fields(parts, model)
    yield from check_multivariate(parts, model)
    yield from check_class_scores(parts, model, declared_features(parts, model))
    yield from check_paths(parts, model)
    yield from _learning(parts, model)


def _origin(parts: Parts, model: Path) -> Iterator[Mistake]:
    text = parts.text((*model, "origin"))
    if text is not None and parse_iso_ms(text) == BAD_TIME:
        write = "a moment such as 2024-01-01T00:00:00Z"
        yield Mistake((*model, "origin"), f"`origin` is `{text}`, which is not a moment", write)


def _windows(parts: Parts, path: Path) -> Iterator[Mistake]:
    windows = list(parts.parts(path, WindowSpec))
    sound = [(at, w) for at, w in windows if w.size > 0 and w.slide > 0]
    for at, window in windows:
        for key in ("size", "slide"):
            if getattr(window, key) == 0:
                yield Mistake((*at, key), f"`{key}` is zero", "a duration above zero, such as 5m")
    if not sound:
        return
    smallest = min(window.slide for _, window in sound)
    seen: dict[str, int] = {}
    for at, window in sound:
        yield from _window(at, window, smallest)
        first = seen.setdefault(window.called, cast("int", at[-1]))
        if first != at[-1]:
            message = f"the window name `{window.called}` is there twice, first in entry {first + 1}"
            yield Mistake(
                (*at, "name" if window.name else "size"), message, "another `name:` for one of them"
            )


def _window(at: Path, window: WindowSpec, smallest: int) -> Iterator[Mistake]:
    size, slide = format_duration(window.size), format_duration(window.slide)
    if window.size % window.slide:
        below = window.size // window.slide * window.slide
        near = " or ".join(format_duration(s) for s in (below, below + window.slide) if s)
        yield Mistake((*at, "size"), f"the size {size} is not a multiple of the slide {slide}", near)
    if window.slide % smallest:
        message = (
            f"the slide {slide} is not a multiple of the model's smallest slide {format_duration(smallest)}"
        )
        near = format_duration(max(1, round(window.slide / smallest)) * smallest)
        yield Mistake((*at, "slide"), message, near)


def _streams(parts: Parts, model: Path) -> Iterator[Mistake]:
    yield from _ids(parts, model)
    yield from _topics(parts, model)
    if isinstance(parts.value((*model, "predictions")), dict):
        yield from _task(parts, model)
    labels = (*model, "labels")
    if parts.value(labels) is not None and parts.value((*model, "predictions", "label")) is not None:
        message = "the label is mapped twice: in `predictions` and in `labels`"
        yield Mistake((*model, "predictions", "label"), message, "only one of them", True)
    delay = parts.text((*labels, "max_delay"))
    if delay is not None and re.fullmatch(r"(0+[a-z]+)+", delay):
        yield Mistake((*labels, "max_delay"), "`max_delay` is zero", "a duration above zero, such as 30d")


def _ids(parts: Parts, model: Path) -> Iterator[Mistake]:
    joined = [name for name in ("labels", "features") if isinstance(parts.value((*model, name)), dict)]
    for name in STREAMS if joined else ():
        stream = parts.value((*model, name))
        if isinstance(stream, dict) and cast("dict[str, object]", stream).get("id") is None:
            others = " and ".join(joined) if name == "predictions" else "predictions"
            message = f"`{name}` has no `id`, but it is joined with {others} by id"
            yield Mistake((*model, name), message, "`id:` the dotted path of the prediction's id", True)


def _topics(parts: Parts, model: Path) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in STREAMS:
        topic = parts.text((*model, name, "topic"))
        if topic is None:
            continue
        other = seen.setdefault(topic, name)
        if other != name and not (
            parts.value((*model, name, "where")) and parts.value((*model, other, "where"))
        ):
            message = f"`{other}` and `{name}` read the same topic, and nothing tells their records apart"
            yield Mistake((*model, name, "topic"), message, "`where: {field: value}` in both of them")


def _task(parts: Parts, model: Path) -> Iterator[Mistake]:
    path, task = (*model, "predictions"), parts.text((*model, "task"))
    score, decision = (parts.value((*path, key)) is not None for key in ("score", "decision"))
    if task == "multiclass" and not decision:
        message = "a multiclass model needs the decided class, and `decision` is not mapped"
        yield Mistake(path, message, "`decision:` the dotted path of the decided class", True)
    if task == "regression" and not score:
        message = "a regression model needs the predicted value, and `score` is not mapped"
        yield Mistake(path, message, "`score:` the dotted path of the predicted value", True)
    if task == "binary" and not score and not decision:
        message = "neither `score` nor `decision` is mapped"
        yield Mistake(
            path, message, "`score:` the dotted path of the probability, `decision:` of 0 or 1", True
        )


def _slices(parts: Parts, model: Path) -> Iterator[Mistake]:
    path = (*model, "slices")
    columns: dict[str, Path] = {}
    seen: dict[tuple[str, ...], int] = {}
    for at in parts.entries(path):
        entry = parts.value(at)
        named = [(at, entry)] if isinstance(entry, str) else parts.texts(at)
        if not named:
            continue
        names = tuple(name for _, name in named)
        if len(set(names)) < len(names):
            yield Mistake(at, "a crossing names the same column twice", "each column once")
        if (first := seen.setdefault(tuple(sorted(names)), cast("int", at[-1]))) != at[-1]:
            message = f"the slicing `{'*'.join(names)}` is there twice, first in entry {first + 1}"
            yield Mistake(at, message, "each slicing once")
        for place, name in named:
            columns.setdefault(name, place)
    if len(columns) > SLICE_COLUMNS_MAX:
        message = f"{len(columns)} slice columns, and at most {SLICE_COLUMNS_MAX} are possible"
        yield Mistake(path, message, f"at most {SLICE_COLUMNS_MAX} different columns", True)
    yield from _strange_columns(parts, model, columns)


def _strange_columns(parts: Parts, model: Path, columns: dict[str, Path]) -> Iterator[Mistake]:
    """Any field of the record may slice, so only a name that is nearly a declared feature's is a mistake."""
    known = declared_features(parts, model)
    for name, place in columns.items():
        if not name or name.startswith(".") or name.endswith(".") or ".." in name:
            yield Mistake(
                place, f"the slice column `{name}` is not a path", "a dotted path such as customer.country"
            )
        elif known and name not in known and (near := near_miss(name, known)) is not None:
            yield Mistake(
                place, f"the slice column `{name}` is no declared feature", f"`{near}` (did you mean that?)"
            )


def declared_features(parts: Parts, model: Path) -> list[str]:
    """Names and paths of the features that the file lists; none where they are the keys of an object."""
    known: list[str] = []
    for stream in ("predictions", "features"):
        declared = parts.value((*model, stream, "features"))
        if isinstance(declared, list):
            known += [str(entry) for entry in cast("list[object]", declared)]
        elif isinstance(declared, dict):
            named = cast("dict[str, object]", declared)
            known += [*named, *map(str, named.values())]
    return known


def _kinds(parts: Parts, path: Path) -> Iterator[Mistake]:
    kinds = parts.value(path)
    known = [kind.value for kind in FieldKind]
    for name, kind in cast("dict[str, object]", kinds).items() if isinstance(kinds, dict) else ():
        if isinstance(kind, str) and kind not in known:
            yield Mistake((*path, name), f"`{kind}` is no kind of field", suggestion(kind, known))


def _cut_fields(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Cells of their own are for features that there are."""
    path, known = (*model, "cells", "fields"), declared_features(parts, model)
    known += [*made_fields(parts, model), *class_score_fields(parts, model)] if known else []
    named = parts.value(path)
    for name in cast("dict[str, object]", named) if known and isinstance(named, dict) else ():
        if name not in (*known, SCORE):
            yield Mistake((*path, name), f"`{name}` is no feature of the model", suggestion(name, known))


def _learning(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Version patterns are tried in order, so one after `*` is never reached."""
    path = (*model, "reference")
    patterns: list[str] = []
    for at in parts.entries(path):
        pattern = parts.text((*at, "version")) or "*"
        hidden = next((p for p in patterns if p in ("*", pattern) or not unmatched([p], [pattern])), None)
        if hidden is not None:
            message = f"the version pattern `{pattern}` is never reached, because `{hidden}` stands before it"
            yield Mistake(at, message, "the narrower pattern first")
        patterns.append(pattern)
