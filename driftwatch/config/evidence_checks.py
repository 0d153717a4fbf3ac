"""What `evidence` may name: patterns over the fields that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from driftwatch.config.class_score_checks import class_score_fields
from driftwatch.config.errors import Mistake
from driftwatch.config.marks import Path
from driftwatch.config.multivariate_checks import made_fields
from driftwatch.config.parts import Parts
from driftwatch.config.words import suggestion
from driftwatch.monitor.spec import ModelSpec
from driftwatch.summaries.layout import DECISION, SCORE, Layout
from driftwatch.summaries.patterns import unmatched


def check_pages(parts: Parts, model: Path) -> Iterator[Mistake]:
    """`evidence.page` patterns that match nothing, where the file itself lists the features."""
    known = [SCORE, DECISION, *class_score_fields(parts, model)]
    for stream in ("predictions", "features"):
        features = parts.value((*model, stream, "features"))
        if isinstance(features, str):
            return  # the keys of an object: only a reference knows them
        if isinstance(features, list | dict):
            known += [str(name) for name in cast("Iterable[object]", features)]
    known += made_fields(parts, model)
    for place, pattern in parts.texts((*model, "evidence", "page")):
        yield from _mistake(place, pattern, known)


def check_pages_in(spec: ModelSpec, layouts: Iterable[Layout], model: Path) -> Iterator[Mistake]:
    """The same against references, where the features are the keys of an object."""
    declared = [spec.predictions.features, spec.features.features if spec.features else None]
    if not any(isinstance(features, str) for features in declared):
        return  # told already, from the file alone
    known = sorted({field.name for layout in layouts for part in layout.parts for field in part.fields})
    for place, pattern in enumerate(spec.evidence.page):
        yield from _mistake((*model, "evidence", "page", place), pattern, known)


def _mistake(place: Path, pattern: str, known: list[str]) -> Iterator[Mistake]:
    if unmatched([pattern], known):
        yield Mistake(place, f"the pattern `{pattern}` matches no field", suggestion(pattern, known))
