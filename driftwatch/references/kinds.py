"""The kind of each feature, decided by all of the reference's values: numbers only, or categories."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from driftwatch.errors import ReferenceFileError
from driftwatch.events.classes import Stream
from driftwatch.events.embeddings import vector_of
from driftwatch.events.fields import ABSENT, FieldPath, feature_paths, lookup, split
from driftwatch.events.sampling import NAME_MAX, Surroundings, record_of, show
from driftwatch.references.subject import Subject
from driftwatch.summaries.layout import DECISION, SCORE, FieldKind

FEATURES_MAX: Final = 10_000
"""More features than this are a mistake in the path, not a model."""


@dataclass(slots=True)
class Seen:
    """How many values of each sort a feature had."""

    numbers: int = 0
    texts: int = 0
    """Texts and booleans."""
    others: int = 0
    """Objects, arrays, infinities: invalid whatever the kind."""

    def note(self, value: object) -> None:
        """Count one value; null, absent and NaN say nothing."""
        if value is None or value is ABSENT or (isinstance(value, float) and math.isnan(value)):
            return
        if isinstance(value, str | bool):
            self.texts += 1
        elif isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            self.numbers += 1
        else:
            self.others += 1

    @property
    def kind(self) -> FieldKind:
        """Numeric where every valid value is a number; without any value categorical, so nothing new is invalid."""
        return FieldKind.NUMERIC if self.numbers and not self.texts else FieldKind.CATEGORICAL


class Survey:
    """Looks through one stream's records once, before they are decoded, for its features and their kinds."""

    def __init__(self, subject: Subject, stream: Stream) -> None:
        """KeyError where the model has no such stream."""
        self._subject = subject
        self._spec = subject.columns_of(stream, {}).reading
        spec = subject.spec_of(stream)
        features: str | list[str] | dict[str, str] | None = getattr(spec, "features", None)
        self._object: FieldPath | None = split(features) if isinstance(features, str) else None
        declared = features if isinstance(features, list | dict) else []
        self._paths = feature_paths(features, declared)
        self.seen: dict[str, Seen] = {name: Seen() for name in self._paths}
        objects = [self._object] if self._object is not None else []
        self._embeddings = {embedding.path: embedding.name for embedding in self._spec.embeddings}
        self.lengths: dict[str, Counter[int]] = {name: Counter() for name in self._embeddings.values()}
        """How many vectors of each length every embedding has."""
        read = [*self._embeddings, *self._spec.heads, *self._spec.numbers, *self._paths.values()]
        self._view = Surroundings(read, objects)
        self._unread: set[FieldPath] = set()

    def read(self, values: Iterable[bytes | None]) -> None:
        """Take n record values into account; what cannot be read is left to the decoder's classes.

        Raises ReferenceFileError where the path of the features leads to thousands of them.
        """
        for value in values:
            if value is None or len(value) > self._spec.limit_bytes:
                continue
            record = record_of(value)
            if record is None:
                continue
            if len(self._unread) < FEATURES_MAX:
                self._unread.update(self._view.paths(record))
            for name, path in self._paths.items():
                self.seen[name].note(lookup(record, path))
            for path, name in self._embeddings.items():
                if (vector := vector_of(lookup(record, path))) is not None:
                    self.lengths[name][len(vector)] += 1
            if self._object is not None:
                self._read_object(lookup(record, self._object), self._object)

    def _read_object(self, found: object, path: FieldPath) -> None:
        if not isinstance(found, Mapping):
            return
        for name, value in cast("Mapping[str, object]", found).items():
            if (*path, name) in self._embeddings:
                continue
            if name not in self.seen:
                if len(self.seen) == FEATURES_MAX:
                    raise ReferenceFileError(
                        f"the features' path holds more than {FEATURES_MAX} different keys; name the features one by one"
                    )
                self.seen[name] = Seen()
            self.seen[name].note(value)

    def kinds(self) -> dict[str, FieldKind]:
        """Features of this stream with their kinds, in the order declared, else by name.

        Raises ReferenceFileError where an override is not a kind, or a feature has the name of a field of ours.
        """
        names = sorted(self.seen) if self._object is not None else list(self.seen)
        overrides = self._subject.cells.said_kinds
        for name in names:
            if name in (SCORE, DECISION, *self._subject.class_scores):
                raise ReferenceFileError(
                    f"a feature may not be called {name!r}; give it another name: `features: {{my_{name}: PATH}}`"
                )
        return {
            name: _override(name, overrides[name]) if name in overrides else self.seen[name].kind
            for name in names
        }

    def unread(self) -> frozenset[str]:
        """Fields beside those that are read, by dotted path as they are shown; at most about 10 000."""
        read = set(self.seen) if self._object is not None else set[str]()
        return frozenset(
            show(".".join(path), NAME_MAX)
            for path in self._unread
            if not (path[:-1] == self._object and path[-1] in read)
        )

    def notes(self) -> list[str]:
        """What people should know: features whose values are of several sorts."""
        overrides = self._subject.cells.said_kinds
        return [
            f"{name}: {seen.texts} texts among {seen.numbers} numbers, so it is categorical; "
            f"for numbers write `cells: {{kinds: {{{name}: numeric}}}}`"
            for name, seen in sorted(self.seen.items())
            if seen.numbers and seen.texts and name not in overrides
        ]


def _override(name: str, kind: str) -> FieldKind:
    try:
        return FieldKind(kind)
    except ValueError:
        raise ReferenceFileError(
            f"cells.kinds.{name}: {kind!r} is no kind; write numeric or categorical"
        ) from None
