"""*Model*: one model; performance and its decay, calibration, scores and features, slices, labels, evidence."""

from __future__ import annotations

from dashboards.overview import FEATURE, MODEL, WORDS
from dashboards.page import chosen, drift_annotations, page
from dashboards.panels import (
    HEAT_ROWS,
    Json,
    Panel,
    Row,
    Target,
    bars,
    column,
    heat,
    limits,
    lines,
    opens,
    states,
    steps,
    table,
)
from dashboards.queries import largest, largest_few, selector, statistic, total, verdict_rank
from driftwatch.telemetry import catalogue as c

OF = {"model": "$model", "version": "~$version"}
SLICES = {**OF, "slice_": "~$slice", "window": "$window"}
ALL = {**OF, "slice_": "all", "window": "$window"}
CELLS = {**OF, "window": "$window"}
WHO = "{{version}}"
WHERE = "{{version}} · {{slice}}"


def dashboard() -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    variables = [
        chosen("model", c.WINDOW_EVENTS, several=False),
        chosen("version", c.WINDOW_EVENTS, model="$model"),
        chosen("window", c.WINDOW_EVENTS, several=False, model="$model"),
        chosen("slice", c.WINDOW_EVENTS, first="all", model="$model", window="$window"),
    ]
    rows = [
        _now(),
        _performance(),
        _multiclass(),
        _regression(),
        _calibration(),
        _inputs(),
        _slices(),
        _labels(),
        _evidence(),
    ]
    return page(
        MODEL,
        "driftwatch: model",
        "One model in depth.",
        variables,
        rows,
        drift_annotations(),
    )


def _now() -> Row:
    alerts = total(selector(c.ALERTS_ACTIVE, **OF), c.ALERTS_ACTIVE, "version", "rule", "severity", "state")
    rules = total(selector(c.RULE_VERDICTS, **OF), c.RULE_VERDICTS, "rule", "window", "verdict")
    return Row(
        "Now",
        [
            states(
                "Verdict",
                [Target(verdict_rank(**OF), WHO)],
                "The loudest verdict over all rules and evidence. Insufficient is not ok.",
                defaults=WORDS,
                width=10,
            ),
            table(
                "Alerts",
                [Target(alerts, "alerts", instant=True)],
                "Alerts that are pending or firing; empty while all is calm.",
                worst="alerts",
                width=7,
            ),
            table(
                "What the rules say",
                [Target(f"{rules} > 0", "slices and fields", instant=True)],
                "In how many slices and fields each rule, or evidence, says what, as of its last window.",
                worst="slices and fields",
                width=7,
            ),
        ],
    )


def _banded(name: str, title: str, description: str, **more: object) -> Panel:
    """A statistic of all traffic with its interval as dashed lines."""
    targets = [Target(selector(statistic(name), **ALL), WHO)]
    targets += [Target(selector(statistic(name, b), **ALL), f"{WHO} {b}") for b in c.BOUNDS]
    shown = {"unit": "percentunit", **more}
    return lines(title, targets, f"{description} With its interval.", overrides=limits(*c.BOUNDS), **shown)


def _performance() -> Row:
    worse = {"above": steps((0, "red"))}
    return Row(
        "Performance and its decay",
        [
            _banded(
                "accuracy", "Accuracy", "Share of labelled predictions whose decision was right, all traffic."
            ),
            _banded(
                "accuracy_decay",
                "Accuracy decay",
                "Reference minus current, all traffic: where the lower line is above 0, it is more than chance.",
                **worse,
            ),
            _banded(
                "auc", "AUC", "Probability that a label 1 has a higher score than a label 0, all traffic."
            ),
            _banded(
                "auc_decay", "AUC decay", "How much the AUC fell since the reference, all traffic.", **worse
            ),
            _banded(
                "brier_score",
                "Brier score",
                "Mean squared difference of score and label, all traffic.",
                unit="none",
            ),
            _banded("f1", "F1", "Harmonic mean of precision and recall at the decision, all traffic."),
        ],
    )


