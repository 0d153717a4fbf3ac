"""*Overview*: all models, the worst first; what fires, what drifts most, and whether it hurts."""

from __future__ import annotations

from dashboards.page import chosen, page
from dashboards.panels import (
    COLOURS,
    Json,
    Panel,
    Row,
    Target,
    column,
    lines,
    mapped,
    number,
    opens,
    states,
    steps,
    table,
)
from dashboards.queries import RANK, largest, selector, statistic, total, verdict_rank
from driftwatch.telemetry import catalogue as c

UID = "driftwatch-overview"
MODEL, FEATURE = "driftwatch-model", "driftwatch-feature"
OF = {"model": "~$model"}
ALL = {**OF, "slice_": "all", "window": "$window"}
WORDS = mapped({str(rank): (str(verdict), COLOURS[str(verdict)]) for verdict, rank in RANK.items()})
BY = ("model", "version")


def dashboard() -> Json:
    """The whole dashboard, ready to be imported or provisioned."""
    variables = [
        chosen("model", c.WINDOW_EVENTS),
        chosen("window", c.WINDOW_EVENTS, several=False, **OF),
    ]
    return page(
        UID,
        "driftwatch: overview",
        "All models, the worst first.",
        variables,
        [_models(), _trouble(), _time()],
    )


def _models() -> Row:
    return Row("Models", [*_counts(), _worst()])


def _counts() -> list[Panel]:
    firing = f"{selector(c.ALERTS_ACTIVE, **OF, state='firing')}"
    requested = selector(c.EPISODES_ACTIVE, **OF, state="requested")
    return [
        number(
            "Model versions",
            Target(f"count({verdict_rank(**OF)})"),
            "Model versions that are live.",
        ),
        number(
            "Drifting",
            Target(f"count({verdict_rank(**OF)} == {max(RANK.values())}) or vector(0)"),
            "Model versions whose loudest verdict is drift.",
            thresholds=steps((1, "red")),
        ),
        number(
            "Insufficient",
            Target(f"sum({selector(c.VERDICT, **OF, verdict='insufficient')})"),
            "Model versions of which nothing can be said: that is not the same as ok.",
            thresholds=steps((1, "orange")),
        ),
        number(
            "Alerts that fire",
            Target(f"sum({firing}) or vector(0)"),
            "Alerts of driftwatch that fire, each over all its slices and features.",
            thresholds=steps((1, "red")),
        ),
        number(
            "Retraining asked for",
            Target(f"sum({requested})"),
            "Episodes that asked for a retraining and were not acknowledged yet.",
            thresholds=steps((1, "purple")),
        ),
        number(
            "Data-quality reasons",
            Target(f"sum({selector(c.QUALITY, **OF)})"),
            "Named reasons of broken data that hold now, over all models: broken data is no drift.",
            thresholds=steps((1, "orange")),
        ),
    ]


def _worst() -> Panel:
    psi, decay = statistic("psi"), statistic("accuracy_decay", "lower")
    coverage = statistic("label_coverage")
    return table(
        "Models, the worst first",
        [
            Target(verdict_rank(**OF), "verdict", instant=True),
            Target(largest(selector(psi, **ALL), psi, *BY), "largest PSI", instant=True),
            Target(largest(selector(decay, **ALL), decay, *BY), "accuracy decay, at least", instant=True),
            Target(largest(selector(coverage, **ALL), coverage, *BY), "label coverage", instant=True),
            Target(
                f"max by (model, version) ({selector(c.WINDOW_EVENTS, **ALL, stream='predictions')})",
                "predictions",
                instant=True,
            ),
            Target(
                f"time() - {largest(selector(c.LAST_EVENT, **OF), c.LAST_EVENT, *BY)}", "age", instant=True
            ),
        ],
        "The loudest verdict of each model version, what its inputs and its accuracy do over all traffic, how many labels there are, "
        "and how old its newest event is. Click a model to look at it.",
        worst="verdict",
        width=24,
        height=9,
        overrides=[
            column("model", opens("Open the model", MODEL, model="model", version="version")),
            column("verdict", *WORDS.items(), ("custom.cellOptions", {"type": "color-text"})),
            column("largest PSI", ("decimals", 3)),
            column(
                "accuracy decay, at least",
                ("unit", "percentunit"),
                ("thresholds", steps((0, "red"))),
                ("custom.cellOptions", {"type": "color-text"}),
            ),
            column("label coverage", ("unit", "percentunit")),
            column("age", ("unit", "s")),
        ],
    )


def _trouble() -> Row:
    psi = statistic("psi")
    moved = f"topk(15, {largest(selector(psi, **ALL), psi, 'model', 'version', 'feature')})"
    kept = total(selector(c.ALERTS_ACTIVE, **OF), c.ALERTS_ACTIVE, *c.ALERTS_ACTIVE.labels)
    episodes = total(selector(c.EPISODES_ACTIVE, **OF), c.EPISODES_ACTIVE, "model", "state")
    to_model = opens("Open the model", MODEL, model="model")
    return Row(
        "Trouble",
        [
            table(
                "Alerts",
                [Target(kept, "alerts", instant=True)],
                "Alerts of driftwatch that are pending or firing; empty while all is calm.",
                worst="alerts",
                width=10,
                overrides=[column("model", to_model)],
            ),
            table(
                "Fields that moved most",
                [Target(moved, "PSI", instant=True)],
                "The fifteen largest PSI over all models, all traffic. Small windows have a large PSI without any drift: compare it with "
                "its critical value on the page that a click opens.",
                worst="PSI",
                width=8,
                overrides=[
                    column(
                        "feature",
                        opens("Open the field", FEATURE, model="model", version="version", feature="feature"),
                    ),
                    column("PSI", ("decimals", 3)),
                ],
            ),
            table(
                "Retraining",
                [Target(f"{episodes} > 0 or {episodes} * 0", "episodes", instant=True)],
                "Retraining episodes that have not ended, by state.",
                worst="episodes",
                width=6,
                overrides=[column("model", to_model)],
            ),
        ],
    )


def _time() -> Row:
    decay = statistic("accuracy_decay", "lower")
    who = "{{model}} {{version}}"
    return Row(
        "Over time",
        [
            states(
                "Verdicts",
                [Target(verdict_rank(**OF), who)],
                "The loudest verdict over all rules and evidence of each live model version.",
                defaults=WORDS,
                height=9,
            ),
            lines(
                "Accuracy decay, at least",
                [Target(largest(selector(decay, **ALL), decay, *BY), who)],
                "Lower limit of how much accuracy fell since the reference, all traffic. Above 0 it is more than chance.",
                unit="percentunit",
                above=steps((0, "red")),
                height=9,
            ),
        ],
    )
