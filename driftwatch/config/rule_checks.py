"""What rules and asked statistics must fit: the statistics there are, the model's task and labels, windows, slicings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.config.words import suggestion
from driftwatch.drift.catalogue import CATALOGUE, STATISTICS, unknown_name
from driftwatch.drift.spec import EVERY
from driftwatch.drift.statistic import Statistic
from driftwatch.drift.variants import refusal
from driftwatch.events.classes import Stream
from driftwatch.summaries.patterns import unmatched
from driftwatch.summaries.slices import ALL
from driftwatch.verdicts.condition import Condition
from driftwatch.windows.spec import WindowSpec


def check_statistics(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Every mistake in the statistics that one model asks for beside the default ones."""
    for place, name in parts.texts((*model, "statistics", "also")):
        if name == EVERY:
            continue
        if name not in STATISTICS:
            message, _, write = unknown_name(name).partition("; ")
            yield Mistake(place, message, write)
        else:
            yield from _fits(parts, model, place, STATISTICS[name])
    path = (*model, "statistics", "variants")
    variants = parts.value(path)
    for statistic, name in cast("dict[str, object]", variants).items() if isinstance(variants, dict) else ():
        if isinstance(name, str) and (why := refusal(statistic, name)):
            message, _, write = why.rpartition("; ")
            yield Mistake((*path, statistic), message, write)


def check_rules(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Every mistake in the rules of one model."""
    windows = [w.called for _, w in parts.parts((*model, "windows"), WindowSpec)]
    whole = len(windows) == len(parts.entries((*model, "windows")))
    for at in parts.entries((*model, "rules")):
        condition = None
        if (when := parts.text((*at, "when"))) is not None:
            try:
                condition = Condition.parse(when)
            except ValueError as error:
                message, _, write = str(error).partition("; ")
                yield Mistake((*at, "when"), message, write.removeprefix("write "))
        if condition is not None:
            yield from _fits(parts, model, (*at, "when"), condition.statistic)
        if windows and whole:
            for place, pattern in parts.texts((*at, "windows")):
                if unmatched([pattern], windows):
                    write = suggestion(pattern, windows)
                    yield Mistake(place, f"the pattern `{pattern}` matches no window", write)
        yield from _slices(parts, model, at)


def _fits(parts: Parts, model: Path, at: Path, statistic: Statistic) -> Iterator[Mistake]:
    name, needs = statistic.name, statistic.needs
    task = parts.text((*model, "task"))
    tasks = {known.value for known in needs.tasks}
    if task is not None and task not in tasks:
        if task in {t.value for s in CATALOGUE for t in s.needs.tasks}:
            message = f"`{name}` is not computed for a {task} model"
            fitting = [s.name for s in CATALOGUE if task in s.needs.tasks and s.kind is statistic.kind]
            yield Mistake(at, message, "one of " + ", ".join(fitting))
    elif needs.streams == frozenset({Stream.LABELS}) and not _labelled(parts, model):
        message = f"`{name}` rests on labels, and the model has none"
        yield Mistake(at, message, "a `labels:` stream for the model, or another statistic")


def _labelled(parts: Parts, model: Path) -> bool:
    return parts.value((*model, "labels")) is not None or (
        parts.value((*model, "predictions", "label")) is not None
    )


def _slices(parts: Parts, model: Path, at: Path) -> Iterator[Mistake]:
    """A pattern that names columns outright must name a declared slicing; values are known to references only."""
    declared = [
        "*".join([entry] if isinstance(entry, str) else [text for _, text in parts.texts(place)])
        for place in parts.entries((*model, "slices"))
        if (entry := parts.value(place)) is not None
    ]
    for place, pattern in parts.texts((*at, "slices")):
        columns = "*".join(pair.partition("=")[0] for pair in pattern.split(","))
        plain = not any(wild in pair.partition("=")[0] for pair in pattern.split(",") for wild in "*?")
        named = all("=" in pair for pair in pattern.split(",")) and columns in declared
        if plain and not named and pattern != ALL:
            known = [ALL, *(f"{name.replace('*', '=*,')}=*" for name in declared)]
            message = f"the pattern `{pattern}` matches no declared slice"
            yield Mistake(place, message, suggestion(pattern, known))