def _multiclass() -> Row:
    return Row(
        "Performance of multiclass models",
        [
            _banded("macro_f1", "Macro F1", "F1 averaged over the classes that occur, all traffic."),
            _banded(
                "macro_auc",
                "Macro AUC, one against the rest",
                "AUC of each class's own score against the rest, averaged over the classes, all traffic.",
            ),
            _banded(
                "multiclass_brier_score",
                "Multiclass Brier score",
                "Squared differences of all classes' scores and the label, all traffic: 0 is perfect, 2 sure and wrong.",
                unit="none",
            ),
            lines(
                "Classwise calibration error",
                [
                    Target(selector(statistic("classwise_calibration_error"), **ALL), WHO),
                    Target(
                        selector(statistic("classwise_calibration_error_expected"), **ALL), f"{WHO} by chance"
                    ),
                ],
                "Calibration error of each class's own score, averaged over the classes. Calibrated scores show the line `by chance`.",
                unit="percentunit",
            ),
        ],
    )


def _regression() -> Row:
    return Row(
        "Performance of regression models",
        [
            _banded("mae", "Mean absolute error", "In the unit of the label, all traffic.", unit="none"),
            _banded(
                "mae_decay",
                "Mean absolute error, decay",
                "How much it rose since the reference, all traffic: where the lower line is above 0, it is more than chance.",
                unit="none",
                above=steps((0, "red")),
            ),
        ],
    )


def _calibration() -> Row:
    def cell(metric: c.Metric, legend: str) -> Target:
        return Target(largest(selector(metric, **CELLS), metric, "cell"), legend, instant=True)

    return Row(
        "Calibration",
        [
            bars(
                "Reliability",
                "cell",
                [
                    cell(c.RELIABILITY_SCORE, "mean score"),
                    cell(c.RELIABILITY_SHARE, "share of label 1"),
                    cell(c.RELIABILITY_LOWER, "share, at least"),
                    cell(c.RELIABILITY_UPPER, "share, at most"),
                ],
                "For each tenth of the score: what the model said and what turned out, all traffic. Of a calibrated model the mean score "
                "lies between the two limits. Multiclass: share of right decisions by top score. Choose one version.",
                unit="percentunit",
                defaults={"min": 0, "max": 1},
            ),
            bars(
                "Labels in each cell",
                "cell",
                [cell(c.RELIABILITY_LABELS, "labels")],
                "How many labels each pair of bars beside it rests on.",
            ),
            lines(
                "Calibration error",
                [
                    Target(selector(statistic("calibration_error"), **ALL), WHO),
                    Target(selector(statistic("calibration_error_expected"), **ALL), f"{WHO} by chance"),
                ],
                "A calibrated model shows the line `by chance`: read the gap between the two.",
                unit="percentunit",
            ),
            lines(
                "Calibration error beyond chance, by slice",
                [Target(selector(statistic("calibration_error_excess"), **SLICES), WHERE)],
                "The calibration error less what a calibrated model shows by chance.",
                unit="percentunit",
                above=steps((0, "orange")),
            ),
        ],
    )


def _inputs() -> Row:
    psi, critical = statistic("psi"), statistic("psi_critical")
    ks = statistic("ks_statistic")
    score = {**ALL, "feature": "score"}
    moved = "topk(15, {})".format
    table_of = [
        Target(moved(largest(selector(psi, **ALL), psi, "feature")), "PSI", instant=True),
        Target(largest(selector(critical, **ALL), critical, "feature"), "by chance up to", instant=True),
        Target(largest(selector(ks, **ALL), ks, "feature"), "KS", instant=True),
    ]
    return Row(
        "Score and features",
        [
            lines(
                "Score: PSI",
                [
                    Target(selector(psi, **score), WHO),
                    Target(selector(critical, **score), f"{WHO} critical"),
                ],
                "Population stability index of the score, all traffic, and what 5 % of windows exceed without any drift.",
                unit="none",
                overrides=limits("critical"),
            ),
            lines(
                "Score: KS distance",
                [
                    Target(selector(ks, **score), WHO),
                    Target(selector(statistic("ks_statistic", "upper"), **score), f"{WHO} upper"),
                ],
                "Largest difference of the distribution functions of the score; the upper line adds what the cells can hide.",
                unit="percentunit",
                overrides=limits("upper"),
            ),
            lines(
                "PSI by field",
                [Target(largest(selector(psi, **ALL), psi, "feature"), "{{feature}}")],
                "Population stability index of every field, all traffic.",
                unit="none",
            ),
            table(
                "Fields that moved most",
                table_of,
                "The largest PSI, all traffic, beside the PSI that 5 % of windows exceed without any drift. Click a field to look at it.",
                worst="PSI",
                unit="none",
                overrides=[column("feature", opens("Open the field", FEATURE, keep=True, feature="feature"))],
            ),
            lines(
                "Values that are not ordinary ones",
                [
                    Target(
                        largest(selector(statistic(name), **ALL), statistic(name), "feature"),
                        f"{{{{feature}}}} {name.removesuffix('_share')}",
                    )
                    for name in ("missing_share", "invalid_share", "unseen_share", "out_of_range_share")
                ],
                "Shares of missing, invalid, unseen and out-of-range values by field, all traffic.",
                unit="percentunit",
                above=steps((0.05, "orange")),
            ),
            lines(
                "Data-quality reasons",
                [
                    Target(
                        total(selector(c.QUALITY, **OF), c.QUALITY, "stream", "reason"),
                        "{{stream}} {{reason}}",
                    )
                ],
                "Fields of which a named reason of broken data is told. Broken data is no drift.",
                above=steps((1, "orange")),
            ),
        ],
    )


