"""What `multivariate` may name: features of one stream, under names that no other field has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from driftwatch.config.class_score_checks import class_score_fields
from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.parts import Parts
from driftwatch.config.words import suggestion
from driftwatch.references.spec import MultivariateSpec
from driftwatch.summaries.layout import DECISION, SCORE

_STREAMS: Final = ("predictions", "features")


def made_fields(parts: Parts, model: Path) -> list[str]:
    """Names of the fields that come of `multivariate`; entries that are wrong by themselves give none."""
    return [made for path, of in _entries(parts, model) for made in of.made(str(path[-1]))]


def check_multivariate(parts: Parts, model: Path) -> Iterator[Mistake]:
    """Names that are taken, and fields that are no features; where an object's keys are the features, the reference tells."""
    declared = [parts.value((*model, stream, "features")) for stream in _STREAMS]
    features = [[str(n) for n in cast("list[object]", d)] for d in declared if isinstance(d, list | dict)]
    known = [name for names in features for name in names]
    taken = {SCORE, DECISION, *class_score_fields(parts, model), *known}
    for path, of in _entries(parts, model):
        made = of.made(str(path[-1]))
        if (clash := next((name for name in made if name in taken), None)) is not None:
            yield Mistake(path, f"`{clash}` is the name of another field", "a name of its own", True)
        taken |= set(made)
        if of.path:
            yield from _embedding(parts, model, path, of)
        elif not any(isinstance(d, str) for d in declared):
            yield from _fields(path, of, features, known)


def _embedding(parts: Parts, model: Path, path: Path, of: MultivariateSpec) -> Iterator[Mistake]:
    """An embedding is in a stream that there is, and not read as a feature beside."""
    if of.stream == "features" and parts.value((*model, "features")) is None:
        yield Mistake((*path, "stream"), "the model has no stream of features", "`stream: predictions`")
    for stream in _STREAMS:
        declared = parts.value((*model, stream, "features"))
        named = [*cast("dict[str, object]", declared).values()] if isinstance(declared, dict) else declared
        if isinstance(named, list) and of.path in named:
            message = f"`{of.path}` is a feature of `{stream}` too, and a list is no feature"
            yield Mistake((*path, "embedding"), message, "it here alone, and not among the features", True)


def _fields(
    path: Path, of: MultivariateSpec, features: list[list[str]], known: list[str]
) -> Iterator[Mistake]:
    unknown = [(place, name) for place, name in enumerate(of.fields) if name not in known]
    for place, name in unknown:
        yield Mistake(
            (*path, "fields", place), f"`{name}` is no feature of the model", suggestion(name, known)
        )
    if not unknown and not any(set(of.fields) <= set(names) for names in features):
        message = "its fields come from two streams, and no event has them all"
        yield Mistake((*path, "fields"), message, "fields of one stream")


def _entries(parts: Parts, model: Path) -> Iterator[tuple[Path, MultivariateSpec]]:
    path = (*model, "multivariate")
    declared = parts.value(path)
    for name in cast("dict[str, object]", declared) if isinstance(declared, dict) else ():
        if (of := parts.part((*path, name), MultivariateSpec)) is not None:
            yield (*path, name), of
