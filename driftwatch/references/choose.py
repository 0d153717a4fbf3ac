"""Which declared reference a model version is compared with: the first whose pattern matches."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from driftwatch.references.spec import ReferenceSpec


def choose(declared: Sequence[ReferenceSpec], version: str) -> ReferenceSpec | None:
    """The first declaration whose pattern (`*`, `?`, `[…]`, case counts) matches; None if the version is unknown."""
    return next((spec for spec in declared if fnmatchcase(version, spec.version)), None)