def _slices() -> Row:
    psi, decay = statistic("psi"), statistic("accuracy_decay", "lower")
    every = {**OF, "window": "$window"}
    return Row(
        "Slices",
        [
            heat(
                "Largest PSI of any field, by slice",
                [Target(largest_few(HEAT_ROWS, psi, "slice", **every), "{{slice}}")],
                f"The {HEAT_ROWS} slices that have the largest one now, of all that are declared: the larger the PSI, the redder. Small slices have a large PSI without any drift.",
                unit="none",
                width=24,
                height=10,
            ),
            heat(
                "Accuracy decay by slice, at least",
                [Target(largest_few(HEAT_ROWS, decay, "slice", **every), "{{slice}}")],
                f"Lower limit of the decay in the {HEAT_ROWS} slices that have the largest one now: above 0 it is more than chance.",
                unit="percentunit",
                width=24,
                height=10,
            ),
            lines(
                "Predictions by slice",
                [Target(selector(c.WINDOW_EVENTS, **SLICES, stream="predictions"), WHERE)],
                "How many predictions each number of the slice rests on; 0 for a declared slice without any.",
            ),
            lines(
                "Accuracy decay by slice",
                [Target(selector(statistic("accuracy_decay"), **SLICES), WHERE)],
                "Reference minus current of the chosen slices; above 0 is worse.",
                unit="percentunit",
                above=steps((0, "red")),
            ),
        ],
    )


def _labels() -> Row:
    coverage = statistic("label_coverage")

    def by_age(metric: c.Metric, legend: str) -> Target:
        return Target(largest(selector(metric, **OF), metric, "age"), legend, instant=True)

    return Row(
        "Labels",
        [
            lines(
                "Label coverage",
                [Target(selector(coverage, **SLICES), WHERE)],
                "Matched labels against predictions of the same time range.",
                unit="percentunit",
            ),
            bars(
                "Labels by age",
                "age",
                [
                    by_age(c.LABEL_AGE_COVERAGE, "predictions with a label by then"),
                    by_age(c.LABEL_AGE_COMPLETENESS, "of all labels to come"),
                ],
                "How many predictions have a label at this age, and how many of all labels to come are there by then.",
                unit="percentunit",
            ),
            lines(
                "Labels in the window",
                [Target(selector(c.WINDOW_EVENTS, **SLICES, stream="labels"), WHERE)],
                "How many labels the performance of the chosen slices rests on.",
            ),
            lines(
                "Predictions that await labels",
                [Target(largest(selector(c.REMEMBERED, model="$model"), c.REMEMBERED, "model"), "{{model}}")],
                "Predictions whose label may still come.",
            ),
        ],
    )


def _evidence() -> Row:
    by = ("family", "group")
    return Row(
        "Evidence against the budget",
        [
            lines(
                "Evidence",
                [
                    Target(largest(selector(c.EVIDENCE, **OF), c.EVIDENCE, *by), "{{family}} {{group}}"),
                    Target(
                        largest(selector(c.EVIDENCE_LIMIT, **OF), c.EVIDENCE_LIMIT, *by),
                        "{{family}} {{group}} limit",
                    ),
                ],
                "Logarithm of the strongest evidence of each group that does not fire yet; at its limit it fires. Empty for models without a budget.",
                unit="none",
                overrides=limits("limit"),
            ),
            lines(
                "Streams of evidence that fire",
                [
                    Target(
                        largest(selector(c.EVIDENCE_FIRING, **OF), c.EVIDENCE_FIRING, *by),
                        "{{family}} {{group}}",
                    )
                ],
                "In how many slices and fields the evidence fires.",
                above=steps((1, "red")),
            ),
        ],
    )
