"""*Feature and slice*: one field; how far it moved, in which cells, and in which slices."""

from __future__ import annotations

from dashboards.overview import FEATURE
from dashboards.page import chosen, drift_annotations, page
from dashboards.panels import HEAT_ROWS, Json, Row, Target, bars, heat, limits, lines, steps
from dashboards.queries import largest, largest_few, selector, statistic
from driftwatch.telemetry import catalogue as c

OF = {"model": "$model", "version": "$version"}
FIELD = {**OF, "window": "$window", "feature": "$feature"}
HERE = {**FIELD, "slice_": "~$slice"}
WHERE = "{{version}} · {{slice}}"


def dashboard() -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    psi = statistic("psi")
    variables = [
        chosen("model", c.WINDOW_EVENTS, several=False),
        chosen("version", c.WINDOW_EVENTS, several=False, model="$model"),
        chosen("window", c.WINDOW_EVENTS, several=False, model="$model"),
        chosen("feature", psi, several=False, model="$model", version="$version"),
        chosen("slice", c.WINDOW_EVENTS, first="all", model="$model", window="$window"),
    ]
    return page(
        FEATURE,
        "driftwatch: feature and slice",
        "One field in depth.",
        variables,
        [_distance(), _cells(), _values(), _slices()],
        drift_annotations(),
    )


def _distance() -> Row:
    ks = statistic("ks_statistic")
    return Row(
        "How far it moved",
        [
            lines(
                "PSI",
                [
                    Target(selector(statistic("psi"), **HERE), WHERE),
                    Target(selector(statistic("psi_critical"), **HERE), f"{WHERE} critical"),
                ],
                "Population stability index against the reference, and what 5 % of windows exceed without any drift.",
                unit="none",
                overrides=limits("critical"),
            ),
            lines(
                "KS distance",
                [
                    Target(selector(ks, **HERE), WHERE),
                    Target(selector(statistic("ks_statistic", "upper"), **HERE), f"{WHERE} upper"),
                ],
                "Largest difference of the distribution functions; the upper line adds what the cells can hide. Numeric fields only.",
                unit="percentunit",
                overrides=limits("upper"),
            ),
        ],
    )


def _cells() -> Row:
    def side(name: str) -> str:
        return largest(selector(c.CELL_SHARE, **FIELD, side=name), c.CELL_SHARE, "cell")

    return Row(
        "Cells, all traffic",
        [
            bars(
                "Cells now and in the reference",
                "cell",
                [
                    Target(side("reference"), "reference", instant=True),
                    Target(side("now"), "now", instant=True),
                ],
                "Share of all traffic in each cell of the field. Empty until telemetry.cell_shares names the field.",
                unit="percentunit",
            ),
            lines(
                "Cells over time",
                [Target(side("now"), "{{cell}}")],
                "Share of all traffic in each cell of the field, window by window.",
                unit="percentunit",
            ),
            bars(
                "Change of each cell",
                "cell",
                [Target(f"{side('now')} - {side('reference')}", "now less reference", instant=True)],
                "Which cells gained and which lost, all traffic.",
                unit="percentunit",
                width=24,
            ),
        ],
    )


def _values() -> Row:
    shares = ("missing_share", "invalid_share", "unseen_share", "out_of_range_share")
    return Row(
        "Values",
        [
            lines(
                "Missing, invalid, unseen, out of range",
                [
                    Target(selector(statistic(name), **HERE), f"{WHERE} {name.removesuffix('_share')}")
                    for name in shares
                ],
                "Shares of events whose value is not an ordinary one. Unseen is for categories, out of range for numbers.",
                unit="percentunit",
                above=steps((0.05, "orange")),
            ),
            lines(
                "Predictions in the window",
                [
                    Target(
                        selector(
                            c.WINDOW_EVENTS, **OF, window="$window", slice_="~$slice", stream="predictions"
                        ),
                        WHERE,
                    )
                ],
                "How many events each number rests on; 0 for a declared slice without any.",
            ),
        ],
    )


def _slices() -> Row:
    psi, ks = statistic("psi"), statistic("ks_statistic")
    return Row(
        "Slices",
        [
            heat(
                "PSI by slice",
                [Target(largest_few(HEAT_ROWS, psi, "slice", **FIELD), "{{slice}}")],
                f"The field in the {HEAT_ROWS} slices that have the largest one now: the larger the PSI, the redder. Small slices have a large PSI without any drift.",
                unit="none",
                width=24,
                height=10,
            ),
            heat(
                "KS distance by slice",
                [Target(largest_few(HEAT_ROWS, ks, "slice", **FIELD), "{{slice}}")],
                f"The field in the {HEAT_ROWS} slices that have the largest one now: the larger the distance, the redder. Numeric fields only.",
                unit="percentunit",
                width=24,
                height=10,
            ),
        ],
    )
