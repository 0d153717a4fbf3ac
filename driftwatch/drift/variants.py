"""Numbers by the name and definition of another tool, from layouts that can give them, and a plain answer where none can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import chdtrc, rel_entr

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Gather, Sides
from driftwatch.drift.raw import FILL
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import Field, FieldKind, Scheme


def psi_classic(sides: Sides) -> Estimate:
    """Σ (q−p)·ln(q/p) on the reference's deciles, a zero share put at 1e-4; categories are cells as they are.

    Cells empty on both sides add nothing. NaN where a side has no valid value.
    """
    p, q = (np.where(side.coarse == 0, FILL, side.coarse_shares) for side in (sides.reference, sides.current))
    both = (sides.reference.coarse + sides.current.coarse) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(both, (q - p) * np.log(q / p), 0.0)
    value = np.add.reduceat(terms, sides.gather.coarse_fields, axis=1)
    smaller = np.minimum(sides.reference.valid, sides.current.valid)
    return _estimate(sides, PSI_CLASSIC, np.where(smaller > 0, value, np.nan))


def js_nannyml(sides: Sides) -> Estimate:
    """Jensen–Shannon distance, base 2, on NumPy's `doane` cells of the reference and one cell for all outside them."""
    gather = sides.gather
    pick, cells = gather.keep("js_nannyml", lambda: _cells_of(gather))
    p, q = (side.shares[:, cells] for side in (sides.reference, sides.current))
    sizes = gather.sizes[pick]
    starts = np.cumsum(sizes) - sizes
    total = np.add.reduceat(_divergence(p, q), starts, axis=1)
    ends = (starts, starts + sizes - 1)
    apart = sum(_divergence(p[:, end], q[:, end]) for end in ends)
    outside = [side[:, ends[0]] + side[:, ends[1]] for side in (p, q)]
    # The two outer cells are one there; a categorical field keeps its own.
    joined = np.where(np.isin(pick, gather.numeric), _divergence(*outside) - apart, 0.0)
    total = np.maximum(total + joined, 0.0)
    value = np.sqrt(total / np.log(2))
    return field_estimate(JS_NANNYML.names(gather), value, sides.current.valid[:, pick])


def _cells_of(gather: Gather) -> tuple[Ints, Ints]:
    """Positions of the fields that are cut for it, and of their cells."""
    pick = np.array(JS_NANNYML.places(gather.part), np.int64)
    return pick, np.flatnonzero(np.isin(gather.field_of, pick))


def chi2_fit_statistic(sides: Sides) -> Estimate:
    """Σ (c − N·p)²/(N·p): the reference's shares taken as the truth; NaN where a cell is new."""
    value, _ = sides.once(_fit)
    return field_estimate(CHI2_FIT_STATISTIC.names(sides.gather), value, _valid(sides))


def chi2_fit_p_value(sides: Sides) -> Estimate:
    """P(χ²_{B−1} at least as large), B the cells that the reference fills; NaN where a cell is new or there is one."""
    value, free = sides.once(_fit)
    p = np.where(free > 0, chdtrc(np.maximum(free, 1), value), np.nan)
    return field_estimate(CHI2_FIT_P_VALUE.names(sides.gather), p, _valid(sides))


def _valid(sides: Sides) -> Ints:
    return sides.current.valid[:, sides.gather.categorical]


def _fit(sides: Sides) -> tuple[Floats, Ints]:
    """The statistic and its degrees of freedom of the categorical fields, [S, F]."""
    gather, pick = sides.gather, sides.gather.categorical
    groups = gather.keep("chi2_fit", lambda: np.flatnonzero(np.isin(gather.coarse_field_of, pick)))
    sizes = gather.coarse_sizes[pick]
    starts = np.cumsum(sizes) - sizes
    past, now = sides.reference.coarse[:, groups], sides.current.coarse[:, groups]
    events = np.repeat(_valid(sides), sizes, axis=1)
    expected = sides.reference.coarse_shares[:, groups] * events
    gap = now - expected
    new = (past == 0) & (now > 0)
    terms = np.where(expected > 0, ratio(gap * gap, expected), np.where(new, np.nan, 0.0))
    known = (sides.reference.valid[:, pick] > 0) & (_valid(sides) > 0)
    value = np.where(known, np.add.reduceat(terms, starts, axis=1), np.nan)
    return value, np.add.reduceat((past > 0).astype(np.int64), starts, axis=1) - 1


def _divergence(p: Floats, q: Floats) -> Floats:
    middle = (p + q) / 2
    return (rel_entr(p, middle) + rel_entr(q, middle)) / 2


def _estimate(sides: Sides, statistic: Statistic, value: Floats) -> Estimate:
    part = sides.gather.part
    pick = list(statistic.places(part))
    return field_estimate(statistic.fields(part), value[:, pick], sides.current.valid[:, pick])


@dataclass(frozen=True, slots=True)
class Variant:
    """How a named variant is had."""

    statistic: str
    """The statistic of the catalogue that gives it; empty where no layout can."""
    scheme: Scheme | None = None
    """The scheme by which numeric fields must be cut."""
    why_not: str = ""
    """Why no layout can give it."""


