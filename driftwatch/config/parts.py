"""The readable parts of a configuration that may be wrong elsewhere, so that every check still runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from driftwatch.config.marks import Path
from driftwatch.spec import Spec

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True, slots=True)
class Parts:
    """Data of a whole configuration, right or wrong."""

    data: Any

    def value(self, path: Path) -> Any:
        """The raw value at a path; None where there is none."""
        node = self.data
        for part in path:
            if isinstance(node, dict):
                node = cast("dict[str | int, Any]", node).get(part)
            elif isinstance(node, list) and isinstance(part, int):
                entries = cast("list[Any]", node)
                node = entries[part] if part < len(entries) else None
            else:
                return None
        return node

    def part(self, path: Path, spec: type[S]) -> S | None:
        """The part at a path if it is there and right by itself."""
        value = self.value(path)
        if not isinstance(value, dict):
            return None
        try:
            return spec.model_validate(value)
        except ValidationError:
            return None

    def entries(self, path: Path) -> list[Path]:
        """Paths of the entries of a list; none where there is no list."""
        value = self.value(path)
        return [(*path, i) for i in range(len(cast("list[Any]", value)))] if isinstance(value, list) else []

    def parts(self, path: Path, spec: type[S]) -> Iterator[tuple[Path, S]]:
        """The entries of a list that are right by themselves, with their paths."""
        for entry in self.entries(path):
            if (part := self.part(entry, spec)) is not None:
                yield entry, part

    def text(self, path: Path) -> str | None:
        """The text at a path; None where something else stands."""
        value = self.value(path)
        return value if isinstance(value, str) else None

    def texts(self, path: Path) -> list[tuple[Path, str]]:
        """The texts in a list with their paths."""
        return [(entry, text) for entry in self.entries(path) if (text := self.text(entry)) is not None]
