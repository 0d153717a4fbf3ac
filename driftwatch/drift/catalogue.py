"""Every statistic there is, found in the modules beside this one, and the one place where they are computed together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from driftwatch import drift
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.reading import Estimate, Pair
from driftwatch.drift.spec import EVERY, StatisticsSpec
from driftwatch.drift.statistic import Kind, Statistic
from driftwatch.drift.variants import statistics_of
from driftwatch.summaries.layout import Layout, Part

_FIRST: Final = ("psi", "ks")
"""Modules whose statistics people look for first."""


def _declared() -> Iterator[Statistic]:
    """Statistics in the order in which people see them: by kind, by module, as declared."""
    kinds = list(Kind)
    names = sorted(module.name for module in iter_modules(drift.__path__))
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    found = [
        value
        for name in names
        if name != "catalogue"
        for value in vars(import_module(f"{drift.__name__}.{name}")).values()
        if isinstance(value, Statistic)
    ]
    unique = {id(statistic): statistic for statistic in found}
    yield from sorted(unique.values(), key=lambda statistic: kinds.index(statistic.kind))


CATALOGUE: Final[tuple[Statistic, ...]] = tuple(_declared())
"""Every statistic; a new one is a declaration in a module of this folder."""

STATISTICS: Final[Mapping[str, Statistic]] = {statistic.name: statistic for statistic in CATALOGUE}
"""By the name that rules and files write; the metric is `driftwatch_` + name."""

NAMES: Final[tuple[str, ...]] = tuple(STATISTICS)


def unknown_name(name: str) -> str:
    """What to say of a name that is no statistic's."""
    near = get_close_matches(name.lower(), STATISTICS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(STATISTICS)}"
    return f"there is no statistic {name!r}; {hint}"


def chosen(settings: StatisticsSpec, named: Iterable[str] = ()) -> StatisticsSpec:
    """The same settings with the statistics that rules and variants name switched on."""
    also = {*settings.also, *statistics_of(settings.variants), *named}
    return settings.model_copy(update={"also": sorted(also)})


def applicable(layout: Layout, part: Part, also: Iterable[str] = (EVERY,)) -> tuple[Statistic, ...]:
    """The statistics that a part of a layout can give: the default ones, and those of the others that are asked for."""
    names = set(also)
    asked = (s for s in CATALOGUE if s.default or EVERY in names or s.name in names)
    return tuple(statistic for statistic in asked if statistic.applies(layout, part))


def read(
    pair: Pair, settings: StatisticsSpec | None = None, reference: Side | None = None
) -> Mapping[str, Estimate]:
    """Every statistic of a pair that the settings ask for by name, each computed once, with shared intermediate results.

    Without settings all that are applicable. `reference` is the side of `pair.reference`, which may be kept and given
    again. Raises ValueError where a matrix does not fit the part.
    """
    for matrix in (pair.reference, pair.current):
        if matrix.shape != (len(pair.reference), pair.part.columns):
            raise ValueError(f"a matrix of {matrix.shape} does not fit a part of {pair.part.columns} columns")
    settings = settings or StatisticsSpec(also=[EVERY])
    sides = Sides.of(pair, settings.confidence, reference)
    also = tuple(settings.also)
    asked = sides.gather.keep(("asked", also), lambda: applicable(pair.layout, pair.part, also))
    return {statistic.name: statistic.compute(sides) for statistic in asked if statistic.given(pair)}