_POOLED: Final = "its cells lie on reference and window together, so they change with every window and no layout has them; it is given on raw values by `{raw}`"
VARIANTS: Final[Mapping[str, Mapping[str, Variant]]] = {
    "psi": {
        "classic": Variant("psi_classic", Scheme.DECILES),
        "evidently-0.7": Variant("", why_not=_POOLED.format(raw="driftwatch.drift.raw.psi_evidently")),
        "frouros-0.9": Variant("", why_not=_POOLED.format(raw="driftwatch.drift.raw.psi_frouros")),
    },
    "js": {
        "nannyml-0.13": Variant("js_nannyml", Scheme.DOANE),
        "evidently-0.7": Variant("", why_not=_POOLED.format(raw="driftwatch.drift.raw.js_evidently")),
    },
    "ks": {"exact": Variant("ks_statistic", Scheme.EXACT)},
    "chi2": {"evidently-0.7": Variant("chi2_fit_p_value")},
}
"""By statistic and name. What `driftwatch.drift.raw` has on raw values is said in `why_not`."""


def statistics_of(variants: Mapping[str, str]) -> list[str]:
    """The statistics that these variants need; unknown ones and those without a layout need none."""
    found = [VARIANTS.get(statistic, {}).get(name) for statistic, name in variants.items()]
    return [variant.statistic for variant in found if variant is not None and variant.statistic]


def refusal(statistic: str, name: str) -> str:
    """Why a variant cannot be had from any layout, with what there is instead; empty where it can."""
    known = VARIANTS.get(statistic)
    if known is None:
        return f"there are no variants of {statistic!r}; there are some of {', '.join(VARIANTS)}"
    if name not in known:
        return f"{statistic!r} has no variant {name!r}; there are {', '.join(known)}"
    variant = known[name]
    others = [other for other, of in known.items() if of.statistic]
    return (
        f"`{statistic}: {name}`: {variant.why_not}; there is {', '.join(others)}" if variant.why_not else ""
    )


def lacking(statistic: str, name: str, fields: Iterable[Field]) -> str:
    """What must be written for a layout with these fields to give a variant that has a scheme; empty where it does."""
    variant = VARIANTS[statistic][name]
    if variant.scheme is None:
        return ""
    wrong = [f.name for f in fields if f.kind is FieldKind.NUMERIC and f.scheme is not variant.scheme]
    fits = any(f.kind is FieldKind.NUMERIC and f.scheme is variant.scheme for f in fields)
    if fits or not wrong:
        return ""
    return (
        f"`{statistic}: {name}` needs a field cut by the scheme {variant.scheme}, and the reference has none; write "
        f"`cells: {{fields: {{{wrong[0]}: {{scheme: {variant.scheme}}}}}}}` and build the reference again"
    )


PSI_CLASSIC: Final = Statistic(
    name="psi_classic",
    summary="PSI as textbooks have it: the reference's deciles, a share of zero becomes 0.0001.",
    source="Siddiqi 2006; deciles by numpy.quantile, cells (a, b]; equals evidently 0.7 on categories",
    kind=Kind.INPUT,
    compute=psi_classic,
    needs=Needs(kinds=ALL_KINDS, schemes=frozenset({Scheme.DECILES})),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="Σ (q − p)·ln(q/p), 0 → 10⁻⁴",
    use="To go on with numbers and limits from another tool (`variants: {psi: classic}`).",
    lies="One empty cell adds about 0.7, so small windows alarm; use `psi`, which adds ½ event per cell instead.",
)
JS_NANNYML: Final = Statistic(
    name="js_nannyml",
    summary="Jensen–Shannon distance as nannyml 0.13 has it: base 2, numpy's doane cells of the reference, one for the rest.",
    source="nannyml 0.13, univariate drift, jensen_shannon",
    kind=Kind.INPUT,
    compute=js_nannyml,
    needs=Needs(kinds=ALL_KINDS, schemes=frozenset({Scheme.DOANE})),
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    default=False,
    formula="√(½Σ p·log₂(2p/(p+q)) + ½Σ q·log₂(2q/(p+q)))",
    use="To go on with numbers and limits from NannyML (`variants: {js: nannyml-0.13}`).",
    lies="Its cells have equal width: an outlier in the reference puts nearly all mass into one of them.",
)
CHI2_FIT_STATISTIC: Final = Statistic(
    name="chi2_fit_statistic",
    summary="χ² of the window against the reference's shares taken as the truth.",
    source="Pearson 1900, goodness of fit; evidently 0.7, chisquare",
    kind=Kind.INPUT,
    compute=chi2_fit_statistic,
    needs=Needs(kinds=frozenset({FieldKind.CATEGORICAL})),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="Σ (c − N·p)²/(N·p)",
    use="To go on with numbers from Evidently.",
    lies="Insufficient as soon as a new category comes. It takes the reference for error-free: with N near M use `chi2_statistic`.",
)
CHI2_FIT_P_VALUE: Final = Statistic(
    name="chi2_fit_p_value",
    summary="Probability of such a fit to the reference's shares, for one single look.",
    source="Pearson 1900, goodness of fit; evidently 0.7, chisquare",
    kind=Kind.INPUT,
    compute=chi2_fit_p_value,
    needs=Needs(kinds=frozenset({FieldKind.CATEGORICAL})),
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(χ²_{B−1} ≥ χ²)",
    use="To go on with numbers from Evidently (`variants: {chi2: evidently-0.7}`).",
    lies="Too small a p-value where the reference is not much larger than the window; `chi2_p_value` counts both samples' chance.",
)
